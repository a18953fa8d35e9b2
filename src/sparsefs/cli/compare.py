# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs compare``: the scores of several methods on the same folds."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

import numpy as np

from ..evaluation.intervals import tied_with_best
from ..utils.text import counted
from .errors import CommandError, InputError
from .feature_files import as_indices, parameters_of
from .features import features_of
from .limits import LimitError, within
from .methods import checked_methods, rival_of, selector_of
from .names import OURS
from .output import is_bold, print_json, print_lines, print_table, versions
from .readers import read
from .scoring import Scoring
from .target import goal_of, warn_of_gaps, warn_of_suspects
from .writing import check_files, write_scores

_GUESS = "guess"  # the row of a guess without features
TEST = "corrected resampled t-test over the folds, 5 % level"
# What a process imports before --time-limit counts, and the folders with all that ours import.
_MODULES = (
    *("sklearn.gaussian_process", "sklearn.multiclass"),
    *("sparsefs.evaluation.chance", "sparsefs.training.scaling"),
)
_FOLDERS_OF_OURS = ("importance", "regularization", "topology", "training")


def run(arguments) -> None:
    """Read, rank the features by each method in every fold, score, print."""
    messages = arguments.messages
    check_files(arguments)
    methods = checked_methods(arguments)
    data = read(arguments)
    data, goal = goal_of(data, arguments.task, messages)
    features = features_of(data, messages, arguments.keep, arguments.text)
    warn_of_gaps(features, goal)
    warn_of_suspects(features, goal, features.X)
    settings = parameters_of(arguments, data, features.names)
    if not hasattr(features.X, "columns"):
        settings = as_indices(settings, features.names)
    Ks = sorted(set(arguments.K))
    if arguments.time_limit is not None and arguments.jobs != 1:
        messages.say("--jobs is not used with --time-limit: each method has one process")
        arguments.jobs = 1
    scoring = Scoring.of(arguments, goal, features.X)
    task = (arguments, settings, features, goal, scoring, data, Ks)
    found = []
    for number, method in enumerate(methods, 1):
        messages.say(f"method {number} of {len(methods)}: {method}")
        found.append(_measured(method, *task))
        if found[-1]["error"]:
            messages.say(f"{method}: {found[-1]['error']}")
    _mark_ties(found, Ks)
    guess = None if goal.task in (None, "survival") else _measured(_GUESS, *task)
    metric, n_folds = next(
        ((row["metric"], row["scores"].shape[1]) for row in found if not row["error"]),
        ("score", arguments.cv),
    )
    result = {
        "command": arguments.command_line,
        "data": {
            "source": data.source,
            "n_rows": features.X.shape[0],
            "n_columns": data.X.shape[1],
        },
        "target": goal.in_short,
        "preparation": messages.preparation,
        "warnings": messages.warnings,
        "n_folds": n_folds,
        "metric": metric,
        "estimator": scoring.name,
        "Ks": Ks,
        "methods": found,
        "guess": guess,
        "versions": versions(),
    }
    table = _table(result)
    failures = _write_files(arguments, result, table)
    if arguments.json:
        print_json(result)
    else:
        _print(result, *table)
    if failures:
        raise CommandError("; ".join(failures))
    if all(row["error"] for row in found):
        raise CommandError("every method failed")


def _write_files(arguments, result, table):
    """Write the scores and the report; return why one could not be written."""
    failures = []
    for option, path, what in (
        ("--out", arguments.out, "scores"),
        ("--report", arguments.report, "report"),
    ):
        if path is None:
            continue
        try:
            if what == "scores":
                write_scores(path, result)
            else:
                from ..report.comparison import write_comparison

                head, rows, marked = table
                write_comparison(path, result, head, rows, marked, TEST)
            arguments.messages.say(f"{what} written to {path}")
        except Exception as error:  # the result is printed all the same
            if arguments.debug:
                raise
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            failures.append(f"{option}: {str(path)!r} was not written: {why}")
    return failures


