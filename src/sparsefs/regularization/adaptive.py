# SPDX-License-Identifier: BSD-3-Clause
"""Adaptive regularised training (ART): the growing penalty, and when and what to prune.

References
----------
Glandorf, Kaiser and Rosenhahn: HyperSparse neural networks: shifting exploration to exploitation
through adaptive regularization. ICCV workshops 2023.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..utils.checks import check_density, check_integer, check_number, check_option
from .check import check_penalty
from .magnitudes import magnitude_masks
from .penalties import penalty_of

if TYPE_CHECKING:
    from ..utils.typing import Apply, PenaltyLike

_LARGEST = torch.finfo(torch.float32).max


@dataclass(frozen=True)
class AdaptiveSchedule:
    """Strength of the penalty in each epoch: 0 at first, then growing.

    Parameters
    ----------
    warmup_epochs : int, default=60
        Epochs without a penalty.
    initial_strength : float, default=5e-6
        Strength in the first epoch after them (lambda_init).
    growth : float, default=1.05
        Factor from one epoch to the next (eta), at least 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> schedule = AdaptiveSchedule(warmup_epochs=2, initial_strength=0.5, growth=3)
    >>> [schedule.strength(epoch) for epoch in range(5)]
    [0.0, 0.0, 0.5, 1.5, 4.5]
    """

    warmup_epochs: int = 60
    initial_strength: float = 5e-6
    growth: float = 1.05

    def __post_init__(self):
        check_integer("warmup_epochs", self.warmup_epochs, 0)
        check_number("initial_strength", self.initial_strength, 0)
        check_number("growth", self.growth, 1)

    def strength(self, epoch: int) -> float:
        """Return the strength in epoch number `epoch`, from 0; at most the largest float32."""
        if epoch < self.warmup_epochs or self.initial_strength == 0:
            return 0.0
        exponent = (epoch - self.warmup_epochs) * math.log(self.growth)
        if exponent + math.log(self.initial_strength) >= math.log(_LARGEST):
            return _LARGEST
        return self.initial_strength * self.growth ** (epoch - self.warmup_epochs)


class AdaptiveTraining(ABC):
    """Adaptive regularised training of a network of any kind.

    The network first trains as usual, then under a penalty that grows from epoch to epoch. After
    each epoch a copy is pruned by magnitude and measured. Training should stop when the best
    pruned copy is better than the network. That copy replaces the network and is fine-tuned.

    A subclass gives the weights (`_weights`), copies the network (`_copy`) and replaces it by a
    pruned copy (`_load`).

    Parameters
    ----------
    density : float in (0, 1]
        Share of the weights to keep.
    penalty : {"hypersparse", "l1", "l2"} or Penalty
    schedule : AdaptiveSchedule
    apply : {"gradient", "loss"}
        Whether the gradient of the penalty is added in closed form, or the penalty is
        differentiated as a part of the loss.

    Attributes
    ----------
    history : list of dict
        One per epoch, with keys ``epoch`` and ``strength``, and ``dense_score`` and
        ``pruned_score``, which are None in the warm-up.
    """

    def __init__(
        self,
        density: float,
        penalty: PenaltyLike,
        schedule: AdaptiveSchedule,
        apply: Apply = "gradient",
    ):
        check_option("apply", apply, ("gradient", "loss"))
        self.schedule = schedule
        self.apply = apply
        self.history: list[dict] = []
        self._target_density = check_density(density)
        self._penalty = penalty_of(penalty, self._target_density)
        if self._penalty is penalty:  # not one of ours
            check_penalty(penalty, self._weights, apply)
        self._is_pruned = False
        self._best_score = -math.inf
        self._best: tuple[Any, list[Tensor]] | None = None

    @property
    @abstractmethod
    def _weights(self) -> Sequence[Tensor]:
        """The weights to penalise and to prune; they can be changed in place."""

    @abstractmethod
    def _copy(self) -> Any:
        """Return a copy of the network as it is, biases and other state included."""

    @abstractmethod
    def _load(self, copy: Any, pruned: list[Tensor]) -> None:
        """Make the network the copy without the weights where `pruned` is True."""

    @property
    def strength(self) -> float:
        """Strength of the penalty in the current epoch; 0 after the pruning."""
        return 0.0 if self._is_pruned else self.schedule.strength(len(self.history))

    def end_epoch(
        self,
        evaluate: Callable[[], float],
        dense_score: float | None = None,
        *,
        last: bool = False,
    ) -> bool:
        """Measure the network and its pruned copy; call it after every epoch.

        The pruned copy with the best score is kept; among equals, the latest. Nothing is measured
        in the warm-up.

        Parameters
        ----------
        evaluate : callable
            Takes no argument and returns the training accuracy of the network as it is at that
            moment, or another score (higher is better). If it raises, the weights are restored.
            A torch module must be switched to evaluation mode by it.
        dense_score : float or None, default=None
            Score of the network, if it is known, for example summed up during training. This
            saves a pass over the data.
        last : bool, default=False
            Whether the network must be pruned now: it is measured even in the warm-up.

        Returns
        -------
        bool
            Whether to stop and :meth:`prune`: the best pruned copy so far scores better than the
            network in this epoch, or this epoch is the last.

        Raises
        ------
        RuntimeError
            If the network is pruned already.
        """
        self._check_dense("end_epoch")
        epoch, strength = len(self.history), self.strength
        pruned_score = None
        if epoch < self.schedule.warmup_epochs and not last:
            dense_score = None
        else:
            dense_score = float(evaluate() if dense_score is None else dense_score)
            masks = magnitude_masks(self._weights, self._target_density)
            pruned = [mask.logical_not_() for mask in masks]
            with _zeroed(self._weights, pruned):
                pruned_score = float(evaluate())
            if self._best is None or pruned_score >= self._best_score:
                self._best_score, self._best = pruned_score, (self._copy(), pruned)
        self.history.append(
            {
                "epoch": epoch,
                "strength": strength,
                "dense_score": dense_score,
                "pruned_score": pruned_score,
            }
        )
        return last or (dense_score is not None and self._best_score > dense_score)

    def prune(self) -> None:
        """Replace the network by the best pruned copy; its weights of 0 stay 0.

        Fine-tune it with a new optimiser: the momentum of the old one belongs to another network.

        Raises
        ------
        RuntimeError
            If no epoch was measured, or the network is pruned already.
        """
        self._check_dense("prune")
        if self._best is None:
            raise RuntimeError(
                "prune needs an epoch with a score, and the first "
                f"{self.schedule.warmup_epochs} epochs have none. Train longer, lower "
                "warmup_epochs, or call end_epoch(..., last=True)."
            )
        copy, pruned = self._best
        self._best = None
        self._is_pruned = True
        self._load(copy, pruned)

    def _check_dense(self, method):
        if self._is_pruned:
            raise RuntimeError(f"{method} must not be called after the network was pruned.")


@contextmanager
def _zeroed(weights: Sequence[Tensor], pruned: list[Tensor]) -> Iterator[None]:
    originals = [weight.detach().clone() for weight in weights]
    try:
        with torch.no_grad():
            for weight, where in zip(weights, pruned, strict=True):
                weight.masked_fill_(where.view_as(weight), 0)
        yield
    finally:
        with torch.no_grad():
            for weight, original in zip(weights, originals, strict=True):
                weight.copy_(original)
