# SPDX-License-Identifier: BSD-3-Clause
"""Groups of samples that belong together, such as those of one patient."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.utils import check_array
from sklearn.utils.validation import check_consistent_length

from ..data.inputs import refuse_lazy
from ..data.kinds import is_missing, on_host, refuse_masked
from ..utils.warning import warn_user
from .choice import CrossValidatedK


def checked_groups(groups, X) -> np.ndarray | None:
    """Return the number of each row's group, (n_samples,), by first appearance; None stays None.

    Raises
    ------
    ValueError, TypeError
        If `groups` is not one known label per row of X.
    """
    if groups is None:
        return None
    refuse_lazy(groups, "groups")
    groups = on_host(groups)
    refuse_masked(groups, "groups")
    try:
        check_consistent_length(X, groups)
        labels = check_array(groups, ensure_2d=False, dtype=None, ensure_all_finite=False)
    except (ValueError, TypeError) as error:
        reason = str(error).split("\n")[0][:200]  # it may contain all of groups
        raise type(error)(f"groups must be one label per row of X: {reason}") from error
    if labels.size != len(labels):
        raise ValueError(
            f"groups must be one label per row of X. Got an array of shape {labels.shape}."
        )
    values = labels.ravel().tolist()
    n_missing = sum(map(is_missing, values))
    if n_missing:
        raise ValueError(f"groups contains {n_missing} missing values: give every row a group.")
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([numbers[value] for value in values], dtype=np.intp)


def warn_of_lost_groups(estimator) -> None:
    """Warn if groups do not reach a part of an estimator that chooses K by folds."""
    for name, part in estimator.get_params().items():
        if isinstance(getattr(part, "K", 0), (str, CrossValidatedK)):
            warn_user(
                f"The groups do not reach {name!r}, whose folds for K={part.K!r} may split them. "
                "Enable metadata routing and call set_fit_request(groups=True) on this part."
            )


def splitter_of_groups(n_folds: int | None, n_groups: int, stratified: bool, seed=None):
    """Return a splitter that keeps groups whole, and the shares of classes if possible."""
    n_folds = min(5 if n_folds is None else int(n_folds), n_groups)
    if n_folds < 2:
        raise ValueError(f"At least 2 groups are needed, to split them: n_groups={n_groups}.")
    kind = StratifiedGroupKFold if stratified else GroupKFold
    return kind(n_folds) if seed is None else kind(n_folds, shuffle=True, random_state=seed)


def refuse_split_groups(folds, groups, who: str) -> None:
    """Refuse folds that have rows of one group in both parts.

    Raises
    ------
    ValueError
        Says which fold.
    """
    for number, (train, test) in enumerate(folds):
        shared = np.intersect1d(groups[train], groups[test])
        if len(shared):
            row = int(np.flatnonzero(groups == shared[0])[0])
            raise ValueError(
                f"{who} was given groups, but 'cv' splits {len(shared)} of them in fold {number}, "
                f"for example that of row {row}. Pass the number of folds, or a splitter such as "
                "GroupKFold()."
            )


def classes_of_groups(classes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the most frequent class of each group, (n_groups,); the lowest of equals."""
    counts = np.zeros((groups.max() + 1, classes.max() + 1), dtype=np.intp)
    np.add.at(counts, (groups, classes), 1)
    return counts.argmax(axis=1)
