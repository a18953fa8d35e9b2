# SPDX-License-Identifier: BSD-3-Clause
"""Scores against K in every fold: features are ranked on one part and scored on the other."""

from __future__ import annotations

import json
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils.validation import _get_feature_names

from ..data.encoding import as_numbers
from ..data.inputs import check_finite
from ..data.layout import with_kinds
from ..data.summary import Summary
from ..data.table import rows_of
from ..data.target import as_array
from ..utils.files import replacing
from ..utils.parallel import calls, parallel, results
from ..utils.warning import holding, warn_user
from .choice import CrossValidatedK
from .curve import KCurve
from .folds import folds_of
from .importances import importances
from .scorer import Scorer, of_inputs, some_columns
from .weights import call_with_weights, requesting_weights


@dataclass(frozen=True)
class RankingTask:
    """What all folds share.

    Attributes
    ----------
    ranker : estimator
        Clones of it rank the features, each on the training part of a fold.
    X, y
        Indexable by rows; X as the ranker, or the steps before it, take it.
    sample_weight : ndarray of shape (n_samples,) or None
        Of the ranker.
    scorer : Scorer
    choice : CrossValidatedK
        Gives the numbers of features.
    seed : int
    getter : str or callable
        What the ranker says of the features, see :func:`importances`.
    steps : Pipeline or None
        Fitted before the ranker, in every fold.
    columns : ndarray of int or None
        Columns of X to predict; None draws them in every fold.
    subsets : pair of int
        Size and number of the random subsets of features that are scored too.
    encodes : bool
        Whether the ranker makes inputs of the columns, or groups them: the inputs are scored.
    folder : path or None
        Where finished folds are kept, and the ranker's checkpoints.
    """

    ranker: Any
    X: Any
    y: Any
    sample_weight: np.ndarray | None
    scorer: Scorer
    choice: CrossValidatedK
    seed: int
    getter: Any = "auto"
    steps: Any = None
    columns: np.ndarray | None = None
    subsets: tuple[int, int] = (0, 0)
    encodes: bool = False
    folder: Path | None = None

    def weighted(self, estimator, method, X, rows):
        """Call a method of an estimator with y and the weights of some rows."""
        y = None if self.y is None else _safe_indexing(self.y, rows)
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return call_with_weights(estimator, method, X, y, weight)


class FoldResult(NamedTuple):
    """What came of one fold.

    `n_units` is the largest K: the number of features, or of groups of them.
    """

    n_units: int
    Ks: np.ndarray
    scores: list[float]
    order: np.ndarray
    names: np.ndarray | None
    seconds: float
    of_subsets: list[float]


def k_path(
    selector, choice: CrossValidatedK, data, seed: int, groups=None, folder: Path | None = None
) -> KCurve:
    """Return the scores from which a fit with ``K="auto"`` chooses K.

    Parameters
    ----------
    selector : BaseSelector
    choice : CrossValidatedK
        Valid.
    data : TrainingData
        All that ``fit`` was given.
    seed : int
        Decides the folds and the rankings.
    groups : ndarray of int of shape (n_samples,) or None, default=None
        Rows of one group are in the same part of a fold.
    folder : path or None, default=None
        Where to keep what is done, and to find what an earlier fit has done.

    Raises
    ------
    ValueError
        If the data cannot be split, before any training; or if a score is not finite.
    """
    layout = data.layout
    rng = np.random.default_rng([seed, 0])
    columns = some_columns(data.X.shape[1], rng)
    scorer = Scorer.of(
        data.y,
        data.target,
        data.sample_weight,
        predict=choice.target,
        estimator=choice.estimator,
        scoring=choice.scoring,
        seed=seed,
    )
    folds = folds_of(
        choice.cv, data.X.shape[0], scorer, rng, "K='auto'", " Give K a number.", groups
    )
    settings: dict[str, Any] = {
        "K": selector._least_K(),
        "n_jobs": 1,
        "verbose": False,
        "random_state": seed,
    }
    # A ranking that is not finished is none; the time is shared with the fit to all the data.
    own = {"connections_every": None, "on_interrupt": "raise", "checkpoint": None}
    if selector.max_time is not None:
        own["max_time"] = selector.max_time / (len(folds) + 1)
    known = selector.get_params(deep=False)
    settings |= {name: value for name, value in own.items() if name in known}
    # Folds may be arrays, which have no names.
    settings |= {n: v for n, v in layout.settings().items() if hasattr(selector, n)}
    ranker = clone(selector).set_params(**settings, **selector._settings_of_parts(data.target))
    ranker.__dict__.pop("_skl_callbacks", None)  # they watch the fit to all the data
    task = RankingTask(
        requesting_weights(ranker),
        with_kinds(data.table, selector),
        None if data.target is None else as_array(data.y, data.target.task),
        data.sample_weight,
        scorer,
        choice,
        seed,
        getter="ranking_",
        columns=None if layout.encoding is not None else columns,
        encodes=data.X is not data.table or layout.grouped or layout.barred.any(),
        folder=folder,
    )
    bar = f"{type(selector).__name__}, folds to choose K" if selector.verbose else None
    backend = parallel(selector.n_jobs, prefer="threads")
    found, held = holding(run_folds, task, folds, rng, backend, bar)
    # Of the data fit has warned already.
    if any(message.startswith("Stopped after") for message, _ in held):
        warn_user(
            f"max_time={selector.max_time} seconds ended folds that choose K before their last "
            "epoch, so K is that of unfinished rankings."
        )
    Ks, scores = scores_of(found, choice)
    return KCurve(Ks, scores, scorer.metric)


