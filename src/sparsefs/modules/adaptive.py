# SPDX-License-Identifier: BSD-3-Clause
"""Adaptive regularised training (ART) of a torch module, in the user's training loop."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..regularization import AdaptiveSchedule, AdaptiveTraining
from ..regularization.magnitudes import count, n_kept
from ..utils.costs import Cost, Costs
from .costs import LayerCost, TrainingCosts
from .prunable import prunable_weights
from .step_hooks import StepHooks, check_optimizer

if TYPE_CHECKING:
    from ..utils.typing import Apply, PenaltyLike


class AdaptiveRegularization(AdaptiveTraining):
    """Adaptive regularised training (ART) of a torch module, in the user's training loop.

    Until :meth:`prune`, the penalty acts on every linear and convolution weight, with the strength
    of the epoch. After it the pruned weights stay zero. All of these weights are compared with
    each other, so some layers end up much sparser than others.

    :meth:`attach` hooks the training into an optimiser and counts what it costs. Otherwise call
    :meth:`after_backward` and :meth:`after_step`, as in the example.

    Parameters
    ----------
    module : torch.nn.Module
        The network. Its layers and their shapes must not change during the training.
    density : float in (0, 1]
        Share of the linear and convolution weights to keep.
    penalty : {"hypersparse", "l1", "l2"} or Penalty, default="hypersparse"
        What pulls weights to zero. HyperSparse spares those that will survive. For a custom
        penalty see :class:`sparsefs.regularization.Penalty`.
    warmup_epochs : int, default=60
        Epochs without a penalty.
    initial_strength : float, default=5e-6
        Strength of the penalty in the first epoch after them.
    growth : float, default=1.05
        Factor from one epoch to the next, at least 1.
    apply : {"gradient", "loss"}, default="gradient"
        Whether the penalty enters in :meth:`after_backward`, which is faster, or in
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
    >>> from sparsefs.modules import AdaptiveRegularization
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
    >>> art = AdaptiveRegularization(
    ...     network, density=0.1, warmup_epochs=20, initial_strength=1e-3, growth=1.1
    ... )
    >>> optimizer = torch.optim.SGD(network.parameters(), lr=0.2, momentum=0.9)
    >>> for epoch in range(100):
    ...     train(art, optimizer)
    ...     if art.end_epoch(accuracy, last=epoch == 99):
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
        penalty: PenaltyLike = "hypersparse",
        warmup_epochs: int = 60,
        initial_strength: float = 5e-6,
        growth: float = 1.05,
        apply: Apply = "gradient",
    ):
        self.module = module
        self._parameters = prunable_weights(module)
        schedule = AdaptiveSchedule(warmup_epochs, initial_strength, growth)
        super().__init__(density, penalty, schedule, apply)
        self._pruned: list[Tensor] = []
        self._n_connections = {name: weight.numel() for name, weight in self._parameters.items()}
        self._costs = TrainingCosts(module, self._parameters)
        self._hooks: StepHooks | None = None
        n = count(self._weights)
        if n_kept(n, density) == 0:
            raise ValueError(f"density={density} keeps none of the {n} weights; raise it.")

    def __getstate__(self):
        return {**self.__dict__, "_hooks": None}  # a copy is not attached

    @property
    def density(self) -> float:
        """Share of the linear and convolution weights that may be nonzero; 1 before the pruning."""
        return sum(self._n_connections.values()) / count(self._weights)

    def penalty(self) -> Tensor:
        """Return what to add to the loss of every batch; 0 with ``apply="gradient"``.

        Returns
        -------
        Tensor of shape ()
        """
        strength = self.strength
        if self.apply == "gradient" or not strength:
            return self._weights[0].new_zeros(())
        return strength * self._penalty(self._weights)

    @torch.no_grad()
    def after_backward(self) -> None:
        """Add the gradients of the penalty, or mask them; call it before every step.

        Call it once per step, when the gradients are complete, also if they are summed over
        batches. Gradients that were scaled for mixed precision must be unscaled first.
        """
        self._before_step(None)

    def _before_step(self, scale: Tensor | None) -> None:
        if self._pruned:
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
        """Set the pruned weights to zero again; call it after every step of the optimiser.

        Masked gradients are not enough: earlier momentum would move pruned weights.
        """
        for weight, pruned in zip(self._weights, self._pruned, strict=False):
            weight.masked_fill_(pruned, 0)

    def attach(self, optimizer: torch.optim.Optimizer) -> StepHooks:
        """Hook :meth:`after_backward` and :meth:`after_step` into an optimiser, and count costs.

        The training loop then stays as it is; with ``apply="loss"`` it must still add
        :meth:`penalty` to the loss. Attaching another optimiser, such as a new one after
        :meth:`prune`, removes the earlier hooks.

        Parameters
        ----------
        optimizer : torch.optim.Optimizer
            Optimiser of the module. Steps that a gradient scaler skips do not count.

        Returns
        -------
        StepHooks
            A handle and context manager; ``remove()``, or the end of a ``with`` block, removes
            the hooks.

        Raises
        ------
        ValueError
            If `optimizer` is not an optimiser, or the module is in a sparse training already.

        Examples
        --------
        >>> import torch
        >>> from torch import nn
        >>> from sparsefs.modules import AdaptiveRegularization
        >>> network = nn.Linear(10, 2)
        >>> optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        >>> art = AdaptiveRegularization(network, density=0.3, warmup_epochs=0)
        >>> with art.attach(optimizer):
        ...     for _ in range(5):
        ...         optimizer.zero_grad()
        ...         network(torch.ones(8, 10)).square().sum().backward()
        ...         optimizer.step()
        >>> art.training_flops == {"sparse": 3 * 40 * 8 * 5, "dense": 3 * 40 * 8 * 5}
        True
        """
        check_optimizer(optimizer)
        if self._hooks is not None:
            self._hooks.remove()
        self._costs.watch(self, self._n_connections)
        self._hooks = StepHooks(self, optimizer, self._detach)
        return self._hooks

    def _after_step(self) -> None:
        self.after_step()
        self._costs.settle(self._n_connections)

    def _detach(self, hooks: StepHooks) -> None:
        if self._hooks is hooks:  # else another optimiser was attached since
            self._hooks = None
            self._costs.remove()

    @property
    def training_flops(self) -> Cost:
        """Operations of the training while an optimiser was attached, ``"sparse"`` and ``"dense"``.

        A sample of the training costs 3 products: with all weights before the pruning, with the
        remaining ones after it. The penalty and the measurements in :meth:`end_epoch` are left
        out.
        """
        return self._costs.training_flops

    def costs(self, *example_inputs: Any) -> Costs:
        """Return what the module and its training cost; see :meth:`.SparseTraining.costs`.

        Parameters
        ----------
        *example_inputs : Tensor or any
            Arguments of one call of the module, which changes nothing. Without them, the last call
            while an optimiser was attached shows the size of a sample.

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
        n_mask_bytes = sum(pruned.nbytes for pruned in self._pruned)
        return self._costs.totals(self._n_connections, example_inputs, optimizer, n_mask_bytes)

    def layer_costs(self, *example_inputs: Any) -> list[LayerCost]:
        """Return what each layer costs; see :meth:`costs`.

        Returns
        -------
        list of LayerCost
            With ``"training_flops"``, see :class:`sparsefs.modules.LayerCost`.
        """
        return self._costs.rows(self._n_connections, example_inputs)

    @property
    def _weights(self) -> list[nn.Parameter]:
        return list(self._parameters.values())

    def _copy(self):
        return deepcopy(self.module.state_dict())  # biases and batch statistics belong to it

    def _load(self, copy, pruned):
        self.module.load_state_dict(copy)
        self._pruned = pruned
        self.after_step()
        for name, where in zip(self._n_connections, pruned, strict=True):
            self._n_connections[name] -= int(where.sum())
