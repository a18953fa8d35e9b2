# SPDX-License-Identifier: BSD-3-Clause
"""Evaluation: the most accurate of the configurations found, at other sparsities and dense."""

from benchmarks.results import Results
from benchmarks.tradeoff import data, optimization_evaluation, runs
from benchmarks.tradeoff.optimization_evaluation import identity, parameters_of, trials

FILE = "tradeoff_evaluation"
KEY = [*optimization_evaluation.KEY, "topology", "sparsity"]


def jobs(configuration, split, seed, found, n_configurations, epochs=None):
    """Every sparsity and topology of each of the most accurate."""
    best = sorted(found, key=lambda trial: -float(trial["accuracy"]))[:n_configurations]
    varied = configuration.evaluation
    kinds = [*runs.topologies(varied["topologies"], varied["sparsities"])]
    return [
        runs.Job(identity(trial, split, parameters) | kind, parameters | kind)
        for trial in best
        for parameters in [parameters_of(configuration, trial, seed, epochs)]
        for kind in kinds
    ]


def run(configuration, arguments):
    split = data.load(configuration)
    results = Results(FILE, KEY)
    n = arguments.configurations or configuration.evaluation["n_configurations"]
    for seed in arguments.seed:
        part = data.fewer(split, arguments.samples, seed)
        found = trials(split, seed)
        runs.run(results, jobs(configuration, part, seed, found, n, arguments.epochs), part)
