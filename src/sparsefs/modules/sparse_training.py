# SPDX-License-Identifier: BSD-3-Clause
"""Sparse training of any module: dynamic (SET, RigL) or static connections, or all of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.costs import Cost
from ..regularization._magnitudes import check_density, is_number
from ..topology import (
    GROW,
    INIT,
    GradientGrow,
    GrowRule,
    MagnitudeDrop,
    Rewiring,
    UpdateSchedule,
    sample_positions,
)
from ..topology.checks import check_densities
from ..utils.device import to_host
from .costs import LayerCost, TrainingCosts
from .parameter_layer import ParameterLayer
from .prunable import prunable_weights
from .step_hooks import StepHooks, check_optimizer


class SparseTraining:
    """Gives a module few connections, and moves them while its optimiser trains it.

    The linear and convolution weights become sparse at once; what is left keeps its value. The
    training loop is unchanged: hooks on the optimiser mask the gradients before each step and the
    weights after it, and rewire the layers at the steps that are due. A connection that is dropped
    and grown back in the same update keeps its weight and the optimiser's state; a new one starts
    with 0 in both.

    Parameters
    ----------
    module : torch.nn.Module
        With `Linear`, `Conv1d`, `Conv2d` or `Conv3d` layers. Other layers stay as they are.
    optimizer : torch.optim.Optimizer
        Of any kind whose state is kept weight by weight (not LBFGS), with any parameter groups.
    density : float in (0, 1], default=0.1
        Existing / possible connections, of all layers but those in `ignore` together. Not used
        with ``topology="dense"``.
    topology : {"rigl", "set", "static", "dense"} or callable, default="rigl"
        How connections move: they grow where the gradient is largest (RigL), or at random (SET);
        they stay; or all of them exist. A callable is a grow rule, see
        :class:`sparsefs.topology.GrowRule`. In all cases those nearest to zero are dropped.
    init : {"erk", "uniform"} or callable, default="erk"
        How `density` is shared among the layers: Erdos-Renyi-Kernel, or the same for all. A
        callable ``init(shapes, density)`` returns the density of every layer.
    n_steps : int or None, default=None
        Steps of the optimiser in the whole training, to which `update_until` and the cosine refer.
        Needed where connections move.
    update_every : int, default=100
        Steps from one update of the topology to the next; there is none after the last step.
    update_until : float in [0, 1], default=0.75
        Share of the training after which the topology stays as it is.
    drop_fraction : float in [0, 1], default=0.3
        Share of the positive and of the negative weights of a layer that an update drops. Weights
        that are still exactly 0, as between neurons that are never active, are dropped besides.
    drop_decay : {"auto", "constant", "cosine"}, default="auto"
        Whether that share stays, or falls to 0 along half a cosine until the topology stays.
        ``"auto"`` is ``"cosine"`` for ``"rigl"``, else ``"constant"``.
    ignore : str or iterable of str, default=()
        Layers to leave dense, often the first and the last: names of modules (``"fc"``,
        ``"layer1"`` with all that is in it) or of weights (``"fc.weight"``). Their operations
        count, their weights do not enter `density`.
    random_state : int, numpy.random.Generator or None, default=None
        Decides where connections start, and where they grow at random.

    Attributes
    ----------
    n_steps_done : int
        Steps of the optimiser so far. One that a gradient scaler skips is none.
    n_updates : int
        Updates of the topology so far.

    Raises
    ------
    ValueError
        If an argument is out of range, the module has no layer to make sparse, a layer would be
        left without a connection, or one cannot be trained: because it is frozen, or its weight is
        not among the optimiser's. Put such layers into `ignore`. Also if one is in another sparse
        training already.

    See Also
    --------
    sparsefs.modules.AdaptiveRegularization : From dense to sparse, by a penalty (ART).

    Notes
    -----
    torch multiplies dense matrices, zeros included, so neither time nor memory are saved here. What
    is counted is what a sparse implementation would compute: see :meth:`costs`.

    Weights are not scaled up for the inputs that a neuron has lost.

    On several processes with the same data-parallel gradients, the same int as `random_state` keeps
    the connections the same.

    References
    ----------
    Mocanu, D. C., Mocanu, E., Stone, P., Nguyen, P. H., Gibescu, M. and Liotta, A. "Scalable
    training of artificial neural networks with adaptive sparse connectivity inspired by network
    science." Nature Communications 2018.

    Evci, U., Gale, T., Menick, J., Castro, P. S. and Elsen, E. "Rigging the lottery: making all
    tickets winners." ICML 2020.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from sparsefs.modules import SparseTraining
    >>> _ = torch.manual_seed(0)
    >>> X, y = torch.randn(200, 1, 8, 8), torch.arange(200) % 2
    >>> X[:, 0, 2:5, 2:5] += 2 * y[:, None, None]
    >>> module = nn.Sequential(
    ...     nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(),
    ...     nn.Linear(32, 2),
    ... )
    >>> optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    >>> sparse = SparseTraining(
    ...     module, optimizer, density=0.5, n_steps=100, update_every=10, random_state=0
    ... )
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     loss = nn.functional.cross_entropy(module(X), y)
    ...     loss.backward()
    ...     optimizer.step()
    >>> sparse.density, sparse.n_updates
    (0.5, 7)
    >>> bool((module(X).argmax(1) == y).float().mean() > 0.9)
    True
    >>> sparse.costs()["inference_flops"]
    {'sparse': 2782, 'dense': 9344}
    """

    def __init__(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        density: float = 0.1,
        topology: str | GrowRule = "rigl",
        *,
        init: str | Callable[[Sequence[tuple[int, ...]], float], Sequence[float]] = "erk",
        n_steps: int | None = None,
        update_every: int = 100,
        update_until: float = 0.75,
        drop_fraction: float = 0.3,
        drop_decay: str = "auto",
        ignore: str | Iterable[str] = (),
        random_state: int | np.random.Generator | None = None,
    ):
        density = check_density(density)
        if not (callable(topology) or topology in ["set", "rigl", "static", "dense"]):
            raise ValueError(
                "topology must be 'rigl', 'set', 'static', 'dense' or a grow rule, "
                f"got {topology!r}."
            )
        if not (callable(init) or init in list(INIT)):
            raise ValueError(f"init must be 'erk', 'uniform' or a callable, got {init!r}.")
        moves = topology not in ("static", "dense")
        if n_steps is None and moves:
            raise ValueError(
                "n_steps must be given: the number of the optimiser's steps in the whole training, "
                "which decides when the topology stays."
            )
        for name, number in [("n_steps", n_steps), ("update_every", update_every)]:
            if number is not None and not (is_number(number, Integral) and number >= 1):
                raise ValueError(f"{name} must be an integer of at least 1, got {number!r}.")
        for name, share in [("update_until", update_until), ("drop_fraction", drop_fraction)]:
            if not (is_number(share, Real) and 0 <= share <= 1):
                raise ValueError(f"{name} must be a number from 0 to 1, got {share!r}.")
        if drop_decay not in ("auto", "constant", "cosine"):
            raise ValueError(
                f"drop_decay must be 'auto', 'constant' or 'cosine', got {drop_decay!r}."
            )
        if drop_decay == "auto":
            drop_decay = "cosine" if topology == "rigl" else "constant"

        self.module = module
        self.optimizer = optimizer
        self._n_steps = n_steps or 0
        self.n_steps_done = 0
        self.n_updates = 0
        self._n_changed: int | Tensor = 0
        self._weights = prunable_weights(module)
        check_optimizer(optimizer)
        if isinstance(optimizer, torch.optim.LBFGS):
            raise ValueError(
                "optimizer must keep its state weight by weight, which LBFGS does not: connections "
                "could not move."
            )
        ignored = _ignored(module, self._weights, ignore)
        self._managed = {n: w for n, w in self._weights.items() if n not in ignored}
        if not self._managed:
            raise ValueError("ignore leaves no layer to make sparse.")
        self._schedule = UpdateSchedule(int(update_every), float(update_until), drop_decay)
        self._rewiring: Rewiring | None = None
        self._looks_at_gradients = topology not in ("set", "static", "dense")
        if moves:
            grow = GROW[topology]() if isinstance(topology, str) else topology
            self._rewiring = Rewiring(MagnitudeDrop(unused=True), grow, float(drop_fraction))
        self._rng = _generator(random_state)

        self._costs = TrainingCosts(module, self._weights)
        self._flops = self._costs.counter
        self._warned: set[str] = set()
        self._masked_early = False

        self._layers: dict[str, ParameterLayer] = {}
        self._costs.attach(self, self._managed)
        try:
            if topology != "dense":
                shares = INIT[init] if isinstance(init, str) else init
                shapes = [tuple(weight.shape) for weight in self._managed.values()]
                self._sparsify(check_densities(shares(shapes, density), shapes), density)
        except BaseException:
            self._flops.remove()
            raise
        self._hooks = StepHooks(self, optimizer)

    def _sparsify(self, densities, density):
        """Draw connections of the layers that need a mask, once all of them are known to do."""
        sparse = {}
        for (name, weight), share in zip(self._managed.items(), densities, strict=True):
            n = round(share * weight.numel())
            if n < weight.numel():
                _check_connected(name, weight, n, density)
                _check_trainable(name, weight, self.optimizer)
                sparse[name] = share
        for name, share in sparse.items():
            weight = self._managed[name]
            matrix = (len(weight), prod(weight.shape[1:]))
            exists = np.zeros(weight.shape, dtype=bool)
            exists.reshape(-1)[sample_positions(matrix, share, self._rng)] = True
            self._layers[name] = ParameterLayer(name, weight, exists, self.optimizer)

    # What it is now

    @property
    def n_connections(self) -> int:
        """Existing connections, of all layers but the ignored."""
        n = self._n_connections()
        return sum(n[name] for name in self._managed)

    @property
    def density(self) -> float:
        """Existing / possible connections, of all layers but the ignored."""
        return self.n_connections / sum(weight.numel() for weight in self._managed.values())

    @property
    def densities(self) -> dict[str, float]:
        """The same of every layer, by the name of its weight as in ``module.state_dict()``."""
        n = self._n_connections()
        return {name: n[name] / weight.numel() for name, weight in self._managed.items()}

    @property
    def masks(self) -> dict[str, Tensor]:
        """Which weights exist: a new bool tensor of the weight's shape, by the weight's name."""
        return {
            name: (
                self._layers[name].bits != 0
                if name in self._layers
                else torch.ones_like(weight, dtype=torch.bool, requires_grad=False)
            )
            for name, weight in self._managed.items()
        }

    @property
    def connections_changed(self) -> int:
        """Connections that moved so far, all updates together."""
        return int(self._n_changed)

    def _n_connections(self) -> dict[str, int]:
        return {
            name: self._layers[name].n_connections if name in self._layers else weight.numel()
            for name, weight in self._weights.items()
        }

    # What it costs

    @property
    def training_flops(self) -> Cost:
        """Operations of the training up to the last step, ``"sparse"`` and ``"dense"``.

        Counted of the samples that were propagated back, whatever the size of the batches. A
        sample costs 3 products (forward, gradient of the inputs, gradient of the weights), each of
        2 operations per connection and place where the layer is applied. Where a rule looks at the
        gradient of connections that do not exist, it counts too: in a step of RigL that precedes an
        update, the third product is a dense one. ``"dense"`` is the same training with all
        connections and no such gradient.
        """
        return self._costs.training_flops

    def costs(self, *example_inputs) -> dict[str, Cost]:
        """What the module and its training cost so far.

        Parameters
        ----------
        *example_inputs : Tensor or any
            What to call the module with, once and without a trace, to see at how many places its
            layers are applied. Without any, that is known from the last call of the module.

        Returns
        -------
        dict
            ``"parameters"``; ``"bytes"``; ``"inference_flops"`` of one sample; and
            ``"training_flops"``, see :attr:`training_flops`; each a dict with the keys ``"sparse"``
            and ``"dense"``. Bytes are those of parameters and optimiser state as they are: dense,
            to which the sparse network adds its masks.

        Raises
        ------
        RuntimeError
            Without example inputs, if the module was not called yet.
        """
        n_mask_bytes = sum(layer.bits.nbytes for layer in self._layers.values())
        return self._costs.totals(
            self._n_connections(), example_inputs, self.optimizer, n_mask_bytes
        )

    def layer_costs(self, *example_inputs) -> list[LayerCost]:
        """What each layer costs, the ignored ones included; see :meth:`costs` for the arguments.

        Returns
        -------
        list of LayerCost
            With ``"training_flops"``.
        """
        return self._costs.rows(self._n_connections(), example_inputs)

    # The hooks

    @torch.no_grad()
    def mask_gradients(self) -> None:
        """Set the gradients of missing connections to 0 now, not only in the step.

        Call it before gradients are clipped, or their norm is that of all possible connections;
        with a gradient scaler after ``unscale_``. Where gradients are accumulated over batches, it
        may be called after each of them.
        """
        self._mask_gradients(self._looks_at_gradients and self._due())
        self._masked_early = True

    def _before_step(self, scale):
        # A scale does not matter: only the order of the gradients does.
        early, self._masked_early = self._masked_early, False
        self._mask_gradients(self._looks_at_gradients and self._due() and not early)

    def _mask_gradients(self, keep_dense):
        for layer in self._layers.values():
            layer.mask_gradient(keep_dense)

    def _after_step(self):
        for layer in self._layers.values():
            layer.apply_mask()
        if self._due():
            self._update(self._rewiring, self.n_steps_done + 1)
        self.n_steps_done += 1
        extra = {name: layer.end_step() for name, layer in self._layers.items()}
        for name in self._flops.uncounted():
            if name not in self._warned:
                self._warned.add(name)
                warnings.warn(
                    f"The operations of {name} are not counted: it has a gradient, but its layer "
                    "was never called.",
                    UserWarning,
                    stacklevel=2,
                )
        self._flops.settle(self._n_connections(), extra)

    def _due(self) -> bool:
        """Whether an update follows the step that comes next."""
        return self._rewiring is not None and self._schedule.due(
            self.n_steps_done + 1, 1, self._n_steps
        )

    def _update(self, rewire, step):
        factor = self._schedule.factor(step, self._n_steps)
        for name, layer in self._layers.items():
            if layer.parameter.grad is None:  # no part in this step
                continue
            layer.n_places = self._flops.places[name]
            if isinstance(rewire.grow, GradientGrow):
                # Also if nothing is dropped: that is known after the gradient only.
                layer.look_at(slice(None))
            try:
                self._n_changed += rewire(layer, None, self._rng, factor)
            except FloatingPointError as error:
                raise FloatingPointError(f"{name}: {error} Lower the learning rate.") from error
        self.n_updates += 1

    def remove(self) -> None:
        """Take the hooks off. The weights stay as they are; further training may fill them."""
        self._hooks.remove()
        self._flops.remove()

    def __enter__(self) -> SparseTraining:
        return self

    def __exit__(self, *exception) -> None:
        self.remove()

    # Checkpoints

    def __reduce__(self):
        raise TypeError(
            "SparseTraining cannot be copied or pickled, as its hooks stay with this optimiser: "
            "make a new one for the copied module, and load the state_dict() of this one."
        )

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on later, beside the state of the module and of the optimiser.

        Returns
        -------
        dict
            Of tensors, numbers and strings: what ``torch.save`` takes, and ``torch.load`` with
            ``weights_only=True``.
        """
        return {
            "masks": self.masks,
            "n_steps_done": self.n_steps_done,
            "n_updates": self.n_updates,
            "connections_changed": self.connections_changed,
            "random_state": self._rng.bit_generator.state,
            "training_flops": {
                "sparse": dict(self._flops.sparse),
                "dense": dict(self._flops.dense),
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; that of the module and of the optimiser must be loaded first.

        Parameters
        ----------
        state : dict
            From :meth:`state_dict` of an object with the same arguments.

        Raises
        ------
        ValueError
            If it is of other layers.
        """
        masks = state["masks"]
        shapes = {name: tuple(weight.shape) for name, weight in self._managed.items()}
        found = {name: tuple(mask.shape) for name, mask in masks.items()}
        if found != shapes:
            raise ValueError(f"state is of other layers: {found}, where there are {shapes}.")
        self._rng.bit_generator.state = state["random_state"]
        self._layers = {
            name: ParameterLayer(name, weight, to_host(masks[name]).astype(bool), self.optimizer)
            for name, weight in self._managed.items()
            if not masks[name].all()
        }
        self.n_steps_done = int(state["n_steps_done"])
        self.n_updates = int(state["n_updates"])
        self._n_changed = int(state["connections_changed"])
        for kind, counts in state["training_flops"].items():
            counter = getattr(self._flops, kind)
            counter.clear()
            counter.update(counts)


def _ignored(module, weights, ignore) -> set[str]:
    """Names of the weights to leave dense; a shared weight goes by any of its names."""
    paths = {
        (f"{path}.weight" if path else "weight"): id(getattr(layer, "weight", None))
        for path, layer in module.named_modules(remove_duplicate=False)
    }
    names = {id(weight): name for name, weight in weights.items()}
    found = set()
    for wanted in [ignore] if isinstance(ignore, str) else list(ignore):
        hits = {
            names[weight]
            for path, weight in paths.items()
            if weight in names and (path == wanted or path.startswith(f"{wanted}."))
        }
        if not hits:
            raise ValueError(
                f"ignore: {wanted!r} names no linear or convolution layer; there are "
                f"{', '.join(weights)}."
            )
        found |= hits
    return found


def _generator(random_state) -> np.random.Generator:
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "random_state must be a non-negative integer, a numpy.random.Generator or None, got "
            f"{random_state!r}."
        ) from error


def _check_connected(name, weight, n, density):
    if n == 0:
        raise ValueError(
            f"density={density} leaves {name} of shape {tuple(weight.shape)} without a connection; "
            "raise it, or put the layer into ignore."
        )


def _check_trainable(name, weight, optimizer):
    if not weight.is_floating_point():
        raise ValueError(f"module: {name} holds {weight.dtype}; put it into ignore.")
    if not weight.requires_grad:
        raise ValueError(f"module: {name} is frozen; put it into ignore, or let it be trained.")
    if not any(weight is p for group in optimizer.param_groups for p in group["params"]):
        raise ValueError(
            f"optimizer: {name} is not among its parameters; put it into ignore, or add it."
        )
