# SPDX-License-Identifier: BSD-3-Clause
"""The record of the connections of every input neuron."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from tests.selectors.common import SELECTORS, fit, quick, with_each, with_parameter

every_recording = with_parameter("connections_every")


def test_who_records():
    """All that have a sparse input layer; the inputs of GradualPruning are there or not."""
    names = {S.__name__ for S in SELECTORS if "connections_every" in S().get_params()}
    assert names == {S.__name__ for S in SELECTORS} - {"GradualPruningSelector"}


def connections_of(network, n_features):
    """Connections of every feature in a fitted network whose weights are stored as CSR."""
    first = network.weights[0]
    assert sparse.issparse(first)
    counts = np.zeros(n_features, dtype=int)
    columns = slice(None) if network.columns is None else network.columns
    counts[columns] = np.bincount(first.indices, minlength=first.shape[1])
    return counts


@every_recording
def test_counts_end_with_those_of_the_network(Selector, wide):
    params = {"early_stopping": False} if "early_stopping" in Selector().get_params() else {}
    selector = fit(quick(Selector, K=20, density=0.1, connections_every=1, **params), wide)
    record = selector.connections_
    np.testing.assert_array_equal(record["epoch"], np.arange(selector.n_iter_ + 1))
    assert record["counts"].shape == (selector.n_iter_ + 1, 40)
    assert record["counts"].dtype.kind == record["epoch"].dtype.kind == "i"
    np.testing.assert_array_equal(record["counts"][-1], connections_of(selector.network_, 40))


@with_parameter("connections_every", "kernel", "update_every")
def test_connections_move_and_none_is_lost(Selector, wide):
    for kernel in ("csr", "masked"):
        selector = quick(Selector, connections_every=1, kernel=kernel, update_every=1, density=0.2)
        counts = fit(selector, wide).connections_["counts"]
        assert len(np.unique(counts.sum(axis=1))) == 1
        assert (counts[0] != counts[-1]).any()


@with_each("kernel", ["csr", "block", "masked"])
def test_training_is_the_same_bit_by_bit(Selector, kernel, wide):
    one, other = (
        fit(quick(Selector, kernel=kernel, connections_every=every), wide) for every in (None, 1)
    )
    assert not hasattr(one, "connections_")
    np.testing.assert_array_equal(one.scores_, other.scores_)
    np.testing.assert_array_equal(one.history_["loss"], other.history_["loss"])
    for a, b in zip(one.network_.weights, other.network_.weights):
        np.testing.assert_array_equal(
            a.toarray() if sparse.issparse(a) else a, b.toarray() if sparse.issparse(b) else b
        )


@every_recording
def test_every_so_many_epochs_and_the_last(Selector, wide):
    params = {"early_stopping": False} if "early_stopping" in Selector().get_params() else {}
    all_of_them, some = (
        fit(quick(Selector, max_iter=8, connections_every=every, **params), wide).connections_
        for every in (1, 3)
    )
    last = all_of_them["epoch"][-1]
    np.testing.assert_array_equal(some["epoch"], [*range(0, last, 3), last])
    np.testing.assert_array_equal(some["counts"], all_of_them["counts"][some["epoch"]])


@every_recording
def test_a_later_fit_without_forgets_the_record(Selector, wide):
    selector = fit(quick(Selector, connections_every=1), wide)
    assert not hasattr(fit(selector.set_params(connections_every=None), wide), "connections_")


@every_recording
def test_the_record_is_plain_numpy(Selector, wide):
    selector = fit(quick(Selector, connections_every=1), wide)
    again = pickle.loads(pickle.dumps(selector)).connections_
    np.testing.assert_array_equal(again["counts"], selector.connections_["counts"])
    assert b"torch" not in pickle.dumps(selector)


@every_recording
@pytest.mark.parametrize("value", [0, 1.5, True, "epoch"])
def test_what_is_no_number_of_epochs_is_refused(Selector, value, wide):
    with pytest.raises(ValueError, match="'connections_every' parameter"):
        fit(quick(Selector, connections_every=value), wide)


def test_features_that_left_have_none(wide):
    from sparsefs import NeuroFSSelector

    selector = fit(quick(NeuroFSSelector, K=5, max_iter=10, connections_every=1), wide)
    there = (selector.connections_["counts"] > 0).sum(axis=1)
    assert there[0] <= 38  # constant columns have no input neuron
    assert there[-1] <= 5
    assert (np.diff(there) <= 0).all()
    assert (selector.connections_["counts"][:, [3, 17]] == 0).all()
