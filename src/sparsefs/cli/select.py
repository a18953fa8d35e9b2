# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs select``: the best features of a table, and their score."""

from __future__ import annotations

import sys
import time
import warnings
from contextlib import contextmanager, nullcontext, redirect_stdout
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from ..data.layout import unit_numbers
from ..evaluation.choice import CrossValidatedK
from ..evaluation.interchangeable import alternatives_in, with_means
from ..meta import StabilitySelector
from ..utils.text import counted
from .data import Data
from .errors import CommandError, InputError
from .feature_files import as_indices, parameters_of
from .features import Features, features_of
from .methods import selector_of, settings_of
from .output import print_json, print_lines, print_table, versions
from .program import program_of
from .readers import read
from .saved import SavedSelection
from .scores import MOST_NUMBERS, chance_of, in_lines, scores_of
from .scoring import Scoring
from .splits import number_of_splits, split_rows, splits_after
from .target import Goal, goal_of, warn_of_events, warn_of_gaps, warn_of_suspects
from .writing import STDOUT, check_files, check_h5ad, check_npz, write

_MOST_WITH_OTHERS = 200  # features whose alternatives are looked for
_MOST_OTHERS = 5  # alternatives of a feature in the JSON document


class _Fitted(NamedTuple):
    """A selector fitted to some of the rows."""

    selector: Any
    X: Any
    rows: np.ndarray

    @property
    def base(self) -> Any:
        """The selector within one that controls the false discovery rate."""
        return getattr(self.selector, "estimator", self.selector)

    @property
    def n_selected(self) -> int:
        """Number of selected columns."""
        return int(self.selector.get_support().sum())

    @property
    def order(self) -> np.ndarray:
        """Columns, the selected ones first, each of both best first."""
        return np.lexsort((self.selector.ranking_, ~self.selector.get_support()))

    @property
    def n_units(self) -> int:
        """Number of selected columns, or of groups of them."""
        support, names = self.selector.get_support(), getattr(self.X, "columns", None)
        units = unit_numbers(self.base.feature_groups, names, len(support))
        return self.n_selected if units is None else len(np.unique(units[support]))


def run(arguments) -> None:
    """Read, hold out rows, select, score, write, print."""
    messages, clock = arguments.messages, _Clock()
    check_files(arguments)
    settings = settings_of(arguments.settings)
    if arguments.scaling is not None:
        settings["scaling"] = arguments.scaling
    _check_options(arguments)
    _selector(arguments, settings, None, None)  # refuse a misspelt parameter before any reading

    with clock.of("read"):
        data = read(arguments)
    n_read = data.X.shape[0]
    with clock.of("prepare"):
        data, goal = goal_of(data, arguments.task, messages)
        features = features_of(data, messages, arguments.keep, arguments.text)
        warn_of_gaps(features, goal)
        warn_of_events(features, goal)
        named = parameters_of(arguments, data, features.names)
    check_npz(arguments.out, features.text)
    check_h5ad(arguments.out, data)
    of_table = named if features.kinds else as_indices(named, features.names)
    scoring = Scoring.of(arguments, goal, features.X)
    selector = _selector(arguments, settings | of_table, goal, scoring)
    selector.set_params(verbose=not messages.quiet)
    n_rows = features.X.shape[0]
    train, splits = np.arange(n_rows), []
    if not arguments.no_score:
        seed, groups = arguments.seed, data.groups
        splits = [split_rows(goal, n_rows, arguments.test_size, seed, messages, groups)]
        train = splits[0][0]
        n_splits = arguments.splits or number_of_splits(
            features.X.shape, arguments.method, arguments.level, scoring.has_interval
        )
        splits += splits_after(splits[0], goal, n_splits, seed, groups)
    messages.say(f"{type(selector).__name__} on {counted(len(train), 'row')}")
    with clock.of("fit"):
        fitted = _fit(selector, features, goal, data, train)
    if arguments.level is None:
        _say_scaling(fitted.selector, messages)
    scores = None
    if splits:
        if len(splits) > 1:
            messages.say(f"scoring {len(splits)} splits, with a new selection in each")
        with clock.of("score"):
            fits = _fits(selector, fitted, features, goal, data, splits, messages)
            scores = scores_of(
                fits, splits, features, goal, scoring, arguments.seed, data.weights, data.groups
            )
    if arguments.refit and splits:
        messages.say(f"{type(selector).__name__} again, on all {counted(n_rows, 'row')}")
        with clock.of("refit"):
            rows = np.arange(n_rows)
            again = clone(selector).set_params(K=fitted.n_units)
            fitted = _fit(again, features, goal, data, rows)
    fitted.selector.set_params(verbose=False)  # of no interest in the document and the program
    result = _result(arguments, data, goal, features, fitted, named, scores, clock)
    failures: list[str] = []
    try:
        report = partial(
            _report, arguments, data, goal, features, fitted, named, scoring, result, n_read
        )
        _write_files(arguments, data, features, fitted, result, report, failures)
    finally:  # nothing that goes wrong from here on may take the result away
        try:
            with redirect_stdout(sys.stderr) if arguments.out == STDOUT else nullcontext():
                print_json(result) if arguments.json else _print(result)
        except CommandError as error:
            failures.append(str(error))
    if failures:
        raise CommandError("; ".join(failures))


