# SPDX-License-Identifier: BSD-3-Clause
"""A fit with a checkpoint that is broken off goes on where it was, bit for bit."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone

from sparsefs import (
    CrossValidatedK,
    DeepLassoSelector,
    GradualPruningSelector,
    HyperSparseSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    WASTSelector,
    open_shards,
)
from sparsefs.importance import Importance
from sparsefs.training.optimizers import Optimizer
from tests.selectors.common import fit, quick
from tests.shards import write_npy


class KilledError(Exception):
    pass


@pytest.fixture
def kill(monkeypatch):
    """Break a training off in the step of a number, from now on; None lets it finish."""
    update, steps = Optimizer.update, [np.inf]

    def killed(self, parameters):
        steps[0] -= 1
        if steps[0] < 0:
            raise KilledError
        update(self, parameters)

    monkeypatch.setattr(Optimizer, "update", killed)
    return lambda step: steps.__setitem__(0, np.inf if step is None else step)


def same(one, other):
    """Whether two fits agree in every bit of what they learnt."""
    for name, value in vars(other).items():
        if name.endswith("_") and isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(one, name), value, name)
    for name, values in other.history_.items():
        if name != "seconds":
            np.testing.assert_array_equal(one.history_[name], values, name)
    assert one.costs_ == other.costs_
    if hasattr(other, "network_"):
        for mine, theirs in zip(one.network_.weights, other.network_.weights, strict=True):
            assert (abs(mine - theirs)).max() == 0
    return True


def broken_off(selector, X, y, folder, kill, steps=None):
    """The same fit, broken off after so many steps of each process: an epoch, or a few rounds."""
    steps = steps or (
        [52, 31, 13] if isinstance(selector, GradualPruningSelector) else [50, 25, 30]
    )
    for step in steps:
        resumed = clone(selector).set_params(checkpoint=folder)
        kill(step)
        before = files(folder)
        with pytest.raises(KilledError):
            fit(resumed, X, y)
        assert files(folder)[-1:] > before[-1:]
    kill(None)
    return fit(clone(selector).set_params(checkpoint=folder), X, y)


def files(folder):
    return sorted(path.name for path in Path(folder).glob("*.npz"))


MODES = {
    "WAST": WASTSelector(),
    "WAST, csr": WASTSelector(kernel="csr", connections_every=2),
    "WAST, block": WASTSelector(kernel="block", connections_every=3),
    "WAST, masked, Adam": WASTSelector(kernel="masked", solver="adam", learning_rate_init=0.001),
    "WAST, random": WASTSelector(grow="random", rank_by="strength", update_every="epoch"),
    "QuickSelection": QuickSelectionSelector(),
    "QuickSelection, csr": QuickSelectionSelector(kernel="csr", density=0.1, rank_by="degree"),
    "attribution": NeuronAttributionSelector(),
    "attribution, csr": NeuronAttributionSelector(kernel="csr", density=0.2, n_iter_no_change=2),
    "attribution, RigL": NeuronAttributionSelector(topology="rigl", update_every=2),
    "attribution, RigL, csr": NeuronAttributionSelector(
        topology="rigl", update_every=2, kernel="csr", density=0.2
    ),
    "attribution, last epoch": NeuronAttributionSelector(average_over="last_epoch"),
    "attribution, last step": NeuronAttributionSelector(average_over="last_iteration"),
    "strength": NeuronAttributionSelector(importance="strength", early_stopping=False),
    "Deep Lasso": DeepLassoSelector(),
    "Deep Lasso, early": DeepLassoSelector(early_stopping=True, n_iter_no_change=2),
    "pruning": GradualPruningSelector(batch_size=16),
    "pruning, all at once": GradualPruningSelector(redundancy="keep"),
    "pruning, no labels": GradualPruningSelector(supervised=False, batch_size=16),
    "pruning, groups": GradualPruningSelector(feature_groups=np.arange(40) // 2, batch_size=16),
    "pruning, covariates": GradualPruningSelector(adjust_for=[0], batch_size=16),
    "pruning, shadows": GradualPruningSelector(n_shadows=20, batch_size=16),
    "pruning, own loss": GradualPruningSelector(
        task="regression", loss=torch.nn.HuberLoss(), batch_size=16
    ),
}
SMALL = {"K": 5, "max_iter": 8, "hidden_layer_sizes": 16, "device": "cpu", "random_state": 0}


def mode(name):
    selector = clone(MODES[name]).set_params(**SMALL)
    if isinstance(selector, GradualPruningSelector):
        return selector.set_params(max_iter=20)
    return selector.set_params(batch_size=16)


@pytest.fixture
def X(wide):
    """300 rows, enough for networks where there is a closed form for few rows."""
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((300, 3))
    X = latent @ rng.standard_normal((3, 40)) + 0.5 * rng.standard_normal((300, 40))
    X[:, 3] = 0.0
    X[np.abs(X) < 0.5] = 0
    return X.astype(np.float32)


def target(X):
    return (X[:, 5] + X[:, 6] * X[:, 7] > 0.3).astype(int)


@pytest.mark.parametrize("name", MODES)
def test_it_goes_on_bit_for_bit(name, X, tmp_path, kill):
    selector, y = mode(name), target(X)
    expected = clone(selector).fit(X, y)
    assert same(broken_off(selector, X, y, tmp_path, kill), expected)
    assert files(tmp_path) == []


@pytest.mark.parametrize("kind", ["array", "csr"])
def test_regressions_on_more_columns_than_samples(kind, X, tmp_path, kill):
    y, rng = target(X), np.random.default_rng(0)
    X = np.hstack([X, rng.standard_normal((300, 400)).astype(np.float32).round()])
    X = X if kind == "array" else sparse.csr_array(X)
    selector = mode("pruning")
    expected = clone(selector).fit(X, y)
    assert same(broken_off(selector, X, y, tmp_path, kill, [32, 31, 23]), expected)


@pytest.mark.parametrize("kind", ["csr", "table"])
@pytest.mark.parametrize(
    "name", ["WAST", "QuickSelection", "attribution", "pruning", "pruning, no labels"]
)
def test_sparse_data_and_tables_on_disk(name, kind, X, tmp_path, kill, monkeypatch):
    y = target(X)
    if kind == "csr":
        data = sparse.csr_array(X)
    else:
        monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", 8000)  # 50 rows, or 7 columns
        monkeypatch.setattr("sparsefs.data.table.CHUNK_BYTES", 1600)
        data = open_shards(write_npy(tmp_path / "X", X))
        assert not data.fits_in_buffer()
    selector = mode(name)
    expected = clone(selector).fit(data, y)
    folder = tmp_path / "checkpoint"
    assert same(broken_off(selector, data, y, folder, kill), expected)


def test_a_table_is_held_in_memory_from_the_middle_of_a_pass_on(X, tmp_path, kill, monkeypatch):
    monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", 20_000)  # 16 columns
    monkeypatch.setattr("sparsefs.data.table.CHUNK_BYTES", 1600)
    data, y = open_shards(write_npy(tmp_path / "X", X)), target(X)
    selector = mode("pruning")
    expected = clone(selector).fit(data, y)
    for steps in range(8, 100, 9):
        folder = tmp_path / str(steps)
        assert same(broken_off(selector, data, y, folder, kill, [steps]), expected)


@pytest.mark.parametrize("state", [None, "instance"])
def test_a_seed_that_was_drawn_is_kept(state, X, tmp_path, kill):
    def selector():
        given = None if state is None else np.random.RandomState()
        return mode("WAST").set_params(random_state=given, checkpoint=tmp_path)

    kill(50)
    with pytest.raises(KilledError):
        selector().fit(X)
    kill(None)
    resumed = selector().fit(X)
    assert resumed.n_iter_ == 8 and np.isfinite(resumed.scores_).all()


def test_no_more_than_the_epoch_under_way_is_lost(X, tmp_path, kill):
    selector = mode("WAST").set_params(checkpoint=tmp_path)
    kill(19 * 4 + 5)  # there are 19 batches
    with pytest.raises(KilledError):
        selector.fit(X)
    assert files(tmp_path) == ["epoch-000000003.npz", "epoch-000000004.npz"]


def test_what_is_stopped_by_max_time_can_be_resumed(X, tmp_path):
    expected = mode("WAST").fit(X)
    selector = mode("WAST").set_params(checkpoint=tmp_path, max_time=1e-9)
    for n_epochs in (1, 2):
        with pytest.warns(UserWarning, match=f"Stopped after {n_epochs} of 8 epochs"):
            selector.fit(X)
        assert selector.n_iter_ == n_epochs
    assert same(selector.set_params(max_time=None, K=3, verbose=True).fit(X), expected)


@pytest.mark.parametrize("n_torn", [1, 2])
@pytest.mark.parametrize("tear", ["shorter", "empty", "other bytes"])
def test_a_torn_file_is_not_used(tear, n_torn, X, tmp_path, kill):
    selector = mode("WAST")
    expected = clone(selector).fit(X)
    selector.set_params(checkpoint=tmp_path)
    kill(19 * 4 + 5)
    with pytest.raises(KilledError):
        selector.fit(X)
    (tmp_path / ".sparsefs-0123456789ab.npz").write_bytes(b"PK")  # a file half written
    for name in files(tmp_path)[-n_torn:]:
        content = bytearray((tmp_path / name).read_bytes())
        middle = len(content) // 2
        if tear == "other bytes":
            content[middle : middle + 8] = b"\0nothing"
        (tmp_path / name).write_bytes(content[: {"shorter": middle, "empty": 0}.get(tear)])
    kill(None)
    with pytest.warns(UserWarning, match="checkpoint.*is damaged"):
        assert same(selector.fit(X), expected)
    assert os.listdir(tmp_path) == ["lock"]


def test_a_checkpoint_of_another_fit_is_refused_and_says_what_differs(X, tmp_path, kill):
    y = target(X)
    selector = mode("attribution").set_params(checkpoint=tmp_path)
    kill(50)
    with pytest.raises(KilledError):
        selector.fit(X, y)
    kill(0)  # no training begins

    def refused(what, X=X, y=y, weight=None, **params):
        with pytest.raises(ValueError, match=f"checkpoint=.*another fit.*{what}"):
            clone(selector).set_params(**params).fit(X, y, sample_weight=weight)

    refused(r"max_iter \(8 then, 9 now\)", max_iter=9)
    refused(r"random_state \(0 then, 1 now\)", random_state=1)
    refused("keep", keep=[1])
    refused("X ", X[:, :-1])
    refused("X ", X[::-1], y[::-1])
    refused("X ", np.vstack([X[:-1], X[:1]]))
    refused("y ", y=y[::-1])
    refused("sample_weight", weight=np.arange(300) + 1.0)


def test_a_damaged_description_is_an_error_that_names_it(X, tmp_path, kill):
    kill(50)
    with pytest.raises(KilledError):
        mode("WAST").set_params(checkpoint=tmp_path).fit(X)
    (tmp_path / "fit.json").write_text("{")
    with pytest.raises(ValueError, match=r"fit\.json' is damaged"):
        mode("WAST").set_params(checkpoint=tmp_path).fit(X)


def test_a_fit_that_was_refused_before_the_training_leaves_the_folder_free(X, tmp_path):
    with pytest.raises(ValueError, match="'budget'|budget="):
        mode("WAST").set_params(checkpoint=tmp_path, budget=0.1).fit(X)
    assert mode("WAST").set_params(checkpoint=tmp_path, max_iter=2).fit(X).n_iter_ == 2


def test_parameters_by_their_content(X, tmp_path, kill):
    """Arrays, functions and objects, as they are in another process."""
    selector = mode("pruning, own loss").set_params(checkpoint=tmp_path)
    selector.set_params(feature_costs=np.arange(40) + 1.0)
    kill(50)
    with pytest.raises(KilledError):
        selector.fit(X, X[:, 5])
    kill(0)
    with pytest.raises(KilledError):
        clone(selector).fit(X, X[:, 5])
    with pytest.raises(ValueError, match="feature_costs"):
        selector.set_params(feature_costs=np.arange(40) + 2.0).fit(X, X[:, 5])


def test_the_closed_form_needs_no_file(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 200))
    y = X[:, 7] > 0
    selector = GradualPruningSelector(K=5, random_state=0)
    expected = clone(selector).fit(X, y).scores_
    with pytest.warns(UserWarning, match="Stopped"):
        selector.set_params(checkpoint=tmp_path, max_time=1e-9).fit(X, y)
    np.testing.assert_array_equal(selector.set_params(max_time=None).fit(X, y).scores_, expected)
    assert os.listdir(tmp_path) == ["lock"]


@pytest.mark.parametrize("epochs_done", [1, 4, 14, 16])
def test_the_folds_that_choose_K_go_on_too(epochs_done, X, tmp_path, kill, monkeypatch):
    selector = mode("WAST").set_params(K="auto", max_iter=3)
    expected = clone(selector).fit(X)
    selector.set_params(checkpoint=tmp_path)
    kill(15 * min(epochs_done, 15) + 19 * max(0, epochs_done - 15) + 5)  # 15 batches in a fold
    with pytest.raises(KilledError):
        selector.fit(X)
    left = 15 * max(0, 15 - epochs_done) + 19 * min(3, 18 - epochs_done)
    kill(left - 1)
    with pytest.raises(KilledError):  # in the very last step
        selector.fit(X)
    kill(None)
    selector.fit(X)
    assert same(selector, expected) and selector.K_ == expected.K_
    np.testing.assert_array_equal(selector.path_.scores, expected.path_.scores)
    assert os.listdir(tmp_path) == ["lock"]


def test_folds_that_max_time_has_ended_go_on(X, tmp_path):
    selector = mode("WAST").set_params(K="auto", max_iter=3, checkpoint=tmp_path, max_time=1e-9)
    for n_epochs in (1, 2):
        with pytest.warns(UserWarning, match=f"Stopped after {n_epochs} of 3 epochs"):
            assert selector.fit(X).n_iter_ == n_epochs
    selector.set_params(max_time=None).fit(X)
    expected = mode("WAST").set_params(K="auto", max_iter=3).fit(X)
    assert same(selector, expected)
    np.testing.assert_array_equal(selector.path_.scores, expected.path_.scores)


def test_other_folds_are_refused(X, tmp_path, kill):
    selector = mode("WAST").set_params(K="auto", max_iter=3, checkpoint=tmp_path)
    kill(50)
    with pytest.raises(KilledError):
        selector.fit(X, X[:, 5], groups=np.arange(300) // 2)
    for changed in ({"y": X[:, 6]}, {"groups": np.arange(300) // 3}):
        given = {"y": X[:, 5], "groups": np.arange(300) // 2} | changed
        with pytest.raises(ValueError, match=f"another fit.*{next(iter(changed))} "):
            selector.fit(X, **given)
    with pytest.raises(ValueError, match="another fit.*K .*'auto'.* then"):
        selector.set_params(K=CrossValidatedK(cv=3)).fit(X, X[:, 5], groups=np.arange(300) // 2)


def test_a_folder_in_use_is_refused(X, tmp_path):
    from sparsefs.training.checkpoint import Checkpoint

    with Checkpoint(tmp_path), pytest.raises(ValueError, match="'?checkpoint.*in use"):
        mode("WAST").set_params(checkpoint=tmp_path).fit(X)


def test_a_path_that_is_no_folder_is_refused(X, tmp_path):
    (tmp_path / "file").write_text("")
    for path in ("file", "file/folder"):
        with pytest.raises(ValueError, match="checkpoint=.*file.* is not a folder"):
            mode("WAST").set_params(checkpoint=str(tmp_path / path)).fit(X)
    with pytest.raises(ValueError, match="'checkpoint'"):
        mode("WAST").set_params(checkpoint=1).fit(X)


@pytest.mark.parametrize("Selector", [NeuroFSSelector, HyperSparseSelector])
def test_other_methods_refuse_it(Selector, X, tmp_path):
    with pytest.raises(ValueError, match=f"{Selector.__name__} does not support 'checkpoint'"):
        quick(Selector, checkpoint=tmp_path).fit(X, target(X))
    assert os.listdir(tmp_path) == []


class Degree(Importance):
    """Of the first layer; says nothing of what changes."""

    def scores(self, network):
        return network.layers[0].degree("in").astype(float)


class Counting(Degree):
    n = 0

    def after_update(self, network, step):
        self.n += 1

    def scores(self, network):
        return super().scores(network) + self.n

    def state(self):
        return {"n": self.n}

    def load_state(self, state):
        self.n = state["n"]


def test_an_importance_of_ones_own(X, tmp_path, kill):
    selector = mode("attribution").set_params(importance=Degree())
    with pytest.raises(TypeError, match="'checkpoint' needs an importance.*Degree lacks them"):
        clone(selector).set_params(checkpoint=tmp_path).fit(X, target(X))
    selector.set_params(importance=Counting())
    expected = clone(selector).fit(X, target(X))
    assert same(broken_off(selector, X, target(X), tmp_path, kill, [50]), expected)
