# SPDX-License-Identifier: BSD-3-Clause
"""Table of the trials, in the form of scikit-learn's ``cv_results_``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import FitFailedWarning

from ..utils.warning import warn_user
from .objectives import Objective


def cv_results(
    trials: Sequence[dict],
    params: Sequence[dict[str, Any]],
    names: Sequence[str],
    objectives: Sequence[Objective],
    n_splits: int,
) -> dict[str, Any]:
    """Return a dict of columns with an entry per trial.

    Parameters
    ----------
    trials : sequence of dict
        Records with ``"folds"``, the values of each fold, and ``"error"``.
    params : sequence of dict
        Parameters of each.
    names : sequence of str
        All parameters of the space.
    objectives : sequence of Objective
    n_splits : int
    """
    results: dict[str, Any] = {}
    failed = np.array([trial["error"] is not None for trial in trials])

    def add(column, each_split):
        table = np.array(
            [[fold.get(column, np.nan) for fold in trial["folds"]] for trial in trials], dtype=float
        ).reshape(len(trials), n_splits)
        if each_split:
            results.update({f"split{i}_{column}": table[:, i] for i in range(n_splits)})
        mean = table.mean(axis=1)
        if each_split:
            mean[failed] = np.nan
        results[f"mean_{column}"] = mean
        results[f"std_{column}"] = table.std(axis=1)

    by_fold = {objective.column: objective for objective in objectives}
    for column in ("fit_time", "score_time"):
        if column not in by_fold:
            add(column, each_split=False)
    for name in names:
        results[f"param_{name}"] = _column([trial.get(name, np.ma.masked) for trial in params])
    results["params"] = list(params)
    for column, objective in by_fold.items():
        add(column, each_split=True)
        results[f"rank_{column}"] = _ranks(results[f"mean_{column}"] * objective.sign)
    for column in sorted({c for trial in trials for fold in trial["folds"] for c in fold}):
        if column.startswith("train_"):
            add(column, each_split=True)
    results["status"] = np.where(failed, "failed", "complete")
    results["error"] = np.array([trial["error"] for trial in trials], dtype=object)
    return results


def warn_of_failures(results: dict[str, Any]) -> None:
    """Warn about failed trials.

    Raises
    ------
    ValueError
        If all have failed.
    """
    failed = np.flatnonzero(results["status"] == "failed")
    n = len(results["status"])
    if len(failed) == n:
        raise ValueError(f"All {n} trials failed. The first error: {results['error'][0]}")
    if len(failed):
        warn_user(
            f"{len(failed)} of {n} trials failed, see cv_results_['error']. The first error, "
            f"of trial {failed[0]}: {results['error'][failed[0]]}",
            FitFailedWarning,
        )


def _column(values):
    """Values, masked where the parameter does not exist, in one type if possible."""
    missing = np.array([value is np.ma.masked for value in values])
    there = [value for value in values if value is not np.ma.masked]
    kinds = {type(value) for value in there}
    # An integer of more than 64 bits makes an array of objects, too.
    numbers = kinds == {bool} or (kinds and kinds <= {int, float})
    dtype = np.array(there).dtype if numbers else np.dtype(object)
    column: Any = np.ma.MaskedArray(np.empty(len(values), dtype=dtype), mask=True)
    for i in np.flatnonzero(~missing):
        column[i] = values[i]  # one at a time: a value may be a sequence
    return column


def _ranks(costs):
    """Ranks from 1, the lowest cost; failed trials come last."""
    return rankdata(np.where(np.isnan(costs), np.inf, costs), method="min").astype(np.int32)
