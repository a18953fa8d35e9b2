# SPDX-License-Identifier: BSD-3-Clause
"""Adaptive regularised training (ART) of any torch module, in a training loop of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import Tensor, nn

from ..networks.costs import Cost
from ..regularization import AdaptiveSchedule, Penalty, magnitude_masks
from ..regularization._magnitudes import check_density, count, n_kept
from ..regularization.penalties import NAMED_PENALTIES
from .costs import LayerCost, TrainingCosts
from .prunable import prunable_weights
from .step_hooks import StepHooks, check_optimizer


class AdaptiveRegularization:
    """Adaptive regularised training (ART) of any module, inside a training loop of one's own.

    Until :meth:`prune`, every linear and convolution weight is penalised by the schedule's
    strength for the epoch. From then on the pruned weights stay zero. All of these weights count
    alike: some layers end up much sparser than others.

    With :meth:`attach` the optimiser calls what belongs around its steps, and what the training
    costs is counted. Or call :meth:`after_backward` and :meth:`after_step`, as in the example.

    Parameters
    ----------
    module : torch.nn.Module
        The network; its layers and their shapes must not change meanwhile.
    density : float in (0, 1]
        Share of the linear and convolution weights to keep.
    penalty : {"hypersparse", "l1", "l2"} or Penalty, default="hypersparse"
    schedule : AdaptiveSchedule or None, default=None
        None means ``AdaptiveSchedule()``, the paper's.
    apply : {"gradient", "loss"}, default="gradient"
        Where the penalty enters: in :meth:`after_backward`, which is cheaper, or in
        :meth:`penalty`. Both give the same gradients.

    Attributes
    ----------
    history : list of dict
        One per epoch, with keys ``epoch`` and ``strength``, and ``dense_score`` and
        ``pruned_score``, which are None in the warm-up.

    Raises
    ------
    ValueError
        If an argument is out of range, no layer can be pruned, or no weight would be kept.

    References
    ----------
    Glandorf, Kaiser and Rosenhahn: HyperSparse neural networks: shifting exploration to
    exploitation through adaptive regularization. ICCV workshops 2023.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> _ = torch.manual_seed(0)
    >>> X, y = torch.randn(200, 10), torch.arange(200) % 2
    >>> X[:, 0] += 4 * y
    >>> network = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> criterion = nn.CrossEntropyLoss()
    >>> def accuracy():
    ...     with torch.no_grad():
    ...         return (network(X).argmax(1) == y).float().mean().item()
    >>> def train(art, optimizer):
    ...     optimizer.zero_grad()
    ...     loss = criterion(network(X), y) + art.penalty()
    ...     loss.backward()
    ...     art.after_backward()
    ...     optimizer.step()
    ...     art.after_step()
    >>> schedule = AdaptiveSchedule(warmup_epochs=20, initial_strength=1e-3, growth=1.1)
    >>> art = AdaptiveRegularization(network, density=0.1, schedule=schedule)
    >>> optimizer = torch.optim.SGD(network.parameters(), lr=0.2, momentum=0.9)
    >>> for _ in range(100):
    ...     train(art, optimizer)
    ...     if art.end_epoch(accuracy):
    ...         break
    >>> art.prune()
    >>> optimizer = torch.optim.SGD(network.parameters(), lr=0.2, momentum=0.9)
    >>> for _ in range(20):
    ...     train(art, optimizer)
    >>> sum(int(layer.weight.count_nonzero()) for layer in (network[0], network[2])), art.density
    (10, 0.10416666666666667)
    >>> accuracy() > 0.9
    True
    """

    def __init__(
        self,
        module: nn.Module,
        density: float,
        *,
        penalty: str | Penalty = "hypersparse",
        schedule: AdaptiveSchedule | None = None,
        apply: str = "gradient",
    ):
        density = check_density(density)
        if schedule is not None and not isinstance(schedule, AdaptiveSchedule):
            raise ValueError(f"schedule must be an AdaptiveSchedule or None, got {schedule!r}.")
        if apply not in ("gradient", "loss"):
            raise ValueError(f"apply must be 'gradient' or 'loss', got {apply!r}.")
        self.module = module
        self.schedule = AdaptiveSchedule() if schedule is None else schedule
        self.apply = apply
        self.history: list[dict] = []
        self._penalty = _penalty(penalty, density)
        self._target_density = density
        weights = prunable_weights(module)
        self._weights = list(weights.values())
        self._pruned: list[Tensor] | None = None
        self._n_connections = {name: weight.numel() for name, weight in weights.items()}
        self._costs = TrainingCosts(module, weights)
        self._hooks: StepHooks | None = None
        self._best_score = -math.inf
        self._best: tuple[dict, list[Tensor]] | None = None
        n = count(self._weights)
        if n_kept(n, density) == 0:
            raise ValueError(f"density={density} keeps none of the {n} weights; raise it.")

    def __getstate__(self):
        return {**self.__dict__, "_hooks": None}  # a copy is not attached

    @property
    def density(self) -> float:
        """Share of the linear and convolution weights that may be nonzero; 1 until pruned."""
        return sum(self._n_connections.values()) / count(self._weights)

    @property
    def strength(self) -> float:
        """Strength of the penalty in the epoch under way; 0 once pruned."""
        return 0.0 if self._pruned is not None else self.schedule.strength(len(self.history))

    def penalty(self) -> Tensor:
        """What to add to the loss of every batch: with ``apply="gradient"`` 0.

        Returns
        -------
        Tensor of shape ()
        """
        strength = self.strength
        if self.apply == "gradient" or not strength:
            return torch.zeros((), device=self._weights[0].device)
        return strength * self._penalty(self._weights)

    @torch.no_grad()
    def after_backward(self) -> None:
        """Call when a step's gradients are complete: adds those of the penalty, or masks them.

        That is once per step, also if gradients are summed over batches. Gradients that were
        scaled for mixed precision must be unscaled first.
        """
        self._before_step(None)

    def _before_step(self, scale: Tensor | None) -> None:
        if self._pruned is not None:
            for weight, pruned in zip(self._weights, self._pruned, strict=True):
                if weight.grad is not None:
                    weight.grad.masked_fill_(pruned, 0)
            return
        strength = self.strength
        if self.apply == "loss" or not strength:
            return
        gradients = self._penalty.gradients(self._weights)
        for weight, gradient in zip(self._weights, gradients, strict=True):
            if not weight.requires_grad:
                continue
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            if scale is not None:
                gradient = gradient * scale.to(gradient)
            weight.grad.add_(gradient, alpha=strength)

    @torch.no_grad()
    def after_step(self) -> None:
        """Call after every step of the optimiser: pruned weights are zero again.

        Masked gradients are not enough: momentum from before would move pruned weights.
        """
        if self._pruned is not None:
            _fill(self._weights, self._pruned)

    def attach(self, optimizer: torch.optim.Optimizer) -> StepHooks:
        """Have an optimiser's steps do what :meth:`after_backward` and :meth:`after_step` do.

        From then on operations are counted, too. Only with ``apply="loss"`` is there anything to
        add to the training loop: :meth:`penalty`. Attaching another optimiser, a new one after
        :meth:`prune`, takes the hooks off the one before.

        Parameters
        ----------
        optimizer : torch.optim.Optimizer
            Of the module. Steps that a gradient scaler leaves out are none.

        Returns
        -------
        StepHooks
            A handle whose ``remove()`` takes the hooks off; a context manager that does so, too.

        Raises
        ------
        ValueError
            If the optimiser is none, or the module is in a sparse training already.

        Examples
        --------
        >>> import torch
        >>> from torch import nn
        >>> from sparsefs.regularization import AdaptiveRegularization, AdaptiveSchedule
        >>> network = nn.Linear(10, 2)
        >>> optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        >>> art = AdaptiveRegularization(
        ...     network, density=0.3, schedule=AdaptiveSchedule(warmup_epochs=0)
        ... )
        >>> with art.attach(optimizer):
        ...     for _ in range(5):
        ...         optimizer.zero_grad()
        ...         network(torch.ones(8, 10)).square().sum().backward()
        ...         optimizer.step()
        >>> art.training_flops == {"sparse": 3 * 40 * 8 * 5, "dense": 3 * 40 * 8 * 5}
        True
        """
        check_optimizer(optimizer)
        before = self._hooks
        if before is not None:
            before.remove()
        self._costs.attach(self, self._n_connections)
        self._hooks = StepHooks(self, optimizer, self._detach)
        return self._hooks

    def _after_step(self) -> None:
        self.after_step()
        self._costs.counter.settle(self._n_connections)

    def _detach(self, hooks: StepHooks) -> None:
        if self._hooks is hooks:  # else another optimiser was attached since
            self._hooks = None
            self._costs.counter.remove()

    @property
    def training_flops(self) -> Cost:
        """Operations of the training while an optimiser was attached, ``"sparse"`` and ``"dense"``.

        A sample that is propagated back costs 3 products, of all weights until the network is
        pruned, and then of those that are left. The penalty, and the measuring in
        :meth:`end_epoch`, are left out.
        """
        return self._costs.training_flops

    def costs(self, *example_inputs) -> dict[str, Cost]:
        """What the module and its training cost, as in :meth:`.SparseTraining.costs`.

        Parameters
        ----------
        *example_inputs : Tensor or any
            What to call the module with, once and without a trace. Without any, the size of a
            sample is known from the last call while an optimiser was attached.

        Returns
        -------
        dict
            ``"parameters"``, ``"bytes"``, ``"inference_flops"`` and ``"training_flops"``, each a
            dict with the keys ``"sparse"`` and ``"dense"``.

        Raises
        ------
        RuntimeError
            Without example inputs, if the module was not called yet.
        """
        optimizer = self._hooks.optimizer if self._hooks is not None else None
        n_mask_bytes = sum(pruned.nbytes for pruned in self._pruned or [])
        return self._costs.totals(self._n_connections, example_inputs, optimizer, n_mask_bytes)

    def layer_costs(self, *example_inputs) -> list[LayerCost]:
        """What each layer costs; see :meth:`costs`.

        Returns
        -------
        list of LayerCost
            With ``"training_flops"``, see :class:`sparsefs.modules.LayerCost`.
        """
        return self._costs.rows(self._n_connections, example_inputs)

    def end_epoch(self, evaluate: Callable[[], float], dense_score: float | None = None) -> bool:
        """Call after every epoch: measures the network as it is and pruned.

        The pruned copy with the best score is kept, of equals the last. In the warm-up nothing is
        measured.

        Parameters
        ----------
        evaluate : callable
            Takes nothing and returns the training accuracy of the module as it then is, or
            another score of which more is better. It should switch the module to evaluation
            mode; if it raises, the weights are as before.
        dense_score : float or None, default=None
            The score of the module as it is, where it is known, for instance summed up while
            training; this saves a pass over the data.

        Returns
        -------
        bool
            Whether to stop and :meth:`prune`: the best pruned copy so far scores better than
            the network itself in this epoch.

        Raises
        ------
        RuntimeError
            If the network has been pruned.
        """
        self._check_dense("end_epoch")
        epoch = len(self.history)
        pruned_score = None
        if epoch < self.schedule.warmup_epochs:
            dense_score = None
        else:
            dense_score = float(evaluate() if dense_score is None else dense_score)
            masks = magnitude_masks(self._weights, self._target_density)
            pruned = [mask.logical_not_() for mask in masks]
            with _temporarily_filled(self._weights, pruned):
                pruned_score = float(evaluate())
                if pruned_score >= self._best_score:
                    self._best_score = pruned_score
                    # All of the state, as biases and batch statistics belong to the weights.
                    self._best = deepcopy(self.module.state_dict()), pruned
        self.history.append(
            {
                "epoch": epoch,
                "strength": self.strength,
                "dense_score": dense_score,
                "pruned_score": pruned_score,
            }
        )
        return dense_score is not None and self._best_score > dense_score

    def prune(self) -> None:
        """Load the best pruned copy, all of its state, and fix which weights are zero.

        Fine-tune it with a new optimiser: the old one's momentum is of another network.

        Raises
        ------
        RuntimeError
            If no epoch after the warm-up has been measured, or the network has been pruned.
        """
        self._check_dense("prune")
        if self._best is None:
            raise RuntimeError(
                f"prune needs an epoch with a score after the {self.schedule.warmup_epochs} "
                "epochs of warm-up; train longer, or lower warmup_epochs."
            )
        state, self._pruned = self._best
        self._best = None
        self.module.load_state_dict(state)
        for name, pruned in zip(self._n_connections, self._pruned, strict=True):
            self._n_connections[name] -= int(pruned.sum())

    def _check_dense(self, method):
        if self._pruned is not None:
            raise RuntimeError(f"{method} must not be called once the network has been pruned.")


def _penalty(penalty, density) -> Penalty:
    if isinstance(penalty, Penalty):
        return penalty
    if isinstance(penalty, str) and penalty in NAMED_PENALTIES:
        return NAMED_PENALTIES[penalty](density)
    raise ValueError(f"penalty must be 'hypersparse', 'l1', 'l2' or a Penalty, got {penalty!r}.")


def _fill(weights: list[nn.Parameter], pruned: list[Tensor]) -> None:
    for weight, where in zip(weights, pruned, strict=True):
        weight.masked_fill_(where, 0)


@contextmanager
def _temporarily_filled(weights: list[nn.Parameter], pruned: list[Tensor]) -> Iterator[None]:
    originals = [weight.detach().clone() for weight in weights]
    try:
        with torch.no_grad():
            _fill(weights, pruned)
        yield
    finally:
        with torch.no_grad():
            for weight, original in zip(weights, originals, strict=True):
                weight.copy_(original)
