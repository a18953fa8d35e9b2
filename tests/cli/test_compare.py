# SPDX-License-Identifier: BSD-3-Clause
"""What compare prints, and what happens to a method that fails or takes too long."""

import importlib
import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier

import sparsefs.cli.compare
from sparsefs.cli.limits import within
from sparsefs.cli.names import OURS, RIVALS
from sparsefs.evaluation import k_curve
from tests.cli.common import INFORMATIVE, numbers

SLOW = {"neurofs", "neuron-attribution", "hyper-sparse", "quick-selection", "deep-lasso"}


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "data.csv"
    numbers(100).to_csv(path, index=False)
    return path


def test_the_table(csv, command):
    ran = command(
        *("compare", csv, "--target", "label", "-K", 2, 6, "--cv", 3),
        *("--methods", "f-test,extra-trees,random,all"),
    )
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[0].split() == ["accuracy", "K=2", "K=6", "seconds"]
    names = [line.split()[0] for line in lines[1:4]]
    assert names == ["f-test", "extra-trees", "random"]
    for line in lines[1:4]:
        cells = line.split()
        assert cells[2] == cells[5] == "±"
        assert line.endswith("< 0.001") or float(cells[7]) > 0
    assert lines[4] == "" and lines[5].startswith("all 12 features: 0.")
    assert "method 2 of 4: extra-trees" in ran.err


@pytest.mark.slow
def test_the_figures_are_those_of_k_curve_on_the_same_folds(csv, command):
    options = ["compare", csv, "--target", "label", "-K", 6, 2, "--methods", "extra-trees,f-test"]
    found = command(*options, "--seed", 5, "--json").json
    assert found["Ks"] == [2, 6] and found["n_folds"] == 5
    frame = numbers(100)
    X, y = frame.drop(columns="label").to_numpy(np.float32), frame["label"].to_numpy(str)
    trees = ExtraTreesClassifier(500, random_state=5)
    curve = k_curve(trees, X, y, Ks=[2, 6], cv=5, random_state=5)
    row = found["methods"][0]
    assert row["method"] == "extra-trees" and row["error"] is None
    np.testing.assert_array_equal(row["scores"], curve.scores)
    np.testing.assert_allclose(row["mean"], curve.mean)
    np.testing.assert_allclose(row["std"], curve.std)
    assert len(row["fit_seconds"]) == 5 and min(row["fit_seconds"]) > 0


def test_the_default_methods_are_quick_and_ordered(csv, command):
    found = command("compare", csv, "--target", "label", "-K", 2, "--cv", 2, "--json").json
    names = [row["method"] for row in found["methods"]]
    assert names == ["gradual-pruning", "l1", "f-test", "extra-trees", "random", "all"]
    means = {row["method"]: row["mean"][0] for row in found["methods"]}
    assert means["gradual-pruning"] > means["random"]
    assert not any(row["error"] for row in found["methods"])


@pytest.mark.parametrize("method", sorted({*OURS, *RIVALS} - SLOW))
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_method_runs(method, task, tmp_path, command):
    frame = numbers(80)
    if task == "regression":
        frame["label"] = frame["alpha"] + frame["beta"]
    frame["town"] = np.resize(["Rome", "Oslo"], len(frame))
    frame.loc[::7, "f0"] = np.nan
    frame.to_csv(tmp_path / "data.csv", index=False)
    ran = command(
        *("compare", tmp_path / "data.csv", "--target", "label", "-K", 3, "--cv", 2),
        *("--methods", method, "--json"),
    )
    (row,) = ran.json["methods"]
    assert row["error"] is None, row
    assert row["metric"] == ("accuracy" if task == "classification" else "R2")


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(SLOW))
def test_slow_methods_run(method, csv, command):
    ran = command(
        *("compare", csv, "--target", "label", "-K", 3, "--cv", 2, "--methods", method, "--json")
    )
    assert ran.json["methods"][0]["error"] is None


def test_without_labels(csv, command):
    options = ["--unsupervised", "--exclude", "label", "-K", 3, "--cv", 2]
    ran = command("compare", csv, *options, "--json")
    names = [row["method"] for row in ran.json["methods"]]
    assert names == ["gradual-pruning", "wast", "variance", "random", "all"]
    assert {row["metric"] for row in ran.json["methods"]} == {"explained variance"}


def test_a_method_that_needs_a_target_is_a_row_with_the_reason(csv, command):
    ran = command(
        *("compare", csv, "--unsupervised", "--target", "label", "-K", 3, "--cv", 2),
        *("--methods", "variance,f-test,neurofs"),
    )
    assert ran.status == 0
    assert "f-test: f-test needs a target" in ran.out
    assert "neurofs: --unsupervised: neurofs needs a target" in ran.out
    assert ran.out.splitlines()[2].split() == ["f-test", "-", "-"]


