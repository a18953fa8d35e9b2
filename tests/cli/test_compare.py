# SPDX-License-Identifier: BSD-3-Clause
"""What compare prints, and what happens to a method that fails or takes too long."""

import importlib
import json
import math
import os
import subprocess
import sys
import time
import warnings
from importlib.util import find_spec

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
    assert lines[4].startswith("all 12 features  0.") and lines[4].count("±") == 2
    assert lines[5].startswith("always guessing  0.") and lines[5].split()[2] < "0.7"
    assert lines[6] == "" and "3 folds" in lines[7]
    assert "method 2 of 4: extra-trees" in ran.err


def test_ties_have_a_star_or_are_bold(csv, command, monkeypatch):
    options = ["compare", csv, "--target", "label", "-K", 2, 6, "--methods"]
    ran = command(*options, "f-test,random,all")
    assert ran.out.splitlines()[-1].startswith("*: not different from the best (")
    f_test, random, every = (line.split("  ") for line in ran.out.splitlines()[1:4])
    assert [cell for cell in f_test if "±" in cell and not cell.endswith("*")] == []
    assert "*" not in "".join(every)
    document = command(*options, "f-test,random,all", "--json").json
    of_f_test, of_random, of_all = document["methods"]
    assert of_f_test["tied_with_best"] == [True, True]
    assert of_random["tied_with_best"] == [cell.endswith("*") for cell in random if "±" in cell]
    assert of_random["tied_with_best"][0] is False and "tied_with_best" not in of_all

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    bold = command(*options, "f-test,random,all").out
    assert "*" not in bold and "\nbold: not different from the best (" in bold
    plain = bold.replace("\033[1m", "").replace("\033[0m", "")
    assert bold.count("\033[1m") == bold.count("\033[0m") == ran.out.count("*") - 1
    assert {len(line) for line in plain.splitlines()[1:3]} == {len(plain.splitlines()[0])}
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in command(*options, "f-test,random,all").out


def test_one_method_has_no_ties(csv, command):
    out = command("compare", csv, "--target", "label", "--cv", 2, "--methods", "f-test,all").out
    assert "*" not in out


@pytest.mark.parametrize("weighted", [False, True])
def test_the_guess(weighted, csv, command):
    frame = numbers(90)
    frame["label"] = np.where(np.arange(90) % 3 == 0, "rare", "usual")
    frame["w"] = np.where(frame["label"] == "rare", 4.0, 1.0)
    frame.to_csv(csv, index=False)
    options = ["compare", csv, "--target", "label", "-K", 2, "--methods", "random", "--json"]
    guess = command(*options, *(["--weights", "w"] if weighted else ["--exclude", "w"])).json[
        "guess"
    ]
    np.testing.assert_allclose(guess["mean"], [2 / 3])
    assert guess["Ks"] == [0] and guess["error"] is None and guess["metric"] == "accuracy"


def test_the_guess_of_a_quantity_is_the_mean(csv, command):
    options = ["compare", csv, "--target", "alpha", "--methods", "random", "--json"]
    guess = command(*options, "--exclude", "label").json["guess"]
    assert guess["metric"] == "R2" and -0.3 < guess["mean"][0] <= 0


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
    quick = ["gradual-pruning", "l1", "rfe", "mrmr", "f-test", "extra-trees", "random", "all"]
    assert names == quick
    means = {row["method"]: row["mean"][0] for row in found["methods"]}
    assert means["gradual-pruning"] > means["random"]
    assert not any(row["error"] for row in found["methods"])


@pytest.mark.parametrize("method", sorted({*OURS, *RIVALS} - SLOW - {"cox"}))
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_method_runs(method, task, tmp_path, command):
    if method == "lightgbm":
        pytest.importorskip(method)
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


