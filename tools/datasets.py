# SPDX-License-Identifier: BSD-3-Clause
"""Real data sets for slow tests and benchmarks; see `available`."""

import os
import zipfile
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
    if is_sparse(name):
        X, y = sparse.load_npz(FOLDER / f"{name}_X.npz").tocsr(), np.load(FOLDER / f"{name}_y.npy")
    else:
        with np.load(FOLDER / f"{name}.npz") as file:
            X, y = file["X"], file["y"]
    return X[:rows].astype(np.float32), y[:rows]


def is_sparse(name):
    """Whether a data set is CSR."""
    return (FOLDER / f"{name}_X.npz").exists()


def shape(name):
    """(rows, columns) of a data set, without loading it."""
    if is_sparse(name):
        with np.load(FOLDER / f"{name}_X.npz") as file:
            return tuple(map(int, file["shape"]))
    with zipfile.ZipFile(FOLDER / f"{name}.npz") as file, file.open("X.npy") as X:
        np.lib.format.read_magic(X)
        return np.lib.format.read_array_header_1_0(X)[0]


def load_table(name):
    """A data frame with text, dates, codes and missing values."""
    import pandas as pd

    return pd.read_csv(FOLDER / "tables" / f"{name}.csv.gz")


def official_n_train(name):
    """How many of the first rows are the official training part."""
    path = FOLDER / f"{name}_n_train.npy"
    if path.exists():
        return int(np.load(path))
    with np.load(FOLDER / f"{name}.npz") as file:
        return int(file["n_train"])
