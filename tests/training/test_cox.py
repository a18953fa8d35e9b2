# SPDX-License-Identifier: BSD-3-Clause
"""Cox's partial likelihood, compared with its definition and with autograd."""

import numpy as np
import pytest
import torch

from sparsefs.training.cox import CoxLoss, martingale_residuals


def literal_minus_log(output, event, time, weight):
    """Efron's partial likelihood, term by term, from torch numbers that know their gradient."""
    total = 0
    for t in np.unique(time[event > 0]):
        tied = np.flatnonzero((time == t) & (event > 0) & (weight > 0))
        if not len(tied):
            continue
        at_risk = sum(weight[j] * output[j].exp() for j in np.flatnonzero(time >= t))
        of_tied = sum(weight[j] * output[j].exp() for j in tied)
        for place in range(len(tied)):
            left = at_risk - place / len(tied) * of_tied
            total = total + weight[tied].mean() * left.log()
        total = total - sum(weight[j] * output[j] for j in tied)
    return total


def literal(output, event, time, weight):
    """Value and gradient of the loss."""
    output = output.clone().double().requires_grad_()
    alone = literal_minus_log(torch.zeros_like(output), event, time, weight)
    value = (literal_minus_log(output, event, time, weight) - alone) / len(event) + 0.5
    return value.item(), torch.autograd.grad(value, output)[0]


def drawn(seed, n=23, n_times=6, censored=0.4):
    rng = np.random.default_rng(seed)
    event = (rng.random(n) > censored).astype(np.float64)
    event[0] = 1
    time = rng.integers(0, n_times, n).astype(np.float64)
    weight = rng.exponential(size=n) * (rng.random(n) > 0.2)
    weight[0] = 1
    return torch.from_numpy(rng.standard_normal((3, 1, n))), event, time, weight


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_times", [1, 3, 10**6])
@pytest.mark.parametrize("seed", range(3))
def test_value_and_gradient_are_those_of_the_double_loop(seed, n_times, weighted):
    outputs, event, time, weight = drawn(seed, n_times=n_times)
    target, given = torch.tensor(np.array([event, time])), torch.from_numpy(weight)
    if not weighted:
        weight, given = np.ones_like(weight), None
    values, gradients = CoxLoss()(outputs.clone(), target, given)
    for output, value, gradient in zip(outputs, values, gradients, strict=True):
        expected, of_output = literal(output[0], event, time, weight)
        assert float(value) == pytest.approx(expected, abs=1e-10)
        np.testing.assert_allclose(gradient[0], of_output, atol=1e-10)
        alone, of_alone = CoxLoss()(output.clone(), target, given)  # one network
        assert isinstance(alone, float) and alone == pytest.approx(expected, abs=1e-10)
        np.testing.assert_allclose(of_alone[0], of_output, atol=1e-10)


def test_single_precision_and_large_outputs():
    outputs, event, time, _ = drawn(5, n=200, n_times=50)
    target = torch.tensor(np.array([event, time]), dtype=torch.float32)
    for size in (1e3, 1e6, 1e30):
        value, gradient = CoxLoss()((outputs[0] * size).float(), target)
        assert np.isfinite(value) and gradient.dtype == torch.float32
        assert gradient.isfinite().all() and gradient.abs().max() <= 1
    shifted = CoxLoss()(outputs[0] + 1e4, target)[0]
    assert shifted == pytest.approx(CoxLoss()(outputs[0], target)[0], abs=1e-8)


def test_a_batch_without_events_teaches_nothing():
    target = torch.tensor([[0.0, 0, 0], [1, 2, 3]])
    value, gradient = CoxLoss()(torch.tensor([[3.0, -1, 2]]), target)
    assert value == 0.5 and (gradient == 0).all()


def test_equal_outputs_have_the_same_value_in_any_batch():
    for n in (5, 50, 500):
        _, event, time, weight = drawn(0, n=n)
        target = torch.tensor(np.array([event, time]))
        assert CoxLoss()(torch.full((1, n), 3.0).double(), target, torch.tensor(weight))[
            0
        ] == pytest.approx(0.5)


def test_residuals_are_minus_the_gradient_at_equal_outputs():
    _, event, _, weight = drawn(1)
    time = np.random.default_rng(2).permutation(len(event)).astype(np.float64)  # no ties
    target = torch.tensor(np.array([event, time]))
    _, gradient = CoxLoss()(torch.zeros(1, len(event)).double(), target, torch.tensor(weight))
    residuals = martingale_residuals(event, time, weight)
    minus = -gradient[0].numpy() * len(event)
    np.testing.assert_allclose(weight * residuals, minus, atol=1e-6)
    assert abs(martingale_residuals(event, time).sum()) < 1e-5


def test_to_first_order_the_loss_falls_by_the_share_that_is_explained():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(20_000)
    time, censoring = rng.exponential(np.exp(-0.1 * x)), rng.exponential(size=len(x))
    event = (time <= censoring).astype(np.float64)
    time = np.minimum(time, censoring)
    target = torch.tensor(np.array([event, time]))
    value, _ = CoxLoss()(torch.from_numpy(0.1 * x)[None], target)
    explained = np.corrcoef(x, martingale_residuals(event, time))[0, 1] ** 2
    assert 1 - 2 * value == pytest.approx(explained, rel=0.1)
