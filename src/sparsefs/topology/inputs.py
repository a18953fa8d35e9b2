# SPDX-License-Identifier: BSD-3-Clause
"""Evolution of the input neurons of a network while it trains (NeuroFS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .rules import largest, steepest_positions

if TYPE_CHECKING:
    import torch

    from ..networks import FeedForward
    from ..training.batches import Batches
    from .rewiring import Topology

_CHUNK = 2**20  # numbers of gone features and of their gradients in memory at a time


class InputEvolution:
    """Removes input neurons after every epoch until `n_keep` are left, and swaps some back.

    Used instead of a :class:`Topology`, which it contains. From the second epoch on, the input
    neurons with the lowest sum of absolute weights leave, with their connections, at an even pace
    until a share `until` of the epochs. In addition, some neurons are exchanged for neurons that
    have left: a fraction of those, which falls linearly to 0. The neurons with the largest
    gradients in the connections they could have come back. Each gets the average number of
    connections, where its gradients are largest, and cannot be removed for one epoch. The
    connections that left are given to the present input neurons, where gradients are largest.

    Neurons that have left are neither loaded nor multiplied. Once per epoch, one batch of their
    values is read in chunks for the gradients.

    Parameters
    ----------
    topology : Topology
        Rewires the layers; rewiring 0 must be None.
    batches : Batches
        What the network trains on; told which features to load.
    alive : ndarray of int64
        Features that start as input neurons, ascending.
    n_keep : int
    n_epochs : int
    until : float in (0, 1], default=0.65
        Share of the epochs after which `n_keep` are left.
    swap_fraction : float in [0, 1], default=0.2
        Share of the removed neurons to exchange at first.
    kernel : {"auto", "csr", "masked"}, default="auto"

    Attributes
    ----------
    alive : ndarray of int64
        Features that are input neurons now, ascending.
    removed_at : ndarray of shape (n_features,), dtype float64
        Epoch after which a feature left last, plus a share of 1 for its strength among those
        that left with it.

    References
    ----------
    Atashgahi, Z. et al. "Supervised feature selection with neuron evolution in sparse neural
    networks." TMLR 2023.
    """

    def __init__(
        self,
        topology: Topology,
        batches: Batches,
        alive: np.ndarray,
        n_keep: int,
        n_epochs: int,
        *,
        until: float = 0.65,
        swap_fraction: float = 0.2,
        kernel: str = "auto",
    ):
        self.topology = topology
        self.batches = batches
        self.alive = np.asarray(alive, dtype=np.int64)
        self.n_keep = min(n_keep, len(self.alive))
        self.n_epochs = n_epochs
        self.until = until
        self.swap_fraction = swap_fraction
        self.kernel = kernel
        self.removed_at = np.zeros(batches.X.shape[1])
        self._all = self.alive
        self._protected = np.empty(0, dtype=np.int64)
        batches.use_columns(self.alive)

    def after_step(
        self, step: int, steps_per_epoch: int, n_steps: int, network: FeedForward, importance: Any
    ) -> int | torch.Tensor:
        """Rewire and evolve if step number `step` is due; return how many connections moved."""
        moved = self.topology.after_step(step, steps_per_epoch, n_steps, network, importance)
        epoch, within = divmod(step, steps_per_epoch)
        if within or not 2 <= epoch < self.n_epochs:
            return moved
        return moved + self._evolve(network, epoch)

    def _n_alive_after(self, epoch: int) -> int:
        """Return how many input neurons the plan leaves after so many epochs."""
        last = max(2, min(self.n_epochs - 1, round(self.until * self.n_epochs)))
        progress = min(1.0, (epoch - 1) / (last - 1))
        return len(self._all) - round(progress * (len(self._all) - self.n_keep))

    def _evolve(self, network, epoch):
        alive = self.alive
        n_alive = self._n_alive_after(epoch)
        gone = np.setdiff1d(self._all, alive, assume_unique=True)
        removable = np.flatnonzero(~np.isin(alive, self._protected, assume_unique=True))
        n_remove = max(0, len(alive) - n_alive)
        swap = self.swap_fraction * max(0.0, 1 - epoch / self.n_epochs)
        # A share of those that have left, and no larger a share of those that are left: else
        # the end of the training would exchange nearly all of them after every epoch.
        n_swap = int(swap * min(len(gone), len(alive)))
        n_swap = min(n_swap, max(0, len(removable) - n_remove))
        n_remove += n_swap
        if n_remove == 0:
            self._protected = gone[:0]
            return 0
        layer = network.layers[0]
        strength = layer.strength("in")
        # The protected leave last: only if the plan cannot be kept without them.
        is_safe = np.ones(len(alive), dtype=bool)
        is_safe[removable] = False
        order = np.lexsort((-np.arange(len(alive)), strength, is_safe))
        leaving = order[:n_remove]
        self.removed_at[alive[leaving]] = epoch + np.arange(n_remove) / n_remove
        staying = np.sort(order[n_remove:])
        degree = round(layer.n_connections / max(1, len(alive)))
        back, rows = self._come_back(layer, gone, n_swap, degree)
        n_moved = layer.n_connections - int(layer.degree("in")[staying].sum())

        self._protected = back
        self.alive = np.union1d(alive[staying], back)
        source = np.full(len(self.alive), -1, dtype=np.int64)
        source[np.searchsorted(self.alive, alive[staying])] = staying
        new_cols = np.repeat(np.searchsorted(self.alive, back), rows.shape[1])
        network.replace_inputs(source, rows.ravel(), new_cols, self.kernel)
        self.batches.use_columns(self.alive)
        self._replace_lost(network, layer)
        return n_moved

    def _replace_lost(self, network, before):
        """Give the connections that left with their neurons to those that are still there."""
        layer = network.layers[0]
        n_free = layer.shape[0] * layer.shape[1] - layer.n_connections
        n = min(before.n_connections - layer.n_connections, n_free)
        if n <= 0:
            return
        layer.seen = (self.batches.latest(), before.seen[1])
        rows, cols = np.divmod(steepest_positions(layer, layer.connections()[0], n), layer.shape[1])
        network.replace_inputs(np.arange(layer.shape[1]), rows, cols, self.kernel)

    def _come_back(self, layer, gone, n, degree):
        """Return which of the `gone` features come back, ascending, and to which hidden neurons.

        Two passes over the gone features, so that memory does not grow with their number: the
        size of the gradients first, then the places of the largest.
        """
        if n == 0:
            return gone[:0], np.empty((0, 0), dtype=np.int64)
        size = np.concatenate([g.abs().sum(0).cpu().numpy() for g in self._gradients(layer, gone)])
        back = gone[largest(size, n)]
        n_each = min(max(1, degree), layer.shape[0])
        places = [
            g.abs().topk(n_each, dim=0).indices.t().cpu().numpy()
            for g in self._gradients(layer, back)
        ]
        return back, np.concatenate(places).astype(np.int64)

    def _gradients(self, layer, features):
        """Yield the last batch's gradients in all connections of some features, in chunks."""
        _, grad = layer.seen
        n = max(1, _CHUNK // max(grad.shape))
        for start in range(0, len(features), n):
            x = self.batches.features(features[start : start + n])
            layer.extra_flops += 2 * grad.shape[0] * x.shape[0] * x.shape[1]
            yield grad @ x.t()
