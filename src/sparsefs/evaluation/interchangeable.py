# SPDX-License-Identifier: BSD-3-Clause
"""Features that say the same: groups of them, and alternatives to selected ones."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _get_feature_names, check_is_fitted

from ..data.cells import is_plain, read_column
from ..data.inputs import check_finite
from ..data.summary import ALIKE, Summary
from .path import as_matrix

if TYPE_CHECKING:
    import pandas as pd

    from ..utils.typing import Data, Estimator, Ints

_MOST_ROWS = 2000  # enough for an error of a correlation of 0.9 below 0.005
_BLOCK = 2**24  # numbers that are held at a time: correlations, or columns of X


def feature_groups(X: Data, *, threshold: float = ALIKE) -> Ints:
    """Return groups of features that could stand for each other.

    All features of a group have absolute correlations above the threshold with each other
    (complete linkage). Constant features are in no other feature's group. Pass the result to
    :class:`~sparsefs.StabilitySelector` as `feature_groups`.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Missing values count as the mean; columns of texts are like no other. Of more than 2,000
        samples, 2,000 are used.
    threshold : float in [0, 1), default=0.9
        Absolute correlation of Pearson.

    Returns
    -------
    groups : ndarray of shape (n_features,), dtype int64
        Number of each feature's group, in the order of their first features.

    Raises
    ------
    ValueError
        If X contains infinite values, or `threshold` is unusable.

    Notes
    -----
    Takes ``n_features ** 2 * n_samples`` operations: about ten seconds for 20,000 features of 200
    samples. Memory grows with the number of pairs above the threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsefs.evaluation import feature_groups
    >>> X = np.random.default_rng(0).standard_normal((50, 4))
    >>> X[:, 2] = -X[:, 0]
    >>> feature_groups(X)
    array([0, 1, 0, 2])
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # slow to import

    columns = _Columns(X, threshold)
    n = columns.n
    pairs = [(np.arange(n), np.arange(n))]
    for part, correlations in columns.correlations(np.arange(n)):
        alike = np.abs(correlations) > threshold
        first, second = np.nonzero(alike)
        pairs.append((part[first], second))
    rows, others = (np.concatenate(side) for side in zip(*pairs, strict=True))
    graph = sparse.coo_matrix((np.ones(len(rows), dtype=bool), (rows, others)), shape=(n, n))
    n_components, component = connected_components(graph, directed=False)
    groups, n_groups = component.astype(np.int64), n_components
    sizes = np.bincount(component)
    order = np.argsort(component, kind="stable")
    for members in np.split(order, np.cumsum(sizes)[:-1]):
        if len(members) > 2:  # of which the first and the last need not be alike
            distance = (1 - np.abs(columns.among(members))).clip(0)
            np.fill_diagonal(distance, 0)
            tree = linkage(squareform(distance, checks=False), "complete")
            # Alike means above the threshold, not at it.
            at = np.nextafter(1 - threshold, 0)
            groups[members] = n_groups + fcluster(tree, at, "distance")
            n_groups += len(members) + 1
    first, numbers = np.unique(groups, return_index=True, return_inverse=True)[1:]
    return np.argsort(np.argsort(first))[numbers].astype(np.int64)


def alternatives(selector: Estimator, X: Data, *, threshold: float = ALIKE) -> pd.DataFrame:
    """Return the features that could stand for selected ones.

    Parameters
    ----------
    selector : estimator
        Fitted, with ``get_support``: a selector of this library or of scikit-learn.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The data of the fit. Missing values count as the mean; columns of texts are like no other.
        Of more than 2,000 samples, 2,000 are used.
    threshold : float in [0, 1), default=0.9
        Absolute correlation of Pearson above which a feature is an alternative.

    Returns
    -------
    pandas.DataFrame
        One row per pair: ``"feature"`` (selected), ``"alternative"``, ``"correlation"``, and
        ``"selected"``: whether the alternative is selected, too. Best feature first, then the
        largest absolute correlation.

    Raises
    ------
    ImportError
        If pandas is not installed.
    ValueError
        If X does not suit the selector, or contains infinite values.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsefs import GradualPruningSelector
    >>> from sparsefs.evaluation import alternatives
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> selector = GradualPruningSelector(K=3, random_state=0).fit(X, y)
    >>> table = alternatives(selector, X)
    >>> list(table.columns)
    ['feature', 'alternative', 'correlation', 'selected']
    >>> bool((table["correlation"].abs() > 0.9).all())
    True
    """
    fitted: Any = selector
    check_is_fitted(fitted)
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("alternatives needs pandas: pip install pandas") from error
    support = fitted.get_support()
    chosen = np.flatnonzero(support)
    if hasattr(selector, "ranking_"):
        chosen = chosen[np.argsort(fitted.ranking_[chosen], kind="stable")]
    columns = _Columns(X, threshold)
    if columns.n != len(support):
        raise ValueError(
            f"X has {columns.n} features, but {type(selector).__name__} was fitted to "
            f"{len(support)}."
        )
    names = getattr(selector, "feature_names_in_", np.arange(columns.n))
    given = _get_feature_names(X)
    if given is not None and hasattr(selector, "feature_names_in_") and (given != names).any():
        first = int(np.flatnonzero(given != names)[0])
        raise ValueError(
            f"The columns of X must be those of the fit, in that order. Column {first} is "
            f"{given[first]!r} and was {names[first]!r}."
        )
    rows = [
        (names[feature], names[other], correlation, bool(support[other]))
        for feature, found in zip(chosen, columns.alike(chosen, threshold), strict=True)
        for other, correlation in found
    ]
    return pd.DataFrame(rows, columns=["feature", "alternative", "correlation", "selected"])


