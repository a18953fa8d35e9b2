# SPDX-License-Identifier: BSD-3-Clause
"""What the supervised selectors share: targets, class weights, held-out samples, a score."""

from __future__ import annotations

from copy import deepcopy
from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ..data.inputs import check_length, checked_weight
from ..data.target import Target
from .base import BaseSelector

_SMALL = 200  # samples; below, the papers take smaller batches


class SupervisedSelector(BaseSelector):
    """Base of the selectors that train a multi-layer perceptron to predict y.

    A method has, besides those of :class:`BaseSelector`, the parameters `activation`, `loss` and
    `class_weight`.
    """

    _small_batch: ClassVar[int] = 32  # what batch_size="auto" is for few samples

    _parameter_constraints: ClassVar[dict] = {
        **BaseSelector._parameter_constraints,
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions({"relu", "tanh", "logistic"})],
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

    def _settings_of_parts(self, target):
        # A part of y may look like another kind of target, and may lack a class.
        return {"loss": target.loss, "class_weight": None}

    def _perceptron(self, data, densities, rng, device, fan_in="dense"):
        """A network from the features to the outputs; ``densities(shapes)`` are its layers'."""
        hidden = self._hidden_sizes()
        return self._make_network(
            [data.X.shape[1], *hidden, data.target.n_outputs],
            densities,
            [self.activation] * len(hidden) + ["identity"],
            rng,
            device,
            fan_in=fan_in,
        )

    def _loss(self, target):
        from ..training.losses import LOSSES

        # The user's stays as it was, and replicas do not share what it remembers.
        return LOSSES[target.loss]() if isinstance(target.loss, str) else deepcopy(target.loss)

    def _rows(self, data):
        """The rows that count: those of weight 0 do not."""
        weight = data.sample_weight
        return np.arange(data.X.shape[0]) if weight is None else np.flatnonzero(weight)

    def _batch_size(self, data):
        if self.batch_size != "auto":
            return int(self.batch_size)
        return self._small_batch if len(self._rows(data)) < _SMALL else 100

    def _batches(self, data, scaling, rng, device, rows):
        """Batches of some rows, shuffled by `rng` if there is one."""
        from ..training.resident import make_batches

        return make_batches(
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

    def _set_target(self, target):
        self._target = target.without_values()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags
