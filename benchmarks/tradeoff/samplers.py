# SPDX-License-Identifier: BSD-3-Clause
"""Samplers: how fast searches find the front that their hypervolume measures, on one hold-out part.

All samplers and seeds are judged on the same part of the training rows: a fifth, stratified. The
test rows take no part.
"""

from sklearn.model_selection import StratifiedShuffleSplit

from benchmarks.tradeoff import data, searches

FILE = "tradeoff_samplers"
SAMPLERS = ("nsga2", "tpe", "latin-hypercube", "random")


def run(configuration, arguments):
    split = data.fewer(data.load(configuration), arguments.samples, seed=0)
    part = configuration.search.get("validation", 0.2)
    for seed in arguments.seed:  # the outer loop: what is broken off is balanced
        for sampler in arguments.samplers or SAMPLERS:
            searches.run(
                FILE,
                configuration,
                split,
                sampler=sampler,
                seed=seed,
                n_trials=arguments.trials or configuration.search["n_trials"],
                cv=StratifiedShuffleSplit(1, test_size=part, random_state=0),
                folds=1,
                max_epochs=arguments.epochs,
                keep_parameters=False,
            )
