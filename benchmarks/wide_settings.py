# SPDX-License-Identifier: BSD-3-Clause
"""How each selector is set to have 5 connections per input feature, for wide data.

The first layer of h neurons then has density 5 / h, and every other layer of a classifier all of
its connections. HyperSparse begins with a dense network: it has 5 connections per feature after
its pruning, and 20 before.
"""

PER_FEATURE = 5


def _first_layer_only(shapes, density):
    return [density] + [1.0] * (len(shapes) - 1)


# Seconds of a pass over the data decide here, not accuracy: few epochs, no held-out samples.
SETTINGS = {
    "WAST": {"hidden_layer_sizes": 200, "density": PER_FEATURE / 200},
    "QuickSelection": {"hidden_layer_sizes": 1000, "density": PER_FEATURE / 1000},
    "NeuronAttribution": {
        "hidden_layer_sizes": (100,),
        "density": PER_FEATURE / 100,
        "init": _first_layer_only,
        "early_stopping": False,
    },
    "NeuroFS": {"hidden_layer_sizes": (100,), "density": PER_FEATURE / 100},
    "DeepLasso": {"hidden_layer_sizes": (100,), "density": PER_FEATURE / 100},
    "HyperSparse": {"hidden_layer_sizes": (20,), "density": PER_FEATURE / 20},
}


def selector(name, classes, max_iter, **params):
    """A selector of that name for wide data."""
    if name == "HyperSparse":  # at least one epoch must come before the pruning
        params = {"warmup_epochs": 0, "fine_tune_epochs": min(1, max_iter - 1)} | params
    params = {"max_iter": max_iter, "random_state": 0, "device": "cpu"} | params
    return classes[name](**SETTINGS[name] | params)
