# SPDX-License-Identifier: BSD-3-Clause
"""The trade-off experiments: their classifier, their lists of jobs, what is made of the rows."""

import json
import types

import numpy as np
import pytest
import torch
from benchmarks import tables
from benchmarks.__main__ import main
from benchmarks.tradeoff import (
    EXPERIMENTS,
    configuration,
    curves,
    data,
    evaluation,
    module_of,
    networks,
    optimization,
    optimization_evaluation,
    progress,
    random_search,
    reproduction,
    runs,
    samplers,
    searches,
    tables_online,
)
from benchmarks.tradeoff.classifier import SparseNetworkClassifier
from sklearn.datasets import load_digits
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.benchmarks.rows import rows_of

try:
    import tomllib  # noqa: F401
except ModuleNotFoundError:
    pytest.importorskip("tomli")

QUICK = {"first_size": 16, "last_size": 8, "sparsity": 0.5, "batch_size": 16, "update_every": 5}


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture(scope="module")
def split():
    X, y = load_digits(return_X_y=True)
    return data.Split("digits", X[:400], X[400:800], y[:400], y[400:800])


@pytest.fixture
def small():
    """An experiment whose runs take hundredths of a second."""
    space = {
        "topology": ["set", "rigl", "dense"],
        "sparsity": {"uniform": [0, 0.9], "topology": ["set", "rigl"]},
        "learning_rate": {"loguniform": [0.01, 0.3]},
        "epochs": {"loguniform": [1, 3]},
    }
    return configuration.Configuration(
        name="digits",
        title="Digits",
        data={},
        settings={"small": QUICK | {"epochs": 2}},
        reproduction={"topologies": ["set", "rigl"], "sparsities": [0.5, 0.9]},
        evaluation={"n_configurations": 2, "topologies": ["set"], "sparsities": [0.8]},
        search={"n_trials": 5, "folds": 2, "fixed": QUICK, "space": space},
    )


@pytest.fixture
def arguments():
    return types.SimpleNamespace(
        seed=[0],
        setting=None,
        epochs=None,
        samples=None,
        trials=None,
        folds=None,
        sampler="random",
        samplers=["random", "latin-hypercube"],
        configurations=None,
    )


@pytest.mark.slow
@parametrize_with_checks(
    [
        SparseNetworkClassifier(
            **QUICK, epochs=20, scale="features", learning_rate=0.05, random_state=0
        )
    ]
)
def test_classifier_is_scikit_learns(estimator, check):
    check(estimator)


@pytest.mark.parametrize("topology", ["set", "rigl", "dense"])
def test_classifier_learns_and_counts(topology, split):
    before = torch.random.get_rng_state()
    model = SparseNetworkClassifier(topology=topology, sparsity=0.8, epochs=20, batch_size=50)
    model.set_params(update_every=10, random_state=0)
    model.fit(split.X_train, split.y_train)
    found = model.predict(split.X_test)
    assert np.mean(found == split.y_test) > 0.8
    assert torch.equal(torch.random.get_rng_state(), before)
    assert model.density_ == pytest.approx(1 if topology == "dense" else 0.2, abs=0.01)
    weights = 64 * 300 + 300 * 100 + 100 * 10
    assert model.costs_["inference_flops"]["dense"] == 2 * weights
    assert model.costs_["training_flops"]["dense"] == 6 * weights * 20 * 400
    model.fit(split.X_train, split.y_train)
    np.testing.assert_array_equal(model.predict(split.X_test), found)


def test_classifier_of_images(split):
    model = SparseNetworkClassifier("residual", image_shape=(1, 8, 8), width=4, epochs=6)
    model.set_params(sparsity=0.5, update_every=5, random_state=0)
    model.fit(split.X_train, split.y_train)
    assert model.score(split.X_test, split.y_test) > 0.5
    assert model.density_ == pytest.approx(0.5, abs=0.01)
    assert model.n_updates_ > 0


def test_a_training_that_diverges_ends_early(split):
    model = SparseNetworkClassifier(learning_rate=1e12, epochs=50, topology="dense", scale=None)
    model.fit(split.X_train, split.y_train)
    assert model.diverged_
    assert model.costs_["training_flops"]["sparse"] > 0


def test_sizes_are_interpolated():
    assert networks.layer_sizes(1, 300, 200, 100) == [300]
    assert networks.layer_sizes(2, 300, 50, 100) == [300, 100]
    assert networks.layer_sizes(5, 100, 300, 50) == [100, 200, 300, 175, 50]


