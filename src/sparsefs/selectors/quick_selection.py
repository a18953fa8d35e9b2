# SPDX-License-Identifier: BSD-3-Clause
"""QuickSelection: the strength of the neurons of a sparse denoising autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ..evaluation.choice import CrossValidatedK
from .docs import documented
from .network import AutoencoderSelector
from .stream import StreamSelector

# What ranks the features: (what is counted, at which neurons).
_RANKINGS: dict[str, tuple[Any, Any]] = {
    "strength": ("strength", "input"),
    "degree": ("degree", "input"),
    "output_strength": ("strength", "output"),
    "output_degree": ("degree", "output"),
}
_LABELS = {"strength": "strength (sum of |weights| of the {})", "degree": "connections of the {}"}
# Connections of an output neuron from which on the learning rate is lowered: data of less than
# about 150 features have so many at epsilon = 13, and training would diverge at some point.
_DEGREE = 100


@documented
@dataclass(eq=False, repr=False)
class QuickSelectionSelector(StreamSelector, AutoencoderSelector):
    """Unsupervised feature selection with QuickSelection.

    Trains a sparse denoising autoencoder. After every epoch it drops the weakest connections and
    grows as many at random, so that connections gather where they are useful. The final
    strength of its input neuron ranks a feature: the sum of its absolute weights.

    One fit ranks all features: ``set_params(K=...)`` changes the selection without a new fit.

    Parameters
    ----------
    %(K)s
    %(columns)s
    epsilon : float, default=13.0
        A layer has about ``epsilon * (n_inputs + n_outputs)`` connections, at most all. Not
        used if `density` is given.
    density : float in (0, 1] or None, default=None
        Share of the possible connections that exist, instead of `epsilon`.
    rank_by : {"strength", "degree", "output_strength", "output_degree"}, default="strength"
        Rank features by the sum of the absolute weights, or by the number of connections, of
        their input neurons or of their output neurons.
    %(scaling)s
    drop_fraction : float in [0, 1], default=0.2
        Share of the positive and of the negative weights dropped in a topology update.
    update_every : {"batch", "epoch"} or int, default="epoch"
        Update the topology after every epoch except the last, after every batch, or after every
        this many batches.
    update_until : float in [0, 1], default=1.0
        Share of the training after which the topology is fixed.
    hidden_layer_sizes : int or sequence of one int, default=1000
        Number of hidden neurons.
    output_activation : {"identity", "tanh"}, default="identity"
        Activation of the output neurons. ``"tanh"`` needs data between -1 and 1.
    dropout : float in [0, 1), default=0.2
        Share of the hidden neurons set to 0 in every sample of a training step.
    max_iter : int, default=100
        Number of epochs.
    batch_size : int, default=100
        Samples per training step.
    learning_rate_init : float, default=0.01
        Learning rate. The gradient is that of half the squared error, summed over the features.
        If output neurons have more than 100 connections, as on narrow data, the rate is
        lowered in proportion.
    momentum : float in [0, 1), default=0.9
        Nesterov momentum.
    alpha : float, default=0.00001
        Strength of the L2 penalty.
    noise_std : float, default=0.2
        Standard deviation of the Gaussian noise added to the scaled inputs.
    %(connections_every)s
    %(jobs)s
    %(kernel)s
    %(device)s
    %(stopping)s
    random_state : int, RandomState instance or None, default=None
        Seed of the initial network, the order of the samples, noise, dropout and growth.

    Attributes
    ----------
    %(scores_)s
    %(ranking_)s
    %(history_)s
    %(network_)s

    References
    ----------
    Atashgahi, Z., Sokar, G., van der Lee, T., Mocanu, E., Mocanu, D. C., Veldhuis, R. and
    Pechenizkiy, M. "Quick and robust feature selection: the strength of energy-efficient sparse
    training for autoencoders." Machine Learning 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import QuickSelectionSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = QuickSelectionSelector(K=20, max_iter=10, random_state=0).fit(X)
    >>> selector.transform(X).shape
    (1797, 20)
    >>> selector.score(X) > -0.5  # negative mean squared error on scaled data
    True
    """

    _resumable = True
    _distributed = True
    _paper: ClassVar[dict] = {"scaling": "feature"}

    _parameter_constraints: ClassVar[dict] = {
        **AutoencoderSelector._parameter_constraints,
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "density": [Interval(Real, 0, 1, closed="right"), None],
        "rank_by": [StrOptions(set(_RANKINGS))],
        "output_activation": [StrOptions({"identity", "tanh"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "kernel": [StrOptions({"auto", "csr", "masked"})],
    }

    K: int | float | Literal["auto"] | CrossValidatedK = 50
    _: KW_ONLY
    epsilon: float = 13.0
    density: float | None = None
    rank_by: Literal["degree", "output_degree", "output_strength", "strength"] = "strength"
    scaling: Literal["auto", "feature", "global", "minmax", "none"] = "auto"
    drop_fraction: float = 0.2
    update_every: Literal["batch", "epoch"] | int = "epoch"
    update_until: float = 1.0
    hidden_layer_sizes: Sequence[int] | int = 1000
    output_activation: Literal["identity", "tanh"] = "identity"
    dropout: float = 0.2
    max_iter: int = 100
    batch_size: int = 100
    learning_rate_init: float = 0.01
    momentum: float = 0.9
    alpha: float = 0.00001
    noise_std: float = 0.2
    connections_every: int | None = None
    n_jobs: int | None = None
    kernel: Literal["auto", "csr", "masked"] = "auto"
    device: str = "auto"
    verbose: int = False
    random_state: int | np.random.RandomState | None = None

    def _train(self, data, rng, device, progress):
        from .. import topology as topo
        from ..importance import ConnectionImportance
        from ..training.losses import SquaredErrorLoss
        from ..training.optimizers import SGD

        (n_hidden,) = self._hidden_sizes()
        density = self.density
        if density is None:
            density = topo.epsilon_density((n_hidden, data.X.shape[1]), self.epsilon)
        # The summed error is the steeper, the more connections an output neuron has.
        degree = max(1.0, density * n_hidden)
        learning_rate = self.learning_rate_init * min(1.0, _DEGREE / degree)
        rewiring = topo.Rewiring(topo.MagnitudeDrop(), topo.RandomGrow(), self.drop_fraction)
        return self._train_autoencoder(
            data,
            rng,
            device,
            progress,
            density=density,
            output_activation=self.output_activation,
            importance=ConnectionImportance(*_RANKINGS[self.rank_by]),
            rewirings=[rewiring if density < 1 else None] * 2,
            loss=SquaredErrorLoss(summed=True),
            optimizer=partial(SGD, learning_rate, self.alpha, momentum=self.momentum),
            dropout_rate=self.dropout,
        )

    @property
    def _score_label(self):
        what, where = _RANKINGS[self.rank_by]
        return _LABELS[what].format(where)
