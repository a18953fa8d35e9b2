# SPDX-License-Identifier: BSD-3-Clause
"""The interface of a sparse layer, which several kernels implement.

A layer describes its connections through *slots*: parallel arrays ``rows`` (output neuron),
``cols`` (input neuron) and ``values``. A kernel may have slots that hold no connection; their
weight, gradient and optimiser state are exact zeros. Rules that drop and grow connections
read slots, and so serve every kernel.

Activations are laid out (neurons, samples): a connection then touches two contiguous rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import torch
from scipy import sparse

from ..utils.device import wide
from ..utils.scratch import Scratch
from .parts import Parts, tiles


class SparseLinear(ABC):
    """``y = W x + b`` in which only some connections exist.

    Parameters
    ----------
    shape : tuple of (int, int)
        ``(n_outputs, n_inputs)``.
    positions : ndarray of shape (n_connections,), dtype int64
        The connections, as ascending flat positions ``row * n_inputs + col``.
    values : ndarray of shape (n_connections,), dtype float32
        Their weights.
    bias : ndarray of shape (n_outputs,), dtype float32
    device : torch.device or str, default="cpu"

    Attributes
    ----------
    values : torch.Tensor, float32
        The weight in every slot; trained in place.
    rows, cols : ndarray of int
        Output neuron and input neuron of every slot.
    exists : ndarray of bool, or None
        Which slots hold a connection; None where all of them do.
    n_connections : int
    bias : torch.Tensor of shape (n_outputs, 1)
    buffers : dict of str to torch.Tensor
        The optimiser's state, slot by slot. A rewiring re-indexes it together with `values`.
    seen : tuple of torch.Tensor, or None
        Inputs ``(n_inputs, n_samples)`` and gradient at the outputs ``(n_outputs, n_samples)`` of
        the last training step; valid until the next one. Very many inputs come as
        :class:`~sparsefs.networks.parts.Parts`.
    takes_parts : bool
        Whether inputs may come in parts.
    """

    values: torch.Tensor
    rows: np.ndarray
    cols: np.ndarray
    exists: np.ndarray | None
    n_connections: int
    takes_parts: bool = False

    def __init__(self, shape, positions, values, bias, device="cpu"):
        self.shape = (int(shape[0]), int(shape[1]))
        self.device = torch.device(device)
        self.bias = torch.as_tensor(bias, dtype=torch.float32, device=self.device).view(-1, 1)
        self.buffers: dict[str, torch.Tensor] = {}
        self.seen: tuple[torch.Tensor | Parts, torch.Tensor] | None = None
        self.extra_flops = 0  # of dense gradients
        self._output = Scratch(self.device)
        self._degrees: dict[str, np.ndarray] = {}
        self._build(np.asarray(positions, dtype=np.int64), np.asarray(values, dtype=np.float32))

    @abstractmethod
    def _build(self, positions: np.ndarray, values: np.ndarray) -> None: ...

    @abstractmethod
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map activations (n_inputs, n_samples) to (n_outputs, n_samples).

        The result is overwritten by the next call.
        """

    @abstractmethod
    def backward(self, grad: torch.Tensor) -> torch.Tensor:
        """Map a gradient at the outputs to the gradient at the inputs."""

    def backward_parts(self, grad: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
        """The same for some inputs at a time: pairs of (which inputs, gradient there)."""
        yield slice(0, self.shape[1]), self.backward(grad)

    @abstractmethod
    def weight_grad(self, grad: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Gradient of the loss in every slot, 0 where there is no connection."""

    def dense_grad(self, rows: slice = slice(None)) -> torch.Tensor:
        """Gradient of the last step's loss in all possible connections of some output neurons.

        Parameters
        ----------
        rows : slice, default=slice(None)
            Which output neurons. A dense gradient has ``n_inputs`` numbers for each, so rules
            that need it take a few at a time.

        Returns
        -------
        torch.Tensor of shape (n_rows, n_inputs), float32
        """
        x, grad = self._seen()
        grad = grad[rows]
        self.extra_flops += 2 * len(grad) * x.shape[0] * x.shape[1]
        if torch.is_tensor(x):
            return grad @ x.t()
        return torch.cat([grad @ x[part].t() for part in tiles(self.shape[1])], dim=1)

    def dense_grad_of_inputs(self, cols: slice) -> torch.Tensor:
        """The same for some inputs and all output neurons, (n_cols, n_outputs)."""
        x, grad = self._seen()
        part = x[cols]
        self.extra_flops += 2 * len(grad) * part.shape[0] * part.shape[1]
        return part @ grad.t()

    def _seen(self):
        if self.seen is None:
            raise RuntimeError("No gradient yet: the layer has seen no training step.")
        return self.seen

    def rewire(self, removed: np.ndarray, added_rows: np.ndarray, added_cols: np.ndarray) -> None:
        """Remove the connections in the slots `removed`, create those at the given positions.

        New connections start with weight 0 and optimiser state 0; the positions must be free.
        All other connections keep weight and state.
        """
        if len(removed) == 0 and len(added_rows) == 0:
            return
        for side, degree in self._degrees.items():
            added = added_cols if side == "in" else added_rows
            degree -= np.bincount(self.neurons(side)[removed], minlength=len(degree))
            degree += np.bincount(added, minlength=len(degree))
        self._rewire(removed, added_rows, added_cols)

    @abstractmethod
    def _rewire(self, removed, added_rows, added_cols) -> None: ...

    @property
    def density(self) -> float:
        """Existing connections / possible connections."""
        return self.n_connections / max(1, self.shape[0] * self.shape[1])

    @property
    def n_bytes(self) -> int:
        """Bytes of weights, biases, optimiser state and the indices of the connections."""
        arrays = [self.values, self.bias, *self.buffers.values(), *self._indices()]
        return sum(array.nbytes for array in arrays)

    @abstractmethod
    def _indices(self) -> list:
        """Arrays and tensors that say where the connections are."""

    def slot_values(self) -> np.ndarray:
        """The weight of every slot in host memory, float32."""
        return self.values.detach().cpu().numpy()

    def connections(self) -> tuple[np.ndarray, np.ndarray]:
        """Flat positions, ascending, and weights of the existing connections."""
        slots, positions = self._ordered()
        return positions, self.slot_values()[slots]

    def compressed(self) -> sparse.csr_array:
        """Weights as a scipy CSR array of shape `shape`; not to be written to."""
        positions, values = self.connections()
        rows, cols = np.divmod(positions, max(1, self.shape[1]))
        starts = np.searchsorted(rows, np.arange(self.shape[0] + 1)).astype(np.int32)
        return sparse.csr_array((values, cols.astype(np.int32), starts), shape=self.shape)

    def _ordered(self):
        """Slots that hold a connection, and their positions, by ascending position."""
        slots = np.arange(len(self.rows)) if self.exists is None else np.flatnonzero(self.exists)
        positions = self.positions(slots)
        if (np.diff(positions) < 0).any():
            order = np.argsort(positions)
            slots, positions = slots[order], positions[order]
        return slots, positions

    def snapshot(self) -> tuple:
        """A copy of connections, weights and biases; optimiser state is left out."""
        return *self.connections(), self.bias.clone()

    def restore(self, snapshot: tuple) -> None:
        """Go back to a snapshot; the optimiser starts anew."""
        positions, values, bias = snapshot
        names, self.buffers = list(self.buffers), {}
        self._build(positions, values)
        self._restart(names, bias)

    def _restart(self, names, bias):
        """Take over a bias, and start the optimiser's state of these names anew."""
        self.bias.copy_(bias)
        self.buffers = {name: torch.zeros_like(self.values) for name in names}
        self._degrees, self.seen = {}, None

    def neurons(self, side: str) -> np.ndarray:
        """Neuron of every slot on one side, ``"in"`` or ``"out"``."""
        return self.cols if side == "in" else self.rows

    def weighted(self, side: str, importance: np.ndarray) -> np.ndarray:
        """Weight times the importance of its neuron on one side, per slot, float32."""
        factor = np.asarray(importance, dtype=np.float32).take(self.neurons(side))
        factor *= self.slot_values()
        return factor

    def positions(self, slots: np.ndarray) -> np.ndarray:
        """Flat positions ``row * n_inputs + col`` of some slots, int64."""
        return self.rows[slots].astype(np.int64) * self.shape[1] + self.cols[slots]

    def n_neurons(self, side: str) -> int:
        """Number of neurons on one side, ``"in"`` or ``"out"``."""
        return self.shape[1] if side == "in" else self.shape[0]

    def partners(self, side: str) -> np.ndarray:
        """Neuron of every slot on the other side."""
        return self.rows if side == "in" else self.cols

    def n_partners(self, side: str) -> int:
        """Number of neurons on the other side: the most connections a neuron can have."""
        return self.shape[0] if side == "in" else self.shape[1]

    @abstractmethod
    def strength(self, side: str) -> np.ndarray:
        """Sum of the absolute weights of every neuron on one side, float64."""

    def strength_on_device(self, side: str) -> torch.Tensor:
        """The same where the layer is, float64 if the device has it."""
        return wide(torch.from_numpy(self.strength(side))).to(self.device)

    def degree(self, side: str) -> np.ndarray:
        """Number of connections of every neuron on one side, int64."""
        if side not in self._degrees:
            neurons = self.neurons(side)
            if self.exists is not None:
                neurons = neurons[self.exists]
            self._degrees[side] = np.bincount(neurons, minlength=self.n_neurons(side))
        return self._degrees[side]

    def connected(self, side: str, neurons: np.ndarray) -> np.ndarray:
        """Which partners the given distinct neurons on one side have.

        Returns
        -------
        ndarray of shape (len(neurons), n_partners), dtype bool
        """
        line = np.full(self.n_neurons(side), -1, dtype=np.int32)
        line[neurons] = np.arange(len(neurons))
        lines = line.take(self.neurons(side))
        slots = np.flatnonzero(lines >= 0)
        if self.exists is not None:
            slots = slots[self.exists[slots]]
        table = np.zeros((len(neurons), self.n_partners(side)), dtype=bool)
        table[lines[slots], self.partners(side)[slots]] = True
        return table
