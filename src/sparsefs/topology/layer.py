# SPDX-License-Identifier: BSD-3-Clause
"""The interface through which rules read and rewire a layer."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch


class RewirableLayer(Protocol):
    """A layer whose connections can move.

    The layers in :mod:`sparsefs.networks` are of this kind, and so is a weight of a torch module in
    :class:`sparsefs.modules.SparseTraining`. Connections are in *slots*. A *position* is the number
    ``row * n_inputs + col`` of a possible connection. `side` is ``"in"`` or ``"out"``.

    Attributes
    ----------
    shape : tuple of (int, int)
        ``(n_outputs, n_inputs)``.
    rows, cols : ndarray of int
        Output neuron and input neuron of every slot.
    exists : ndarray of bool, or None
        Which slots hold a connection; None where all of them do.
    seen : tuple, or None
        Inputs ``(n_inputs, n_samples)`` and gradient at the outputs ``(n_outputs, n_samples)`` of
        the last step; None in torch modules.
    device : torch.device
    """

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def rows(self) -> np.ndarray: ...
    @property
    def cols(self) -> np.ndarray: ...
    @property
    def exists(self) -> np.ndarray | None: ...
    @property
    def seen(self) -> tuple | None: ...
    @property
    def device(self) -> torch.device: ...

    def slot_values(self) -> np.ndarray:
        """Return the weight of every slot, 0 where there is no connection."""

    def positions(self, slots: np.ndarray) -> np.ndarray:
        """Return the positions of some slots, int64."""

    def strength(self, side: str) -> np.ndarray:
        """Return the sum of the absolute weights of every neuron on one side."""

    def degree(self, side: str) -> np.ndarray:
        """Return the number of connections of every neuron on one side."""

    def weighted(self, side: str, importance: np.ndarray) -> np.ndarray:
        """Return weight times importance of the neuron on one side, per slot."""

    def connected(self, side: str, neurons: np.ndarray) -> np.ndarray:
        """Return a table (len(neurons), n_partners): which partners some neurons have."""

    def dense_grad(self, rows: slice = slice(None)) -> torch.Tensor:
        """Return the last step's gradient in all possible connections of some output neurons.

        The caller may write to it.
        """

    def dense_grad_of_inputs(self, cols: slice) -> torch.Tensor:
        """Return the same of some input neurons, (n_cols, n_outputs)."""

    def rewire(self, removed: np.ndarray, added_rows: np.ndarray, added_cols: np.ndarray) -> None:
        """Remove the connections in some slots, and create others with weight 0."""
