# SPDX-License-Identifier: BSD-3-Clause
"""NeuroFS: input neurons leave the network while it trains, until K are left."""

from __future__ import annotations

from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from .network import PerceptronSelector


class NeuroFSSelector(PerceptronSelector):
    """Supervised feature selection by neuron evolution (NeuroFS).

    Trains a sparse multi-layer perceptron to predict y. After every epoch the weakest input
    neurons leave, and some that left come back if the gradient of the loss asks for them,
    until `K` are left. Those that have left cost neither memory nor time.

    Training aims at `K`: for another number of features fit again. After ``set_params(K=...)``
    alone the selection follows the ranking, in which features that stayed longer are better.

    Parameters
    ----------
    K : int or float, default=50
        Number of features to keep, or their share if a float in (0, 1]. Not ``"auto"``, as
        training aims at it.
    epsilon : float, default=30.0
        A layer has about ``epsilon * (n_inputs + n_outputs)`` connections, at most all. Not
        used if `density` is given.
    density : float in (0, 1] or None, default=None
        Share of the possible connections that exist in every layer, instead of `epsilon`.
    removed_until : float in (0, 1], default=0.65
        Share of the epochs after which `K` features are left.
    swap_fraction : float in [0, 1], default=0.2
        Share of the removed features that come back after an epoch, in exchange for as many
        others; falls linearly to 0.
    drop_fraction : float in [0, 1], default=0.3
        Share of the connections between hidden neurons that are dropped after every epoch; as
        many grow where the gradient of the loss is largest.
    hidden_layer_sizes : int or sequence of int, default=(1000, 1000, 1000)
        Number of neurons of every hidden layer.
    activation : {"tanh", "relu", "logistic"}, default="tanh"
        Activation of the hidden neurons.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What y holds: one class per sample, several labels per sample, or numbers. ``"auto"``
        decides by y and warns where whole numbers could be classes or a quantity; see
        :doc:`/targets`.
    loss : {"auto", "cross_entropy", "binary_cross_entropy", "squared_error"} or callable, \
default="auto"
        ``"auto"`` is cross-entropy for classes, binary cross-entropy for several labels and
        squared error for numbers. Or any loss of torch's kind, such as
        ``torch.nn.HuberLoss()``, ``torch.nn.functional.poisson_nll_loss`` or a module of your
        own; see :doc:`/targets`. It is tried on two rows before the training.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes; ``"balanced"`` makes them count equally.
    scaling : {"auto", "global", "feature", "minmax", "none"}, default="auto"
        ``"global"``: subtract one mean and divide by one standard deviation, both over the whole
        table, so that features keep their relative spread; ``"feature"``: standardise every
        feature; ``"minmax"``: bring every feature to 0 to 1; ``"none"``: use X as it is.
        ``"auto"``: ``"global"`` where the features seem to share a unit, ``"feature"`` where
        their spreads differ more than a hundredfold; see `scaling_`.
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
    connections_every : int or None, default=None
        Count the connections of every input neuron after every so many epochs, before the first
        one and at the end; the counts are kept in `connections_`. Training is the same with it.
    n_jobs : int or None, default=None
        Folds that are fitted at the same time where `K` is chosen; None is 1 unless in a
        ``joblib.parallel_config`` context, -1 is the number of processors. The result does not
        depend on it.
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
        those that are left, a number below 1 for the others that is larger the longer they
        stayed; 0 for constant features.
    ranking_ : ndarray of shape (n_features,), dtype int64
        Rank of every feature, 1 is the best. Constant features come last.
    support_ : ndarray of shape (n_features,), dtype bool
        Mask of the `K` best features.
    K_ : int
        Number of selected features.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X had string column names.
    n_iter_ : int
        Number of epochs trained.
    history_ : dict of str to ndarray of shape (`n_iter_`,)
        ``"loss"``, ``"density"``, ``"connections_changed"`` and ``"seconds"`` of every epoch.
    costs_ : dict of str to dict
        ``"parameters"``, ``"bytes"``, ``"inference_flops"`` (one sample) and
        ``"training_flops"``, each with the figure of the network as it is (``"sparse"``) and
        of a fully connected one (``"dense"``).
    connections_ : dict of str to ndarray
        Only with `connections_every`: ``"epoch"`` of shape (n_counts,), epochs trained before each
        count; and ``"counts"`` of shape (n_counts, n_features), int32, the connections of every
        feature's input neuron.
    network_ : FittedNetwork
        The trained network in numpy, which `score` uses.

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

    def __init__(
        self,
        K=50,
        *,
        epsilon=30.0,
        density=None,
        removed_until=0.65,
        swap_fraction=0.2,
        drop_fraction=0.3,
        hidden_layer_sizes=(1000, 1000, 1000),
        activation="tanh",
        task="auto",
        loss="auto",
        class_weight=None,
        scaling="auto",
        max_iter=100,
        batch_size="auto",
        learning_rate_init=0.01,
        momentum=0.9,
        alpha=0.00001,
        connections_every=None,
        n_jobs=None,
        kernel="auto",
        device="auto",
        verbose=False,
        random_state=None,
    ):
        self.K = K
        self.epsilon = epsilon
        self.density = density
        self.removed_until = removed_until
        self.swap_fraction = swap_fraction
        self.drop_fraction = drop_fraction
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.task = task
        self.loss = loss
        self.class_weight = class_weight
        self.scaling = scaling
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.alpha = alpha
        self.connections_every = connections_every
        self.n_jobs = n_jobs
        self.kernel = kernel
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def _train(self, data, rng, device, progress):
        from .. import topology as topo
        from ..importance import ConnectionImportance
        from ..training.optimizers import SGD

        network = self._perceptron(data, self._densities, rng, device, fan_in="sparse")
        batches = self._batches(data, rng, device)
        # Constant features need no input neuron, unless there are no others.
        alive = data.varying
        if len(alive) < data.X.shape[1]:
            network.replace_inputs(alive, np.empty(0, int), np.empty(0, int), self.kernel)
        rewiring = topo.Rewiring(topo.MagnitudeDrop(), topo.GradientGrow(), self.drop_fraction)
        hidden = topo.Topology(
            [None] + [rewiring if layer.density < 1 else None for layer in network.layers[1:]],
            topo.UpdateSchedule("epoch"),
            rng,
        )
        evolution = topo.InputEvolution(
            hidden,
            batches,
            alive,
            self._n_selected(warn=False),
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

    @property
    def _score_label(self):
        return "share of the training survived; if left, 1 + strength"

    def _densities(self, shapes):
        from ..topology import epsilon_density, uniform_densities

        if self.density is not None:
            return uniform_densities(shapes, self.density)
        return [epsilon_density(shape, self.epsilon) for shape in shapes]
