# SPDX-License-Identifier: BSD-3-Clause
"""The choice of a layer's kernel, and layers made from connections or from another layer."""

from __future__ import annotations

import numpy as np
import torch

from .chunks import CHUNK
from .csr import CSRLinear
from .masked import MaskedLinear
from .sparse_linear import SparseLinear

# CSR products beat dense ones up to these densities (python -m benchmarks kernels).
_CSR_MAX_DENSITY = {"cpu": 0.2, "cuda": 0.02}
_BLOCK_MAX_DENSITY = 0.3
_CHUNKED = 2 * CHUNK  # a layer with more neurons is cut into chunks


def choose_kernel(
    shape: tuple[int, int],
    density: float,
    device: str | torch.device = "cpu",
    filled_side: str | None = None,
) -> str:
    """Choose the kernel that is expected to train a layer fastest.

    Parameters
    ----------
    shape : tuple of (int, int)
        ``(n_outputs, n_inputs)``.
    density : float
        Existing connections / possible connections.
    device : str, default="cpu"
        Type of the device. One without sparse products (MPS) gets ``"masked"``.
    filled_side : {"in", "out"} or None, default=None
        Side whose neurons the growth rule fills one after the other; None if it does not.

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
    values, bias = (
        (rng.random(size, dtype=np.float32) * 2 - 1) * np.float32(bound)
        for size in (len(positions), shape[0])
    )
    return layer_of(shape, positions, values, bias, device, kernel, filled_side)


def layer_of(
    shape, positions, values, bias, device, kernel: str = "auto", filled_side: str | None = None
) -> SparseLinear:
    """Create a layer of given connections in the kernel of that name, see :func:`choose_kernel`."""
    if kernel == "auto":
        density = len(positions) / max(1, shape[0] * shape[1])
        kernel = choose_kernel(shape, density, device, filled_side)
    connections = shape, positions, values, bias, device
    if kernel == "masked":
        return MaskedLinear(*connections)
    in_chunks = torch.device(device).type == "cpu"
    block = kernel == "block"
    side = (filled_side or "in") if block else ("in" if shape[1] > shape[0] else "out")
    if in_chunks and shape[1 if side == "in" else 0] > _CHUNKED:
        return CSRLinear(*connections, side=side, chunk=CHUNK, block=block)
    return CSRLinear(*connections, side=side if block else "out", block=block)


def with_inputs(
    layer: SparseLinear,
    source: np.ndarray,
    new_rows: np.ndarray,
    new_cols: np.ndarray,
    kernel: str = "auto",
) -> SparseLinear:
    """Create a layer with other inputs; those that stay keep weights and optimiser state.

    Inputs that are gone take no memory and no time.

    Parameters
    ----------
    layer : SparseLinear
    source : ndarray of shape (n_inputs,), dtype int64
        For each input of the new layer, which input of `layer` it was, ascending; -1 for new
        inputs.
    new_rows, new_cols : ndarray of int64
        Connections to create with weight 0; their positions must be free.
    kernel : {"auto", "csr", "masked"}, default="auto"

    Returns
    -------
    SparseLinear
    """
    n_out, n_in = layer.shape[0], len(source)
    place = np.full(layer.shape[1], -1, dtype=np.int64)
    stays = np.flatnonzero(source >= 0)
    place[source[stays]] = stays
    slots, _ = layer.ordered_slots()
    cols = place[layer.cols[slots]]
    slots, cols = slots[cols >= 0], cols[cols >= 0]
    positions = np.concatenate(
        [layer.rows[slots].astype(np.int64) * n_in + cols, new_rows * n_in + new_cols]
    )
    order = np.argsort(positions)
    is_old = order < len(slots)
    old = slots[order[is_old]]

    def moved(tensor):
        numbers = np.zeros(len(order), dtype=np.float32)
        numbers[is_old] = tensor.detach().cpu().numpy()[old]
        return numbers

    bias = layer.bias.detach().cpu().numpy().ravel()
    values = moved(layer.values)
    new = layer_of((n_out, n_in), positions[order], values, bias, layer.device, kernel)
    where = torch.from_numpy(new.ordered_slots()[0])
    for name, buffer in layer.buffers.items():
        new.buffers[name] = torch.zeros_like(new.values)
        new.buffers[name][where] = torch.from_numpy(moved(buffer)).to(new.device)
    new.extra_flops = layer.extra_flops
    return new
