# SPDX-License-Identifier: BSD-3-Clause
"""Gradual pruning of the inputs that several small networks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from math import isqrt
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..data import RowTable
from ..evaluation.choice import CrossValidatedK
from ..evaluation.rates import q_values_of
from ..training.progress import settings_in_words
from ..utils.checks import check_memory
from ..utils.warning import warn_user
from .base import FLOAT32_MAX, BaseSelector, FitResult
from .docs import documented

if TYPE_CHECKING:
    from ..utils.typing import Floats, Loss, Task

_STEPS = 5  # between two prunings, for up to _FEW samples
_FEW = 1000
_FEW_ROWS, _WIDE = 500, 2  # at most so many rows, and so many features for each: closed form
_MOST_NUMBERS = 2**28  # in closed form: 1 GiB of scaled data, twice while they are turned
# Of the ridge regressions. Beside networks they are ten times as large: those find copies, too.
_PENALTIES = {"drop": (3.0, 30.0), "keep": (30.0, 100.0)}
_ABOVE_NOISE, _RATE = "above_noise", 0.1  # false discovery rate
_FEWEST_SHADOWS = 1000
_MEMORY = 0.9  # decay of the running mean of the importance, a step
_MOST_WEIGHTS = 2**20  # of the first layer: 16 MiB with gradient and moments
_MOST_NOISE = 2**26  # numbers in the matrices that make noise: 256 MiB


@documented
@dataclass(eq=False, repr=False)
class GradualPruningSelector(BaseSelector):
    """Feature selection by gradual pruning, with or without labels.

    Features are removed a few at a time: those whose removal costs least. The feature that is
    removed last ranks first. Features that say the same drive each other out, unless you keep them
    with ``redundancy="keep"``. What the features are removed from depends on the data:

    - Wide data of few samples (at most 500, and at least twice as many features, in a dense
      array of at most 268 million numbers): ridge regressions on the features and their squares,
      solved exactly. There is no chance in them, and a fit takes a tenth of a second. For survival
      the events are counted, not the samples, of which there may be 1,000.
    - All other data: several small networks that share their inputs and keep training on those
      that remain. Ridge regressions have a vote; the more they explain, the more it counts. The
      last 20 features are ranked by polynomials of second degree, if those explain at least half as
      much.
    - Without labels, or with a loss of your own: the networks alone.

    One fit ranks all features: ``set_params(K=...)`` changes the selection without a new fit.

    Parameters
    ----------
    %(K)s
    %(columns)s
    supervised : bool, default=True
        Whether the networks learn to predict y. Otherwise they learn the scores of the leading
        principal components, and y is ignored.
    scaling : {"auto", "feature", "root"}, default="auto"
        ``"feature"`` standardises every feature. ``"root"`` then multiplies it by the root of its
        standard deviation, so that features with more spread count more. ``"auto"`` is
        ``"root"`` without labels if the features seem to share a unit, else ``"feature"``.
        Values beyond three standard deviations are clipped. Columns with heavy tails, of which
        that would leave the outliers only, are replaced by the normal scores of their ranks.
    hidden_layer_sizes : int or sequence of one int, default=32
        Hidden neurons of each network once a quarter of the features remains. It starts with a
        quarter of them, and has half of them with half of the features.
    max_iter : int, default=80
        Number of rounds. A round has 5 training steps and ends with pruning. With more than 1,000
        samples a round has more steps, in proportion to the root of their number, at most 25.
    batch_size : int, default=256
        Samples per training step. Up to 1.5 times as many samples are taken all at once.
    learning_rate_init : float, default=0.003
        Learning rate of the first step; it falls to 0 along half a cosine.
    weight_decay : "auto" or float, default="auto"
        Weights shrink by `learning_rate_init` times this in every step. ``"auto"`` is 2, and 0.5
        if y holds numbers or times, as the weights must be able to reach the size of the outputs.
    noise_std : float, default=1.0
        Mean standard deviation, over the networks, of the Gaussian noise on the scaled inputs.
        The networks' values are evenly spaced between 0 and twice the mean. With more than 1,000
        samples they fall with the third root of their number.
    redundancy : {"drop", "keep"}, default="drop"
        What to do with features that say the same. ``"drop"`` keeps few of them, which is more
        accurate with few features. ``"keep"`` selects them together: lists from other samples are
        then more alike. It makes the penalties of the ridge regressions larger, and leaves out the
        polynomials.
    %(target)s
    n_networks : int, default=8
        Number of networks. With 4 a fit takes about two thirds of the time.
    n_shadows : int or "auto", default=0
        Number of shadows: copies of features with permuted rows, which have no relation to y and
        are pruned with the features. They give every feature a p-value, and ``K="above_noise"``
        needs them. The cost of a fit grows in proportion to all columns. ``"auto"``: as many as
        features, at least 1,000. X must be in memory.
    adjust_for : list of str or int, or None, default=None
        Names or indices of covariates, such as age or batch. The models see them to the end, and
        see the features without what the covariates and their squares explain of them. Covariates
        have score 0 and are never selected, so that the selected features add to them. X must be
        dense and in memory.
    %(jobs)s
    %(device)s
    %(stopping)s
    random_state : int, RandomState instance or None, default=None
        Seed of the initial networks, the order of the samples and the noise.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features,), dtype float64
        What the loss rises by when the feature is removed, as a share of the loss without any
        feature: 0.1 means that a tenth of what can be learned depends on it, given the features
        that are still there. It is a first-order estimate, and exact for the last 20 features where
        polynomials rank them. A feature has at least the score of those removed before it.
        Features that say nothing have scores near 0. 0 for constant features.
    scores_std_ : ndarray of shape (n_features,), dtype float64
        Standard error of the score over the networks or the regressions, at most the score.
    %(ranking_)s
    p_values_ : ndarray of shape (n_features,), dtype float64
        With `n_shadows`: share of shadows that rank before the feature, where the feature counts as
        one of them. 1 for constant features and covariates. ``K="above_noise"`` selects features
        by these values at a false discovery rate of 0.1 (Benjamini and Hochberg), which may be
        none. The smallest p-value is 1 / (n_shadows + 1): with as many shadows as features, at
        least 10 must rank before the first shadow.
    history_ : dict of str to ndarray of shape (`n_iter_`,)
        ``"loss"`` (mean over the networks), ``"density"`` (share of the features that remain),
        ``"connections_changed"`` (removed), ``"n_inputs"`` and ``"seconds"`` of every round.
    costs_ : dict of str to dict
        ``"parameters"``, ``"bytes"``, ``"inference_flops"`` (one sample) and
        ``"training_flops"``, each for the networks at the end of the training (``"sparse"``) and
        for the same networks with all features (``"dense"``).

    Notes
    -----
    Sparse data stay sparse until so few features remain that a dense copy is not larger. On a GPU
    one batch at a time is made dense before.

    The importance of an input of a network is the first-order change of the loss if its weights
    were zero: the size of the sum of weight times gradient. It is divided by the sum over all
    inputs and averaged over the networks and the latest steps. For a ridge regression it is the
    share of the squared weights. In closed form every round of `max_iter` removes the same share
    of the features, until one is left; of the parameters of the networks, only `max_iter` counts.
    `max_time` and Ctrl-C end a training after a round: the features that are left then rank first,
    by their importance. The first round is always completed, and ranks all features.

    The result depends only on the data, the parameters and `random_state`. A fit uses one thread.
    Other devices add numbers in another order, and training may amplify the rounding.

    References
    ----------
    Zhu, M. and Gupta, S. "To prune, or not to prune: exploring the efficacy of pruning for model
    compression." ICLR workshop 2018.

    Molchanov, P., Tyree, S., Karras, T., Aila, T. and Kautz, J. "Pruning convolutional neural
    networks for resource efficient inference." ICLR 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import GradualPruningSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = GradualPruningSelector(K=20, random_state=0).fit(X, y)
    >>> selector.transform(X).shape
    (1797, 20)
    >>> selector.set_params(K=10).transform(X).shape
    (1797, 10)
    """

    _resumable = True
    _one_hidden_layer = True
    _distributed = True
    _not_distributed: ClassVar[dict] = {"n_shadows": 0}

    _score_label = "loss without the feature (share)"
    _unit_scaling = ("root", "feature")

    _parameter_constraints: ClassVar[dict] = {
        **BaseSelector._parameter_constraints,
        **BaseSelector._supervised_constraints,
        "K": [*BaseSelector._parameter_constraints["K"], StrOptions({_ABOVE_NOISE})],
        "supervised": ["boolean"],
        "n_shadows": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "adjust_for": ["array-like", None],
        "scaling": [StrOptions({"auto", "feature", "root"})],
        "n_networks": [Interval(Integral, 1, None, closed="left")],
        "weight_decay": [StrOptions({"auto"}), Interval(Real, 0, FLOAT32_MAX, closed="left")],
        "noise_std": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
        "redundancy": [StrOptions({"drop", "keep"})],
    }

    K: int | float | Literal["auto", "above_noise"] | CrossValidatedK = 50
    _: KW_ONLY
    supervised: bool = True
    scaling: Literal["auto", "feature", "root"] = "auto"
    hidden_layer_sizes: Sequence[int] | int = 32
    max_iter: int = 80
    batch_size: int = 256
    learning_rate_init: float = 0.003
    weight_decay: Literal["auto"] | float = "auto"
    noise_std: float = 1.0
    redundancy: Literal["drop", "keep"] = "drop"
    task: Task = "auto"
    loss: Loss = "auto"
    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None
    n_networks: int = 8
    n_shadows: int | Literal["auto"] = 0
    adjust_for: Sequence[str | int] | None = None
    n_jobs: int | None = None
    device: str = "auto"
    verbose: int = False
    random_state: int | np.random.RandomState | None = None
    scores_std_: Floats = field(init=False)
    p_values_: Floats = field(init=False)

    def _train(self, data, rng, device, progress):
        import torch

        from ..training.covariates import without_covariates
        from ..training.removals import scores_of
        from ..training.scaling import Clipping, Scaling
        from ..training.shadows import shadow_p_values, with_shadows

        layout, n_inputs = data.layout, data.X.shape[1]
        if layout.covariates.any():
            self._refuse_beyond_memory(data.X, "adjust_for", sparse_too=True)
        given = layout.of_inputs(layout.covariates | layout.kept)
        covariates = data.varying[given[data.varying]]
        if len(covariates) == len(data.varying):
            raise ValueError("'keep', 'exclude' and 'adjust_for' leave no feature that varies.")
        if len(covariates) and isinstance(data.X, np.ndarray):
            adjusted = without_covariates(data, covariates)
            if not adjusted.constant[np.setdiff1d(data.varying, covariates)].all():
                data = adjusted  # else the covariates explain all, and any order will do
        candidates = data.varying[~given[data.varying]]
        all_data, n_shadows = data, 0
        if self.n_shadows != 0:
            self._refuse_beyond_memory(data.X, "n_shadows")
            n_shadows = self._n_shadows(_n_units(data.parts, candidates))
            all_data = with_shadows(data, candidates, n_shadows, rng)
        X, columns = all_data.X, all_data.varying
        moments = Scaling(X, "feature", data.sample_weight, all_data.summary)
        scaling = Clipping(
            X,
            moments,
            data.sample_weight,
            all_data.constant,
            self._scaling_of(data) == "root",
            all_data.share,
            data.ranks,
        )
        if self._in_closed_form(data, len(columns)):
            training = self._eliminated(all_data, scaling, device, covariates)
        else:
            training = self._networks(all_data, scaling, rng, device, progress, covariates)

        def result(history=None):
            """Scores and their spread, of removals from the last to the first, and the costs."""
            scores, spread = scores_of(training.removals_from_last(), X.shape[1])
            spread = np.where(data.constant, 0.0, spread[:n_inputs])
            extras = {"scores_std_": layout.of_columns(spread)}
            if n_shadows:
                p_values = shadow_p_values(scores, n_inputs, all_data.parts)
                p_values = np.where(data.constant | given, 1.0, p_values)
                extras["p_values_"] = layout.least_of_columns(p_values)
            return FitResult(scores[:n_inputs], history, training.costs(n_inputs), extras=extras)

        progress.snapshot = result
        with torch.inference_mode(not callable(self.loss)):  # a tenth faster; yours may need grad
            history = training.run(progress)
            fitted = result(history)
        if self._is_above_noise() and not _n_above_noise(
            fitted.extras["p_values_"], layout.unit_of_column
        ):
            warn_user(
                "No features were selected: none is better than the shadows, which have no "
                f"relation to y, at a false discovery rate of {_RATE:g}. The smallest p-value is "
                f"{fitted.extras['p_values_'].min():.2g} for {_n_units(data.parts, candidates)} "
                "features. A larger 'n_shadows' lets fewer features stand out; K as a number "
                "selects any."
            )
        return fitted

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.adjust_for is None
        return tags

    def _refuse_beyond_memory(self, X, name, sparse_too=False):
        if isinstance(X, (RowTable, np.memmap)):
            raise ValueError(f"{name!r} needs X in memory. Pass an array: X[:] reads all rows.")
        if sparse_too and sparse.issparse(X):
            raise ValueError(f"{name!r} does not support sparse data. Pass X.toarray().")

    def _n_shadows(self, n_candidates):
        return max(_FEWEST_SHADOWS, n_candidates) if self.n_shadows == "auto" else self.n_shadows

    def _validate_params(self):
        super()._validate_params()
        if self._is_above_noise() and self.n_shadows == 0:
            raise ValueError(
                f"K={_ABOVE_NOISE!r} compares features with shadows, but n_shadows=0. Pass "
                "n_shadows='auto'."
            )

    def _is_above_noise(self):
        return isinstance(self.K, str) and self.K == _ABOVE_NOISE

    def _choice_of_K(self):
        return None if self._is_above_noise() else super()._choice_of_K()

    def _n_selected(self, warn):
        if not self._is_above_noise():
            return super()._n_selected(warn)
        if not hasattr(self, "p_values_"):
            raise NotFittedError(
                f"K={_ABOVE_NOISE!r} needs the p-values of a fit with shadows. Set n_shadows and "
                "call 'fit' again."
            )
        return int(self._above_noise().sum())

    def _above_noise(self):
        """Which units the shadows and `keep` select, in the order of their places, bool."""
        places = getattr(self, "_places", self.ranking_)
        units, first = np.unique(places, return_index=True)
        chosen = q_values_of(self.p_values_[first]) <= _RATE
        return (chosen | (units <= self._n_kept)) & (units <= self._n_units)

    def _get_support_mask(self):
        if not self._is_above_noise() or self.budget is not None:
            return super()._get_support_mask()
        check_is_fitted(self, "ranking_")
        self._n_selected(warn=False)  # refuses a fit without shadows
        places = getattr(self, "_places", self.ranking_)
        return np.isin(places, np.unique(places)[self._above_noise()])

    def _in_closed_form(self, data, n_all):
        n_rows, n_columns = data.n_rows, len(data.varying)

        def few(n_rows):
            return n_rows <= _FEW_ROWS and n_columns >= _WIDE * n_rows

        few_events = False  # which are what counts for survival, not the censored samples
        if data.target is not None and data.target.task == "survival" and n_rows <= _FEW:
            few_events = few(int(data.target.strata[data.rows].sum()))
        return (
            self.supervised
            and not callable(self.loss)
            and isinstance(data.X, np.ndarray)
            and n_rows * n_all <= _MOST_NUMBERS
            # Copies are only looked for where it matters: that reads all rows.
            and (few_events or few(n_rows) or few(_n_distinct(data, _FEW_ROWS + 1)))
        )

    def _eliminated(self, data, scaling, device, covariates):
        from ..training.covariates import adjusted
        from ..training.elimination import Elimination
        from ..training.regressions import as_outputs, of_all_ranks, samples
        from ..training.ridges import Ridges
        from ..utils.device import to_device

        columns = data.varying
        scaled = to_device(scaling.loaded(data.X, data.rows, columns), device)
        y = as_outputs(data.target, data.rows, data.sample_weight)
        z, y, weight = samples(*of_all_ranks(data.ranks, scaled, y, data.sample_weight, data.rows))
        if len(covariates):
            given = np.isin(columns, covariates)
            places = to_device(given, device)
            z, y = adjusted(z[~places], y, weight, z[places])
            columns = columns[~given]
        parts = data.parts
        share = (
            None if parts is None else to_device(parts.share[columns].astype(np.float32), device)
        )
        ridges = Ridges(z, y, weight, _PENALTIES[self.redundancy], share)
        return Elimination(ridges, columns, parts)

    def _networks(self, data, scaling, rng, device, progress, covariates):
        import torch

        from ..networks.shared_inputs import SharedInputNetworks
        from ..training.losses import SquaredErrorLoss, loss_of_constant, make_loss
        from ..training.objective import Objective, OfEach
        from ..training.optimizers import AdamW
        from ..training.pruning_loop import GradualPruning, PruningSchedule
        from ..training.regressions import Regressions
        from ..training.shrinking_batches import ShrinkingBatches

        X, weight, columns = data.X, data.sample_weight, data.varying
        n_samples, n_networks, ranks = data.n_rows, int(self.n_networks), data.ranks

        def width(n_inputs):
            return self._width(n_inputs, len(columns))

        n_hidden, decay = width(len(columns)), self._decay(data.target)
        check_memory(
            16 * len(columns) * n_networks * n_hidden,
            settings_in_words(self, "n_networks", "hidden_layer_sizes"),
        )
        target = data.target
        loss: Any
        if target is None:
            values = self._components(data, scaling, rng)
            loss, n_outputs = SquaredErrorLoss(), values.shape[1]
        else:
            loss = make_loss(self.loss, target, weight, data.rows)
            if callable(self.loss):
                loss = OfEach(loss)
            values, n_outputs = target.values, target.n_outputs
        objective = Objective(loss, values, weight, device)
        generator = torch.Generator(device).manual_seed(int(rng.integers(2**63)))
        noise_generator = None
        if ranks.size > 1 and self.noise_std:  # each rank's own; all else is drawn by all alike
            noise_generator = ranks.every_epoch(rng, device)
        networks = SharedInputNetworks(
            len(columns), n_networks, n_hidden, n_outputs, generator, noise_generator
        )
        batches = ShrinkingBatches(
            X, scaling, columns, int(self.batch_size), rng, device, weight, ranks
        )
        noise_std = (torch.arange(n_networks, dtype=torch.float32, device=device) + 0.5) * (
            2 / n_networks
        )
        noise_std *= self.noise_std * min(1.0, (_FEW / n_samples) ** (1 / 3))
        n_steps = round(_STEPS * min(5.0, max(1.0, (n_samples / _FEW) ** 0.5)))
        regressions = None
        if self.supervised and not callable(self.loss):
            drop = self.redundancy == "drop"
            penalties = [10 * penalty for penalty in _PENALTIES[self.redundancy]]
            regressions = Regressions(
                data.target, data.rows, weight, penalties, drop, rng, data.parts, ranks
            )
        return GradualPruning(
            networks,
            batches,
            columns,
            objective,
            PruningSchedule(),
            width=width,
            noise_std=noise_std[:, None, None] if self.noise_std else None,
            optimizer=AdamW(self.learning_rate_init, decay, progress.n * n_steps),
            memory=_MEMORY,
            n_steps=n_steps,
            loss_of_constant=loss_of_constant(self.loss, data.target, weight, data.rows, ranks),
            regressions=regressions,
            covariates=covariates,
            parts=data.parts,
            ranks=ranks,
        )

    def _width(self, n_inputs, n_at_first):
        """Hidden neurons of a network: all of them once a quarter of the features is left."""
        share = 4 if 2 * n_inputs > n_at_first else 2 if 4 * n_inputs > n_at_first else 1
        most = _MOST_WEIGHTS // (n_inputs * int(self.n_networks))
        # For the noise there is a matrix of hidden by hidden neurons.
        most = min(most, isqrt(_MOST_NOISE // int(self.n_networks)))
        return max(1, min(self._hidden_sizes()[0] // share, most))

    def _decay(self, target):
        if self.weight_decay != "auto":
            return self.weight_decay
        return 0.5 if target is not None and target.task in ("regression", "survival") else 2.0

    def _components(self, data, scaling, rng):
        """Scores of principal components: what networks without labels learn."""
        from ..training.objective import principal_components

        n_components = min(32, _n_distinct(data, 96) // 3, len(data.varying))
        return principal_components(
            data.X,
            scaling,
            data.varying,
            data.rows,
            max(1, n_components),
            rng,
            data.sample_weight,
            data.ranks,
        )


def _n_distinct(data, most: int) -> int:
    """Number of distinct rows, up to `most`: copies of a row are no further samples.

    Copies on two ranks count twice.
    """
    return min(most, data.ranks.sum(_n_distinct_here(data.X, data.rows, most)))


def _n_distinct_here(X, rows, most):
    if len(rows) >= most:
        return most
    some = X[rows]
    if sparse.issparse(some):
        return len({(row.indices.tobytes(), row.data.tobytes()) for row in some})
    return len({np.ascontiguousarray(row).tobytes() for row in some})


def _n_units(parts, inputs) -> int:
    """Number of features that the inputs are of."""
    return len(inputs if parts is None else np.unique(parts.unit_of[inputs]))


def _n_above_noise(p_values, units) -> int:
    """Number of features, or groups of them, that are better than shadows."""
    of_units = p_values[np.unique(units, return_index=True)[1]]
    return int((q_values_of(of_units) <= _RATE).sum())
