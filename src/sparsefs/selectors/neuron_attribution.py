# SPDX-License-Identifier: BSD-3-Clause
"""Neuron attribution in sparse networks: SET, RigL and dense."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ..evaluation.choice import CrossValidatedK
from .docs import documented
from .network import PerceptronSelector
from .stream import StreamSelector

if TYPE_CHECKING:
    from ..importance import Importance
    from ..utils.typing import Loss, Task


@documented
@dataclass(eq=False, repr=False)
class NeuronAttributionSelector(StreamSelector, PerceptronSelector):
    """Supervised feature selection by the attribution of sparse neural networks.

    Trains a sparse multi-layer perceptron to predict y while its connections move. The score of
    a feature is the absolute derivative of the outputs by the feature, averaged over samples
    and over the training.

    One fit ranks all features: ``set_params(K=...)`` changes the selection without a new fit.

    Parameters
    ----------
    %(K)s
    %(columns)s
    topology : {"set", "rigl", "dense"} or callable, default="set"
        The weakest connections are dropped, and as many grow at random (``"set"``) or where the
        gradient of the loss is largest (``"rigl"``); or all connections exist (``"dense"``). A
        callable is a custom growth rule, see :class:`sparsefs.topology.GrowRule`.
    importance : {"attribution", "strength"} or Importance, default="attribution"
        Score features by attribution, or by the sum of the absolute weights of their input
        neurons; or by a custom importance, see :class:`sparsefs.importance.Importance`.
    average_over : {"all", "last_epoch", "last_iteration"}, default="all"
        Average the scores over the whole training or over its last epoch, or take the scores of
        the final network.
    density : float in (0, 1], default=0.05
        Share of the possible connections that exist, over all layers.
    init : {"erk", "uniform"} or callable, default="erk"
        Densities of the layers: Erdos-Renyi-Kernel makes small layers denser, ``"uniform"``
        gives all layers the same density. A callable takes the shapes of the layers and
        `density`, and returns their densities.
    attribution_every : int, default=5
        Measure the scores every this many steps.
    attribution_samples : int or None, default=8
        Samples of the batch over which attribution is averaged; None takes all of them, as
        ``average_over="last_iteration"`` always does.
    drop_fraction : float in [0, 1], default=0.3
        Share of the connections dropped and grown in a topology update.
    drop_decay : {"auto", "constant", "cosine"}, default="auto"
        Keep `drop_fraction`, or lower it to 0 along half a cosine. ``"auto"`` is ``"cosine"``
        for ``"rigl"``, else ``"constant"``.
    update_every : {"batch", "epoch"} or int, default=10
        Update the topology after every this many batches.
    update_until : float in [0, 1] or "auto", default="auto"
        Share of `max_iter` after which the topology is fixed. ``"auto"`` is 0.75 for ``"rigl"``,
        else 1.
    hidden_layer_sizes : int or sequence of int, default=(1000, 100)
        Number of neurons of every hidden layer.
    activation : {"relu", "tanh", "logistic"}, default="relu"
        Activation of the hidden neurons.
    %(target)s
    %(scaling)s
    max_iter : int, default=200
        Maximum number of epochs.
    batch_size : int or "auto", default="auto"
        Samples per training step; ``"auto"`` is 100, and 32 with fewer than 200 samples.
    learning_rate_init : float, default=0.001
        Learning rate of Adam.
    alpha : float, default=0.0001
        Strength of the L2 penalty.
    early_stopping : bool, default=True
        Hold samples out, stop when the loss on them no longer improves, and return to the best
        network.
    %(held_out)s
    %(connections_every)s
    %(jobs)s
    %(kernel)s
    %(device)s
    %(stopping)s
    random_state : int, RandomState instance or None, default=None
        Seed of the initial network, the held-out samples and the order of the others.

    Attributes
    ----------
    %(scores_)s
    %(ranking_)s
    history_ : dict of str to ndarray of shape (`n_iter_`,)
        ``"loss"``, ``"density"``, ``"connections_changed"`` and ``"seconds"`` of every epoch;
        with early stopping also ``"validation_loss"``.
    %(network_)s

    Notes
    -----
    The derivatives have a closed form in these networks, so attribution costs a few sparse
    products and no automatic differentiation. `costs_` does not include it. Measuring every fifth
    step on a few samples estimates the same average as measuring always on all samples.

    ``from_paper(variant)`` has the variants "Dense-QS", "Dense-Attr", "SET-QS", "SET-Attr" (the
    default), "RigL-QS" and "RigL-Attr".

    References
    ----------
    Atashgahi, Z., Liu, T., Pechenizkiy, M., Veldhuis, R., Mocanu, D. C. and van der Schaar, M.
    "Unveiling the power of sparse neural networks for feature selection." ECAI 2024.

    Evci, U., Gale, T., Menick, J., Castro, P. S. and Elsen, E. "Rigging the lottery: making all
    tickets winners." ICML 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import NeuronAttributionSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = NeuronAttributionSelector(K=20, max_iter=20, random_state=0).fit(X, y)
    >>> selector.transform(X).shape
    (1797, 20)
    >>> selector.score(X, y) > 0.9
    True
    """

    _resumable = True
    _distributed = True
    _own_parts = ("topology", "importance", "init", "loss")
    _paper: ClassVar[dict] = {
        "attribution_every": 1,
        "attribution_samples": None,
        "scaling": "feature",
    }
    _paper_variants: ClassVar[dict] = {
        f"{topology}-{short}": {"topology": topology.lower(), "importance": importance}
        for topology in ("Dense", "SET", "RigL")
        for short, importance in (("QS", "strength"), ("Attr", "attribution"))
    }
    _paper_default = "SET-Attr"

    _parameter_constraints: ClassVar[dict] = {
        **PerceptronSelector._parameter_constraints,
        **PerceptronSelector._early_stopping_constraints,
        "topology": [StrOptions({"set", "rigl", "dense"}), callable],
        "importance": [
            StrOptions({"attribution", "strength"}),
            HasMethods(["before_update", "after_update", "scores", "of_layer"]),
        ],
        "average_over": [StrOptions({"all", "last_epoch", "last_iteration"})],
        "density": [Interval(Real, 0, 1, closed="right")],
        "init": [StrOptions({"erk", "uniform"}), callable],
        "attribution_every": [Interval(Integral, 1, None, closed="left")],
        "attribution_samples": [Interval(Integral, 1, None, closed="left"), None],
        "drop_fraction": [Interval(Real, 0, 1, closed="both")],
        "drop_decay": [StrOptions({"auto", "constant", "cosine"})],
        "update_every": [
            StrOptions({"batch", "epoch"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "update_until": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="both")],
    }

    K: int | float | Literal["auto"] | CrossValidatedK = 50
    _: KW_ONLY
    topology: Literal["dense", "rigl", "set"] | Callable[..., Any] = "set"
    importance: Literal["attribution", "strength"] | Importance = "attribution"
    average_over: Literal["all", "last_epoch", "last_iteration"] = "all"
    density: float = 0.05
    init: Literal["erk", "uniform"] | Callable[..., Any] = "erk"
    attribution_every: int = 5
    attribution_samples: int | None = 8
    drop_fraction: float = 0.3
    drop_decay: Literal["auto", "constant", "cosine"] = "auto"
    update_every: Literal["batch", "epoch"] | int = 10
    update_until: Literal["auto"] | float = "auto"
    hidden_layer_sizes: Sequence[int] | int = (1000, 100)
    activation: Literal["logistic", "relu", "tanh"] = "relu"
    task: Task = "auto"
    loss: Loss = "auto"
    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None
    scaling: Literal["auto", "feature", "global", "minmax", "none"] = "auto"
    max_iter: int = 200
    batch_size: Literal["auto"] | int = "auto"
    learning_rate_init: float = 0.001
    alpha: float = 0.0001
    early_stopping: bool = True
    validation_fraction: float = 0.1875
    n_iter_no_change: int = 50
    connections_every: int | None = None
    n_jobs: int | None = None
    kernel: Literal["auto", "csr", "masked"] = "auto"
    device: str = "auto"
    verbose: int = False
    random_state: int | np.random.RandomState | None = None

    def _train(self, data, rng, device, progress):
        from ..importance.checks import check_importance
        from ..training.optimizers import Adam

        network = self._perceptron(data, self._densities, rng, device)
        importance = self._importance()
        loss = self._loss(data)
        rows, _, stopping = self._held_out(data, network, loss, rng, device)
        batches = self._batches(data, rng, device, rows)
        if not isinstance(self.importance, str):
            few = batches.batch(rows[:2])
            check_importance(importance, network, few.x, few.target, loss)
        return self._trained(
            data,
            progress,
            network,
            batches,
            loss,
            Adam(self.learning_rate_init, self.alpha),
            importance=importance,
            topology=self._topology(network, rng, data.ranks, progress.steps_before),
            stopping=stopping,
        )

    @property
    def _score_label(self):
        if self.importance == "attribution":
            return "attribution (mean |derivative| of the outputs)"
        if self.importance == "strength":
            return "strength (sum of |weights| of the input)"
        return f"{type(self.importance).__name__} score"

    def _densities(self, shapes):
        from ..topology import INIT
        from ..topology.checks import check_densities

        if self.topology == "dense":
            return INIT["uniform"](shapes, 1.0)
        if not callable(self.init):
            return INIT[self.init](shapes, self.density)
        return check_densities(self.init(shapes, self.density), shapes)

    def _importance(self):
        from ..importance import AttributionImportance, StrengthImportance

        every = int(self.attribution_every)
        if self.importance == "attribution":
            # Of a single step take all samples: there is no average over steps to rely on.
            few = None if self.average_over == "last_iteration" else self.attribution_samples
            return AttributionImportance(self.average_over, every, few)
        if self.importance == "strength":
            return StrengthImportance(self.average_over, every)
        return copy.deepcopy(self.importance)  # the user's stays as it was

    def _topology(self, network, rng, ranks, start):
        from .. import topology as topo
        from ..topology.checks import check_grow_rule

        if self.topology == "dense":
            return None
        rigl = self.topology == "rigl"
        until, decay = self.update_until, self.drop_decay
        schedule = topo.UpdateSchedule(
            self.update_every,
            (0.75 if rigl else 1.0) if until == "auto" else until,
            ("cosine" if rigl else "constant") if decay == "auto" else decay,
            start,
        )
        if callable(self.topology):
            grow, sparse = self.topology, [layer for layer in network.layers if layer.density < 1]
            for layer in sparse[:1]:
                check_grow_rule(grow, layer, np.random.default_rng(0))
        else:
            grow = topo.GROW[self.topology]()
        rewiring = topo.Rewiring(topo.MagnitudeDrop(), grow, self.drop_fraction)
        # Where all connections exist there is nothing to move.
        rewirings = [rewiring if layer.density < 1 else None for layer in network.layers]
        return topo.Topology(rewirings, schedule, rng, ranks)
