# SPDX-License-Identifier: BSD-3-Clause
"""SET and RigL written down literally: 0/1 masks, full sorts, lists of free positions."""

import torch

from sparsefs.topology.initialisation import distinct_integers


def drop(weight, mask, fraction):
    """Flat mask of what is dropped: nearest to zero of each sign, and what is zero itself."""
    weight = (weight * mask).flatten()
    dropped = torch.zeros_like(weight, dtype=torch.bool)
    for candidates in (torch.nonzero(weight > 0)[:, 0], torch.nonzero(weight < 0)[:, 0]):
        nearest = torch.sort(weight[candidates].abs(), stable=True).indices
        dropped[candidates[nearest[: int(fraction * len(candidates))]]] = True
    if fraction:
        dropped |= (weight == 0) & mask.flatten().bool()
    return dropped


class LiteralSparseTraining:
    """One training step at a time; `masks` are the first connections, by weight."""

    def __init__(self, weights, optimizer, masks, topology, rng, *, fraction, due, factor):
        self.weights, self.optimizer, self.topology, self.rng = weights, optimizer, topology, rng
        self.masks = {name: masks[name].float() for name in weights}
        self.fraction, self.due, self.factor = fraction, due, factor
        self.n_steps, self.n_changed = 0, 0
        with torch.no_grad():
            for name, weight in weights.items():
                weight *= self.masks[name]

    @torch.no_grad()
    def step(self):
        """After the gradients of the batch are computed."""
        self.n_steps += 1
        dense = {name: weight.grad.clone() for name, weight in self.weights.items()}
        for name, weight in self.weights.items():
            weight.grad *= self.masks[name]
        self.optimizer.step()
        for name, weight in self.weights.items():
            weight *= self.masks[name]
        if self.due(self.n_steps):
            for name, weight in self.weights.items():
                if self.masks[name].min() == 0:
                    self.rewire(name, weight, dense[name])

    def rewire(self, name, weight, gradient):
        old = self.masks[name].flatten().bool()
        kept = old & ~drop(weight, self.masks[name], self.fraction * self.factor(self.n_steps))
        n = int(old.sum() - kept.sum())
        free = [place for place in range(len(old)) if not kept[place]]
        if self.topology == "set":
            grown = [free[i] for i in distinct_integers(len(free), n, self.rng)]
        else:
            size = gradient.flatten().abs().tolist()
            grown = sorted(free, key=lambda place: (-size[place], place))[:n]
        new = kept.clone()
        new[grown] = True
        stays = (old & new).view(weight.shape)
        self.masks[name] = new.view(weight.shape).float()
        self.n_changed += int((new & ~old).sum())
        for tensor in (weight, *self.optimizer.state[weight].values()):
            if torch.is_tensor(tensor) and tensor.shape == weight.shape:
                tensor *= stays
