# SPDX-License-Identifier: BSD-3-Clause
"""The sparse layer: one interface, two kernels.

Both kernels describe their connections through *slots*: parallel arrays ``rows`` (output
neuron), ``cols`` (input neuron) and ``values``. In :class:`CSRLinear` every slot is a
connection, so time and memory follow the number of connections. In :class:`MaskedLinear`
every possible connection has a slot and those that do not exist hold an exact 0; that
wastes memory, and wins where the density is high or the device prefers dense products.
Rules that drop and grow connections read slots, and so serve both.

Activations are laid out (neurons, samples): a connection then touches two contiguous rows.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod

import numpy as np
import torch
from scipy import sparse

# CSR products beat dense ones up to these densities (python -m benchmarks kernels).
_CSR_MAX_DENSITY = {"cpu": 0.2, "cuda": 0.02}
_CSR_MAX_DENSITY_WIDE = 0.1  # on the CPU, once the activations outgrow the cache
_WIDE = 4096


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
    bias : torch.Tensor of shape (n_outputs, 1)
    buffers : dict of str to torch.Tensor
        The optimiser's state, slot by slot. A rewiring re-indexes it together with `values`.
    """

    values: torch.Tensor

    def __init__(self, shape, positions, values, bias, device="cpu"):
        self.shape = (int(shape[0]), int(shape[1]))
        self.device = torch.device(device)
        self.bias = torch.as_tensor(bias, dtype=torch.float32, device=self.device).view(-1, 1)
        self.buffers: dict[str, torch.Tensor] = {}
        self._degrees: dict[str, np.ndarray] = {}
        self._build(np.asarray(positions, dtype=np.int64), np.asarray(values, dtype=np.float32))

    @abstractmethod
    def _build(self, positions: np.ndarray, values: np.ndarray) -> None: ...

    @property
    @abstractmethod
    def rows(self) -> np.ndarray:
        """Output neuron of every slot, int32, ascending."""

    @property
    @abstractmethod
    def cols(self) -> np.ndarray:
        """Input neuron of every slot, int32, ascending within a row."""

    @property
    @abstractmethod
    def exists(self) -> np.ndarray | None:
        """Which slots hold a connection, or None where all of them do."""

    @property
    @abstractmethod
    def n_connections(self) -> int: ...

    @abstractmethod
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map activations (n_inputs, n_samples) to (n_outputs, n_samples)."""

    @abstractmethod
    def backward(self, grad: torch.Tensor) -> torch.Tensor:
        """Map a gradient at the outputs to the gradient at the inputs."""

    @abstractmethod
    def weight_grad(self, grad: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Gradient of the loss in every slot, 0 where there is no connection."""

    def rewire(self, removed: np.ndarray, added_rows: np.ndarray, added_cols: np.ndarray) -> None:
        """Remove the connections in the slots `removed`, create those at the given positions.

        New connections start with weight 0 and optimiser state 0; the positions must be free,
        in ascending (row, col) order. All other connections keep weight and state.
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
        tensors = [self.values, self.bias, *self.buffers.values(), *self._index_tensors()]
        return sum(t.element_size() * t.nelement() for t in tensors)

    @abstractmethod
    def _index_tensors(self) -> list[torch.Tensor]: ...

    def slot_values(self) -> np.ndarray:
        """The weight of every slot in host memory, float32."""
        return self.values.detach().cpu().numpy()

    def neurons(self, side: str) -> np.ndarray:
        """Neuron of every slot on one side, ``"in"`` or ``"out"``."""
        return self.cols if side == "in" else self.rows

    def n_neurons(self, side: str) -> int:
        """Number of neurons on one side, ``"in"`` or ``"out"``."""
        return self.shape[1] if side == "in" else self.shape[0]

    @abstractmethod
    def strength(self, side: str) -> np.ndarray:
        """Sum of the absolute weights of every neuron on one side, float64."""

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
        other = "out" if side == "in" else "in"
        line = np.full(self.n_neurons(side), -1, dtype=np.int32)
        line[neurons] = np.arange(len(neurons))
        lines = line.take(self.neurons(side))
        slots = np.flatnonzero(lines >= 0)
        if self.exists is not None:
            slots = slots[self.exists[slots]]
        table = np.zeros((len(neurons), self.n_neurons(other)), dtype=bool)
        table[lines[slots], self.neurons(other)[slots]] = True
        return table


class CSRLinear(SparseLinear):
    """Compressed sparse rows: cost and memory follow the number of connections."""

    exists = None

    def _build(self, positions, values):
        n_inputs = self.shape[1]
        rows = (positions // max(1, n_inputs)).astype(np.int32)
        cols = (positions - rows * np.int64(n_inputs)).astype(np.int32)
        self.values = torch.from_numpy(values.copy()).to(self.device)
        self._set_pattern(rows, cols)

    def _set_pattern(self, rows: np.ndarray, cols: np.ndarray) -> None:
        self._rows, self._cols = rows, cols
        self._row_starts = np.searchsorted(rows, np.arange(self.shape[0] + 1)).astype(np.int32)
        self._matrix = _csr_tensor(self._row_starts, cols, self.values, self.shape)
        self._transposed: tuple[torch.Tensor, torch.Tensor] | None = None

    @property
    def rows(self):
        return self._rows

    @property
    def cols(self):
        return self._cols

    @property
    def n_connections(self):
        return len(self._cols)

    def _index_tensors(self):
        tensors = [self._matrix.crow_indices(), self._matrix.col_indices()]
        if self._transposed is not None:
            order, matrix = self._transposed
            tensors += [order, matrix.crow_indices(), matrix.col_indices(), matrix.values()]
        return tensors

    def forward(self, x):
        return torch.addmm(self.bias, self._matrix, x)

    def backward(self, grad):
        order, matrix = self._transposed or self._transpose()
        torch.index_select(self.values, 0, order, out=matrix.values())
        return matrix @ grad

    def _transpose(self):
        # Products with the transpose of a CSR tensor take a slow path, so both orders are
        # kept, with the permutation between them. The first layer never needs the second.
        slots = np.arange(self.n_connections, dtype=np.int32)
        by_row = sparse.csr_array((slots, self._cols, self._row_starts), shape=self.shape)
        by_col = by_row.tocsc()
        order = torch.from_numpy(by_col.data).to(self.device)
        matrix = _csr_tensor(
            by_col.indptr, by_col.indices, torch.empty_like(self.values), self.shape[::-1]
        )
        self._transposed = order, matrix
        return self._transposed

    def weight_grad(self, grad, x):
        if self.n_connections == 0:
            return torch.zeros_like(self.values)
        return torch.sparse.sampled_addmm(self._matrix, grad, x.t(), beta=0.0).values()

    def strength(self, side):
        weights = np.abs(self.slot_values())
        if side == "in":
            return np.bincount(self._cols, weights=weights, minlength=self.shape[1])
        # The slots of an output neuron are neighbours; reduceat needs non-empty segments.
        sums = np.zeros(self.shape[0])
        filled = np.flatnonzero(np.diff(self._row_starts))
        if len(filled):
            starts = self._row_starts[filled]
            sums[filled] = np.add.reduceat(weights, starts, dtype=np.float64)
        return sums

    def _rewire(self, removed, added_rows, added_cols):
        n_inputs = np.int64(self.shape[1])
        keep = np.ones(self.n_connections, dtype=bool)
        keep[removed] = False
        kept = np.flatnonzero(keep)
        kept_positions = (self._rows * n_inputs + self._cols)[kept]
        insert_at = np.searchsorted(kept_positions, added_rows * n_inputs + added_cols)
        new = insert_at + np.arange(len(added_rows))
        is_old = np.ones(len(kept) + len(new), dtype=bool)
        is_old[new] = False
        source = np.zeros(len(is_old), dtype=np.int64)
        source[np.flatnonzero(is_old)] = kept
        if self.n_connections == 0:
            rows, cols = added_rows.astype(np.int32), added_cols.astype(np.int32)
        else:
            rows, cols = self._rows.take(source), self._cols.take(source)
            rows[new], cols[new] = added_rows, added_cols
        self.values = _reindexed(self.values, source, new)
        self.buffers = {name: _reindexed(b, source, new) for name, b in self.buffers.items()}
        self._set_pattern(rows, cols)


class MaskedLinear(SparseLinear):
    """A dense matrix that is 0 where there is no connection."""

    def _build(self, positions, values):
        mask = np.zeros(self.shape[0] * self.shape[1], dtype=np.float32)
        mask[positions] = 1
        dense = np.zeros_like(mask)
        dense[positions] = values
        self.values = torch.from_numpy(dense).to(self.device)
        self._weight = self.values.view(self.shape)
        # A float mask: multiplying by a boolean one is several times slower.
        self._mask = torch.from_numpy(mask).to(self.device)
        self._exists = mask.astype(bool)
        self._n_connections = len(positions)
        self._rows, self._cols = (
            index.astype(np.int32).ravel() for index in np.indices(self.shape, dtype=np.int32)
        )

    @property
    def rows(self):
        return self._rows

    @property
    def cols(self):
        return self._cols

    @property
    def exists(self):
        return self._exists

    @property
    def n_connections(self):
        return self._n_connections

    def _index_tensors(self):
        return [self._mask]

    def forward(self, x):
        return torch.addmm(self.bias, self._weight, x)

    def backward(self, grad):
        return self._weight.t() @ grad

    def weight_grad(self, grad, x):
        return (grad @ x.t()).view(-1).mul_(self._mask)

    def strength(self, side):
        dim = 0 if side == "in" else 1
        return self._weight.abs().sum(dim, dtype=torch.float64).cpu().numpy()

    def _rewire(self, removed, added_rows, added_cols):
        added = added_rows * np.int64(self.shape[1]) + added_cols
        self._exists[removed] = False
        self._exists[added] = True
        self._n_connections += len(added) - len(removed)
        changed = torch.from_numpy(np.asarray(removed, dtype=np.int64)).to(self.device)
        self._mask[changed] = 0
        for tensor in (self.values, *self.buffers.values()):
            tensor[changed] = 0
        self._mask[torch.from_numpy(added).to(self.device)] = 1


def choose_kernel(shape: tuple[int, int], density: float, device: str = "cpu") -> str:
    """Kernel that is expected to train a layer fastest: ``"csr"`` or ``"masked"``.

    Parameters
    ----------
    shape : tuple of (int, int)
    density : float
        Existing connections / possible connections.
    device : str, default="cpu"
        Type of the device. Where it has no sparse products (MPS) the answer is ``"masked"``.
    """
    small = shape[0] * shape[1] <= 4096  # a product this small costs less than its dispatch
    kind = torch.device(device).type
    limit = _CSR_MAX_DENSITY.get(kind, 0.0)
    if kind == "cpu" and max(shape) > _WIDE:
        limit = _CSR_MAX_DENSITY_WIDE
    return "csr" if density <= limit and not small else "masked"


def make_sparse_linear(
    shape, positions, *, bound: float, rng: np.random.Generator, kernel="auto", device="cpu"
) -> SparseLinear:
    """Create a layer with weights and biases drawn uniformly from [-bound, bound].

    Parameters
    ----------
    shape : tuple of (int, int)
        ``(n_outputs, n_inputs)``.
    positions : ndarray of shape (n_connections,), dtype int64
        Ascending flat positions of the connections.
    bound : float
        Half width of the initial distribution.
    rng : numpy.random.Generator
    kernel : {"auto", "csr", "masked"}, default="auto"
    device : str, default="cpu"
    """
    if kernel == "auto":
        kernel = choose_kernel(shape, len(positions) / max(1, shape[0] * shape[1]), device)
    values = _uniform(rng, bound, len(positions))
    bias = _uniform(rng, bound, shape[0])
    layer = {"csr": CSRLinear, "masked": MaskedLinear}[kernel]
    return layer(shape, positions, values, bias, device)


def _uniform(rng, bound, size):
    return (rng.random(size, dtype=np.float32) * 2 - 1) * np.float32(bound)


def _csr_tensor(row_starts, cols, values, shape):
    with warnings.catch_warnings():
        # torch says once per process that its CSR support is in beta; we test what we use.
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            torch.from_numpy(row_starts).to(values.device),
            torch.from_numpy(cols).to(values.device),
            values,
            shape,
            check_invariants=False,
        )


def _reindexed(tensor, source, new):
    if len(tensor) == 0:
        return tensor.new_zeros(len(source))
    moved = tensor.index_select(0, torch.from_numpy(source).to(tensor.device))
    moved[torch.from_numpy(new).to(tensor.device)] = 0
    return moved
