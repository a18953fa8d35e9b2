# SPDX-License-Identifier: BSD-3-Clause
"""HyperSparse: from a dense network to a sparse one by adaptive regularisation."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions

from ..utils.estimators import refuse_classes
from .base import FLOAT32_MAX
from .supervised import SupervisedSelector


class HyperSparseSelector(SupervisedSelector):
    """Supervised feature selection by adaptive regularised training (HyperSparse, ART).

    Trains a dense multi-layer perceptron to predict y, then lets a penalty pull the small
    weights to zero, ever harder, until the network pruned to `density` is as good as the whole.
    The pruned network is fine-tuned, on its connections only. A feature is ranked by the
    strength of its input neuron in it.

    One fit serves every `K`: after ``set_params(K=...)`` the selection follows without a
    refit.

    Parameters
    ----------
    K : int, float, "auto" or CrossValidatedK, default=50
        Number of features to keep, or their share if a float in (0, 1]. ``"auto"`` chooses it by
        cross-validation within `fit`; :class:`CrossValidatedK` does with settings of your own.
    density : float in (0, 1], default=0.1
        Share of all connections that survive the pruning: 1 - the paper's pruning rate.
    penalty : {"hypersparse", "l1", "l2"} or Penalty, default="hypersparse"
        Penalty that pulls weights to zero. HyperSparse spares those that will survive. For a
        custom penalty see :class:`sparsefs.regularization.Penalty`.
    apply : {"gradient", "loss"}, default="gradient"
        Add the gradient of the penalty in closed form, or differentiate the penalty as a part of
        the loss. Both agree up to rounding; the former is faster.
    warmup_epochs : int or float, default=0.125
        Epochs without a penalty, or their share of `max_iter` if a float below 1.
    initial_strength : float, default=0.00002
        Strength of the penalty in the first epoch after them.
    growth : float, default=1.3
        Factor from one epoch to the next.
    fine_tune_epochs : int or float, default=0.25
        Epochs after the pruning, or their share of `max_iter` if a float below 1. The learning
        rate falls to a tenth at half of them, and again at three quarters.
    hidden_layer_sizes : int or sequence of int, default=(300, 100)
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
        Decides the initial network and the order of the samples.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features,), dtype float64
        Score of every feature, higher is better: 1 plus the strength of its input neuron for
        those that keep a connection, for the others their strength just before pruning over
        the largest one; 0 for constant features.
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
        ``"loss"``, ``"density"``, ``"connections_changed"``, ``"penalty_strength"`` and
        ``"seconds"`` of every epoch,
        of the first replica.
    costs_ : dict of str to dict
        ``"parameters"``, ``"bytes"``, ``"inference_flops"`` (one sample) and
        ``"training_flops"``, each with the figure of the network as it is (``"sparse"``) and
        of a fully connected one (``"dense"``). The last is the sum over the replicas.
    connections_ : dict of str to ndarray
        Only with `connections_every`: ``"epoch"`` of shape (n_counts,), epochs trained before each
        count; and ``"counts"`` of shape (n_counts, n_features), int32, the connections of every
        feature's input neuron; of the first replica.
    network_ : FittedNetwork
        The trained network in numpy, which `score` uses; that of the first replica.

    References
    ----------
    Glandorf, P., Kaiser, T. and Rosenhahn, B. "HyperSparse neural networks: shifting exploration
    to exploitation through adaptive regularization." ICCV workshops 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import HyperSparseSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = HyperSparseSelector(K=20, max_iter=30, fine_tune_epochs=5, random_state=0)
    >>> selector.fit(X, y).transform(X).shape
    (1797, 20)
    >>> selector.score(X, y) > 0.9  # of the pruned network
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **SupervisedSelector._parameter_constraints,
        "density": [Interval(Real, 0, 1, closed="right")],
        "penalty": [StrOptions({"hypersparse", "l1", "l2"}), HasMethods(["gradients"])],
        "apply": [StrOptions({"gradient", "loss"})],
        "warmup_epochs": [
            Interval(Integral, 0, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="left"),
        ],
        "initial_strength": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
        "growth": [Interval(Real, 1, FLOAT32_MAX, closed="left")],
        "fine_tune_epochs": [
            Interval(Integral, 0, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="left"),
        ],
        "momentum": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        K=50,
        *,
        density=0.1,
        penalty="hypersparse",
        apply="gradient",
        warmup_epochs=0.125,
        initial_strength=0.00002,
        growth=1.3,
        fine_tune_epochs=0.25,
        hidden_layer_sizes=(300, 100),
        activation="relu",
        loss="auto",
        class_weight=None,
        scaling="feature",
        max_iter=80,
        batch_size="auto",
        learning_rate_init=0.05,
        momentum=0.9,
        alpha=0.0001,
        connections_every=None,
        n_replicas=1,
        n_jobs=None,
        kernel="auto",
        device="auto",
        verbose=False,
        random_state=None,
    ):
        self.K = K
        self.density = density
        self.penalty = penalty
        self.apply = apply
        self.warmup_epochs = warmup_epochs
        self.initial_strength = initial_strength
        self.growth = growth
        self.fine_tune_epochs = fine_tune_epochs
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.class_weight = class_weight
        self.scaling = scaling
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.alpha = alpha
        self.connections_every = connections_every
        self.n_replicas = n_replicas
        self.n_jobs = n_jobs
        self.kernel = kernel
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @classmethod
    def from_paper(cls, **params):
        """A selector with the paper's schedule, which was made for large image networks.

        Parameters
        ----------
        **params
            Parameters to set otherwise, for example `density`: 1 less the pruning rate.

        Returns
        -------
        HyperSparseSelector

        Examples
        --------
        >>> from sparsefs import HyperSparseSelector
        >>> HyperSparseSelector.from_paper(density=0.02).warmup_epochs
        60
        """
        setting = {
            "penalty": "hypersparse",
            "warmup_epochs": 60,
            "initial_strength": 0.000005,
            "growth": 1.05,
            "fine_tune_epochs": 160,
            "max_iter": 400,
            "batch_size": 64,
            "learning_rate_init": 0.1,
            "momentum": 0.9,
            "alpha": 0.0001,
        }
        return cls(**{**setting, **params})

    def _train(self, data, constant, rng, device):
        from ..importance import ConnectionImportance
        from ..regularization import AdaptiveSchedule
        from ..topology import uniform_densities
        from ..training.adaptive_pruning import AdaptivePruning
        from ..training.batches import Scaling
        from ..training.loop import evaluate, train
        from ..training.losses import ErrorRate
        from ..training.optimizers import SGD

        network = self._perceptron(data, lambda shapes: uniform_densities(shapes, 1.0), rng, device)
        scaling = Scaling(data.X, self.scaling, data.sample_weight, data.summary)
        rows = self._rows(data)
        batches = self._batches(data, scaling, rng, device, rows)
        unshuffled = self._batches(data, scaling, None, device, rows)
        loss = self._loss(data.target)
        optimizer = SGD(self.learning_rate_init, self.alpha, momentum=self.momentum)
        # The paper compares accuracies; only classes have one.
        error = ErrorRate() if data.target.kind == "classes" else loss
        pruning = AdaptivePruning(
            network,
            optimizer,
            self.density,
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
                return strength
            before = pruning.strength_before / max(pruning.strength_before.max(), 1e-30)
            return np.where(network.layers[0].degree("in") > 0, 1 + strength, before)

        history = train(
            network,
            batches,
            loss,
            optimizer,
            epochs=self._epochs(data, constant, scores, network, scaling),
            importance=ConnectionImportance(),
            penalty=pruning.add_gradients,
            after_epoch=pruning.after_epoch,
        )
        self._set_scores(scores(), constant)
        self._set_training(network, scaling, history, batches.n_samples)
        self._set_target(data.target)

    def _score_label_of_one(self):
        return "relative strength; if connected, 1 + strength"

    def _epochs_of(self, name):
        """Return a number of epochs that may be given as a share of `max_iter`."""
        value = getattr(self, name)
        return int(value) if isinstance(value, Integral) else round(value * self.max_iter)

    def _validate_params(self):
        super()._validate_params()
        refuse_classes(self, "penalty", "loss")
        n_before = int(self.max_iter) - self._epochs_of("fine_tune_epochs")
        if n_before < 1:
            raise ValueError(
                "'max_iter' must be larger than 'fine_tune_epochs': the network trains before it "
                f"is pruned. Got max_iter={self.max_iter} and "
                f"fine_tune_epochs={self.fine_tune_epochs}."
            )
        if self._epochs_of("warmup_epochs") >= n_before:
            warnings.warn(
                f"With warmup_epochs={self.warmup_epochs}, max_iter={self.max_iter} and "
                f"fine_tune_epochs={self.fine_tune_epochs} the penalty never acts before the "
                "pruning. Lower warmup_epochs.",
                UserWarning,
                stacklevel=3,
            )
