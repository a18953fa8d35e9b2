# SPDX-License-Identifier: BSD-3-Clause
"""What each part of GradualPruningSelector is worth: accuracy and time without it.

SVC accuracy at several K, mean over data sets and splits, on the seeds for tuning: this says why
the parts are there, not how good the selector is. Differences are paired over sets and splits.
"""

from contextlib import ExitStack
from time import process_time
from unittest.mock import patch

import numpy as np

from benchmarks.data import split
from benchmarks.evaluation import svc_accuracy
from benchmarks.formatting import mean_error, numbers, show
from benchmarks.results import Results
from sparsefs import GradualPruningSelector
from sparsefs.training.pruning_loop import GradualPruning, InputImportance, PruningSchedule
from sparsefs.training.regressions import Regressions
from sparsefs.training.scaling import Clipping

SETS = [
    *("arcene", "colon", "lymphoma", "prostate_ge", "tox_171", "yale", "warpar10p", "orl"),
    *("madelon", "isolet_1560", "coil20", "pcmac", "relathe"),
]
KS = (10, 20, 50, 100, 200)


def _by_strength(importance, weights, gradient, by_feature):
    importance.values = weights.square().sum(2).sqrt()


def _by_size(importance, weights, gradient, by_feature):
    change = (weights * gradient).sum(2).abs_()
    importance.values.lerp_(change, 1 - importance.decay)


def _alike(init):
    def with_the_same_noise(self, *args, **kwargs):
        noise_std = kwargs["noise_std"]
        init(self, *args, **{**kwargs, "noise_std": noise_std.mean().expand_as(noise_std).clone()})

    return with_the_same_noise


def _linear(schedule, n_at_first, progress):
    """As many removed in every round."""
    share = min(1.0, max(0.0, (progress - schedule.begin) / (schedule.end - schedule.begin)))
    return round(n_at_first + share * (min(schedule.n_last, n_at_first) - n_at_first))


# Parameters, and what is replaced: (owner, name, by what).
VARIANTS = {
    "as it is": ({}, []),
    "pruned once, at the end": ({}, [(PruningSchedule, "n_inputs", lambda s, n, p: n)]),
    "as many features removed in every round": ({}, [(PruningSchedule, "n_inputs", _linear)]),
    "ranked by weights, not Taylor": ({}, [(InputImportance, "look_at", _by_strength)]),
    "importances, not shares of them": ({}, [(InputImportance, "look_at", _by_size)]),
    "no noise": ({"noise_std": 0.0}, []),
    "the same noise in all networks": (
        {},
        [(GradualPruning, "__init__", _alike(GradualPruning.__init__))],
    ),
    "no ridges": ({}, [(Regressions, "joined", lambda r, shares, *_: shares)]),
    "no polynomials": ({}, [(Regressions, "of_last", lambda r, removals: removals)]),
    "no closed form": ({}, [(GradualPruningSelector, "_in_closed_form", lambda s, data: False)]),
    "no clipping": ({}, [(Clipping, "limit", 1e6)]),
    "all neurons from the beginning": (
        {},
        [(GradualPruningSelector, "_width", lambda s, n, p: s._hidden_sizes()[0])],
    ),
    "4 networks": ({"n_networks": 4}, []),
    "1 network of 8 times the width": ({"n_networks": 1, "hidden_layer_sizes": 256}, []),
}


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(1))


def run(arguments):
    results = Results("ablation", ["set", "variant", "seed"])
    for seed in arguments.seeds:
        for name in arguments.sets:
            data = split(name, seed)
            for variant in arguments.variants:
                if not results.has(set=name, variant=variant, seed=seed):
                    results.add(
                        set=name, variant=variant, seed=seed, **measured(variant, data, seed)
                    )
    summarise(results, arguments)


def measured(variant, data, seed):
    params, replaced = VARIANTS[variant]
    with ExitStack() as stack:
        for owner, name, by in replaced:
            stack.enter_context(patch.object(owner, name, by))
        started = process_time()
        selector = GradualPruningSelector(random_state=seed, device="cpu", **params)
        selector.fit(data[0], data[2])
        seconds = process_time() - started
    order = np.argsort(selector.ranking_)
    accuracy = {f"svc_{K}": round(svc_accuracy(data, order[:K]), 3) for K in KS if len(order) > K}
    return {"cpu_seconds": round(seconds, 3), **accuracy}


def table(results, sets, variants, seeds):
    """Header and lines: mean accuracy of a variant at each K, its difference, its time."""

    def rows(variant):
        found = [results.where(set=s, variant=variant, seed=r) for s in sets for r in seeds]
        return [row for some in found for row in some]

    lines, base = [], rows("as it is")
    for variant in variants:
        own = rows(variant)
        cells = [variant]
        for K in KS:
            figures, expected = (
                np.array([float(row.get(f"svc_{K}") or "nan") for row in some])
                for some in (own, base)
            )
            cells.append(f"{np.nanmean(figures):.1f}")
            if K in (20, 50, 100):
                difference = figures - expected
                cells.append(mean_error(difference[~np.isnan(difference)]))
        time = np.mean(numbers(own, "cpu_seconds")) / np.mean(numbers(base, "cpu_seconds"))
        lines.append([*cells, f"{time:.2f}"])
    header = ["variant"]
    for K in KS:
        header += [f"K={K}"] + (["difference"] if K in (20, 50, 100) else [])
    return [*header, "time"], lines


def summarise(results, arguments):
    seeds = list(arguments.seeds)
    header, lines = table(results, arguments.sets, arguments.variants, seeds)
    show(header, lines)
    results.print_origin()
