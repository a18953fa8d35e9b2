# SPDX-License-Identifier: BSD-3-Clause
"""Random layers for the differential tests."""

from functools import partial

import numpy as np
import torch
from hypothesis import strategies as st

from sparsefs.networks import CSRLinear, FeedForward, MaskedLinear

KERNELS = {
    "csr": CSRLinear,
    "masked": MaskedLinear,
    "block-in": partial(CSRLinear, side="in", block=True),
    "block-out": partial(CSRLinear, side="out", block=True),
    "csr-in": partial(CSRLinear, side="in"),
    "chunks-in": partial(CSRLinear, side="in", chunk=3),
    "chunks-out": partial(CSRLinear, side="out", chunk=2),
    "block-chunks-in": partial(CSRLinear, side="in", chunk=2, block=True),
    "block-chunks-out": partial(CSRLinear, side="out", chunk=3, block=True),
}

# Few distinct values, so that ties and exact zeros are common.
WEIGHTS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5])
IMPORTANCES = st.sampled_from([0.0, 0.5, 1.0, 2.0])


@st.composite
def random_layers(draw, max_size=7):
    """(shape, positions, values, importance of the inputs, of the outputs)."""
    n_out, n_in = draw(st.integers(1, max_size)), draw(st.integers(1, max_size))
    exists = draw(st.lists(st.booleans(), min_size=n_out * n_in, max_size=n_out * n_in))
    positions = np.flatnonzero(exists)
    values = draw(st.lists(WEIGHTS, min_size=len(positions), max_size=len(positions)))
    importance = {
        side: np.array(draw(st.lists(IMPORTANCES, min_size=n, max_size=n)))
        for side, n in (("in", n_in), ("out", n_out))
    }
    return (n_out, n_in), positions, np.array(values, dtype=np.float32), importance


def make(kernel, shape, positions, values):
    """A layer with one buffer, whose numbers tell the connections apart."""
    layer = KERNELS[kernel](shape, positions, values, np.zeros(shape[0], dtype=np.float32))
    layer.buffers["velocity"] = torch.zeros_like(layer.values)
    slots = slot_of(layer)
    for i, position in enumerate(positions):
        layer.buffers["velocity"][slots[int(position)]] = i + 1.0
    return layer


def make_network(kernel, sizes, positions, activations, rng):
    """A network of random weights in which every layer has the kernel."""
    layers = []
    for n_in, n_out, where in zip(sizes[:-1], sizes[1:], positions, strict=True):
        bound = 1 / np.sqrt(n_in)
        values, bias = (
            rng.uniform(-bound, bound, size).astype(np.float32) for size in (len(where), n_out)
        )
        layers.append(KERNELS[kernel]((n_out, n_in), where, values, bias))
    return FeedForward(layers, activations)


def slot_of(layer):
    """Dict from flat position to slot, of the existing connections."""
    exists = np.ones(len(layer.rows), bool) if layer.exists is None else layer.exists
    flat = layer.rows.astype(np.int64) * layer.shape[1] + layer.cols
    return {int(flat[slot]): int(slot) for slot in np.flatnonzero(exists)}


def dense(layer, tensor=None):
    """(matrix, mask) of a layer's weights, or of one of its buffers."""
    tensor = layer.values if tensor is None else tensor
    matrix, mask = np.zeros(layer.shape, np.float32), np.zeros(layer.shape, bool)
    for position, slot in slot_of(layer).items():
        matrix.flat[position] = tensor[slot]
        mask.flat[position] = True
    return matrix, mask