def run_folds(task: RankingTask, folds, rng, backend, bar: str | None = None) -> list[FoldResult]:
    """Rank and score the features in every fold; `bar` is the title of a progress bar.

    `backend` is called with the jobs and returns or yields what they return.
    """
    subsamples = [[task.scorer.subsample(part, rng) for part in fold] for fold in folds]
    # scikit-learn sets the warning filters in every job; jobs in threads would leave them changed.
    with warnings.catch_warnings():
        each = (
            (number, train, scored)
            for number, ((train, _), scored) in enumerate(zip(folds, subsamples, strict=True))
        )
        found = results(backend(calls(_finished_fold, each, task)))
        if bar is not None:
            from tqdm.auto import tqdm

            found = tqdm(found, total=len(folds), desc=bar, unit="fold")
        return list(found)


def scores_of(results: list[FoldResult], choice: CrossValidatedK) -> tuple[Any, np.ndarray]:
    """Return numbers of features, and scores of shape (n_Ks, n_folds).

    Raises
    ------
    ValueError
        If a score is not finite.
    """
    Ks = choice._numbers(min(one.n_units for one in results))
    # Of a fold with more features, "all of them" is a larger number.
    at = [np.searchsorted(one.Ks, Ks) for one in results]
    scores = np.array([np.take(one.scores, i) for one, i in zip(results, at, strict=True)]).T
    of_subsets = [one.of_subsets for one in results]
    if not (np.isfinite(scores).all() and np.isfinite(of_subsets).all()):
        raise ValueError(
            "Scores are not finite: 'scoring' must suit y, R2 needs two samples in every "
            "validation part, and the concordance an event that a sample outlasts "
            f"(cv={choice.cv!r}, scoring={choice.scoring!r})."
        )
    return Ks, scores


def as_matrix(X):
    """Return X as an array or CSR matrix of numbers, which need not be finite."""
    dtypes = [np.float64, np.float32]
    return check_array(X, accept_sparse="csr", dtype=dtypes, ensure_all_finite=False)


def _finished_fold(number: int, train, scored, task: RankingTask) -> FoldResult:
    """Return the result of a fold, from its file if it was finished before."""
    if task.folder is None:
        return _run_fold(number, train, scored, task)
    file, folder = (task.folder / f"fold-{number}{end}" for end in (".json", ""))
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        return FoldResult(**known | {name: np.array(known[name]) for name in ("Ks", "order")})
    ranker = clone(task.ranker).set_params(checkpoint=folder)
    result = _run_fold(number, train, scored, replace(task, ranker=ranker))
    if not (folder / "fit.json").exists():  # which stays if time was over
        lists = {n: np.asarray(getattr(result, n)).tolist() for n in ("Ks", "scores", "order")}
        with replacing(file) as new:
            known = result._asdict() | lists
            new.write_text(json.dumps(known), encoding="utf-8")
    return result


