# SPDX-License-Identifier: BSD-3-Clause
"""Features that come a chunk at a time: the same results as all at once."""

import numpy as np
import pytest
import torch
from scipy import sparse

from sparsefs import (
    DeepLassoSelector,
    HyperSparseSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    WASTSelector,
)
from sparsefs.networks import FeedForward
from sparsefs.networks.chunks import CHUNK, chunks, joined
from sparsefs.networks.feedforward import make_sparse_linear
from sparsefs.networks.sparse_inputs import SparseInputs
from sparsefs.topology import GradientGrow, MagnitudeDrop
from sparsefs.training import batches as batches_module
from sparsefs.training.batches import Batches, WideBatch
from sparsefs.training.losses import ReconstructionLoss, SquaredErrorLoss
from sparsefs.training.noise import NoisePool
from sparsefs.training.scaling import Scaling
from tests.selectors.common import with_parameter

D = 2 * CHUNK + 300  # three chunks, the last one short


@pytest.fixture
def in_chunks(monkeypatch):
    """From now on every batch of more than two chunks comes in chunks."""
    monkeypatch.setattr(batches_module, "_MANY", 0)


def wide(n=24, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, D)).astype(np.float32)
    X[:, 7] = np.arange(n) % 2 * 3
    X[rng.random(X.shape) < 0.5] = 0
    return X, np.arange(n) % 2


