# SPDX-License-Identifier: BSD-3-Clause
"""Deep Lasso: a group lasso on the gradient of the loss at the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval

from ..evaluation.choice import CrossValidatedK
from .base import FLOAT32_MAX
from .docs import documented
from .network import PerceptronSelector

if TYPE_CHECKING:
    from ..utils.typing import Loss, Task


@documented
@dataclass(eq=False, repr=False)
class DeepLassoSelector(PerceptronSelector):
    """Supervised feature selection by Deep Lasso.

    Trains a multi-layer perceptron to predict y, with a group lasso on the gradient of the loss at
    the inputs: features that the network does not need lose their influence on the loss. The score
    of a feature is the size of that gradient after the training.

    One fit ranks all features: ``set_params(K=...)`` changes the selection without a new fit.

    Parameters
    ----------
    %(K)s
    %(columns)s
    lasso : float, default=0.1
        Strength of the penalty: the sum over the features of the root mean square of the
        derivatives of the samples' losses in a batch. The paper's strength is this one times the
        square root of the batch size.
    density : float in (0, 1], default=1.0
        Share of the possible connections that exist, over all layers. They are drawn at random and
        stay; small layers are denser. All of them in the paper.
    hidden_layer_sizes : int or sequence of int, default=(64, 64)
        Number of ReLU neurons of every hidden layer.
    %(target)s
    %(scaling)s
    max_iter : int, default=50
        Maximum number of epochs.
    batch_size : int or "auto", default="auto"
        Samples per training step; ``"auto"`` is 100, and 32 with fewer than 200 samples.
    learning_rate_init : float, default=0.001
        Learning rate of Adam.
    alpha : float, default=0.0001
        Strength of an L2 penalty on the weights, in addition to `lasso`.
    early_stopping : bool, default=False
        Hold samples out, stop when the loss on them no longer improves, return to the best network,
        and score the features on the held-out samples, as in the paper.
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
    scores_ : ndarray of shape (n_features,), dtype float64
        Score of every feature, higher is better: the root mean square of the derivatives of the
        samples' losses by the scaled feature. The samples are all, or the held-out ones with
        early stopping. Constant features have 0.
    %(ranking_)s
    history_ : dict of str to ndarray of shape (`n_iter_`,)
        ``"loss"`` (without the penalty), ``"density"``, ``"connections_changed"`` and
        ``"seconds"`` of every epoch; with early stopping also ``"validation_loss"``.
    %(network_)s

    Notes
    -----
    The gradient of the penalty has a closed form in networks of ReLU. With it a step takes two to
    four times as long.

    References
    ----------
    Cherepanova, V., Levin, R., Somepalli, G., Geiping, J., Bruss, C. B., Wilson, A. G.,
    Goldstein, T. and Goldblum, M. "A performance-driven benchmark for feature selection in
    tabular deep learning." NeurIPS 2023, datasets and benchmarks.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import DeepLassoSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = DeepLassoSelector(K=20, max_iter=20, random_state=0).fit(X, y)
    >>> selector.transform(X).shape
    (1797, 20)
    >>> selector.score(X, y) > 0.9
    True
    """

    _resumable = True
    activation = "relu"  # see InputGradientLasso
    _score_label = "derivative of the loss (root mean square)"
    _paper: ClassVar[dict] = {
        "lasso": 0.01,  # 0.1 for batches of 100 in the paper's unit; it searches 0.01 to 0.5
        "scaling": "feature",
        "max_iter": 200,
        "early_stopping": True,
    }

    _parameter_constraints: ClassVar[dict] = {
        **PerceptronSelector._parameter_constraints,
        **PerceptronSelector._early_stopping_constraints,
        "lasso": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
        "density": [Interval(Real, 0, 1, closed="right")],
    }
    del _parameter_constraints["activation"]

    K: int | float | Literal["auto"] | CrossValidatedK = 50
    _: KW_ONLY
    lasso: float = 0.1
    density: float = 1.0
    hidden_layer_sizes: Sequence[int] | int = (64, 64)
    task: Task = "auto"
    loss: Loss = "auto"
    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None
    scaling: Literal["auto", "feature", "global", "minmax", "none"] = "auto"
    max_iter: int = 50
    batch_size: Literal["auto"] | int = "auto"
    learning_rate_init: float = 0.001
    alpha: float = 0.0001
    early_stopping: bool = False
    validation_fraction: float = 0.1875
    n_iter_no_change: int = 50
    connections_every: int | None = None
    n_jobs: int | None = None
    kernel: Literal["auto", "csr", "masked"] = "auto"
    device: str = "auto"
    verbose: int = False
    random_state: int | np.random.RandomState | None = None

    def _train(self, data, rng, device, progress):
        from ..topology import INIT
        from ..training.input_gradients import InputGradientLasso
        from ..training.optimizers import Adam

        network = self._perceptron(
            data, lambda shapes: INIT["erk"](shapes, self.density), rng, device
        )
        loss = self._loss(data)
        rows, watched, stopping = self._held_out(data, network, loss, rng, device)
        lasso = InputGradientLasso(self.lasso, watched, loss)
        return self._trained(
            data,
            progress,
            network,
            self._batches(data, rng, device, rows),
            loss,
            Adam(self.learning_rate_init, self.alpha),
            importance=lasso,
            penalty=lasso.add_gradients if self.lasso else None,
            stopping=stopping,
        )
