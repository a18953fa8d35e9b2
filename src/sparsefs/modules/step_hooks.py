# SPDX-License-Identifier: BSD-3-Clause
"""Calls before and after every step of an optimiser, whichever way the step is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor


class StepOwner(Protocol):
    """What is called at every step."""

    def _before_step(self, scale: Tensor | None) -> None:
        """The gradients are complete; unless `scale` is None they are still multiplied by it."""

    def _after_step(self) -> None:
        """The weights have been updated."""


class StepHooks:
    """Hooks on an optimiser.

    A step that is given a closure computes its gradients itself: the call comes at the end of the
    closure. A step that a gradient scaler leaves out, for gradients that are not finite, is none;
    fused optimisers leave it out themselves, and unscale the gradients themselves.

    Parameters
    ----------
    owner : StepOwner
    optimizer : torch.optim.Optimizer
    on_removal : callable or None, default=None
        Is given this object once the hooks are off.

    Raises
    ------
    ValueError
        If the optimiser is none.
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
        """Take the hooks off. Calling it again does nothing."""
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
        if not _left_out(self.optimizer):
            self.owner._before_step(getattr(self.optimizer, "grad_scale", None))

    @torch.no_grad()
    def _after(self, optimizer, args, kwargs):
        if not _left_out(optimizer):
            self.owner._after_step()


def check_optimizer(optimizer) -> None:
    """Raise a ValueError unless this is an optimiser."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise ValueError(
            f"optimizer must be a torch.optim.Optimizer, got {type(optimizer).__name__}."
        )


def _left_out(optimizer) -> bool:
    found = getattr(optimizer, "found_inf", None)  # there while a scaler calls a fused optimiser
    return found is not None and float(found) > 0