def _write_files(arguments, data, features, fitted, result, write_report, failures):
    """Write the columns, the selection and the report; collect why one could not be written."""
    columns = [feature["name"] for feature in result["features"]]
    out, save, report = arguments.out, arguments.save, arguments.report

    def write_out():
        return write(out, features.as_read(data), columns)

    def save_selection():
        SavedSelection.of(arguments, data, features, fitted.selector, columns).write(save)

    for option, path, what, writer in (
        ("--out", out, counted(len(columns), "column"), write_out),
        ("--save", save, "selection", save_selection),
        ("--report", report, "report", write_report),
    ):
        if path is None:
            continue
        if not columns:
            failures.append(f"{option}: no feature was selected, so {str(path)!r} was not written")
            continue
        try:
            doubt = writer()
        except Exception as error:
            if arguments.debug:
                raise
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            failures.append(f"{option}: {str(path)!r} was not written: {why}")
        else:
            where = "standard output" if path == STDOUT else path
            arguments.messages.say(f"{what} written to {where}")
            if doubt:
                arguments.messages.say(f"warning: {doubt}")


class _Clock(dict):
    """Seconds that each part of a command took."""

    @contextmanager
    def of(self, part):
        started = time.perf_counter()
        yield
        self[part] = time.perf_counter() - started


def _check_options(arguments):
    """Refuse options that would have no effect."""
    if arguments.out == STDOUT and arguments.json:
        raise InputError("--out - and --json both write to standard output: leave out one")
    if arguments.level is not None:
        chosen = {
            "-K": "K" in getattr(arguments, "given", ()),  # which has a default
            "--budget": arguments.budget is not None,
            "--refit": arguments.refit,
        }
        for option, is_given in chosen.items():
            if is_given:
                raise InputError(f"--level decides what is selected: leave out {option}")
        if arguments.feature_costs is not None:
            raise InputError("--level does not use costs: leave out --feature-costs")
    if arguments.cv is not None and not _chooses_K(arguments):
        raise InputError("--cv is for -K auto, which chooses the number of features")


def _chooses_K(arguments):
    return arguments.K == "auto" and arguments.level is None and arguments.budget is None


def _selector(arguments, settings, goal, scoring):
    """Make the selector; `goal` and `scoring` are None before the data are read."""
    K = arguments.K
    if _chooses_K(arguments):
        chosen = {"cv": arguments.cv, **({} if scoring is None else scoring.settings)}
        if arguments.unsupervised:
            chosen.pop("scoring", None)
        chosen = {name: value for name, value in chosen.items() if value is not None}
        if scoring is not None and chosen:
            K = CrossValidatedK(**chosen)
    elif K == "auto":
        K = None  # the budget or the level decides
    elif K == "above_noise":
        settings = {"n_shadows": "auto", **settings}
    selector = selector_of(
        arguments.method,
        unsupervised=arguments.unsupervised,
        task=None if goal is None else goal.task,
        seed=arguments.seed,
        K=K,
        **settings,
    )
    in_parallel = arguments.jobs != 1 and arguments.level is None
    selector.set_params(
        n_jobs=arguments.jobs if in_parallel else None, max_time=arguments.time_limit
    )
    if arguments.level is None:
        return selector
    if selector._nested_ranking:
        selector.set_params(K=selector._least_K())  # which a fit ranks all features with
    return StabilitySelector(
        selector,
        control="fdr",
        level=arguments.level,
        n_jobs=arguments.jobs,
        random_state=arguments.seed,
    )


