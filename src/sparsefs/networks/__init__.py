# SPDX-License-Identifier: BSD-3-Clause
"""Networks whose layers keep only some of the possible connections."""

from .block import BlockLinear
from .csr import CSRLinear
from .feedforward import FeedForward
from .kernels import choose_kernel, layer_of, make_sparse_linear
from .masked import MaskedLinear
from .resize import with_inputs
from .sparse_linear import SparseLinear

__all__ = [
    "BlockLinear",
    "CSRLinear",
    "FeedForward",
    "MaskedLinear",
    "SparseLinear",
    "choose_kernel",
    "layer_of",
    "make_sparse_linear",
    "with_inputs",
]
