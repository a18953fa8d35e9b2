# SPDX-License-Identifier: BSD-3-Clause
"""Networks whose layers keep only some of the possible connections."""

from .feedforward import FeedForward
from .sparse_linear import CSRLinear, MaskedLinear, SparseLinear, choose_kernel, make_sparse_linear

__all__ = [
    "CSRLinear",
    "FeedForward",
    "MaskedLinear",
    "SparseLinear",
    "choose_kernel",
    "make_sparse_linear",
]
