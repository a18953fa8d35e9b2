# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs select``: the best features of a table, and their score."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from ..evaluation.scorer import HeldOutScores, held_out_scores
from ..utils.text import counted
from .errors import CommandError, needing
from .features import Features, features_of
from .methods import selector_of, settings_of
from .output import print_json, print_lines, print_table, versions
from .program import program_of
from .readers import read
from .splits import split_rows
from .target import Goal, goal_of, warn_of_gaps, warn_of_suspects
from .writing import check_files, check_npz, write

_MOST_NUMBERS = 10**8  # to score all features, made dense: 0.8 GB
_ESTIMATORS = {"accuracy": "an SVC", "R2": "kernel ridge regression"}


class _Fitted(NamedTuple):
    """A selector fitted to some of the rows."""

    selector: Any
    steps: Any
    X: Any
    rows: np.ndarray
    names: list[str]


def run(arguments) -> None:
    """Read, hold out rows, prepare, select, score, write, print."""
    messages, clock = arguments.messages, _Clock()
    check_files(arguments)
    if arguments.report is not None:
        with needing("--report", "cli"):
            import matplotlib  # noqa: F401
    settings = settings_of(arguments.settings)
    if arguments.scaling is not None:
        settings["scaling"] = arguments.scaling
    _selector(arguments, settings, None)  # refuse a misspelt parameter before reading the data

    with clock.of("read"):
        data = read(arguments)
    with clock.of("prepare"):
        data, goal = goal_of(data, arguments.task, messages)
        features = features_of(data, messages, arguments.keep, arguments.text)
        warn_of_gaps(features, goal)
    check_npz(arguments.out, features.text)
    selector = _selector(arguments, settings, goal)
    selector.set_params(verbose=messages.shows_progress)
    n_rows = features.X.shape[0]
    train, held_out = np.arange(n_rows), None
    if not arguments.no_score:
        train, held_out = split_rows(goal, n_rows, arguments.test_size, arguments.seed, messages)
    messages.say(f"{type(selector).__name__} on {counted(len(train), 'row')}")
    with clock.of("fit"):
        fitted = _fit(selector, features, goal, train)
    _say_scaling(fitted.selector, messages)
    scores = None
    if held_out is not None:
        with clock.of("score"):
            scores = _score(fitted, features, goal, held_out, arguments.seed)
    if arguments.refit and held_out is not None:
        messages.say(f"{type(selector).__name__} again, on all {counted(n_rows, 'row')}")
        with clock.of("refit"):
            rows = np.arange(n_rows)
            again = clone(selector).set_params(K=selector.K_)
            fitted = _fit(again, features, goal, rows)
    result = _result(arguments, data, goal, features, fitted, scores, clock)
    failures: list[str] = []
    try:
        _write_files(arguments, data, goal, features, fitted, result, failures)
    finally:  # nothing that goes wrong from here on may take the result away
        try:
            print_json(result) if arguments.json else _print(result)
        except CommandError as error:
            failures.append(str(error))
    if failures:
        raise CommandError("; ".join(failures))


def _write_files(arguments, data, goal, features, fitted, result, failures):
    """Write the columns and the report; collect why one could not be written."""
    columns = list(dict.fromkeys(feature["column"] for feature in result["features"]))
    out, report = arguments.out, arguments.report

    def write_out():
        return write(out, features.as_read(data), columns)

    def write_report_file():
        return _report(arguments, data, goal, features, fitted, result)

    for option, path, what, writer in (
        ("--out", out, counted(len(columns), "column"), write_out),
        ("--report", report, "report", write_report_file),
    ):
        if path is None:
            continue
        try:
            doubt = writer()
        except Exception as error:
            if arguments.debug:
                raise
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            failures.append(f"{option}: {str(path)!r} was not written: {why}")
        else:
            arguments.messages.say(f"{what} written to {path}")
            if doubt:
                arguments.messages.say(f"warning: {doubt}")