def _measured(method, arguments, settings, features, goal, scoring, data, Ks):
    """Return the row of a method: its curve, or the reason why it failed."""
    row: dict[str, Any] = {"method": method, "error": None}
    try:
        ranker = _ranker(method, arguments, settings, goal)
        limit = arguments.time_limit
        if method == "all":
            Ks = [np.iinfo(np.int64).max]  # k_curve takes all features
        elif method == _GUESS:
            Ks, limit = [1], None  # at once
        options = {
            "Ks": Ks,
            "cv": arguments.cv,
            "random_state": arguments.seed,
            "task": goal.task or "auto",
            **scoring.settings,
            **data.for_fit(slice(None)),
        }
        with _progress(method, arguments) as update:
            curve = within(
                limit,
                _guess if method == _GUESS else _curve,
                ranker,
                features.X,
                goal.y,
                arguments.jobs,
                options,
                modules=_modules(method),
                update=update,
            )
    except (LimitError, InputError) as error:
        return row | {"error": str(error)}
    except Exception as error:  # the other methods go on
        if arguments.debug:
            raise
        return row | {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
    return row | {
        "metric": curve.metric,
        "Ks": curve.Ks,
        "mean": curve.mean,
        "std": curve.std,
        "scores": curve.scores,
        "fit_seconds": curve.fit_seconds,
    }


def _modules(method):
    """Return the modules that a method uses."""
    names = [*_MODULES, *(["lightgbm"] if method == "lightgbm" else [])]
    for folder in _FOLDERS_OF_OURS if method in OURS else ():
        spec = find_spec(f"sparsefs.{folder}")
        assert spec is not None
        found = iter_modules(spec.submodule_search_locations, f"sparsefs.{folder}.")
        names += [module.name for module in found]
    return names


def _progress(method, arguments):
    """Return a context that shows the folds of a method."""
    if method == _GUESS:  # which takes no time
        return nullcontext(lambda: None)
    hint = None
    if arguments.time_limit is None:
        hint = f"{method} takes long: --time-limit SECONDS ends slow methods"
    return arguments.messages.counting(method, arguments.cv, "fold", hint)


def _ranker(method, arguments, settings, goal):
    """Make the ranker of a method."""
    unsupervised, seed = arguments.unsupervised, arguments.seed
    if method in OURS:
        return selector_of(method, unsupervised=unsupervised, task=goal.task, seed=seed, **settings)
    task = None if unsupervised else goal.task
    method = "random" if method == _GUESS else method
    return rival_of(method, task=task, seed=seed, Ks=arguments.K, **settings)


def _curve(ranker, X, y, n_jobs, settings, update, change=lambda ranking: ranking):
    """Do what `k_curve` does, and call `update` after each fold."""
    from ..evaluation.k_curve import curve_of, prepared
    from ..evaluation.path import run_folds
    from ..utils.parallel import parallel

    def followed(folds):
        for result in parallel(n_jobs)(folds):
            update()
            yield result

    ranking, folds, rng, names = prepared("compare", ranker, X, y, **settings)
    ranking = change(ranking)
    return curve_of(run_folds(ranking, folds, rng, followed), ranking, names)


def _guess(ranker, X, y, n_jobs, settings, update):
    """Return the scores of guessing without features."""
    from ..evaluation.chance import guessing

    return replace(_curve(ranker, X, y, n_jobs, settings, update, guessing), Ks=np.array([0]))


def _mark_ties(found, Ks):
    """Say of each method and K whether the score is not different from the best."""
    rows = [row for row in found if row["method"] != "all" and not row["error"]]
    for row in rows:
        row["tied_with_best"] = [False] * len(row["Ks"])
    for K in Ks if rows else ():
        at = [_place(row, K) for row in rows]
        tied = tied_with_best([row["scores"][i] for row, i in zip(rows, at, strict=True)])
        for row, i, is_tied in zip(rows, at, tied.tolist(), strict=True):
            row["tied_with_best"][i] = is_tied


def _place(row, K):
    """Return where the score at K is; that of all features where K is larger."""
    return min(int(np.searchsorted(row["Ks"], K)), len(row["Ks"]) - 1)


def _table(result):
    """Return the head, the rows of text, and the cells that are not different from the best."""
    Ks, rows, marked = result["Ks"], [], set()
    compared = [row for row in result["methods"] if "tied_with_best" in row]
    methods = sorted(result["methods"], key=lambda row: row["method"] == "all")
    for row in [*methods, result["guess"]]:
        if row is None:
            continue
        if row["error"]:
            rows.append((row["method"], *["-"] * len(Ks), "-"))
            continue
        at = [_place(row, K) for K in Ks]
        if row in compared and len(compared) > 1:
            marked |= {(len(rows), j) for j, i in enumerate(at, 1) if row["tied_with_best"][i]}
        label, seconds = row["method"], ""
        if label == "all":
            label = f"all {counted(int(row['Ks'][0]), 'feature')}"
        elif label == _GUESS:
            label = "always guessing"
        else:
            taken = float(np.median(row["fit_seconds"]))
            seconds = f"{taken:.2g}" if taken >= 1e-3 else "< 0.001"
        rows.append((label, *(f"{row['mean'][i]:.3f} ± {row['std'][i]:.3f}" for i in at), seconds))
    return (result["metric"], *(f"K={K}" for K in Ks), "seconds"), rows, marked


def _print(result, head, rows, marked):
    print_table(head, rows, left=(0,), marked=marked)
    print_lines("", f"mean ± standard deviation over {result['n_folds']} folds; seconds per fold")
    if marked:
        sign = "bold" if is_bold() else "*"
        print_lines(f"{sign}: not different from the best ({TEST})")
    for row in [*result["methods"], *([result["guess"]] if result["guess"] else [])]:
        if row["error"]:
            print_lines(f"{row['method']}: {row['error']}")
