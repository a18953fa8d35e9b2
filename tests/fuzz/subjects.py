# SPDX-License-Identifier: BSD-3-Clause
"""What is fitted: every selector, the estimators around them, and their parameters."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils._param_validation import Interval, StrOptions, make_constraint

from sparsefs import CrossValidatedK, EnsembleSelector, ParetoSearchCV, StabilitySelector
from sparsefs.evaluation import k_curve
from tests.fuzz.draw import FINE, UNSURE
from tests.fuzz.parts import OWN, OwnDropSelector
from tests.selectors.common import SELECTORS, needs_y, quick

# What would take long, start processes, write much, or is not there.
_FIXED = {
    "max_iter": [1, 2, 3],
    "hidden_layer_sizes": [1, 4, (3,), 8],
    "n_networks": [1, 2],
    "n_jobs": [None, 1],
    "verbose": [False],
    "device": ["cpu", "auto"],
    "n_pairs": [1, 2],
    "n_fits": [1, 2],
    "random_state": [0, np.int64(3), 2**32 - 1, None, "instance"],
    "class_weight": [None, "balanced"],
    "epsilon": [0.5, 3.0],
    "budget": [None],  # the checks expect K features
}
_NONSENSE = [
    None,
    -1,
    0,
    1.5,
    -0.5,
    np.nan,
    np.inf,
    "nonsense",
    True,
    np.True_,
    [],
    [0],
    "",
    {},
    object,
    2.0,
    b"auto",
    np.array([1, 2]),
    1j,
]
_HARMLESS = {
    "K",
    "kernel",
    "max_iter",
    "connections_every",
    "n_jobs",
    "device",
    "random_state",
    "batch_size",
}


@dataclass
class Subject:
    kind: str  # "selector", "stability", "ensemble", "search" or "curve"
    estimator: Any
    params: dict[str, Any] = field(default_factory=dict)  # what was drawn
    verdict: str = FINE
    learns: bool = True
    tame: bool = True
    foreign: bool = False  # an estimator of scikit-learn's has a part in it

    def make(self):
        """An unfitted estimator, as it was drawn."""
        return copy.deepcopy(self.estimator)

    def fit(self, estimator, X, y, **weights):
        if self.kind != "curve":
            return estimator.fit(X, y, **weights)
        return k_curve(estimator, X, y, **self.params, **weights)

    def __str__(self):
        params = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.kind} {self.estimator!r}".replace("\n", " ") + f" drawn: {params}"


def _closed(interval):
    low, high = interval.left, interval.right
    ends = [low] if interval.closed in ("left", "both") else []
    return ends + ([high] if interval.closed in ("right", "both") and high is not None else [])


def _valid(r, name, constraints):
    if name in _FIXED:
        return r.choice(_FIXED[name])
    one = r.choice(constraints)
    if isinstance(one, StrOptions):
        return r.choice(sorted(one.options))
    if isinstance(one, Interval):
        low = one.left if one.left is not None else -2
        if one.type is Integral:
            return r.choice([low, low + 1, low + 2, np.int64(low + 1)])
        high = low + 1 if one.right is None else min(one.right, low + 1)
        return r.choice([*(e for e in _closed(one) if abs(e) < 1e9), (low + high) / 2, low + 0.1])
    if one == "boolean":
        return r.random() < 0.5
    return None if one is None else _SKIP


_SKIP = object()


def _draw_params(r, estimator, n_features, odd):
    """Set some parameters, each to what it may be, or one to what it may not be."""
    constraints, drawn, verdict = estimator._parameter_constraints, {}, FINE
    left_out = {"estimator", "max_time", "checkpoint"}  # a result must not depend on the time
    names = sorted(set(constraints) & set(estimator.get_params(deep=False)) - left_out)
    tame = True
    for name in r.sample(names, r.choice([0, 0, 1, 2, 4])):
        value = r.choice([1, 2, n_features, 0.4, 1.0]) if name == "K" else _SKIP
        value = _valid(r, name, constraints[name]) if value is _SKIP else value
        if value is not _SKIP:
            drawn[name] = value
            if name not in _HARMLESS:
                verdict = UNSURE
            tame = tame and name in _HARMLESS - {"kernel"}
    own = sorted(set(OWN) & set(names))
    if own and r.random() < 0.25:
        name, level = r.choice(own), r.choice([0, 0, 1, 2] if odd else [0, 0, 1])
        if OWN[name][level]:
            drawn[name], tame = r.choice(OWN[name][level]), False
            verdict, odd = (verdict, UNSURE, name)[level], odd and level < 2
    if odd:
        name, value = r.choice(names), r.choice(_NONSENSE)
        checks = [make_constraint(c) for c in constraints[name]]
        drawn[name], tame = value, False
        counts = any(isinstance(c, Interval) and c.type is Integral for c in constraints[name])
        wrong = not any(c.is_satisfied_by(value) for c in checks) or (
            counts and isinstance(value, (bool, np.bool_))
        )
        if name in _FIXED and not wrong and value is not None:
            del drawn[name]
        verdict = f"'{name}'" if wrong else UNSURE
    state = drawn.get("random_state")
    if isinstance(state, str) and state == "instance":
        drawn["random_state"] = np.random.RandomState(5)
    estimator.set_params(**drawn)
    return drawn, verdict, tame


def _selector(r, n_features, odd, nested=False, drawn=True):
    classes = [S for S in [*SELECTORS, OwnDropSelector] if S._nested_ranking or not nested]
    Selector = r.choice(classes)
    estimator = quick(Selector, K=min(2, n_features), max_iter=2, hidden_layer_sizes=6)
    if Selector.__name__ == "HyperSparseSelector":
        estimator.set_params(warmup_epochs=0, fine_tune_epochs=0)
    elif Selector is OwnDropSelector:
        estimator.set_params(density=0.5)
    subject = Subject("selector", estimator)
    if drawn:
        subject.params, subject.verdict, subject.tame = _draw_params(r, estimator, n_features, odd)
    subject.learns = needs_y(type(estimator)) and estimator.get_params().get("supervised", True)
    return subject


def draw_subject(r, n_features, odd) -> Subject:
    kind = r.choice(["selector"] * 14 + ["auto", "stability", "ensemble", "search", "curve"])
    if kind == "selector":
        return _selector(r, n_features, odd)
    inner = _selector(r, n_features, False, nested=kind == "auto", drawn=False)
    inner.tame, inner.kind = False, "selector" if kind == "auto" else kind
    if kind == "auto":
        choice = CrossValidatedK(
            r.choice(["best", "knee", "one_standard_error"]),
            cv=r.choice([2, 3, None]),
            Ks=r.choice([None, [1, 2]]),
            target=r.choice(["auto", "y", "X"]),
        )
        inner.params = {"K": r.choice([choice, choice, "auto"])}
        inner.estimator.set_params(**inner.params)
        inner.verdict = UNSURE
        return inner
    others = [
        LogisticRegression(),
        SelectKBest(k=1),
        Ridge(),
        StandardScaler(),
        SVC(),
        ExtraTreesClassifier(2),
        make_pipeline(StandardScaler(), inner.estimator),
    ]
    ranker = r.choice([inner.estimator] * 4 + others)
    inner.verdict = FINE if ranker is inner.estimator and kind == "ensemble" else UNSURE
    if ranker is not inner.estimator:
        inner.learns = True
    inner.foreign = ranker is not inner.estimator or kind == "search"
    if kind == "curve":
        inner.estimator = ranker
        inner.params = {
            "cv": r.choice([2, 3]),
            "Ks": r.choice([None, [1], [1, 2, 99], *[[0]] * odd]),
            "random_state": r.choice([0, 7]),
        }
        return inner
    if kind == "search":
        pipeline = make_pipeline(inner.estimator, LogisticRegression())
        inner.estimator = ParetoSearchCV(
            pipeline,
            {f"{pipeline.steps[0][0]}__K": [1, r.choice([2, 3])]},
            cv=2,
            random_state=0,
            n_trials=r.choice([1, 2]),
            refit=r.choice(["knee", "one_standard_error", False]),
            sampler=r.choice(["random", "sobol", "latin-hypercube"]),
        )
        return inner
    Meta = StabilitySelector if kind == "stability" else EnsembleSelector
    inner.estimator = Meta(ranker, random_state=0)
    inner.estimator.set_params(**{"n_pairs" if kind == "stability" else "n_fits": 2})
    drawn, verdict, _ = _draw_params(r, inner.estimator, n_features, odd)
    inner.params = drawn
    inner.verdict = inner.verdict if verdict == FINE else verdict
    return inner
