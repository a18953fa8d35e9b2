# SPDX-License-Identifier: BSD-3-Clause
"""The comparison of all methods: its rows, and what selection may see."""

import re
from argparse import ArgumentParser

import numpy as np
import pytest
from benchmarks import accuracy, data, evaluation, grid, methods
from benchmarks.__main__ import main
from benchmarks.results import Results
from scipy import sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tools.datasets import available

from tests.benchmarks.rows import rows_of


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(Results, "folder", tmp_path)
    accuracy.split.cache_clear()
    yield tmp_path
    accuracy.split.cache_clear()


def parsed(command):
    parser = ArgumentParser()
    accuracy.add_arguments(parser)
    return parser.parse_args(command.split())


class FakeForks:
    """Answers with these statuses, and remembers what it was asked."""

    def __init__(self, *statuses):
        self.statuses, self.asked = list(statuses), []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def measure(self, job, limit, memory, **arguments):
        self.asked.append((arguments["method"], arguments["seed"], tuple(arguments["Ks"])))
        status = self.statuses.pop(0) if self.statuses else "ok"
        if status != "ok":
            return {"status": status}
        scores = {f"svc_{K}": 50 for K in arguments["Ks"]}
        return {"status": "ok", "seconds": 1, "cpu_seconds": 1, "above_data_mb": 2} | scores


def run_with(forks, command, monkeypatch):
    monkeypatch.setattr(grid, "Forks", lambda: forks)
    accuracy.run(parsed(command))
    return forks.asked


@pytest.mark.slow
def test_the_whole_of_it_on_tiny_data_and_again(folder, capsys):
    command = ["accuracy", "--sets", "tiny", "--seeds", "1000", "1001", "--Ks", "2", "50", "60"]
    command += ["--methods", "WAST", "F-test", "all features", "sequential selection"]
    main(command)
    rows = rows_of(folder, "accuracy")
    assert {row["status"] for row in rows} == {"ok"}
    of = {(row["method"], row["seed"], row["K"]): row for row in rows}
    every_split = [("WAST", "all"), ("F-test", "all"), ("all features", "all")]
    expected = {(m, seed, K) for m, K in every_split for seed in ("1000", "1001")}
    assert {*of} == expected | {("sequential selection", "1000", "2")}
    opinions = {*evaluation.OPINIONS}
    for row in rows:
        filled = {c for c in row if re.fullmatch(r"[a-z_]+_(\d+|all)", c) and row[c]}
        known = methods.METHODS[row["method"]]
        Ks = {2, 50} if row["K"] == "all" else {2}
        Ks = {"all"} if row["method"] == "all features" else Ks  # 60 of 60 is no choice
        expected = {f"svc{score}_{K}" for score in ("", "_balanced", "_auc") for K in Ks}
        if row["seed"] == "1000":  # the first split
            others = opinions | (set() if known.supervised else {"kmeans", "nmi"})
            expected |= {f"{score}_{K}" for score in others for K in Ks & {50, "all"}}
        assert filled == expected
        assert len(row["best"].split()) == (max(Ks) if row["best"] else 0)
        if row["status"] == "ok":
            assert (row["n_train"], row["n_features"]) == ("120", "60")
            assert float(row["seconds"]) >= 0 and row["peak_mb"] and row["torch"]
    assert float(of["F-test", "1000", "all"]["svc_2"]) > 60
    capsys.readouterr()
    main(command)
    assert rows_of(folder, "accuracy") == rows
    assert "svc_2" not in capsys.readouterr().out  # nothing was fitted again


def test_a_run_goes_on_where_it_was_seeds_outside_cheap_methods_first(monkeypatch):
    command = "--sets tiny --seeds 1000 1001 --methods ExtraTrees variance NeuroFS"
    asked = run_with(FakeForks(), command, monkeypatch)
    every = accuracy.KS
    cheap = [("variance", every), ("ExtraTrees", every)]
    first = [*cheap, *(("NeuroFS", (K,)) for K in every)]  # which has one split
    assert asked == [
        *((m, 1000, Ks) for m, Ks in first),
        *((m, 1001, Ks) for m, Ks in cheap),
    ]
    assert run_with(FakeForks(), command, monkeypatch) == []
    more = run_with(FakeForks(), command + " mRMR", monkeypatch)
    assert more == [("mRMR", 1000, every), ("mRMR", 1001, every)]


