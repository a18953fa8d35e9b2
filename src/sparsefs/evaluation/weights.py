# SPDX-License-Identifier: BSD-3-Clause
"""Sample weights for every part of an estimator that takes them.

scikit-learn's metadata routing carries the weights into pipelines, searches and other
meta-estimators, whether the user has enabled it or not.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from sklearn import config_context
from sklearn.base import clone
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object

_NAME = "sample_weight"
_METHODS = ("fit", "score")


def requesting_weights(estimator: Any) -> Any:
    """Return a clone in which every part requests the weights that it can take.

    A request that the user has set stays.
    """
    estimator = clone(estimator)
    with config_context(enable_metadata_routing=True):
        for part in _parts(estimator):
            if isinstance(part, SelfTrainingClassifier):
                # It would pass the weights of all rows to a fit on those that have a label.
                _request(part.estimator, "fit", False)
            for method in _METHODS:
                _request(part, method)
            if isinstance(part, (LogisticRegressionCV, RFECV)):  # None is a scorer of theirs
                part.set_params(scoring=_requesting_scorer(part._get_scorer()))
            elif "scoring" in part.get_params(deep=False):
                part.set_params(scoring=_requesting_scorer(part.scoring))
    return estimator


def call_with_weights(estimator: Any, method: str, X, y, weight) -> Any:
    """Call ``method(X, y)`` of an estimator, with the weights if a part of it takes them.

    Parameters
    ----------
    estimator : estimator
        Returned by :func:`requesting_weights`.
    method : {"fit", "fit_transform", "score"}
    X, y : arrays
    weight : ndarray of shape (n_samples,) or None
    """
    function, routing, takes = getattr(estimator, method), None, False
    if weight is not None:
        try:
            with config_context(enable_metadata_routing=True):
                routing = get_routing_for_object(estimator)
                takes = bool(routing.consumes(method, [_NAME]))
        except (NotImplementedError, ValueError):  # it, or a part of it, does not route metadata
            routing = None
        if routing is None or not hasattr(estimator, "get_metadata_routing"):
            takes = _NAME in inspect.signature(function).parameters
    given = {_NAME: weight} if takes else {}
    # Without weights too, a routing Pipeline.score asks for a part that takes them.
    with config_context(enable_metadata_routing=takes and isinstance(routing, MetadataRouter)):
        return function(X, y, **given)


def scorer_takes_weights(scorer: Any) -> bool:
    """Return whether ``scorer(estimator, X, y)`` takes weights too.

    Older versions of scikit-learn do not say so of their own scorers.
    """
    function = getattr(scorer, "_score_func", scorer)
    parameters = inspect.signature(function).parameters
    any_name = function is scorer and any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return _NAME in parameters or any_name


def _parts(value: Any) -> Iterator[Any]:
    """Estimators in an estimator, or in lists and dicts of its parameters; itself first."""
    if hasattr(value, "get_params") and not isinstance(value, type):
        yield value
        value = value.get_params(deep=False)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _parts(each)


def _request(part, method, wanted=True):
    try:
        requests = getattr(part._get_metadata_request(), method).requests
    except (AttributeError, ValueError):  # it has none; ValueError from RFECV of scikit-learn 1.9
        return
    if requests.get(_NAME, "") is None:
        getattr(part, f"set_{method}_request")(**{_NAME: wanted})


def _requesting_scorer(scoring):
    if isinstance(scoring, (list, tuple, set)):
        scoring = {name: name for name in scoring}
    if isinstance(scoring, Mapping):
        return {name: _requesting_scorer(each) for name, each in scoring.items()}
    named = isinstance(scoring, str) and scoring in get_scorer_names()
    scorer = get_scorer(scoring) if named else scoring
    if hasattr(scorer, "set_score_request") and scorer_takes_weights(scorer):
        _request(scorer, "score")
    return scorer
