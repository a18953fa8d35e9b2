# SPDX-License-Identifier: BSD-3-Clause
"""Scores of a selection on held-out rows, next to those of random features and of a constant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from ..data.target import Target
from ..evaluation import Chance, wilson_interval
from ..evaluation.intervals import interval_of_splits
from ..evaluation.path import encoded, in_order
from ..evaluation.scorer import MOST_ROWS, HeldOutScores, Scorer, of_inputs, some_columns
from ..utils.text import counted
from .features import Features
from .target import Goal

MOST_NUMBERS = 10**8  # to score all features, made dense: 0.8 GB
ESTIMATORS = {"accuracy": "an SVC", "R2": "kernel ridge regression"}
_MOST_SUBSETS, _FEWEST_SUBSETS = 100, 19  # with fewer no p-value is 0.05
_WORK = 4e7  # squared training rows of all fits to random features: a few seconds


def scores_of(
    fits, splits, features: Features, goal: Goal, seed: int, weights=None, groups=None
) -> dict[str, Any]:
    """Score each selection on the held-out rows of its split; return the entry of the document.

    Parameters
    ----------
    fits : iterable of _Fitted
        For each split, the selector fitted to its training rows.
    splits : list of (training rows, held-out rows)
    """
    n_subsets = _number_of_subsets(len(splits), len(splits[0][0]))
    found: list[HeldOutScores] = []
    Ks = []
    for fitted, (_, held_out) in zip(fits, splits, strict=True):
        found.append(_of_split(fitted, features, goal, held_out, seed, n_subsets, weights))
        Ks.append(fitted.n_units)
    first = found[0]
    # A split in which K="auto" keeps all features has no other subset.
    subsets = [one.of_subsets or one.values[:1] * n_subsets for one in found]
    score = float(np.mean([one.values[0] for one in found]))
    chance = None
    if first.of_subsets:
        rng = np.random.default_rng([seed, 4])
        chance = Chance.of(score, np.mean(subsets, axis=0), first.metric, rng)
    return {
        "metric": first.metric,
        "estimator": ESTIMATORS.get(first.metric, "ridge regression"),
        "n_splits": len(splits),
        "n_rows": first.n_scored,
        "n_rows_fitted": first.n_fitted,
        "K_by_split": Ks,
        "selected": score,
        "interval": _interval(found, splits, weights, groups),
        "random": None if chance is None else _entry(chance),
        "guess": _guess(goal, splits, weights),
        "all": float(np.mean([one.values[-1] for one in found])) if len(first.values) > 1 else None,
    }


def chance_of(held_out: dict[str, Any]) -> Chance | None:
    """Return the scores of random features as they are in the document."""
    random = held_out["random"]
    if random is None:
        return None
    return Chance(held_out["selected"], random["scores"], random["p_value"], held_out["metric"])


def _of_split(fitted, features, goal, held_out, seed, n_subsets, weights):
    """Score the selected, random and all features on the held-out rows of a split."""
    selector, train = fitted.selector, fitted.rows
    numbers, n_train = np.concatenate([train, held_out]), len(train)
    parts, inputs, unit_of = [fitted.X, features.rows(held_out)], None, None
    if _makes_inputs(selector, parts):
        y = None if goal.y is None else goal.y[train]
        weight = None if weights is None else weights[train]
        parts, inputs, unit_of = encoded(selector, parts[0], y, weight, parts[1], seed)
    n_columns, n_units = parts[0].shape[1], parts[0].shape[1] if inputs is None else len(inputs)
    n_selected = fitted.n_units
    order = fitted.order if unit_of is None else in_order(unit_of[fitted.order])
    Ks = [n_selected]
    n_numbers = n_columns * min(len(numbers), 2 * MOST_ROWS)
    if goal.y is not None and n_selected < n_units and n_numbers <= MOST_NUMBERS:
        Ks.append(n_units)
    y = None if goal.y is None else goal.y[numbers]
    weights = None if weights is None else weights[numbers]
    rng = np.random.default_rng([seed, 2])
    columns = some_columns(n_columns, rng)
    target = None if y is None else Target.of(y, goal.task or "auto", weights)
    scorer = Scorer.of(y, target, weights, seed=seed)
    rows = [scorer.subsample(part, rng) for part in np.split(np.arange(len(numbers)), [n_train])]
    parts = [parts[0][rows[0]], parts[1][rows[1] - n_train]]
    values: list[float] = []
    for K in Ks:  # one at a time, as standardising all features takes a copy of them
        best = order if n_units > K else np.arange(K)  # which needs no copy
        of_columns, n_inputs = of_inputs(best, [K], inputs)
        values += scorer.scores(of_columns, n_inputs, rows, parts, columns)
    n_subsets = n_subsets if n_selected < n_units else 0
    of_subsets = scorer.of_subsets(n_selected, n_subsets, seed, rows, parts, columns, inputs)
    return HeldOutScores(values, scorer.metric, len(rows[0]), len(rows[1]), of_subsets)


def _makes_inputs(selector, parts):
    """Return whether a column may be several inputs, or a feature several columns."""
    if hasattr(parts[0], "columns") or getattr(selector, "_encoding", None) is not None:
        return True
    if getattr(selector, "feature_groups", None) or getattr(selector, "adjust_for", None):
        return True
    return not sparse.issparse(parts[1]) and bool(np.isnan(parts[1]).any())


def _number_of_subsets(n_splits, n_train):
    """Return fewer subsets for more rows, as the time of an SVC grows with their square."""
    affordable = int(_WORK / (n_splits * min(n_train, MOST_ROWS) ** 2))
    return min(_MOST_SUBSETS, max(_FEWEST_SUBSETS, affordable))


def _interval(found, splits, weights, groups):
    """Return the 95 % interval of the mean score, or None.

    For accuracies it is Wilson's, in which a row counts once, however often it was held out.
    """
    scores = [one.values[0] for one in found]
    if found[0].metric != "accuracy":
        return interval_of_splits(scores, *map(len, splits[0]))
    rows = np.unique(np.concatenate([held_out for _, held_out in splits]))
    n = _number_of_units(rows, weights, groups)
    n = min(n, found[0].n_scored) if len(splits) == 1 else n
    return wilson_interval(float(np.mean(scores)), max(1, round(n)))


def _number_of_units(rows, weights, groups):
    """Return the number of equal independent rows that say as much as these (Kish's).

    Rows of a group count as one.
    """
    sizes = np.ones(len(rows)) if weights is None else weights[rows]
    if groups is not None:
        sizes = np.bincount(np.unique(groups[rows], return_inverse=True)[1], sizes)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def _entry(chance):
    return {
        "mean": chance.mean,
        "low": chance.low,
        "high": chance.high,
        "p_value": chance.p_value,
        "n_subsets": len(chance.scores),
        "scores": chance.scores,
    }


def _guess(goal, splits, weights):
    """Return the most frequent class of the first training rows, and its share of those held out.

    None for quantities: R2 of their mean is 0.
    """
    if goal.y is None or goal.task != "classification":
        return None
    weights = np.ones(len(goal.y)) if weights is None else weights
    train = splits[0][0]
    classes, codes = np.unique(goal.y[train], return_inverse=True)
    label = classes[np.bincount(codes, weights[train]).argmax()]
    shares = [np.average(goal.y[rows] == label, weights=weights[rows]) for _, rows in splits]
    return {"label": label.item(), "score": float(np.mean(shares))}


def in_lines(
    held_out: dict[str, Any], K: int, n_features: int, what: str = "feature"
) -> Iterator[str]:
    """Yield the lines that are printed: the scores, a doubt, and the rows behind them."""
    metric, interval, random = held_out["metric"], held_out["interval"], held_out["random"]
    with_features = f"with {counted(K, what)}"
    if metric == "explained variance":
        with_features += " of the other features"
    others = held_out["K_by_split"][1:]
    if any(other != K for other in others):
        with_features += f" ({min(others)} to {max(others)} in the other splits)"
    rows = [f"{_figure(held_out['selected'], interval)} {with_features}"]
    if random is not None:
        figure = _figure(random["mean"], (random["low"], random["high"]))
        rows.append(f"{figure} with {K:,} at random, p = {random['p_value']:.2g}")
    if held_out["guess"] is not None:
        label = repr(held_out["guess"]["label"])
        rows.append(f"{held_out['guess']['score']:.2f} by always guessing {label}")
    if held_out["all"] is not None:
        rows.append(f"{held_out['all']:.2f} with all {n_features:,}")
    margin = " " * len(metric)
    for number, row in enumerate(rows):
        end = ";" if number < len(rows) - 1 else ""
        yield f"{margin if number else metric} {row}{end}"
    chance = chance_of(held_out)
    if chance is not None and not chance.is_beaten:
        yield f"The selection is no better than {counted(K, f'random {what}')}."
    measured = f"{held_out['estimator']} on {held_out['n_rows']:,} held-out rows"
    n_splits = held_out["n_splits"]
    if n_splits > 1:
        measured += f", mean of {n_splits} splits with a new selection in each"
    yield measured


def _figure(score, interval):
    if interval is None:
        return f"{score:.2f}"
    return f"{score:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"