@pytest.mark.parametrize("name", configuration.NAMES)
def test_configurations_load_and_name_known_parameters(name):
    found = configuration.load(name)
    assert {"file"} <= found.data.keys() or {"openml", "stand_in"} <= found.data.keys()
    for parameters in (*found.settings.values(), found.search["fixed"]):
        SparseNetworkClassifier(**parameters)
    space = found.space(max_epochs=4)
    assert set(space) <= configuration.PARAMETERS
    assert space["epochs"].ppf(1) == 4
    assert found.parameters()["epochs"] == 200


def test_an_unknown_parameter_is_refused(tmp_path, monkeypatch):
    text = (configuration.FOLDER / "mnist.toml").read_text()
    (tmp_path / "wrong.toml").write_text(text.replace("momentum", "momenta", 1))
    monkeypatch.setattr(configuration, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="momenta"):
        configuration.load("wrong")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_reproduction_is_31_runs(name, split):
    jobs = reproduction.jobs(configuration.load(name), split, seed=3)
    assert len(jobs) == len({json.dumps(job.key) for job in jobs}) == 31
    kinds = [job.key["topology"] for job in jobs]
    assert [kinds.count(kind) for kind in ("dense", "set", "rigl")] == [1, 15, 15]
    assert all(job.parameters["random_state"] == 3 for job in jobs)
    assert {job.key["epochs"] for job in jobs} == {200}


def test_evaluation_is_340_runs(split):
    names = searches.KEY
    trials = [
        dict.fromkeys(names, "0")
        | {"trial": str(i), "accuracy": str(50 + i), "parameters": json.dumps({"epochs": 2.4})}
        for i in range(30)
    ]
    jobs = evaluation.jobs(configuration.load("mnist"), split, 0, trials, n_configurations=20)
    assert len(jobs) == 20 * (2 * 8 + 1)
    assert {job.key["trial"] for job in jobs} == {str(i) for i in range(10, 30)}
    assert {job.parameters["epochs"] for job in jobs} == {2}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_has_a_module(experiment):
    assert module_of(experiment).FILE == f"tradeoff_{experiment.replace('-', '_')}"


def test_what_has_its_row_is_not_run_again(small, split, arguments, folder, monkeypatch):
    monkeypatch.setattr(data, "load", lambda configuration: split)
    whole = runs.measure
    measured = []

    def until_broken_off(parameters, split):
        if len(measured) == 3:
            raise KeyboardInterrupt
        measured.append(parameters)
        return whole(parameters, split)

    monkeypatch.setattr(runs, "measure", until_broken_off)
    with pytest.raises(KeyboardInterrupt):
        reproduction.run(small, arguments)
    first = rows_of(folder, reproduction.FILE)
    assert len(first) == 3
    monkeypatch.setattr(runs, "measure", lambda p, s: measured.append(p) or whole(p, s))
    reproduction.run(small, arguments)
    reproduction.run(small, arguments)
    rows = rows_of(folder, reproduction.FILE)
    assert len(measured) == len(rows) == 5
    assert rows[:3] == first
    assert len({(row["topology"], row["sparsity"]) for row in rows}) == 5


def test_command_prints_its_origin_and_forgets(small, split, folder, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda configuration: split)
    monkeypatch.setattr(configuration, "load", lambda name: small)
    command = ["tradeoff", "random-search", "--data", "mnist_10k", "--trials", "3", "--folds", "2"]
    main(command)
    assert "# cpu:" in capsys.readouterr().out
    assert len(rows_of(folder, random_search.FILE)) == 3
    studies = [*folder.rglob("*.jsonl")]
    assert len(studies) == 1
    written = studies[0].stat().st_mtime_ns
    main(command)
    assert studies[0].stat().st_mtime_ns == written
    main([*command, "--fresh", "--seed", "1"])  # another search
    assert studies[0].stat().st_mtime_ns == written
    assert len(rows_of(folder, random_search.FILE)) == 6
    monkeypatch.setattr(data, "load", lambda configuration: split._replace(name="mnist_10k"))
    main(command)
    assert len(rows_of(folder, random_search.FILE)) == 9
    main([*command, "--fresh"])
    assert len(rows_of(folder, random_search.FILE)) == 9
    assert len([*folder.rglob("*.jsonl")]) == 3


