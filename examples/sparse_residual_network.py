# SPDX-License-Identifier: BSD-3-Clause
"""
A residual network, trained sparsely
====================================

A small residual network learns images of handwritten digits with all
connections, with one in ten and with one in fifty. The connections move during
training (SET, RigL), stay where they were drawn, or remain after a training of
all connections (ART). The training loop is the usual one.

``python sparse_residual_network.py 5`` tries more sparsities and averages over
five seeds.
"""

import sys
import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from sparsefs.modules import AdaptiveRegularization, SparseTraining

N_EPOCHS, BATCH_SIZE, LEARNING_RATE = 12, 64, 0.1

digits, labels = load_digits(return_X_y=True)
images = torch.tensor(
    digits.reshape(-1, 1, 8, 8) / 16 - 0.3, dtype=torch.float32
)
labels = torch.tensor(labels)
train, test = map(
    torch.tensor,
    train_test_split(
        np.arange(len(labels)), test_size=0.3, stratify=labels, random_state=0
    ),
)
N_BATCHES = -(-len(train) // BATCH_SIZE)

# %%
# The network: three blocks of two convolutions, in plain torch.


class Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, n_in, n_out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(n_out)
        same = n_in == n_out and stride == 1
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Conv2d(n_in, n_out, 1, stride, bias=False)
        )

    def forward(self, x):
        y = self.norm1(self.conv1(x)).relu()
        return (self.norm2(self.conv2(y)) + self.shortcut(x)).relu()


def residual_network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1, bias=False),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        Block(12, 12),
        Block(12, 24, stride=2),
        Block(24, 48, stride=2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(48, 10),
    )


# %%
# The training loop is plain torch as well.


def accuracy(module, rows):
    module.eval()
    with torch.no_grad():
        return (
            (module(images[rows]).argmax(1) == labels[rows])
            .float()
            .mean()
            .item()
        )


def optimizer_of(module, n_epochs):
    """Make an optimiser and a schedule for its learning rate."""
    optimizer = torch.optim.SGD(
        module.parameters(),
        LEARNING_RATE,
        momentum=0.9,
        nesterov=True,
        weight_decay=5e-4,
    )
    n_steps = n_epochs * N_BATCHES
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, n_steps
    )


def run_epoch(module, optimizer, scheduler):
    module.train()
    for rows in train[torch.randperm(len(train))].split(BATCH_SIZE):
        optimizer.zero_grad()
        nn.functional.cross_entropy(
            module(images[rows]), labels[rows]
        ).backward()
        optimizer.step()
        scheduler.step()


# %%
# ``SparseTraining`` hooks into the steps of an optimiser.
# ``AdaptiveRegularization`` (ART) trains all connections with a penalty, then
# prunes them.


def train_sparsely(topology, sparsity, seed):
    """Train with SET, RigL, static connections or all of them."""
    module = residual_network(seed)
    optimizer, scheduler = optimizer_of(module, N_EPOCHS)
    sparse = SparseTraining(
        module,
        optimizer,
        density=1 - sparsity,
        topology=topology,
        n_steps=N_EPOCHS * N_BATCHES,
        update_every=20,
        random_state=seed,
    )
    for _ in range(N_EPOCHS):
        run_epoch(module, optimizer, scheduler)
    return module, sparse.costs()


def train_and_prune(sparsity, seed):
    """Train with ART: the penalty doubles each epoch until a pruned copy is better."""
    module = residual_network(seed)
    art = AdaptiveRegularization(
        module, 1 - sparsity, warmup_epochs=2, initial_strength=1e-3, growth=2
    )
    optimizer, scheduler = optimizer_of(module, N_EPOCHS)
    art.attach(optimizer)
    n_left = N_EPOCHS
    while n_left > 4:  # the rest is for fine-tuning
        run_epoch(module, optimizer, scheduler)
        n_left -= 1
        if art.end_epoch(lambda: accuracy(module, train), last=n_left == 4):
            break
    art.prune()
    optimizer, scheduler = optimizer_of(module, n_left)
    art.attach(optimizer)
    for _ in range(n_left):
        run_epoch(module, optimizer, scheduler)
    return module, art.costs()


# %%
# Accuracy against operations
# ---------------------------


def main(sparsities, n_seeds=1):
    print(
        f"{len(train)} images to train, {len(test)} to test; {N_EPOCHS} epochs, {n_seeds} seed(s)"
    )
    print("                               FLOPs / dense")
    print(
        "         sparsity  parameters  inference  training  accuracy  seconds"
    )
    runs = [("dense", 0.0)]
    runs += [
        (name, s)
        for name in ("static", "set", "rigl", "art")
        for s in sparsities
    ]
    results = []
    for name, sparsity in runs:
        start, accuracies, shares = time.perf_counter(), [], []
        for seed in range(n_seeds):
            if name == "art":
                module, costs = train_and_prune(sparsity, seed)
            else:
                module, costs = train_sparsely(name, sparsity, seed)
            accuracies.append(accuracy(module, test))
            flops = [costs["inference_flops"], costs["training_flops"]]
            shares.append([each["sparse"] / each["dense"] for each in flops])
        inference, training = np.mean(shares, axis=0)
        results.append((name, training, np.mean(accuracies)))
        print(
            f"{name:8s} {sparsity:8.2f} {costs['parameters']['sparse']:11d} {inference:10.3f} "
            f"{training:9.3f} {np.mean(accuracies):9.3f} {time.perf_counter() - start:8.1f}",
            flush=True,
        )
    return results


if __name__ == "__main__":
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    if (
        len(sys.argv) > 1 and sys.argv[1].isdigit()
    ):  # a notebook has arguments of its own
        results = main([0.8, 0.9, 0.95, 0.98], int(sys.argv[1]))
    else:
        results = main([0.9, 0.98])
    torch.set_num_threads(n_threads)

# %%
# With one connection in ten, little accuracy is lost. With one in fifty, ART is
# the most accurate, because it trains all connections first. It saves
# operations only in use; the others save them in the training as well. Moving
# connections instead of keeping them makes a difference of one point at most
# on these easy digits with one seed.
#
# The seconds do not follow the operations: torch keeps these weights dense,
# with zeros.

if __name__ == "__main__":
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6.3, 3.6), layout="constrained")
    colors = ["black", "0.5", "#0072b2", "#e69f00", "#009e73"]
    for name, marker, color in zip(
        ("dense", "static", "set", "rigl", "art"), "*sov^", colors, strict=True
    ):
        points = [result[1:] for result in results if result[0] == name]
        ax.plot(
            *zip(*points, strict=True),
            marker=marker,
            color=color,
            ms=8,
            ls=":",
            label=name,
        )
    ax.set(
        xscale="log",
        xlabel="operations of the training, relative to dense",
        ylabel="accuracy",
    )
    ax.legend(frameon=False)
    plt.show()