def _fit(selector, features: Features, goal: Goal, data: Data, rows) -> _Fitted:
    """Fit the selector to some rows."""
    X = features.rows(rows)
    warn_of_suspects(features, goal, X, rows)
    y = None if goal.y is None else goal.y[rows]  # unsupervised selectors ignore it
    selector.fit(X, y, **data.for_fit(rows))
    return _Fitted(selector, X, rows)


def _say_scaling(selector, messages):
    """Say how the features were scaled, if their sizes decided that."""
    chosen = selector.scaling_
    if selector.scaling == "auto" and chosen != selector._auto_scaling(shared_unit=True):
        messages.prepared(f"scaling: {chosen} (columns differ much in size)")


def _fits(selector, first: _Fitted, features, goal, data, splits, messages):
    """Yield what is fitted to the training rows of each split; that of the first is known."""
    yield first
    for train, _ in messages.followed(splits[1:], "scoring", "split"):
        again = clone(selector).set_params(verbose=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the first said what there is to say
            fitted = _fit(again, features, goal, data, train)
        yield fitted


def _result(arguments, data, goal, features, fitted, named, scores, clock):
    """Collect what the JSON document contains."""
    selector, names = fitted.selector, features.names
    order = fitted.order[: fitted.n_selected]
    alternatives = _alternatives(features, fitted.X, order)
    on_all_rows = scores is None or arguments.refit
    groups = named.get("feature_groups")
    group_of = {name: group for group, some in (groups or {}).items() for name in some}
    return {
        "command": arguments.command_line,
        "data": {
            "source": data.source,
            "n_rows": features.X.shape[0],
            "n_columns": data.X.shape[1],
            "n_features": len(names),
        },
        "target": goal.in_short,
        "preparation": arguments.messages.preparation,
        "warnings": arguments.messages.warnings,
        "method": arguments.method,
        "selector": type(selector).__name__,
        "settings": fitted.base.get_params(deep=False) | named,
        "level": arguments.level,
        "expected_false": None if arguments.level is None else selector.expected_false_,
        "selected_on": "all rows" if on_all_rows else "the training rows",
        "n_rows_selected_on": len(fitted.rows),
        "K": fitted.n_selected,
        "n_groups": fitted.n_units if groups else None,
        "cost": _cost([names[i] for i in order], named),
        "features": [
            {
                "rank": int(selector.ranking_[i]),
                "name": names[i],
                "score": float(selector.scores_[i]),
                "q_value": None if arguments.level is None else float(selector.q_values_[i]),
                "group": group_of.get(names[i]),
                "alternatives": [
                    {"name": names[j], "correlation": r} for j, r in others[:_MOST_OTHERS]
                ],
            }
            for i, others in zip(order, alternatives, strict=True)
        ],
        "held_out": scores,
        "seconds": {part: round(seconds, 3) for part, seconds in clock.items()},
        "versions": versions(),
    }


def _cost(selected, named):
    """Return what the selected columns cost; None where costs do not matter."""
    if not {"feature_costs", "budget"} & set(named):
        return None
    return sum(named.get("feature_costs", {}).get(name, 1) for name in selected)


def _alternatives(features, X, order):
    """Return for each feature those that could stand for it, if the table is not too large.

    Only columns of numbers are compared.
    """
    found: list[list[tuple[int, float]]] = [[] for _ in order]
    if min(X.shape[0], 2000) * X.shape[1] > MOST_NUMBERS:
        return found
    X, columns = features.numbers(X)
    place = {int(column): i for i, column in enumerate(columns)}
    compared = [i for i in order[:_MOST_WITH_OTHERS].tolist() if i in place]
    others = alternatives_in(with_means(X), [place[i] for i in compared]) if compared else []
    of = dict(zip(compared, others, strict=True))
    return [[(int(columns[j]), r) for j, r in of.get(i, [])] for i in order.tolist()]


def _print(result):
    if not result["features"]:
        print_lines("no feature was selected", "", *_summary(result))
        return
    header = ["rank", "feature", "score"]
    rows = [[f["rank"], f["name"], f"{f['score']:.4g}"] for f in result["features"]]
    if result["level"] is not None:
        header.append("q-value")
        for row, feature in zip(rows, result["features"], strict=True):
            row.append(f"{feature['q_value']:.2g}")
    if result["n_groups"]:
        header.append("group")
        for row, feature in zip(rows, result["features"], strict=True):
            row.append(feature["group"] or "")
    if any(f["alternatives"] for f in result["features"]):
        header.append("or")
        for row, feature in zip(rows, result["features"], strict=True):
            best = feature["alternatives"][:1]
            row.append("".join(f"{a['name']} ({a['correlation']:.2f})" for a in best))
    left = [i for i, name in enumerate(header) if name in ("feature", "group", "or")]
    print_table(header, rows, left=left)
    print_lines("", *_summary(result))


def _summary(result):
    """Yield the lines below the table: the cost, the score, and the rows behind it."""
    if result["cost"] is not None:
        budget = result["settings"]["budget"]
        of = "" if budget is None else f" of a budget of {budget:g}"
        yield f"cost {result['cost']:g}{of}"
    if result["level"] is not None and result["features"]:
        yield (
            f"expected false selections: {result['expected_false']:.2g} (false discovery rate of "
            f"at most {result['level']:g})"
        )
    held_out, n_rows = result["held_out"], f"{result['n_rows_selected_on']:,} rows"
    if held_out is None:
        yield f"selected on all {n_rows}; no rows were held out for a score"
        return
    n_selected, what = result["n_groups"] or result["K"], "feature"
    if result["n_groups"]:
        what = "group"
    yield from in_lines(held_out, n_selected, result["data"]["n_features"], what)
    if result["selected_on"] == "all rows":
        yield (
            f"selected on all {n_rows}; the score is that of {counted(n_selected, what)} selected "
            "on the training rows"
        )
    elif held_out["n_splits"] > 1:
        yield f"the table is the selection of the first split, on its other {n_rows}"
    else:
        yield f"selected on the other {n_rows}"


def _report(arguments, data, goal, features, fitted, named, scoring, result, n_read):
    from ..report import write_report

    scores = result["held_out"]
    held_out = chance = None
    if scores is not None:
        names = ("metric", "selected", "interval", "all", "n_splits", "estimator")
        held_out = {name: scores[name] for name in names} | {"n_samples": scores["n_rows"]}
        chance = chance_of(scores)
    code, preparation = (
        program_of(arguments, data, goal, features, fitted, named),
        result["preparation"],
    )
    arrays = arguments.target in (None, ["y"]) and not (
        arguments.transpose or arguments.exclude or arguments.id
    )
    if code is None and not preparation and not (data.source.endswith(".npz") and arrays):
        preparation = [f"Read by the command. {'. '.join(data.notes)}".strip()]
    y = None if goal.y is None else goal.y[fitted.rows]
    fitted.selector.set_params(verbose=not arguments.messages.quiet)  # for the folds of the curve
    write_report(
        arguments.report,
        fitted.selector,
        fitted.X,
        y,
        curve=_curve(fitted, y, data, scoring, arguments.seed),
        feature_names=features.names,
        target_name=goal.name,
        source=data.source,
        source_size={
            "n_rows": n_read,
            "n_columns": data.X.shape[1],
            "n_missing": features.n_missing,
        },
        preparation=preparation,
        held_out=held_out,
        chance=chance or False,
        command=arguments.command_line,
        code=code,
    )


def _curve(fitted, y, data, scoring, seed):
    """Return the curve of the report where its folds must know more than the report, or None."""
    given = data.for_fit(fitted.rows)
    given |= {name: value for name, value in scoring.settings.items() if value is not None}
    of_base = fitted.base is not fitted.selector
    if hasattr(fitted.selector, "path_") or not (given or of_base):  # the report can make it
        return None
    from ..evaluation import k_curve

    K, n_features = fitted.n_units, fitted.X.shape[1]
    Ks = sorted({min(n_features, max(1, round(K * share))) for share in (0.25, 0.5, 1, 2)})
    return k_curve(clone(fitted.base), fitted.X, y, Ks=Ks, random_state=seed, **given)
