# SPDX-License-Identifier: BSD-3-Clause
"""Which kernel a layer gets."""

from __future__ import annotations

import numpy as np
import torch

from .block import BlockLinear
from .csr import CSRLinear
from .masked import MaskedLinear
from .parts import TILE
from .sparse_linear import SparseLinear

# CSR products beat dense ones up to these densities (python -m benchmarks kernels).
_CSR_MAX_DENSITY = {"cpu": 0.2, "cuda": 0.02}
_BLOCK_MAX_DENSITY = 0.3
_TILED = 2 * TILE  # neurons from which a layer is cut into tiles


def choose_kernel(
    shape: tuple[int, int],
    density: float,
    device: str | torch.device = "cpu",
    filled_side: str | None = None,
) -> str:
    """Kernel that is expected to train a layer fastest.

    Parameters
    ----------
    shape : tuple of (int, int)
        ``(n_outputs, n_inputs)``.
    density : float
        Existing connections / possible connections.
    device : str, default="cpu"
        Type of the device. Where it has no sparse products (MPS) the answer is ``"masked"``.
    filled_side : {"in", "out"} or None, default=None
        Side whose neurons the growth rule fills one after the other, if it does.

    Returns
    -------
    {"csr", "block", "masked"}
    """
    kind = torch.device(device).type
    if shape[0] * shape[1] <= 4096:  # a product this small costs less than its dispatch
        return "masked"
    if filled_side is not None and kind == "cpu":
        return "block" if density <= _BLOCK_MAX_DENSITY else "masked"
    return "csr" if density <= _CSR_MAX_DENSITY.get(kind, 0.0) else "masked"


def make_sparse_linear(
    shape,
    positions,
    *,
    bound: float,
    rng: np.random.Generator,
    kernel: str = "auto",
    device: str = "cpu",
    filled_side: str | None = None,
) -> SparseLinear:
    """Create a layer with weights and biases drawn uniformly from [-bound, bound].

    Parameters
    ----------
    shape : tuple of (int, int)
        ``(n_outputs, n_inputs)``.
    positions : ndarray of shape (n_connections,), dtype int64
        Ascending flat positions of the connections.
    bound : float
        Half width of the initial distribution.
    rng : numpy.random.Generator
    kernel : {"auto", "csr", "block", "masked"}, default="auto"
    device : str, default="cpu"
    filled_side : {"in", "out"} or None, default=None
        See :func:`choose_kernel`.
    """
    values = _uniform(rng, bound, len(positions))
    bias = _uniform(rng, bound, shape[0])
    return layer_of(shape, positions, values, bias, device, kernel, filled_side)


def layer_of(
    shape, positions, values, bias, device, kernel: str = "auto", filled_side: str | None = None
) -> SparseLinear:
    """A layer of given connections in the kernel of that name; see :func:`choose_kernel`."""
    if kernel == "auto":
        density = len(positions) / max(1, shape[0] * shape[1])
        kernel = choose_kernel(shape, density, device, filled_side)
    if kernel == "masked":
        return MaskedLinear(shape, positions, values, bias, device)
    if kernel == "block":
        side = filled_side or "in"
        return BlockLinear(shape, positions, values, bias, device, side, _tile(shape, side, device))
    side = "in" if shape[1] > shape[0] else "out"
    tile = _tile(shape, side, device)
    return CSRLinear(shape, positions, values, bias, device, side if tile else "out", tile)


def _tile(shape, side, device):
    """Into how large tiles to cut a layer on one side; None for not at all."""
    n_neurons = shape[1] if side == "in" else shape[0]
    return TILE if n_neurons > _TILED and torch.device(device).type == "cpu" else None


def _uniform(rng, bound, size):
    return (rng.random(size, dtype=np.float32) * 2 - 1) * np.float32(bound)
