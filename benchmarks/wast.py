# SPDX-License-Identifier: BSD-3-Clause
"""WAST in several settings: SVC accuracy on the selected features, over data sets and splits.

Splits are stratified 80/20; selection and scaling see the training part only. The features are
standardised for the SVC (scikit-learn's defaults). K is 50, and 20 for madelon.
"""

import time

import numpy as np
from sklearn.feature_selection import SelectKBest

from benchmarks.data import kind_of, n_selected, split
from benchmarks.evaluation import svc_accuracy
from benchmarks.results import Results
from sparsefs import WASTSelector

SETTINGS = ["default", "mixing", "paper", "variance", "random"]
SEVEN = ["coil20", "isolet_1560", "orl", "madelon", "pcmac", "usps", "mnist"]


def selector(setting, name, seed):
    K = n_selected(name)
    if setting == "paper":
        return WASTSelector.from_paper(kind_of(name), K=K, random_state=seed)
    if setting == "mixing":  # the paper's, but for one lam that suits all kinds of data
        return WASTSelector.from_paper(K=K, lam=0.1, mixing="mean", random_state=seed)
    if setting == "variance":
        return SelectKBest(lambda X, y: X.var(axis=0), k=K)
    if setting == "random":
        rng = np.random.default_rng(seed)
        return SelectKBest(lambda X, y: rng.random(X.shape[1]), k=K)
    return WASTSelector(K=K, random_state=seed)


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", default=SEVEN)
    parser.add_argument("--settings", nargs="+", default=SETTINGS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5))


def run(arguments):
    results = Results("wast", ["set", "setting", "seed"])
    for name in arguments.sets:
        for seed in arguments.seeds:
            data = split(name, seed)
            for setting in arguments.settings:
                if results.has(set=name, setting=setting, seed=seed):
                    continue
                fs = selector(setting, name, seed)
                started = time.perf_counter()
                fs.fit(data[0], data[2])
                seconds = time.perf_counter() - started
                results.add(
                    set=name,
                    setting=setting,
                    seed=seed,
                    K=n_selected(name),
                    accuracy=round(svc_accuracy(data, fs.get_support()), 2),
                    seconds=round(seconds, 3),
                )
    summarise(results, arguments)


def summarise(results, arguments):
    print(f"{'set':14s}" + "".join(f"{s:>24s}" for s in arguments.settings))
    means = {setting: [] for setting in arguments.settings}
    for name in arguments.sets:
        line = f"{name:14s}"
        for setting in arguments.settings:
            rows = [
                row
                for row in results.where(set=name, setting=setting)
                if int(row["seed"]) in list(arguments.seeds)
            ]
            accuracy = np.array([float(row["accuracy"]) for row in rows])
            seconds = np.median([float(row["seconds"]) for row in rows])
            error = accuracy.std(ddof=1) / np.sqrt(len(accuracy)) if len(accuracy) > 1 else 0
            means[setting].append(accuracy.mean())
            line += f"{accuracy.mean():10.1f} +-{error:4.1f} {seconds:5.1f}s"
        print(line)
    print(f"{'mean':14s}" + "".join(f"{np.mean(m):10.1f}" + " " * 14 for m in means.values()))
