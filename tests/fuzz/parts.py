# SPDX-License-Identifier: BSD-3-Clause
"""Custom parts, good and bad, as users write them; here so that they can be pickled."""

from functools import partial

import numpy as np
import torch
from examples.own_growth_rule import StrongInputGrow
from examples.own_importance import TaylorImportance
from sklearn.linear_model import Ridge

from sparsefs import QuickSelectionSelector
from sparsefs.importance import Importance


class SmallestDrop:
    def __call__(self, layer, importance, fraction):
        size = abs(layer.slot_values())
        slots = np.flatnonzero(size)
        return np.sort(slots[np.argsort(size[slots], kind="stable")[: int(fraction * len(slots))]])


class OwnDropSelector(QuickSelectionSelector):
    def _train(self, data, rng, device, progress):
        from sparsefs.importance import ConnectionImportance
        from sparsefs.topology import GradientGrow, Rewiring
        from sparsefs.training.losses import SquaredErrorLoss
        from sparsefs.training.optimizers import SGD

        return self._train_autoencoder(
            data,
            rng,
            device,
            progress,
            density=self.density or 0.5,
            output_activation=self.output_activation,
            importance=ConnectionImportance("strength", "input"),
            rewirings=[Rewiring(SmallestDrop(), GradientGrow(), self.drop_fraction)] * 2,
            loss=SquaredErrorLoss(),
            optimizer=partial(SGD, self.learning_rate_init, self.alpha, momentum=self.momentum),
        )


# What may become of the numbers that a part should give.
CHANGES = {
    "same": lambda values: values,
    "list": lambda values: values.tolist(),
    "objects": lambda values: values.astype(object),
    "masked": lambda values: np.ma.masked_array(values, values == values.max()),
    "first": lambda values: values[:1],
    "nan": lambda values: values * np.nan,
    "text": lambda values: [str(value) for value in values],
    "complex": lambda values: values + 1j,
    "number": lambda values: float(values.sum()),
    "None": lambda values: None,
}


class DegreeImportance(Importance):
    def __init__(self, change):
        self.change = change

    def scores(self, network):
        return CHANGES[self.change](np.asarray(network.layers[0].degree("in"), dtype=float))


class Getter:
    """A callable importance_getter."""

    def __init__(self, change):
        self.change = change

    def __call__(self, fitted):
        last = fitted[-1] if hasattr(fitted, "steps") else fitted
        for name in ("scores_", "feature_importances_", "coef_"):
            if hasattr(last, name):
                values = np.abs(np.atleast_2d(getattr(last, name))).sum(axis=0)
                return CHANGES[self.change](values)


class RoundedL1:
    def gradients(self, weights):
        return [torch.tanh(weight / 0.01) for weight in weights]


class NoGradients:
    def gradients(self, weights):
        return None


def quantile_loss(output, target):
    return torch.maximum(0.9 * (target - output), -0.1 * (target - output))


def none_loss(output, target):
    return None


def nan_loss(output, target):
    return output.mean() * float("nan")


def nothing_grown(layer, dropped, importance, rng):
    return None


def two_halves(shapes, density):
    return [0.5] * len(shapes)


def too_dense(shapes, density):
    return [2.0] * len(shapes)


# Parameter: what it may be, what may suit or not, what must be refused.
OWN = {
    "loss": (
        [],
        [
            torch.nn.HuberLoss(),
            torch.nn.functional.mse_loss,
            torch.nn.CrossEntropyLoss(),
            quantile_loss,
        ],
        [none_loss, nan_loss, torch.nn.HuberLoss],
    ),
    "importance": (
        [TaylorImportance(), DegreeImportance("same")],
        [DegreeImportance("masked")],
        [*map(DegreeImportance, ["first", "nan", "text", "complex", "None"]), TaylorImportance],
    ),
    "topology": ([StrongInputGrow()], [nothing_grown], [StrongInputGrow]),
    "init": ([two_halves], [], [too_dense]),
    "penalty": ([RoundedL1()], [], [NoGradients(), RoundedL1]),
    "importance_getter": (
        ["auto", *map(Getter, ["same", "list"])],
        [*map(Getter, ["objects", "masked", "nan"]), Ridge],
        [*map(Getter, ["first", "text", "complex", "number", "None"]), "no_such_thing_"],
    ),
}
