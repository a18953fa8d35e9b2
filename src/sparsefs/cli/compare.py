# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs compare``: the scores of several methods on the same folds."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import CommandError, InputError
from .feature_files import as_indices, parameters_of
from .features import features_of
from .limits import LimitError, within
from .methods import checked_methods, rival_of, selector_of
from .names import OURS
from .output import print_json, print_lines, print_table, versions
from .readers import read
from .target import goal_of, warn_of_gaps, warn_of_suspects
from .writing import check_files, write_scores

# A process imports these before --time-limit counts.
_MODULES = ("sparsefs.evaluation", "sparsefs.training.scaling")
_MODULES_OF_OURS = (
    "torch",
    "sparsefs.importance",
    "sparsefs.topology",
    "sparsefs.training.loop",
    "sparsefs.training.losses",
    "sparsefs.training.pruning_loop",
)


def run(arguments) -> None:
    """Read, rank the features by each method in every fold, score, print."""
    messages = arguments.messages
    check_files(arguments)
    methods = checked_methods(arguments.methods, arguments.unsupervised)
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
    found = []
    for number, method in enumerate(methods, 1):
        messages.say(f"method {number} of {len(methods)}: {method}")
        found.append(_measured(method, arguments, settings, features, goal, data, Ks))
        if found[-1]["error"]:
            messages.say(f"{method}: {found[-1]['error']}")
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
        "n_folds": arguments.cv,
        "Ks": Ks,
        "methods": found,
        "versions": versions(),
    }
    failure = None
    if arguments.out is not None:
        try:
            write_scores(arguments.out, result)
            messages.say(f"scores written to {arguments.out}")
        except OSError as error:  # the result is printed all the same
            failure = f"--out: {str(arguments.out)!r} was not written: {error.strerror or error}"
    if arguments.json:
        print_json(result)
    else:
        _print(result)
    if failure:
        raise CommandError(failure)
    if all(row["error"] for row in found):
        raise CommandError("every method failed")


def _measured(method, arguments, settings, features, goal, data, Ks):
    """Return the row of a method: its curve, or the reason why it failed."""
    row: dict[str, Any] = {"method": method, "error": None}
    try:
        ranker = _ranker(method, arguments, settings, goal)
        if method == "all":
            Ks = [np.iinfo(np.int64).max]  # k_curve takes all features
        options = {
            "Ks": Ks,
            "cv": arguments.cv,
            "n_jobs": arguments.jobs,
            "random_state": arguments.seed,
            "task": goal.task or "auto",
            **data.for_fit(slice(None)),
        }
        modules = [*_MODULES, *(_MODULES_OF_OURS if method in OURS else ())]
        curve = within(
            arguments.time_limit, _curve, ranker, features.X, goal.y, options, modules=modules
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


def _ranker(method, arguments, settings, goal):
    """Make the ranker of a method."""
    unsupervised, seed = arguments.unsupervised, arguments.seed
    if method in OURS:
        return selector_of(method, unsupervised=unsupervised, task=goal.task, seed=seed, **settings)
    task = None if unsupervised else goal.task
    return rival_of(method, task=task, seed=seed, Ks=arguments.K, **settings)


def _curve(ranker, X, y, settings):
    from ..evaluation import k_curve

    return k_curve(ranker, X, y, **settings)


def _print(result):
    curves = [row for row in result["methods"] if row["method"] != "all"]
    metric = next((row["metric"] for row in result["methods"] if not row["error"]), "score")
    Ks = result["Ks"]
    rows = []
    for row in curves:
        if row["error"]:
            rows.append((row["method"], *["-"] * len(Ks), "-"))
            continue
        at = np.searchsorted(row["Ks"], Ks).clip(max=len(row["Ks"]) - 1)
        cells = [_cell(row, i) for i in at]
        seconds = float(np.median(row["fit_seconds"]))
        rows.append((row["method"], *cells, f"{seconds:.2g}" if seconds >= 1e-3 else "< 0.001"))
    print_table((metric, *(f"K={K}" for K in Ks), "seconds"), rows, left=(0,))
    for row in result["methods"]:
        if row["method"] == "all" and not row["error"]:
            print_lines("", f"all {row['Ks'][0]:,} features: {_cell(row, 0)}")
    for row in result["methods"]:
        if row["error"]:
            print_lines("", f"{row['method']}: {row['error']}")


def _cell(row, i):
    return f"{row['mean'][i]:.3f} ± {row['std'][i]:.3f}"
