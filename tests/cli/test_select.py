# SPDX-License-Identifier: BSD-3-Clause
"""What select prints and writes, and what it has not seen when it scores."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import GradualPruningSelector, WASTSelector, __version__
from sparsefs.cli.data import Data
from sparsefs.cli.features import Features
from sparsefs.cli.scores import scores_of
from sparsefs.cli.scoring import Scoring
from sparsefs.cli.select import _fit
from sparsefs.cli.splits import number_of_splits, split_rows, splits_after
from sparsefs.cli.target import Goal
from sparsefs.evaluation import wilson_interval
from tests.cli.common import INFORMATIVE, QUICK, numbers
from tests.report.pages import Page


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "data.csv"
    numbers().to_csv(path, index=False)
    return path


def test_the_table(csv, command):
    ran = command("select", csv, "--target", "label", "-K", 2, *QUICK)
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[0].split() == ["rank", "feature", "score"]
    assert {line.split()[1] for line in lines[1:3]} == INFORMATIVE
    assert [line.split()[0] for line in lines[1:3]] == ["1", "2"]
    assert lines[3] == ""
    figure = r"[01]\.\d\d"
    interval = rf"{figure} \({figure} to {figure}\)"
    for line, pattern in zip(
        lines[4:],
        [
            rf"accuracy {interval} with 2 features;",
            rf"         {interval} with 2 at random, p = 0\.\d+;",
            r"         0\.5\d by always guessing '(case|control)';",
            rf"         {figure} with all 12",
            "an SVC on 24 held-out rows",
            "selected on the other 96 rows",
        ],
        strict=True,
    ):
        assert re.fullmatch(pattern, line), line
    progress = ran.err.splitlines()
    assert progress and all(line.startswith("sparsefs: ") for line in progress)


def test_quiet_says_nothing_on_stderr(csv, command):
    ran = command("select", csv, "--target", "label", "-K", 2, "-q", *QUICK)
    assert ran.status == 0 and ran.err == "" and "alpha" in ran.out


def test_near_copies_are_named_beside_the_features(csv, command, select, tmp_path):
    table = pd.read_csv(csv)
    assert "or" not in command("select", csv, "--target", "label", "-K", 2, *QUICK).out.split()[:4]
    table["beta"] = -2 * table["alpha"] + 1e-3 * np.arange(len(table))
    table.to_csv(tmp_path / "copies.csv", index=False)
    ran = command("select", tmp_path / "copies.csv", "--target", "label", "-K", 2, *QUICK)
    assert ran.out.split()[:4] == ["rank", "feature", "score", "or"]
    assert "beta (-1.00)" in ran.out or "alpha (-1.00)" in ran.out
    found = select(tmp_path / "copies.csv", "--target", "label", "-K", 2).json["features"]
    named = {f["name"]: [a["name"] for a in f["alternatives"]] for f in found}
    assert named.get("alpha") == ["beta"] or named.get("beta") == ["alpha"]


def test_the_json_document(csv, select):
    found = select(csv, "--target", "label", "-K", 3, "--exclude", "f0").json
    assert found["command"].startswith(f"sparsefs select {csv} --target label -K 3 --exclude f0")
    assert found["method"] == "gradual-pruning"
    assert found["selector"] == "GradualPruningSelector" and found["K"] == 3
    assert found["settings"]["max_iter"] == 20 and found["settings"]["random_state"] == 0
    assert found["settings"]["task"] == "classification"
    assert found["selected_on"] == "the training rows" and found["n_rows_selected_on"] == 96
    assert [set(feature) for feature in found["features"]] == [
        {"rank", "name", "score", "q_value", "group", "alternatives"}
    ] * 3
    assert [feature["rank"] for feature in found["features"]] == [1, 2, 3]
    scores = [feature["score"] for feature in found["features"]]
    assert scores == sorted(scores, reverse=True)
    held_out = found["held_out"]
    assert held_out["metric"] == "accuracy" and held_out["n_rows"] == 24
    low, high = held_out["interval"]
    assert 0.7 < held_out["selected"] <= 1 and 0.5 < low < held_out["selected"] < high <= 1
    assert held_out["n_splits"] == 1 and held_out["K_by_split"] == [3]
    assert 0.5 < held_out["all"] <= 1
    assert set(found["seconds"]) == {"read", "prepare", "fit", "score"}
    assert found["versions"]["sparsefs"] == __version__
    assert {"python", "numpy", "scipy", "scikit-learn", "torch"} <= set(found["versions"])


def test_the_score_is_what_scikit_learn_says(csv, select):
    found = select(csv, "--target", "label", "-K", 2, "--seed", 3, "--test-size", 0.3).json
    frame = pd.read_csv(csv)
    X, y = frame.drop(columns="label").to_numpy(np.float32), frame["label"].to_numpy(str)
    train, test = train_test_split(np.arange(120), test_size=36, stratify=y, random_state=3)
    train, test = np.sort(train), np.sort(test)
    selector = GradualPruningSelector(K=2, max_iter=20, random_state=3).fit(X[train], y[train])
    columns = selector.get_support(indices=True)
    assert {frame.columns[i] for i in columns} == {f["name"] for f in found["features"]}
    for name, chosen in (("selected", columns), ("all", np.arange(12))):
        model = make_pipeline(StandardScaler(), SVC()).fit(X[train][:, chosen], y[train])
        assert model.score(X[test][:, chosen], y[test]) == found["held_out"][name]


# What is held out is not seen. The rows that are held out depend on the target's classes alone.


def held_out_rows(frame, seed=0):
    rows = np.arange(len(frame))
    y = frame["label"].to_numpy(str)
    return np.sort(train_test_split(rows, test_size=24, stratify=y, random_state=seed)[1])


def test_tampering_with_held_out_rows_changes_the_score_and_nothing_else(tmp_path, select):
    frame = numbers()
    frame["town"] = np.where(frame["label"] == "case", "Rome", "Oslo")
    frame.loc[::9, "f1"] = np.nan
    tampered, rows = frame.copy(), held_out_rows(frame)
    rng = np.random.default_rng(1)
    numeric = frame.columns[:12]
    tampered.loc[rows, numeric] = 1e3 * rng.standard_normal((24, 12))
    tampered.loc[rows, "town"] = rng.permutation(frame.loc[rows, "town"].to_numpy())
    found = []
    for number, table in enumerate((frame, tampered)):
        table.to_csv(tmp_path / f"{number}.csv", index=False)
        found.append(select(tmp_path / f"{number}.csv", "--target", "label", "-K", 3).json)
    assert found[0]["features"] == found[1]["features"]
    assert found[0]["held_out"]["all"] > found[1]["held_out"]["all"]


def test_noise_scores_as_noise(tmp_path, select):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 2000)), np.arange(60) % 2
    np.savez(tmp_path / "noise.npz", X=X, y=y)
    scores = [
        select(tmp_path / "noise.npz", "-K", 10, "--test-size", 0.5, "--seed", seed).json
        for seed in range(4)
    ]
    assert 0.3 < np.mean([score["held_out"]["selected"] for score in scores]) < 0.65
    by_all = select(tmp_path / "noise.npz", "-K", 10, "--no-score").names  # the trap
    chosen = [int(name[1:]) for name in by_all]
    model = make_pipeline(StandardScaler(), SVC())
    train, test = train_test_split(np.arange(60), stratify=y, random_state=0)
    assert model.fit(X[train][:, chosen], y[train]).score(X[test][:, chosen], y[test]) > 0.7


def test_refit_selects_by_all_rows_after_the_score(csv, select):
    plain = select(csv, "--target", "label", "-K", 20).json
    again = select(csv, "--target", "label", "-K", 20, "--refit").json
    whole = select(csv, "--target", "label", "-K", 20, "--no-score").json
    assert again["held_out"] == plain["held_out"]
    assert again["features"] == whole["features"] != plain["features"]
    assert again["selected_on"] == whole["selected_on"] == "all rows"
    assert again["n_rows_selected_on"] == 120 and whole["held_out"] is None
    assert "refit" in again["seconds"]


def test_refit_and_no_score_say_which_rows_selected(csv, command):
    options = [csv, "--target", "label", "-K", 2, *QUICK]
    again = command("select", *options, "--refit").out.splitlines()
    assert again[-1] == (
        "selected on all 120 rows; the score is that of 2 features selected on the training rows"
    )
    none = command("select", *options, "--no-score").out.splitlines()
    assert none[-1] == "selected on all 120 rows; no rows were held out for a score"


# Chance.


def test_the_score_of_random_features_is_that_of_a_literal_loop(csv, select):
    held_out = select(csv, "--target", "label", "-K", 2, "--seed", 3).json["held_out"]
    frame = pd.read_csv(csv)
    X, y = frame.drop(columns="label").to_numpy(np.float32), frame["label"].to_numpy(str)
    test = held_out_rows(frame, seed=3)
    train = np.setdiff1d(np.arange(120), test)
    expected = []
    for number in range(100):
        chosen = np.random.default_rng([3, 3, number]).choice(12, 2, replace=False)
        model = make_pipeline(StandardScaler(), SVC()).fit(X[train][:, chosen], y[train])
        expected.append(model.score(X[test][:, chosen], y[test]))
    random = held_out["random"]
    np.testing.assert_allclose(random["scores"], expected)
    assert random["n_subsets"] == 100 and random["mean"] == pytest.approx(np.mean(expected))
    above = np.sum(np.array(expected) > held_out["selected"] + 1e-9)
    equal = np.sum(np.abs(np.array(expected) - held_out["selected"]) < 1e-9)
    assert 1 + above <= round(101 * random["p_value"]) <= 1 + above + equal
    most = frame["label"].iloc[train].mode()[0]
    assert held_out["guess"] == {"label": most, "score": (y[test] == most).mean()}
    assert held_out["interval"] == list(wilson_interval(held_out["selected"], 24))


def test_few_rows_are_split_several_times(csv, select, command, monkeypatch):
    monkeypatch.setattr("sparsefs.cli.scores._MOST_SUBSETS", 25)
    options = ["--target", "label", "-K", 2, "--set", "max_iter=20"]
    one = select(csv, *options, "--splits", 1, quick=False).json
    many = select(csv, *options, quick=False).json
    assert many["features"] == one["features"] and many["n_rows_selected_on"] == 96
    held_out = many["held_out"]
    assert held_out["n_splits"] == 10 and len(held_out["K_by_split"]) == 10
    assert len(held_out["random"]["scores"]) == 25
    spread = [np.ptp(found["held_out"]["random"]["scores"]) for found in (one, many)]
    assert spread[1] < spread[0]
    width = [np.ptp(found["held_out"]["interval"]) for found in (one, many)]
    assert width[1] < width[0]
    lines = command("select", csv, *options, "--splits", 3).out.splitlines()
    assert lines[-2].endswith("held-out rows, mean of 3 splits with a new selection in each")
    assert lines[-1] == "the table is the selection of the first split, on its other 96 rows"


def test_how_often_rows_are_split():
    assert number_of_splits((199, 500), "gradual-pruning") == 10
    assert number_of_splits((200, 500), "gradual-pruning") == 1
    assert number_of_splits((199, 500), "neurofs") == 3
    assert number_of_splits((199, 100_000), "gradual-pruning") == 3
    assert number_of_splits((199, 500), "gradual-pruning", level=0.1) == 1
    assert number_of_splits((999, 500), "gradual-pruning", has_interval=False) == 10
    assert number_of_splits((1000, 500), "gradual-pruning", has_interval=False) == 1


def test_later_splits_differ_and_keep_the_shares():
    goal = Goal(np.arange(60) % 3, "classification", ["y"], 3)
    first = split_rows(goal, 60, 0.2, 0, None)
    splits = [first, *splits_after(first, goal, 4, 0)]
    assert len({tuple(held_out) for _, held_out in splits}) == 4
    for train, held_out in splits:
        assert sorted([*train, *held_out]) == list(range(60))
        assert np.bincount(goal.y[held_out]).tolist() == [4, 4, 4]


def test_a_selection_no_better_than_random_features_is_said_to_be_none(command, tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = 2 * y[:, None] + rng.standard_normal((60, 40))
    np.savez(tmp_path / "easy.npz", X=X, y=y)
    lines = command("select", tmp_path / "easy.npz", "-K", 6, *QUICK).out.splitlines()
    assert "The selection is not clearly better than 6 random features." in lines
    X[:, 4:] -= 2 * y[:, None]
    np.savez(tmp_path / "hard.npz", X=X, y=y)
    lines = command("select", tmp_path / "hard.npz", "-K", 4, *QUICK[:2], "--splits", 5).out
    assert "no better" not in lines and ", p = 0.0" in lines


@pytest.mark.slow
def test_printed_p_values_are_uniform_on_noise(monkeypatch):
    """The whole of the score, with a selector that is quick."""
    monkeypatch.setattr("sparsefs.cli.scores._MOST_SUBSETS", 19)
    found, scoring = [], Scoring(None, None, "an SVC")
    for seed in range(100):
        X = np.random.default_rng([seed, 9]).standard_normal((30, 12))
        goal = Goal(np.arange(30) % 2, "classification", ["y"], 2)
        names = [f"f{i}" for i in range(12)]
        features, data = Features(X, names, {}, {}), Data(X, names, None, "noise")
        splits = [split_rows(goal, 30, 0.4, seed, None)]
        fits = [
            _fit(WASTSelector(K=2, max_iter=1, random_state=0), features, goal, data, train)
            for train, _ in splits
        ]
        found.append(scores_of(fits, splits, features, goal, scoring, seed)["random"]["p_value"])
    assert stats.kstest(found, "uniform").pvalue > 0.01


# What is selected by.


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("wast", ["max_iter=2"]),
        ("quick-selection", ["max_iter=2"]),
        ("neuron-attribution", ["max_iter=4"]),
        ("neurofs", ["max_iter=4", "hidden_layer_sizes=(32,)"]),
        ("hyper-sparse", ["max_iter=2", "warmup_epochs=1", "fine_tune_epochs=1"]),
        ("deep-lasso", ["max_iter=2"]),
    ],
)
def test_every_method(method, options, csv, select):
    settings = [word for option in options for word in ("--set", option)]
    ran = select(csv, "--target", "label", "-K", 3, "--method", method, *settings, quick=False)
    assert len(ran.names) == 3 and ran.json["method"] == method
    for option in options:
        name, _, value = option.partition("=")
        assert str(ran.json["settings"][name]).strip("[]()") == value.strip("(),")


def test_K_is_chosen_or_a_share(csv, select):
    ran = select(csv, "--target", "label")
    assert 1 <= ran.json["K"] <= 4 and INFORMATIVE & set(ran.names)
    assert ran.json["settings"]["K"] == "auto"
    assert select(csv, "--target", "label", "-K", 0.5).json["K"] == 6
    too_many = select(csv, "--target", "label", "-K", 50)
    assert too_many.json["K"] == 12 and "warning: K=50 is greater" in too_many.err
    assert too_many.json["held_out"]["all"] is None
    assert too_many.json["held_out"]["random"] is None


def test_regression(csv, select, tmp_path):
    frame = numbers(200)
    frame["label"] = frame["alpha"] - frame["beta"]
    frame.to_csv(tmp_path / "data.csv", index=False)
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 2)
    held_out = ran.json["held_out"]
    assert set(ran.names) == INFORMATIVE and ran.json["settings"]["task"] == "regression"
    assert held_out["metric"] == "R2" and held_out["selected"] > 0.8
    assert held_out["estimator"] == "kernel ridge regression"
    assert held_out["interval"] is None and held_out["guess"] is None
    assert held_out["random"]["mean"] < 0.5 and held_out["random"]["p_value"] <= 0.05


def test_without_labels(csv, select):
    ran = select(csv, "--unsupervised", "--exclude", "label", "-K", 4)
    assert ran.json["target"] is None and ran.json["settings"]["supervised"] is False
    assert ran.json["held_out"]["metric"] == "explained variance"
    assert ran.json["held_out"]["all"] is None and ran.json["held_out"]["guess"] is None
    assert 0 <= ran.json["held_out"]["random"]["low"]
    scored = select(csv, "--unsupervised", "--target", "label", "-K", 4)
    assert scored.json["held_out"]["metric"] == "accuracy"
    assert "label" not in scored.names


def test_columns_of_very_different_size_are_scaled_each_by_itself(csv, select, tmp_path):
    frame = numbers()
    frame[["f0", "f1"]] *= 1e4
    frame[["f2", "f3"]] *= 1e-4
    frame.to_csv(tmp_path / "sizes.csv", index=False)
    note = "scaling: feature (columns differ much in size)"
    wast = ["--target", "label", "-K", 3, "--method", "wast", "--set", "max_iter=2"]
    ran = select(tmp_path / "sizes.csv", *wast, quick=False)
    assert ran.json["settings"]["scaling"] == "auto"
    assert ran.json["preparation"] == [note] and f"sparsefs: {note}\n" in ran.err
    by_feature = select(tmp_path / "sizes.csv", *wast, "--scaling", "feature", quick=False)
    assert by_feature.json["features"] == ran.json["features"]
    assert by_feature.json["preparation"] == []
    ran = select(tmp_path / "sizes.csv", *wast, "--scaling", "global", quick=False)
    assert ran.json["settings"]["scaling"] == "global" and "scaling:" not in ran.err
    assert ran.json["features"] != by_feature.json["features"]
    assert "scaling:" not in select(csv, *wast, quick=False).err
    # Supervised gradual pruning always scales each column by itself: no guess to report.
    ran = select(tmp_path / "sizes.csv", "--target", "label", "-K", 3)
    assert "scaling:" not in ran.err


def test_the_seed_decides(csv, select):
    options = [csv, "--target", "label", "-K", 6]
    one, same, other = (select(*options, "--seed", seed).json for seed in (1, 1, 2))
    assert one["features"] == same["features"] != other["features"]


# What is written.


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "parquet", "npz"])
def test_the_selected_columns_are_written(ending, csv, select, tmp_path):
    out = tmp_path / f"small.{ending}"
    ran = select(csv, "--target", "label", "-K", 3, "--out", out)
    assert f"3 columns written to {out}" in ran.err
    frame = pd.read_csv(csv)
    if ending == "npz":
        with np.load(out) as found:
            assert found["feature_names"].tolist() == ran.names
            np.testing.assert_array_equal(found["X"], frame[ran.names])
            np.testing.assert_array_equal(found["label"], frame["label"].to_numpy(str))
        again = select(out, "--target", "label", "-K", 1)
        assert set(again.names) <= set(ran.names)
        return
    if ending == "parquet":
        found = pd.read_parquet(out)
    else:
        found = pd.read_csv(out, sep="\t" if ending == "tsv" else ",")
    assert list(found.columns) == [*ran.names, "label"]
    for name in found.columns:  # as they were, in all rows
        assert found[name].tolist() == frame[name].tolist()


def test_columns_are_written_as_they_were(select, tmp_path):
    frame = numbers()
    frame["town"] = np.where(frame["label"] == "case", "Rome", "Oslo")
    frame.loc[4, "alpha"] = np.nan
    frame.to_csv(tmp_path / "data.csv", index=False)
    ran = select(
        tmp_path / "data.csv", "--target", "label", "-K", 3, "--out", tmp_path / "small.csv"
    )
    found = pd.read_csv(tmp_path / "small.csv")
    assert "town" in ran.names and list(found.columns) == [*ran.names, "label"]
    assert found["town"].tolist() == frame["town"].tolist()
    if "alpha" in found.columns:
        assert found["alpha"].isna().sum() == 1


def test_sparse_data_are_written(select, tmp_path):
    frame = numbers()
    X = frame.drop(columns="label").to_numpy(copy=True)
    X[np.abs(X) < 0.5] = 0
    sparse.save_npz(tmp_path / "data.npz", sparse.csr_matrix(X))
    np.save(tmp_path / "y.npy", (frame["label"] == "case").to_numpy(int))
    options = [tmp_path / "data.npz", "--target", tmp_path / "y.npy", "-K", 2]
    ran = select(*options, "--out", tmp_path / "small.csv")
    found = pd.read_csv(tmp_path / "small.csv")
    assert list(found.columns) == [*ran.names, "y"]
    np.testing.assert_allclose(found["x11"], X[:, 11])


def test_the_report(csv, select, tmp_path):
    report = tmp_path / "report.html"
    ran = select(csv, "--target", "label", "-K", 2, "--report", report)
    text = report.read_text()
    assert ran.names[0] in text and "sparsefs select" in text and str(csv.name) in text
    assert f"report written to {report}" in ran.err
    score = ran.json["held_out"]["selected"]
    assert f"{score:.3f}"[:4].rstrip("0") in text or f"{100 * score:.0f}" in text


def test_the_report_shows_the_file_and_the_training_rows(select, tmp_path):
    frame = numbers()
    frame.loc[:8, "f0"] = np.nan
    frame.loc[9, "label"] = None
    frame.to_csv(tmp_path / "data.csv", index=False)
    report = tmp_path / "r.html"
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 2, "--report", report)
    rows = {row[""]: row for row in Page.of(report).table("Table")}
    n, n_train = len(frame), ran.json["n_rows_selected_on"]
    assert n_train < n - 1
    found = rows["Rows"]["Rows of the selection"], rows["Rows"]["Whole table"]
    assert found == (str(n_train), str(n))
    assert rows["Missing values"]["Whole table"] == "9"


def test_the_report_of_a_table_with_text(select, tmp_path):
    frame = numbers()
    frame["town"] = np.where(frame["label"] == "case", "Rome", "Oslo")
    frame.to_csv(tmp_path / "data.csv", index=False)
    select(tmp_path / "data.csv", "--target", "label", "-K", 2, "--report", tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert "Rome (" in text and "1 column of text: town" in text


def test_the_document_is_json_whatever_is_in_it(csv, command):
    out = command("select", csv, "--target", "label", "-K", 2, "--json", *QUICK).out

    def refuse(name):
        raise AssertionError(name)

    json.loads(out, parse_constant=refuse)


def test_columns_that_predict_the_target_alone_are_warned_about(select, command, tmp_path):
    frame = numbers()
    frame["copy"] = (frame["label"] == "case").astype(int)
    frame["customer"] = np.random.default_rng(0).permutation(len(frame)) + 5001
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    ran = select(path, "--target", "label", "-K", 2, "--report", tmp_path / "r.html")
    copied, identifiers = ran.json["warnings"]
    assert "predicts the target alone: copy" in copied
    assert "looks like an identifier: customer" in identifiers
    assert ran.err.count("predicts the target alone") == 1
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert copied in page and identifiers in page
    compared = command("compare", path, "--target", "label", "--methods", "f-test", "-K", 2)
    assert "predicts the target alone: copy" in compared.err


def test_gaps_that_predict_the_target_are_warned_about(select, tmp_path):
    frame = numbers()
    frame["died"] = frame["f0"].where(frame["label"] == "case")
    frame.to_csv(tmp_path / "data.csv", index=False)
    (said,) = select(tmp_path / "data.csv", "--target", "label", "-K", 2).json["warnings"]
    assert "predicts the target alone: whether died is missing" in said


def test_progress_in_lines(csv, command, monkeypatch):
    monkeypatch.setattr("sparsefs.cli.messages._SECONDS_BETWEEN_LINES", 0.0)
    options = ["--target", "label", "--splits", 3, "--report", csv.with_suffix(".html")]
    ran = command("select", csv, *options, "--set", "max_iter=4", "-K", "auto")
    assert ran.status == 0 and "\r" not in ran.err
    assert "sparsefs: GradualPruningSelector, folds to choose K: 5 of 5 folds, " in ran.err
    assert "sparsefs: GradualPruningSelector: 4 of 4 epochs, " in ran.err
    assert "sparsefs: scoring: 2 of 2 splits, " in ran.err
    assert ran.err.count("GradualPruningSelector: 4 of 4") == 1
    again = command("select", csv, *options, "--set", "max_iter=4", "-K", 2)
    assert again.err.count("GradualPruningSelector: 4 of 4") == 6  # five for the report
    assert command("select", csv, *options, "--set", "max_iter=4", "-K", 2, "-q").err == ""
    assert "verbose=True" not in csv.with_suffix(".html").read_text()


def test_long_work_says_little(csv, command):
    ran = command("select", csv, "--target", "label", "--set", "max_iter=4", "-K", 2)
    assert "epochs" not in ran.err and "splits," not in ran.err.replace("10 splits,", "")
