# SPDX-License-Identifier: BSD-3-Clause
"""What the unsupervised selectors share: they restore the data, and are scored by how well."""

from __future__ import annotations

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ..data.inputs import checked_weight
from .base import FLOAT32_MAX, BaseSelector


class AutoencoderSelector(BaseSelector):
    """Base of the selectors that train a denoising autoencoder with one hidden layer.

    A method has, besides those of :class:`BaseSelector`, the parameters below, and puts its
    parts together in ``_train`` by :meth:`_train_autoencoder`.
    """

    _one_hidden_layer: ClassVar[bool] = True

    _parameter_constraints: ClassVar[dict] = {
        **BaseSelector._parameter_constraints,
        "drop_fraction": [Interval(Real, 0, 1, closed="both")],
        "update_every": [
            StrOptions({"batch", "epoch"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "update_until": [Interval(Real, 0, 1, closed="both")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "noise_std": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
    }

    def score(self, X, y=None, sample_weight=None):
        """Negative mean squared reconstruction error of X; higher is better.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,) or None, default=None

        Returns
        -------
        float
            In the units of the scaled data, averaged over samples and features.
        """
        X = self._checked_for_network(X)
        weight = checked_weight(sample_weight, X)
        errors = []
        for block in self.network_.blocks(X):
            error = self.network_.output(block) - self.network_.scaled(block)
            errors.append(np.square(error, dtype=np.float64).mean(axis=1))
        return -float(np.average(np.concatenate(errors), weights=weight))

    def _replicas_as_one(self):
        return True

    def _train_autoencoder(
        self,
        data,
        constant,
        rng,
        device,
        *,
        density,
        output_activation,
        importance,
        rewirings,
        loss,
        optimizer,
        filled_sides=None,
        dropout_rate=0.0,
    ):
        """Train on `data` with the parts of a method.

        `density` is that of both layers; ``optimizer(n_steps)`` makes the optimiser.
        """
        from .. import topology as topo
        from ..training.batches import Scaling
        from ..training.loop import train
        from ..training.noise import Dropout, NoisePool
        from ..training.resident import make_batches

        n_features, n_hidden = data.X.shape[1], *self._hidden_sizes()
        network = self._make_network(
            [n_features, n_hidden, n_features],
            lambda shapes: topo.uniform_densities(shapes, density),
            ["logistic", output_activation],
            rng,
            device,
            filled_sides=filled_sides,
        )
        scaling = Scaling(data.X, self.scaling, data.sample_weight, data.summary)
        batches = make_batches(
            data.X, scaling, int(self.batch_size), rng, device, data.sample_weight
        )
        if dropout_rate:
            network.dropout = Dropout(dropout_rate, rng, device)
        schedule = topo.UpdateSchedule(self.update_every, self.update_until)

        def scores():
            return importance.scores(network)

        history = train(
            network,
            batches,
            loss,
            optimizer(int(self.max_iter) * len(batches)),
            epochs=self._epochs(data, constant, scores, network, scaling),
            importance=importance,
            topology=topo.Topology(rewirings, schedule, rng),
            noise=NoisePool(self.noise_std, rng, device) if self.noise_std else None,
        )
        self._set_scores(scores(), constant)
        self._set_training(network, scaling, history, batches.n_samples)
