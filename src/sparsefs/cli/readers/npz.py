# SPDX-License-Identifier: BSD-3-Clause
"""Reader of numpy arrays and scipy sparse matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from ..data import Data
from ..errors import InputError

_OF_SCIPY = {"format", "shape", "data"}
_NAMES = ("feature_names", "columns", "names")


def read(path, arguments) -> Data:
    """Read the arrays X and y of an .npz file, a sparse matrix, or the array of a .npy file."""
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            arrays = {"X": loaded}
        else:
            with loaded:
                if set(loaded.files) >= _OF_SCIPY:
                    arrays = {"X": sparse.load_npz(path).tocsr()}
                else:
                    arrays = {name: loaded[name] for name in loaded.files}
    except (ValueError, KeyError) as error:
        hint = "; save text as an array of dtype str" if "pickle" in str(error) else ""
        raise InputError(f"{path} cannot be read by numpy: {error}{hint}") from error
    of_X = _name_of_matrix(path, arrays)
    X: Any = arrays[of_X]
    X = X.T if arguments.transpose else X
    X = X.tocsr() if sparse.issparse(X) else X
    stored = next((arrays[name] for name in _NAMES if name in arrays), None)
    names = [f"x{i}" for i in range(X.shape[1])] if stored is None else [str(n) for n in stored]
    if len(names) != X.shape[1]:
        raise InputError(f"{path}: X has {X.shape[1]} columns, but {len(names)} names")
    beside = {name: array for name, array in arrays.items() if name not in (of_X, *_NAMES)}
    return Data(X, names, "y" if "y" in beside else None, str(path), beside)


def _name_of_matrix(path, arrays):
    tables = [name for name, array in arrays.items() if array.ndim == 2]
    name = "X" if "X" in arrays else tables[0] if len(tables) == 1 else None
    if name is None:
        raise InputError(f"{path} has no array 'X'; it contains {', '.join(arrays) or 'nothing'}")
    X = arrays[name]
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise InputError(
            f"{path}: {name!r} must be a table of numbers. Got {X.dtype} of shape {X.shape}"
        )
    return name
