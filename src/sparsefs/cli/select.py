# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs select``: features of a table, and how good they are."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from ..evaluation.scorer import HeldOutScores, held_out_scores
from .errors import needing
from .features import Features, features_of
from .messages import counted
from .methods import scaled_for, selector_of, settings_of
from .output import print_json, print_table, versions
from .program import program_of
from .readers import read
from .splits import split_rows
from .target import Goal, goal_of
from .writing import check_npz, check_out, write

_MOST_NUMBERS = 10**8  # of all features, made dense to score them: 0.8 GB
_ESTIMATORS = {"accuracy": "an SVC", "R2": "kernel ridge regression"}


class _Fitted(NamedTuple):
    """A selector fitted to some of the rows."""

    selector: Any
    steps: Any
    X: Any
    rows: np.ndarray
    names: list[str]


def run(arguments) -> None:
    """Read, hold out, prepare, select, score, print, write."""
    messages, clock = arguments.messages, _Clock()
    check_out(arguments.out)
    check_out(arguments.report, (".html",), "--report")
    if arguments.report is not None:
        with needing("--report", "cli"):
            import matplotlib  # noqa: F401
    settings = settings_of(arguments.settings)
    _selector(arguments, settings, None)  # a misspelt parameter is found before the data are read

    with clock.of("read"):
        data = read(arguments)
    with clock.of("prepare"):
        data, goal = goal_of(data, arguments.task, messages)
        features = features_of(data, arguments.keep, messages)
    check_npz(arguments.out, features.text)
    selector = _selector(arguments, settings, goal)
    selector.set_params(verbose=messages.shows_progress)
    n_rows = features.X.shape[0]
    train, held_out = np.arange(n_rows), None
    if not arguments.no_score:
        train, held_out = split_rows(goal, n_rows, arguments.test_size, arguments.seed, messages)
    messages.say(f"{type(selector).__name__} on {counted(len(train), 'row')}")
    with clock.of("fit"):
        X, steps = _prepared(features, goal, train)
        if "scaling" not in settings:
            scaled_for(selector, X, messages, arguments.scaling)
        fitted = _fit(selector, features, goal, train, X, steps)
    scores = None
    if held_out is not None:
        with clock.of("score"):
            scores = _score(fitted, features, goal, held_out, arguments.seed)
    if arguments.refit and held_out is not None:
        messages.say(f"{type(selector).__name__} again, on all {counted(n_rows, 'row')}")
        with clock.of("refit"):
            rows = np.arange(n_rows)
            again = clone(selector).set_params(K=selector.K_)
            fitted = _fit(again, features, goal, rows, *_prepared(features, goal, rows))
    result = _result(arguments, data, goal, features, fitted, scores, clock)
    if arguments.out is not None:
        columns = list(dict.fromkeys(feature["column"] for feature in result["features"]))
        write(arguments.out, data, columns)
        messages.say(f"{counted(len(columns), 'column')} written to {arguments.out}")
    if arguments.report is not None:
        _report(arguments, data, goal, features, fitted, result)
        messages.say(f"report written to {arguments.report}")
    if arguments.json:
        print_json(result)
    else:
        _print(result)


class _Clock(dict):
    """Seconds of the parts of a command."""

    @contextmanager
    def of(self, part):
        started = time.perf_counter()
        yield
        self[part] = time.perf_counter() - started


def _selector(arguments, settings, goal):
    return selector_of(
        arguments.method,
        unsupervised=arguments.unsupervised,
        task=None if goal is None else goal.task,
        seed=arguments.seed,
        K=arguments.K,
        **settings,
    )


def _prepared(features: Features, goal: Goal, rows):
    """The rows as numbers, and the steps that were fitted to them."""
    X = features.rows(rows) if len(rows) < features.X.shape[0] else features.X
    if features.steps is None:
        return X, None
    steps = clone(features.steps)
    return steps.fit_transform(X), steps


def _fit(selector, features: Features, goal: Goal, rows, X, steps) -> _Fitted:
    selector.fit(X, None if goal.y is None else goal.y[rows])  # what has no use for y ignores it
    return _Fitted(selector, steps, X, rows, features.names_of(steps))


