# SPDX-License-Identifier: BSD-3-Clause
"""WAST written down literally: dense matrices, 0/1 masks, full sorts.

Slow on purpose. The tests compare the fast code with it, and the benchmarks measure how much
faster that is. All matrices are (n_outputs, n_inputs), as in torch.nn.Linear.
"""

import torch
import torch.nn.functional as F


def drop(weight, mask, importance, side, fraction):
    """Mask of the connections that are dropped: nearest to zero of each sign, by full sorts."""
    factor = importance.to(torch.float32)
    score = weight * (factor[None, :] if side == "in" else factor[:, None])
    score = (score * mask).flatten()
    dropped = torch.zeros_like(score, dtype=torch.bool)
    for candidates in (torch.nonzero(score > 0)[:, 0], torch.nonzero(score < 0)[:, 0]):
        nearest = torch.sort(score[candidates].abs(), stable=True).indices
        dropped[candidates[nearest[: int(fraction * len(candidates))]]] = True
    return dropped.view(weight.shape)


def grow(kept, importance, side, n):
    """Mask of the `n` grown connections: free positions of the largest importance."""
    # Features along the rows, so that ties go to the lower feature, then the lower partner.
    free = ~(kept.t() if side == "in" else kept)
    score = importance[:, None].expand(free.shape).clone()
    score[~free] = -torch.inf
    best = torch.sort(score.flatten(), descending=True, stable=True).indices[:n]
    grown = torch.zeros(free.numel(), dtype=torch.bool)
    grown[best] = True
    grown = grown.view(free.shape)
    return grown.t() if side == "in" else grown


class LiteralWAST:
    """A denoising autoencoder trained with masks; the reference for one training step."""

    def __init__(self, weights, masks, biases, *, lam, mixing, fraction=0.3, lr=0.1, momentum=0.9):
        self.weights = [w.clone().requires_grad_() for w in weights]
        self.biases = [b.clone().requires_grad_() for b in biases]
        self.masks = [m.clone() for m in masks]
        self.optimizer = torch.optim.SGD(
            self.weights + self.biases, lr=lr, momentum=momentum, nesterov=momentum > 0
        )
        self.lam, self.mixing, self.fraction = lam, mixing, fraction
        n_features = weights[0].shape[1]
        self.importance = [torch.zeros(n_features, dtype=torch.float64) for _ in range(2)]

    def step(self, x, noise):
        """One batch of shape (n_samples, n_features); returns the loss."""
        self.optimizer.zero_grad()
        hidden = torch.sigmoid(F.linear(x + noise, self.weights[0], self.biases[0]))
        output = F.linear(hidden, self.weights[1], self.biases[1])
        loss = F.mse_loss(output, x)
        loss.backward()
        for weight, mask in zip(self.weights, self.masks, strict=True):
            weight.grad *= mask
        self.optimizer.step()
        with torch.no_grad():
            error = (x - output).abs().mean(0).double()
            for i, side in enumerate(("in", "out")):
                strength = self.weights[i].abs().double().sum(0 if side == "in" else 1)
                self.importance[i] += self.mix(error, strength)
                self.rewire(i, side)
        return loss.item()

    def mix(self, error, strength):
        if self.mixing == "mean":
            error, strength = error / error.mean(), strength / strength.mean()
        return self.lam * error + (1 - self.lam) * strength

    def rewire(self, i, side):
        weight, mask, importance = self.weights[i], self.masks[i], self.importance[i]
        dropped = drop(weight, mask, importance, side, self.fraction)
        kept = mask.bool() & ~dropped
        new = kept | grow(kept, importance, side, int(dropped.sum()))
        mask.copy_(new)
        # What was dropped and came straight back keeps its weight and momentum.
        weight.mul_(mask)
        if "momentum_buffer" in self.optimizer.state[weight]:
            self.optimizer.state[weight]["momentum_buffer"].mul_(mask)
