# SPDX-License-Identifier: BSD-3-Clause
"""Optimization: a search for accuracy, few operations at inference, and few in training."""

from benchmarks.tradeoff import data, searches

FILE = "tradeoff_optimization"


def run(configuration, arguments, file=FILE, sampler=None):
    split = data.load(configuration)
    sampler = sampler or arguments.sampler
    folds = arguments.folds or configuration.search["folds"]
    for seed in arguments.seed:
        searches.run(
            file,
            configuration,
            data.fewer(split, arguments.samples, seed),
            sampler=sampler,
            seed=seed,
            n_trials=arguments.trials or configuration.search["n_trials"],
            cv=folds,
            folds=folds,
            max_epochs=arguments.epochs,
        )
