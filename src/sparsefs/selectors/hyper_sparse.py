# SPDX-License-Identifier: BSD-3-Clause
"""HyperSparse: from a dense network to a sparse one by adaptive regularisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ..evaluation.choice import CrossValidatedK
from ..utils.warning import warn_user
from .base import FLOAT32_MAX
from .docs import documented
from .network import PerceptronSelector

if TYPE_CHECKING:
    from ..utils.typing import Apply, Loss, PenaltyLike, Task


@documented
@dataclass(eq=False, repr=False)
class HyperSparseSelector(PerceptronSelector):
    """Supervised feature selection by adaptive regularised training (HyperSparse, ART).

    Trains a dense multi-layer perceptron to predict y. A growing penalty then pulls small weights
    to zero, until the network pruned to `density` is as good as the whole. The pruned network is
    fine-tuned. The strength of its input neuron ranks a feature.

    One fit ranks all features: ``set_params(K=...)`` changes the selection without a new fit.

    Parameters
    ----------
    %(K)s
    %(columns)s
    density : float in (0, 1], default=0.005
        Share of all connections that survive the pruning: 1 - the paper's pruning rate. The default
        leaves a few connections per input with the default layers; raise it for smaller ones.
    penalty : {"hypersparse", "l1", "l2"} or Penalty, default="hypersparse"
        Penalty that pulls weights to zero. HyperSparse spares those that will survive. For a
        custom penalty see :class:`sparsefs.regularization.Penalty`.
    apply : {"gradient", "loss"}, default="gradient"
        Add the gradient of the penalty in closed form, or differentiate the penalty as a part of
        the loss. Both agree up to rounding; the former is faster.
    warmup_epochs : int or float, default=0.125
        Epochs without a penalty, or their share of `max_iter` if a float below 1.
    initial_strength : float, default=0.00002
        Strength of the penalty in the first epoch after the warm-up.
    growth : float, default=1.3
        Factor from one epoch to the next.
    fine_tune_epochs : int or float, default=0.25
        Epochs after the pruning, or their share of `max_iter` if a float below 1. The learning
        rate falls to a tenth at half of them, and again at three quarters.
    hidden_layer_sizes : int or sequence of int, default=(300, 100)
        Number of neurons of every hidden layer.
    activation : {"relu", "tanh", "logistic"}, default="relu"
        Activation of the hidden neurons.
    %(target)s
    scaling : {"auto", "global", "feature", "minmax", "none"}, default="auto"
        As for :class:`NeuronAttributionSelector`, except that ``"auto"`` is always ``"feature"``:
        pruning compares weights, and standardised inputs make them comparable.
    max_iter : int, default=80
        Maximum number of epochs. The network is pruned at the latest `fine_tune_epochs` before.
    batch_size : int or "auto", default="auto"
        Samples per training step; ``"auto"`` is 100, and 32 with fewer than 200 samples.
    learning_rate_init : float, default=0.05
        Learning rate.
    momentum : float in [0, 1), default=0.9
        Nesterov momentum.
    alpha : float, default=0.0001
        Strength of an L2 penalty in all epochs, in addition to `penalty`.
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
        Score of every feature, higher is better: 1 plus the strength of its input neuron if it
        keeps a connection; else its strength just before the pruning, relative to the largest one;
        0 for constant features.
    %(ranking_)s
    history_ : dict of str to ndarray of shape (`n_iter_`,)
        ``"loss"``, ``"density"``, ``"connections_changed"``, ``"penalty_strength"`` and
        ``"seconds"`` of every epoch.
    %(network_)s

    Notes
    -----
    ``from_paper`` has the paper's schedule, which was made for large image networks.

    References
    ----------
    Glandorf, P., Kaiser, T. and Rosenhahn, B. "HyperSparse neural networks: shifting exploration
    to exploitation through adaptive regularization." ICCV workshops 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import HyperSparseSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = HyperSparseSelector(K=20, density=0.02, max_iter=30, random_state=0)
    >>> selector.fit(X, y).transform(X).shape
    (1797, 20)
    >>> selector.score(X, y) > 0.9  # of the pruned network
    True
    """

    _own_parts = ("penalty", "loss")
    _unit_scaling = ("feature", "feature")
    _paper: ClassVar[dict] = {
        "density": 0.1,
        "warmup_epochs": 60,
        "initial_strength": 0.000005,
        "growth": 1.05,
        "fine_tune_epochs": 160,
        "scaling": "feature",
        "max_iter": 400,
        "batch_size": 64,
        "learning_rate_init": 0.1,
    }

    _parameter_constraints: ClassVar[dict] = {
        **PerceptronSelector._parameter_constraints,
        "density": [Interval(Real, 0, 1, closed="right")],
        "penalty": [StrOptions({"hypersparse", "l1", "l2"}), HasMethods(["gradients"])],
        "apply": [StrOptions({"gradient", "loss"})],
        "warmup_epochs": [
            Interval(Integral, 0, None, closed="left"),
            Interval(Real, 0, 1, closed="left"),
        ],
        "initial_strength": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
        "growth": [Interval(Real, 1, FLOAT32_MAX, closed="left")],
        "fine_tune_epochs": [
            Interval(Integral, 0, None, closed="left"),
            Interval(Real, 0, 1, closed="left"),
        ],
        "momentum": [Interval(Real, 0, 1, closed="left")],
    }

    K: int | float | Literal["auto"] | CrossValidatedK = 50
    _: KW_ONLY
    density: float = 0.005
    penalty: PenaltyLike = "hypersparse"
    apply: Apply = "gradient"
    warmup_epochs: int | float = 0.125
    initial_strength: float = 0.00002
    growth: float = 1.3
    fine_tune_epochs: int | float = 0.25
    hidden_layer_sizes: Sequence[int] | int = (300, 100)
    activation: Literal["logistic", "relu", "tanh"] = "relu"
    task: Task = "auto"
    loss: Loss = "auto"
    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None
    scaling: Literal["auto", "feature", "global", "minmax", "none"] = "auto"
    max_iter: int = 80
    batch_size: Literal["auto"] | int = "auto"
    learning_rate_init: float = 0.05
    momentum: float = 0.9
    alpha: float = 0.0001
    connections_every: int | None = None
    n_jobs: int | None = None
    kernel: Literal["auto", "csr", "masked"] = "auto"
    device: str = "auto"
    verbose: int = False
    random_state: int | np.random.RandomState | None = None

    def _train(self, data, rng, device, progress):
        from ..importance import ConnectionImportance
        from ..regularization import AdaptiveSchedule
        from ..topology import uniform_densities
        from ..training.adaptive_pruning import AdaptivePruning
        from ..training.loop import evaluate
        from ..training.losses import ErrorRate
        from ..training.optimizers import SGD

        network = self._perceptron(data, lambda shapes: uniform_densities(shapes, 1.0), rng, device)
        n = network.n_connections
        batches = self._batches(data, rng, device)
        unshuffled = self._batches(data, None, device)
        loss = self._loss(data)
        optimizer = SGD(self.learning_rate_init, self.alpha, momentum=self.momentum)
        # The paper compares accuracies; only classes have one.
        error = ErrorRate() if data.target.task == "classification" else loss
        pruning = AdaptivePruning(
            network,
            optimizer,
            min(1.0, self.density * ((n + network.n_left_out) / n)),
            self.penalty,
            AdaptiveSchedule(self._epochs_of("warmup_epochs"), self.initial_strength, self.growth),
            lambda: -evaluate(network, unshuffled, error),
            n_epochs=int(self.max_iter),
            fine_tune_epochs=self._epochs_of("fine_tune_epochs"),
            apply=self.apply,
            kernel=self.kernel,
        )

        def scores():
            strength = network.layers[0].strength("in")
            if pruning.strength_before is None:
                return data.of_all(strength)
            before = pruning.strength_before / max(pruning.strength_before.max(), 1e-30)
            return data.of_all(np.where(network.layers[0].degree("in") > 0, 1 + strength, before))

        return self._trained(
            data,
            progress,
            network,
            batches,
            loss,
            optimizer,
            importance=ConnectionImportance(),
            scores=scores,
            penalty=pruning.add_gradients,
            after_epoch=(pruning.after_epoch,),
        )

    @property
    def _score_label(self):
        return "relative strength; if connected, 1 + strength"

    def _epochs_of(self, name):
        """Return a number of epochs that may be given as a share of `max_iter`."""
        value = getattr(self, name)
        return int(value) if isinstance(value, Integral) else round(value * self.max_iter)

    def _validate_params(self):
        super()._validate_params()
        n_before = int(self.max_iter) - self._epochs_of("fine_tune_epochs")
        if n_before < 1:
            raise ValueError(
                "'max_iter' must be larger than 'fine_tune_epochs': the network trains before it "
                f"is pruned. Got max_iter={self.max_iter} and "
                f"fine_tune_epochs={self.fine_tune_epochs}."
            )
        if self._epochs_of("warmup_epochs") >= n_before:
            warn_user(
                f"With warmup_epochs={self.warmup_epochs}, max_iter={self.max_iter} and "
                f"fine_tune_epochs={self.fine_tune_epochs} the penalty never acts before the "
                "pruning. Lower warmup_epochs."
            )
