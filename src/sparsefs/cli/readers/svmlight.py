# SPDX-License-Identifier: BSD-3-Clause
"""Reader of files in svmlight (libsvm) format (scikit-learn)."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_svmlight_file

from ..data import Data, check_columns
from ..errors import InputError


def read(path, arguments) -> Data:
    """Read lines of ``label number:value ...``; features are named by their numbers."""
    try:
        X, y = load_svmlight_file(str(path), dtype=np.float32, zero_based=True)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read as svmlight: {error}") from error
    first = int(X.nnz > 0 and X.indices.min() > 0)  # most files count from 1
    names = [str(i) for i in range(first, X.shape[1])]
    if arguments.target not in (None, "y"):
        raise InputError(f"--target: the target of {path} is called 'y'")
    check_columns(names, arguments)
    return Data(X[:, first:], names, y, "y", str(path))
