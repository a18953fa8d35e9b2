# SPDX-License-Identifier: BSD-3-Clause
"""Events and times, and several targets, on the command line."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from .common import numbers


def lives(n_rows=160, seed=0):
    """A frame whose times until an event depend on alpha and beta."""
    frame = numbers(n_rows, seed=seed).drop(columns="label")
    rng = np.random.default_rng(seed + 1)
    until = rng.exponential(np.exp(-1.5 * frame["alpha"] + 1.2 * frame["beta"]))
    censored = rng.exponential(2.0, n_rows)
    frame["months"] = np.minimum(until, censored).round(4)
    frame["died"] = (until <= censored).astype(int)
    return frame


def outputs(n_rows=150, seed=0):
    """A frame with two targets, one of alpha and one of beta."""
    frame = numbers(n_rows, seed=seed).drop(columns="label")
    noise = np.random.default_rng(seed + 1).standard_normal((2, n_rows)) * 0.1
    frame["first"], frame["second"] = frame["alpha"] + noise[0], frame["beta"] - noise[1]
    return frame


def run(tmp_path, frame, name="table.csv"):
    path = tmp_path / name
    frame.to_csv(path, index=False)
    return path


def test_survival(tmp_path, select):
    path = run(tmp_path, lives())
    found = select(
        path, "--target", "months", "--event", "died", "-K", 2, "--out", tmp_path / "o.csv"
    )
    assert set(found.names) == {"alpha", "beta"}
    document = found.json
    assert document["target"]["task"] == "survival"
    assert document["target"]["columns"] == ["months", "died"]
    scores = document["held_out"]
    assert scores["metric"] == "concordance" and scores["selected"] > 0.7
    assert "with events: " in found.err
    written = pd.read_csv(tmp_path / "o.csv")
    assert list(written.columns) == [*found.names, "months", "died"]
    assert (written["died"] == lives()["died"]).all()


@pytest.mark.parametrize(
    "words",
    [("dead", "alive"), ("True", "False"), ("1:DECEASED", "0:LIVING"), ("2", "1"), ("yes", "no")],
)
def test_an_event_is_read_from_words(tmp_path, select, words):
    frame = lives()
    frame["died"] = np.where(frame["died"] == 1, *words)
    path = run(tmp_path, frame)
    found = select(path, "--target", "months", "--event", "died", "-K", 2)
    n_events = int(lives()["died"].sum())
    assert f"with events: {n_events} of 160" in found.err
    assert f"(died is {words[0]})" in found.err


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"died": "perhaps"}, "--event: column 'died' must say"),
        ({"months": -1.0}, "negative in rows 0"),
        ({"died": 0}, "no events"),
    ],
)
def test_unusable_events(tmp_path, refused, change, expected):
    path = run(tmp_path, lives().assign(**change))
    assert expected in refused("select", path, "--target", "months", "--event", "died")


def test_rows_without_a_time_or_an_event_are_left_out(tmp_path, select):
    frame = lives()
    frame["died"] = frame["died"].astype(object)
    frame.loc[[3, 5], "months"] = np.nan
    frame.loc[[5, 8], "died"] = np.nan
    found = select(run(tmp_path, frame), "--target", "months", "--event", "died", "-K", 2)
    assert found.json["data"]["n_rows"] == 157
    assert "3 rows left out" in found.err


def test_an_event_needs_a_time_and_no_other_task(tmp_path, refused):
    path = run(tmp_path, lives())
    assert "--event needs --target" in refused("select", path, "--event", "died")
    told = ("select", path, "--target", "months", "--event", "died", "--task", "regression")
    assert "--event" in refused(*told) and "--task" in refused(*told)
    several = ("--target", "months", "--target", "alpha", "--event", "died")
    assert "one --target" in refused("select", path, *several)


def test_several_targets(tmp_path, select):
    path = run(tmp_path, outputs())
    out = tmp_path / "out.csv"
    found = select(path, "--target", "first", "--target", "second", "-K", 2, "--out", out)
    assert set(found.names) == {"alpha", "beta"}
    assert found.json["target"]["task"] == "regression"
    assert found.json["target"]["columns"] == ["first", "second"]
    assert list(pd.read_csv(out).columns) == [*found.names, "first", "second"]


def test_several_labels(tmp_path, select):
    frame = outputs()
    frame[["first", "second"]] = (frame[["first", "second"]] > 0).astype(int)
    found = select(run(tmp_path, frame), "--target", "first", "--target", "second", "-K", 2)
    assert found.json["target"]["task"] == "multilabel"
    assert set(found.names) == {"alpha", "beta"}


def test_several_targets_must_be_numbers(tmp_path, refused):
    path = run(tmp_path, outputs().assign(first="a"))
    told = refused("select", path, "--target", "first", "--target", "second")
    assert "'first'" in told and "numbers" in told


def test_a_target_is_named_once(tmp_path, refused):
    path = run(tmp_path, outputs())
    assert "'first' is the target" in refused(
        "select", path, "--target", "first", "--target", "first"
    )


@pytest.mark.parametrize("kind", ["survival", "several"])
def test_the_program_of_the_report_runs(tmp_path, select, kind):
    frame = lives() if kind == "survival" else outputs()
    options = {
        "survival": ["--target", "months", "--event", "died"],
        "several": ["--target", "first", "--target", "second"],
    }[kind]
    path, report = run(tmp_path, frame), tmp_path / "report.html"
    found = select(path, *options, "-K", 2, "--report", report)
    from .test_program import program_in

    program = tmp_path / "program.py"
    program.write_text(program_in(report))
    ran = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert set(ran.stdout.split()) == set(found.names)


def test_a_saved_survival_selection_applies(tmp_path, select, command):
    path = run(tmp_path, lives())
    saved = tmp_path / "s.joblib"
    found = select(path, "--target", "months", "--event", "died", "-K", 2, "--save", saved)
    later = lives(40, seed=5).sample(frac=1, axis=1, random_state=0)
    ran = command("apply", saved, run(tmp_path, later, "later.csv"), "--out", tmp_path / "a.csv")
    assert ran.status == 0, ran.err
    written = pd.read_csv(tmp_path / "a.csv")
    assert list(written.columns) == [*found.names, "months", "died"]
    assert spearmanr(written["alpha"], later["alpha"])[0] == pytest.approx(1)


def test_compare_survival(tmp_path, command):
    path = run(tmp_path, lives(250))
    told = ("compare", path, "--target", "months", "--event", "died", "-K", 2, "--json")
    ran = command(*told)
    assert ran.status == 0, ran.err
    means = {row["method"]: row["mean"][0] for row in ran.json["methods"]}
    assert ran.json["metric"] == "concordance" and ran.json["guess"] is None
    assert means["gradual-pruning"] > 0.7 and means["cox"] > 0.7 > means["random"]
    (row,) = command(*told, "--methods", "l1").json["methods"]
    assert "does not support survival" in row["error"]


@pytest.mark.parametrize("kind", ["numbers", "labels"])
def test_compare_several_targets(tmp_path, command, kind):
    frame = outputs()
    if kind == "labels":
        frame[["first", "second"]] = (frame[["first", "second"]] > 0).astype(int)
    told = ("--target", "first", "--target", "second", "-K", 2, "--cv", 2, "--json")
    found = command("compare", run(tmp_path, frame), *told).json
    assert not any(row["error"] for row in found["methods"])
    means = {row["method"]: row["mean"][0] for row in found["methods"]}
    assert min(means["l1"], means["gradual-pruning"]) > means["random"]


def test_compare_by_another_score(tmp_path, command):
    path = tmp_path / "table.csv"
    numbers().to_csv(path, index=False)
    told = ("--target", "label", "-K", 2, "--methods", "f-test", "--scoring", "roc_auc")
    found = command("compare", path, *told, "--estimator", "logistic", "--json").json
    assert found["metric"] == "roc_auc" and found["estimator"] == "logistic regression"
    assert found["guess"]["mean"][0] == pytest.approx(0.5)


def test_an_event_among_the_columns_is_named(tmp_path, select):
    frame = lives()
    frame["died"] = np.where(frame["died"] == 1, "dead", "alive")
    assert "pass --event died" in select(run(tmp_path, frame), "--target", "months", "-K", 2).err


def test_an_array_of_several_targets(tmp_path, select, refused):
    frame, path = outputs(), tmp_path / "table.npz"
    X, y = frame.iloc[:, :-2].to_numpy(), frame[["first", "second"]].to_numpy()
    np.savez(path, X=X, y=y, feature_names=np.array(frame.columns[:-2], dtype=str))
    found = select(path, "-K", 2)
    assert set(found.names) == {"alpha", "beta"}
    assert found.json["target"]["columns"] == ["y.0", "y.1"]
    assert "one value per row" in refused("select", path, "--groups", "y", "--unsupervised")
