# SPDX-License-Identifier: BSD-3-Clause
"""Agreement of three selections that differ in the method's random_state only.

On the first published split of the smallest sets. The rows have the selected features; the tables
of ``accuracy`` compare them. Methods without a random_state always agree and are left out.
"""

from benchmarks import accuracy, data, evaluation, grid, methods
from benchmarks.isolated import Job
from benchmarks.results import Results

KEY = ["set", "method", "seed"]
SETS = data.SETS[:12]
METHODS = [
    *(name for name in methods.OURS if not methods.METHODS[name].for_one_K),
    *(methods.EXTRA_TREES, "random forest", "LightGBM gain", "random"),
]
COLUMNS = ["status", "seconds", "cpu_seconds", "n_features", "best"]


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS, metavar="METHOD")
    parser.add_argument("--seeds", nargs="+", type=int, default=range(3), help="of the method")
    grid.add_arguments(parser)


def run(arguments):
    results = Results("reseeded", KEY)
    with grid.Grid(arguments) as fits:
        for name in arguments.sets:
            for method in arguments.methods:
                for seed in arguments.seeds if not methods.missing(method) else ():
                    identity = {"set": name, "method": method, "seed": seed}
                    setting = {"name": name, "method": method, "seed": seed}
                    fits.fill(results, identity, COLUMNS, "benchmarks.reseeded:job", setting)


def job(name, method, seed):
    X, y, _ = accuracy.split(name, grid.PUBLISHED, as_published=False)
    n = min(accuracy.N_BEST, X.shape[1] - 1)

    def report(scores):
        best = evaluation.ranked(scores, n)
        return {"n_features": X.shape[1], "best": " ".join(map(str, best))}

    return Job(lambda: methods.METHODS[method](X, y, [n], seed), X.nbytes, report)
