# SPDX-License-Identifier: BSD-3-Clause
"""NeuroFS: input neurons leave the network while it trains, until K are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval

from ..evaluation.choice import CrossValidatedK
from .base import number_of_features
from .docs import documented
from .network import PerceptronSelector

if TYPE_CHECKING:
    from ..utils.typing import Loss, Task


@documented
@dataclass(eq=False, repr=False)
class NeuroFSSelector(PerceptronSelector):
    """Supervised feature selection by neuron evolution (NeuroFS).

    Trains a sparse multi-layer perceptron to predict y. After every epoch the weakest input
    neurons are removed, and some removed neurons return if the gradient of the loss at them is
    large, until `K` remain. Removed neurons cost neither memory nor time.

    The training aims at `K`: fit again for another K. ``set_params(K=...)`` alone follows the
    ranking, in which features that stayed longer are better.

    Parameters
    ----------
    K : int or float, default=50
        Number of features to keep, or their share if a float in (0, 1]. ``"auto"`` is not
        possible, because the training aims at K.
    %(columns)s
    epsilon : float, default=30.0
        A layer has about ``epsilon * (n_inputs + n_outputs)`` connections, at most all. Not
        used if `density` is given.
    density : float in (0, 1] or None, default=None
        Share of the possible connections that exist in every layer, instead of `epsilon`.
    removed_until : float in (0, 1], default=0.65
        Share of the epochs after which `K` features remain.
    swap_fraction : float in [0, 1], default=0.2
        Share of the removed features that return after an epoch, in exchange for as many others.
        It falls linearly to 0.
    drop_fraction : float in [0, 1], default=0.3
        Share of the connections between hidden neurons that are dropped after every epoch. As
        many grow where the gradient of the loss is largest.
    hidden_layer_sizes : int or sequence of int, default=(1000, 1000, 1000)
        Number of neurons of every hidden layer.
    activation : {"tanh", "relu", "logistic"}, default="tanh"
        Activation of the hidden neurons.
    %(target)s
    %(scaling)s
    max_iter : int, default=100
        Number of epochs.
    batch_size : int or "auto", default="auto"
        Samples per training step; ``"auto"`` is 100, and 20 with fewer than 200 samples.
    learning_rate_init : float, default=0.01
        Learning rate.
    momentum : float in [0, 1), default=0.9
        Nesterov momentum.
    alpha : float, default=0.00001
        Strength of the L2 penalty.
    %(connections_every)s
    %(jobs)s
    %(kernel)s
    %(device)s
    %(stopping)s
    random_state : int, RandomState instance or None, default=None
        Seed of the initial network and the order of the samples.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features,), dtype float64
        Score of every feature, higher is better: 1 plus the strength of its input neuron for
        features that remain; below 1 for removed features, larger for those that stayed longer; 0
        for constant features.
    %(ranking_)s
    %(history_)s
    %(network_)s

    Notes
    -----
    New connections and input neurons are chosen by the gradient of the loss, as the paper says.
    (Its program takes the gradient of a constant instead.)

    References
    ----------
    Atashgahi, Z., Zhang, X., Kichler, N., Liu, S., Yin, L., Pechenizkiy, M., Veldhuis, R. and
    Mocanu, D. C. "Supervised feature selection with neuron evolution in sparse neural
    networks." TMLR 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import NeuroFSSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = NeuroFSSelector(
    ...     K=20, hidden_layer_sizes=100, max_iter=20, random_state=0
    ... ).fit(X, y)
    >>> selector.transform(X).shape
    (1797, 20)
    >>> selector.score(X, y) > 0.8  # the network sees 20 features
    True
    """

    _small_batch: ClassVar[int] = 20
    _nested_ranking: ClassVar[bool] = False

    _paper: ClassVar[dict] = {"scaling": "global"}

    _parameter_constraints: ClassVar[dict] = {
        **PerceptronSelector._parameter_constraints,
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "density": [Interval(Real, 0, 1, closed="right"), None],
        "removed_until": [Interval(Real, 0, 1, closed="right")],
        "swap_fraction": [Interval(Real, 0, 1, closed="both")],
        "drop_fraction": [Interval(Real, 0, 1, closed="both")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
    }

    K: int | float | Literal["auto"] | CrossValidatedK = 50
    _: KW_ONLY
    epsilon: float = 30.0
    density: float | None = None
    removed_until: float = 0.65
    swap_fraction: float = 0.2
    drop_fraction: float = 0.3
    hidden_layer_sizes: Sequence[int] | int = (1000, 1000, 1000)
    activation: Literal["logistic", "relu", "tanh"] = "tanh"
    task: Task = "auto"
    loss: Loss = "auto"
    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None
    scaling: Literal["auto", "feature", "global", "minmax", "none"] = "auto"
    max_iter: int = 100
    batch_size: Literal["auto"] | int = "auto"
    learning_rate_init: float = 0.01
    momentum: float = 0.9
    alpha: float = 0.00001
    connections_every: int | None = None
    n_jobs: int | None = None
    kernel: Literal["auto", "csr", "masked"] = "auto"
    device: str = "auto"
    verbose: int = False
    random_state: int | np.random.RandomState | None = None

    def _train(self, data, rng, device, progress):
        from .. import topology as topo
        from ..importance import ConnectionImportance
        from ..training.optimizers import SGD

        network = self._perceptron(data, self._densities, rng, device, fan_in="sparse")
        batches = self._batches(data, rng, device)
        rewiring = topo.Rewiring(topo.MagnitudeDrop(), topo.GradientGrow(), self.drop_fraction)
        hidden = topo.Topology(
            [None] + [rewiring if layer.density < 1 else None for layer in network.layers[1:]],
            topo.UpdateSchedule("epoch"),
            rng,
        )
        evolution = topo.InputEvolution(
            hidden,
            batches,
            data.varying,
            self._n_inputs_selected(data),
            int(self.max_iter),
            until=self.removed_until,
            swap_fraction=self.swap_fraction,
            kernel=self.kernel,
        )

        def scores():
            values = evolution.removed_at / (self.max_iter + 1)
            values[evolution.alive] = 1 + network.layers[0].strength("in")
            return values

        return self._trained(
            data,
            progress,
            network,
            batches,
            self._loss(data),
            SGD(self.learning_rate_init, self.alpha, momentum=self.momentum),
            importance=ConnectionImportance(),
            scores=scores,
            columns=lambda: evolution.alive,
            topology=evolution,
        )

    def _n_inputs_selected(self, data):
        """Input neurons to end with: as many for each feature as features have on average."""
        n_units = data.layout.ranked(np.zeros(data.X.shape[1]), data.constant)["_n_units"]
        K = number_of_features(self.K, n_units, warn=False)
        return K if data.parts is None else round(K * data.X.shape[1] / n_units)

    @property
    def _score_label(self):
        return "share of the training survived; if left, 1 + strength"

    def _densities(self, shapes):
        from ..topology import epsilon_density, uniform_densities

        if self.density is not None:
            return uniform_densities(shapes, self.density)
        return [epsilon_density(shape, self.epsilon) for shape in shapes]
