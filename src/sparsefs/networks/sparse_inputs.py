# SPDX-License-Identifier: BSD-3-Clause
"""Samples of sparse data, of which centring would make every number something."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy import sparse

with warnings.catch_warnings():
    # Torch announces once per process that its CSR support is in beta. Here, at the import, the
    # warning is silenced without a change of the filters during a fit.
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor([0, 1], [0], [1.0], (1, 1), check_invariants=False)


def csr_tensor(row_starts, cols, values, shape):
    """A torch CSR tensor that shares the memory of its values."""
    row_starts, cols = (torch.from_numpy(index).to(values.device) for index in (row_starts, cols))
    return torch.sparse_csr_tensor(row_starts, cols, values, shape, check_invariants=False)


@dataclass(eq=False)
class SparseInputs:
    """Inputs that are the same in all samples but for a few numbers, on the CPU.

    They are :class:`~sparsefs.networks.chunks.Chunked`: a slice of inputs is a dense tensor.

    Parameters
    ----------
    constant : ndarray of shape (n_inputs,), float32
        What an input is in a sample for which nothing is stored.
    added : csr_array of shape (n_samples, n_inputs), float32
        What is added to that where something is stored.
    """

    constant: np.ndarray
    added: sparse.csr_array

    @property
    def shape(self) -> tuple[int, int]:
        """(n_inputs, n_samples)."""
        return self.added.shape[::-1]

    def __getitem__(self, inputs: slice) -> torch.Tensor:
        dense = torch.from_numpy(self._by_input[:, inputs].toarray()).t()
        return dense + self.constant_tensor[inputs, None]

    # What a product of some layers needs, and only theirs: made when asked for, and once a batch.

    @cached_property
    def touched(self) -> tuple[np.ndarray, torch.Tensor]:
        """The inputs to which something is added, and it, (n_samples, n)."""
        inputs = np.unique(self.added.indices)
        return inputs, torch.from_numpy(self.added[:, inputs].toarray())

    @cached_property
    def constant_tensor(self) -> torch.Tensor:
        """`constant`, in the same memory."""
        return torch.from_numpy(self.constant)

    @cached_property
    def _by_input(self):
        return self.added.tocsc()

    def times(self, weights: torch.Tensor) -> torch.Tensor:
        """Return the products with weights (n_inputs, n), as (n_samples, n)."""
        added = self.added
        stored = csr_tensor(added.indptr, added.indices, torch.from_numpy(added.data), added.shape)
        return torch.addmm(self.constant_tensor @ weights, stored, weights)

    def gradient(self, sent: torch.Tensor, out: torch.Tensor) -> None:
        """Set `out` to the gradient of the weights, of that at the products, (n_samples, n)."""
        added = self._by_input
        stored = csr_tensor(added.indptr, added.indices, torch.from_numpy(added.data), self.shape)
        torch.outer(self.constant_tensor, sent.sum(0), out=out).addmm_(stored, sent)