@pytest.mark.parametrize("status", ["over 5 s", "over 6 GB"])
def test_what_is_over_a_limit_is_not_tried_on_further_splits(status, folder, monkeypatch):
    forks = FakeForks("ok", status)
    asked = run_with(forks, "--sets tiny --seeds 1000 1001 1002 1003 --methods mRMR", monkeypatch)
    assert [seed for _, seed, _ in asked] == [1000, 1001]
    found = [row["status"] for row in rows_of(folder, "accuracy")]
    assert found == ["ok", status, f"{status} on split 1001", f"{status} on split 1001"]


def test_a_fit_that_fails_has_its_row_and_the_next_split_is_tried(folder, monkeypatch):
    forks = FakeForks("failed: ValueError: no")
    assert len(run_with(forks, "--sets tiny --seeds 1000 1001 --methods WAST", monkeypatch)) == 2
    assert [r["status"] for r in rows_of(folder, "accuracy")] == ["failed: ValueError: no", "ok"]


def test_csr_is_not_given_to_methods_that_need_dense_data(folder, monkeypatch):
    monkeypatch.setitem(methods.METHODS, "mRMR", methods.METHODS["mRMR"]._replace(takes_csr=False))
    monkeypatch.setattr(data, "shape", lambda name: (10_000, 1_000))
    forks = FakeForks()
    run_with(forks, "--sets wide_csr --seeds 1000 --methods mRMR F-test", monkeypatch)
    assert [method for method, _, _ in forks.asked] == ["F-test"]
    status = {row["method"]: row["status"] for row in rows_of(folder, "accuracy")}
    assert status == {"F-test": "ok", "mRMR": "needs dense data"}


def test_slow_methods_run_on_the_first_splits_of_small_sets(monkeypatch):
    monkeypatch.setattr(methods, "missing", lambda method: None)
    slow = methods.METHODS["WAST"]._replace(most_splits=1, most_values=9000)
    assert slow.thinned and not methods.METHODS["F-test"].thinned
    monkeypatch.setitem(methods.METHODS, "WAST", slow)
    command = "--sets tiny digits_like --seeds 1000 1001 --methods F-test WAST"
    monkeypatch.setattr(data, "shape", {"tiny": (150, 60), "digits_like": (151, 60)}.get)
    asked = run_with(FakeForks(), command, monkeypatch)
    assert [(m, seed) for m, seed, _ in asked] == [
        ("F-test", 1000), ("WAST", 1000), ("F-test", 1000), ("F-test", 1001), ("F-test", 1001),
    ]  # fmt: skip


def test_no_fit_begins_after_the_minutes(folder, monkeypatch):
    command = "--sets tiny --seeds 1000 --methods F-test --minutes"
    assert run_with(FakeForks(), f"{command} 0", monkeypatch) == []
    assert len(run_with(FakeForks(), f"{command} 9", monkeypatch)) == 1


def test_seeds_for_tuning_never_get_into_the_published_file(folder, monkeypatch):
    run_with(FakeForks(), "--sets tiny --seeds 3 999 1000 --methods WAST", monkeypatch)
    assert [row["seed"] for row in rows_of(folder, "accuracy")] == ["1000"]
    assert [row["seed"] for row in rows_of(folder, "accuracy_tuning")] == ["3", "999"]
    run_with(FakeForks(), "--sets tiny --seeds 3 1000 --methods WAST --as-published", monkeypatch)
    assert [row["seed"] for row in rows_of(folder, "accuracy_as_published")] == ["1000"]
    assert [row["seed"] for row in rows_of(folder, "accuracy_as_published_tuning")] == ["3"]


