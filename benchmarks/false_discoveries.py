# SPDX-License-Identifier: BSD-3-Clause
"""Share of false selections, and of the true features that are found, at levels 0.1 and 0.2.

Each draw is a table with 10 true features, which no other column hides in the designs where a
method's assumptions hold. In ``ar``, ``blocks`` and ``genes`` columns correlate: selections of
neighbours of true features count as false there. ``nothing`` has no true feature: a draw counts
as false if anything is selected.
"""

import functools
import importlib
from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

import numpy as np
from scipy.signal import lfilter
from sklearn.base import BaseEstimator
from sklearn.linear_model import Lasso

from benchmarks import data, grid
from benchmarks.formatting import mean_error, numbers, show
from benchmarks.isolated import Job
from benchmarks.others import forest
from benchmarks.results import Results
from sparsefs import GradualPruningSelector, KnockoffSelector, StabilitySelector

N_TRUE, BLOCK, CORRELATION, SIGNAL_TO_NOISE = 10, 10, 0.9, 2.0
LEVELS = {10: 0.1, 20: 0.2}
N_PAIRS = 25
GENES = "tox_171"
LARGE, N_LARGE = 10**6, 3  # rows times columns of a table of which few draws show the cost
KEY = ["design", "target", "n_samples", "n_features", "method", "seed"]
COLUMNS = ["status", "cpu_seconds", *(f"{k}_{at}" for k in ("n", "fdp", "power") for at in LEVELS)]


# Columns.


def autoregressive(n, p, rng):
    steps = rng.standard_normal((n, p))
    steps[:, 1:] *= np.sqrt(1 - CORRELATION**2)
    return lfilter([1], [1, -CORRELATION], steps, axis=1)


