# SPDX-License-Identifier: BSD-3-Clause
"""The methods behind the names of arguments."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
from scipy import sparse

import sparsefs

from .errors import InputError, picked
from .messages import Messages
from .names import OURS, RIVALS

_UNLIKE = 100  # spread of one column over that of another from which on they share no unit
_SAMPLE = 1000  # rows that decide that
_OWN_OPTIONS = {"K": "-K", "random_state": "--seed", "supervised": "--unsupervised"}


def selector_of(
    method: str, *, unsupervised: bool, task: str | None, seed: int, K: Any = None, **settings
):
    """A selector of ours.

    Raises
    ------
    InputError
        If it cannot do without the target, or has no such parameter.
    """
    cls = getattr(sparsefs, OURS[method])
    selector = cls(random_state=seed) if K is None else cls(K=K, random_state=seed)
    known = selector.get_params(deep=False)
    if K == "auto" and not cls._nested_ranking:
        raise InputError(f"-K auto: {method} trains towards K, so pass it a number by -K")
    for name in settings:
        picked(name, known, f"--set: {method} has no parameter")
    if unsupervised and "supervised" in known:
        selector.set_params(supervised=False)
    elif unsupervised and selector.__sklearn_tags__().target_tags.required:
        raise InputError(
            f"--unsupervised: {method} needs a target; gradual-pruning, wast and quick-selection "
            "do without"
        )
    elif task is not None and "loss" in known:
        loss = "squared_error" if task == "regression" else "cross_entropy"
        selector.set_params(loss=loss)
    selector.set_params(**settings)
    try:
        selector._validate_params()
    except ValueError as error:
        raise InputError(str(error)) from error
    return selector


def settings_of(texts) -> dict[str, Any]:
    """Parameters written as ``name=value``, values as in Python or else text."""
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set {text!r}: write NAME=VALUE")
        if name in _OWN_OPTIONS:
            raise InputError(f"--set {name}: pass {_OWN_OPTIONS[name]}")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings


def scaled_for(selector, X, messages: Messages, asked=None) -> None:
    """Let a selector scale each column by itself where it would not and they differ much."""
    if asked is not None:
        selector.set_params(scaling=asked)
        try:
            selector._validate_params()
        except ValueError as error:
            raise InputError(f"--scaling: {error}") from error
        return
    name = selector.get_params()["scaling"]
    shares_unit = name == "global" or (name == "auto" and not selector.supervised)
    if shares_unit and _units_differ(X):
        selector.set_params(scaling="feature")
        messages.prepared(
            "columns differ much in size, so the selector scales each by itself "
            f"(--scaling {'root' if name == 'auto' else name} does not)"
        )


def _units_differ(X):
    some = X[:: max(1, X.shape[0] // _SAMPLE)]
    if sparse.issparse(some):
        from sklearn.utils.sparsefuncs import mean_variance_axis

        spread = np.sqrt(mean_variance_axis(some.astype(np.float64), axis=0)[1])
    else:
        spread = some.std(axis=0, dtype=np.float64)
    spread = spread[spread > 0]
    if len(spread) < 2:
        return False
    low, high = np.quantile(spread, [0.1, 0.9])
    return high > _UNLIKE * low


def rival_of(method: str, *, task: str | None, seed: int, Ks) -> Any:
    """Return what ranks features as another method does, as `k_curve` takes it.

    Raises
    ------
    InputError
        If it needs a target, and there is none to use.
    """
    from ..evaluation.rivals import WITHOUT_TARGET, rival

    if method not in WITHOUT_TARGET and task is None:
        raise InputError(f"{method} needs a target")
    return rival(method, task=task or "classification", random_state=seed, Ks=Ks)


def default_methods(unsupervised: bool) -> list[str]:
    """Quick ones, in the order in which they are shown."""
    if unsupervised:
        return ["gradual-pruning", "wast", "variance", "random", "all"]
    return ["gradual-pruning", "l1", "f-test", "extra-trees", "random", "all"]


def checked_methods(names, unsupervised: bool) -> list[str]:
    """Names of methods, or the default ones."""
    if names is None:
        return default_methods(unsupervised)
    known = [*OURS, *RIVALS]
    for name in names:
        picked(name, known, "--methods: there is no method")
    if not names:
        raise InputError(f"--methods: name some of {', '.join(known)}")
    return list(dict.fromkeys(names))
