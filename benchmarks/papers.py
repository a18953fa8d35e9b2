# SPDX-License-Identifier: BSD-3-Clause
"""SVC accuracy of the papers' methods in the papers' settings, beside the published figures.

Splits are stratified 80/20, the features standardised for the SVC (scikit-learn's defaults).
K is 100 for neuron attribution and 50 for the others (20 on madelon), as in the papers. One
training of a topology serves both of its importances.
"""

import time
from functools import partial

import numpy as np

from benchmarks.data import split
from benchmarks.evaluation import best, svc_accuracy
from benchmarks.results import Results
from sparsefs import (
    HyperSparseSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
)

SETS = [
    *("usps", "coil20", "orl", "yale", "basehock", "pcmac", "relathe", "prostate_ge"),
    *("lymphoma", "arcene", "isolet", "madelon", "mnist"),
]
# K = 100, Atashgahi et al., ECAI 2024.
ATTRIBUTION = {
    "mnist": (96.02, 96.23, 96.02, 96.24, 96.06, 96.22),
    "usps": (96.49, 96.83, 96.64, 96.77, 96.65, 96.87),
    "coil20": (98.85, 98.82, 98.72, 98.02, 99.06, 98.06),
    "orl": (90.75, 89.38, 92.25, 89.50, 92.50, 90.88),
    "yale": (70.00, 63.94, 74.55, 65.76, 71.52, 73.94),
    "basehock": (90.03, 92.83, 93.78, 94.34, 84.61, 86.69),
    "pcmac": (82.34, 84.96, 86.76, 87.89, 79.31, 81.70),
    "relathe": (74.51, 80.24, 80.77, 82.10, 73.22, 74.69),
    "prostate_ge": (89.05, 89.05, 87.62, 88.57, 85.71, 88.09),
    "lymphoma": (70.00, 64.50, 70.50, 66.00, 67.00, 65.50),
    "arcene": (60.75, 65.25, 66.25, 67.75, 58.00, 57.00),
    "isolet": (94.54, 94.33, 95.22, 95.53, 95.10, 94.72),
    "madelon": (84.42, 81.52, 78.40, 76.63, 79.80, 75.75),
}
PUBLISHED = {
    variant: {name: figures[i] for name, figures in ATTRIBUTION.items()}
    for i, variant in enumerate(
        ("Dense-QS", "Dense-Attr", "SET-QS", "SET-Attr", "RigL-QS", "RigL-Attr")
    )
}


# K = 50, Atashgahi et al., TMLR 2023.
PUBLISHED["NeuroFS"] = {
    **{"coil20": 98.78, "mnist": 95.30, "fashion_mnist": 83.78, "usps": 96.78},
    **{"isolet": 92.62, "basehock": 89.06, "prostate_ge": 90.50, "arcene": 76.50},
}
PUBLISHED["QuickSelection"] = {
    **{"coil20": 96.52, "mnist": 93.62, "fashion_mnist": 80.82, "usps": 95.52},
    **{"isolet": 89.78, "basehock": 87.22, "prostate_ge": 76.20, "arcene": 74.38},
}
FIFTY = list(PUBLISHED["NeuroFS"])
REGULARIZED = ["isolet", "madelon", "mnist"]


class Both:
    """Several importances measured in one training."""

    def __init__(self, *parts):
        self.parts = parts
        self.all_scores = []

    def __deepcopy__(self, memo):
        return self  # so that the selector's is the one we read afterwards

    def before_update(self, network, step):
        for part in self.parts:
            part.before_update(network, step)

    def after_update(self, network, step):
        pass

    def of_layer(self, i):
        return None

    def scores(self, network):
        self.all_scores = [part.scores(network) for part in self.parts]
        return self.all_scores[0]


# The paper chooses density and L2 penalty by the validation loss. Here that is done where one
# setting for all did not reproduce its figures, on a coarser grid. (Density 0.1 was in the grid at
# seed 0, where it won 2 times in 10.)
GRID = [{"density": 0.02, "alpha": a} for a in (0.00005, 0.001)]
DENSE_GRID = [{"alpha": 0.00005}, {"alpha": 0.001}]
CHOSEN = {"madelon", "pcmac", "relathe", "basehock", "arcene"}


def attribution_family(topology, name, seed, X, y):
    """{variant: scores}, and the selector, of one training."""
    if name not in CHOSEN:
        candidates = [{"density": 0.1, "alpha": 0.0001}]
    else:
        candidates = DENSE_GRID if topology == "Dense" else GRID
    K = 20 if name == "madelon" else 100
    fits = [_attribution(topology, K, seed, X, y, setting) for setting in candidates]
    return min(fits, key=lambda fit: fit[1].history_["validation_loss"].min())


