# SPDX-License-Identifier: BSD-3-Clause
"""WAST: attention to important neurons in a sparse denoising autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from numbers import Real
from typing import ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ..evaluation.choice import CrossValidatedK
from .docs import documented
from .network import AutoencoderSelector
from .stream import StreamSelector


@documented
@dataclass(eq=False, repr=False)
class WASTSelector(StreamSelector, AutoencoderSelector):
    """Unsupervised feature selection with WAST.

    Trains a sparse denoising autoencoder for a few epochs. After every batch it scores the
    features by their reconstruction error and by the strength of their connections, and moves
    connections to the features with high scores. The sum of the scores ranks the features.

    One fit ranks all features: ``set_params(K=...)`` changes the selection without a new fit.

    Parameters
    ----------
    %(K)s
    %(columns)s
    density : float in (0, 1], default=0.2
        Share of the possible connections that exist.
    lam : float in [0, 1], default=0.1
        Weight of the reconstruction error in the importance; ``1 - lam`` is the weight of the
        strength of the neuron, the sum of its absolute weights. Small values spread the
        selection over the features, which suits images and other redundant data. With few
        samples of many independent features try 0.5 to 0.9.
    mixing : {"mean", "sum"}, default="mean"
        ``"mean"`` divides both terms by their mean over the features, so that one `lam` suits all
        kinds of data. ``"sum"`` adds the terms as they are, as the paper does.
    %(scaling)s
    rank_by : {"importance", "strength"}, default="importance"
        Rank features by the accumulated importance, or by the final strength of the input
        neurons.
    drop : {"importance", "magnitude"}, default="importance"
        Drop the connections whose weight times importance, or whose weight, is nearest to zero.
    grow : {"importance", "random"}, default="importance"
        Grow connections of the most important features, or at random.
    drop_fraction : float in [0, 1], default=0.1
        Share of the connections dropped and grown in a topology update.
    update_every : {"batch", "epoch"} or int, default="batch"
        Update the topology after every batch, after every epoch except the last, or after every
        this many batches.
    update_until : float in [0, 1], default=1.0
        Share of the training after which the topology is fixed.
    hidden_layer_sizes : int or sequence of one int, default=200
        Number of hidden neurons.
    max_iter : int, default=10
        Number of epochs.
    batch_size : int, default=64
        Samples per training step.
    solver : {"sgd", "adam"}, default="sgd"
        Stochastic gradient descent with Nesterov momentum, or Adam.
    learning_rate_init : float, default=0.5
        Learning rate of the first step. The default suits ``"sgd"``; for ``"adam"`` use about
        0.001.
    learning_rate : {"constant", "linear"}, default="linear"
        Keep the learning rate, or lower it linearly to 0 at the end of the training.
    momentum : float in [0, 1), default=0.9
        Momentum of ``"sgd"``.
    alpha : float, default=0.0
        Strength of the L2 penalty.
    noise_std : float, default=0.2
        Standard deviation of the Gaussian noise added to the scaled inputs.
    %(connections_every)s
    %(jobs)s
    kernel : {"auto", "csr", "block", "masked"}, default="auto"
        Storage of sparse layers: compressed sparse rows, the same with a dense block for the
        best connected features, or a dense matrix with a mask. ``"auto"`` chooses by shape,
        density, growth rule and device.
    %(device)s
    %(stopping)s
    random_state : int, RandomState instance or None, default=None
        Seed of the initial network, the order of the samples and the noise.

    Attributes
    ----------
    %(scores_)s
    %(ranking_)s
    %(history_)s
    %(network_)s

    Notes
    -----
    The result depends only on the data, the parameters and `random_state`. A fit uses one thread;
    run several fits in parallel instead, for example with ``GridSearchCV(n_jobs=...)``. Other
    devices and kernels add numbers in another order, and training may amplify the rounding.

    ``from_paper(variant)`` has the variants "images", "smk", "gla" and "other" (the default),
    which differ in `lam`.

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

    _resumable = True
    _distributed = True
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

    K: int | float | Literal["auto"] | CrossValidatedK = 50
    _: KW_ONLY
    density: float = 0.2
    lam: float = 0.1
    mixing: Literal["mean", "sum"] = "mean"
    scaling: Literal["auto", "feature", "global", "minmax", "none"] = "auto"
    rank_by: Literal["importance", "strength"] = "importance"
    drop: Literal["importance", "magnitude"] = "importance"
    grow: Literal["importance", "random"] = "importance"
    drop_fraction: float = 0.1
    update_every: Literal["batch", "epoch"] | int = "batch"
    update_until: float = 1.0
    hidden_layer_sizes: Sequence[int] | int = 200
    max_iter: int = 10
    batch_size: int = 64
    solver: Literal["adam", "sgd"] = "sgd"
    learning_rate_init: float = 0.5
    learning_rate: Literal["constant", "linear"] = "linear"
    momentum: float = 0.9
    alpha: float = 0.0
    noise_std: float = 0.2
    connections_every: int | None = None
    n_jobs: int | None = None
    kernel: Literal["auto", "block", "csr", "masked"] = "auto"
    device: str = "auto"
    verbose: int = False
    random_state: int | np.random.RandomState | None = None

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

        optimizer = partial(
            Adam if self.solver == "adam" else partial(SGD, momentum=self.momentum),
            self.learning_rate_init,
            self.alpha,
        )
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
            lowers_rate=self.learning_rate == "linear",
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
