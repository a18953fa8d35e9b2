# SPDX-License-Identifier: BSD-3-Clause
"""Errors of a custom importance, raised before a training."""

import numpy as np
import pytest
import torch

from sparsefs.importance import (
    AttributionImportance,
    ConnectionImportance,
    Importance,
    ReconstructionImportance,
    StrengthImportance,
)
from sparsefs.importance.checks import check_importance
from sparsefs.training.losses import CrossEntropyLoss, ReconstructionLoss
from tests.importance.test_attribution import inputs, random_network
from tests.layers import KERNELS


class Given(Importance):
    """An importance of given scores, which counts its hooks."""

    def __init__(self, scores):
        self.given = scores
        self.seen = []

    def before_update(self, network, step):
        assert network.layers[0].seen is not None
        self.seen.append(step)

    after_update = before_update

    def scores(self, network):
        assert len(self.seen) == 2
        return self.given


def check(importance, kernel="csr"):
    network = random_network(kernel, [6, 5, 3])
    target = torch.tensor([0, 2])
    check_importance(importance, network, inputs(network, 2), target, CrossEntropyLoss())
    return network


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    "importance",
    [
        *(AttributionImportance(history) for history in ("all", "last_epoch", "last_iteration")),
        StrengthImportance(),
        ConnectionImportance("degree"),
        Given(torch.ones(6)),
    ],
    ids=lambda importance: type(importance).__name__,
)
def test_importances_pass_and_the_network_stays_as_it_was(importance, kernel):
    before = dict(vars(importance))
    network = check(importance, kernel)
    assert vars(importance) == before
    assert network.outputs == [] and network.training_flops == 0
    for layer, same in zip(network.layers, random_network(kernel, [6, 5, 3]).layers):
        assert layer.seen is None
        np.testing.assert_array_equal(layer.connections(), same.connections())


def test_reconstruction_importance_passes():
    network = random_network("csr", [6, 5, 6])
    x = inputs(network, 2)
    check_importance(ReconstructionImportance(0.4, "mean"), network, x, x, ReconstructionLoss())


@pytest.mark.parametrize(
    ("scores", "error", "message"),
    [
        (None, TypeError, "Got NoneType"),
        ([1.0] * 6, TypeError, "Got list"),
        (np.ones(3), ValueError, r"Got shape \(3,\)"),
        (np.ones((6, 1)), ValueError, r"Got shape \(6, 1\)"),
        (np.ones(6, complex), TypeError, "Got dtype complex128"),
        (np.array([1, np.nan, np.inf, 0, 0, 0]), ValueError, "Got 2 that are not finite"),
    ],
)
def test_other_scores_are_refused(scores, error, message):
    with pytest.raises(error, match=rf"^importance: .*Given must .* shape \(6,\) .*{message}"):
        check(Given(scores))
