# SPDX-License-Identifier: BSD-3-Clause
"""Networks whose layers keep only some of the possible connections."""

from .csr import CSRLinear
from .feedforward import (
    FeedForward,
    choose_kernel,
    layer_of,
    make_sparse_linear,
    with_inputs,
)
from .masked import DenseSlots, MaskedLinear
from .sparse_linear import SparseLinear

__all__ = [
    "CSRLinear",
    "DenseSlots",
    "FeedForward",
    "MaskedLinear",
    "SparseLinear",
    "choose_kernel",
    "layer_of",
    "make_sparse_linear",
    "with_inputs",
]
