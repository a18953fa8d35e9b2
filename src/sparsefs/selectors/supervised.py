# SPDX-License-Identifier: BSD-3-Clause
"""What the supervised selectors share: targets, class weights, held-out samples, a score."""

from __future__ import annotations

import inspect
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ._target import Target, validation_split
from .base import BaseSelector, check_length, checked_weight

FLOAT32_MAX = float(np.finfo(np.float32).max)  # training is in float32
_SMALL = 200  # samples; below, the papers take smaller batches


def refuse_classes(selector, *names):
    """Raise ValueError where a parameter is a class and should be one of its objects."""
    for name in names:
        value = getattr(selector, name)
        if inspect.isclass(value):
            raise ValueError(
                f"The {name!r} parameter of {type(selector).__name__} is the class "
                f"{value.__name__}: pass an object of it, {value.__name__}(...)."
            )


class SupervisedSelector(BaseSelector):
    """Base of the selectors that train a multi-layer perceptron to predict y.

    A method has, besides those of :class:`BaseSelector`, the parameters `loss`,
    `class_weight` and `hidden_layer_sizes`, and where it holds samples out `early_stopping`,
    `validation_fraction` and `n_iter_no_change`.
    """

    _small_batch: ClassVar[int] = 32  # what batch_size="auto" is for few samples

    _parameter_constraints: ClassVar[dict] = {
        **BaseSelector._parameter_constraints,
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions({"relu", "tanh", "logistic"})],
        "scaling": [StrOptions({"global", "feature", "minmax", "none"})],
        "learning_rate_init": [Interval(Real, 0, FLOAT32_MAX, closed="neither")],
        "alpha": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
        "loss": [
            StrOptions({"auto", "cross_entropy", "binary_cross_entropy", "squared_error"}),
            callable,
        ],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "kernel": [StrOptions({"auto", "csr", "masked"})],
    }

    def score(self, X, y, sample_weight=None):
        """How well the network itself predicts y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            All features, not the selected ones.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,) or None, default=None

        Returns
        -------
        float
            Accuracy for classes, share of the samples with all labels right for several labels,
            R2 (the mean over the outputs) for numbers.
        """
        X = self._checked_for_network(X)
        check_length(X, y)
        weight = checked_weight(sample_weight, X)
        return self._target.score(y, self.network_(X), weight)

    def _validate_target(self, y, sample_weight):
        target = Target.of(y, self.loss, sample_weight)
        if self.class_weight is None:
            return target, sample_weight
        weight = target.weights(self.class_weight, sample_weight)
        return Target.of(y, self.loss, weight), weight  # less the classes of weight 0

    def _validate_params(self):
        super()._validate_params()
        self._hidden_sizes()

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = [sizes] if np.ndim(sizes) == 0 else list(sizes)
        if not sizes or any(not isinstance(n, Integral) or n < 1 for n in sizes):
            raise ValueError(
                f"The 'hidden_layer_sizes' parameter of {type(self).__name__} must be a positive "
                f"int or a sequence of them. Got {self.hidden_layer_sizes!r}."
            )
        return [int(n) for n in sizes]

    def _perceptron(self, data, densities, rng, device, fan_in="dense"):
        """A network from the features to the outputs; ``densities(shapes)`` are its layers'."""
        from ..networks import FeedForward
        from ..topology import sample_positions

        hidden = self._hidden_sizes()
        sizes = [data.X.shape[1], *hidden, data.target.n_outputs]
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        positions = [
            sample_positions(*layer, rng) for layer in zip(shapes, densities(shapes), strict=True)
        ]
        network = FeedForward.from_positions(
            sizes,
            positions,
            [self.activation] * len(hidden) + ["identity"],
            rng=rng,
            kernel=self.kernel,
            device=device,
            fan_in=fan_in,
        )
        self._check_connected(network)
        return network

    def _loss(self, target):
        from ..training.losses import LOSSES

        return LOSSES[target.loss]() if isinstance(target.loss, str) else target.loss

    def _rows(self, data, rng):
        """(training rows, validation rows); the latter are empty without early stopping."""
        n_samples = data.X.shape[0]
        weight = data.sample_weight
        rows = np.arange(n_samples) if weight is None else np.flatnonzero(weight)
        if not getattr(self, "early_stopping", False):
            return rows, rows[:0]
        return validation_split(data.target, rows, self.validation_fraction, rng)

    def _batch_size(self, data):
        if self.batch_size != "auto":
            return int(self.batch_size)
        weight = data.sample_weight  # of 0 is no sample
        n_samples = data.X.shape[0] if weight is None else np.count_nonzero(weight)
        return self._small_batch if n_samples < _SMALL else 100

    def _batches(self, data, scaling, rng, device, rows):
        """Batches of some rows, shuffled by `rng` if there is one."""
        from ..training.batches import Batches

        return Batches(
            data.X,
            scaling,
            self._batch_size(data),
            rng,
            device,
            data.sample_weight,
            targets=data.target.values,
            rows=rows,
            even=True,
        )

    def _early_stopping(self, network, data, scaling, loss, device, rows, held_out):
        """What watches the held-out rows; None without early stopping."""
        from ..training.early_stopping import EarlyStopping
        from ..training.loop import evaluate

        if not self.early_stopping:
            return None
        # So few samples that none can be held out: watch the training samples.
        watched = held_out if len(held_out) else rows
        batches = self._batches(data, scaling, None, device, watched)
        return EarlyStopping(
            network, lambda: evaluate(network, batches, loss), int(self.n_iter_no_change)
        )

    def _set_target(self, target):
        self._target = target.without_values()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags
