# SPDX-License-Identifier: BSD-3-Clause
"""Time of a QuickSelection step: ours, and a literal program in numpy and scipy.

Epsilon 13, 1000 hidden neurons, batches of 100, one thread. The literal program follows the
formulas in float64: scipy CSR products, gradients gathered connection by connection, fresh noise
and dropout masks, full sorts in the topology update. Both include that update, after every
epoch. Medians over epochs, interleaved.
"""

import time

import numpy as np
from scipy import sparse
from scipy.special import expit
from tools.datasets import load

from benchmarks.results import Results
from sparsefs import QuickSelectionSelector
from sparsefs.utils.device import single_threaded

SETS = ["madelon", "isolet_1560", "pcmac"]
EPSILON, N_HIDDEN, BATCH, LEARNING_RATE, MOMENTUM, DECAY = 13, 1000, 100, 0.01, 0.9, 1e-5


class Literal:
    """The autoencoder with every connection named by its row and column."""

    def __init__(self, n_features, rng):
        self.rng = rng
        self.shapes = [(N_HIDDEN, n_features), (n_features, N_HIDDEN)]
        n = round(EPSILON * (n_features + N_HIDDEN))
        self.places = [rng.choice(N_HIDDEN * n_features, n, replace=False) for _ in range(2)]
        self.weights = [rng.standard_normal(n) * 0.02 for _ in range(2)]
        self.velocities = [np.zeros(n) for _ in range(2)]
        self.biases = [np.zeros(shape[0]) for shape in self.shapes]
        self.bias_velocities = [np.zeros(shape[0]) for shape in self.shapes]

    def matrices(self):
        return [
            sparse.csr_array((w, np.divmod(p, shape[1])), shape=shape)
            for w, p, shape in zip(self.weights, self.places, self.shapes, strict=True)
        ]

    def step(self, x):
        encoder, decoder = self.matrices()
        noisy = x + 0.2 * self.rng.standard_normal(x.shape)
        keep = (self.rng.random((len(x), N_HIDDEN)) > 0.2) / 0.8
        hidden = expit((encoder @ noisy.T).T + self.biases[0])
        dropped = hidden * keep
        output = (decoder @ dropped.T).T + self.biases[1]
        deltas = [None, (output - x) / len(x)]
        deltas[0] = (decoder.T @ deltas[1].T).T * keep * hidden * (1 - hidden)
        for i, activation in enumerate((noisy, dropped)):
            rows, cols = np.divmod(self.places[i], self.shapes[i][1])
            gradient = np.einsum("bk,bk->k", deltas[i][:, rows], activation[:, cols])
            gradient += DECAY * self.weights[i]
            self.velocities[i] = MOMENTUM * self.velocities[i] - LEARNING_RATE * gradient
            self.weights[i] += self.velocities[i]
            self.bias_velocities[i] = MOMENTUM * self.bias_velocities[i] - LEARNING_RATE * deltas[
                i
            ].sum(0)
            self.biases[i] += self.bias_velocities[i]

    def rewire(self):
        for i, shape in enumerate(self.shapes):
            w = self.weights[i]
            dropped = np.zeros(len(w), bool)
            for sign in (1, -1):
                mine = np.flatnonzero(sign * w > 0)
                dropped[mine[np.argsort(np.abs(w[mine]))[: int(0.2 * len(mine))]]] = True
            n, kept = int(dropped.sum()), self.places[i][~dropped]
            drawn = np.unique(self.rng.integers(shape[0] * shape[1], size=3 * n))
            free = drawn[~np.isin(drawn, kept)]
            self.places[i][dropped] = self.rng.choice(free, n, replace=False)
            self.weights[i][dropped] = self.velocities[i][dropped] = 0


def literal_epochs(X, n_epochs, seed):
    """Seconds a step of every epoch."""
    rng = np.random.default_rng(seed)
    X = (X - X.mean(0)) / np.where(X.std(0) > 0, X.std(0), 1)
    program, times = Literal(X.shape[1], rng), []
    for _ in range(n_epochs):
        started = time.perf_counter()
        batches = np.array_split(rng.permutation(len(X)), -(-len(X) // BATCH))
        for rows in batches:
            program.step(X[rows])
        program.rewire()
        times.append((time.perf_counter() - started) / len(batches))
    return times


def our_epochs(X, n_epochs, seed):
    selector = QuickSelectionSelector(K=1, max_iter=n_epochs, random_state=seed, device="cpu")
    return list(selector.fit(X).history_["seconds"] / -(-len(X) // BATCH))


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=3)


def run(arguments):
    results = Results("quick_selection", ["set", "repeat"])
    print("milliseconds a step, medians with range: ours, literal, literal / ours")
    for name in SETS:
        X = load(name)[0].astype(np.float64)
        for repeat in range(arguments.repeats):
            if results.has(set=name, repeat=repeat):
                continue
            with single_threaded():
                ours = our_epochs(X.astype(np.float32), 10, repeat)
                literal = literal_epochs(X, 3, repeat)
            results.add(
                set=name,
                repeat=repeat,
                ours_ms=round(1e3 * float(np.median(ours)), 3),
                literal_ms=round(1e3 * float(np.median(literal)), 3),
            )
        rows = [r for r in results.rows if r["set"] == name]
        ours, literal = (np.array([float(r[f"{k}_ms"]) for r in rows]) for k in ("ours", "literal"))
        for label, values in (("ours", ours), ("literal", literal), ("ratio", literal / ours)):
            print(
                f"{name:12s} {label:8s} {np.median(values):8.2f} "
                f"[{values.min():.2f}, {values.max():.2f}]"
            )
