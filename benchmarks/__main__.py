# SPDX-License-Identifier: BSD-3-Clause
"""Run a measurement: ``python -m benchmarks {accuracy,papers,speed,...}``.

Each writes its rows to ``benchmarks/results/<name>.csv`` as it goes and prints a summary. Rows
that are there already are not measured again, whatever version made them; ``--fresh`` forgets
them first.
Real data sets are read from the folder in SPARSEFS_DATA, by default ../shared/datasets.
"""

import argparse
import importlib

from benchmarks.results import Results

NAMES = (
    "accuracy",
    "papers",
    "coverage",
    "speed",
    "quick_selection",
    "replicas",
    "attribution",
    "memory",
    "kernels",
    "long",
)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for name in NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        command = commands.add_parser(name, help=module.__doc__.splitlines()[0])
        module.add_arguments(command)
        command.add_argument("--fresh", action="store_true", help="forget earlier results")
        command.set_defaults(run=module.run)
    arguments = parser.parse_args()
    if arguments.fresh:
        Results.forget(arguments.name)
    arguments.run(arguments)


if __name__ == "__main__":
    main()
