# SPDX-License-Identifier: BSD-3-Clause
"""WAST: attention to important neurons in a sparse denoising autoencoder."""

from __future__ import annotations

from numbers import Real
from typing import ClassVar

from sklearn.utils._param_validation import Interval, StrOptions

from .network import AutoencoderSelector


class WASTSelector(AutoencoderSelector):
    """Unsupervised feature selection with WAST.

    Trains a sparse denoising autoencoder for a few epochs. After every batch it scores the
    features by how badly they are reconstructed and how strongly they are connected, and
    moves connections to the features that score high. The accumulated score ranks them.

    One fit serves every `K`: after ``set_params(K=...)`` the selection follows without a
    refit.

    Parameters
    ----------
    K : int, float, "auto" or CrossValidatedK, default=50
        Number of features to keep, or their share if a float in (0, 1]. ``"auto"`` chooses it by
        cross-validation within `fit`; :class:`CrossValidatedK` does with settings of your own.
    density : float in (0, 1], default=0.2
        Share of the possible connections that exist.
    lam : float in [0, 1], default=0.1
        Weight of the reconstruction error in the importance; ``1 - lam`` is the weight of
        the neuron's strength, the sum of its absolute weights. Small values spread the
        selection over the features, which suits images and other redundant data; with few
        samples of many independent features try 0.5 to 0.9.
    mixing : {"mean", "sum"}, default="mean"
        ``"mean"`` divides both terms by their mean over the features, so that `lam` has no
        unit and one value suits all kinds of data; ``"sum"`` mixes them as they are, as the
        paper does.
    scaling : {"auto", "global", "feature", "minmax", "none"}, default="auto"
        ``"global"``: subtract one mean and divide by one standard deviation, both over the whole
        table, so that features keep their relative spread; ``"feature"``: standardise every
        feature; ``"minmax"``: bring every feature to 0 to 1; ``"none"``: use X as it is.
        ``"auto"``: ``"global"`` where the features seem to share a unit, ``"feature"`` where
        their spreads differ more than a hundredfold; see `scaling_`.
    rank_by : {"importance", "strength"}, default="importance"
        Rank features by the accumulated importance, or by the strength of the input neurons
        at the end.
    drop : {"importance", "magnitude"}, default="importance"
        Drop the connections whose weight times importance, or whose weight, is nearest to
        zero.
    grow : {"importance", "random"}, default="importance"
        Grow connections of the most important features, or anywhere.
    drop_fraction : float in [0, 1], default=0.1
        Share of the connections dropped and grown in a topology update.
    update_every : {"batch", "epoch"} or int, default="batch"
        Update the topology after every batch, after every epoch but the last, or after every
        so many batches.
    update_until : float in [0, 1], default=1.0
        Share of the training after which the topology stays as it is.
    hidden_layer_sizes : int or sequence of one int, default=200
        Number of hidden neurons.
    max_iter : int, default=10
        Number of epochs.
    batch_size : int, default=64
        Samples per training step.
    solver : {"sgd", "adam"}, default="sgd"
        Stochastic gradient descent with Nesterov momentum, or Adam.
    learning_rate_init : float, default=0.5
        Learning rate, of the first step if it falls. The default is for ``"sgd"``; ``"adam"``
        wants about 0.001.
    learning_rate : {"constant", "linear"}, default="linear"
        Keep the learning rate, or lower it linearly to 0 at the end of the training.
    momentum : float in [0, 1), default=0.9
        Momentum of ``"sgd"``.
    alpha : float, default=0.0
        Strength of the L2 penalty.
    noise_std : float, default=0.2
        Standard deviation of the Gaussian noise added to the scaled inputs.
    connections_every : int or None, default=None
        Count the connections of every input neuron after every so many epochs, before the first
        one and at the end; the counts are kept in `connections_`. Training is the same with it.
    n_jobs : int or None, default=None
        Folds that are fitted at the same time where `K` is chosen; None is 1 unless in a
        ``joblib.parallel_config`` context, -1 is the number of processors. The result does not
        depend on it.
    kernel : {"auto", "csr", "block", "masked"}, default="auto"
        How sparse layers are stored and multiplied: compressed sparse rows; the same with a
        dense block for the best connected features; or a dense matrix with a mask.
        ``"auto"`` chooses by shape, density, growth rule and device.
    device : str, default="auto"
        ``"auto"`` takes CUDA, then MPS, then the CPU; or a name as in ``"cuda:1"``.
    verbose : int or bool, default=False
        Whether to show a progress bar.
    random_state : int, RandomState instance or None, default=None
        Decides the initial network, the order of the samples and the noise.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features,), dtype float64
        Score of every feature, higher is better; 0 for constant features.
    ranking_ : ndarray of shape (n_features,), dtype int64
        Rank of every feature, 1 is the best. Constant features come last.
    support_ : ndarray of shape (n_features,), dtype bool
        Mask of the `K` best features.
    K_ : int
        Number of selected features.
    scaling_ : str
        How the features were scaled: `scaling`, or what ``"auto"`` chose.
    path_ : KCurve
        Scores against K, see :class:`~sparsefs.evaluation.KCurve`; only if `K` was chosen by
        cross-validation.
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
    The result depends on the data, the parameters and `random_state` only: a fit uses one
    thread, whatever runs beside it. Parallelise over fits, as ``GridSearchCV(n_jobs=...)``
    does. Other devices and kernels add up in another order and agree within rounding error,
    which training may amplify.

    References
    ----------
    Sokar, G., Atashgahi, Z., Pechenizkiy, M. and Mocanu, D. C. "Where to pay attention in
    sparse training for feature selection?" NeurIPS 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import WASTSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = WASTSelector(K=20, random_state=0).fit(X)
    >>> selector.transform(X).shape
    (1797, 20)
    >>> selector.set_params(K=5).transform(X).shape
    (1797, 5)
    """

    _paper: ClassVar[dict] = {
        "mixing": "sum",
        "scaling": "global",
        "drop_fraction": 0.3,
        "batch_size": 128,
        "learning_rate_init": 0.1,
        "learning_rate": "constant",
    }
    _paper_variants: ClassVar[dict] = {
        "images": {"lam": 0.4},
        "smk": {"lam": 0.01},
        "gla": {"lam": 0.001},
        "other": {"lam": 0.9},
    }
    _paper_default = "other"

    _parameter_constraints: ClassVar[dict] = {
        **AutoencoderSelector._parameter_constraints,
        "density": [Interval(Real, 0, 1, closed="right")],
        "lam": [Interval(Real, 0, 1, closed="both")],
        "mixing": [StrOptions({"mean", "sum"})],
        "rank_by": [StrOptions({"importance", "strength"})],
        "drop": [StrOptions({"importance", "magnitude"})],
        "grow": [StrOptions({"importance", "random"})],
        "solver": [StrOptions({"sgd", "adam"})],
        "learning_rate": [StrOptions({"constant", "linear"})],
    }

    def __init__(
        self,
        K=50,
        *,
        density=0.2,
        lam=0.1,
        mixing="mean",
        scaling="auto",
        rank_by="importance",
        drop="importance",
        grow="importance",
        drop_fraction=0.1,
        update_every="batch",
        update_until=1.0,
        hidden_layer_sizes=200,
        max_iter=10,
        batch_size=64,
        solver="sgd",
        learning_rate_init=0.5,
        learning_rate="linear",
        momentum=0.9,
        alpha=0.0,
        noise_std=0.2,
        connections_every=None,
        n_jobs=None,
        kernel="auto",
        device="auto",
        verbose=False,
        random_state=None,
    ):
        self.K = K
        self.density = density
        self.lam = lam
        self.mixing = mixing
        self.scaling = scaling
        self.rank_by = rank_by
        self.drop = drop
        self.grow = grow
        self.drop_fraction = drop_fraction
        self.update_every = update_every
        self.update_until = update_until
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.alpha = alpha
        self.noise_std = noise_std
        self.connections_every = connections_every
        self.n_jobs = n_jobs
        self.kernel = kernel
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def _train(self, data, rng, device, progress):
        from .. import topology as topo
        from ..importance import ReconstructionImportance
        from ..training.losses import ReconstructionLoss
        from ..training.optimizers import SGD, Adam

        # The features are the inputs of the first layer and the outputs of the second.
        rewirings = [
            topo.Rewiring(
                topo.DROP[self.drop](side), topo.GROW[self.grow](side), self.drop_fraction
            )
            for side in ("in", "out")
        ]

        def optimizer(n_steps):
            decay_steps = n_steps if self.learning_rate == "linear" else None
            if self.solver == "adam":
                return Adam(self.learning_rate_init, self.alpha, decay_steps)
            return SGD(self.learning_rate_init, self.alpha, decay_steps, self.momentum)

        return self._train_autoencoder(
            data,
            rng,
            device,
            progress,
            density=self.density,
            output_activation="identity",
            importance=ReconstructionImportance(self.lam, self.mixing, self.rank_by),
            rewirings=rewirings,
            loss=ReconstructionLoss(),
            optimizer=optimizer,
            filled_sides=("in", "out") if self.grow == "importance" else None,
        )

    @property
    def _score_label(self):
        if self.rank_by == "strength":
            return "strength (sum of |weights| of the input)"
        return "importance (error and strength, summed over steps)"

    def _validate_params(self):
        super()._validate_params()
        if self.kernel == "block" and self.grow == "random":
            raise ValueError(
                "kernel='block' stores whole neurons densely, which suits grow='importance'. "
                "With grow='random' use kernel='csr' or 'auto'."
            )
