# SPDX-License-Identifier: BSD-3-Clause
"""Base of selectors that fit clones of an estimator and read the features' scores from them."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing, get_tags, indexable
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    validate_parameter_constraints,
)
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.validation import (
    _check_method_params,
    check_is_fitted,
    has_fit_parameter,
    validate_data,
)

from ..data import RowTable
from ..data.cells import is_frame, is_plain
from ..data.inputs import (
    check_finite,
    check_length,
    check_table,
    errors_about_X,
    table_on_disk,
)
from ..data.kinds import on_host, refuse_masked, refuse_other_kinds
from ..data.layout import Layout, with_kinds
from ..data.summary import Summary
from ..data.table import rows_of
from ..evaluation.groups import checked_groups, warn_of_lost_groups
from ..selectors.base import BaseSelector, earlier_fit_kept, refuse_booleans, take_fit
from ..selectors.columns import ColumnSelector
from ..training.callbacks import InnerFits, Report
from ..utils.checks import MOST_FITS, check_size
from ..utils.estimators import (
    BaseEstimator,
    CallbackSupportMixin,
    MetaEstimatorMixin,
    with_callbacks,
)
from ..utils.parallel import calls, parallel, results
from ..utils.random import generators, seed_of, seeded

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..utils.typing import Bools, Data, Floats, Getter, RandomState


class MetaSelector(ColumnSelector, CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator, ABC):
    """Base of selectors around any estimator that scores features.

    A method implements :meth:`_fit` and has the parameters `estimator`, `importance_getter`,
    `n_jobs`, `verbose` and `random_state`.
    """

    estimator: Any
    importance_getter: Getter
    n_jobs: int | None
    verbose: bool
    random_state: RandomState

    selection_frequencies_: Floats
    _kept: Bools
    _excluded: Bools
    level: float  # of methods that have one

    # Parameters of an estimator of this library that would have no effect on the selection.
    _unused: ClassVar[tuple[str, ...]] = ("budget", "feature_costs")
    _counts: ClassVar[str]  # the parameter that says how many fits, or pairs of them
    _min_samples: ClassVar[int] = 1

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "get_params", "set_params"])],
        "importance_getter": [str, callable],
        "n_jobs": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Integral, None, -1, closed="right"),
            None,
        ],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    @with_callbacks
    def fit(
        self, X: Data, y: Data | None = None, *, groups: Data | None = None, **fit_params: Any
    ) -> Self:
        """Fit clones of the estimator and select features by what they say of them.

        Parameters
        ----------
        X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)
            Training data. Sparse data stay sparse; a DataFrame reaches the estimator as one.
            Selectors of this library read their part of a table on disk in pieces, other
            estimators read it into memory. :class:`KnockoffSelector` needs all of X in memory.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target, as the estimator takes it.
        groups : array-like of shape (n_samples,) or None, default=None
            Labels of samples that belong together, such as those of one patient. Halves of the
            samples keep groups whole. Passed to the estimator's ``fit`` if it takes groups.
        **fit_params : dict
            Passed to the estimator's ``fit``. Parameters with an entry per sample, such as
            ``sample_weight``, are cut to the samples of a fit. With metadata routing enabled, the
            estimator receives what it requests.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        TypeError
            If X cannot be used.
        ValueError
            If a parameter or the data are unusable; the message names the parameter.
        """
        self._validate_params()
        refuse_booleans(self)
        clone(self.estimator)  # refuses a class
        for name in self._unused:
            if getattr(self.estimator, name, None) is not None:
                raise ValueError(
                    f"{type(self).__name__} does not use {name!r} of its estimator. Set it to None."
                )
        check_size(self._counts, getattr(self, self._counts), MOST_FITS)
        X, y = on_host(X), on_host(y)
        with earlier_fit_kept(self):
            X = self._validate_X(X)
            self._check_y(X, y)
            for name, values in fit_params.items():
                refuse_masked(values, name)
            (y,) = indexable(y)
            numbers = checked_groups(groups, X)
            if groups is not None:
                if _routing_enabled() or has_fit_parameter(self.estimator, "groups"):
                    fit_params["groups"] = groups
                else:
                    warn_of_lost_groups(self.estimator)
            if _routing_enabled():
                fit_params = process_routing(self, "fit", **fit_params).estimator.fit
            inner = InnerFits(self, X, y, fit_params, self._n_inner_fits())
            names = getattr(self, "feature_names_in_", None)
            ours = self.estimator if isinstance(self.estimator, BaseSelector) else None
            layout = Layout.of(ours, names, self.n_features_in_)
            if ours is not None:
                X = with_kinds(X, ours)
            fitted = self._fit(X, y, dict(fit_params), numbers, inner.reports)
            fitted |= {"_kept": layout.kept, "_excluded": layout.excluded}
        take_fit(self, fitted)
        inner.ended(fitted)
        return self

    @abstractmethod
    def _fit(
        self, X, y, fit_params: dict[str, Any], groups, reports: list[Report]
    ) -> dict[str, Any]:
        """Return the fitted attributes; every fit of a clone has one of the reports."""

    def _get_support_mask(self) -> Bools:
        """Return the mask of the selected features, with those that the estimator keeps."""
        check_is_fitted(self)
        return (self._chosen() | self._kept) & ~self._excluded

    @abstractmethod
    def _chosen(self) -> Bools:
        """Return the mask of the features that the fits select."""

    @abstractmethod
    def _n_inner_fits(self) -> int:
        """Return how many clones are fitted."""

    def _in_parallel(self, function, n: int, reports, *args):
        """Call ``function(rng, its_reports, *args)`` for `n` generators.

        The first generators are the same for every `n`.
        """
        rngs, each = generators(seed_of(self.random_state), n), len(reports) // n
        own = ((rng, reports[i * each : (i + 1) * each]) for i, rng in enumerate(rngs))
        with warnings.catch_warnings():  # jobs in threads would leave the filters changed
            done = results(parallel(self.n_jobs)(calls(function, own, *args)))
            if self.verbose:
                from tqdm.auto import tqdm

                unit = self._counts.removeprefix("n_").removesuffix("s")
                done = tqdm(done, total=n, desc=type(self).__name__, unit=unit)
            return list(done)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata: from `fit` to the estimator's `fit`.

        Returns
        -------
        MetadataRouter
        """
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        return router.add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    @property
    def support_(self) -> Bools:
        """Mask of the selected features, ndarray of shape (n_features,), bool."""
        return self._get_support_mask()

    def _checked_level(self) -> float:
        """The level, which may have been set after the fit."""
        constraints = {"level": self._parameter_constraints["level"]}
        validate_parameter_constraints(constraints, {"level": self.level}, type(self).__name__)
        refuse_booleans(self, constraints)
        return self.level

    def _validate_X(self, X):
        table_on_disk(X)  # a path is refused
        if isinstance(X, RowTable):
            check_table(self, X, reset=True)
            return X
        frame = is_frame(X)
        if not is_plain(X) and self._takes_tables():
            validate_data(self, X, skip_check_array=True)
            return X
        if not self._composed():  # a part of it may encode dates
            refuse_other_kinds(X, "X")
        with errors_about_X(X):
            matrix = validate_data(
                self,
                X,
                accept_sparse="csr",
                ensure_all_finite=False,  # below, if the estimator needs it
                ensure_min_samples=self._min_samples,
                skip_check_array=frame and self._composed(),
            )
        takes_nan = self._composed() or self.__sklearn_tags__().input_tags.allow_nan
        if not takes_nan and matrix.dtype.kind == "f":
            check_finite(matrix, Summary.of(matrix), getattr(self, "feature_names_in_", None))
        return X if frame or isinstance(X, np.memmap) else matrix

    def _takes_tables(self) -> bool:
        """Whether the estimator makes numbers of texts and dates."""
        return isinstance(self.estimator, BaseSelector)

    def _composed(self) -> bool:
        """Whether a part of the estimator may encode text and impute missing values."""
        return any("__" in name for name in self.estimator.get_params())

    def _check_selected(self, X, names):
        # What a part of the estimator takes in the fit, it leaves for the next step here.
        parts = self.estimator.get_params().values() if self._composed() else ()
        tagged = [part for part in parts if hasattr(part, "__sklearn_tags__")]
        text = bool(parts) and X.dtype.kind not in "biuf"
        if not text and not any(get_tags(part).input_tags.allow_nan for part in tagged):
            super()._check_selected(X, names)

    def _check_y(self, X, y):
        if y is not None:
            check_length(X, y)
        elif get_tags(self.estimator).target_tags.required:
            raise ValueError(
                f"{type(self.estimator).__name__} requires y to be passed, but the target y is "
                "None."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(self.estimator)
        tags.input_tags.sparse = of_estimator.input_tags.sparse
        tags.input_tags.allow_nan = of_estimator.input_tags.allow_nan
        tags.input_tags.categorical = of_estimator.input_tags.categorical
        tags.target_tags.required = of_estimator.target_tags.required
        tags.target_tags.multi_output = of_estimator.target_tags.multi_output
        return tags


def fitted_clone(estimator, rng, report: Report, data, rows=None):
    """Fit a clone, with seeds of its own, to some rows of X, y and fit parameters."""
    X, y, fit_params = data
    if rows is not None:
        fit_params = _check_method_params(X, fit_params, rows)
        table = table_on_disk(X) if isinstance(estimator, BaseSelector) else None
        X = _safe_indexing(X, rows) if table is None else rows_of(table, rows)
        y = None if y is None else _safe_indexing(y, rows)
    estimator = seeded(clone(estimator), rng)
    with report.of(estimator, X, y, fit_params):
        return estimator.fit(X, y, **fit_params)