@pytest.mark.slow
def test_neurofs_takes_fewer_features_than_are_kept(csv, command):
    ran = command(
        *("compare", csv, "--target", "label", "-K", 1, 4, "--keep", "alpha", "f0", "--cv", 2),
        *("--methods", "neurofs", "--json"),
    )
    (row,) = ran.json["methods"]
    assert row["error"] is None and row["Ks"] == [1, 4]


def test_lightgbm_is_missing(csv, refused, monkeypatch):
    monkeypatch.setattr("sparsefs.cli.methods.find_spec", lambda name: None)
    message = refused("compare", csv, "--target", "label", "--methods", "f-test,lightgbm")
    assert message == "--methods: lightgbm needs the package lightgbm: pip install lightgbm"


def test_without_labels(csv, command):
    options = ["--unsupervised", "--exclude", "label", "-K", 3, "--cv", 2]
    ran = command("compare", csv, *options, "--json")
    names = [row["method"] for row in ran.json["methods"]]
    assert names == ["gradual-pruning", "wast", "variance", "random", "all"]
    assert {row["metric"] for row in ran.json["methods"]} == {"explained variance"}
    assert ran.json["guess"] is None and ran.json["metric"] == "explained variance"


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
    found = within(1.5, of_root, 4, modules=["slow_to_import"], update=lambda: None)
    assert found == 2


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a fork for each method")
def test_a_method_imports_nothing_while_the_limit_counts():
    program = """
import importlib, os, sys
from argparse import Namespace
import numpy as np
from sparsefs.cli.compare import _curve, _modules, _ranker
from sparsefs.cli.names import OURS, RIVALS
from sparsefs.cli.target import Goal

rng = np.random.default_rng(0)
X, y = rng.random((40, 5), dtype=np.float32), rng.random(40)
arguments = Namespace(unsupervised=False, seed=0, K=[2])
for method in sys.argv[1:]:
    if os.fork() == 0:
        settings = {"max_iter": 2} if method in OURS else {}
        ranker = _ranker(method, arguments, settings, Goal(y, "regression", ["y"], None))
        for name in _modules(method):
            importlib.import_module(name)
        before = set(sys.modules)
        _curve(ranker, X, y, 1, {"Ks": [2], "cv": 2, "random_state": 0}, update=int)
        new = {name for name in sys.modules if name not in before}
        print(method, sorted(new), flush=True)
        os._exit(0)
    os.wait()
"""
    names = [name for name in (*OURS, *RIVALS) if name != "lightgbm" or find_spec(name)]
    names.remove("cox")  # for survival, and of numpy only
    call = [sys.executable, "-c", program, *names]
    ran = subprocess.run(call, capture_output=True, text=True, check=True)
    lines = [line for line in ran.stdout.splitlines() if "[" in line]
    assert [line.split()[0] for line in lines] == names, ran.stderr
    assert all(line.endswith(" []") for line in lines), lines


def test_a_process_passes_on_its_warnings_and_steps():
    steps = []
    with pytest.warns(UserWarning, match="^a small number$"):
        found = within(60, of_small_root, 4, update=lambda: steps.append("done"))
    assert found == 2 and steps == ["done", "done"]


def of_small_root(value, update):
    update()
    warnings.warn("a small number", RuntimeWarning, stacklevel=1)
    update()
    return math.sqrt(value)


def of_root(value, update):
    return math.sqrt(value)


@pytest.mark.parametrize("options", [[], ["--time-limit", 100]])
def test_progress_in_lines(options, csv, command, monkeypatch):
    monkeypatch.setattr("sparsefs.cli.messages._SECONDS_BETWEEN_LINES", 0.0)
    options = ["compare", csv, "--target", "label", "--cv", 3, "--methods", "f-test", *options]
    ran = command(*options)
    assert "sparsefs: f-test: 1 of 3 folds, " in ran.err
    assert "f-test: 3 of 3 folds" in ran.err and "\r" not in ran.err
    assert "folds" not in command(*options, "-q").err


