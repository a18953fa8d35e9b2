# SPDX-License-Identifier: BSD-3-Clause
"""Parser of the arguments. Importing this imports no library."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from .messages import print_to_stderr
from .names import DEFAULT, DEFAULT_SURVIVAL, DEFAULT_UNSUPERVISED, OURS, RIVALS

_NUMBERS_OF_FEATURES = "an integer of at least 1, a share such as 0.1, auto or above_noise"
_DATA = """\
DATA is one of:
  a file       CSV or TSV (may be compressed), Parquet, Feather, .xlsx, ARFF, JSON lines (.jsonl,
               .ndjson), .npz (arrays X and y, or a scipy sparse matrix), .npy, svmlight (.svm,
               .svmlight, .libsvm), .h5ad
  -            CSV from standard input
  a data set   of scikit-learn (`sparsefs datasets` lists them)
  openml:NAME  a data set of openml.org, which is downloaded
"""
_SELECT = f"""\
Select the best features of a table and score them.

{_DATA}
A share of the rows is held out for the score. The other rows prepare the data, select the features
and train an estimator on the selected features. The held-out rows score this estimator. Random
features, a constant guess and all features are scored on the same rows. With fewer than 200 rows
this is repeated on several splits.
"""
_SELECT_EXAMPLES = """\
examples:
  sparsefs select digits -K 20
  sparsefs select genes.csv --target tumour -K auto --out genes_small.csv --report genes.html
  sparsefs select cells.h5ad --target cell_type --groups donor --layer counts --log1p -K 50
  sparsefs select january.csv --target churn --keep age --save churn.joblib
  zcat genes.csv.gz | sparsefs select - --target tumour --id sample --json > genes.json
  sparsefs select spectra.parquet --target sugar --task regression -K 10 --exclude batch
  sparsefs select images.npz --unsupervised --method wast -K 50 --set max_iter=20
"""
_COMPARE = f"""\
Compare methods by the cross-validated score of their K best features.

{_DATA}
All methods use the same folds. In each fold the training rows prepare the data, rank the features
and train an estimator on the K best features. The held-out rows score this estimator. Methods that
are not different from the best are marked.
"""
_COMPARE_EXAMPLES = """\
examples:
  sparsefs compare digits -K 5 10 20
  sparsefs compare genes.csv --target tumour -K 10 50 --methods gradual-pruning,f-test,l1,rfe
  sparsefs compare genes.csv --target tumour --time-limit 60 --json > methods.json
  sparsefs compare genes.csv --target tumour --cv 10 --report methods.html
"""
_APPLY = """\
Take the selected columns of another file, such as that of the next month.

SELECTION is a file of `sparsefs select --save`. DATA is read with the same options. Its columns may
be in another order. Only the selected ones must be there; the target and the column of --id are
written too if they are there. A selection is a pickle: apply only files that you trust.
"""
_APPLY_EXAMPLES = """\
examples:
  sparsefs apply churn.joblib february.csv --out february_small.csv
"""


class _Parser(argparse.ArgumentParser):
    """Argument parser whose errors are one line, and whose options are given once."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register("action", None, _Once)

    def error(self, message):
        print_to_stderr(f"error: {message} (see {self.prog} --help)")
        self.exit(2)


class _Renamed(argparse.Action):
    """Option that has another name now."""

    def __init__(self, option_strings, dest, **settings):
        super().__init__(option_strings, dest, nargs="*", **settings)

    def __call__(self, parser, namespace, values, option_string=None):
        parser.error(f"{option_string} is now --exclude")


class _Once(argparse.Action):
    """Value of an option that must not be given twice, as one of the values would be lost."""

    def __call__(self, parser, namespace, values, option_string=None):
        given = namespace.__dict__.setdefault("given", set())
        if self.dest in given:
            raise argparse.ArgumentError(self, "is given twice; pass one value")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands; parsed arguments have the command's function as ``run``."""
    parser = _Parser(
        prog="sparsefs",
        description="Feature selection with sparse neural networks.",
        epilog="`sparsefs COMMAND --help` shows the options and examples of a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    _add(commands, "select", "select features and score them", _SELECT, _SELECT_EXAMPLES, _select)
    _add(commands, "compare", "compare methods", _COMPARE, _COMPARE_EXAMPLES, _compare)
    _add(
        commands,
        "apply",
        "take the selected columns of another file",
        _APPLY,
        _APPLY_EXAMPLES,
        _apply,
    )
    text = "List the data sets that come with scikit-learn."
    _add(commands, "datasets", "list example data sets", text, "", _json)
    text = "Show versions, devices and extras, for example for a bug report."
    _add(commands, "info", "show versions, devices and extras", text, "", _json)
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
    parser.add_argument("-q", "--quiet", action="store_true", help="print only errors on stderr")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_Run(name))


