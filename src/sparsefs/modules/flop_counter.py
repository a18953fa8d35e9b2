# SPDX-License-Identifier: BSD-3-Clause
"""Counter of the floating-point operations of a module's layers.

A linear or convolution layer computes ``n_outputs`` numbers at a time, each from the same number of
connections. A linear layer does so at one *place* per sample, a convolution at one per output
pixel. A call costs 2 operations per place and connection, whatever stride, padding and groups are.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import partial

import torch
from torch import Tensor, nn


class _Hook:
    """Hook that calls a function, but does nothing in copies and pickles of the module."""

    def __init__(self, function=None, claims=False):
        self._function, self.claims = function, claims

    def __call__(self, *args) -> None:
        if self._function is not None:
            self._function(*args)

    def __deepcopy__(self, memo):
        return _Hook()

    def __reduce__(self):
        return _Hook, ()


class FlopCounter:
    """Operations of layers in a training, and for one sample at inference.

    A call counts when its gradients are computed: 2 products (forward, gradient of the inputs),
    and a third (gradient of the weights) unless the weights are frozen. Calls without gradients do
    not count, except those of frozen layers in training mode: 1 product.

    Parameters
    ----------
    module : torch.nn.Module
    weights : mapping of str to Parameter
        The weights to count, with their names.

    Attributes
    ----------
    sparse, dense : Counter
        Operations of the training up to the last :meth:`settle`, by weight.
    places : Counter
        Places at which the gradient was computed since then, by weight.
    per_sample : dict of str to Fraction, or None
        Places per sample in the last call of the module; None before the first call.
    """

    def __init__(self, module: nn.Module, weights: Mapping[str, nn.Parameter]):
        self._module, self._weights = module, dict(weights)
        self._handles: list = []
        self._forget_pending()
        self._in_call: Counter[str] | None = None
        self.sparse: Counter[str] = Counter()
        self.dense: Counter[str] = Counter()
        self.per_sample: dict[str, Fraction] | None = None
        self._called: set[str] = set()

    def __getstate__(self):
        return {**self.__dict__, "_handles": [], "_in_call": None}  # a copy is not attached

    def attach(self, claimed: Iterable[str] = ()) -> None:
        """Begin to count.

        Parameters
        ----------
        claimed : iterable of str, default=()
            Weights that no other training may change at the same time.

        Raises
        ------
        ValueError
            If another training has claimed such a weight.
        """
        if self._handles:
            return
        claimed = set(claimed)
        if self._taken(claimed) is not None:
            gc.collect()  # a training that was deleted removes its hooks
        if (name := self._taken(claimed)) is not None:
            raise ValueError(
                f"module: {name} is already in a sparse training; remove() that first, or make a "
                "new module."
            )
        for name, layer in layers_of(self._module, self._weights):
            hook = _Hook(partial(self._after_layer, name), name in claimed)
            self._handles.append(layer.register_forward_hook(hook))
        # After those of the layers: the module may be a layer itself.
        before, after = _Hook(self._before_module), _Hook(self._after_module)
        self._handles.append(self._module.register_forward_pre_hook(before))
        self._handles.append(
            self._module.register_forward_hook(after, with_kwargs=True)  # inputs may be keywords
        )

    def _taken(self, claimed):
        """Return the first of these weights that another counter has claimed, or None."""
        for name, layer in layers_of(self._module, self._weights):
            hooks = layer._forward_hooks.values()
            if name in claimed and any(isinstance(hook, _Hook) and hook.claims for hook in hooks):
                return name
        return None

    def remove(self) -> None:
        """Stop counting; the counts stay."""
        while self._handles:
            self._handles.pop().remove()
        self._forget_pending()

    def uncounted(self) -> Iterator[str]:
        """Yield weights that have a gradient although none of their layers was ever called."""
        for name, weight in self._weights.items():
            if weight.grad is not None and name not in self._called:
                yield name

    def settle(
        self, n_connections: Mapping[str, int], extra: Mapping[str, int] | None = None
    ) -> None:
        """Count the products since the last call, for a step of the optimiser.

        Parameters
        ----------
        n_connections : mapping of str to int
            Existing connections of every weight at that step.
        extra : mapping of str to int, default=None
            Further operations of the sparse network, by weight.
        """
        for name, places in self._products.items():
            self.sparse[name] += 2 * n_connections[name] * places
            self.dense[name] += 2 * self._weights[name].numel() * places
        self.sparse.update(extra or {})
        self._forget_pending()

    def _forget_pending(self):
        self._products: Counter[str] = Counter()  # times places
        self.places: Counter[str] = Counter()

    def _before_module(self, module, args):
        self._in_call = Counter()

    def _after_module(self, module, args, kwargs, output):
        samples = n_samples((*args, *kwargs.values()))
        if self._in_call is not None and samples:
            self.per_sample = {
                name: Fraction(self._in_call[name], samples) for name in self._weights
            }
        self._in_call = None

    def _after_layer(self, name, layer, args, output):
        if not isinstance(output, Tensor):  # a subclass may return anything
            return
        self._called.add(name)
        places = output.numel() // max(1, layer.weight.shape[0])
        if self._in_call is not None:
            self._in_call[name] += places
        if not torch.is_grad_enabled():
            return
        if output.requires_grad:
            output.register_hook(
                partial(self._after_gradient, name, places, layer.weight.requires_grad)
            )
        elif layer.training:
            self._products[name] += places

    def _after_gradient(self, name, places, trained, gradient):
        self._products[name] += (2 + trained) * places
        if trained:
            self.places[name] += places


def layers_of(
    module: nn.Module, weights: Mapping[str, nn.Parameter]
) -> Iterator[tuple[str, nn.Module]]:
    """Yield every layer that uses one of the weights, with the name of the weight."""
    names = {id(weight): name for name, weight in weights.items()}
    for layer in module.modules():
        weight = getattr(layer, "weight", None)
        if isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)) and id(weight) in names:
            yield names[id(weight)], layer


def n_samples(inputs: Iterable) -> int:
    """Return the size of the first dimension of the first tensor; 0 without one."""
    for item in inputs:
        if isinstance(item, Tensor):
            return len(item) if item.ndim else 0
        if isinstance(item, (list, tuple)) and (n := n_samples(item)):
            return n
        if isinstance(item, Mapping) and (n := n_samples(item.values())):
            return n
    return 0
