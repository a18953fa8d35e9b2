# SPDX-License-Identifier: BSD-3-Clause
"""Giving a layer other input neurons: those that are gone take no memory and no time."""

from __future__ import annotations

import numpy as np
import torch

from .kernels import layer_of
from .sparse_linear import SparseLinear


def with_inputs(
    layer: SparseLinear,
    source: np.ndarray,
    new_rows: np.ndarray,
    new_cols: np.ndarray,
    kernel: str = "auto",
) -> SparseLinear:
    """A layer with other inputs, which keeps weights and optimiser state of those that stay.

    Parameters
    ----------
    layer : SparseLinear
    source : ndarray of shape (n_inputs,), dtype int64
        For each input of the new layer which input of `layer` it was, ascending; -1 for those
        that are new.
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
    slots, _ = layer._ordered()
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
    where = torch.from_numpy(new._ordered()[0])
    for name, buffer in layer.buffers.items():
        new.buffers[name] = torch.zeros_like(new.values)
        new.buffers[name][where] = torch.from_numpy(moved(buffer)).to(new.device)
    new.extra_flops = layer.extra_flops
    return new
