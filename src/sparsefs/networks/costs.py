# SPDX-License-Identifier: BSD-3-Clause
"""Costs of a sparse network, and of the dense network of the same shape."""

from __future__ import annotations

from collections.abc import Sequence

from ..utils.costs import Cost, Costs


def network_costs(
    shapes: Sequence[tuple[int, int]],
    n_connections: Sequence[int],
    *,
    n_bytes: int,
    n_buffers: int,
    n_samples_seen: int,
    training_flops: int,
    n_biases: int | None = None,
) -> Costs:
    """Return parameters, bytes and operations of a network of linear layers.

    Parameters
    ----------
    shapes : sequence of tuple of (int, int)
        ``(n_outputs, n_inputs)`` of every layer.
    n_connections : sequence of int
        Existing connections of every layer.
    n_bytes : int
        Bytes of the sparse layers: weights, optimiser state, indices.
    n_buffers : int
        Numbers of optimiser state per weight.
    n_samples_seen : int
        Samples trained on, with repetitions.
    training_flops : int
        Floating-point operations of the sparse training.
    n_biases : int or None, default=None
        Existing biases; None takes one for every output of a layer.

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
        "parameters": both(
            sparse_weights + (biases if n_biases is None else n_biases), dense_weights + biases
        ),
        "bytes": both(n_bytes, 4 * (1 + n_buffers) * (dense_weights + biases)),
        "inference_flops": both(2 * sparse_weights, 2 * dense_weights),
        "training_flops": both(training_flops, 6 * dense_weights * n_samples_seen),
    }


def training_flops_per_sample(
    topology: str, sparse: float, dense: float, update_every: int | None = None
) -> float:
    """Return the training operations for one sample by the published formulas.

    Parameters
    ----------
    topology : {"dense", "static", "set", "rigl"}
    sparse, dense : float
        Operations of a forward pass of one sample: f_s of the sparse network, f_d of the fully
        connected one.
    update_every : int or None, default=None
        Steps between two updates of the topology, dT; required for ``"rigl"``.

    Returns
    -------
    float
        3 f_d for ``"dense"``; 3 f_s for ``"static"`` and ``"set"``. For ``"rigl"``, which needs the
        gradient of all possible connections in one of dT + 1 steps,
        (3 f_s dT + 2 f_s + f_d) / (dT + 1).

    Raises
    ------
    ValueError
        If `topology` is unknown, or `update_every` is missing or below 1.

    References
    ----------
    Evci, U., Gale, T., Menick, J., Castro, P. S. and Elsen, E. "Rigging the lottery: making all
    tickets winners." ICML 2020, appendix on counting operations.

    Examples
    --------
    >>> from sparsefs.networks.costs import training_flops_per_sample
    >>> training_flops_per_sample("set", 100, 1000)
    300.0
    >>> training_flops_per_sample("rigl", 100, 1000, update_every=99)
    309.0
    """
    if topology == "dense":
        return 3.0 * dense
    if topology in ("static", "set"):
        return 3.0 * sparse
    if topology != "rigl":
        raise ValueError(f"topology must be 'dense', 'static', 'set' or 'rigl', got {topology!r}.")
    if update_every is None or not update_every >= 1:
        raise ValueError(
            f"update_every must be a number of at least 1 for 'rigl', got {update_every!r}."
        )
    return (3 * sparse * update_every + 2 * sparse + dense) / (update_every + 1)
