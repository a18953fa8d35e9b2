# SPDX-License-Identifier: BSD-3-Clause
"""Costs of a module, of its layers and of its training."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, TypedDict

import torch
from torch import Tensor, nn

from ..utils.costs import Cost, Costs
from .flop_counter import FlopCounter, n_samples
from .prunable import prunable_weights


class _LayerCost(TypedDict):
    name: str
    shape: tuple[int, ...]
    n_connections: int
    n_possible: int
    density: float
    inference_flops: Cost


class LayerCost(_LayerCost, total=False):
    """Costs of one layer, as a dict.

    Attributes
    ----------
    name : str
        Name of the weight, as in ``module.state_dict()``.
    shape : tuple of int
        Shape of the weight.
    n_connections, n_possible : int
        Number of existing and of possible connections.
    density : float
        The ratio of the two.
    inference_flops : dict
        Operations for one sample, ``"sparse"`` and ``"dense"``.
    training_flops : dict
        Operations of the training so far, ``"sparse"`` and ``"dense"``; only if a training is
        counted.
    """

    training_flops: Cost


def layer_costs(
    module: nn.Module, *example_inputs: Any, masks: Mapping[str, Tensor] | None = None
) -> list[LayerCost]:
    """Return the costs of every linear and convolution layer of a module.

    The module is run once, in evaluation mode and without gradients. Its modes and batch
    statistics and torch's random state stay as they are.

    Parameters
    ----------
    module : torch.nn.Module
    *example_inputs : Tensor or any
        Arguments of a call of the module. The first dimension of the first tensor is the samples.
    masks : mapping of str to Tensor, or None, default=None
        Which connections exist (nonzero), by the name of the weight in ``module.state_dict()``.
        Layers without a mask count as dense.

    Returns
    -------
    list of LayerCost
        In the order of ``module.named_modules()``. Layers that share a weight are one row, under
        its first name.

    Raises
    ------
    ValueError
        If the module has no layer to count, the inputs contain no sample, or a mask has an unknown
        name or the wrong shape.

    Notes
    -----
    A multiplication and an addition are 2 operations. Biases, activations, normalisation and
    pooling are left out. So are products outside these layers (attention, recurrent layers,
    transposed convolutions).

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
    per_sample = _places_per_sample(module, weights, example_inputs)
    return _rows(weights, _connections(weights, masks or {}), per_sample)


def module_costs(
    module: nn.Module, *example_inputs: Any, masks: Mapping[str, Tensor] | None = None
) -> dict[str, Cost]:
    """Return the parameters of a module, and the operations of its layers for one sample.

    Takes the arguments of :func:`layer_costs` and raises the same errors.

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
    rows = layer_costs(module, *example_inputs, masks=masks)
    return {"parameters": _parameters(module, rows), "inference_flops": _inference_flops(rows)}


class TrainingCosts(FlopCounter):
    """Operations of a training while it runs, and its costs as rows and totals."""

    def watch(self, owner: object, claimed: Iterable[str]) -> None:
        """Count as long as the owner lives; see :meth:`.FlopCounter.attach`."""
        self.attach(claimed)
        weakref.finalize(owner, self.remove).atexit = False

    @property
    def training_flops(self) -> Cost:
        """Operations of the training up to the last step."""
        return {"sparse": sum(self.sparse.values()), "dense": sum(self.dense.values())}

    def rows(self, n_connections: Mapping[str, int], example_inputs=()) -> list[LayerCost]:
        """Return one row for each weight; without example inputs, as of the last call."""
        per_sample = self.per_sample
        if example_inputs:
            per_sample = _places_per_sample(self._module, self._weights, example_inputs)
        if per_sample is None:
            raise RuntimeError(
                "The module was not called yet, so the size of its samples is not known: run a "
                "batch through it, or pass an example of its inputs."
            )
        rows = _rows(self._weights, n_connections, per_sample)
        for row in rows:
            name = row["name"]
            row["training_flops"] = {"sparse": self.sparse[name], "dense": self.dense[name]}
        return rows

    def totals(
        self,
        n_connections: Mapping[str, int],
        example_inputs,
        optimizer: torch.optim.Optimizer | None,
        n_mask_bytes: int,
    ) -> Costs:
        """Return the costs of the module, as :func:`.network_costs` does for our networks."""
        rows = self.rows(n_connections, example_inputs)
        tensors: list[Tensor] = list(self._module.parameters())
        if optimizer is not None:
            states = [optimizer.state.get(parameter, {}).values() for parameter in tensors]
            tensors += [t for state in states for t in state if isinstance(t, Tensor)]
        n_bytes = sum(tensor.nbytes for tensor in tensors)
        return {
            "parameters": _parameters(self._module, rows),
            "bytes": {"sparse": n_bytes + n_mask_bytes, "dense": n_bytes},
            "inference_flops": _inference_flops(rows),
            "training_flops": self.training_flops,
        }


def _connections(weights, masks) -> dict[str, int]:
    for name, mask in masks.items():
        if name not in weights:
            raise ValueError(f"masks: no linear or convolution weight is called {name!r}.")
        if mask.shape != weights[name].shape:
            raise ValueError(
                f"masks[{name!r}] must have the weight's shape {tuple(weights[name].shape)}, "
                f"got {tuple(mask.shape)}."
            )
    return {
        name: int(masks[name].count_nonzero()) if name in masks else weight.numel()
        for name, weight in weights.items()
    }


def _rows(weights, n_connections, per_sample) -> list[LayerCost]:
    """Return one row for each weight, from its connections and its places per sample."""
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


def _parameters(module: nn.Module, rows: list[LayerCost]) -> Cost:
    n = sum(parameter.numel() for parameter in module.parameters())
    return {"sparse": n - sum(row["n_possible"] - row["n_connections"] for row in rows), "dense": n}


def _inference_flops(rows: list[LayerCost]) -> Cost:
    return {
        "sparse": sum(row["inference_flops"]["sparse"] for row in rows),
        "dense": sum(row["inference_flops"]["dense"] for row in rows),
    }


def _places_per_sample(module, weights, example_inputs) -> dict[str, Fraction]:
    """Run a module once, without a trace, to see how often each weight is used for a sample."""
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
