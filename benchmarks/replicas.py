# SPDX-License-Identifier: BSD-3-Clause
"""What averaging over replicas does to the selection, and how long it takes on one and two threads.

SVC accuracy on 50 features (standardised, scikit-learn's defaults) on a stratified fifth of the
samples that the selection has not seen, and how many of them two seeds have in common, with one and
with four networks a selector.
"""

import time
from itertools import combinations

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tests.data import load

from benchmarks.results import Results
from sparsefs import (
    HyperSparseSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    WASTSelector,
)

K = 50
SETS = ["isolet_1560", "pcmac"]
# Words are mostly zero: no column should be standardised by itself.
METHODS = {
    "WAST": lambda name: WASTSelector(),
    "QuickSelection": lambda name: QuickSelectionSelector(
        scaling="global" if name == "pcmac" else "feature"
    ),
    "NeuronAttribution": lambda name: NeuronAttributionSelector(),
    "HyperSparse": lambda name: HyperSparseSelector(),
    "NeuroFS": lambda name: NeuroFSSelector(hidden_layer_sizes=(200, 200), max_iter=50),
}


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--replicas", nargs="+", type=int, default=[1, 4])
    parser.add_argument("--seeds", nargs="+", type=int, default=range(4))


def run(arguments):
    results = Results("replicas", ["set", "method", "n_replicas", "n_jobs", "seed"])
    for name in arguments.sets:
        X, y = load(name)
        X = X.toarray() if hasattr(X, "toarray") else X
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=0.2, stratify=y, random_state=0
        )
        for method in arguments.methods:
            for n_replicas in arguments.replicas:
                for seed in arguments.seeds:
                    # The second thread is there for the time: the scores are the same.
                    for n_jobs in (1, 2) if n_replicas > 1 and seed == 0 else (1,):
                        identity = {
                            "set": name,
                            "method": method,
                            "n_replicas": n_replicas,
                            "n_jobs": n_jobs,
                            "seed": 100 * seed,  # far apart: replicas have seeds of their own
                        }
                        if results.has(**identity):
                            continue
                        fs = METHODS[method](name).set_params(
                            K=K, n_replicas=n_replicas, n_jobs=n_jobs, random_state=100 * seed
                        )
                        started = time.perf_counter()
                        fs.fit(X_train, y_train)
                        seconds = time.perf_counter() - started
                        chosen = fs.get_support(indices=True)
                        svc = make_pipeline(StandardScaler(), SVC())
                        svc.fit(X_train[:, chosen], y_train)
                        results.add(
                            **identity,
                            accuracy=round(100 * svc.score(X_test[:, chosen], y_test), 2),
                            seconds=round(seconds, 2),
                            selected=" ".join(map(str, chosen)),
                        )
    summarise(results, arguments)


def summarise(results, arguments):
    print("mean accuracy +- standard error, share of the features that two seeds have in common")
    for name in arguments.sets:
        for method in arguments.methods:
            line = f"{name:12s} {method:18s}"
            for n_replicas in arguments.replicas:
                rows = results.where(set=name, method=method, n_replicas=n_replicas)
                one = [row for row in rows if row["n_jobs"] == "1"]
                if len(one) < 2:
                    continue
                accuracy = np.array([float(row["accuracy"]) for row in one])
                chosen = [set(row["selected"].split()) for row in one]
                common = np.mean([len(a & b) / K for a, b in combinations(chosen, 2)])
                error = accuracy.std(ddof=1) / np.sqrt(len(accuracy))
                line += f" | {n_replicas}: {accuracy.mean():5.1f} +- {error:.1f}  {common:.2f}"
                times = {r["n_jobs"]: float(r["seconds"]) for r in rows if r["seed"] == "0"}
                line += "  " + ", ".join(f"{s:.1f} s" for s in times.values())
            print(line)
