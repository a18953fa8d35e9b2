# SPDX-License-Identifier: BSD-3-Clause
"""Bytes that processes exchange in a step of a fit, and accuracy where they exchange fewer.

``traffic``: bytes and messages of a step, counted in fits of two processes. ``accuracy``: that of
an SVC on features that the flagship selects in four processes, as it is and in two simulations.
``top .1``: each process sends its largest tenth of the gradient, and adds the rest to its next one
(error feedback). ``local 5``: each process takes five steps by itself, then weights and importance
are averaged. A simulation sends everything, so that only its accuracy says something.
"""

import sys

import numpy as np
import torch

from benchmarks.data import n_selected, split
from benchmarks.distributed import METHODS, printed_by_ranks
from benchmarks.evaluation import svc_accuracy
from benchmarks.formatting import mean_error, numbers, short, show
from benchmarks.results import Results
from sparsefs import GradualPruningSelector
from sparsefs.distributed.group import Group
from sparsefs.training.pruning_loop import GradualPruning

WAYS = ("all", "top .1", "top .01", "local 5", "local 25")
SETS = ("madelon", "coil20", "usps")
COLUMNS = (500, 5000)
N_PROCESSES = 4
HEADER = ["Method", "Columns", "MB of the first steps", "MB a step, mean", "Messages a step"]


def add_arguments(parser):
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1000, 1001, 1002])


def run(arguments):
    results = Results("traffic", ["what", "way", "set", "seed"])
    cases = [("traffic", method, str(d), 0) for method in METHODS for d in COLUMNS]
    cases += [
        ("accuracy", way, name, seed)
        for name in arguments.sets
        for seed in arguments.seeds
        for way in WAYS
    ]
    for case in cases:
        key = dict(zip(results.key, case, strict=True))
        if not results.has(**key):
            results.add(**key, **printed(2 if case[0] == "traffic" else N_PROCESSES, *case))
    summarise(results)


def printed(size, *case):
    """What rank 0 of so many processes prints, as columns."""
    line = printed_by_ranks("benchmarks.traffic", size, *case)[0]
    return dict(part.split("=") for part in line.split())


def fit_as_rank(init, rank, size, what, way, name, seed):
    import torch.distributed as dist

    dist.init_process_group("gloo", init_method=init, rank=rank, world_size=size)
    if what == "traffic":
        count(METHODS[way](size), int(name), rank)
        return
    data = X, _, y, _ = split(name, int(seed))
    order = np.random.default_rng(int(seed)).permutation(len(y))[rank::size]
    simulate(way, size)
    selector = GradualPruningSelector(n_selected(name), random_state=int(seed), device="cpu")
    selector.fit(X[order], y[order])
    print(f"found={svc_accuracy(data, selector.get_support()):.2f}")


def count(selector, n_columns, rank):
    """Print bytes and messages of a step, and the bytes of the largest message."""
    sizes, steps, start, sum_ = [], [], Group._start, Group.sum_

    def counted(self, name, tensors, *rest):
        tensor = tensors[0] if name == "allreduce" else tensors[0][0]
        sizes.append(tensor.numel() * tensor.element_size())
        return start(self, name, tensors, *rest)

    def stepped(self, *tensors):
        steps.append(len(sizes))
        sum_(self, *tensors)

    Group._start, Group.sum_ = counted, stepped
    rng = np.random.default_rng(rank)
    X, y = rng.standard_normal((10_000, n_columns), dtype=np.float32), rng.integers(2, size=10_000)
    selector.set_params(batch_size=200, random_state=0, device="cpu").fit(X, y)
    sizes = sizes[steps[0] :]  # without those before the training
    print(
        f"largest={max(sizes)} bytes={sum(sizes) / len(steps):.0f} "
        f"messages={len(sizes) / len(steps):.2f}"
    )


def simulate(way, size):
    """Let the ranks of this process exchange less, as `way` says."""
    kind, _, amount = way.partition(" ")
    if kind == "top":
        Group.sum_ = largest_only(float(amount))
    elif kind == "local":
        GradualPruning._step = steps_alone(int(amount), size)


def largest_only(share):
    """A sum of the largest gradients of each rank; what it holds back, it adds to the next ones."""
    kept, everything = {}, Group.sum_

    def sum_(self, *tensors):
        for place, tensor in enumerate(tensors[:-2]):  # not importance and loss, which are small
            if place in kept and kept[place].shape == tensor.shape:
                tensor += kept[place]
            values = tensor.view(-1)
            n = max(1, round(share * len(values)))
            sent = torch.zeros_like(values)
            largest = values.abs().topk(n).indices
            sent[largest] = values[largest]
            kept[place] = tensor - sent.view(tensor.shape)
            tensor.copy_(sent.view(tensor.shape))
        everything(self, *tensors)

    return sum_


def steps_alone(n, size):
    """Steps on gradients of one rank; after every `n`, and before inputs are removed, a mean."""
    together, everything = GradualPruning._step, Group.sum_

    def alone(self, *tensors):
        for tensor in tensors:
            tensor *= size

    def step(self, rows, parts):
        Group.sum_ = alone
        loss = together(self, rows, parts)
        Group.sum_ = everything
        self.n_alone = getattr(self, "n_alone", 0) + 1
        if self.n_alone % n == 0 or self.n_alone % self.n_steps == 0:
            values = [parameter.value for parameter in self.networks.parameters]
            self.ranks.sum_(*values, self.importance.values, loss)
            for tensor in (*values, self.importance.values, loss):
                tensor /= size
        return loss

    return step


def summarise(results):
    show(HEADER, lines_of_traffic(results), "Traffic of each process")
    show(["", *WAYS], lines_of_accuracy(results), "Accuracy, % (and its difference from all)")


def lines_of_traffic(results):
    for row in results.where(what="traffic"):
        megabytes = (short(float(row[name]) / 1e6) for name in ("largest", "bytes"))
        yield [row["way"], row["set"], *megabytes, short(float(row["messages"]))]


def lines_of_accuracy(results):
    sets = list(dict.fromkeys(row["set"] for row in results.where(what="accuracy")))
    for name in sets:
        of = [numbers(results.where(what="accuracy", set=name, way=way), "found") for way in WAYS]
        n = min(map(len, of))
        yield [
            name,
            mean_error(of[0][:n]),
            *(mean_error(found[:n] - of[0][:n]) for found in of[1:]),
        ]


if __name__ == "__main__":
    fit_as_rank(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
