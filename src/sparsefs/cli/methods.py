# SPDX-License-Identifier: BSD-3-Clause
"""Selectors and other methods by the names that arguments take."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from typing import Any

import sparsefs

from .errors import InputError, picked
from .names import DEFAULT, DEFAULT_SURVIVAL, DEFAULT_UNSUPERVISED, OURS, RIVALS

_OWN_OPTIONS = {
    "K": "-K",
    "budget": "--budget",
    "exclude": "--exclude",
    "feature_costs": "--feature-costs",
    "feature_groups": "--feature-groups",
    "keep": "--keep",
    "max_time": "--time-limit",
    "n_jobs": "--jobs",
    "random_state": "--seed",
    "scaling": "--scaling",
    "supervised": "--unsupervised",
    "task": "--task",
}


def selector_of(
    method: str, *, unsupervised: bool, task: str | None, seed: int, K: Any = None, **settings
):
    """Make a selector of this library.

    Raises
    ------
    InputError
        If the selector needs a target and must not have it, or if a setting is unusable.
    """
    cls = getattr(sparsefs, OURS[method])
    selector = cls(random_state=seed) if K is None else cls(K=K, random_state=seed)
    known = selector.get_params(deep=False)
    if K == "auto" and not cls._nested_ranking:
        raise InputError(f"-K auto: {method} needs a number of features; pass one by -K")
    for name in settings:
        picked(name, known, f"--set: {method} has no parameter")
    if unsupervised and "supervised" in known:
        selector.set_params(supervised=False)
    elif unsupervised and selector.__sklearn_tags__().target_tags.required:
        raise InputError(
            f"--unsupervised: {method} needs a target; gradual-pruning, wast and quick-selection "
            "need none"
        )
    elif task is not None and "task" in known:
        selector.set_params(task=task)
    selector.set_params(**settings)
    try:
        selector._validate_params()
    except ValueError as error:
        raise InputError(str(error)) from error
    return selector


def settings_of(texts) -> dict[str, Any]:
    """Parse parameters written as ``name=value``; a value that is no Python literal is text."""
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set {text!r} must be NAME=VALUE")
        if name in _OWN_OPTIONS:
            raise InputError(f"--set {name}: use {_OWN_OPTIONS[name]} instead")
        if name in settings:
            raise InputError(f"--set {name} is given twice; pass one value")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings


def rival_of(method: str, *, task: str | None, seed: int, Ks, **settings) -> Any:
    """Make a ranker of another method, for `k_curve`.

    Raises
    ------
    InputError
        If the method needs a target, and there is none, or does not suit it.
    """
    from ..evaluation.rivals import WITHOUT_TARGET
    from .rival import Rival

    if method not in WITHOUT_TARGET and task is None:
        raise InputError(f"{method} needs a target")
    if method not in WITHOUT_TARGET and (method == "cox") != (task == "survival"):
        raise InputError(
            "cox is for survival" if method == "cox" else f"{method} does not support survival"
        )
    return Rival(method, task=task, Ks=tuple(Ks), random_state=seed, **settings)


def checked_methods(arguments) -> list[str]:
    """Return known names without repetitions; the default ones without --methods."""
    names = arguments.methods
    if names is None:
        if arguments.unsupervised:
            return list(DEFAULT_UNSUPERVISED)
        return list(DEFAULT if arguments.event is None else DEFAULT_SURVIVAL)
    known = [*OURS, *RIVALS]
    for name in names:
        picked(name, known, "--methods: unknown method")
    if "lightgbm" in names and find_spec("lightgbm") is None:
        raise InputError("--methods: lightgbm needs the package lightgbm: pip install lightgbm")
    if not names:
        raise InputError(f"--methods: the list is empty; supported: {', '.join(known)}")
    return list(dict.fromkeys(names))