@pytest.mark.slow
def test_searches_and_what_follows_them(small, split, arguments, folder, monkeypatch):
    monkeypatch.setattr(data, "load", lambda configuration: split)
    for experiment in EXPERIMENTS:
        module_of(experiment).run(small, arguments)
    before = {path: path.read_bytes() for path in folder.glob("*.csv")}

    def never(*args, **kwargs):
        raise AssertionError("measured twice")

    monkeypatch.setattr(runs, "measure", never)
    monkeypatch.setattr(searches, "fitted", never)
    for experiment in EXPERIMENTS:
        module_of(experiment).run(small, arguments)
    assert {path: path.read_bytes() for path in folder.glob("*.csv")} == before
    found = rows_of(folder, optimization.FILE)
    assert [row["trial"] for row in found] == list("01234")
    assert {row["sampler"] for row in rows_of(folder, random_search.FILE)} == {"latin-hypercube"}
    in_layers = [row for row in found if row["layer"] in ("0", "1")]
    assert len(rows_of(folder, optimization_evaluation.FILE)) == len(in_layers)
    assert len(rows_of(folder, evaluation.FILE)) == 2 * 2
    assert len(rows_of(folder, samplers.FILE)) == 2 * 5
    for name in ("falls", "runs", "samplers", "searches", "evaluation"):
        header, lines = tables.made(*tables.TABLES[f"tradeoff_{name}"])
        assert lines and len(lines[0]) == len(header), name


def test_a_study_that_was_broken_off_goes_on(small, split, folder, monkeypatch):
    fits = []
    fit = SparseNetworkClassifier.fit
    monkeypatch.setattr(
        SparseNetworkClassifier, "fit", lambda self, X, y: fits.append(1) or fit(self, X, y)
    )
    study = folder / "study.jsonl"
    ask = (small, split, "random", 0, 5, 2, None, study)
    whole = searches.fitted(*ask)
    lines = study.read_text().splitlines(keepends=True)
    study.write_text("".join(lines[:3]))
    fits.clear()
    again = searches.fitted(*ask)
    assert len(fits) == 2 * (len(lines) - 3)
    assert whole.cv_results_["params"] == again.cv_results_["params"]


def curve(sparsities, accuracies, saved):
    accuracies = np.array(accuracies, dtype=float)[:, None]
    return curves.Curve(np.array(sparsities), accuracies, np.array(saved), None)


def test_place_of_fall_is_interpolated():
    found = curve([0.5, 0.9, 0.99], [98.0, 97.0, 90.0], [0.5, 0.8, 0.98])
    assert curves.place_of_fall(found, dense=98.0, points=0.5) == pytest.approx((0.7, 0.65))
    assert curves.place_of_fall(found, dense=98.0, points=1.0) == pytest.approx((0.9, 0.8))
    assert curves.place_of_fall(found, dense=98.0, points=9.0) is None
    # Below the dense network at once: between it and the first sparsity.
    assert curves.place_of_fall(found, dense=99.0, points=0.5) == pytest.approx((0.25, 0.25))


def test_growth_of_the_hypervolume():
    points = np.array([[0.5, 0.5, 0.5], [np.nan] * 3, [0.5, 0.5, 1.0], [0.0, 0.5, 0.5]])
    np.testing.assert_allclose(progress.growth(points), [0.125, 0.125, 0.125, 0.25])


def test_offline_a_stand_in_takes_the_place_and_says_so(monkeypatch, capsys):
    def offline(**kwargs):
        raise OSError("no route")

    monkeypatch.setattr(tables_online, "fetch_openml", offline)
    stand_in = {"n_rows": 500, "n_features": 28, "share_of_second_class": 0.53}
    higgs = configuration.load("higgs")
    higgs.data["stand_in"] = stand_in
    found = data.load(higgs)
    assert found.name == "higgs (stand-in)"
    assert "stand in" in capsys.readouterr().out
    assert found.X_train.shape == (400, 28)
    assert found.y_train.mean() == pytest.approx(0.53, abs=0.01)


def test_a_table_of_openml_loses_incomplete_rows(monkeypatch):
    X = np.array([[1.0, 2.0], [np.nan, 1.0], [3.0, 4.0]])
    answer = X, np.array(["UP", "DOWN", "DOWN"])
    monkeypatch.setattr(tables_online, "fetch_openml", lambda **kwargs: answer)
    X, y, name = tables_online.table("electricity", 151, {})
    assert name == "electricity"
    assert X.tolist() == [[1, 2], [3, 4]] and y.tolist() == [1, 0]