@pytest.mark.slow
def test_progress_while_no_fold_gets_done(csv, command, monkeypatch):
    from sparsefs.evaluation.rivals import RIVALS

    def sleep(X, y, **settings):
        time.sleep(2.5)
        return np.ones(X.shape[1])

    monkeypatch.setattr("sparsefs.cli.messages._SECONDS_BETWEEN_LINES", 0.5)
    monkeypatch.setattr("sparsefs.cli.messages._SECONDS_TO_HINT", 0.0)
    monkeypatch.setitem(RIVALS, "f-test", sleep)
    options = ["compare", csv, "--target", "label", "--cv", 2, "--methods", "f-test"]
    lines = command(*options).err.splitlines()
    assert "sparsefs: f-test: 0 of 2 folds, 2 s" in lines
    hint = "sparsefs: f-test takes long: --time-limit SECONDS ends slow methods"
    assert lines.count(hint) == 1


def test_the_scores_are_written(csv, command, refused, tmp_path):
    options = ["compare", csv, "--target", "label", "-K", 2, 3, "--cv", 2, "--json"]
    options += ["--methods", "f-test,all"]
    ran = command(*options, "--out", tmp_path / "scores.csv")
    table = pd.read_csv(tmp_path / "scores.csv")
    names = ["method", "K", "metric", "mean", "std", "seconds", "tied_with_best", "error"]
    assert list(table.columns) == names
    assert table["method"].tolist() == ["f-test", "f-test", "all", "guess"]
    assert table["K"].tolist() == [2, 3, 12, 0] and set(table["metric"]) == {"accuracy"}
    assert table["tied_with_best"].tolist()[:2] == [True, True]
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

    def spy(limit, function, ranker, *rest, modules, update):
        for module in modules:
            importlib.import_module(module)
        seen.append((ranker, rest[-1]["task"]))
        return function(ranker, *rest, update=update)

    monkeypatch.setattr(sparsefs.cli.compare, "within", spy)
    options = ["--target", "label", "-K", 2, "--cv", 2, "--methods", "wast,gradual-pruning"]
    assert command("compare", csv, *options).status == 0
    (wast, task), (pruning, _), _ = seen
    assert pruning.task == task == "classification"
    assert wast.scaling == "auto"  # which each fold decides on its training rows


def test_K_larger_than_there_are_features(csv, command):
    ran = command(
        "compare", csv, "--target", "label", "-K", 3, 500, "--cv", 2, "--methods", "f-test,all"
    )
    first, second = ran.out.splitlines()[:2]
    assert first.split() == ["accuracy", "K=3", "K=500", "seconds"]
    of_all = ran.out.splitlines()[2].split("  ")[1]
    assert "±" in of_all and of_all in second


def test_few_rows_have_fewer_folds(csv, command):
    numbers(60).groupby("label").head(4).to_csv(csv, index=False)
    found = command("compare", csv, "--target", "label", "--methods", "f-test", "--json").json
    assert found["n_folds"] == len(found["methods"][0]["scores"][0]) == 4


@pytest.mark.parametrize("option", ["--out", "--report"])
def test_a_file_that_cannot_be_written_takes_no_result_away(option, csv, command, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sparsefs.cli.compare.write_scores", fail)
    monkeypatch.setattr("sparsefs.report.comparison.write_comparison", fail)
    path = csv.with_suffix({"--out": ".json", "--report": ".html"}[option])
    options = ["--target", "label", "--cv", 2, "--methods", "f-test"]
    ran = command("compare", csv, *options, option, path)
    assert ran.status == 1 and "f-test" in ran.out
    assert f"{option}: {str(path)!r} was not written: No space left on device" in ran.err


def test_informative_features_are_ahead(csv, command):
    assert INFORMATIVE <= set(numbers().columns)
    ran = command(
        "compare", csv, "--target", "label", "-K", 2, "--methods", "f-test,random", "--json"
    )
    f_test, random = ran.json["methods"]
    assert f_test["mean"][0] > random["mean"][0] + 0.1
