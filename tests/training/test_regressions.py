# SPDX-License-Identifier: BSD-3-Clause
"""Regressions beside networks: which samples they see, and when polynomials rank the last."""

import numpy as np
import pytest
import torch

from sparsefs.data.layout import Parts
from sparsefs.data.target import Target
from sparsefs.training.regressions import Regressions, as_outputs
from sparsefs.training.removals import Pruning, Removal


def problem(n=600, d=12):
    """Scaled features and a target of pairs, of which ridges see nothing."""
    z = np.random.default_rng(0).standard_normal((n, d)).astype(np.float32)
    return torch.from_numpy(z), Target.of(z[:, 0] * z[:, 1] + z[:, 2] * z[:, 3])


def regressions_of(target, weight=None, rows=None, polynomials=True):
    rows = np.arange(len(target.values)) if rows is None else rows
    rng = np.random.default_rng(0)
    return Regressions(target, rows, weight, (30.0, 300.0), polynomials, rng)


class Left(Pruning):
    """Features that are left, and what the networks explain with them."""

    def __init__(self, columns, explained):
        super().__init__(columns)
        self.explained = explained

    def _votes(self):
        raise NotImplementedError


def removals_of(columns):
    """Of networks that find the last columns best."""
    shares = torch.full((1, 2), 1 / len(columns))
    return [Removal.of(columns[[place]], shares, 0.5) for place in range(len(columns))[::-1]]


@pytest.mark.parametrize(("explained", "polynomials_rank"), [(0.6, True), (1.9, False)])
def test_polynomials_rank_if_they_explain_about_as_much_as_networks_before_the_next_removal(
    explained, polynomials_rank
):
    held, target = problem()
    regressions, columns = regressions_of(target), np.arange(12) + 100
    shares = torch.full((12, 2), 1 / 12)
    # A callback looks, while the networks have learned nothing or, by chance, all.
    for early in (0.0, 5.0, explained):
        regressions.joined(shares, held, Left(columns, early))
    kept, gone = torch.arange(6), torch.arange(6, 12)
    regressions.keep(kept, gone)
    # What they explain with fewer features is no reason.
    regressions.joined(shares[:6], held[:, :6], Left(columns[:6], 0.0 if explained > 1 else 5.0))
    removals = regressions.of_last(removals_of(columns))
    order = np.concatenate([removal.columns for removal in removals])
    assert sorted(order) == list(columns)
    assert ({*order[:4]} == {100, 101, 102, 103}) == polynomials_rank
    assert (list(order) == list(columns[::-1])) != polynomials_rank


def test_ridges_that_explain_nothing_have_no_say():
    held, target = problem()
    regressions = regressions_of(target)
    shares = torch.rand(12, 4, generator=torch.Generator().manual_seed(0))
    shares /= shares.sum(0)
    joined = regressions.joined(shares, held, Left(np.arange(12), 0.9))
    trust = (regressions._ridges.explained / 0.9) ** 2
    assert trust < 0.01
    torch.testing.assert_close(joined, shares, atol=trust, rtol=0)
    torch.testing.assert_close(joined.sum(0), torch.ones(4))


def test_weights_far_below_single_precision_count_relative_to_each_other():
    held, target = problem()
    rows = np.arange(600)
    weight = 1.0 + rows % 3
    shares = torch.full((12, 2), 1 / 12)
    expected = regressions_of(target, weight).joined(shares, held, Left(rows[:12], 0.0))
    tiny = regressions_of(target, 1e-60 * weight)
    got = tiny.joined(shares, held, Left(rows[:12], 0.0))
    torch.testing.assert_close(got, expected)


def test_rows_without_weight_are_not_seen():
    held, target = problem()
    rows = np.arange(0, 600, 2)
    weight = np.where(np.arange(600) % 2, 0.0, 1.0)
    shares = torch.full((12, 2), 1 / 12)
    got = regressions_of(target, weight, rows).joined(shares, held[rows], Left(np.arange(12), 0.0))
    fewer = Target(target.task, target.values[rows], target.n_outputs)
    expected = regressions_of(fewer).joined(shares, held[rows], Left(np.arange(12), 0.0))
    torch.testing.assert_close(got, expected)


def test_outputs_are_numbers_labels_or_a_column_for_each_class():
    rows = np.array([0, 2, 3])
    classes = as_outputs(Target.of(["b", "a", "c", "b"]), rows)
    np.testing.assert_array_equal(classes, [[0, 1, 0], [0, 0, 1], [0, 1, 0]])
    labels = np.array([[0, 1], [1, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(as_outputs(Target.of(labels), rows), labels[rows])
    numbers = as_outputs(Target.of([0.5, 1.5, 2.5, 3.5]), rows)
    np.testing.assert_allclose(numbers, [[-1.3416], [0.4472], [1.3416]], atol=1e-4)
    for values in (classes, numbers):
        assert values.dtype == np.float32


def test_parts_of_a_feature_vote_together():
    """Features of two inputs: the ridges' shares of both are added."""
    held, target = problem()
    left = Left(np.arange(12), 0.0)
    alone = regressions_of(target, polynomials=False)
    of_inputs = alone.joined(torch.zeros(12, 2), held, left)
    parts = Parts(np.arange(12) % 6, np.ones(12), np.ones(12, dtype=bool))
    Pruning.__init__(left, np.arange(12), parts=parts)
    left.explained = 0.0
    together = regressions_of(target, polynomials=False).joined(torch.zeros(6, 2), held, left)
    torch.testing.assert_close(together, of_inputs[:6] + of_inputs[6:])
