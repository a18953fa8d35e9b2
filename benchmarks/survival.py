# SPDX-License-Identifier: BSD-3-Clause
"""Survival: concordance with K features, compared with Coxnet and univariate Cox regressions.

Sets of scikit-survival on repeated splits, a third of the rows held out. Those of few columns get
permuted copies of them until there are 200. ``simulated`` are real genes with simulated times, of
which 10 genes decide the hazard. A Cox regression with a ridge penalty is fitted to each selection.
scikit-survival is not among the extras; without it only the simulated sets and our methods are run:
``pip install scikit-survival``.
"""

import functools
import importlib.util

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from benchmarks import data, grid
from benchmarks.formatting import mean_error, numbers, show
from benchmarks.isolated import Job
from benchmarks.results import Results
from sparsefs import DeepLassoSelector, GradualPruningSelector, NeuronAttributionSelector
from sparsefs.evaluation.scorer import held_out_scores

KS = (5, 10, 20)
N_COLUMNS, N_TRUE = 200, 10
REAL = ("breast_cancer", "whas500", "gbsg2", "aids", "veterans_lung_cancer")
SIMULATED = {"simulated on gravier": "gravier", "simulated on tox_171": "tox_171"}
SETS = (*REAL, *SIMULATED)
KEY = ["set", "method", "seed"]
COLUMNS = ["status", "cpu_seconds", *(f"concordance_{K}" for K in KS), "n_true_10"]
HAS_SKSURV = importlib.util.find_spec("sksurv") is not None


# Data: X, y and the true columns, if they are known.


def simulated(genes, seed):
    rng = np.random.default_rng(seed)
    X = data.dataset(genes)[0].astype(np.float64)
    true = rng.choice(np.flatnonzero(X.std(axis=0) > 0), N_TRUE, replace=False)
    z = (X[:, true] - X[:, true].mean(axis=0)) / X[:, true].std(axis=0)
    log_hazard = 0.7 * z @ rng.choice([-1.0, 1.0], N_TRUE)
    time = rng.exponential(np.exp(-log_hazard))
    censored = rng.exponential(2 * np.median(time), len(X))
    return X, survival(time <= censored, np.minimum(time, censored)), true


def real(name, seed):
    from sksurv import datasets

    table, y = getattr(datasets, f"load_{name}")()
    X = pd.get_dummies(table, drop_first=True).to_numpy(dtype=np.float64)
    rng = np.random.default_rng(seed)
    n_decoys = max(0, N_COLUMNS - X.shape[1]) if X.shape[1] < 40 else 0
    decoys = rng.permuted(X[:, rng.integers(X.shape[1], size=n_decoys)], axis=0)
    order = rng.permutation(X.shape[1] + n_decoys)
    event, time = y.dtype.names
    return np.hstack([X, decoys])[:, order], survival(y[event], y[time]), None


def survival(event, time):
    y = np.empty(len(event), dtype=[("event", bool), ("time", float)])
    y["event"], y["time"] = event, time
    return y


# Methods: ``method(X, y, seed)`` ranks the columns, the best first.


def ours(selector, X, y, seed):
    fitted = selector(K=max(KS), random_state=seed, device="cpu").fit(X, y)
    return np.argsort(fitted.ranking_)


def standardised(X):
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)


def univariate(X, y, seed):
    """By the score statistic of each column's Cox regression, which is the log-rank test's."""
    X, order = standardised(X), np.argsort(-y["time"], kind="stable")
    X, event, time = X[order], y["event"][order], y["time"][order]
    last = np.searchsorted(-time, -time, side="right") - 1  # who is at risk
    n = (last + 1)[event, None]
    means = np.cumsum(X, axis=0)[last][event] / n
    variances = np.cumsum(X**2, axis=0)[last][event] / n - means**2
    score = (X[event] - means).sum(axis=0)
    return np.argsort(-(score**2) / np.maximum(variances.sum(axis=0), 1e-12), kind="stable")


def coxnet(X, y, seed):
    """For each K the largest coefficients of the first model of the path with K columns."""
    from sksurv.linear_model import CoxnetSurvivalAnalysis

    path = CoxnetSurvivalAnalysis(l1_ratio=0.9, alpha_min_ratio=0.01).fit(standardised(X), y)
    coefs = np.abs(path.coef_)
    chosen = {}
    for K in KS:
        enough = np.flatnonzero((coefs > 0).sum(axis=0) >= K)
        at = enough[0] if len(enough) else coefs.shape[1] - 1
        chosen[K] = np.argsort(-coefs[:, at], kind="stable")[:K]
    return chosen


METHODS = {
    "GradualPruning": functools.partial(ours, GradualPruningSelector),
    "NeuronAttribution": functools.partial(ours, NeuronAttributionSelector),
    "DeepLasso": functools.partial(ours, DeepLassoSelector),
    "Coxnet": coxnet,
    "univariate Cox": univariate,
    "random": lambda X, y, seed: np.random.default_rng(seed).permutation(X.shape[1]),
}


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", default=[*SETS], choices=SETS)
    parser.add_argument("--methods", nargs="+", default=[*METHODS], choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(1000, 1010))
    grid.add_arguments(parser)


def run(arguments):
    grid.say_what_is_tuning(arguments.seeds)
    with grid.Grid(arguments) as fits:
        for seed in arguments.seeds:
            results = Results(grid.file_of_seed("survival", seed), KEY)
            for name in arguments.sets:
                for method in arguments.methods:
                    if not HAS_SKSURV and (name in REAL or method == "Coxnet"):
                        continue
                    identity = {"set": name, "method": method, "seed": seed}
                    fits.fill(results, identity, COLUMNS, f"{__name__}:job", identity)
    for file in dict.fromkeys(grid.file_of_seed("survival", s) for s in arguments.seeds):
        summarise(Results(file, KEY), arguments)


@functools.lru_cache(maxsize=1)
def split(name, seed):
    X, y, true = simulated(SIMULATED[name], seed) if name in SIMULATED else real(name, seed)
    parts = train_test_split(X, y, test_size=1 / 3, random_state=seed, stratify=y["event"])
    return parts[:2], parts[2:], true


def job(set, method, seed):  # the columns of a row
    X, y, true = split(set, seed)

    def report(found):
        order = found if isinstance(found, dict) else {K: found[:K] for K in KS}
        row = {}
        for K, chosen in order.items():
            parts = [(x[:, chosen], z) for x, z in zip(X, y, strict=True)]
            scores = held_out_scores(np.arange(K), [K], *parts, task="survival")
            row[f"concordance_{K}"] = round(100 * scores.values[0], 2)
        if true is not None:
            row["n_true_10"] = len(np.intersect1d(order[N_TRUE], true))
        return row

    return Job(lambda: METHODS[method](X[0], y[0], seed), X[0].nbytes, report)


def summarise(results, arguments):
    """Mean concordance in per cent, with its standard error over the splits."""
    for name in arguments.sets:
        lines = []
        for method in arguments.methods:
            rows = results.where(set=name, method=method, status="ok")
            if rows:
                found = [mean_error(numbers(rows, f"concordance_{K}")) for K in KS]
                true = numbers(rows, "n_true_10")
                true = mean_error(true) if len(true) else "-"
                seconds = f"{np.median(numbers(rows, 'cpu_seconds')):.2f}"
                lines.append([method, len(rows), *found, true, seconds])
        if lines:
            header = ["method", "splits", *(f"K = {K}" for K in KS), "true of 10", "s"]
            show(header, lines, title=name)
