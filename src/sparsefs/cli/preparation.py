# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn steps that make features of columns: imputation and one-hot encoding."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from ..utils.text import counted
from .messages import Messages

MOST_CATEGORIES = 20  # of a column; the rarest share one


def imputer(missing: np.ndarray, messages: Messages):
    """Make the steps for columns of numbers; None if no value is missing."""
    if not missing.any():
        return None
    return make_pipeline(_median(missing, messages))


def encoder(names, text, missing: np.ndarray, messages: Messages):
    """Make the steps for columns of numbers and of text."""
    one_hot = OneHotEncoder(
        drop="if_binary",
        max_categories=MOST_CATEGORIES,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        dtype=np.float32,
        feature_name_combiner=category_name,
    )
    numbers: Any = _median(missing, messages) if missing.any() else "passthrough"
    columns = ColumnTransformer(
        [("numbers", numbers, names), ("text", one_hot, text)], verbose_feature_names_out=False
    )
    return make_pipeline(columns.set_output(transform="default"))


def _median(missing, messages):
    columns = counted(int(np.count_nonzero(missing)), "column")
    messages.prepared(
        f"{counted(int(missing.sum()), 'missing value')} in {columns} replaced with the median"
    )
    return SimpleImputer(strategy="median", keep_empty_features=True)


def category_name(column, category):
    """Name the feature that indicates a category of a column."""
    if category != category:
        return f"{column}=(missing)"
    return f"{column}={'(other)' if category == 'infrequent_sklearn' else category}"