def alternatives_in(X, features, threshold: float = ALIKE) -> list[list[tuple[int, float]]]:
    """Return, for each of some features of X, the others above the threshold, the closest first."""
    return _Columns(X, threshold).alike(np.asarray(features), threshold)


def with_means(X):
    """Return X with the mean of a column instead of its missing values."""
    if sparse.issparse(X) or not (absent := np.isnan(X)).any():
        return X
    counts = np.maximum((~absent).sum(axis=0), 1)
    return np.where(absent, np.nansum(X, axis=0) / counts, X).astype(X.dtype)


def correlations_of(X, features) -> np.ndarray:
    """Return the correlations of some features with each other, 0 for constants."""
    return _Columns(X, 0).among(np.asarray(features))


def by_similarity(correlations: np.ndarray) -> np.ndarray:
    """Return an order of features in which similar ones are neighbours."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(correlations) < 3:
        return np.arange(len(correlations))
    distance = 1 - np.abs(correlations)
    np.fill_diagonal(distance, 0)
    distance = squareform(distance.clip(0), checks=False)
    return leaves_list(linkage(distance, "average", optimal_ordering=True))


def _numbers_of(X):
    """Columns of numbers and dates; others are like no other column."""
    numbers = np.zeros(X.shape)
    for j in range(X.shape[1]):
        values = read_column(X, j, j)
        if values.dtype.kind == "M":
            values = np.where(np.isnat(values), np.nan, values.astype(np.float64))
        if values.dtype.kind == "f":
            numbers[:, j] = values
    return numbers


class _Columns:
    """Columns of X without their means, of length 1, a block at a time."""

    def __init__(self, X, threshold):
        if not (isinstance(threshold, (int, float)) and 0 <= threshold < 1):
            raise ValueError(f"threshold must be at least 0 and below 1. Got {threshold!r}.")
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        if n_rows > _MOST_ROWS:
            X = _safe_indexing(X, np.linspace(0, n_rows - 1, _MOST_ROWS).astype(np.int64))
        names = _get_feature_names(X)
        matrix = as_matrix(X) if is_plain(X) else _numbers_of(X)
        if not sparse.issparse(matrix) and np.isnan(matrix).any():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # of columns without values
                mean = np.nan_to_num(np.nanmean(matrix, axis=0))
            matrix = np.where(np.isnan(matrix), mean, matrix)
        check_finite(matrix, Summary.of(matrix), names)
        self._X = matrix.tocsc() if sparse.issparse(matrix) else matrix
        self.n = matrix.shape[1]
        self._all: np.ndarray | None = None
        if matrix.shape[0] * self.n <= _BLOCK:
            self._all = self.block(np.arange(self.n))

    def block(self, features):
        if self._all is not None:
            return self._all[:, features]
        values = self._X[:, features]
        values = values.toarray() if sparse.issparse(values) else values
        values = values.astype(np.float64)
        largest = np.abs(values).max(axis=0)
        values /= np.where(largest > 0, largest, 1.0)  # squares neither overflow nor underflow
        values -= values.mean(axis=0)
        size = np.sqrt(np.square(values).sum(axis=0))
        # What rounding leaves of a constant is no direction.
        varies = size > 1e-9 * np.sqrt(len(values))
        return np.where(varies, values / np.where(varies, size, 1.0), 0.0)

    def correlations(self, features):
        """Pairs of (some of the features, their correlations with all columns)."""
        n_rows = self._X.shape[0]
        width = max(1, _BLOCK // max(n_rows, 1))
        for part in np.array_split(features, -(-len(features) * self.n // _BLOCK)):
            left = self.block(part).T
            blocks = range(0, self.n, width)
            right = (left @ self.block(np.arange(j, min(j + width, self.n))) for j in blocks)
            yield part, np.hstack(list(right))

    def among(self, features):
        z = self.block(features)
        return z.T @ z

    def alike(self, features, threshold):
        """For each feature the others above the threshold, the closest first."""
        found = []
        for part, correlations in self.correlations(features) if len(features) else ():
            for feature, row in zip(part, correlations, strict=True):
                others = np.flatnonzero(np.abs(row) > threshold)
                others = others[others != feature]
                others = others[np.argsort(-np.abs(row[others]), kind="stable")]
                found.append([(int(j), float(row[j])) for j in others])
        return found
