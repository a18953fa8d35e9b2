# SPDX-License-Identifier: BSD-3-Clause
"""Reader of annotated matrices of cells and genes (anndata)."""

from __future__ import annotations

import warnings

from scipy import sparse

from ..data import Data, check_columns, chosen_target
from ..errors import InputError, needing


def read(path, arguments) -> Data:
    """Read X, and the target from obs; a sparse X stays sparse."""
    with needing("reading .h5ad", "h5ad"):
        import anndata
    try:
        with warnings.catch_warnings():  # read() says it, and tells the names apart
            warnings.filterwarnings("ignore", ".*names are not unique")
            found = anndata.read_h5ad(path)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} cannot be read as .h5ad, perhaps it is damaged: {error}"
        ) from error
    found = found.T if arguments.transpose else found
    if found.X is None:
        raise InputError(f"{path} has no X")
    names = [str(name) for name in found.var_names]
    target = chosen_target([str(name) for name in found.obs.columns], arguments)
    check_columns(names, arguments)
    X = found.X.tocsr() if sparse.issparse(found.X) else found.X
    y = None if target is None else found.obs[target]
    return Data(X, names, y, target, str(path))
