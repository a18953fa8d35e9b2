# SPDX-License-Identifier: BSD-3-Clause
"""Real data sets for slow tests and benchmarks; see `available`."""

import os
from pathlib import Path

import numpy as np
from scipy import sparse

_ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("SPARSEFS_DATA", _ROOT.parent / "shared" / "datasets"))


def available() -> bool:
    """Whether the folder with the data sets is there (set SPARSEFS_DATA to point to it)."""
    return FOLDER.is_dir()


def load(name, rows=None):
    """(X, y) of a data set, optionally its first rows; CSR where the set is sparse."""
    if (FOLDER / f"{name}_X.npz").exists():
        X, y = sparse.load_npz(FOLDER / f"{name}_X.npz").tocsr(), np.load(FOLDER / f"{name}_y.npy")
    else:
        with np.load(FOLDER / f"{name}.npz") as file:
            X, y = file["X"], file["y"]
    return X[:rows].astype(np.float32), y[:rows]
