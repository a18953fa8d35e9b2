# SPDX-License-Identifier: BSD-3-Clause
"""Sparse training of a torch module: connections that move (SET, RigL), stay, or all exist."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from ..topology import GROW, GradientGrow, GrowRule, MagnitudeDrop, Rewiring, UpdateSchedule
from ..utils.checks import check_density, check_integer, check_number, check_option
from ..utils.costs import Cost, Costs
from ..utils.device import to_host
from .costs import LayerCost, TrainingCosts
from .initial_masks import Densities, draw_masks
from .parameter_layer import ParameterLayer
from .prunable import named_by, prunable_weights
from .step_hooks import StepHooks, check_optimizer


class SparseTraining:
    """Sparse training of a torch module, in the user's training loop.

    The linear and convolution weights become sparse at once; the remaining weights keep their
    values. The training loop does not change: hooks on the optimiser mask the gradients before
    each step and the weights after it, and rewire the layers every `update_every` steps. A
    connection that is dropped and grown back in the same update keeps its weight and the
    optimiser's state; a new one starts with 0 in both.

    Parameters
    ----------
    module : torch.nn.Module
        With `Linear`, `Conv1d`, `Conv2d` or `Conv3d` layers. Other layers stay as they are.
    optimizer : torch.optim.Optimizer
        Any optimiser that keeps its state weight by weight (not LBFGS), with any parameter groups.
    density : float in (0, 1], default=0.1
        Existing / possible connections of all layers together, without those in `ignore`. Not used
        with ``topology="dense"``.
    topology : {"rigl", "set", "static", "dense"} or callable, default="rigl"
        How connections move: they grow where the gradient is largest (RigL) or at random (SET);
        they stay; or all of them exist. A callable is a growth rule, see
        :class:`sparsefs.topology.GrowRule`. The weights nearest to zero are dropped.
    init : {"erk", "uniform"} or callable, default="erk"
        How `density` is shared among the layers: Erdos-Renyi-Kernel, or the same for all layers.
        A callable ``init(shapes, density)`` returns the density of every layer.
    n_steps : int or None, default=None
        Steps of the optimiser in the whole training. Required if connections move:
        `update_until` and the cosine refer to it.
    update_every : int, default=100
        Steps from one update of the topology to the next. The last step has no update.
    update_until : float in [0, 1], default=0.75
        Share of the training after which the topology is fixed.
    drop_fraction : float in [0, 1], default=0.3
        Share of the positive and of the negative weights of a layer that an update drops. Weights
        of exactly 0, such as between neurons that are never active, are dropped too.
    drop_decay : {"auto", "constant", "cosine"}, default="auto"
        Whether that share is constant, or falls to 0 along half a cosine until the topology is
        fixed. ``"auto"`` is ``"cosine"`` for ``"rigl"``, else ``"constant"``.
    ignore : str or iterable of str, default=()
        Layers to leave dense, often the first and the last: names of modules (``"fc"``; a
        container such as ``"layer1"`` for all its layers) or of weights (``"fc.weight"``). Their
        operations count; their weights do not enter `density`.
    random_state : int, numpy.random.Generator or None, default=None
        Determines the first connections, and where connections grow at random.

    Attributes
    ----------
    n_steps_done : int
        Steps of the optimiser so far. Steps that a gradient scaler skips do not count.
    n_updates : int
        Updates of the topology so far.

    Raises
    ------
    ValueError
        If an argument is out of range, the module has no layer to make sparse, or one is in a
        sparse training already. Also if a layer would have no connection or is not trained (frozen,
        or missing in the optimiser): put such layers into `ignore`.

    See Also
    --------
    sparsefs.modules.AdaptiveRegularization : From dense to sparse, by a penalty (ART).

    Notes
    -----
    torch multiplies dense matrices, zeros included, so this saves neither time nor memory.
    :meth:`costs` counts what a sparse implementation would compute.

    Weights are not scaled up for the inputs that a neuron has lost.

    In data-parallel training, pass the same int as `random_state` to all processes to get the
    same connections.

    References
    ----------
    Mocanu, D. C. et al. "Scalable training of artificial neural networks with adaptive sparse
    connectivity inspired by network science." Nature Communications 2018.

    Evci, U. et al. "Rigging the lottery: making all tickets winners." ICML 2020.

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
        topology: Literal["dense", "rigl", "set", "static"] | GrowRule = "rigl",
        *,
        init: Literal["erk", "uniform"] | Densities = "erk",
        n_steps: int | None = None,
        update_every: int = 100,
        update_until: float = 0.75,
        drop_fraction: float = 0.3,
        drop_decay: Literal["auto", "constant", "cosine"] = "auto",
        ignore: str | Iterable[str] = (),
        random_state: int | np.random.Generator | None = None,
    ):
        density = check_density(density)
        if not callable(topology):
            check_option("topology", topology, ["set", "rigl", "static", "dense"])
        self._rewiring: Rewiring | None = None
        self._schedule = UpdateSchedule(
            check_integer("update_every", update_every, 1),
            check_number("update_until", update_until, 0, 1),
            _decay(drop_decay, topology),
        )
        drop_fraction = check_number("drop_fraction", drop_fraction, 0, 1)
        if topology not in ("static", "dense"):
            if n_steps is None:
                raise ValueError(
                    "n_steps must be given: the number of steps in the whole training, which "
                    "determines when the topology is fixed."
                )
            grow = topology if callable(topology) else GROW[topology]()
            self._rewiring = Rewiring(MagnitudeDrop(unused=True), grow, drop_fraction)
        self._n_steps = 0 if n_steps is None else check_integer("n_steps", n_steps, 1)
        self._looks_at_gradients = topology not in ("set", "static", "dense")
        self._rng = _generator(random_state)

        self.module = module
        self.optimizer = optimizer
        self.n_steps_done = 0
        self.n_updates = 0
        self._n_changed: int | Tensor = 0
        self._warned: set[str] = set()
        self._masked_early = False
        self._weights = prunable_weights(module)
        check_optimizer(optimizer)
        if isinstance(optimizer, torch.optim.LBFGS):
            raise ValueError(
                "optimizer must keep its state weight by weight, which LBFGS does not: connections "
                "could not move."
            )
        ignored = named_by(module, self._weights, ignore)
        self._managed = {n: w for n, w in self._weights.items() if n not in ignored}
        if not self._managed:
            raise ValueError("ignore leaves no layer to make sparse.")

        self._layers: dict[str, ParameterLayer] = {}
        self._costs = TrainingCosts(module, self._weights)
        self._costs.watch(self, self._managed)
        try:
            if topology != "dense":
                masks = draw_masks(self._managed, density, init, optimizer, self._rng)
                self._layers = {name: self._layer(name, exists) for name, exists in masks.items()}
        except BaseException:
            self._costs.remove()
            raise
        self._hooks = StepHooks(self, optimizer)

    def _layer(self, name: str, exists: np.ndarray) -> ParameterLayer:
        return ParameterLayer(name, self._managed[name], exists, self.optimizer)

    # State

    @property
    def n_connections(self) -> int:
        """Existing connections of all layers, without the ignored ones."""
        n = self._n_connections()
        return sum(n[name] for name in self._managed)

    @property
    def density(self) -> float:
        """Existing / possible connections of all layers, without the ignored ones."""
        return self.n_connections / sum(weight.numel() for weight in self._managed.values())

    @property
    def densities(self) -> dict[str, float]:
        """Density of every layer, by the name of its weight in ``module.state_dict()``."""
        n = self._n_connections()
        return {name: n[name] / weight.numel() for name, weight in self._managed.items()}

    @property
    def masks(self) -> dict[str, Tensor]:
        """Which weights exist, by name: new bool tensors of the weights' shapes."""
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
        """Number of connections that have moved, over all updates."""
        return int(self._n_changed)

    def _n_connections(self) -> dict[str, int]:
        return {
            name: self._layers[name].n_connections if name in self._layers else weight.numel()
            for name, weight in self._weights.items()
        }

    # Costs

    @property
    def training_flops(self) -> Cost:
        """Operations of the training up to the last step, ``"sparse"`` and ``"dense"``.

        A sample costs 3 products (forward, gradient of the inputs, gradient of the weights), each
        with 2 operations per connection and place where the layer is applied. If a rule needs the
        gradient of connections that do not exist, it counts too: in a step of RigL before an
        update, the third product is dense. ``"dense"`` is the same training with all connections
        and without such gradients.
        """
        return self._costs.training_flops

    def costs(self, *example_inputs: Any) -> Costs:
        """Return what the module and its training cost so far.

        Parameters
        ----------
        *example_inputs : Tensor or any
            Arguments of one call of the module, which changes nothing. It shows at how many places
            the layers are applied. Without them, the last call of the module does.

        Returns
        -------
        dict
            ``"parameters"``; ``"bytes"``; ``"inference_flops"`` of one sample; and
            ``"training_flops"``, see :attr:`training_flops`; each a dict with the keys ``"sparse"``
            and ``"dense"``. Bytes are those that torch holds: dense parameters and optimiser state,
            and for the sparse network its masks.

        Raises
        ------
        RuntimeError
            Without example inputs, if the module was not called yet.
        """
        n_mask_bytes = sum(layer.bits.nbytes for layer in self._layers.values())
        return self._costs.totals(
            self._n_connections(), example_inputs, self.optimizer, n_mask_bytes
        )

    def layer_costs(self, *example_inputs: Any) -> list[LayerCost]:
        """Return what each layer costs, including the ignored ones; see :meth:`costs`.

        Returns
        -------
        list of LayerCost
            With ``"training_flops"``.
        """
        return self._costs.rows(self._n_connections(), example_inputs)

    # The hooks

    @torch.no_grad()
    def mask_gradients(self) -> None:
        """Set the gradients of missing connections to 0 before the step does.

        Call it before you clip gradients, otherwise their norm includes missing connections. With a
        gradient scaler, call it after ``unscale_``. If gradients are accumulated over batches, it
        may be called after each batch.
        """
        self._mask_gradients(self._looks_at_gradients and self._due())
        self._masked_early = True

    def _before_step(self, scale):
        # The scale does not matter: rules use the order of the gradients only.
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
        for name in self._costs.uncounted():
            if name not in self._warned:
                self._warned.add(name)
                warnings.warn(
                    f"The operations of {name} are not counted: it has a gradient, but its layer "
                    "was never called.",
                    UserWarning,
                    stacklevel=2,
                )
        self._costs.settle(self._n_connections(), extra)

    def _due(self) -> bool:
        """Return whether an update follows the next step."""
        return self._rewiring is not None and self._schedule.due(
            self.n_steps_done + 1, 1, self._n_steps
        )

    def _update(self, rewire, step):
        factor = self._schedule.factor(step, self._n_steps)
        for name, layer in self._layers.items():
            if layer.parameter.grad is None:  # no part in this step
                continue
            layer.n_places = self._costs.places[name]
            if isinstance(rewire.grow, GradientGrow):
                # Also if nothing is dropped, which is known only after the gradient.
                layer.look_at(slice(None))
            try:
                self._n_changed += rewire(layer, None, self._rng, factor)
            except FloatingPointError as error:
                raise FloatingPointError(f"{name}: {error} Lower the learning rate.") from error
        self.n_updates += 1

    def remove(self) -> None:
        """Remove the hooks. The weights stay as they are; further training may fill them."""
        self._hooks.remove()
        self._costs.remove()

    def __enter__(self) -> SparseTraining:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    # Checkpoints

    def __reduce__(self) -> Any:
        raise TypeError(
            "SparseTraining cannot be copied or pickled: its hooks belong to this optimiser. Make "
            "a new one for the copied module, and load the state_dict() of this one."
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to resume, with the states of the module and the optimiser.

        Returns
        -------
        dict
            Tensors, numbers and strings, for ``torch.save`` and for ``torch.load`` with
            ``weights_only=True``.
        """
        return {
            "masks": self.masks,
            "n_steps_done": self.n_steps_done,
            "n_updates": self.n_updates,
            "connections_changed": self.connections_changed,
            "random_state": self._rng.bit_generator.state,
            "training_flops": {
                "sparse": dict(self._costs.sparse),
                "dense": dict(self._costs.dense),
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume from a state; load those of the module and of the optimiser first.

        Parameters
        ----------
        state : dict
            From :meth:`state_dict` of an object with the same arguments.

        Raises
        ------
        ValueError
            If the state belongs to other layers.
        """
        masks = state["masks"]
        shapes = {name: tuple(weight.shape) for name, weight in self._managed.items()}
        found = {name: tuple(mask.shape) for name, mask in masks.items()}
        if found != shapes:
            raise ValueError(f"state is of other layers: {found}, expected {shapes}.")
        self._rng.bit_generator.state = state["random_state"]
        self._layers = {
            name: self._layer(name, to_host(masks[name]).astype(bool))
            for name in self._managed
            if not masks[name].all()
        }
        self.n_steps_done = int(state["n_steps_done"])
        self.n_updates = int(state["n_updates"])
        self._n_changed = int(state["connections_changed"])
        for kind, counts in state["training_flops"].items():
            counter = getattr(self._costs, kind)
            counter.clear()
            counter.update(counts)


def _decay(drop_decay, topology) -> Any:
    check_option("drop_decay", drop_decay, ("auto", "constant", "cosine"))
    if drop_decay != "auto":
        return drop_decay
    return "cosine" if topology == "rigl" else "constant"


def _generator(random_state) -> np.random.Generator:
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "random_state must be a non-negative integer, a numpy.random.Generator or None, got "
            f"{random_state!r}."
        ) from error
