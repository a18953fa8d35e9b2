# SPDX-License-Identifier: BSD-3-Clause
"""Scores, names and image shape of the features of a fitted selector."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted


class Scored(NamedTuple):
    """Scores, ranking and selection of a fitted selector.

    Attributes
    ----------
    scores : ndarray of shape (n_features,)
    ranking : ndarray of shape (n_features,)
        1 is the best.
    support : ndarray of shape (n_features,), dtype bool
    label : str
        Meaning and unit of the scores.
    """

    scores: np.ndarray
    ranking: np.ndarray
    support: np.ndarray
    label: str


def scored(selector: Any) -> Scored:
    """Return the scores, ranking and selection of a fitted selector.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If it has no scores.
    """
    check_is_fitted(selector)
    if not hasattr(selector, "get_support") or getattr(selector, "scores_", None) is None:
        raise TypeError(
            "selector must be a fitted selector with scores_; of a Pipeline pass the step, such as "
            f"pipeline['fs']. Got {type(selector).__name__}."
        )
    scores = np.asarray(selector.scores_, dtype=np.float64)
    ranking = getattr(selector, "ranking_", None)
    if ranking is None:  # NaN comes last
        ranking = np.empty(len(scores), dtype=np.int64)
        ranking[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return Scored(scores, ranking, selector.get_support(), score_label(selector))


def score_label(selector: Any) -> str:
    """Return the meaning and unit of the scores of a selector."""
    return getattr(selector, "_score_label", "score")


def names_of(selector: Any, n_features: int, given=None) -> np.ndarray:
    """Return the names of the features: the given ones, those of the fit, or x0, x1, ..."""
    names = given if given is not None else getattr(selector, "feature_names_in_", None)
    if names is None:
        return np.array([f"x{i}" for i in range(n_features)], dtype=object)
    if len(names) != n_features:
        raise ValueError(f"feature_names has {len(names)} names for {n_features} features.")
    return np.array([str(name) for name in names], dtype=object)


def image_of(values: Any, image_shape: Any, name: str = "the selector") -> np.ndarray:
    """Return values of features as an image, channels last.

    Raises
    ------
    ValueError
        If `image_shape` is not the shape of an image, or does not fit the number of features.
    """
    shape = tuple(image_shape) if np.ndim(image_shape) == 1 else ()
    whole = all(isinstance(n, int | np.integer) and n > 0 for n in shape)
    if len(shape) not in (2, 3) or not whole:
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels) of positive ints. "
            f"Got {image_shape!r}."
        )
    if int(np.prod(shape)) != len(values):
        raise ValueError(
            f"image_shape={shape} has {int(np.prod(shape))} values, but {name} has {len(values)} "
            "features."
        )
    return np.reshape(values, shape)
