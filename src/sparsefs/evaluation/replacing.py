# SPDX-License-Identifier: BSD-3-Clause
"""Features that take each other's place in repeated selections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import hypergeom

from .rates import q_values_of
from .stability import zeros_and_ones

if TYPE_CHECKING:
    import pandas as pd

    from ..utils.typing import Data, Names

_MOST = 2000  # features that are compared: their pairs are a matrix
_RATE = 0.05  # false discovery rate of the pairs


def replacements(
    selections: Data, *, min_share: float = 0.2, feature_names: Names | None = None
) -> pd.DataFrame:
    """Return pairs of features of which mostly one is selected.

    Unlike near-copies (:func:`alternatives`), such features need not correlate: they say the same
    to the selector.

    Parameters
    ----------
    selections : array-like of shape (n_selections, n_features)
        Booleans or zeros and ones, as :func:`repeated_selections` returns with ``vary="half"``.
        About 50 selections or more are needed to tell.
    min_share : float in (0, 1], default=0.2
        Only features that at least this share of the selections contains are compared.
    feature_names : array-like of str of shape (n_features,) or None, default=None
        None: the features' numbers.

    Returns
    -------
    pandas.DataFrame
        ``"feature"`` and ``"other"``; ``"together"``, the number of selections with both;
        ``"expected"``, that number for independent features; and ``"p_value"`` of Fisher's exact
        test that they are together less often. Pairs at a false discovery rate of 0.05 (Benjamini
        and Hochberg), the clearest first.

    Raises
    ------
    ImportError
        If pandas is not installed.
    ValueError
        If an argument is unusable, or more than 2,000 features are to be compared.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsefs.evaluation import replacements
    >>> first = np.arange(60) % 2 == 0
    >>> third = np.arange(60) % 3 == 0
    >>> replacements(np.column_stack([first, ~first, third]))[["feature", "other", "together"]]
       feature  other  together
    0        0      1         0
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("replacements needs pandas: pip install pandas") from error
    Z = zeros_and_ones(selections)
    n_selections, n_features = Z.shape
    if not 0 < min_share <= 1:
        raise ValueError(f"min_share must be above 0 and at most 1. Got {min_share!r}.")
    names = np.arange(n_features) if feature_names is None else np.asarray(feature_names)
    if names.shape != (n_features,):
        raise ValueError(
            f"feature_names must be one name for each of the {n_features} features. Got an array "
            f"of shape {names.shape}."
        )
    compared = np.flatnonzero(Z.mean(axis=0) >= min_share)
    if len(compared) > _MOST:
        raise ValueError(
            f"{len(compared)} features are in at least {min_share:g} of the selections, and at "
            f"most {_MOST} can be compared. Raise 'min_share'."
        )
    Z = Z[:, compared]
    counts = Z.sum(axis=0)
    first, second = np.triu_indices(len(compared), 1)
    together = (Z.T @ Z)[first, second]
    p_values = hypergeom.cdf(together, n_selections, counts[first], counts[second])
    found = np.flatnonzero(q_values_of(p_values) <= _RATE)
    table = pd.DataFrame(
        {
            "feature": names[compared[first[found]]],
            "other": names[compared[second[found]]],
            "together": together[found].astype(np.int64),
            "expected": (counts[first] * counts[second] / n_selections)[found],
            "p_value": p_values[found],
        }
    )
    return table.sort_values("p_value", kind="stable").reset_index(drop=True)