def _score(fitted: _Fitted, features: Features, goal: Goal, held_out, seed) -> HeldOutScores:
    """Scores of the selected features and of all, on rows that nothing has seen so far."""
    X = features.rows(held_out)
    if fitted.steps is not None:
        X = fitted.steps.transform(X)
    n_selected, n_features = fitted.selector.K_, X.shape[1]
    Ks = [n_selected]
    n_numbers = n_features * min(X.shape[0] + fitted.X.shape[0], 4000)
    if goal.y is not None and n_selected < n_features and n_numbers <= _MOST_NUMBERS:
        Ks.append(n_features)
    ys = (None, None) if goal.y is None else (goal.y[fitted.rows], goal.y[held_out])
    return held_out_scores(
        np.argsort(fitted.selector.ranking_),
        Ks,
        (fitted.X, ys[0]),
        (X, ys[1]),
        task=goal.task or "auto",
        seed=seed,
    )


def _result(arguments, data, goal, features, fitted, scores, clock):
    """Everything that is known, as JSON has it."""
    selector = fitted.selector
    order = np.argsort(selector.ranking_)[: selector.K_]
    selected_by = "the training rows"
    if scores is None or arguments.refit:
        selected_by = "all rows"
    return {
        "command": arguments.command_line,
        "data": {
            "source": data.source,
            "n_rows": features.X.shape[0],
            "n_columns": len(features.names),
            "n_features": len(fitted.names),
        },
        "target": goal.in_short,
        "preparation": arguments.messages.preparation,
        "method": arguments.method,
        "selector": type(selector).__name__,
        "settings": selector.get_params(deep=False),
        "selected_by": selected_by,
        "n_rows_selected_by": len(fitted.rows),
        "K": selector.K_,
        "features": [
            {
                "rank": int(selector.ranking_[i]),
                "name": fitted.names[i],
                "score": float(selector.scores_[i]),
                "column": features.column_of(fitted.names[i]),
            }
            for i in order
        ],
        "held_out": None if scores is None else _held_out(goal, scores, features, arguments),
        "seconds": {part: round(seconds, 3) for part, seconds in clock.items()},
        "versions": versions(),
    }


def _held_out(goal, scores, features, arguments):
    selected, *whole = scores.values
    n_rows = scores.n_scored
    error = None
    if scores.metric == "accuracy":
        error = float(np.sqrt(selected * (1 - selected) / n_rows))
    return {
        "metric": scores.metric,
        "estimator": _ESTIMATORS.get(scores.metric, "ridge regression"),
        "selected": selected,
        "standard_error": error,
        "all": whole[0] if whole else None,
        "n_rows": n_rows,
        "n_rows_fitted": scores.n_fitted,
    }


def _print(result):
    rows = [(f["rank"], f["name"], f"{f['score']:.4g}") for f in result["features"]]
    print_table(("rank", "feature", "score"), rows, left=(1,))
    print("\n" + "\n".join(_summary(result)))


def _summary(result):
    """What the score is, and which rows it and the selection are of."""
    held_out, n_rows = result["held_out"], f"{result['n_rows_selected_by']:,} rows"
    if held_out is None:
        yield f"selected by all {n_rows}; none were held out for a score"
        return
    error = held_out["standard_error"]
    line = f"{held_out['metric']} {held_out['selected']:.3f}"
    line += f" ± {error:.3f}" if error is not None else ""
    line += f" with {counted(result['K'], 'feature')}"
    if held_out["metric"] == "explained variance":
        line += " (of those not selected)"
    if held_out["all"] is not None:
        line += f", {held_out['all']:.3f} with all {result['data']['n_features']:,}"
    yield f"{line}: {held_out['estimator']} on {held_out['n_rows']:,} held-out rows"
    if result["selected_by"] == "all rows":
        yield (
            f"the score is of a selection by the other rows; the one above is by all {n_rows}, "
            "as many features"
        )
    else:
        yield f"selected by the other {n_rows}"


def _report(arguments, data, goal, features, fitted, result):
    from ..report import write_report

    scores = result["held_out"]
    held_out = None
    if scores is not None:
        held_out = {
            "metric": scores["metric"],
            "selected": scores["selected"],
            "n_samples": scores["n_rows"],
            "estimator": scores["estimator"],
        }
        if scores["all"] is not None:
            held_out["all"] = scores["all"]
    write_report(
        arguments.report,
        fitted.selector,
        fitted.X,
        None if goal.y is None else goal.y[fitted.rows],
        feature_names=fitted.names,
        target_name=goal.name,
        source=data.source,
        preparation=result["preparation"],
        held_out=held_out,
        command=arguments.command_line,
        code=program_of(arguments, data, goal, features, fitted),
    )
