# SPDX-License-Identifier: BSD-3-Clause
"""What the layers of a module cost, and its training, from connections and places."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import TypedDict

import torch
from torch import Tensor, nn

from ..networks.costs import Cost
from .flop_counter import FlopCounter, n_samples


class _LayerCost(TypedDict):
    name: str
    shape: tuple[int, ...]
    n_connections: int
    n_possible: int
    density: float
    inference_flops: Cost


class LayerCost(_LayerCost, total=False):
    """What one layer costs: a dict.

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
        Operations of the training so far, likewise; only where a training is counted.
    """

    training_flops: Cost


class TrainingCosts:
    """Counts a training, and reports on it.

    Parameters
    ----------
    module : torch.nn.Module
    weights : mapping of str to Parameter
        Which weights to count, under the names to count them by.

    Attributes
    ----------
    counter : FlopCounter
    """

    def __init__(self, module: nn.Module, weights: Mapping[str, nn.Parameter]):
        self.counter = FlopCounter(module, weights)
        self._module, self._weights = module, dict(weights)

    def attach(self, owner: object, claimed: Iterable[str]) -> None:
        """Begin to count, for as long as the owner lives; see :meth:`FlopCounter.attach`."""
        self.counter.attach(claimed)
        weakref.finalize(owner, self.counter.remove).atexit = False

    @property
    def training_flops(self) -> Cost:
        """Operations of the training up to the last step."""
        return {
            "sparse": sum(self.counter.sparse.values()),
            "dense": sum(self.counter.dense.values()),
        }

    def rows(self, n_connections: Mapping[str, int], example_inputs=()) -> list[LayerCost]:
        """One row for each weight, from its connections and an example or the last call."""
        per_sample = self.counter.per_sample
        if example_inputs:
            per_sample = places_per_sample(self._module, self._weights, example_inputs)
        if per_sample is None:
            raise RuntimeError(
                "The module was not called yet, so the size of its samples is not known: run a "
                "batch through it, or pass an example of its inputs."
            )
        return [
            {
                **row,
                "training_flops": {
                    "sparse": self.counter.sparse[row["name"]],
                    "dense": self.counter.dense[row["name"]],
                },
            }
            for row in cost_rows(self._weights, n_connections, per_sample)
        ]

    def totals(
        self,
        n_connections: Mapping[str, int],
        example_inputs,
        optimizer: torch.optim.Optimizer | None,
        n_mask_bytes: int,
    ) -> dict[str, Cost]:
        """The four figures that :func:`.network_costs` has of our own networks."""
        totals = total_costs(self._module, self.rows(n_connections, example_inputs))
        tensors: list[Tensor] = list(self._module.parameters())
        if optimizer is not None:
            states = [optimizer.state.get(parameter, {}).values() for parameter in tensors]
            tensors += [t for state in states for t in state if isinstance(t, Tensor)]
        n_bytes = sum(tensor.nbytes for tensor in tensors)
        return {
            "parameters": totals["parameters"],
            "bytes": {"sparse": n_bytes + n_mask_bytes, "dense": n_bytes},
            "inference_flops": totals["inference_flops"],
            "training_flops": self.training_flops,
        }


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


def places_per_sample(
    module: nn.Module, weights: Mapping[str, nn.Parameter], example_inputs
) -> dict[str, Fraction]:
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
