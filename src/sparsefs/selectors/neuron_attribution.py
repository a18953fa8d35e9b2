# SPDX-License-Identifier: BSD-3-Clause
"""Neuron attribution in sparse networks: SET, RigL and dense."""

from __future__ import annotations

import copy
from numbers import Integral, Real
from typing import ClassVar

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ..data.target import validation_split
from ..utils.estimators import refuse_classes
from .supervised import SupervisedSelector

_VARIANTS = {
    f"{topology}-{short}": {"topology": topology.lower(), "importance": importance}
    for topology in ("Dense", "SET", "RigL")
    for short, importance in (("QS", "strength"), ("Attr", "attribution"))
}


class NeuronAttributionSelector(SupervisedSelector):
    """Supervised feature selection by the attribution of sparse neural networks.

    Trains a sparse multi-layer perceptron to predict y while its connections move, and scores
    a feature by how much the outputs change when it does: the absolute derivative of every
    output by the feature, averaged over samples and over the training.

    One fit serves every `K`: after ``set_params(K=...)`` the selection follows without a
    refit.

    Parameters
    ----------
    K : int, float, "auto" or CrossValidatedK, default=50
        Number of features to keep, or their share if a float in (0, 1]. ``"auto"`` chooses it by
        cross-validation within `fit`; :class:`CrossValidatedK` does with settings of your own.
    topology : {"set", "rigl", "dense"} or callable, default="set"
        How connections move: the weakest are dropped and as many grow at random (``"set"``) or
        where the gradient of the loss is largest (``"rigl"``); or all connections exist
        (``"dense"``). A callable is a grow rule of your own, see
        :class:`sparsefs.topology.GrowRule`.
    importance : {"attribution", "strength"} or Importance, default="attribution"
        Score features by attribution, or by the sum of the absolute weights of their input
        neurons; or by an importance of your own, see :class:`sparsefs.importance.Importance`.
    history : {"all", "last_epoch", "last_iteration"}, default="all"
        Average the scores over all of the training, over its last epoch, or take those of the
        network as it is at the end.
    density : float in (0, 1], default=0.05
        Share of the possible connections that exist, over all layers.
    init : {"erk", "uniform"} or callable, default="erk"
        How the layers share the connections: Erdos-Renyi-Kernel makes small layers denser,
        ``"uniform"`` gives all the same density. A callable is given the layers' shapes and
        `density`, and returns their densities.
    attribution_every : int, default=5
        Measure the scores in every so many steps.
    attribution_samples : int or None, default=8
        Samples of the batch over which attribution is averaged; None takes all of them, as
        ``history="last_iteration"`` always does.
    drop_fraction : float in [0, 1], default=0.3
        Share of the connections dropped and grown in a topology update.
    drop_decay : {"auto", "constant", "cosine"}, default="auto"
        Whether `drop_fraction` stays or falls to 0 along half a cosine. ``"auto"`` is
        ``"cosine"`` for ``"rigl"``, else ``"constant"``.
    update_every : {"batch", "epoch"} or int, default=10
        Update the topology after every so many batches.
    update_until : float in [0, 1] or "auto", default="auto"
        Share of `max_iter` after which the topology stays as it is. ``"auto"`` is 0.75 for
        ``"rigl"``, else 1.
    hidden_layer_sizes : int or sequence of int, default=(1000, 100)
        Number of neurons of every hidden layer.
    activation : {"relu", "tanh", "logistic"}, default="relu"
        Activation of the hidden neurons.
    loss : {"auto", "cross_entropy", "binary_cross_entropy", "squared_error"} or callable, \
            default="auto"
        ``"auto"`` takes cross-entropy for classes, binary cross-entropy for several labels and
        squared error for numbers. A callable returns a float and a gradient, see
        :mod:`sparsefs.training.losses`.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes; ``"balanced"`` makes them count equally.
    scaling : {"feature", "global", "minmax", "none"}, default="feature"
        Standardise every feature; all with one mean and standard deviation; bring every
        feature to 0 to 1; or use X as it is.
    max_iter : int, default=200
        Number of epochs, at most.
    batch_size : int or "auto", default="auto"
        Samples per training step; ``"auto"`` is 100, and 32 with fewer than 200 samples.
    learning_rate_init : float, default=0.001
        Learning rate of Adam.
    alpha : float, default=0.0001
        Strength of the L2 penalty.
    early_stopping : bool, default=True
        Hold samples out, end the training when the loss on them no longer improves, and go
        back to the best network.
    validation_fraction : float in (0, 1), default=0.1875
        Share of the samples to hold out.
    n_iter_no_change : int, default=50
        Epochs without improvement after which the training ends.
    connections_every : int or None, default=None
        Count the connections of every input neuron after every so many epochs, before the first
        one and at the end; the counts are kept in `connections_`. Training is the same with it.
    n_replicas : int, default=1
        Networks to train, which differ in their seed only. The scores are averaged over them: the
        selection depends less on the seed, for so many times the cost.
    n_jobs : int or None, default=None
        Replicas that train at the same time, each in a thread of its own, or folds where `K` is
        chosen; None is 1 unless in a ``joblib.parallel_config`` context, -1 is as many as there
        are processors. The result does not depend on it.
    kernel : {"auto", "csr", "masked"}, default="auto"
        How sparse layers are stored and multiplied: compressed sparse rows, or a dense matrix
        with a mask. ``"auto"`` chooses by shape, density and device.
    device : str, default="auto"
        ``"auto"`` takes CUDA, then MPS, then the CPU; or a name as in ``"cuda:1"``.
    verbose : int or bool, default=False
        Whether to show a progress bar.
    random_state : int, RandomState instance or None, default=None
        Decides the initial network, the held-out samples, and the order of the others.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features,), dtype float64
        Score of every feature, higher is better; 0 for constant features.
    ranking_ : ndarray of shape (n_features,), dtype int64
        Rank of every feature, 1 is the best. Constant features come last.
    scores_std_ : ndarray of shape (n_features,), dtype float64
        Standard deviation of the replicas' scores; only with `n_replicas` above 1, where every
        replica's scores are divided by their mean before they are averaged.
    support_ : ndarray of shape (n_features,), dtype bool
        Mask of the `K` best features.
    K_ : int
        Number of selected features.
    path_ : dict of str to ndarray
        Only where `K` is chosen: ``"K"``, the numbers tried, of shape (n_K,); ``"scores"`` of
        shape (n_K, n_folds); and their ``"score_mean"``, ``"score_std"`` and ``"score_se"``
        (standard error of the mean), of shape (n_K,).
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X had string column names.
    n_iter_ : int
        Number of epochs that the first replica trained.
    history_ : dict of str to ndarray of shape (`n_iter_`,)
        ``"loss"``, ``"density"``, ``"connections_changed"`` and ``"seconds"`` of every epoch;
        with early stopping also ``"validation_loss"``; of the first replica.
    costs_ : dict of str to dict
        ``"parameters"``, ``"bytes"``, ``"inference_flops"`` (one sample) and
        ``"training_flops"``, each with the figure of the network as it is (``"sparse"``) and
        of a fully connected one (``"dense"``). The last is the sum over the replicas.
        Attribution is left out.
    connections_ : dict of str to ndarray
        Only with `connections_every`: ``"epoch"`` of shape (n_counts,), epochs trained before each
        count; and ``"counts"`` of shape (n_counts, n_features), int32, the connections of every
        feature's input neuron; of the first replica.
    network_ : FittedNetwork
        The trained network in numpy, which `score` uses; that of the first replica.

    Notes
    -----
    The derivatives have a closed form in networks of this kind, so attribution costs a few
    sparse products and no automatic differentiation. Measuring it in every fifth step on a few
    samples estimates the same average as doing so always on all.

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

    _parameter_constraints: ClassVar[dict] = {
        **SupervisedSelector._parameter_constraints,
        "topology": [StrOptions({"set", "rigl", "dense"}), callable],
        "importance": [
            StrOptions({"attribution", "strength"}),
            HasMethods(["before_update", "after_update", "scores", "of_layer"]),
        ],
        "history": [StrOptions({"all", "last_epoch", "last_iteration"})],
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
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        K=50,
        *,
        topology="set",
        importance="attribution",
        history="all",
        density=0.05,
        init="erk",
        attribution_every=5,
        attribution_samples=8,
        drop_fraction=0.3,
        drop_decay="auto",
        update_every=10,
        update_until="auto",
        hidden_layer_sizes=(1000, 100),
        activation="relu",
        loss="auto",
        class_weight=None,
        scaling="feature",
        max_iter=200,
        batch_size="auto",
        learning_rate_init=0.001,
        alpha=0.0001,
        early_stopping=True,
        validation_fraction=0.1875,
        n_iter_no_change=50,
        connections_every=None,
        n_replicas=1,
        n_jobs=None,
        kernel="auto",
        device="auto",
        verbose=False,
        random_state=None,
    ):
        self.K = K
        self.topology = topology
        self.importance = importance
        self.history = history
        self.density = density
        self.init = init
        self.attribution_every = attribution_every
        self.attribution_samples = attribution_samples
        self.drop_fraction = drop_fraction
        self.drop_decay = drop_decay
        self.update_every = update_every
        self.update_until = update_until
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.class_weight = class_weight
        self.scaling = scaling
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.alpha = alpha
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.connections_every = connections_every
        self.n_replicas = n_replicas
        self.n_jobs = n_jobs
        self.kernel = kernel
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @classmethod
    def from_paper(cls, variant="SET-Attr", **params):
        """A selector with the setting of the paper.

        Parameters
        ----------
        variant : {"Dense-QS", "Dense-Attr", "SET-QS", "SET-Attr", "RigL-QS", "RigL-Attr"}, \
                default="SET-Attr"
            Topology and importance, as the paper names them.
        **params
            Parameters to set otherwise. The paper chooses `density` among 0.75, 0.5, 0.2, 0.1,
            0.05 and 0.02, and `alpha` among 0.00005, 0.0001 and 0.001, by the validation loss.

        Returns
        -------
        NeuronAttributionSelector

        Examples
        --------
        >>> from sparsefs import NeuronAttributionSelector
        >>> NeuronAttributionSelector.from_paper("RigL-Attr", K=100).topology
        'rigl'
        """
        if variant not in _VARIANTS:
            raise ValueError(f"variant must be one of {list(_VARIANTS)}. Got {variant!r}.")
        setting = {
            "history": "all",
            "init": "erk",
            "attribution_every": 1,
            "attribution_samples": None,
            "drop_fraction": 0.3,
            "update_every": 10,
            "hidden_layer_sizes": (1000, 100),
            "activation": "relu",
            "scaling": "feature",
            "max_iter": 200,
            "batch_size": "auto",
            "learning_rate_init": 0.001,
            "early_stopping": True,
            "validation_fraction": 0.1875,
            "n_iter_no_change": 50,
        }
        return cls(**{**setting, **_VARIANTS[variant], **params})

    def _train(self, data, constant, rng, device):
        from ..training.batches import Scaling
        from ..training.loop import train
        from ..training.optimizers import Adam

        network = self._perceptron(data, self._densities, rng, device)
        importance = self._importance()
        scaling = Scaling(data.X, self.scaling, data.sample_weight, data.summary)
        loss = self._loss(data.target)
        rows, stopping = self._rows(data), None

        def scores():
            return importance.scores(network)

        if self.early_stopping:
            rows, held_out = validation_split(data.target, rows, self.validation_fraction, rng)
            stopping = self._early_stopping(
                network, data, scaling, loss, device, rows, held_out, scores
            )
        batches = self._batches(data, scaling, rng, device, rows)

        history = train(
            network,
            batches,
            loss,
            Adam(self.learning_rate_init, self.alpha),
            epochs=self._epochs(data, constant, scores, network, scaling),
            importance=importance,
            topology=self._topology(network, rng),
            after_epoch=stopping.after_epoch if stopping else None,
        )
        if stopping is not None:
            stopping.restore()
        n_epochs = None
        if stopping is not None and self._together:
            scores, n_epochs = stopping.scores, int(stopping.n_epochs[0])
        self._set_scores(scores(), constant)
        self._set_training(network, scaling, history, batches.n_samples, n_epochs=n_epochs)
        self._set_target(data.target)

    def _score_label_of_one(self):
        if self.importance == "attribution":
            return "attribution (mean |derivative| of the outputs)"
        if self.importance == "strength":
            return "strength (sum of |weights| of the input)"
        return f"{type(self.importance).__name__} score"

    def _replicas_as_one(self):
        parts = (self.topology, self.importance, self.loss)
        return all(isinstance(part, str) for part in parts)

    def _early_stopping(self, network, data, scaling, loss, device, rows, held_out, scores):
        """What watches the held-out rows."""
        from ..training.early_stopping import EarlyStopping
        from ..training.loop import evaluate
        from ..training.stopping_each import StoppingOfEach

        # So few samples that none can be held out: watch the training samples.
        watched = held_out if len(held_out) else rows
        batches = self._batches(data, scaling, None, device, watched)
        watch = (network, lambda: evaluate(network, batches, loss), int(self.n_iter_no_change))
        return StoppingOfEach(*watch, scores) if self._together else EarlyStopping(*watch)

    def _validate_params(self):
        super()._validate_params()
        refuse_classes(self, "topology", "importance", "init", "loss")

    def _densities(self, shapes):
        from ..topology import INIT

        if self.topology == "dense":
            return INIT["uniform"](shapes, 1.0)
        return (self.init if callable(self.init) else INIT[self.init])(shapes, self.density)

    def _importance(self):
        from ..importance import AttributionImportance, StrengthImportance

        every = int(self.attribution_every)
        if self.importance == "attribution":
            # Of a single step take all samples: there is no average over steps to rely on.
            few = None if self.history == "last_iteration" else self.attribution_samples
            return AttributionImportance(self.history, every, few)
        if self.importance == "strength":
            return StrengthImportance(self.history, every)
        return copy.deepcopy(self.importance)  # the user's stays as it was

    def _topology(self, network, rng):
        from .. import topology as topo

        if self.topology == "dense":
            return None
        rigl = self.topology == "rigl"
        until, decay = self.update_until, self.drop_decay
        schedule = topo.UpdateSchedule(
            self.update_every,
            (0.75 if rigl else 1.0) if until == "auto" else until,
            ("cosine" if rigl else "constant") if decay == "auto" else decay,
        )
        grow = self.topology if callable(self.topology) else topo.GROW[self.topology]()
        rewiring = topo.Rewiring(topo.MagnitudeDrop(), grow, self.drop_fraction)
        # Where all connections exist there is nothing to move.
        rewirings = [rewiring if layer.density < 1 else None for layer in network.layers]
        return topo.Topology(rewirings, schedule, rng)