class _Clock(dict):
    """Seconds that each part of a command took."""

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


def _fit(selector, features: Features, goal: Goal, rows) -> _Fitted:
    """Fit the preparation and the selector to some rows."""
    X = features.rows(rows) if len(rows) < features.X.shape[0] else features.X
    steps = None if features.steps is None else clone(features.steps)
    X = X if steps is None else steps.fit_transform(X)
    warn_of_suspects(X, features.names_of(steps), goal, rows)
    selector.fit(X, None if goal.y is None else goal.y[rows])  # unsupervised selectors ignore y
    return _Fitted(selector, steps, X, rows, features.names_of(steps))


def _say_scaling(selector, messages):
    """Say how the features were scaled, if their sizes decided that."""
    chosen = selector.scaling_
    if selector.scaling == "auto" and chosen != selector._auto_scaling(shared_unit=True):
        messages.prepared(f"scaling: {chosen} (columns differ much in size)")


def _score(fitted: _Fitted, features: Features, goal: Goal, held_out, seed) -> HeldOutScores:
    """Score the selected features, and all features, on the held-out rows."""
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
    """Collect what the JSON document contains."""
    selector = fitted.selector
    order = np.argsort(selector.ranking_)[: selector.K_]
    columns = features.columns_of(fitted.steps)
    on_all_rows = scores is None or arguments.refit
    return {
        "command": arguments.command_line,
        "data": {
            "source": data.source,
            "n_rows": features.X.shape[0],
            "n_columns": data.X.shape[1],
            "n_features": len(fitted.names),
        },
        "target": goal.in_short,
        "preparation": arguments.messages.preparation,
        "warnings": arguments.messages.warnings,
        "method": arguments.method,
        "selector": type(selector).__name__,
        "settings": selector.get_params(deep=False),
        "selected_on": "all rows" if on_all_rows else "the training rows",
        "n_rows_selected_on": len(fitted.rows),
        "K": selector.K_,
        "features": [
            {
                "rank": int(selector.ranking_[i]),
                "name": fitted.names[i],
                "score": float(selector.scores_[i]),
                "column": columns[fitted.names[i]],
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
    print_lines("", *_summary(result))


def _summary(result):
    """Yield the lines below the table: the score, and the rows behind it."""
    held_out, n_rows = result["held_out"], f"{result['n_rows_selected_on']:,} rows"
    if held_out is None:
        yield f"selected on all {n_rows}; no rows were held out for a score"
        return
    error = held_out["standard_error"]
    line = f"{held_out['metric']} {held_out['selected']:.3f}"
    line += f" ± {error:.3f}" if error is not None else ""
    line += f" with {counted(result['K'], 'feature')}"
    if held_out["metric"] == "explained variance":
        line += " of the other features"
    if held_out["all"] is not None:
        line += f", {held_out['all']:.3f} with all {result['data']['n_features']:,}"
    yield f"{line}: {held_out['estimator']} on {held_out['n_rows']:,} held-out rows"
    if result["selected_on"] == "all rows":
        yield (
            f"selected on all {n_rows}; the score is that of {counted(result['K'], 'feature')} "
            "selected on the training rows"
        )
    else:
        yield f"selected on the other {n_rows}"


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
    code, preparation = program_of(arguments, data, goal, features, fitted), result["preparation"]
    arrays = arguments.target in (None, "y") and not (arguments.transpose or arguments.drop)
    if code is None and not preparation and not (data.source.endswith(".npz") and arrays):
        preparation = [f"Read by the command. {'. '.join(data.notes)}".strip()]
    write_report(
        arguments.report,
        fitted.selector,
        fitted.X,
        None if goal.y is None else goal.y[fitted.rows],
        feature_names=fitted.names,
        target_name=goal.name,
        source=data.source,
        preparation=preparation,
        held_out=held_out,
        command=arguments.command_line,
        code=code,
    )