def blocks(n, p, rng):
    shared = np.repeat(rng.standard_normal((n, p // BLOCK)), BLOCK, axis=1)
    return np.sqrt(CORRELATION) * shared + np.sqrt(1 - CORRELATION) * rng.standard_normal((n, p))


def genes(n, p, rng):
    X = data.dataset(GENES)[0]
    return X[rng.permutation(len(X))[:n]][:, rng.permutation(X.shape[1])[:p]].astype(np.float64)


DESIGNS = {
    "independent": lambda n, p, rng: rng.standard_normal((n, p)),
    "ar": autoregressive,
    "blocks": blocks,
    "heavy": lambda n, p, rng: rng.standard_t(3, (n, p)),
    "binary": lambda n, p, rng: (rng.random((n, p)) < 0.3).astype(np.float64),
    "genes": genes,
}


# What the true columns, standardised, say of the target.


def linear(z, signs):
    return z @ signs


def nonlinear(z, signs):
    """Squares of half of them, steps of the others."""
    half = z.shape[1] // 2
    squares = (z[:, :half] ** 2 - 1) / np.sqrt(2)
    return squares @ signs[:half] + np.sign(z[:, half:]) @ signs[half:]


def xor(z, signs):
    """Pairs of which neither says anything alone."""
    return np.sign(z[:, ::2] * z[:, 1::2]).sum(axis=1)


TARGETS = {"linear": linear, "nonlinear": nonlinear, "xor": xor, "nothing": None}


def make(design, target, n_samples, n_features, seed):
    """X in float32, y and the true columns of a draw."""
    place = f"{design} {target} {n_samples} {n_features}"
    rng = np.random.default_rng([seed, crc32(place.encode())])
    X = DESIGNS[design](n_samples, n_features, rng)
    if TARGETS[target] is None:
        return X.astype(np.float32), rng.standard_normal(n_samples), np.empty(0, dtype=int)
    true = rng.permutation(np.flatnonzero(X.std(axis=0) > 0))[:N_TRUE]
    z = (X[:, true] - X[:, true].mean(axis=0)) / X[:, true].std(axis=0)
    signal = TARGETS[target](z, rng.choice([-1.0, 1.0], N_TRUE))
    noise = rng.standard_normal(n_samples) * signal.std() / np.sqrt(SIGNAL_TO_NOISE)
    return X.astype(np.float32), signal + noise, true


# Methods: ``method(X, y, seed)`` gives {level: selected columns}.


class HalfLasso(BaseEstimator):
    """Lasso at a fifth of the lowest penalty that leaves no coefficient."""

    def fit(self, X, y):
        X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-12)
        alpha = np.abs(X.T @ (y - y.mean())).max() / len(X) / 5
        self.coef_ = Lasso(alpha).fit(X, y).coef_
        return self


def flagship():
    return GradualPruningSelector(device="cpu", task="regression")


def at_each_level(selector, X, y):
    selector.fit(X, y)
    return {
        at: selector.set_params(level=level).get_support(indices=True)
        for at, level in LEVELS.items()
    }


def q_values(estimator, X, y, seed):
    return at_each_level(
        StabilitySelector(estimator(), control="fdr", n_pairs=N_PAIRS, random_state=seed), X, y
    )


def pfer(X, y, seed):
    """At most one false selection expected: the same at both levels."""
    chosen = StabilitySelector(flagship(), n_pairs=N_PAIRS, random_state=seed).fit(X, y)
    return dict.fromkeys(LEVELS, chosen.get_support(indices=True))


def above_noise(X, y, seed):
    """At a rate of 0.1, so that it is the same at both levels."""
    fitted = flagship().set_params(K="above_noise", n_shadows="auto", random_state=seed).fit(X, y)
    return dict.fromkeys(LEVELS, fitted.get_support(indices=True))


def best_ten(X, y, seed):
    """As many as there are true features: without control, and knowing the number."""
    fitted = flagship().set_params(K=N_TRUE, random_state=seed).fit(X, y)
    return dict.fromkeys(LEVELS, fitted.get_support(indices=True))


def knockoffs(estimator, X, y, seed, **params):
    return at_each_level(KnockoffSelector(estimator(), random_state=seed, **params), X, y)


def ipss(kind, X, y, seed):
    from ipss.main import ipss as fit

    np.random.seed(seed)  # noqa: NPY002 its only seed
    rates = fit(X.astype(np.float64), y, selector=kind)["q_values"]
    rates = np.array([rates[j] for j in range(X.shape[1])])
    return {at: np.flatnonzero(rates <= level) for at, level in LEVELS.items()}


def boruta(X, y, seed):
    """Without a level: what it confirms."""
    from boruta import BorutaPy

    fitted = BorutaPy(
        forest("regression", None, max_depth=5), n_estimators="auto", random_state=seed
    ).fit(X, y)
    return dict.fromkeys(LEVELS, np.flatnonzero(fitted.support_))


def knockoff_lasso(X, y, seed):
    from hidimstat.knockoffs import ModelXKnockoff

    fitted = ModelXKnockoff(random_state=seed).fit(X.astype(np.float64), y)
    fitted.importance()
    W = fitted.importances_[0]
    found = {}
    for at, level in LEVELS.items():
        threshold = ModelXKnockoff.knockoff_threshold(W, fdr=level)
        found[at] = np.flatnonzero(threshold <= W)
    return found


class Control(NamedTuple):
    select: Callable
    needs: str | None = None
    most_draws: int = 10**6
    most_values: float = np.inf  # rows times columns


METHODS = {
    "q-values (GradualPruning)": Control(functools.partial(q_values, flagship)),
    "q-values (lasso)": Control(functools.partial(q_values, HalfLasso)),
    "PFER (GradualPruning)": Control(pfer, None, 25),
    "knockoffs (GradualPruning)": Control(functools.partial(knockoffs, flagship)),
    "knockoffs (lasso)": Control(functools.partial(knockoffs, HalfLasso)),
    "above noise (GradualPruning)": Control(above_noise),
    "the best ten (GradualPruning)": Control(best_ten),
    "IPSS (l1)": Control(functools.partial(ipss, "l1"), "ipss"),
    "IPSS (boosting)": Control(functools.partial(ipss, "gb"), "ipss", most_draws=25),
    "IPSS (forest)": Control(functools.partial(ipss, "rf"), "ipss", most_draws=25),
    "knockoffs (hidimstat)": Control(knockoff_lasso, "hidimstat", 25, 3e5),
    "Boruta": Control(boruta, "boruta", 3, 2e5),
}
CELLS = [  # design, target, n_samples, n_features
    *((d, t, 300, 500) for d in [*DESIGNS][:5] for t in ("linear", "nonlinear")),
    *(("genes", t, 171, 5000) for t in ("linear", "xor")),
    ("independent", "linear", 200, 1000),
    ("independent", "nonlinear", 500, 1000),
    ("independent", "linear", 100, 5000),
    ("independent", "xor", 1000, 200),
    ("independent", "linear", 500, 5000),
    ("independent", "nothing", 100, 500),
]


def add_arguments(parser):
    parser.add_argument("--designs", nargs="*", default=[*DESIGNS], choices=DESIGNS)
    parser.add_argument("--targets", nargs="+", default=[*TARGETS], choices=TARGETS)
    parser.add_argument("--most", type=float, default=np.inf, help="rows times columns of a table")
    parser.add_argument("--methods", nargs="+", default=[*METHODS], choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(1000, 1050))
    grid.add_arguments(parser)


def cells(arguments):
    return [
        cell
        for cell in CELLS
        if cell[0] in arguments.designs
        and cell[1] in arguments.targets
        and cell[2] * cell[3] <= arguments.most
    ]


def run(arguments):
    grid.say_what_is_tuning(arguments.seeds)
    with grid.Grid(arguments) as fits:
        for number, seed in enumerate(arguments.seeds):
            results = Results(grid.file_of_seed("false_discoveries", seed), KEY)
            for cell in cells(arguments):
                for method in arguments.methods:
                    known = METHODS[method]
                    absent = known.needs and importlib.util.find_spec(known.needs) is None
                    too_large = cell[2] * cell[3] > known.most_values
                    too_large |= cell[2] * cell[3] > LARGE and number >= N_LARGE
                    if absent or too_large or number >= known.most_draws:
                        continue
                    identity = dict(zip(KEY, (*cell, method, seed), strict=True))
                    fits.fill(results, identity, COLUMNS, f"{__name__}:job", identity)
    for file in dict.fromkeys(grid.file_of_seed("false_discoveries", s) for s in arguments.seeds):
        summarise(Results(file, KEY), arguments)


draw = functools.lru_cache(maxsize=1)(make)  # for the next method, too


def job(design, target, n_samples, n_features, method, seed):
    known = METHODS[method]
    if known.needs:  # importing it is no part of the fit
        importlib.import_module(known.needs)
    X, y, true = draw(design, target, n_samples, n_features, seed)
    return Job(lambda: known.select(X, y, seed), X.nbytes, lambda found: figures(found, true))


def figures(found, true):
    """Numbers of selections, shares of false ones, shares of the true features found."""
    row = {}
    for at, chosen in found.items():
        n_right = len(np.intersect1d(chosen, true))
        row[f"n_{at}"] = len(chosen)
        row[f"fdp_{at}"] = round((len(chosen) - n_right) / max(1, len(chosen)), 4)
        row[f"power_{at}"] = round(n_right / len(true), 4) if len(true) else ""
    return row


def summarise(results, arguments):
    """Mean share of false selections with its standard error, 90th percentile, and power."""
    for design, target, n_samples, n_features in cells(arguments):
        lines = []
        for method in arguments.methods:
            rows = results.where(
                design=design,
                target=target,
                n_samples=n_samples,
                n_features=n_features,
                method=method,
            )
            line = [method, len(rows)]
            for at in LEVELS:
                false, power = numbers(rows, f"fdp_{at}"), numbers(rows, f"power_{at}")
                if len(false) == 0:
                    continue
                line += [mean_error(false, digits=2), f"{np.quantile(false, 0.9):.2f}"]
                line.append(mean_error(power, digits=2) if len(power) else "-")
            if len(rows):
                lines.append(line)
        header = ["method", "draws"]
        header += [f"{what} at .{at // 10}" for at in LEVELS for what in ("FDP", "90 %", "power")]
        if lines:
            show(header, lines, title=f"{design}, {target}, {n_samples} x {n_features}")
