# SPDX-License-Identifier: BSD-3-Clause
"""Share of the true features that are found in generated data, and false ones found in noise.

As many features are taken as there are true ones; where a feature has near-copies, one of them is
enough. Every fit runs in a process of its own; one that takes longer than --limit is ended, and its
row says so. On noise, ``StabilitySelector`` should select fewer features on the average than its
bounds say (``synthetic_noise.csv``).
"""

import numpy as np
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression

from benchmarks import methods
from benchmarks.formatting import mean_error, numbers, short, show
from benchmarks.isolated import Job, measure
from benchmarks.results import Results
from benchmarks.synthetic_problems import PROBLEMS, SIZES, make, share_found
from sparsefs import NeuronAttributionSelector, StabilitySelector
from sparsefs.meta.error_control import error_control

METHODS = {
    **{name: methods.METHODS[name] for name in (*methods.OURS, methods.LASSO_NET)},
    **{
        name: methods.other(rival)
        for name, rival in {"ExtraTrees": "extra-trees", "L1": "l1", "F-test": "f-test"}.items()
    },
}

# What is made stable on noise, by name: the estimator and the number of tables.
NOISE = {
    "F-test": (SelectKBest(), 200),
    "logistic regression": (LogisticRegression(), 50),
    "NeuronAttribution": (
        NeuronAttributionSelector(10, hidden_layer_sizes=32, max_iter=10, device="cpu"),
        20,
    ),
}
NOISE_SHAPE = (100, 200)
N_PAIRS = 20
NOISE_Q = (5, 20)
THRESHOLDS = (0.6, 0.75, 0.9)


def job(problem, n_samples, method, seed):
    X, y, groups = make(problem, n_samples, seed)
    task = "regression" if PROBLEMS[problem].is_regression else "classification"
    return Job(
        lambda: METHODS[method](X, y, len(groups), seed, task),
        X.nbytes,
        lambda scores: {"share": round(share_found(scores, groups), 4)},
    )


def add_arguments(parser):
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS), choices=PROBLEMS)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5))
    parser.add_argument("--limit", type=float, default=600, help="seconds for one fit")
    parser.add_argument("--noise", nargs="*", default=list(NOISE), choices=NOISE)
    parser.add_argument("--tables", type=int, help="of noise, if not as many as usual")


def run(arguments):
    if arguments.fresh:
        Results.forget("synthetic_noise")
    find(Results("synthetic", ["problem", "n_samples", "method", "seed"]), arguments)
    select_from_noise(Results("synthetic_noise", ["estimator", "q", "seed"]), arguments)


def find(results, arguments):
    for seed in arguments.seeds:
        for problem, n_samples in settings(arguments):
            for method in arguments.methods:
                setting = {"problem": problem, "n_samples": n_samples, "method": method}
                if methods.missing(method) or done(results, setting, seed):
                    continue
                figures = measure("benchmarks.synthetic:job", arguments.limit, **setting, seed=seed)
                kept = {name: figures.get(name, "") for name in ("status", "share", "seconds")}
                results.add(**setting, seed=seed, **kept)
    for problem in arguments.problems:
        sizes = [n for name, n in settings(arguments) if name == problem]
        lines = [
            [method, *(cell(results, problem, n, method) for n in sizes)]
            for method in arguments.methods
        ]
        show(["share found", *(f"n={n}" for n in sizes)], lines, title=PROBLEMS[problem].about)


def settings(arguments):
    return [
        (problem, n_samples)
        for problem in arguments.problems
        for n_samples in arguments.sizes
        if n_samples in PROBLEMS[problem].sizes
    ]


def done(results, setting, seed):
    """Whether it is measured, or was over the limit with another seed and would be again."""
    return results.has(**setting, seed=seed) or any(
        row["status"].startswith("over ") for row in results.where(**setting)
    )


def cell(results, problem, n_samples, method):
    rows = results.where(problem=problem, n_samples=n_samples, method=method)
    shares = numbers(rows, "share")
    return mean_error(shares, digits=2) if len(shares) else rows[0]["status"] if rows else "-"


def select_from_noise(results, arguments):
    for name in arguments.noise:
        estimator, n_tables = NOISE[name]
        for seed in range(arguments.tables or n_tables):
            for q in NOISE_Q:
                if not results.has(estimator=name, q=q, seed=seed):
                    results.add(estimator=name, q=q, seed=seed, **n_false(estimator, q, seed))
    lines = [
        line(results, name, q, threshold)
        for name in arguments.noise
        for q in NOISE_Q
        for threshold in THRESHOLDS
    ]
    if not lines:
        return
    n_samples, n_features = NOISE_SHAPE
    title = f"StabilitySelector on noise, {n_samples} samples of {n_features} features, two classes"
    header = ["estimator", "q", "threshold", "mean false", "unimodal bound", "bound"]
    show(header, lines, title=title)


def n_false(estimator, q, seed):
    """Features selected from a table of noise at each threshold; one fit serves all."""
    X = np.random.default_rng(seed).standard_normal(NOISE_SHAPE)
    selector = StabilitySelector(estimator, q=q, n_pairs=N_PAIRS, random_state=seed)
    frequencies = selector.fit(X, np.arange(len(X)) % 2).selection_frequencies_
    return {f"false_{t}": int((frequencies >= t).sum()) for t in THRESHOLDS}


def line(results, name, q, threshold):
    counts = numbers(results.where(estimator=name, q=q), f"false_{threshold}")
    bounds = [
        error_control(
            q, threshold, None, n_features=NOISE_SHAPE[1], n_pairs=N_PAIRS, bound=bound
        ).pfer
        for bound in ("unimodal", "worst_case")
    ]
    return [name, q, threshold, mean_error(counts, digits=2), *map(short, bounds)]