def test_a_method_that_fails_is_a_row_with_the_reason(csv, command, monkeypatch):
    from sparsefs.evaluation.rivals import RIVALS

    def fail(X, y, **settings):
        raise FloatingPointError("overflow\nsomewhere")

    monkeypatch.setitem(RIVALS, "f-test", fail)
    options = ["compare", csv, "--target", "label", "-K", 2, "--cv", 2, "--methods"]
    ran = command(*options, "f-test,random")
    assert ran.status == 0
    assert "f-test: FloatingPointError: overflow somewhere" in ran.out
    assert ran.out.splitlines()[2].split()[0] == "random" and "±" in ran.out
    with pytest.raises(FloatingPointError):
        command(*options, "f-test", "--debug")


def test_a_method_that_takes_too_long_is_ended(csv, command):
    ran = command(
        *("compare", csv, "--target", "label", "-K", 2, "--cv", 2, "--time-limit", 0.05),
        *("--methods", "extra-trees", "--json"),
    )
    (row,) = ran.json["methods"]
    assert row == {"method": "extra-trees", "error": "longer than 0.05 s"}


def test_the_limit_does_not_count_imports(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time; time.sleep(2)")
    monkeypatch.syspath_prepend(tmp_path)
    assert within(1.5, math.sqrt, 4, modules=["slow_to_import"]) == 2


def test_the_scores_are_written(csv, command, refused, tmp_path):
    options = ["compare", csv, "--target", "label", "-K", 2, 3, "--cv", 2, "--json"]
    options += ["--methods", "f-test,all"]
    ran = command(*options, "--out", tmp_path / "scores.csv")
    table = pd.read_csv(tmp_path / "scores.csv")
    assert list(table.columns) == ["method", "K", "metric", "mean", "std", "seconds", "error"]
    assert table["method"].tolist() == ["f-test", "f-test", "all"]
    assert table["K"].tolist() == [2, 3, 12] and set(table["metric"]) == {"accuracy"}
    np.testing.assert_allclose(table["mean"][:2], ran.json["methods"][0]["mean"])
    ran = command(*options, "--out", tmp_path / "scores.json")
    assert json.loads((tmp_path / "scores.json").read_text()) == ran.json
    assert "must end in .csv or .json" in refused(*options, "--out", tmp_path / "scores.npz")
    assert "is the file of DATA" in refused(*options, "--out", csv)


@pytest.mark.slow
def test_a_limit_leaves_one_process_and_says_so(csv, command):
    options = ["compare", csv, "--target", "label", "-K", 2, "--cv", 2, "--methods", "f-test"]
    ran = command(*options, "--time-limit", 100, "--jobs", 2)
    assert ran.status == 0 and "--jobs is not used with --time-limit" in ran.err


@pytest.mark.slow
def test_a_limit_that_is_not_reached_changes_nothing(csv, command):
    options = ["compare", csv, "--target", "label", "-K", 2, "--cv", 2, "--methods", "f-test"]
    limited = command(*options, "--time-limit", 100, "--json").json["methods"][0]
    assert limited["scores"] == command(*options, "--json").json["methods"][0]["scores"]


def test_the_task_reaches_the_methods(csv, command, monkeypatch):
    seen = []

    def spy(limit, function, ranker, *rest, modules):
        assert {"sparsefs.evaluation", "torch"} < set(modules)  # imported before the time counts
        for module in modules:
            importlib.import_module(module)
        seen.append((ranker, rest[-1]["task"]))
        return function(ranker, *rest)

    monkeypatch.setattr(sparsefs.cli.compare, "within", spy)
    options = ["--target", "label", "-K", 2, "--cv", 2, "--methods", "wast,gradual-pruning"]
    assert command("compare", csv, *options).status == 0
    (wast, task), (pruning, _) = seen
    assert pruning.task == task == "classification"
    assert wast.scaling == "auto"  # which each fold decides on its training rows


def test_K_larger_than_there_are_features(csv, command):
    ran = command(
        "compare", csv, "--target", "label", "-K", 3, 500, "--cv", 2, "--methods", "f-test,all"
    )
    first, second = ran.out.splitlines()[:2]
    assert first.split() == ["accuracy", "K=3", "K=500", "seconds"]
    of_all = ran.out.splitlines()[-1].split(": ")[1]
    assert second.endswith(second.split()[-1]) and of_all in second


def test_informative_features_are_ahead(csv, command):
    assert INFORMATIVE <= set(numbers().columns)
    ran = command(
        "compare", csv, "--target", "label", "-K", 2, "--methods", "f-test,random", "--json"
    )
    f_test, random = ran.json["methods"]
    assert f_test["mean"][0] > random["mean"][0] + 0.1
