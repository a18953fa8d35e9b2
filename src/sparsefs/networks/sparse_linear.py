# SPDX-License-Identifier: BSD-3-Clause
"""The interface of a sparse layer, and what its kernels share.

A layer describes its connections through *slots*: parallel arrays ``rows`` (output neuron),
``cols`` (input neuron) and ``values``. A kernel may have slots without a connection; their
weight, gradient and optimiser state are exact zeros. Rules that drop and grow connections read
slots, so they work with every kernel.

Activations have the shape (neurons, samples): a connection then reads two contiguous rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from scipy import sparse

from ..utils.device import Scratch, wide
from ..utils.state import Stateful
from .chunks import Chunked, chunks


class SparseLinear(Stateful, ABC):
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
    **layout
        Parameters of the kernel.

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
        The optimiser's state of every slot. A rewiring moves it together with `values`.
    seen : tuple of (torch.Tensor or Chunked, torch.Tensor), or None
        Inputs ``(n_inputs, n_samples)`` and gradient at the outputs ``(n_outputs, n_samples)`` of
        the last training step; valid until the next one.
    takes_chunks : bool
        Whether the inputs may be :class:`~sparsefs.networks.chunks.Chunked`.
    sum_ranks : callable or None
        Sums a tensor in place over the processes that train together: of dense gradients each
        process has the part of its samples.
    """

    _changes: ClassVar[tuple[str, ...]] = (
        "values",
        "bias",
        "buffers",
        "n_connections",
        "extra_flops",
    )

    values: torch.Tensor
    rows: np.ndarray
    cols: np.ndarray
    exists: np.ndarray | None
    n_connections: int
    takes_chunks: bool = False
    sum_ranks: Callable[[torch.Tensor], None] | None = None

    def __init__(
        self,
        shape: tuple[int, int],
        positions: Any,
        values: Any,
        bias: Any,
        device: Any = "cpu",
        **layout: Any,
    ) -> None:
        self.shape: tuple[int, int] = (int(shape[0]), int(shape[1]))
        self.device = torch.device(device)
        self.bias = torch.as_tensor(bias, dtype=torch.float32, device=self.device).view(-1, 1)
        self.buffers: dict[str, torch.Tensor] = {}
        self.seen: tuple[torch.Tensor | Chunked, torch.Tensor] | None = None
        self.extra_flops = 0  # of dense gradients
        self._output = Scratch(self.device)
        self._layout = layout
        self._build(
            np.asarray(positions, dtype=np.int64), np.asarray(values, dtype=np.float32), **layout
        )

    @abstractmethod
    def _build(self, positions: np.ndarray, values: np.ndarray) -> None: ...

    @abstractmethod
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map activations (n_inputs, n_samples) to (n_outputs, n_samples).

        The next call overwrites the result.
        """

    @abstractmethod
    def backward(self, grad: torch.Tensor) -> torch.Tensor:
        """Map a gradient at the outputs to the gradient at the inputs."""

    def backward_chunks(self, grad: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield the result of :meth:`backward` as pairs of (some inputs, gradient there)."""
        yield slice(0, self.shape[1]), self.backward(grad)

    @abstractmethod
    def weight_grad(self, grad: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return the gradient of the loss in every slot, 0 where there is no connection."""

    def dense_grad(self, rows: slice = slice(None)) -> torch.Tensor:
        """Return the gradient of the last step in all possible connections of some outputs.

        Parameters
        ----------
        rows : slice, default=slice(None)
            Which output neurons. Each costs ``n_inputs`` numbers, so take a few at a time.

        Returns
        -------
        torch.Tensor of shape (n_rows, n_inputs), float32
        """
        x, grad = self._seen()
        grad = grad[rows]
        self.extra_flops += 2 * len(grad) * x.shape[0] * x.shape[1]
        if torch.is_tensor(x):
            return self._of_ranks(grad @ x.t())
        dense = torch.cat([grad @ x[chunk].t() for chunk in chunks(self.shape[1])], dim=1)
        return self._of_ranks(dense)

    def dense_grad_of_inputs(self, cols: slice) -> torch.Tensor:
        """Return the same of some inputs and all output neurons, (n_cols, n_outputs)."""
        x, grad = self._seen()
        some = x[cols]
        self.extra_flops += 2 * len(grad) * some.shape[0] * some.shape[1]
        return self._of_ranks(some @ grad.t())

    def _of_ranks(self, dense):
        if self.sum_ranks is not None:
            self.sum_ranks(dense)
        return dense

    def _seen(self):
        if self.seen is None:
            raise RuntimeError("No gradient yet: the layer has seen no training step.")
        return self.seen

    @abstractmethod
    def rewire(self, removed: np.ndarray, added_rows: np.ndarray, added_cols: np.ndarray) -> None:
        """Remove the connections in the slots `removed`, create those at the given positions.

        New connections start with weight 0 and optimiser state 0; the positions must be free.
        All other connections keep weight and state.
        """

    @property
    def density(self) -> float:
        """Existing connections / possible connections."""
        return self.n_connections / max(1, self.shape[0] * self.shape[1])

    @property
    @abstractmethod
    def n_bytes(self) -> int:
        """Bytes of weights, biases, optimiser state and the indices of the connections."""

    def slot_values(self) -> np.ndarray:
        """Return the weight of every slot in host memory, float32."""
        return self.values.detach().cpu().numpy()

    def positions(self, slots: np.ndarray) -> np.ndarray:
        """Return the flat positions ``row * n_inputs + col`` of some slots, int64."""
        return self.rows[slots].astype(np.int64) * self.shape[1] + self.cols[slots]

    def ordered_slots(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the slots with a connection, and their positions, by ascending position."""
        slots = np.arange(len(self.rows)) if self.exists is None else np.flatnonzero(self.exists)
        positions = self.positions(slots)
        if (np.diff(positions) < 0).any():
            order = np.argsort(positions)
            slots, positions = slots[order], positions[order]
        return slots, positions

    def connections(self) -> tuple[np.ndarray, np.ndarray]:
        """Return flat positions, ascending, and weights of the existing connections."""
        slots, positions = self.ordered_slots()
        return positions, self.slot_values()[slots]

    def compressed(self) -> sparse.csr_array:
        """Return the weights as a scipy CSR array of shape `shape`."""
        slots = np.arange(len(self.rows)) if self.exists is None else np.flatnonzero(self.exists)
        places = [
            i.astype(np.int32)  # half the bytes of a pickle
            for i in np.divmod(self.positions(slots), max(1, self.shape[1]))
        ]
        matrix = sparse.csr_array((self.slot_values()[slots], places), shape=self.shape)
        matrix.sort_indices()
        return matrix

    def snapshot(self) -> tuple:
        """Return a copy of connections, weights and biases, without optimiser state."""
        return *self.connections(), self.bias.clone()

    def restore(self, snapshot: tuple) -> None:
        """Go back to a snapshot; the optimiser starts anew."""
        positions, values, bias = snapshot
        names, self.buffers, self.seen = list(self.buffers), {}, None
        self._build(positions, values, **self._layout)
        self.bias.copy_(bias)
        self.buffers = {name: torch.zeros_like(self.values) for name in names}

    @abstractmethod
    def strength(self, side: str) -> np.ndarray:
        """Return the sum of the absolute weights of every neuron on one side, float64."""

    def strength_on_device(self, side: str) -> torch.Tensor:
        """Return the same where the layer is, float64 if the device has it."""
        return wide(torch.from_numpy(self.strength(side))).to(self.device)

    @abstractmethod
    def weighted(self, side: str, importance: np.ndarray) -> np.ndarray:
        """Return weight times importance of the neuron on one side, per slot, float32."""

    @abstractmethod
    def degree(self, side: str) -> np.ndarray:
        """Return the number of connections of every neuron on one side, int64.

        A rewiring may change the array.
        """

    @abstractmethod
    def connected(self, side: str, neurons: np.ndarray) -> np.ndarray:
        """Say which partners the given distinct neurons on one side have.

        Returns
        -------
        ndarray of shape (len(neurons), n_partners), dtype bool
        """
