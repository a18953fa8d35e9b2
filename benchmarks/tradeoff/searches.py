# SPDX-License-Identifier: BSD-3-Clause
"""Searches: trials of `ParetoSearchCV` over a configuration's space, one row each.

A study file keeps the trials of a search that was broken off; its rows are written when it ends.
"""

import json

from benchmarks.results import Results
from benchmarks.tradeoff.classifier import SparseNetworkClassifier

KEY = ["data", "n_train", "sampler", "n_trials", "folds", "max_epochs", "seed", "trial"]
SEARCH = KEY[:-1]
COMPLETE = "complete"  # the status of a trial of which no fold failed
OBJECTIVES = ("accuracy", "inference_flops", "training_flops")


def run(
    file,
    configuration,
    part,
    *,
    sampler,
    seed,
    n_trials,
    cv,
    folds,
    max_epochs,
    keep_parameters=True,
):
    """Search, unless its rows are there, and write them to `file`."""
    results = Results(file, KEY)
    values = (part.name, len(part.y_train), sampler, n_trials, folds, max_epochs or "", seed)
    identity = dict(zip(SEARCH, values, strict=True))
    earlier = results.where(**identity)
    if len(earlier) == n_trials:
        return
    results.drop(earlier)
    study = study_of(file, values)
    study.parent.mkdir(parents=True, exist_ok=True)
    search = fitted(configuration, part, sampler, seed, n_trials, cv, max_epochs, study)
    for row in rows(search):
        if not keep_parameters:  # thousands of rows would be mostly these
            del row["parameters"]
        results.add(**identity, **row)
    print(f"{part.name} {sampler} seed {seed}: {n_trials} trials", flush=True)


def fitted(configuration, part, sampler, seed, n_trials, cv, max_epochs, study=None):
    from sparsefs import ParetoSearchCV

    search = ParetoSearchCV(
        SparseNetworkClassifier(**configuration.search["fixed"], random_state=seed),
        configuration.space(max_epochs),
        objectives=OBJECTIVES,
        sampler=sampler,
        n_trials=n_trials,
        cv=cv,
        refit=False,
        study=study and str(study),
        random_state=seed,
    )
    return search.fit(part.X_train, part.y_train)


def rows(search):
    """A row of every trial; its layer is 0 where no other is better in all objectives."""
    found = search.cv_results_
    layer_of = {
        int(trial): layer
        for layer, trials in enumerate(search.non_dominated_layers_)
        for trial in trials
    }
    for trial, parameters in enumerate(found["params"]):
        yield {
            "trial": trial,
            "topology": parameters["topology"],
            "epochs": round(parameters["epochs"]),
            "accuracy": round(100 * float(found["mean_test_accuracy"][trial]), 4),
            "inference_flops": round(float(found["mean_inference_flops"][trial]), 1),
            "training_flops": round(float(found["mean_training_flops"][trial]), 1),
            "layer": layer_of.get(trial, ""),
            "status": found["status"][trial],
            "seconds": round(float(found["mean_fit_time"][trial]), 3),
            "parameters": json.dumps({name: _plain(v) for name, v in parameters.items()}),
        }


def study_of(file, values):
    """Where a search keeps its trials: scratch, not results, which git ignores."""
    name = "-".join(str(value) for value in values).replace(" ", "_")
    return Results.folder / "scratch" / file / f"{name}.jsonl"


def studies(file, names, seeds):
    """Those that there are of some data sets and seeds."""
    starts = tuple(name.replace(" ", "_") + "-" for name in names)
    for study in study_of(file, [""]).parent.glob("*.jsonl"):
        if study.name.startswith(starts) and study.stem.rpartition("-")[2] in seeds:
            yield study


def _plain(value):
    """A number as JSON knows it, with as many digits as say all."""
    value = value.item() if hasattr(value, "item") else value
    return float(f"{value:.6g}") if isinstance(value, float) else value
