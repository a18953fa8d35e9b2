# SPDX-License-Identifier: BSD-3-Clause
"""A case: a selector, data and surroundings, all drawn from a seed; and what happens in a fit."""

from __future__ import annotations

import random
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from tests.fuzz.draw import Drawn, draw_weights, draw_X, draw_y
from tests.fuzz.subjects import Subject, draw_subject
from tests.fuzz.surroundings import SURROUNDINGS, contents, epochs_counted, global_state

DIMENSIONS = ("X", "y", "weight", "surroundings")


@dataclass
class Case:
    seed: int
    X: Drawn
    y: Drawn
    weight: Drawn
    subject: Subject
    surroundings: str | None

    @classmethod
    def of(cls, seed: int) -> Case:
        r = random.Random(seed)
        odd = r.choice([None] * 9 + ["X", "y", "weight", "subject"])  # may be wrong
        X = draw_X(r, odd == "X")
        subject = draw_subject(r, X.plain.shape[1], odd == "subject")
        y = draw_y(r, len(X.plain), subject.learns, odd == "y")
        weight = draw_weights(r, len(X.plain), odd == "weight")
        around = r.choice([None] * 12 + list(SURROUNDINGS))
        if around == "output is pandas" and sparse.issparse(X.value):
            around = None  # which scikit-learn refuses
        return cls(seed, X, y, weight, subject, around)

    def __str__(self):
        data = f"X: {self.X.says}; y: {self.y.says}; weights: {self.weight.says}"
        return f"{data}; in {self.surroundings}; {self.subject}"

    def data(self, plain=()):
        """X, y and the keyword with the weights, those in `plain` in their simplest form."""
        parts = [self.X, self.y, self.weight]
        X, y, w = (p.plain if n in plain else p.value for n, p in zip(DIMENSIONS, parts))
        if "weight" in plain and w is not None and not w.all():
            # Rows of weight 0 are no rows.
            rows = w > 0
            X, y, w = X[rows], None if y is None else np.asarray(y)[rows], w[rows]
        return X, y, {} if w is None else {"sample_weight": w}

    def attempt(self, plain=()) -> Outcome:
        """Fit, and watch."""
        X, y, weights = self.data(plain)
        estimator, outcome = self.subject.make(), Outcome()
        named = [("X", X), ("y", y), *weights.items()]
        before_data = {name: contents(value) for name, value in named}
        name = None if "surroundings" in plain else self.surroundings
        with warnings.catch_warnings(record=True) as outcome.warnings:
            warnings.simplefilter("always")
            with SURROUNDINGS.get(name, nullcontext)(), epochs_counted() as epochs:
                before = global_state()
                try:
                    outcome.fitted = self.subject.fit(estimator, X, y, **weights)
                    outcome.transformed = _transformed(outcome.fitted, X)
                except Exception as error:
                    outcome.error = error
                after = global_state()
            outcome.n_epochs = len(epochs)
        outcome.estimator = estimator
        outcome.changed = [what for what in before if before[what] != after[what]]
        outcome.changed += [n for n, value in named if contents(value) != before_data[n]]
        return outcome


def _transformed(fitted, X):
    """The selected columns of X as a dense array; None where nothing selects."""
    if not hasattr(fitted, "transform"):
        return None
    out = fitted.transform(X)
    return out.toarray() if hasattr(out, "toarray") else np.asarray(out)


class Outcome:
    fitted: Any = None
    estimator: Any = None
    transformed: np.ndarray | None = None
    error: Exception | None = None
    warnings: list
    n_epochs: int
    changed: list[str]

    def numbers(self) -> dict[str, np.ndarray]:
        """What has to be equal for equal data."""
        fitted = self.fitted
        if hasattr(fitted, "cv_results_"):
            results = fitted.cv_results_
            return {
                k: np.asarray(v)
                for k, v in results.items()
                if k.startswith("mean_") and "time" not in k
            }
        names = ("scores", "Ks") if hasattr(fitted, "choose") else ("scores_", "support_")
        return {name: np.asarray(getattr(fitted, name)) for name in names}

    def differs(self, other: Outcome, exact: bool) -> str:
        """How two outcomes differ; an empty str if they do not."""
        if (self.error is None) != (other.error is None):
            one, two = (repr(o.error)[:300] if o.error else "a fit" for o in (self, other))
            return f"{one}, and {two}"
        if self.error is not None:
            one, two = type(self.error).__name__, type(other.error).__name__
            return "" if one == two else f"{self.error!r}, and {other.error!r}"
        if exact is None:
            return ""
        mine, others = self.numbers(), other.numbers()
        for name, value in mine.items():
            same = np.array_equal(value, others[name], equal_nan=value.dtype.kind == "f")
            if not exact and value.dtype == float:
                size = np.abs(value).max(initial=0)
                same = np.allclose(value, others[name], rtol=1e-3, atol=1e-3 * size)
            elif not exact:
                same = True  # near scores may be ranked either way
            if not same:
                return f"{name} {value} and {others[name]}"
        return ""
