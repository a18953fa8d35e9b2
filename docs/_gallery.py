# SPDX-License-Identifier: BSD-3-Clause
"""The gallery's order, and the state in which every example of it runs: offline, and where a
warning is an error.
"""

import random
import socket
import warnings

# As a newcomer would read them; those that are not listed follow by name.
ORDER = [
    "quickstart.py",
    "pipeline_and_grid_search.py",
    "choosing_k.py",
    "heat_map.py",
    "genes.py",
    "text.py",
    "mixed_table.py",
    "regression.py",
    "multi_output.py",
    "sample_weights.py",
    "fair_comparison.py",
    "stability.py",
    "a_controlled_list.py",
    "nothing_above_chance.py",
    "accuracy_against_cost.py",
    "larger_than_memory.py",
    "drifting_stream.py",
    "connections.py",
    "own_importance.py",
    "own_growth_rule.py",
    "own_selector.py",
    "sparse_residual_network.py",
]
FILTERS = list(warnings.filters)
CONNECT = socket.socket.connect


class ReadingOrder:
    """Sort key of the examples in a section."""

    def __init__(self, src_dir):
        pass

    def __call__(self, filename):
        listed = filename in ORDER
        return (ORDER.index(filename) if listed else len(ORDER), filename)

    def __repr__(self):
        return "<ReadingOrder>"  # a stable name: Sphinx compares configurations


def reset(gallery_conf, filename, when):
    """Nothing that one example leaves behind reaches the next, or the build."""
    import numpy as np
    import torch

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    warnings.filters[:] = FILTERS
    socket.socket.connect = CONNECT
    if when == "before":
        warnings.simplefilter("error")
        for category in (DeprecationWarning, PendingDeprecationWarning):  # for authors of libraries
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
        socket.socket.connect = _refuse


def _refuse(*args, **kwargs):
    raise OSError("examples need no network")
