# SPDX-License-Identifier: BSD-3-Clause
"""The arguments of the command, without an import of what carries them out."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from .names import OURS, RIVALS

_DATA = """\
DATA is a file: CSV, TSV (also compressed), Parquet, .npz (arrays X and y, or a sparse matrix of
scipy), .npy, svmlight (.svm, .svmlight, .libsvm) or .h5ad; or one of the sets that come with
scikit-learn (`sparsefs datasets` lists them); or openml:NAME, which is downloaded.
"""
_SELECT = f"""\
Select the features of a table, and say how good they are.

{_DATA}
Rows are held out first. What prepares the data and what selects see the other rows alone; an
estimator is then fitted to the selected features of these rows, and scored on those held out.
"""
_SELECT_EXAMPLES = """\
examples:
  sparsefs select digits -K 20
  sparsefs select genes.csv --target tumour -K auto --out genes_small.csv --report genes.html
  sparsefs select cells.h5ad --target cell_type -K 50 --json > cells.json
  sparsefs select spectra.parquet --target sugar --task regression -K 10 --drop batch
  sparsefs select images.npz --unsupervised --method wast -K 50 --set max_iter=20
"""
_COMPARE = f"""\
Rank the features by several methods, and score the best K of each, cross-validated.

{_DATA}
In every fold, the same for all methods, the training rows are prepared and ranked, an estimator is
fitted to their K best features, and it is scored on the held-out rows.
"""
_COMPARE_EXAMPLES = """\
examples:
  sparsefs compare digits -K 5 10 20
  sparsefs compare genes.csv --target tumour -K 10 50 --methods gradual-pruning,f-test,l1,rfe
  sparsefs compare genes.csv --target tumour --time-limit 60 --json > methods.json
"""


class _Parser(argparse.ArgumentParser):
    """Errors in one line, whichever command they are in."""

    def error(self, message):
        print(f"sparsefs: error: {message} (see {self.prog} --help)", file=sys.stderr)
        self.exit(2)


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; what it parses has the command's function as ``run``."""
    parser = _Parser(
        prog="sparsefs",
        description="Select the most useful of many features with sparse neural networks.",
        epilog="`sparsefs COMMAND --help` has examples.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    _add(commands, "select", "select features, and score them", _SELECT, _SELECT_EXAMPLES, _select)
    _add(commands, "compare", "compare methods", _COMPARE, _COMPARE_EXAMPLES, _compare)
    text = "List the data sets that come with scikit-learn, to try the commands on."
    _add(commands, "datasets", "list data sets to try", text, "", _json)
    text = "Say which versions, devices, threads and extras there are."
    _add(commands, "info", "versions, devices, extras", text, "", _json)
    return parser


def _add(commands, name, summary, description, epilog, add_arguments):
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="say errors only on stderr")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    parser.set_defaults(run=_Run(name))


class _Run:
    """The function of a command, imported when it is called."""

    def __init__(self, name):
        self.name = name

    def __call__(self, arguments):
        return importlib.import_module(f".{self.name}", __package__).run(arguments)


class _Version(argparse.Action):
    def __init__(self, option_strings, dest):
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser, namespace, values, option_string=None):
        from .._version import __version__

        print(f"sparsefs {__version__}")
        parser.exit()


def _select(parser):
    _data(parser)
    parser.add_argument(
        "-K",
        type=_number_of_features,
        default="auto",
        metavar="K",
        help="number of features; a share, as 0.1; or auto, chosen by cross-validation within "
        "the training rows (default)",
    )
    parser.add_argument(
        "--method", choices=OURS, default="gradual-pruning", help="default: gradual-pruning"
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the selector, as max_iter=20; may be repeated",
    )
    parser.add_argument(
        "--scaling",
        metavar="NAME",
        help="how the selector scales the columns: feature, each by itself, or another of its own "
        "(default: the selector's, or feature where columns differ much)",
    )
    parser.add_argument(
        "--test-size",
        type=_share,
        default=0.2,
        metavar="SHARE",
        help="share of the rows to hold out (default: 0.2)",
    )
    parser.add_argument(
        "--no-score", action="store_true", help="hold nothing out: select by all rows"
    )
    parser.add_argument(
        "--refit",
        action="store_true",
        help="after the score, select again by all rows, as many features; this selection is then "
        "what is printed and written",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the selected columns and the target: .csv, .tsv, .parquet or .npz",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report: .html")
    _json(parser)


def _compare(parser):
    _data(parser)
    parser.add_argument(
        "-K",
        type=_positive,
        nargs="+",
        default=[10, 25, 50],
        metavar="K",
        help="numbers of features (default: 10 25 50)",
    )
    parser.add_argument(
        "--methods",
        type=lambda text: [name for name in text.split(",") if name],
        metavar="A,B,...",
        help=f"some of {', '.join([*OURS, *RIVALS])} (default: quick ones)",
    )
    parser.add_argument(
        "--cv", type=_folds, default=5, metavar="N", help="number of folds (default: 5)"
    )
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        metavar="SECONDS",
        help="end a method that takes longer; each then has a process of its own",
    )
    parser.add_argument(
        "--jobs", type=_jobs, default=1, metavar="N", help="folds at the same time (default: 1)"
    )
    _json(parser)


def _data(parser):
    parser.add_argument("data", metavar="DATA", help="file, or name of a data set")
    parser.add_argument(
        "--target",
        metavar="COL",
        help="column to predict; of .npz an array (default: y) or a file of its own, one value a "
        "row; of .h5ad a column of obs",
    )
    parser.add_argument(
        "--unsupervised",
        action="store_true",
        help="rank the features without the target, which is then used to score them, if there "
        "is one",
    )
    parser.add_argument(
        "--task",
        choices=("auto", "classification", "regression"),
        default="auto",
        help="what the target is (default: text and few whole numbers are classes)",
    )
    parser.add_argument("--drop", nargs="+", default=[], metavar="COL", help="columns to leave out")
    parser.add_argument(
        "--keep",
        nargs="+",
        default=[],
        metavar="COL",
        help="columns to take that would be left out: identifiers, dates, row numbers",
    )
    parser.add_argument(
        "--missing",
        nargs="+",
        default=[],
        metavar="TEXT",
        help="what else stands for a missing value in CSV, as '?'",
    )
    parser.add_argument(
        "--separator", metavar="CHAR", help="between the columns of CSV (default: by the file)"
    )
    parser.add_argument(
        "--no-header",
        action="store_true",
        help="the first row of CSV is data; columns are called 0, 1, 2, ...",
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="decides all that is random (default: 0)"
    )


def _json(parser):
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _number(text, kind, ok, what):
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not ok(value):
        raise argparse.ArgumentTypeError(f"must be {what}, not {text!r}")
    return value


def _number_of_features(text):
    if text == "auto":
        return text
    if "." in text:
        return _number(text, float, lambda v: 0 < v <= 1, "a number, a share up to 1.0 or auto")
    return _number(text, int, lambda v: v >= 1, "a number, a share up to 1.0 or auto")


def _positive(text):
    return _number(text, int, lambda v: v >= 1, "a positive number")


def _folds(text):
    return _number(text, int, lambda v: v >= 2, "a number of folds, 2 at least")


def _seconds(text):
    return _number(text, float, lambda v: 0 < v < float("inf"), "a number of seconds")


def _jobs(text):
    return _number(text, int, lambda v: v != 0, "a number of jobs, or -1 for all processors")


def _share(text):
    return _number(text, float, lambda v: 0 < v < 1, "a share between 0 and 1")


def _seed(text):
    return _number(text, int, lambda v: 0 <= v < 2**32, "a whole number from 0")
