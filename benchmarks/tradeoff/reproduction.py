# SPDX-License-Identifier: BSD-3-Clause
"""Reproduction: one setting, dense and with SET and RigL at 15 sparsities, on all training rows."""

from benchmarks.results import Results
from benchmarks.tradeoff import data, runs

FILE = "tradeoff_reproduction"
KEY = ["data", "n_train", "setting", "epochs", "topology", "sparsity", "seed"]


def jobs(configuration, split, seed, setting=None, epochs=None):
    """One dense run, and one for every topology at every sparsity."""
    setting = setting or configuration.default_setting
    parameters = configuration.parameters(setting) | {"random_state": seed}
    if epochs:
        parameters["epochs"] = epochs
    of_all = {
        "data": split.name,
        "n_train": len(split.y_train),
        "setting": setting,
        "epochs": parameters["epochs"],
        "seed": seed,
    }
    return [
        runs.Job(of_all | varied, parameters | varied)
        for varied in runs.topologies(**configuration.reproduction)
    ]


def run(configuration, arguments):
    split = data.load(configuration)
    results = Results(FILE, KEY)
    for seed in arguments.seed:
        part = data.fewer(split, arguments.samples, seed)
        runs.run(
            results, jobs(configuration, part, seed, arguments.setting, arguments.epochs), part
        )
