# SPDX-License-Identifier: BSD-3-Clause
"""Reader of files in svmlight (libsvm) format (scikit-learn)."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_svmlight_file

from ..data import Data
from ..errors import InputError
from .contents import open_bytes


def read(path, arguments) -> Data:
    """Read lines of ``label number:value ...``; features are named by their numbers."""
    try:
        with open_bytes(path) as file:
            X, y = load_svmlight_file(file, dtype=np.float32, zero_based=True)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{path} cannot be read as svmlight: {error}. Each line must be LABEL NUMBER:VALUE ..."
        ) from error
    first = int(X.nnz > 0 and X.indices.min() > 0)  # most files count from 1
    names = [str(i) for i in range(first, X.shape[1])]
    return Data(X[:, first:], names, "y", str(path), {"y": y})
