# SPDX-License-Identifier: BSD-3-Clause
"""Run a measurement: ``python -m benchmarks NAME``; what each does: ``... NAME --help``.

Each writes its rows to ``benchmarks/results/NAME.csv`` and prints a summary. Existing rows are not
measured again, whatever version made them, so an interrupted run resumes; ``--fresh`` deletes them
first. Every row contains the machine, the versions and the commit.
Real data sets are read from the folder in SPARSEFS_DATA, by default ../shared/datasets.
"""

import argparse
import importlib
from pathlib import Path

from benchmarks.results import Results

NAMES = (
    "ablation",
    "accuracy",
    "mixed_tables",
    "columns",
    "reseeded",
    "published",
    "wast",
    "papers",
    "coverage",
    "synthetic",
    "false_discoveries",
    "survival",
    "chance",
    "speed",
    "time_to_accuracy",
    "fits",
    "quick_selection",
    "attribution",
    "memory",
    "wide_sparse",
    "sizes",
    "scaling",
    "distributed",
    "traffic",
    "kernels",
    "long",
    "startup",
    "command_line",
    "gpu",
    "tradeoff",
)


def main(arguments=None):
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=as_written
    )
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name in NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        command = commands.add_parser(
            name,
            help=module.__doc__.splitlines()[0].rstrip("."),
            description=module.__doc__,
            formatter_class=as_written,
        )
        module.add_arguments(command)
        command.add_argument("--fresh", action="store_true", help="forget earlier results")
        command.add_argument("--folder", type=Path, help="of the CSV files, if not the usual one")
        command.set_defaults(module=module)
    arguments = parser.parse_args(arguments)
    unavailable = getattr(arguments.module, "unavailable", None)
    if unavailable and unavailable():
        print(unavailable())
        return
    if arguments.folder:
        Results.folder = arguments.folder
    if arguments.fresh:
        forget = getattr(arguments.module, "forget", None)
        forget(arguments) if forget else Results.forget(arguments.name)
    arguments.module.run(arguments)
    file_of = getattr(arguments.module, "file_of", lambda arguments: arguments.name)
    Results(file_of(arguments), key=[]).print_origin()


if __name__ == "__main__":
    main()
