# SPDX-License-Identifier: BSD-3-Clause
"""What the layers of a module cost, sparse and dense side by side."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from ..networks.costs import Cost
from .costs import LayerCost, cost_rows, places_per_sample, total_costs
from .prunable import prunable_weights


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
