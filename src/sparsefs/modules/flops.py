# SPDX-License-Identifier: BSD-3-Clause
"""What the layers of a module cost, sparse and dense side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import TypedDict

import torch
from torch import Tensor, nn

from .._layer_flops import FlopCounter, n_samples
from ..costs import Cost
from ..regularization import prunable_weights


class _LayerCost(TypedDict):
    name: str
    shape: tuple[int, ...]
    n_connections: int
    n_possible: int
    density: float
    inference_flops: Cost


class LayerCost(_LayerCost, total=False):
    """What one layer costs: a row of :func:`layer_costs`.

    Attributes
    ----------
    name : str
        Of its weight, as in ``module.state_dict()``.
    shape : tuple of int
        Of its weight.
    n_connections, n_possible : int
        Weights that exist, and all.
    density : float
        The ratio of the two.
    inference_flops : dict
        Operations for one sample, ``"sparse"`` and ``"dense"``.
    training_flops : dict
        Operations of the training so far; only of
        :meth:`SparseTraining.layer_costs() <sparsefs.modules.SparseTraining.layer_costs>`.
    """

    training_flops: Cost


def layer_costs(
    module: nn.Module, *example_inputs, masks: Mapping[str, Tensor] | None = None
) -> list[LayerCost]:
    """What every linear and convolution layer of a module costs.

    The module is run once, in evaluation mode and without gradients; its modes, batch statistics
    and torch's random state are as before.

    Parameters
    ----------
    module : torch.nn.Module
    *example_inputs : Tensor or any
        What the module is called with. The first dimension of the first tensor is the samples.
    masks : mapping of str to Tensor, or None, default=None
        Which connections exist, nonzero where they do, by the name of the weight as in
        ``module.state_dict()``. Layers that are not named, with None all, count as dense.

    Returns
    -------
    list of LayerCost
        In the order of ``module.named_modules()``. Layers that share a weight are one row, under
        its first name.

    Raises
    ------
    ValueError
        If the module has no layer to count, the inputs hold no sample, or a mask has no weight or
        another shape.

    Notes
    -----
    A multiplication and an addition are 2 operations. Biases, activations, normalisation and
    pooling are left out, as are products that are not layers of these kinds (attention, recurrent
    layers, transposed convolutions).

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from sparsefs.modules import layer_costs
    >>> module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 2))
    >>> for row in layer_costs(module, torch.zeros(1, 1, 4, 4)):
    ...     print(row["name"], row["shape"], row["inference_flops"])
    0.weight (4, 1, 3, 3) {'sparse': 288, 'dense': 288}
    2.weight (2, 16) {'sparse': 64, 'dense': 64}
    """
    weights = prunable_weights(module)
    per_sample = places_per_sample(module, weights, example_inputs)
    return cost_rows(weights, _connections(weights, masks), per_sample)


def module_costs(
    module: nn.Module, *example_inputs, masks: Mapping[str, Tensor] | None = None
) -> dict[str, Cost]:
    """Parameters of a module, and operations of its linear and convolution layers for one sample.

    Takes the arguments of :func:`layer_costs`, and raises what it raises.

    Returns
    -------
    dict
        ``"parameters"``, biases and normalisation included, and ``"inference_flops"``, each a dict
        with the keys ``"sparse"`` and ``"dense"``.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from sparsefs.modules import module_costs
    >>> module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 2))
    >>> masks = {"2.weight": torch.eye(2, 16)}
    >>> for name, cost in module_costs(module, torch.zeros(1, 1, 4, 4), masks=masks).items():
    ...     print(name, cost)
    parameters {'sparse': 44, 'dense': 74}
    inference_flops {'sparse': 292, 'dense': 352}
    """
    return total_costs(module, layer_costs(module, *example_inputs, masks=masks))


def cost_rows(
    weights: Mapping[str, nn.Parameter],
    n_connections: Mapping[str, int],
    per_sample: Mapping[str, Fraction],
) -> list[LayerCost]:
    """One row for each weight, from its connections and its places per sample."""
    return [
        {
            "name": name,
            "shape": tuple(weight.shape),
            "n_connections": n_connections[name],
            "n_possible": weight.numel(),
            "density": n_connections[name] / max(1, weight.numel()),
            "inference_flops": {
                "sparse": round(2 * n_connections[name] * per_sample[name]),
                "dense": round(2 * weight.numel() * per_sample[name]),
            },
        }
        for name, weight in weights.items()
    ]


def total_costs(module: nn.Module, rows: list[LayerCost]) -> dict[str, Cost]:
    """Parameters of the module, and the sum of the operations of its layers."""
    n_parameters = sum(parameter.numel() for parameter in module.parameters())
    n_missing = sum(row["n_possible"] - row["n_connections"] for row in rows)
    return {
        "parameters": {"sparse": n_parameters - n_missing, "dense": n_parameters},
        "inference_flops": {
            "sparse": sum(row["inference_flops"]["sparse"] for row in rows),
            "dense": sum(row["inference_flops"]["dense"] for row in rows),
        },
    }


def places_per_sample(module, weights, example_inputs) -> dict[str, Fraction]:
    """How often each weight is used for one sample, by a run that leaves no trace."""
    if not n_samples(example_inputs):
        raise ValueError(
            "example_inputs must hold a tensor with samples along its first dimension."
        )
    counter = FlopCounter(module, weights)
    devices = {weight.device for weight in weights.values() if weight.device.type == "cuda"}
    with torch.random.fork_rng(list(devices)), _evaluating(module), torch.no_grad():
        counter.attach()
        try:
            module(*example_inputs)
        finally:
            counter.remove()
    assert counter.per_sample is not None
    return counter.per_sample


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    modes = [(part, part.training) for part in module.modules()]
    try:
        module.eval()
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def _connections(weights, masks) -> dict[str, int]:
    masks = {} if masks is None else masks
    unknown = [name for name in masks if name not in weights]
    if unknown:
        raise ValueError(f"masks: no linear or convolution weight is called {unknown[0]!r}.")
    for name, mask in masks.items():
        if mask.shape != weights[name].shape:
            raise ValueError(
                f"masks[{name!r}] must have the weight's shape {tuple(weights[name].shape)}, "
                f"got {tuple(mask.shape)}."
            )
    return {
        name: int(masks[name].count_nonzero()) if name in masks else weight.numel()
        for name, weight in weights.items()
    }
