# SPDX-License-Identifier: BSD-3-Clause
"""Data that are sent to a GPU once, where batches are then gathered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from ..data.summary import row_blocks
from ..utils.device import to_device
from .batches import Batch, Batches


class ResidentBatches(Batches):
    """Batches whose data, scaled, lie on the device.

    The numbers of an epoch's rows are sent at its start; its steps need nothing from the host.
    Parameters, order of the rows and values of the batches are those of :class:`Batches`.
    """

    def __init__(self, X, scaling, batch_size, rng, device, *args, **kwargs):
        super().__init__(X, scaling, batch_size, rng, device, *args, **kwargs)
        self._data = torch.empty(X.shape, dtype=torch.float32, device=device)
        for block in row_blocks(X):
            rows = np.arange(*block.indices(X.shape[0]))
            self._data[block] = to_device(self._load(X, rows).t().contiguous(), device)
        self._loaded = self._data
        self._chosen: torch.Tensor | None = None  # columns of `_loaded`; None for all
        self._weight, self._target = (
            None if numbers is None else to_device(numbers.astype(dtype), device)
            for numbers, dtype in (
                (self.sample_weight, np.float32),
                (self.targets, getattr(self.targets, "dtype", None)),
            )
        )
        self._index = torch.empty(0, dtype=torch.int64, device=device)

    def use_columns(self, columns: np.ndarray | None) -> None:
        super().use_columns(columns)
        if hasattr(self, "_data"):
            self._loaded, self._chosen = self._data, None
            if columns is not None and 2 * len(columns) > self._data.shape[1]:
                self._chosen = to_device(columns, self.device)  # a copy would take much memory
            elif columns is not None:
                self._loaded = self._columns_of(self._data, columns)

    def features(self, columns: np.ndarray) -> torch.Tensor:
        return self._columns_of(self._data.index_select(0, self._index), columns).t().contiguous()

    def _columns_of(self, data, columns):
        return data.index_select(1, to_device(columns, self.device))

    def __iter__(self) -> Iterator[Batch]:
        rows = self._rows_of_batches()
        index = to_device(np.concatenate(rows), self.device)
        for part in index.split([len(r) for r in rows]):
            yield self._gathered_at(part)

    def latest(self) -> torch.Tensor:
        rows = self._loaded.index_select(0, self._index)
        return (
            (rows if self._chosen is None else rows.index_select(1, self._chosen)).t().contiguous()
        )

    def batch(self, rows: np.ndarray) -> Batch:
        return self._gathered_at(to_device(rows, self.device))

    def _gathered_at(self, index):
        self._index = index
        x = self.latest()
        weight = None if self._weight is None else self._weight.index_select(0, index)
        if self._target is None:
            return Batch(x, x, weight)
        return Batch(x, self._target.index_select(0, index).t().contiguous(), weight)