CONTAINERS = {
    "C order": np.asarray,
    "Fortran order": np.asfortranarray,
    "float64 far from 0": lambda X: X.astype(np.float64) + 1e6,
    "CSR": sparse.csr_array,
    "CSR float64": lambda X: sparse.csr_matrix(X.astype(np.float64)),
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("columns", [None, np.arange(1, D, 2)], ids=["all", "every second"])
@pytest.mark.parametrize("how", ["global", "feature"])
def test_a_batch_in_chunks_holds_the_same_numbers(container, columns, how, in_chunks, monkeypatch):
    X = container(wide()[0])
    batches = Batches(X, Scaling(X, how), 8, None, "cpu")
    batches.use_columns(columns)
    rows = np.array([1, 4, 5, 20])
    got = WideBatch(batches, X, rows, columns)
    monkeypatch.setattr(batches_module, "_MANY", 2**60)
    expected = batches.batch(rows).x.clone()
    assert got.shape == expected.shape
    torch.testing.assert_close(joined(got), expected)


@with_parameter("density")
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_fit_in_chunks_gives_the_same_scores(Selector, container, weighted, request):
    X, y = wide()
    options = {"noise_std": 0.0} if "noise_std" in Selector().get_params() else {}
    options |= {"max_iter": 3, "hidden_layer_sizes": 12, "density": 0.1, "batch_size": 8}
    weight = {"sample_weight": 1.0 + np.arange(len(X)) % 3} if weighted else {}

    def scores():
        selector = Selector(random_state=0, **options)
        return selector.fit(container(X), y, **weight).scores_

    expected = scores()
    request.getfixturevalue("in_chunks")
    # Rounding may move a connection or two.
    assert np.mean(~np.isclose(scores(), expected, rtol=1e-3, atol=1e-5)) < 0.005


@pytest.mark.parametrize("kernel", ["csr", "masked"])
@pytest.mark.parametrize(
    "Selector",
    [DeepLassoSelector, HyperSparseSelector, NeuroFSSelector, NeuronAttributionSelector],
)
def test_supervised_fits_of_sparse_data_give_the_scores_of_dense_ones(
    Selector, kernel, monkeypatch
):
    X, y = wide(200)
    X[np.random.default_rng(1).random(X.shape) < 0.95] = 0
    X[:, 7] = y * 3
    options = {"max_iter": 4, "hidden_layer_sizes": 12, "batch_size": 40, "random_state": 0}
    options |= {"density": 0.1, "kernel": kernel}
    dense = Selector(**options).fit(X, y).scores_
    make, made = Batches._sparse, []
    monkeypatch.setattr(Batches, "_sparse", lambda *a: made.append(make(*a)) or made[-1])
    few = Selector(**options).fit(sparse.csr_array(X), y).scores_
    assert made
    # Rounding may move a connection or two.
    assert np.mean(~np.isclose(few, dense, rtol=1e-3, atol=1e-5)) < 0.005


@pytest.mark.parametrize("kernel", ["csr", "masked"])
def test_sparse_inputs_have_the_outputs_and_gradients_of_dense_ones(kernel):
    rng = np.random.default_rng(0)
    few = SparseInputs(
        rng.standard_normal(D, np.float32),
        sparse.random_array((9, D), density=0.01, format="csr", dtype=np.float32, rng=rng),
    )
    x = torch.from_numpy(few.constant[:, None] + few.added.toarray().T)
    positions = np.flatnonzero(rng.random(8 * D) < 0.1)
    layer = make_sparse_linear((8, D), positions, bound=1.0, rng=rng, kernel=kernel)
    close = {"rtol": 1e-4, "atol": 1e-4}
    expected = layer.forward(joined(x)).clone()
    torch.testing.assert_close(layer.forward(few), expected, **close)
    grad = torch.from_numpy(rng.standard_normal((8, 9), np.float32))
    torch.testing.assert_close(layer.weight_grad(grad, few), layer.weight_grad(grad, x), **close)
    torch.testing.assert_close(joined(few), x)


@pytest.mark.parametrize("topology", ["rigl", "dense"])
@pytest.mark.parametrize("kernel", ["auto", "masked"])
def test_attribution_in_chunks_gives_the_same_scores(topology, kernel, request):
    X, y = wide()

    def scores():
        selector = NeuronAttributionSelector(
            topology=topology,
            kernel=kernel,
            density=0.1,
            hidden_layer_sizes=(12, 6),
            max_iter=3,
            batch_size=8,
            update_every=1,
            average_over="last_iteration",
            random_state=0,
        )
        return selector.fit(X, y).scores_

    expected = scores()
    request.getfixturevalue("in_chunks")
    assert np.mean(~np.isclose(scores(), expected, rtol=1e-3, atol=1e-5)) < 0.005


@pytest.mark.parametrize("Selector", [WASTSelector, QuickSelectionSelector])
@pytest.mark.parametrize("kernel", ["csr", "masked", "auto"])
def test_an_autoencoder_in_chunks_learns_with_noise(Selector, kernel, in_chunks):
    X, _ = wide(60)
    selector = Selector(
        kernel=kernel, density=0.1, hidden_layer_sizes=10, max_iter=4, random_state=0
    ).fit(X)
    assert selector.history_["loss"][-1] < selector.history_["loss"][0]
    again = Selector(
        kernel=kernel, density=0.1, hidden_layer_sizes=10, max_iter=4, random_state=0
    ).fit(X)
    np.testing.assert_array_equal(selector.scores_, again.scores_)


@with_parameter("density")
def test_no_batch_is_ever_joined(Selector, in_chunks, monkeypatch):
    made = []
    original = torch.empty

    def watched(*size, **options):
        made.append(np.prod(size[0] if np.ndim(size[0]) else size))
        return original(*size, **options)

    X, y = wide(40)
    options = {"max_iter": 3, "hidden_layer_sizes": 12, "density": 0.1, "batch_size": 20}
    monkeypatch.setattr(torch, "empty", watched)
    monkeypatch.setattr(Batches, "_load_into", None)  # what loads all features at once
    if "swap_fraction" in Selector().get_params():
        options["swap_fraction"] = 0.0  # loads a block of removed features
        options["K"] = D
    Selector(random_state=0, **options).fit(X, y)
    assert max(made, default=0) < D * 20


def test_noise_on_parts_is_the_same_whenever_it_is_asked_for(in_chunks):
    X, _ = wide()
    batch = Batches(X, Scaling(X, "none"), 24, None, "cpu").batch(np.arange(24)).x
    pool = NoisePool(0.5, np.random.default_rng(0), "cpu")
    noisy = pool.add(batch)
    first = joined(noisy)
    torch.testing.assert_close(joined(noisy), first, rtol=0, atol=0)
    noise = first - joined(batch)
    assert abs(noise.std() - 0.5) < 0.01
    assert abs(noise.mean()) < 0.01
    assert not torch.equal(joined(pool.add(batch)), first)
    # Chunks do not repeat each other.
    assert abs(np.corrcoef(noise[:CHUNK].ravel(), noise[CHUNK : 2 * CHUNK].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("output", ["identity", "tanh"])
@pytest.mark.parametrize("filled", [None, ("in", "out")])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", [ReconstructionLoss, lambda: SquaredErrorLoss(summed=True)])
def test_reconstruction_in_chunks_equals_forward_and_backward(
    output, filled, weighted, loss, in_chunks
):
    X, _ = wide()
    rng = np.random.default_rng(0)
    positions = [np.sort(rng.choice(D * 8, D, replace=False)) for _ in range(2)]
    network = FeedForward.from_positions(
        [D, 8, D], positions, ["logistic", output], rng=rng, kernel="auto", filled_sides=filled
    )
    batch = Batches(X, Scaling(X, "feature"), 24, None, "cpu").batch(np.arange(24)).x
    weight = torch.linspace(0.5, 2, 24) if weighted else None
    x, losses = joined(batch), (loss(), loss())
    value, grad = losses[0](network.forward(x, training=True), x, weight)
    expected = network.backward(grad)
    got_value, got = network.reconstruct(batch, batch, weight, losses[1])
    assert got_value == pytest.approx(value, rel=1e-5)
    for a, b in zip(expected, got, strict=True):
        torch.testing.assert_close(b[0], a[0], rtol=1e-4, atol=1e-7)
        torch.testing.assert_close(b[1], a[1], rtol=1e-4, atol=1e-7)
    if loss is ReconstructionLoss:
        np.testing.assert_allclose(
            (losses[1].absolute / losses[1].n_samples),
            (losses[0].absolute / losses[0].n_samples),
            rtol=1e-5,
        )


def test_gradients_grow_at_the_same_places(in_chunks):
    X, _ = wide()
    rng = np.random.default_rng(0)
    positions = [np.sort(rng.choice(D * 8, D, replace=False))]
    network = FeedForward.from_positions([D, 8], positions, ["identity"], rng=rng, kernel="csr")
    layer = network.layers[0]
    batch = Batches(X, Scaling(X, "feature"), 24, None, "cpu").batch(np.arange(24)).x
    grad = torch.randn(8, 24, generator=torch.Generator().manual_seed(0))
    dropped = MagnitudeDrop()(layer, None, 0.4)
    grown = []
    for x in (joined(batch), batch):
        layer.seen = (x, grad)
        growth = GradientGrow()(layer, dropped, None, rng)
        grown.append(growth.rows * D + growth.cols)
    assert len(grown[0]) > 500
    assert len(np.setxor1d(*grown)) <= 2  # rounding may swap neighbours in rank
    torch.testing.assert_close(layer.dense_grad(slice(2, 4)), grad[2:4] @ joined(batch).t())


def test_chunks_cover_all_neurons_once():
    covered = np.concatenate([np.arange(D)[part] for part in chunks(D)])
    np.testing.assert_array_equal(covered, np.arange(D))


@pytest.mark.parametrize("kernel", ["auto", "block", "csr"])
def test_more_hidden_neurons_than_features(kernel, request):
    X, _ = wide(6)
    params = {"density": 0.001, "hidden_layer_sizes": D + 5, "max_iter": 1, "noise_std": 0.0}

    def scores():
        return WASTSelector(kernel=kernel, random_state=0, **params).fit(X).scores_

    expected = scores()
    request.getfixturevalue("in_chunks")
    assert np.mean(~np.isclose(scores(), expected, rtol=1e-3, atol=1e-5)) < 0.005
