# SPDX-License-Identifier: BSD-3-Clause
"""Share of the informative features that are found: the synthetic experiment of the ECAI paper.

200 features of which 100 are informative, two classes (``make_classification``). The score is
the share of the informative ones among the 100 best. ExtraTrees and the F-test stand beside.
"""

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import f_classif

from benchmarks.papers import attribution_family
from benchmarks.results import Results

SIZES = [100, 500, 1000, 10_000]
PUBLISHED = {"SET-Attr": {100: 0.55, 500: 0.61, 1000: 0.70, 10_000: 0.92}, "SET-QS": {10_000: 0.99}}


def add_arguments(parser):
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5))


def run(arguments):
    results = Results("coverage", ["n_samples", "seed"])
    for n_samples in SIZES:
        for seed in arguments.seeds:
            if results.has(n_samples=n_samples, seed=seed):
                continue
            X, y = make_classification(
                n_samples,
                200,
                n_informative=100,
                n_redundant=0,
                shuffle=False,
                random_state=seed,
            )
            X = X.astype(np.float32)
            scores, _ = attribution_family("SET", "coverage", seed, X, y)
            scores["ExtraTrees"] = (
                ExtraTreesClassifier(500, random_state=seed).fit(X, y).feature_importances_
            )
            scores["F-test"] = f_classif(X, y)[0]
            found = {
                name: round(float((np.argsort(-s, kind="stable")[:100] < 100).mean()), 3)
                for name, s in scores.items()
            }
            results.add(n_samples=n_samples, seed=seed, **found)
    for n_samples in SIZES:
        rows = [r for r in results.rows if r["n_samples"] == str(n_samples)]
        for name in ("SET-Attr", "SET-QS", "SET-QS-last", "ExtraTrees", "F-test"):
            values = np.array([float(r[name]) for r in rows])
            published = PUBLISHED.get(name, {}).get(n_samples, "")
            error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
            print(f"n={n_samples:6d} {name:12s} {values.mean():.3f} +-{error:.3f}  {published}")
