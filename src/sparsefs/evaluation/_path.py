# SPDX-License-Identifier: BSD-3-Clause
"""The scores by which a fit with ``K="auto"`` chose K, as a curve."""

from __future__ import annotations

import numpy as np

from .k_curve import KCurve, name_of_score


def curve_of_path(selector) -> KCurve:
    """The curve in a fitted selector's ``path_``, which says nothing of rankings and seconds."""
    path = selector.path_
    return KCurve(
        Ks=path["K"],
        scores=path["scores"],
        rankings=np.empty((0, selector.n_features_in_), dtype=np.int64),
        metric=_metric(selector),
        fit_seconds=np.empty(0),
    )


def _metric(selector):
    choice = selector._choice_of_K()
    if choice is None:  # changed after the fit
        return "score"
    target = getattr(selector, "_target", None)
    if choice.target == "X" or (choice.target == "auto" and target is None):
        return "explained variance"
    if choice.scoring is not None or choice.estimator is not None:
        return name_of_score(choice.scoring, choice.estimator)
    if target is None:
        return "score"
    return "accuracy" if target.task == "classification" else "R2"
