# SPDX-License-Identifier: BSD-3-Clause
"""Scores of the selected features in a report: their origin and their text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from ..data import RowTable
from ..evaluation import Chance, wilson_interval
from ..evaluation.chance import curve_and_chance
from ..evaluation.choice import LARGEST
from ..evaluation.curve import KCurve
from ..evaluation.intervals import interval_of_splits
from ..evaluation.scorer import MOST_ROWS
from ..utils.text import unique
from ._html import printable
from ._subject import Subject

_WORK = 4e9  # products in a kernel matrix, a few seconds in each fold
_SUBSETS = (19, 100)  # of random features: fewest and most
_WORK_OF_SUBSETS = 4e7  # squared rows of all fits to them, a few seconds


class Figure(NamedTuple):
    """A score and its 95 % interval, or None."""

    value: float
    interval: tuple[float, float] | None


@dataclass
class Scores:
    """Known scores on held-out rows.

    Attributes
    ----------
    n_selected, n_units : int
        Selected features, and all, as the curve counts them.
    n_rows : int
    curve : KCurve or None
    origin : {"given", "path", "computed"} or None
        Origin of the curve: the user, the choice of K within the fit, or this report.
    held_out : dict or None
        As :func:`checked` returns it.
    chance : Chance or None
        Scores of as many random features.
    """

    n_selected: int
    n_units: int
    n_rows: int
    curve: KCurve | None
    origin: str | None
    held_out: dict | None
    chance: Chance | None

    @classmethod
    def of(cls, subject: Subject, curve, held_out, chance) -> Scores:
        """Take, or compute, the scores; see :func:`sparsefs.report.write_report`."""
        if chance is not None and chance is not False and not isinstance(chance, Chance):
            raise ValueError(
                "The 'chance' parameter of write_report must be a Chance, None or False. Got "
                f"{chance!r}."
            )
        known = chance or None
        of = partial(cls, subject.n_selected, subject.n_units, subject.n_samples)
        if curve is False:
            return of(None, None, held_out, known)
        if curve is not None:
            if not isinstance(curve, KCurve):
                raise ValueError(
                    "The 'curve' parameter of write_report must be a KCurve, None or False. Got "
                    f"{curve!r}."
                )
            return of(curve, "given", held_out, known)
        path = getattr(subject.selector, "path_", None)
        if path is not None:
            return of(path, "path", held_out, known)
        if isinstance(subject.X, RowTable):  # rows of a fold lie all over the files
            return of(None, None, held_out, known)
        wanted = chance is None and held_out is None and subject.n_selected < subject.n_units
        curve, computed = _computed(subject, wanted)
        curve = replace(curve, feature_names=None)  # the features are those of the subject
        return of(curve, "computed", held_out, computed if wanted else known)

    def times_again(self, subject: Subject, columns: np.ndarray) -> np.ndarray | None:
        """Return in how many folds features are among the K best; None if not known.

        Earlier steps of a pipeline may have made other features in a fold.
        """
        if self.curve is None or self.curve.rankings is None:
            return None
        rankings, names = self.curve.rankings, self.curve.feature_names
        if (unit_of := subject.unit_of) is not None and len(unit_of) == rankings.shape[1]:
            best = np.full((unit_of.max() + 1, len(rankings)), rankings.shape[1])
            np.minimum.at(best, unit_of, rankings.T)
            rankings = 1 + best.argsort(axis=0).argsort(axis=0)[unit_of].T
        again = (rankings <= self.n_selected).sum(axis=0)
        if names is not None:
            times = dict(zip(unique(map(printable, names)), again, strict=True))
            return np.array([times.get(subject.names[i], 0) for i in columns])
        return again[columns] if len(again) == subject.n_features else None

    def at(self, K: int) -> tuple[float, float] | None:
        """Return mean score of the K best features and its standard error; None if not measured."""
        if self.curve is None or K not in self.curve.Ks:
            return None
        place = int(np.flatnonzero(self.curve.Ks == K)[0])
        return float(self.curve.mean[place]), float(self.curve.se[place])

    @property
    def metric(self) -> str:
        """Name of the scores; empty if there are none."""
        if self.held_out is not None:
            return self.held_out["metric"]
        return "" if self.curve is None else self.curve.metric

    @property
    def selected(self) -> Figure | None:
        """Score of the selection: the one on held-out rows, or else that of the curve."""
        if self.held_out is not None:
            return Figure(self.held_out["selected"], self.held_out.get("interval"))
        return self._of_curve(self.n_selected)

    @property
    def every(self) -> Figure | None:
        """Score with all features, measured as :attr:`selected`; None if features are predicted."""
        if self.held_out is not None:
            value = self.held_out.get("all")
            return None if value is None else Figure(value, None)
        if self.metric == "explained variance" or self.n_selected == self.n_units:
            return None
        return self._of_curve(self.n_units)

    def _of_curve(self, K):
        curve = self.curve
        if curve is None or self.at(K) is None:
            return None
        scores = curve.scores[np.flatnonzero(curve.Ks == K)[0]]
        value = float(scores.mean())
        if curve.metric == "accuracy":  # each row is held out once
            return Figure(value, wilson_interval(value, min(self.n_rows, MOST_ROWS * len(scores))))
        interval = interval_of_splits(scores, len(scores) - 1, 1)  # sizes of the parts, in folds
        best = 0.0 if curve.metric.startswith("neg_") else 1.0
        if interval is not None and value <= best:
            interval = interval[0], min(interval[1], best)
        return Figure(value, interval)


def in_words(metric: str, value: float) -> str:
    """Write a score; accuracies in percent."""
    return f"{100 * value:.1f} %" if metric == "accuracy" else f"{value:.3f}"


def in_range(metric: str, low: float, high: float) -> str:
    """Write an interval of scores, in the unit of :func:`in_words`."""
    return f"{in_words(metric, low).removesuffix(' %')} to {in_words(metric, high)}"


def checked(held_out: Any) -> dict:
    """Return the scores of a test set, checked.

    Raises
    ------
    ValueError
        If they cannot be shown.
    """
    known = {
        "metric": str,
        "selected": Real,
        "interval": tuple | list,
        "all": Real,
        "n_samples": Integral,
        "n_splits": Integral,
        "estimator": str,
    }
    usable = (
        isinstance(held_out, Mapping)
        and {"metric", "selected"} <= set(held_out) <= set(known)
        and isinstance(held_out["metric"], str)
        and all(
            isinstance(value, known[name]) or (value is None and name not in ("metric", "selected"))
            for name, value in held_out.items()
        )
        and [isinstance(end, Real) for end in held_out.get("interval") or (0, 0)] == [True] * 2
    )
    if not usable:
        raise ValueError(
            "The 'held_out' parameter of write_report must be a dict of 'metric' (str) and "
            "'selected' (a number), and, where known, of 'interval' (two numbers), 'all' (a "
            "number), 'n_samples' (int), 'n_splits' (int) and 'estimator' (str). Got "
            f"{held_out!r}."
        )
    found = {name: value for name, value in held_out.items() if value is not None}
    n, score = found.get("n_samples", 0), found["selected"]
    if found["metric"] == "accuracy" and found.get("n_splits", 1) == 1 and n > 0 <= score <= 1:
        found.setdefault("interval", wilson_interval(score, n))
    return found


def _computed(subject, with_chance):
    """Return the curve, and the chance at K if it is wanted."""
    from ..evaluation import k_curve

    n, K = subject.n_units, subject.n_selected
    if getattr(subject.selector, "_nested_ranking", True):
        most = min(n, max(LARGEST, 2 * K))
        Ks = {1 << power for power in range(most.bit_length())} | {K}
        rows = min(subject.n_samples, MOST_ROWS)
        # Features that are not selected are predicted without y, and with all there are none.
        if subject.target is not None and rows**2 * n <= _WORK:
            Ks.add(n)
    else:  # a fit for every number and fold
        Ks = {max(1, K // 4), max(1, K // 2), K, min(n, 2 * K)}
    selector, y = clone(subject.selector), None if subject.target is None else subject.y
    if not with_chance:
        return k_curve(selector, subject.table, y, Ks=sorted(Ks), random_state=0), None
    rows = min(subject.n_samples, MOST_ROWS)
    n_subsets = int(np.clip(_WORK_OF_SUBSETS / (5 * rows**2), *_SUBSETS))
    return curve_and_chance(
        "write_report",
        selector,
        subject.table,
        y,
        K=K,
        n_subsets=n_subsets,
        Ks=sorted(Ks),
        random_state=0,
    )
