# SPDX-License-Identifier: BSD-3-Clause
"""Tables on disk for the tests, small enough to be quick and cut as if they were large."""

import numpy as np
import pytest

from sparsefs import open_shards


def pyarrow():
    return pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")


def write_npy(folder, X, n_files=3):
    folder.mkdir()
    for i, part in enumerate(np.array_split(X, n_files)):
        np.save(folder / f"part-{i}.npy", part)
    return folder


def write_parquet(folder, X, n_files=3, row_group_size=7, **columns):
    pyarrow()
    import pandas as pd

    folder.mkdir()
    frame = pd.DataFrame(X, columns=[f"f{j}" for j in range(X.shape[1])]).assign(**columns)
    bounds = np.linspace(0, len(X), n_files + 1).astype(int)
    for i in range(n_files):
        frame[bounds[i] : bounds[i + 1]].reset_index(drop=True).to_parquet(
            folder / f"part-{i}.parquet", row_group_size=row_group_size
        )
    return folder


def as_memmap(folder, X):
    folder.mkdir()
    np.save(folder / "X.npy", X)
    return np.load(folder / "X.npy", mmap_mode="r")


SOURCES = {
    "memmap": as_memmap,
    "npy": lambda folder, X: open_shards(write_npy(folder, X)),
    "parquet": lambda folder, X: open_shards(write_parquet(folder, X)),
}
every_source = pytest.mark.parametrize("source", SOURCES)