def _run_fold(number: int, train, scored, task: RankingTask) -> FoldResult:
    """Rank the features on the training rows and score the best of them."""
    X, names, steps = rows_of(task.X, train), None, None
    started = time.perf_counter()
    if task.steps is not None:
        steps = clone(task.steps)
        X = task.weighted(steps, "fit_transform", X, train)
        names = _names_of(steps, X)
    seconds = time.perf_counter() - started
    inputs = None  # of every feature, or group of features
    if task.encodes:
        y = None if task.y is None else _safe_indexing(task.y, train)
        weight = None if task.sample_weight is None else task.sample_weight[train]
        held_out = _safe_indexing(task.X, scored[1])
        parts, inputs, place = encoded(task.ranker, X, y, weight, held_out, task.seed)
        parts[0] = parts[0][np.searchsorted(train, scored[0])]
    elif steps is None:
        parts = [as_matrix(_safe_indexing(task.X, rows)) for rows in scored]
    else:
        held_out = steps.transform(_safe_indexing(task.X, scored[1]))
        parts = [as_matrix(part) for part in (X, held_out)]
        for part in parts:
            check_finite(part, Summary.of(part), names)
        parts[0] = parts[0][np.searchsorted(train, scored[0])]
    n_features = parts[0].shape[1] if inputs is None else len(place)
    n_units = n_features if inputs is None else len(inputs)
    columns = task.columns
    if columns is None:
        columns = some_columns(parts[0].shape[1], np.random.default_rng([task.seed, 1, number]))
    Ks = task.choice._numbers(n_units)

    towards_K = not getattr(task.ranker, "_nested_ranking", True)
    scores: list[float] = []
    for some in [[K] for K in Ks] if towards_K else [Ks]:
        ranker = clone(task.ranker)
        if towards_K:
            ranker.set_params(K=max(int(some[0]), ranker._least_K()))
        started = time.perf_counter()
        task.weighted(ranker, "fit", X, train)
        seconds += time.perf_counter() - started
        order = _order_of(ranker, task.getter, n_features)
        units = order if inputs is None else in_order(place[order])
        order_of_inputs, n_inputs = of_inputs(units, some, inputs)
        scores += task.scorer.scores(order_of_inputs, n_inputs, scored, parts, columns)
    K, n_subsets = task.subsets
    of_subsets = task.scorer.of_subsets(K, n_subsets, task.seed, scored, parts, columns, inputs)
    return FoldResult(n_units, Ks, scores, order, names, seconds, of_subsets)


def in_order(units):
    """Different units in the order of their first columns, without -1."""
    return np.array([unit for unit in dict.fromkeys(units.tolist()) if unit >= 0])


def encoded(selector, X, y, sample_weight, held_out, seed: int):
    """Make inputs of columns as a selector does; what they are is learnt from X.

    Returns
    -------
    parts : list of two ndarray or CSR matrices
        Inputs of X and of the held-out rows.
    inputs : list of ndarray of int
        Inputs of each unit.
    unit_of : ndarray of shape (n_columns,), int
        Unit of each column, -1 where it is never selected.
    """
    learner = clone(selector)
    data = learner._training_data(X, y, sample_weight, seed)
    layout, encoding = data.layout, data.layout.encoding
    if encoding is None:
        names = getattr(learner, "feature_names_in_", np.arange(layout.n_columns))
        held_out = as_matrix(as_numbers(held_out, names))
        if not sparse.issparse(held_out) and (gaps := np.isnan(held_out)).any():
            held_out = np.where(gaps, data.X.mean(axis=0), held_out)
    else:
        held_out = encoding.inputs(held_out)
    of_input = layout.unit_of_input
    of_input = np.arange(data.X.shape[1]) if of_input is None else of_input
    candidate = ~layout.of_inputs(layout.barred)
    inputs = [
        np.flatnonzero(candidate & (of_input == unit))
        for unit in range(layout.unit_of_column.max() + 1)
    ]
    ranked = [members for members in inputs if len(members)]
    number = np.cumsum([len(members) > 0 for members in inputs]) - 1
    of_column = np.where(layout.barred, -1, number[layout.unit_of_column])
    return [data.X, held_out], ranked, of_column


def _names_of(steps, X):
    """Names of what the steps make; None where they do not say."""
    try:
        return np.asarray(steps.get_feature_names_out(), dtype=object)
    except (AttributeError, ValueError):
        return _get_feature_names(X)


def _order_of(ranker, getter, n_features):
    """Numbers of the features, the best first, the first of equals first."""
    values, _ = importances(ranker, getter, n_features)
    if values.dtype == bool:
        raise ValueError(
            f"{type(ranker).__name__} says which features it selects, but not which of them are "
            "better: set 'importance_getter' to what ranks them."
        )
    return np.argsort(-values, kind="stable")
