# SPDX-License-Identifier: BSD-3-Clause
"""The folds of a search, and who receives weights, groups and other parameters of a fit."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import _routing_enabled, get_routing_for_object
from sklearn.utils.validation import _num_samples, has_fit_parameter

from ..evaluation.folds import row_numbers
from ..evaluation.groups import (
    checked_groups,
    refuse_split_groups,
    splitter_of_groups,
    warn_of_lost_groups,
)


def routed_and_splits(search, X, y, classes, params: dict[str, Any]):
    """Return the parameters by who receives them, and pairs of (training, held-out) rows.

    A number of folds keeps the shares of the classes, or of events; None if y has neither.

    Raises
    ------
    ValueError
        If the splits are of other rows, or split groups.
    """
    cv, estimator = search.cv, search.estimator
    groups, is_number = params.get("groups"), cv is None or isinstance(cv, Integral)
    takes_groups = has_fit_parameter(estimator, "groups")
    if groups is not None and is_number and _routing_enabled():
        # A number requests nothing.
        takes_groups = bool(get_routing_for_object(estimator).consumes("fit", ["groups"]))
        if not takes_groups:
            params = {name: value for name, value in params.items() if name != "groups"}
    routed = search._get_routed_params_for_fit(params)
    numbers, stratified = checked_groups(groups, X), classes is not None
    y = classes if stratified and is_number else y
    n, who = _num_samples(X), type(search).__name__
    if numbers is not None and is_number:
        splitter = splitter_of_groups(cv, numbers.max() + 1, stratified)
        splits = list(splitter.split(np.zeros((n, 1)), y, numbers))
    else:
        splits = list(check_cv(cv, y, classifier=stratified).split(X, y, **routed.splitter.split))
    splits = [(row_numbers(a, n, who), row_numbers(b, n, who)) for a, b in splits]
    if numbers is not None:
        refuse_split_groups(splits, numbers, who)
        if not takes_groups:
            warn_of_lost_groups(estimator)
        elif not _routing_enabled():
            routed.estimator.fit["groups"] = groups
    return routed, splits
