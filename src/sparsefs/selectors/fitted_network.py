# SPDX-License-Identifier: BSD-3-Clause
"""A trained network in numpy, which predicts without torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.special import expit

from ..data.inputs import read_blocks
from ..utils.arithmetic import default_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..networks import FeedForward
    from ..training.scaling import Scaling
    from ..utils.typing import Floats, Ints

_ACTIVATIONS = {
    "identity": lambda z: z,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
}
_DENSE_FROM = 0.5  # a stored index costs as much as a weight


@dataclass(repr=False)
class FittedNetwork:
    """A trained network and the scaling of its inputs.

    Attributes
    ----------
    weights : list of ndarray or CSR array of shape (n_outputs, n_inputs), float32
        One per layer.
    biases : list of ndarray of shape (n_outputs,), float32
    activations : list of str
    mean, scale : ndarray of shape (n_inputs,), float64
        The network sees ``(x - mean) / scale``.
    columns : ndarray of int, or None
        The features that are left as inputs; None for all.
    """

    weights: list[Any]
    biases: list[NDArray[np.float32]]
    activations: list[str]
    mean: Floats
    scale: Floats
    columns: Ints | None = None

    @classmethod
    def of(
        cls, network: FeedForward, scaling: Scaling, columns: Ints | None = None
    ) -> FittedNetwork:
        """Take over what `network` has learnt."""
        chosen = slice(None) if columns is None else columns
        return cls(
            [_weights(layer) for layer in network.layers],
            [layer.bias.detach().cpu().numpy().ravel().copy() for layer in network.layers],
            list(network.activations),
            scaling.mean[chosen].copy(),
            scaling.scale[chosen].copy(),
            columns,
        )

    def scaled(self, X: Any) -> NDArray[np.float32]:
        """Rows of X as the network sees them, dense float32."""
        if self.columns is not None:
            X = X[:, self.columns]
        X = X.toarray() if sparse.issparse(X) else np.asarray(X)
        x = (X - self.mean) / self.scale
        return x.astype(np.float32)

    def __call__(self, X: Any) -> NDArray[np.float32]:
        """Outputs for the rows of X, of shape (n_samples, n_outputs), float32."""
        return np.concatenate([self.output(block) for block in self.blocks(X)])

    def blocks(self, X: Any) -> Iterator[Any]:
        """The rows of X from first to last, so few at a time that no layer's values are large."""
        widest = max(X.shape[1], *(len(bias) for bias in self.biases))
        return (block for _, block in read_blocks(X, 2**20 * X.shape[1] // widest))

    @default_errors()
    def output(self, X: Any) -> NDArray[np.float32]:
        """The same for a few rows, at once."""
        x = self.scaled(X).T
        for weights, bias, name in zip(self.weights, self.biases, self.activations, strict=True):
            x = _ACTIVATIONS[name](weights @ x + bias[:, None])
        return x.T


def _weights(layer):
    weights = layer.compressed()
    n_possible = layer.shape[0] * layer.shape[1]
    return weights if weights.nnz < _DENSE_FROM * n_possible else weights.toarray()
