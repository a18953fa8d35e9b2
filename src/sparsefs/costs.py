# SPDX-License-Identifier: BSD-3-Clause
"""What a sparse network costs, beside the dense network of the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Cost(TypedDict):
    """One figure for the sparse network and one for its dense counterpart."""

    sparse: int
    dense: int


def network_costs(
    shapes: Sequence[tuple[int, int]],
    n_connections: Sequence[int],
    *,
    n_bytes: int,
    n_buffers: int,
    n_samples_seen: int,
    training_flops: int,
) -> dict[str, Cost]:
    """Parameters, bytes and floating-point operations of a network of linear layers.

    Parameters
    ----------
    shapes : sequence of tuple of (int, int)
        ``(n_outputs, n_inputs)`` of every layer.
    n_connections : sequence of int
        Existing connections of every layer.
    n_bytes : int
        Bytes the sparse layers occupy: weights, optimiser state, indices.
    n_buffers : int
        Numbers of optimiser state per weight.
    n_samples_seen : int
        Samples trained on, with repetitions.
    training_flops : int
        Floating-point operations of the training as it was.

    Returns
    -------
    dict
        ``"parameters"``, ``"bytes"`` (float32 weights, biases and optimiser state),
        ``"inference_flops"`` of one sample and ``"training_flops"`` of the whole training,
        each a dict with the keys ``"sparse"`` and ``"dense"``. A product counts 2
        operations per connection, a training step three products (forward, backward,
        gradient); biases and activations are left out, as is usual.
    """
    biases = sum(n_out for n_out, _ in shapes)
    sparse_weights = sum(n_connections)
    dense_weights = sum(n_out * n_in for n_out, n_in in shapes)

    def both(sparse: int, dense: int) -> Cost:
        return {"sparse": int(sparse), "dense": int(dense)}

    return {
        "parameters": both(sparse_weights + biases, dense_weights + biases),
        "bytes": both(n_bytes, 4 * (1 + n_buffers) * (dense_weights + biases)),
        "inference_flops": both(2 * sparse_weights, 2 * dense_weights),
        "training_flops": both(training_flops, 6 * dense_weights * n_samples_seen),
    }
