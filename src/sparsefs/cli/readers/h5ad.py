# SPDX-License-Identifier: BSD-3-Clause
"""Reader of annotated matrices of cells and genes (anndata)."""

from __future__ import annotations

import warnings

import numpy as np
from scipy import sparse

from ...utils.text import listed
from ..data import Data
from ..errors import InputError, needing


def read(path, arguments) -> Data:
    """Read X or a layer, and obs; a sparse X stays sparse."""
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
    layer = arguments.layer
    if layer is not None and layer not in found.layers:
        known = listed(found.layers) if len(found.layers) else "the file has no layers"
        raise InputError(f"--layer: {path} has no layer {layer!r}; known: {known}")
    X = found.X if layer is None else found.layers[layer]
    if X is None:
        raise InputError(f"{path} has no X; pass --layer, known: {listed(found.layers) or 'none'}")
    X = X.tocsr() if sparse.issparse(X) else X
    if arguments.log1p:
        X = _log1p(X, f"layer {layer!r}" if layer else "X", arguments.messages)
    names = [str(name) for name in found.var_names]
    beside = {"obs_names": found.obs_names.to_series()}
    beside |= {str(name): found.obs[name] for name in found.obs.columns}
    return Data(X, names, None, str(path), beside, annotated=found)


def _log1p(X, what, messages):
    values = X.data if sparse.issparse(X) else X
    if values.size and values.min() < 0:
        raise InputError(f"--log1p: {what} contains negative values, so it contains no counts")
    if values.size and values.max() < 30 and (values % 1 != 0).any():
        messages.say(
            f"warning: --log1p: {what} looks logarithmic already (fractions, and no value above "
            f"{values.max():.3g})"
        )
    messages.prepared(f"log1p of {what}")
    X = X if X.dtype.kind == "f" else X.astype("float32")
    return X.log1p() if sparse.issparse(X) else np.log1p(X)
