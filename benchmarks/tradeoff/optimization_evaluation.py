# SPDX-License-Identifier: BSD-3-Clause
"""Optimization evaluation: what the searches found, trained on all training rows and tested.

Taken are the first two non-dominated layers of every search of the data set with the same seed.
"""

import json

from benchmarks.results import Results
from benchmarks.tradeoff import data, optimization, runs, searches

FILE = "tradeoff_optimization_evaluation"
KEY = [*searches.KEY, "n_rows", "epochs"]
LAYERS = ("0", "1")


def jobs(configuration, split, seed, found, epochs=None):
    """One run for every trial in the first layers; with at most so many epochs."""
    return [
        runs.Job(identity(trial, split, parameters) | {"layer": trial["layer"]}, parameters)
        for trial in found
        if trial["layer"] in LAYERS
        for parameters in [parameters_of(configuration, trial, seed, epochs)]
    ]


def identity(trial, split, parameters):
    """Which trial it was, and what it is trained on now."""
    key = {name: trial[name] for name in searches.KEY}
    return key | {"n_rows": len(split.y_train), "epochs": parameters["epochs"]}


def parameters_of(configuration, trial, seed, epochs=None):
    found = configuration.search["fixed"] | json.loads(trial["parameters"])
    found |= {"epochs": round(found["epochs"]), "random_state": seed}
    if epochs:
        found["epochs"] = min(found["epochs"], epochs)
    return found


def trials(split, seed):
    """Rows of the searches of this data set with this seed."""
    found = Results(optimization.FILE, searches.KEY).where(data=split.name, seed=seed)
    if not found:
        raise SystemExit(f"No search of {split.name} with seed {seed}: run `optimization` first.")
    return [trial for trial in found if trial["status"] == searches.COMPLETE]


def run(configuration, arguments):
    split = data.load(configuration)
    results = Results(FILE, KEY)
    for seed in arguments.seed:
        part = data.fewer(split, arguments.samples, seed)
        found = trials(split, seed)
        runs.run(results, jobs(configuration, part, seed, found, arguments.epochs), part)
