# SPDX-License-Identifier: BSD-3-Clause
"""Hooks before and after every step of an optimiser, for all ways to make a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor


class StepOwner(Protocol):
    """Object with the methods that are called at every step."""

    def _before_step(self, scale: Tensor | None) -> None:
        """Change the complete gradients; they are multiplied by `scale` unless it is None."""

    def _after_step(self) -> None:
        """Change the updated weights."""


class StepHooks:
    """Hooks on an optimiser.

    A step with a closure computes its gradients itself: the call comes at the end of the closure.
    A step that a gradient scaler skips, because gradients are not finite, does not count. Fused
    optimisers skip it themselves, and unscale the gradients themselves.

    Parameters
    ----------
    owner : StepOwner
    optimizer : torch.optim.Optimizer
    on_removal : callable or None, default=None
        Called with this object when the hooks are removed.

    Raises
    ------
    ValueError
        If `optimizer` is not an optimiser.
    """

    def __init__(
        self,
        owner: StepOwner,
        optimizer: torch.optim.Optimizer,
        on_removal: Callable[[StepHooks], None] | None = None,
    ):
        check_optimizer(optimizer)
        self.owner, self.optimizer, self._on_removal = owner, optimizer, on_removal
        self._handles = [
            optimizer.register_step_pre_hook(self._before),
            optimizer.register_step_post_hook(self._after),
        ]

    def remove(self) -> None:
        """Remove the hooks; a second call does nothing."""
        handles, self._handles = self._handles, []
        for handle in handles:
            handle.remove()
        if handles and self._on_removal is not None:
            self._on_removal(self)

    def __enter__(self) -> StepHooks:
        return self

    def __exit__(self, *exception) -> None:
        self.remove()

    def _before(self, optimizer, args, kwargs):
        # args begin with the optimiser.
        closure = kwargs.get("closure") or next(iter(args[1:]), None)
        if not callable(closure):
            self._call_before()
            return None

        def with_call():
            loss = closure()
            self._call_before()
            return loss

        if "closure" in kwargs:
            return args, {**kwargs, "closure": with_call}
        return (args[0], with_call, *args[2:]), kwargs

    @torch.no_grad()
    def _call_before(self):
        if not _skipped(self.optimizer):
            self.owner._before_step(getattr(self.optimizer, "grad_scale", None))

    @torch.no_grad()
    def _after(self, optimizer, args, kwargs):
        if not _skipped(optimizer):
            self.owner._after_step()


def check_optimizer(optimizer) -> None:
    """Raise a ValueError unless this is an optimiser."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise ValueError(
            f"optimizer must be a torch.optim.Optimizer, got {type(optimizer).__name__}."
        )


def _skipped(optimizer) -> bool:
    found = getattr(optimizer, "found_inf", None)  # there while a scaler calls a fused optimiser
    return found is not None and float(found) > 0
