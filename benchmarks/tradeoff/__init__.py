# SPDX-License-Identifier: BSD-3-Clause
"""Accuracy against operations of sparse training: Suidgeest's (2024) experiments, and one more.

``python -m benchmarks tradeoff EXPERIMENT --data NAME --seed 0``, each data set as its file in
``benchmarks/tradeoff/configs`` says. EXPERIMENT is one of

- reproduction: one setting, dense and with SET and RigL at 15 sparsities (31 runs);
- optimization: a search over settings with three objectives, cross-validated;
- optimization-evaluation: its first two non-dominated layers, trained on all training rows, tested;
- evaluation: its 20 most accurate settings at 8 sparsities with SET and RigL, and dense;
- random-search: the search by a Latin hypercube;
- samplers: the hypervolume of four samplers over their trials, on one hold-out part.

``--fresh`` forgets the rows of the given data sets and seeds only.

Operations are counted, not saved: a sparse layer is a dense one with a mask here, so the seconds of
sparse and dense runs differ little.
"""

import importlib

EXPERIMENTS = (
    "reproduction",
    "optimization",
    "optimization-evaluation",
    "evaluation",
    "random-search",
    "samplers",
)


def add_arguments(parser):
    from benchmarks.tradeoff.configuration import NAMES

    add = parser.add_argument
    add("experiment", choices=EXPERIMENTS, metavar="EXPERIMENT", help=", ".join(EXPERIMENTS))
    add("--data", nargs="+", required=True, choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    add("--seed", nargs="+", type=int, default=[0])
    add("--setting", help="of the reproduction, if not the file's first")
    add("--epochs", type=int, help="instead of the file's; of a search, its most")
    add("--samples", type=int, help="train on so many rows only")
    add("--trials", type=int, help="of a search")
    add("--folds", type=int, help="of a search")
    add("--sampler", default="nsga2", help="of the optimization")
    add("--samplers", nargs="+", help="to compare, if not all four")
    add("--configurations", type=int, help="to evaluate, if not 20")


def module_of(experiment):
    return importlib.import_module(f"benchmarks.tradeoff.{experiment.replace('-', '_')}")


def file_of(arguments):
    """The name of the CSV file."""
    return module_of(arguments.experiment).FILE


def forget(arguments):
    """The rows of these data sets and seeds, and the studies that would bring them back."""
    from benchmarks.results import Results
    from benchmarks.tradeoff.searches import studies
    from benchmarks.tradeoff.tables_online import STAND_IN

    results = Results(file_of(arguments), ())
    names = {label for name in arguments.data for label in (name, STAND_IN.format(name))}
    seeds = {str(seed) for seed in arguments.seed}
    results.drop([row for row in results.rows if row["data"] in names and row["seed"] in seeds])
    for study in studies(file_of(arguments), names, seeds):
        study.unlink()


def run(arguments):
    from benchmarks.formatting import show
    from benchmarks.tables.tradeoff import falls
    from benchmarks.tradeoff.configuration import load

    for name in arguments.data:
        module_of(arguments.experiment).run(load(name), arguments)
    show(*falls(), "Where accuracy falls below the dense network's")