class _Run:
    """Function of a command, imported when called."""

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
        help="number of features, such as 20; share of the features, such as 0.1; auto: chosen by "
        "cross-validation on the training rows; or above_noise: as many as rank above permuted "
        "copies, perhaps none (default: auto)",
    )
    parser.add_argument(
        "--level",
        type=_share,
        metavar="RATE",
        help="instead of -K: select by q-values, so that at most this share of the selection is "
        "expected to be false; takes about a hundred fits, and may select nothing",
    )
    parser.add_argument(
        "--cv", type=_folds, metavar="N", help="number of folds of -K auto (default: 5)"
    )
    parser.add_argument(
        "--time-limit",
        type=_positive_number,
        metavar="SECONDS",
        help="end a fit of the selector after this time, with the ranking so far",
    )
    parser.add_argument(
        "--method",
        choices=OURS,
        default="gradual-pruning",
        help="selector (default: gradual-pruning)",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="parameter of the selector, such as max_iter=20; may be repeated",
    )
    parser.add_argument(
        "--scaling",
        metavar="NAME",
        help="scaling of the columns, feature (each column on its own) or another value of the "
        "method's parameter (default: auto, chosen from the data)",
    )
    parser.add_argument(
        "--feature-costs",
        type=Path,
        metavar="FILE",
        help="costs of columns, which are then ranked by score per cost: a CSV file with the "
        "columns feature and cost, or a JSON object; others cost 1",
    )
    parser.add_argument(
        "--budget",
        type=_positive_number,
        metavar="COST",
        help="select what costs at most this, instead of K columns",
    )
    parser.add_argument(
        "--test-size",
        type=_share,
        default=0.2,
        metavar="SHARE",
        help="share of the rows that are held out (default: 0.2)",
    )
    parser.add_argument(
        "--splits",
        type=_positive,
        metavar="N",
        help="number of random splits to score, each with a new selection (default: 1; 10 for "
        "fewer than 200 rows, or 3 if a selection takes long)",
    )
    parser.add_argument(
        "--no-score", action="store_true", help="hold out no rows: select on all rows, no score"
    )
    parser.add_argument(
        "--refit",
        action="store_true",
        help="after the score, select the same number of features again on all rows; print and "
        "write this selection",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the selected columns and the target to a .csv, .tsv, .parquet or .npz file, or "
        "- for CSV on standard output; from .h5ad also to .h5ad, with obs and var",
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="save the selection to a .joblib file, for `sparsefs apply` and Python",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a report to an .html file"
    )
    _json(parser)


def _apply(parser):
    parser.add_argument("selection", type=Path, metavar="SELECTION", help="file of --save")
    parser.add_argument("data", metavar="DATA", help="file, or - for CSV from standard input")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the columns to a .csv, .tsv, .parquet, .npz or .h5ad file (default: CSV on "
        "standard output)",
    )


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
        help=f"methods, from {', '.join([*OURS, *RIVALS])} (default: {','.join(DEFAULT)}; for "
        f"survival {','.join(DEFAULT_SURVIVAL)}; with --unsupervised "
        f"{','.join(DEFAULT_UNSUPERVISED)})",
    )
    parser.add_argument(
        "--cv", type=_folds, default=5, metavar="N", help="number of folds (default: 5)"
    )
    parser.add_argument(
        "--time-limit",
        type=_positive_number,
        metavar="SECONDS",
        help="stop a method that takes longer; each method then runs in its own process",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the scores to a .csv or .json file"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a report to an .html file"
    )
    _json(parser)