def _attribution(topology, K, seed, X, y, setting):
    from sparsefs.importance import AttributionImportance, ConnectionImportance, StrengthImportance

    parts = [
        AttributionImportance("all", 5, 16),
        StrengthImportance("all", 5),
        AttributionImportance("last_iteration"),
        ConnectionImportance("strength"),
    ]
    both = Both(*parts)
    selector = NeuronAttributionSelector.from_paper(
        f"{topology}-Attr", K=K, importance=both, random_state=seed, device="cpu", **setting
    ).fit(X, y)
    names = ("Attr", "QS", "Attr-last", "QS-last")
    scores = {f"{topology}-{n}": s for n, s in zip(names, both.all_scores, strict=True)}
    return scores, selector


def neurofs(scaling, name, seed, X, y):
    activation = "relu" if name == "isolet" else "tanh"
    selector = NeuroFSSelector(
        K=50, activation=activation, scaling=scaling, random_state=seed, device="cpu"
    )
    variant = "NeuroFS" if scaling == "feature" else f"NeuroFS-{scaling}"
    return {variant: selector.fit(X, y).scores_}, selector


def quick_selection(scaling, name, seed, X, y):
    selector = QuickSelectionSelector(K=50, scaling=scaling, random_state=seed, device="cpu")
    variant = "QuickSelection" if scaling == "feature" else f"QuickSelection-{scaling}"
    return {variant: selector.fit(X).scores_}, selector


def hyper_sparse(penalty, density, name, seed, X, y):
    selector = HyperSparseSelector(
        K=20 if name == "madelon" else 50,
        penalty=penalty,
        density=density,
        random_state=seed,
        device="cpu",
    ).fit(X, y)
    return {f"{penalty}-{density}": selector.scores_}, selector


METHODS = {
    **{
        topology: (partial(attribution_family, topology), SETS)
        for topology in ("SET", "RigL", "Dense")
    },
    "QuickSelection": (partial(quick_selection, "feature"), FIFTY),
    "QuickSelection-global": (partial(quick_selection, "global"), FIFTY),
    "NeuroFS": (partial(neurofs, "feature"), FIFTY),
    "NeuroFS-global": (partial(neurofs, "global"), FIFTY),
    **{
        f"{penalty}-{density}": (partial(hyper_sparse, penalty, density), REGULARIZED)
        for density in (0.1, 0.02)
        for penalty in ("hypersparse", "l1", "l2")
    },
}


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", default=[*SETS, "fashion_mnist"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5))


def run(arguments):
    results = Results("papers", ["set", "method", "seed"])
    for seed in arguments.seeds:
        for name in arguments.sets:
            for method in arguments.methods:
                wanted = name in METHODS[method][1]
                if wanted and not results.has(set=name, method=method, seed=seed):
                    measure(results, name, method, seed)
    summarise(results)


def measure(results, name, method, seed):
    # Two classes of lymphoma have 2 samples: too few to stratify in the selector's own split,
    # enough for this one.
    data = X_train, X_test, y_train, y_test = split(name, seed)
    started = time.perf_counter()
    scores, selector = METHODS[method][0](name, seed, X_train, y_train)
    seconds = time.perf_counter() - started
    for variant, score in scores.items():
        results.add(
            set=name,
            method=method,
            seed=seed,
            variant=variant,
            K=selector.K,
            accuracy=round(svc_accuracy(data, best(score, selector.K)), 2),
            seconds=round(seconds, 2),
            n_iter=selector.n_iter_,
            density=selector.density,
            alpha=selector.alpha,
            network_score=round(selector.score(X_test, y_test), 4),
            parameters=selector.costs_["parameters"]["sparse"],
            dense_parameters=selector.costs_["parameters"]["dense"],
            training_flops=selector.costs_["training_flops"]["sparse"],
            dense_training_flops=selector.costs_["training_flops"]["dense"],
        )


def summarise(results):
    """Published / ours, and their difference, per variant and set."""
    variants = sorted({row["variant"] for row in results.rows})
    for variant in variants:
        print(variant)
        for name in [*SETS, "fashion_mnist"]:
            rows = [r for r in results.rows if (r["set"], r["variant"]) == (name, variant)]
            if not rows:
                continue
            accuracy = np.array([float(row["accuracy"]) for row in rows])
            published = PUBLISHED.get(variant.replace("-last", "").replace("-global", ""), {}).get(
                name, np.nan
            )
            error = accuracy.std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else 0.0
            print(
                f"  {name:12s} published {published:6.2f}  ours {accuracy.mean():6.2f} "
                f"+-{error:4.1f} (n={len(rows)})  difference {accuracy.mean() - published:+6.2f}"
            )