def test_small_sets_have_six_splits():
    assert list(accuracy.seeds_of("tiny", parsed(""))) == [*range(1000, 1006)]
    assert list(accuracy.seeds_of("digits_like", parsed(""))) == [*range(1000, 1003)]
    assert list(accuracy.seeds_of("tiny", parsed("--seeds 7"))) == [7]


def test_fresh_forgets_the_given_rows_only(folder, monkeypatch):
    run_with(FakeForks(), "--sets tiny --seeds 1000 1001 --methods WAST F-test", monkeypatch)
    accuracy.forget(parsed("--sets tiny --seeds 1001 --methods WAST"))
    left = {(row["method"], row["seed"]) for row in rows_of(folder, "accuracy")}
    assert left == {("WAST", "1000"), ("F-test", "1000"), ("F-test", "1001")}


def test_methods_without_labels_on_request():
    chosen = accuracy.methods_of(parsed("--unsupervised"))
    assert {"WAST", "QuickSelection", "variance", "random", "all features"} <= {*chosen}
    assert not {"ExtraTrees", "NeuroFS", "F-test"} & {*chosen}


@pytest.mark.parametrize("as_published", [False, True])
def test_selection_never_sees_the_test_part(as_published, monkeypatch):
    seen = {}

    def spy(X, y, K, seed, task):
        seen.update(X=X, y=y, K=K)
        return np.arange(X.shape[1])[::-1]

    monkeypatch.setitem(methods.METHODS, "spy", methods.Method(spy))
    job = accuracy.job("tiny", "spy", 1000, [5, 20, 99], as_published, False)
    found = job.report(job.fit())
    X, _ = data.tiny()
    parts = data.whole_split("tiny", 1000)
    np.testing.assert_array_equal(seen["X"], parts[0])
    np.testing.assert_array_equal(seen["y"], parts[2])
    assert seen["K"] == [5, 20]
    assert found["best"] == " ".join(map(str, range(20)))
    rows = {row.tobytes() for row in seen["X"]}
    assert not rows & {row.tobytes() for row in parts[1]}
    assert rows | {row.tobytes() for row in parts[1]} == {row.tobytes() for row in X}
    # The scores are those of the first features, on the test part.
    svc = SVC() if as_published else make_pipeline(StandardScaler(), SVC())
    expected = 100 * svc.fit(parts[0][:, :5], parts[2]).score(parts[1][:, :5], parts[3])
    assert found["raw_5" if as_published else "svc_5"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.slow
def test_labels_play_no_part_without_labels():
    for name, method in methods.METHODS.items():
        if not method.supervised and name != methods.QUICK_SELECTION_PAPER:
            X, y = data.tiny()
            scores = [method(X, labels, [5], 0) for labels in (y, 1 - y[::-1])]
            np.testing.assert_array_equal(*scores, err_msg=name)


@pytest.mark.slow
def test_every_method_says_truly_whether_it_takes_csr():
    X, y = data.tiny()
    X = sparse.csr_matrix(np.abs(X[:, :12]) * (X[:, :12] > 0.5))
    slow = {"sequential selection", methods.QUICK_SELECTION_PAPER}
    for name in {*methods.METHODS} - slow:
        if not methods.METHODS[name].takes_csr or methods.missing(name):
            continue
        K = 5 if methods.METHODS[name].for_one_K else (5, 2)
        assert np.isfinite(methods.METHODS[name](X, y, K, 0)).all(), name


@pytest.mark.skipif(not available(), reason="needs the data sets")
def test_the_lists_of_data_sets_agree_and_small_ones_come_first():
    assert sorted(data.SETS) == sorted(name for names in data.SETS_OF.values() for name in names)
    assert {*data.OFFICIAL, *data.AS_PUBLISHED} < {*data.SETS}
    sizes = [np.prod(data.shape(name)) for name in data.SETS]
    assert sizes == sorted(sizes)
