# SPDX-License-Identifier: BSD-3-Clause
"""Cox's partial likelihood, and the residuals of its model without any feature."""

from __future__ import annotations

import numpy as np
import torch

from ..utils.device import is_remote, wide


class CoxLoss:
    """Cox's partial likelihood of a batch, with Efron's approximation for ties.

    The output is the logarithm of the relative hazard; the targets are rows of events (zeros and
    ones) and of times, of which only the order counts. The samples of a batch are compared with
    each other. The value is minus the logarithm of the likelihood per sample, less that of equal
    outputs, plus a half. So it does not depend on the size of the batch, and 1 - 2 * value is to
    first order the share of the variance of the null model's residuals that the outputs explain.
    """

    of_constant = 0.5

    def __call__(
        self, output, target, sample_weight=None
    ) -> tuple[float | torch.Tensor, torch.Tensor]:
        """Loss averaged over the samples, and its gradient at the output; without events 0."""
        event, time = target
        order = torch.argsort(time, stable=True)
        time, event = time[order].contiguous(), wide(event[order])
        weight = torch.ones_like(event) if sample_weight is None else wide(sample_weight[order])
        event = event * (weight > 0)
        first = torch.searchsorted(time, time)  # of the samples of the same time
        after = torch.searchsorted(time, time, right=True)

        def of_ties(values):
            sums = torch.nn.functional.pad(values.cumsum(-1), (1, 0))
            return sums.index_select(-1, after) - sums.index_select(-1, first)

        # Of events of the same time, Efron takes a growing share out of those at risk.
        n_tied = of_ties(event).clamp(min=1)
        place = event.cumsum(0) - event
        share = event * (place - place[first]) / n_tied
        count = event * of_ties(event * weight) / n_tied
        # With equal outputs last, for comparison. All sums of exponentials are of logarithms.
        outputs = wide(output).reshape(-1, len(event)).index_select(1, order)
        outputs = torch.cat([outputs, torch.zeros_like(outputs[:1])])
        logs = outputs + weight.log()
        at_risk = logs.flip(1).logcumsumexp(1).flip(1).index_select(1, first)
        at_risk = at_risk.clamp(min=torch.finfo(logs.dtype).min / 2)  # where all weights are 0
        of_event = event * (logs - at_risk).exp()
        left = 1 - share * of_ties(of_event)
        minus_log = (count * (at_risk + left.log()) - event * weight * outputs).sum(1)
        hazard = ((count / left).log() - at_risk).logcumsumexp(1).index_select(1, after - 1)
        grad = (logs + hazard).exp() - of_event * of_ties(count * share / left) - event * weight
        value = (minus_log[:-1] - minus_log[-1]) / len(event) + self.of_constant
        back = torch.argsort(order)
        grad = (grad[:-1] / len(event)).index_select(1, back).to(output.dtype).view(output.shape)
        if output.ndim == 2:
            value = value[0] if is_remote(output.device) else float(value[0])
        return value, grad


def martingale_residuals(event, time, sample_weight=None) -> np.ndarray:
    """Return event minus the cumulative hazard (Nelson-Aalen) of a model without any feature.

    Parameters
    ----------
    event, time : ndarray of shape (n_samples,)
    sample_weight : ndarray of shape (n_samples,) or None, default=None

    Returns
    -------
    ndarray of shape (n_samples,), float32
        Their weighted sum is 0. To first order, what explains them lowers the Cox loss.
    """
    _, place = np.unique(time, return_inverse=True)
    weight = np.ones(len(event)) if sample_weight is None else sample_weight
    n_events = np.bincount(place, weight * event)
    at_risk = np.cumsum(np.bincount(place, weight)[::-1])[::-1]
    hazard = np.cumsum(n_events / np.maximum(at_risk, 1e-300))
    return (event - hazard[place]).astype(np.float32)
