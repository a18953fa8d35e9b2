# SPDX-License-Identifier: BSD-3-Clause
"""What all selectors do once they are fitted: reduce X to the selected columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing, check_array, get_tags
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data import RowTable
from ..data.cells import is_frame, is_plain
from ..data.inputs import describe_non_finite, table_on_disk, transform_table
from ..data.kinds import name_columns, non_numeric_columns, on_host
from ..utils.estimators import SelectorMixin

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ..utils.typing import Data, Floats, Ints


def _of_objects(frame):
    """Return the cells of a frame, (n_rows, n_columns), dtype object."""
    if hasattr(frame, "iloc"):
        return frame.to_numpy(dtype=object)
    cells = np.empty(frame.shape, dtype=object)
    for j in range(frame.shape[1]):
        cells[:, j] = frame.to_series(j).to_list()
    return cells


class ColumnSelector(SelectorMixin):
    """Base of everything that has ``scores_`` and selects columns."""

    scores_: Floats
    ranking_: Ints
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def transform(self, X: Data) -> Any:
        """Reduce X to the selected features.

        Parameters
        ----------
        X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)
            Columns that are not selected may contain anything.

        Returns
        -------
        ndarray or sparse matrix of shape (n_samples, n_selected_features)
            In the type of X. Only the selected columns of a RowTable are read, so that the
            result is all that is held in memory.

        Raises
        ------
        ValueError
            If a selected column contains NaN, infinite values or text, which the fit refuses.
        """
        check_is_fitted(self)
        if isinstance(X, RowTable):
            return transform_table(self, X)
        table_on_disk(X)  # a path is refused
        X = on_host(X)
        mask = self.get_support()
        # Of a frame, columns are selected first: one of text would make objects of all numbers.
        frame = is_frame(X) and mask.any()
        how = {"dtype": None, "accept_sparse": "csr", "ensure_all_finite": False}
        X = validate_data(self, X, reset=False, skip_check_array=frame, **how)
        if not mask.any():
            return self._transform(X)
        selected = _safe_indexing(X, mask, axis=1)
        matrix = selected
        if frame:
            mixed = not is_plain(
                selected
            )  # texts, or dates beside numbers: numpy has no common type
            matrix = check_array(_of_objects(selected) if mixed else selected, **how)
        names = getattr(self, "feature_names_in_", np.arange(len(mask)))
        self._check_selected(matrix, names[mask])
        wanted = _get_output_config("transform", estimator=self)["dense"]
        kept = hasattr(selected, "iloc") or wanted == "polars"
        return selected if wanted != "default" and frame and kept else matrix

    def to_frame(self) -> pd.DataFrame:
        """Return a table of all features, the best first.

        Returns
        -------
        pandas.DataFrame
            ``"feature"`` (name or number), ``"rank"``, ``"score"``, ``"spread"`` where there is a
            `scores_std_`, and ``"selected"``.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        check_is_fitted(self)
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_frame needs pandas: pip install pandas") from error
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        columns = {"feature": names, "rank": self.ranking_, "score": self.scores_}
        if hasattr(self, "scores_std_"):
            columns["spread"] = self.scores_std_
        columns["selected"] = self.get_support()
        order = np.argsort(self.ranking_, kind="stable")
        return pd.DataFrame(columns).iloc[order].reset_index(drop=True)

    def _check_selected(self, X, names) -> None:
        """Refuse selected columns with infinite values, and what else the fit refuses."""
        if get_tags(self).input_tags.allow_nan:
            if X.dtype.kind == "f" and not sparse.issparse(X) and np.isinf(X).any():
                raise ValueError(describe_non_finite(X, np.flatnonzero(np.isinf(X).any(0)), names))
            return
        if not sparse.issparse(X) and X.dtype.kind not in "biuf":
            culprits = non_numeric_columns(X)
            if culprits:
                raise ValueError(f"Input X is not numeric in {name_columns(culprits, names)}.")
            X = X.astype(np.float64)
        if X.dtype.kind != "f":
            return
        values = X.data if sparse.issparse(X) else X
        finite = np.isfinite(values)
        if finite.all():
            return
        columns = X.indices[~finite] if sparse.issparse(X) else np.where(~finite)[1]
        raise ValueError(describe_non_finite(X, np.unique(columns), names))

    @property
    def feature_importances_(self) -> Floats:
        """Scores for scikit-learn's SelectFromModel and RFE, ndarray of shape (n_features,).

        ``scores_``, shifted so that none is negative.
        """
        check_is_fitted(self)
        return self.scores_ - min(0.0, float(np.min(self.scores_)))
