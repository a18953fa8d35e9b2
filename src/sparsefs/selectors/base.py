# SPDX-License-Identifier: BSD-3-Clause
"""The scikit-learn side of every selector, and the result that a training returns."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from ..data import RowTable
from ..data.encoding import Encoding, as_numbers
from ..data.inputs import (
    TrainingData,
    check_finite,
    check_length,
    checked_weight,
    refuse_beyond,
    validated_table,
)
from ..data.kinds import is_missing, name_columns
from ..data.layout import Layout
from ..data.summary import Summary
from ..data.target import TASKS, Target
from ..distributed import ALONE, Ranks
from ..evaluation.choice import CrossValidatedK
from ..evaluation.groups import checked_groups
from ..training.progress import Progress, now
from ..utils.arithmetic import default_errors
from ..utils.checks import check_size, check_sizes
from ..utils.estimators import BaseEstimator, CallbackSupportMixin, with_callbacks
from ..utils.random import seed_of
from ..utils.text import counted
from ..utils.warning import warn_user
from .columns import ColumnSelector
from .declared import Declared
from .stopping_parameters import StoppingParameters
from .table_parameters import TableParameters

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from ..utils.costs import Costs
    from ..utils.typing import Bools, Data, Names
    from .network import FittedNetwork

FLOAT32_MAX = float(np.finfo(np.float32).max)  # training is in float32


@dataclass(frozen=True)
class FitResult:
    """What a training returns; :meth:`BaseSelector.fit` makes fitted attributes of it.

    Attributes
    ----------
    scores : ndarray of shape (n_inputs,)
        Higher is better. Those of constant inputs do not count. A column, or a group of columns,
        has the sum of the scores of its inputs.
    history : dict of str to ndarray of shape (n_epochs,), or None
        None in the middle of a training.
    costs : dict of str to dict, or None
    network : FittedNetwork or None
    extras : dict of str to object
        Further fitted attributes, by their names.
    """

    scores: np.ndarray
    history: dict[str, np.ndarray] | None = None
    costs: Costs | None = None
    network: FittedNetwork | None = None
    extras: dict[str, Any] = field(default_factory=dict)

    def attributes(self, data: TrainingData) -> dict[str, Any]:
        """Return the fitted attributes by their names.

        Ties go to the lower index, constant features come last.

        Raises
        ------
        FloatingPointError
            If a score is infinite or NaN.
        """
        if not np.isfinite(self.scores).all():
            raise FloatingPointError("The scores became infinite or NaN in the last epoch.")
        assert data.layout is not None
        scores = np.asarray(self.scores, dtype=np.float64)
        fitted = {**data.layout.ranked(scores, data.constant), **self.extras}
        if self.history is not None:
            fitted |= {"history_": self.history, "n_iter_": len(self.history["loss"])}
        if self.costs is not None:
            fitted["costs_"] = self.costs
        if self.network is not None:
            fitted["network_"] = self.network
        return fitted


class _Choice(HasMethods):
    """Constraint: a CrossValidatedK, called as users import it."""

    def is_satisfied_by(self, val):
        return isinstance(val, CrossValidatedK)

    def __str__(self):
        return "a sparsefs.CrossValidatedK"


class BaseSelector(
    StoppingParameters,
    TableParameters,
    Declared,
    ColumnSelector,
    CallbackSupportMixin,
    BaseEstimator,
    ABC,
):
    """Base of all selectors: X, y, weights, the choice of K, transform, fitted attributes.

    A method implements :meth:`_train` and declares its parameters as fields of a dataclass (or in
    ``__init__``) and in ``_parameter_constraints``; those below must be among them. After
    :meth:`fit`, everything on the selector is numpy or plain Python.

    Parameters
    ----------
    K, max_iter, batch_size, hidden_layer_sizes, learning_rate_init, scaling, n_jobs, device, \
