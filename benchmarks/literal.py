# SPDX-License-Identifier: BSD-3-Clause
"""The WAST program as the paper's is: dense matrices, masks, full sorts, automatic
differentiation. Here is the loop around its step."""

import time
from typing import NamedTuple

import numpy as np
import torch
from tools.literal_wast import LiteralWAST

N_HIDDEN, BATCH, EPOCHS, DENSITY = 200, 128, 10, 0.2


class Training(NamedTuple):
    """What came out; ``seconds`` are those of the loop alone."""

    scores: np.ndarray
    seconds: float
    n_steps: int


def train(X, density=DENSITY, epochs=EPOCHS, seed=0, lam=0.9):
    """Train on dense rows in the paper's setting."""
    d = X.shape[1]
    generator = torch.Generator().manual_seed(seed)
    X = torch.from_numpy((X - X.mean()) / X.std())
    shapes = [(N_HIDDEN, d), (d, N_HIDDEN)]
    masks = [(torch.rand(s, generator=generator) < density).float() for s in shapes]
    weights = [
        (2 * torch.rand(s, generator=generator) - 1) / np.sqrt(s[1]) * m
        for s, m in zip(shapes, masks, strict=True)
    ]
    biases = [torch.zeros(s[0]) for s in shapes]
    program = LiteralWAST(weights, masks, biases, lam=lam, mixing="sum")
    started, n_steps = time.perf_counter(), 0
    for _ in range(epochs):
        for rows in torch.randperm(len(X), generator=generator).split(BATCH):
            x = X[rows]
            program.step(x, 0.2 * torch.randn(x.shape, generator=generator))
            n_steps += 1
    return Training(program.importance[0].numpy(), time.perf_counter() - started, n_steps)