def _data(parser):
    parser.add_argument("data", metavar="DATA", help="file or name of a data set")
    parser.add_argument(
        "--target",
        action="append",
        metavar="COL",
        help="column to predict; for .npz the name of an array (default: y), for .h5ad a column of "
        "obs; or a file (.npy, .txt) with one value per row; may be repeated for several numbers "
        "or labels per row",
    )
    parser.add_argument(
        "--event",
        metavar="COL",
        help="column that says whether the event has happened at the time in --target, for "
        "survival: 1 or 0, yes or no, dead or alive",
    )
    parser.add_argument(
        "--id",
        metavar="COL",
        help="column that names the rows, such as barcodes: no feature, and the first column of "
        "the file of --out; for .h5ad a column of obs, or obs_names",
    )
    parser.add_argument(
        "--groups",
        metavar="COL",
        help="column whose equal values mark rows that belong together, such as patients: no "
        "feature, and no split separates these rows",
    )
    parser.add_argument(
        "--weights",
        metavar="COL",
        help="column of sample weights for the selection and the score: no feature",
    )
    parser.add_argument(
        "--unsupervised",
        action="store_true",
        help="select without the target; a target is then used for the score only",
    )
    parser.add_argument(
        "--task",
        choices=("auto", "classification", "regression"),
        default="auto",
        help="task (default: auto: text and whole numbers with few different values are classes)",
    )
    parser.add_argument(
        "--keep",
        action="extend",
        nargs="+",
        default=[],
        metavar="COL",
        help="columns that are always selected; K counts them. COL may be a pattern such as "
        "'MT-*', or @FILE with a name per line, here and in --exclude",
    )
    parser.add_argument(
        "--exclude",
        action="extend",
        nargs="+",
        default=[],
        metavar="COL",
        help="columns to leave out",
    )
    parser.add_argument("--drop", action=_Renamed, help=argparse.SUPPRESS)
    parser.add_argument(
        "--feature-groups",
        type=Path,
        metavar="FILE",
        help="columns that are selected together, and K counts groups: a CSV file with the columns "
        "feature and group, or a JSON object of lists",
    )
    parser.add_argument(
        "--text",
        nargs="+",
        default=[],
        metavar="COL",
        help="columns to use as categories, such as codes that are written as numbers",
    )
    parser.add_argument(
        "--transpose",
        action="store_true",
        help="each row of the file is a feature and each column a sample; the first column of a "
        "table contains the names of the features",
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="seed of all random choices (default: 0)"
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="folds, or halves of --level, at the same time; -1 for all processors (default: 1)",
    )
    parser.add_argument(
        "--estimator",
        choices=("svc", "logistic", "forest", "lightgbm"),
        help="model to score on the selected features; for numbers svc is kernel ridge regression "
        "and logistic is ridge regression (default: svc)",
    )
    parser.add_argument(
        "--scoring",
        metavar="NAME",
        help="score, by its name in scikit-learn, such as balanced_accuracy, roc_auc or "
        "neg_mean_absolute_error (default: accuracy, R2, or concordance)",
    )
    h5ad = parser.add_argument_group(".h5ad files")
    h5ad.add_argument("--layer", metavar="NAME", help="layer to read instead of X")
    h5ad.add_argument(
        "--log1p", action="store_true", help="take log(1 + x) of the values, for counts"
    )
    csv = parser.add_argument_group("CSV files")
    csv.add_argument(
        "--missing",
        action="extend",
        nargs="+",
        default=[],
        metavar="TEXT",
        help="further texts for a missing value, such as 'below limit'",
    )
    csv.add_argument(
        "--separator", metavar="CHAR", help="separator of columns (default: found in the file)"
    )
    csv.add_argument(
        "--decimal", choices=(".", ","), help="decimal mark of numbers (default: found in the file)"
    )
    csv.add_argument(
        "--thousands", metavar="CHAR", help="mark between thousands, such as , in 1,234.50"
    )
    csv.add_argument(
        "--encoding", metavar="NAME", help="encoding, such as cp1252 or utf-16 (default: utf-8)"
    )
    csv.add_argument(
        "--comment", metavar="CHAR", help="character that begins a comment until the end of a line"
    )
    csv.add_argument(
        "--skip-rows",
        type=_not_negative,
        metavar="N",
        help="lines to skip before the column names (default: titles and comments that begin "
        "with #)",
    )
    csv.add_argument(
        "--no-header",
        action="store_true",
        help="the first row is data; columns are named 0, 1, 2, ...",
    )


def _json(parser):
    parser.add_argument(
        "--json", action="store_true", help="print the results as one JSON document"
    )


def _number(text, kind, ok, what):
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not ok(value):
        raise argparse.ArgumentTypeError(f"must be {what}. Got {text!r}")
    return value


def _number_of_features(text):
    if text in ("auto", "above_noise"):
        return text
    if "." in text:
        return _number(
            text,
            float,
            lambda v: 0 < v <= 1,
            _NUMBERS_OF_FEATURES,
        )
    return _number(text, int, lambda v: v >= 1, _NUMBERS_OF_FEATURES)


def _positive(text):
    return _number(text, int, lambda v: v >= 1, "an integer of at least 1")


def _not_negative(text):
    return _number(text, int, lambda v: v >= 0, "an integer of at least 0")


def _folds(text):
    return _number(text, int, lambda v: v >= 2, "an integer of at least 2")


def _positive_number(text):
    return _number(text, float, lambda v: 0 < v < float("inf"), "a positive number")


def _jobs(text):
    return _number(text, int, lambda v: v != 0, "an integer, -1 for all processors")


def _share(text):
    return _number(text, float, lambda v: 0 < v < 1, "a share between 0 and 1")


def _seed(text):
    return _number(text, int, lambda v: 0 <= v < 2**32, "an integer from 0 to 4294967295")