verbose, random_state
        See a method, for example :class:`sparsefs.WASTSelector`.
    task, loss, class_weight
        Of methods that learn y, see :class:`sparsefs.NeuronAttributionSelector`.
    """

    _one_hidden_layer: ClassVar[bool] = False
    _nested_ranking: ClassVar[bool] = True  # whether one ranking serves every K
    _resumable: ClassVar[bool] = False  # whether its parts say what a checkpoint must keep
    _distributed: ClassVar[bool] = False  # whether processes can fit together
    # Parameters that they must leave at these values.
    _not_distributed: ClassVar[dict] = {}
    _own_parts: ClassVar[tuple[str, ...]] = ("loss",)  # parameters that may be the user's objects
    # What scaling="auto" is where features share a unit, without and with labels.
    _unit_scaling: ClassVar[tuple[str, str]] = ("global", "global")
    _score_label: ClassVar[Any] = "score"  # what `scores_` are, for the axis of a picture

    _parameter_constraints: ClassVar[dict] = {
        **TableParameters._parameter_constraints,
        **StoppingParameters._parameter_constraints,
        "K": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="right"),
            StrOptions({"auto"}),
            _Choice("_choose"),
        ],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, FLOAT32_MAX, closed="neither")],
        "n_jobs": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Integral, None, -1, closed="right"),
            None,
        ],
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }
    # The further parameters of methods that learn y.
    _supervised_constraints: ClassVar[dict] = {
        "task": [StrOptions(set(TASKS))],
        "loss": [
            StrOptions({"auto", "cross_entropy", "binary_cross_entropy", "squared_error", "cox"}),
            callable,
        ],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    __metadata_request__fit: ClassVar[dict] = {"process_group": UNUSED}

    @with_callbacks
    def fit(
        self,
        X: Data,
        y: Data | None = None,
        sample_weight: Data | None = None,
        groups: Data | None = None,
        process_group: Any = "auto",
    ) -> Self:
        """Train the network and rank the features.

        Parameters
        ----------
        X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)
            Training data: ndarray, memmap, DataFrame, any scipy sparse format, or files on disk
            opened by :func:`sparsefs.open_shards`. float32 and float64 are taken as they are;
            integers of up to 16 bits and booleans are converted to float32, other types to
            float64. Sparse data stay sparse; a batch at a time is made dense. Memmaps and
            shards larger than 128 MiB are read in chunks.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target of supervised methods: classes of any type, numbers, several numbers, several
            labels (zeros and ones), or events and times of a survival study (a structured array,
            or two columns with ``task="survival"``). Ignored by unsupervised methods.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights. Samples of weight 0 are left out.
        groups : array-like of shape (n_samples,) or None, default=None
            Labels of samples that belong together, such as those of one patient. The folds that
            choose K keep groups whole; where K is a number, they are not used.
        process_group : "auto", None or torch.distributed.ProcessGroup, default="auto"
            Processes that fit together: each passes its own rows, and all get the same result.
            ``"auto"`` is torch's default process group if one is initialised. None fits the rows
            of this process alone. See :ref:`several-machines`.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        ValueError
            If a parameter or the data are unusable; the message names the parameter or the
            column.
        FloatingPointError
            If the loss stops being finite.
        RuntimeError
            If another process of the group fails or is lost; the message names it.
        """
        started = now()
        with Ranks.of(process_group) as ranks, default_errors(), earlier_fit_kept(self):
            self._validate_params()
            if ranks.size > 1:
                self._agree(ranks, sample_weight)
            with self._opened_checkpoint(ranks) as checkpoint:
                fitted, progress = self._fitted(
                    X, y, sample_weight, groups, ranks, checkpoint, started
                )
        progress.ended(fitted)
        return self

    def _fitted(self, X, y, sample_weight, groups, ranks, checkpoint, started):
        """Fit, and return the fitted attributes and the progress."""
        from ..utils.device import default_settings, resolve_device

        seed = seed_of(self.random_state)
        if checkpoint is not None:
            seed = checkpoint.seed(seed, isinstance(self.random_state, Integral))
        seed = ranks.broadcast(seed)
        data = self._training_data(X, y, sample_weight, seed, ranks)
        groups, device = checked_groups(groups, data.table), resolve_device(self.device)
        if checkpoint is not None:
            checkpoint.begin(self, data, groups, device)
        folder = None if checkpoint is None else checkpoint.folder
        common = self._common_attributes(data, seed, groups, folder)

        def attributes(result: FitResult) -> dict[str, Any]:
            return common | result.attributes(data)

        rng, n = np.random.default_rng(seed), int(self.max_iter)
        with (
            default_settings(),
            Progress(self, n, data, attributes, started, checkpoint, rng) as progress,
        ):
            fitted = attributes(self._train(data, rng, device, progress))
        fitted["stopped_by_"] = progress.stopped_by
        ranks.same("scores", fitted["scores_"])
        take_fit(self, fitted)
        if checkpoint is not None and progress.stopped_by is None:
            with suppress(OSError):  # what stays leads to the same result
                checkpoint.clear()
        return fitted, progress

    def _opened_checkpoint(self, ranks):
        """The folder `checkpoint`, or a context of None."""
        if self.checkpoint is None:
            return nullcontext()
        from ..training.checkpoint import Checkpoint

        return Checkpoint(self.checkpoint, ranks)

    @abstractmethod
    def _train(
        self, data: TrainingData, rng: np.random.Generator, device: str, progress: Progress
    ) -> FitResult:
        """Train on `data`, epoch by epoch of `progress`, and return the result."""

    def _agree(self, ranks, sample_weight):
        """Refuse parameters that differ, and what processes cannot fit together."""
        own = {"random_state", "verbose", "n_jobs", "device"}  # each rank may have others
        plain = (int, float, str, bool, type(None), tuple, list, dict)
        params = {
            f"the_parameter_{name!r}": value if isinstance(value, plain) else type(value).__name__
            for name, value in sorted(self.get_params(deep=False).items())
            if name not in own
        }
        # Before any refusal: a rank that leaves while others still connect looks lost to them.
        ranks.agree(the_class=type(self).__name__)
        ranks.agree(**params, whether_there_are_sample_weights=sample_weight is not None)
        if not self._distributed:
            raise ValueError(
                f"{type(self).__name__} does not support process groups. Use "
                "GradualPruningSelector, WASTSelector, QuickSelectionSelector or "
                "NeuronAttributionSelector, or pass process_group=None to fit this process alone."
            )
        if not isinstance(self.K, Real):
            raise ValueError(
                f"K={self.K!r} is not supported with process groups. Pass a number: after the fit "
                "set_params(K=...) changes it."
            )
        self._refuse_unless(self._not_distributed, "with process groups")

    def _refuse_unless(self, values, where):
        """Refuse parameters that do not have these values, for what is done `where`."""
        for name, value in values.items():
            if getattr(self, name) != value:
                raise ValueError(f"{name!r} is not supported {where}: it must be {value!r}.")

    def _training_data(self, X, y, sample_weight, seed, ranks=ALONE) -> TrainingData:
        """Check what was passed to `fit`, and make inputs of the columns."""
        table = validated_table(self, X)
        if y is not None:
            check_length(table, y)
        names = getattr(self, "feature_names_in_", None)
        ranks.agree(
            the_number_of_columns=table.shape[1],
            the_names_of_the_columns=None if names is None else names.tolist(),
            the_type_of_X=(sparse.issparse(table), str(getattr(table, "dtype", "table"))),
        )
        weight = checked_weight(sample_weight, table, ranks)
        if ranks.size == 1:
            target, weight = self._target_and_weight(y, weight)
        else:
            target, weight = self._joint_target(y, weight, ranks)
        layout, summary = Layout.of(self, names, table.shape[1]), None
        X, is_array = table, isinstance(table, np.ndarray) and table.dtype.kind == "f"
        if is_array or sparse.issparse(table) or isinstance(table, (RowTable, np.memmap)):
            summary = Summary.of(table, weight)
            gaps = self.missing == "auto" and bool(np.isnan(summary.low[~layout.excluded]).any())
            wanted = is_array and bool(gaps or layout.excluded.any())
        else:
            wanted = gaps = True
        if wanted and gaps and ranks.size > 1:
            raise ValueError(
                "Missing values, texts, categories and dates are not supported with process "
                "groups. Impute and encode the columns first."
            )
        if wanted:
            rows = np.arange(len(table)) if weight is None else np.flatnonzero(weight)
            encoding, X = Encoding.of(table, names, target, rows, seed, layout.excluded)
            summary = None
            if self.missing == "error" and len(encoding.incomplete):
                raise ValueError(
                    f"Input X has missing values in {name_columns(encoding.incomplete, names)}. "
                    "Impute them, or pass missing='auto'."
                )
            if encoding.telling:
                where = name_columns(np.array(encoding.telling), names)
                warn_user(
                    f"The class of every row follows from {where}. If it was made from y, pass it "
                    "in 'exclude'."
                )
            layout = layout.encoded(None if encoding.is_trivial else encoding)
        return TrainingData.of(
            X, y, target, weight, names, summary=summary, layout=layout, table=table, ranks=ranks
        )

    def _common_attributes(self, data: TrainingData, seed: int, groups, folder) -> dict[str, Any]:
        """Fitted attributes that do not depend on the training; K is chosen here."""
        choice, common = self._choice_of_K(), {"_K_fitted": self.K}
        common["scaling_"] = self._scaling_of(data)
        layout = data.layout
        assert layout is not None
        if common["scaling_"] == "none":
            why = "which scaling='none' leaves too large for single precision"
            names = getattr(self, "feature_names_in_", None) if layout.encoding is None else None
            refuse_beyond(FLOAT32_MAX, why, data.summary, names)
        common["_target"] = data.target and replace(data.target, values=data.target.values[:0])
        common["_encoding"] = layout.encoding
        if layout.encoding is None:  # what stands for missing values of other rows
            common["_means"] = data.summary.mean * data.summary.unit
        counts = layout.ranked(np.zeros(data.X.shape[1]), data.constant)
        n_units = counts["_n_units"]
        if choice is None:  # a number, or left to the training
            known = isinstance(self.K, Real) and self.budget is None
            n_selected = number_of_features(self.K, n_units, True) if known else 0
            if known and n_selected < min(counts["_n_kept"], n_units):
                raise ValueError(
                    f"K={self.K!r} is less than the {counts['_n_kept']} that 'keep' has. K counts "
                    "them, too: raise it."
                )
        else:
            from ..evaluation.path import k_path

            common["path_"] = k_path(self, choice, data, seed, groups, folder)
            choice._warn_of_nothing(common["path_"])
            choice._warn_of_end(common["path_"], n_units)
            n_selected = choice._choose(common["path_"])
        if self.budget is not None:
            self._places_within_budget(counts)
        self._warn_of_constants(n_selected, counts["_n_constant"], n_units)
        return common

    def _least_K(self) -> int:
        """Return a K of copies whose ranking is all that is wanted: `keep` is within it."""
        return max(1, len(self.keep or ()))

    # y

    def _learns_y(self) -> bool:
        """Whether the networks learn y."""
        return hasattr(self, "task") and bool(getattr(self, "supervised", True))

    def _target_and_weight(self, y, sample_weight) -> tuple[Target | None, np.ndarray | None]:
        """The target to learn, and sample weights times class weights."""
        return self._joint_target(y, sample_weight, ALONE)

    def _joint_target(self, y, sample_weight, ranks) -> tuple[Target | None, np.ndarray | None]:
        """The same where several processes have rows each."""
        if not self._learns_y():
            return None, sample_weight
        from ..training.losses import learns_logarithm, task_for

        task, as_means = task_for(self.loss, self.task), learns_logarithm(self.loss)
        target = Target.of(y, task, sample_weight, ranks)
        if ranks.size > 1 and target.task == "survival":
            raise ValueError("Survival is not supported with process groups.")
        if self.class_weight is not None:
            weight = target.weights(self.class_weight, sample_weight, ranks)
            # Without the classes of weight 0.
            target, sample_weight = Target.of(y, target.task, weight, ranks), weight
        return (target.as_means() if as_means else target), sample_weight

    def _settings_of_parts(self, target: Target | None) -> dict[str, Any]:
        """Parameters of copies that are fitted to a part of the data: what all of y has decided."""
        # A part of y may look like another task, and may lack a class.
        return {} if target is None else {"task": target.task, "class_weight": None}

    def _loss(self, data: TrainingData):
        """The loss to train with, checked on a few rows."""
        from ..training.losses import make_loss

        assert data.target is not None
        return make_loss(self.loss, data.target, data.sample_weight, data.rows)

    # X

    def _scaling_of(self, data: TrainingData) -> str:
        """How the features are scaled: `scaling`, or what "auto" means for the data."""
        if self.scaling != "auto":
            return self.scaling
        return self._auto_scaling(data.shared_unit)

    def _auto_scaling(self, shared_unit: bool) -> str:
        return self._unit_scaling[self._learns_y()] if shared_unit else "feature"

    def _inputs_of(self, X, selected: bool = False):
        """Return other rows as the network sees them, refused where `fit` would refuse them.

        Of `selected` inputs only, which are then the output: without missing values.
        """
        X = validated_table(self, X, reset=False)
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        encoding = getattr(self, "_encoding", None)
        if encoding is None:
            X, column_of = as_numbers(X, names), np.arange(len(names))
            if selected and self.missing == "auto":
                X = np.where(np.isnan(X), self._means, X).astype(X.dtype)
        else:
            X, column_of = X.toarray() if sparse.issparse(X) else X, encoding.column_of
            X = encoding.inputs(X, self.missing == "error")
        if selected:
            inputs = np.flatnonzero(self.get_support()[column_of])
            X, column_of = X[:, inputs], column_of[inputs]
        check_finite(X, Summary.of(X), names[column_of])
        return X

    def transform(self, X: Data) -> Any:
        """Reduce X to the selected features, or to their inputs with ``output="encoded"``.

        Parameters
        ----------
        X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)
            Columns that are not selected may contain anything, with ``output="original"``. With
            ``output="encoded"``, missing values are replaced as in the fit, or with the mean if
            the column had none there.

        Returns
        -------
        ndarray or sparse matrix of shape (n_samples, n_selected_features)
            In the type of X, with its missing values and texts. Only the selected columns of a
            RowTable are read, so that the result is all that is held in memory.

        Raises
        ------
        ValueError
            If a selected column contains infinite values, or what the fit refuses.
        """
        if self._output_encoding() is None and (self.output == "original" or _is_lean(X)):
            return super().transform(X)
        return self._inputs_of(X, selected=True)

    def _check_selected(self, X, names):
        if X.dtype.kind == "O":
            with suppress(TypeError, ValueError):
                X = X.astype(np.float64)
        if X.dtype.kind != "O":
            super()._check_selected(X, names)
        elif self.missing == "error":
            missing = np.array([[is_missing(value) for value in row] for row in X], dtype=bool)
            if missing.any():
                where = name_columns(np.flatnonzero(missing.any(axis=0)), names)
                raise ValueError(f"Input X has missing values in {where}.")

    def inverse_transform(self, X: Data) -> Any:
        """Return X with zeros in the columns that are not selected.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_selected_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If the output is encoded: columns do not follow from their inputs.
        """
        if self._output_encoding() is not None:
            raise ValueError("With output='encoded', transform has no inverse.")
        return super().inverse_transform(X)

    def get_feature_names_out(self, input_features: Names | None = None) -> NDArray[Any]:
        """Return the names of the selected features, or of their inputs if these are the output.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns, where X had none.

        Returns
        -------
        ndarray of str objects
        """
        encoding = self._output_encoding()
        if encoding is None:
            return super().get_feature_names_out(input_features)
        names = _check_feature_names_in(self, input_features)
        return encoding.names(names)[self.get_support()[encoding.column_of]]

    def _output_encoding(self):
        """The encoding that makes the output; None where the output is the columns."""
        check_is_fitted(self, "ranking_")
        return getattr(self, "_encoding", None) if self.output == "encoded" else None

    # Parameters

    def _validate_params(self):
        refuse_classes(self, "K", *(name for name in self._own_parts if hasattr(self, name)))
        super()._validate_params()
        refuse_booleans(self)
        check_sizes(self)
        self._hidden_sizes()
        if self.checkpoint is not None and not self._resumable:
            raise ValueError(f"{type(self).__name__} does not support 'checkpoint'. Pass None.")
        choice = self._choice_of_K()
        if choice is not None:
            choice._validate_params()

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = [sizes] if np.ndim(sizes) == 0 else list(sizes)
        too_many = self._one_hidden_layer and len(sizes) > 1
        if not sizes or too_many or any(not isinstance(n, Integral) or n < 1 for n in sizes):
            raise ValueError(
                f"The 'hidden_layer_sizes' parameter of {type(self).__name__} must be a positive "
                f"int or a sequence of {'one' if self._one_hidden_layer else 'them'}. Got "
                f"{self.hidden_layer_sizes!r}."
            )
        check_size("hidden_layer_sizes", max(sizes), 2**31 - 1)
        return [int(n) for n in sizes]

    def _choice_of_K(self) -> CrossValidatedK | None:
        """How K is chosen; None where it is given."""
        if isinstance(self.K, Real):
            return None
        if not self._nested_ranking:
            raise ValueError(
                f"{type(self).__name__} trains towards K, so one ranking does not serve every K: "
                f"K={self.K!r} is not possible. Choose K with sklearn.model_selection.GridSearchCV "
                "over a pipeline of the selector and an estimator."
            )
        return CrossValidatedK() if isinstance(self.K, str) else self.K

    def _n_selected(self, warn: bool) -> int:
        choice = self._choice_of_K()
        if choice is not None:
            if not hasattr(self, "path_"):
                raise NotFittedError(
                    f"K={self.K!r} needs the scores of a path, and this {type(self).__name__} was "
                    "fitted with a given K. Call 'fit' again."
                )
            return max(self._n_kept, choice._choose(self.path_))
        return max(self._n_kept, number_of_features(self.K, self._n_units, warn))

    def _get_support_mask(self):
        check_is_fitted(self, "ranking_")
        places = getattr(self, "_places", self.ranking_)
        if self.budget is not None:
            return np.isin(places, self._places_within_budget(vars(self)))
        check_K(self)
        changed = self.K != self._K_fitted
        n_selected = self._n_selected(warn=changed)
        if changed:
            self._warn_of_constants(n_selected, self._n_constant, self._n_units)
        return places <= n_selected

    def _places_within_budget(self, fitted):
        """Ranks of the units that the budget pays for, in their order; one at least."""
        validate_parameter_constraints(
            {"budget": self._parameter_constraints["budget"]},
            {"budget": self.budget},
            type(self).__name__,
        )
        budget = float(self.budget or 0.0)
        costs, n_kept = fitted.get("_costs", np.ones(fitted["_n_units"])), fitted["_n_kept"]
        taken, left = [], budget * (1 + 1e-9)  # sums of decimal fractions are rounded
        if (needed := costs[:n_kept].sum()) > left:
            raise ValueError(
                f"budget={budget:g} is too small: the features of 'keep' cost {needed:g}."
            )
        if costs.min() > left:
            raise ValueError(
                f"budget={budget:g} is too small: every feature costs {costs.min():g} or more."
            )
        for place, cost in enumerate(costs, start=1):
            if place <= n_kept or cost <= left:
                taken.append(place)
                left -= cost
        return taken

    def _warn_of_constants(self, n_selected: int, n_constant: int, n_units: int) -> None:
        n_varying = n_units - n_constant
        if n_selected > n_varying:
            warn_user(
                f"K={self.K!r} selects {counted(n_selected - n_varying, 'constant feature')}: only "
                f"{n_varying} of {n_units} vary. Lower K."
            )

    @property
    def support_(self) -> Bools:
        """Mask of the selected features, ndarray of shape (n_features,), bool."""
        return self._get_support_mask()

    @property
    def K_(self) -> int:
        """Number of selected features, int; chosen by cross-validation with ``K="auto"``."""
        return int(self._get_support_mask().sum())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.missing == "auto"
        # Categories always go in, but a check of scikit-learn 1.6 fails where only they do.
        tags.input_tags.categorical = tags.input_tags.allow_nan
        tags.target_tags.required = tags.target_tags.multi_output = bool(self._learns_y())
        return tags


def _is_lean(X) -> bool:
    """Whether X is sparse or on disk: missing values are refused, and only some columns read."""
    return sparse.issparse(X) or isinstance(X, (RowTable, np.memmap))


def check_K(selector):
    """Refuse an unusable K, which may have been set after the fit."""
    refuse_classes(selector, "K")
    constraints = {"K": selector._parameter_constraints["K"]}
    validate_parameter_constraints(constraints, {"K": selector.K}, type(selector).__name__)
    refuse_booleans(selector, constraints)


def refuse_booleans(estimator, constraints=None):
    """Refuse True and False for numbers: Python takes them for 1 and 0."""
    for name, accepted in (constraints or estimator._parameter_constraints).items():
        value = getattr(estimator, name)
        is_number = any(isinstance(c, Interval) for c in accepted)
        if is_number and isinstance(value, (bool, np.bool_)):
            raise ValueError(
                f"The {name!r} parameter of {type(estimator).__name__} must be a number. Got "
                f"{value!r} instead."
            )


def refuse_classes(selector, *names):
    """Raise ValueError where a parameter is a class and should be one of its objects."""
    for name in names:
        value = getattr(selector, name)
        if inspect.isclass(value):
            raise ValueError(
                f"The {name!r} parameter of {type(selector).__name__} is the class "
                f"{value.__name__}: pass an object of it, {value.__name__}(...)."
            )


def number_of_features(K, n_features: int, warn: bool) -> int:
    """Return how many features a K selects: a number, or a share of all.

    Warns
    -----
    UserWarning
        If K is greater than the number of features and `warn` is true.
    """
    if not isinstance(K, Integral):
        return max(1, round(float(K) * n_features))
    if warn and int(K) > n_features:
        warn_user(f"K={K} is greater than n_features={n_features}. All the features are kept.")
    return min(int(K), n_features)


def take_fit(selector, fitted: dict[str, Any]) -> None:
    """Set the fitted attributes, the only place that does; those of an earlier fit go."""
    kept = {n: v for n, v in vars(selector).items() if n[-1:] != "_" or n.endswith("_in_")}
    # All at once, as an interrupt may come between two assignments.
    selector.__dict__ = kept | fitted


@contextmanager
def earlier_fit_kept(selector):
    """Undo what a fit writes to the selector, if it fails."""
    before = dict(vars(selector))
    try:
        yield
    except BaseException:
        selector.__dict__ = before
        raise
