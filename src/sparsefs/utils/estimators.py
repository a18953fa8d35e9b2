# SPDX-License-Identifier: BSD-3-Clause
"""The base classes of scikit-learn; the file ``.pyi`` beside this adds the types that they lack."""

from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.model_selection._search import BaseSearchCV

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:
        """Empty base where scikit-learn has no callbacks."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


__all__ = [
    "BaseEstimator",
    "BaseSearchCV",
    "CallbackSupportMixin",
    "MetaEstimatorMixin",
    "SelectorMixin",
    "with_callbacks",
]
