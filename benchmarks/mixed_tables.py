# SPDX-License-Identifier: BSD-3-Clause
"""Selectors and their rivals on tables of numbers, text and dates, without and with noise.

Every method selects a quarter of the columns, and 3, 5 and 10. LightGBM, a linear model and, for
the quarter, a small network are trained on them: AUC or R2 on the test rows, and accuracy. With
columns of noise every method selects as many as there are real ones: their share among the
selected (recall), and the scores. Splits are 80/20 by seed, with at most 4,000 rows of each part;
``table_data.py`` makes numbers of the tables and adds the noise. Methods for classes are left out
where a quantity is predicted. Limits, thinned methods and seeds are those of ``accuracy``.
"""

import functools
import importlib

from benchmarks import evaluation, grid, methods, table_data
from benchmarks.accuracy import METHODS
from benchmarks.formatting import mean_error, numbers, short, show
from benchmarks.isolated import Job
from benchmarks.results import Results

KEY = ["table", "noise", "method", "seed"]
QUARTER, REAL, ALL = "quarter", "real", "all"
KS = (3, 5, 10)
WITHOUT_NOISE = "none"
NOISE_SPLITS = 1
SIZES = [*map(str, KS), QUARTER, REAL, ALL]
MODELS = ("lightgbm", "linear", "mlp")
LARGEST = (QUARTER, REAL, ALL)  # what all models score, and where accuracy is reported
COLUMNS = [
    *("status", "seconds", "cpu_seconds", "n_train", "n_features", "n_real", "recall"),
    *(f"{m}_{s}" for m in MODELS for s in SIZES if m != "mlp" or s in LARGEST),
    *(f"{m}_accuracy_{s}" for m in MODELS for s in LARGEST),
]


def add_arguments(parser):
    parser.add_argument("--tables", nargs="+", default=[*table_data.TABLES])
    parser.add_argument("--noise", nargs="+", default=[*table_data.NOISE])
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS, metavar="METHOD")
    parser.add_argument("--seeds", nargs="+", type=int, default=range(1000, 1003))
    grid.add_arguments(parser)


def run(arguments):
    grid.say_what_is_tuning(arguments.seeds)
    with grid.Grid(arguments) as fits:
        for seed in arguments.seeds:
            results = Results(grid.file_of_seed("mixed_tables", seed), KEY)
            for noise in arguments.noise:
                for table in arguments.tables:
                    for method in filter(arguments.methods.__contains__, METHODS):
                        if wanted(table, noise, method, seed, arguments.seeds):
                            identity = {"table": table, "noise": noise, "method": method}
                            identity["seed"] = seed
                            job = "benchmarks.mixed_tables:job"
                            fits.fill(results, identity, COLUMNS, job, identity)
    for file in dict.fromkeys(grid.file_of_seed("mixed_tables", s) for s in arguments.seeds):
        summarise(Results(file, KEY), arguments)


def wanted(table, noise, method, seed, seeds):
    """Whether a method runs on this split; with noise on the first ones only."""
    known, (rows, columns) = methods.METHODS[method], table_data.shape(table)
    most_splits = known.most_splits if noise == WITHOUT_NOISE else NOISE_SPLITS
    return (
        not methods.missing(method)
        and (known.regression or table_data.EVERY[table].task != "regression")
        and (known.most_K is None or columns / 4 <= known.most_K)
        and seed in [*seeds][:most_splits]
        and rows * columns <= known.most_values
    )


def sizes(noise, method, n_real):
    """{name: K} of what a method selects and the models score."""
    if method == methods.ALL:
        return {ALL: None}
    if noise != WITHOUT_NOISE:
        return {REAL: n_real}
    quarter = {QUARTER: max(1, round(n_real / 4))}
    if methods.METHODS[method].for_one_K:
        return quarter
    return {str(K): K for K in KS if K < n_real} | quarter


parts = functools.lru_cache(maxsize=1)(table_data.parts)  # for the next method, too


def job(table, noise, method, seed):
    known, task = methods.METHODS[method], table_data.EVERY[table].task
    X, X_test, y, y_test, real = parts(table, noise, seed)
    n_real = int(real.sum())
    wanted = sizes(noise, method, n_real)
    if known.needs:  # importing it is no part of the fit
        importlib.import_module(known.needs)

    def report(scores):
        found = {"n_train": len(X), "n_features": X.shape[1], "n_real": n_real}
        if REAL in wanted:
            found["recall"] = 100 * real[evaluation.best(scores, n_real)].mean()
        for size, K in wanted.items():
            chosen = None if K is None else evaluation.best(scores, K)
            data = evaluation.standardised((X, X_test, y, y_test), chosen)
            for model in MODELS if size in LARGEST else MODELS[:-1]:
                if task == "regression":
                    found[f"{model}_{size}"] = evaluation.r2(
                        data, evaluation.REGRESSORS[model], seed
                    )
                    continue
                figures = evaluation.scores(data, evaluation.CLASSIFIERS[model], seed)
                found[f"{model}_{size}"] = figures["_auc"]
                found[f"{model}_accuracy_{size}"] = figures[""]
        return {name: round(value, 3) for name, value in found.items()}

    Ks = [K for K in wanted.values() if K is not None] or [n_real]
    return Job(lambda: known(X, y, Ks, seed, task), X.nbytes, report)


def summarise(results, arguments):
    """LightGBM's score of the quarter of the columns, and the recall in noise."""
    for noise in arguments.noise:
        column = f"lightgbm_{QUARTER}" if noise == WITHOUT_NOISE else "recall"
        lines = []
        for method in filter(arguments.methods.__contains__, METHODS):
            line = [method]
            for table in arguments.tables:
                rows = results.where(table=table, noise=noise, method=method)
                figures, seconds = numbers(rows, column), numbers(rows, "cpu_seconds")
                cell = f"{mean_error(figures)} ({short(max(seconds))} s)" if len(figures) else "-"
                line.append(cell)
            lines.append(line)
        show(["method", *arguments.tables], lines, f"{column}, noise: {noise}")
