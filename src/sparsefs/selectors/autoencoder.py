# SPDX-License-Identifier: BSD-3-Clause
"""What the unsupervised selectors share: they restore the data, and are scored by how well."""

from __future__ import annotations

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from .base import BaseSelector, checked_weight

FLOAT32_MAX = float(np.finfo(np.float32).max)  # training is in float32


class AutoencoderSelector(BaseSelector):
    """Base of the selectors that train a denoising autoencoder with one hidden layer.

    A method has, besides those of :class:`BaseSelector`, the parameters below, and puts its
    parts together in ``_train`` by :meth:`_train_autoencoder`.
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSelector._parameter_constraints,
        "scaling": [StrOptions({"global", "feature", "minmax", "none"})],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "drop_fraction": [Interval(Real, 0, 1, closed="both")],
        "update_every": [
            StrOptions({"batch", "epoch"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "update_until": [Interval(Real, 0, 1, closed="both")],
        "learning_rate_init": [Interval(Real, 0, FLOAT32_MAX, closed="neither")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "alpha": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
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
        for rows in self.network_.blocks(X):
            error = self.network_.output(X[rows]) - self.network_.scaled(X[rows])
            errors.append(np.square(error, dtype=np.float64).mean(axis=1))
        return -float(np.average(np.concatenate(errors), weights=weight))

    def _train_autoencoder(
        self,
        data,
        constant,
        rng,
        device,
        *,
        densities,
        output_activation,
        importance,
        rewirings,
        loss,
        optimizer,
        filled_sides=None,
        dropout_rate=0.0,
    ):
        """Train on `data` with the parts of a method.

        `densities` are those of the two layers; ``optimizer(n_steps)`` makes the optimiser.
        """
        from .. import topology as topo
        from ..networks import FeedForward
        from ..training.batches import Batches, Scaling
        from ..training.loop import train
        from ..training.noise import Dropout, NoisePool

        n_features, n_hidden = data.X.shape[1], self._n_hidden()
        shapes = [(n_hidden, n_features), (n_features, n_hidden)]
        network = FeedForward.from_positions(
            [n_features, n_hidden, n_features],
            [topo.sample_positions(*layer, rng) for layer in zip(shapes, densities, strict=True)],
            ["logistic", output_activation],
            rng=rng,
            kernel=self.kernel,
            device=device,
            filled_sides=filled_sides,
        )
        self._check_connected(network)
        scaling = Scaling(data.X, self.scaling, data.sample_weight)
        batches = Batches(data.X, scaling, int(self.batch_size), rng, device, data.sample_weight)
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

    def _validate_params(self):
        super()._validate_params()
        self._n_hidden()

    def _n_hidden(self):
        sizes = self.hidden_layer_sizes
        sizes = [sizes] if np.ndim(sizes) == 0 else list(sizes)
        if len(sizes) != 1 or not isinstance(sizes[0], Integral) or sizes[0] < 1:
            raise ValueError(
                f"The 'hidden_layer_sizes' parameter of {type(self).__name__} must be a positive "
                f"int or a sequence of one. Got {self.hidden_layer_sizes!r}."
            )
        return int(sizes[0])
