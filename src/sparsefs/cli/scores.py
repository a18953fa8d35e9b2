# SPDX-License-Identifier: BSD-3-Clause
"""Scores of a selection on held-out rows, next to those of random features and of a constant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from ..evaluation import Chance, wilson_interval
from ..evaluation.intervals import interval_of_splits
from ..evaluation.path import encoded, in_order
from ..evaluation.scorer import MOST_ROWS, HeldOutScores, held_out_scores
from ..utils.text import counted
from .features import Features
from .target import Goal

MOST_NUMBERS = 10**8  # to score all features, made dense: 0.8 GB
_MOST_SUBSETS, _FEWEST_SUBSETS = 100, 19  # with fewer no p-value is 0.05
_WORK = 4e7  # squared training rows of all fits to random features: a few seconds


def scores_of(
    fits, splits, features: Features, goal: Goal, scoring, seed: int, weights=None, groups=None
) -> dict[str, Any]:
    """Score each selection on the held-out rows of its split; return the entry of the document.

    Parameters
    ----------
    fits : iterable of _Fitted
        For each split, the selector fitted to its training rows.
    splits : list of (training rows, held-out rows)
    features : Features
    goal : Goal
    scoring : Scoring
    """
    n_subsets = _number_of_subsets(len(splits), len(splits[0][0]))
    found: list[HeldOutScores] = []
    Ks = []
    for fitted, (_, held_out) in zip(fits, splits, strict=True):
        of_split = _of_split(fitted, features, goal, scoring, held_out, seed, n_subsets, weights)
        found.append(of_split)
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
        "estimator": scoring.name,
        "n_splits": len(splits),
        "n_rows": first.n_scored,
        "n_rows_fitted": first.n_fitted,
        "K_by_split": Ks,
        "selected": score,
        "interval": _interval(found, splits, weights, groups),
        "random": None if chance is None else _entry(chance),
        "guess": scoring.guess(goal, splits, weights),
        "all": float(np.mean([one.values[-1] for one in found])) if len(first.values) > 1 else None,
    }


def chance_of(held_out: dict[str, Any]) -> Chance | None:
    """Return the scores of random features as they are in the document."""
    random = held_out["random"]
    if random is None:
        return None
    return Chance(held_out["selected"], random["scores"], random["p_value"], held_out["metric"])


def _of_split(fitted, features, goal, scoring, held_out, seed, n_subsets, weights):
    """Score the selected, random and all features on the held-out rows of a split."""
    selector, rows = fitted.base, (fitted.rows, held_out)
    parts, inputs, order = [fitted.X, features.rows(held_out)], None, fitted.order
    ys = [None if goal.y is None else goal.y[some] for some in rows]
    weights = None if weights is None else [weights[some] for some in rows]
    if _makes_inputs(selector, parts):
        weight = None if weights is None else weights[0]
        parts, inputs, unit_of = encoded(selector, parts[0], ys[0], weight, parts[1], seed)
        order = in_order(unit_of[order])
    n_columns = parts[0].shape[1]
    n_selected, n_units = fitted.n_units, n_columns if inputs is None else len(inputs)
    Ks = [n_selected]
    if n_selected == 0:  # the same as a constant, with which the model guesses
        parts, inputs = [np.zeros((len(some), 1)) for some in rows], None
        order, Ks = np.zeros(1, int), [1]
    elif goal.y is not None and n_selected < n_units:
        n_numbers = n_columns * min(sum(map(len, rows)), 2 * MOST_ROWS)
        Ks += [n_units] if n_numbers <= MOST_NUMBERS else []
    return held_out_scores(
        order,
        Ks,
        *zip(parts, ys, strict=True),
        task=goal.task or "auto",
        weights=weights,
        inputs=inputs,
        seed=seed,
        n_subsets=n_subsets if 0 < n_selected < n_units else 0,
        **scoring.settings,
    )


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
        guess = held_out["guess"]
        label = "the mean" if guess["label"] is None else repr(guess["label"])
        rows.append(f"{guess['score']:.2f} by always guessing {label}")
    if held_out["all"] is not None:
        rows.append(f"{held_out['all']:.2f} with all {n_features:,}")
    margin = " " * len(metric)
    for number, row in enumerate(rows):
        end = ";" if number < len(rows) - 1 else ""
        yield f"{margin if number else metric} {row}{end}"
    chance = chance_of(held_out)
    if chance is not None and not chance.is_beaten:
        yield f"The selection is not clearly better than {counted(K, f'random {what}')}."
    measured = f"{held_out['estimator']} on {held_out['n_rows']:,} held-out rows"
    n_splits = held_out["n_splits"]
    if n_splits > 1:
        measured += f", mean of {n_splits} splits with a new selection in each"
    yield measured


def _figure(score, interval):
    if interval is None:
        return f"{score:.2f}"
    return f"{score:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"
