# SPDX-License-Identifier: BSD-3-Clause
"""Every mistake is one line that says what to do, and ends with the right status."""

import json
import warnings

import numpy as np
import pytest

import sparsefs
from sparsefs.cli import main
from tests.cli.common import numbers


@pytest.fixture
def csv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbers().to_csv("data.csv", index=False)
    return "data.csv"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("select data.csv --target lable", "has no column 'lable': did you mean 'label'?"),
        ("select data.csv --target LABEL", "did you mean 'label'?"),
        ("select data.csv --target zzz", "known: 'f0', 'f1'"),
        ("select data.csv --target zzz", "and 3 more"),
        ("select data.csv", "no target: name a column by --target"),
        ("select data.csv --target label --exclude f99", "--exclude: data.csv has no column 'f99'"),
        ("select data.csv --target label --drop f1", "--drop is now --exclude"),
        ("select data.csv --target f1 --exclude f1", "--exclude: column 'f1' is the target"),
        ("select data.csv --target label --keep g", "--keep: data.csv has no column 'g'"),
        ("select data.csv --target label --text zip", "--text: data.csv has no column 'zip'"),
        ("select data.csv --target label --skip-rows -1", "--skip-rows: must be an integer"),
        ("select digits --transpose", "--transpose is not supported for digits"),
        ("select dta.csv --target label", "no file 'dta.csv': did you mean 'data.csv'?"),
        ("select digit -K 3", "did you mean 'digits'?"),
        ("select .", "is a directory"),
        ("select data.xls", "there is no file 'data.xls'"),
        ("select sklearn:digit", "no data set 'digit': did you mean 'digits'?"),
        ("select digits --target kind", "has no column 'kind'"),
        (
            "select data.csv --target label -K 0",
            "argument -K: must be an integer of at least 1, a share",
        ),
        ("select data.csv --target label -K 1.5", "auto or above_noise. Got '1.5'"),
        ("select data.csv --target label -K few", "argument -K: must be an integer"),
        ("select data.csv --target label --test-size 1", "--test-size: must be a share"),
        ("select data.csv --target label --seed -1", "--seed: must be an integer from 0"),
        ("select data.csv --target label --set epochs", "--set 'epochs' must be NAME=VALUE"),
        ("select data.csv --target label --set maxiter=3", "did you mean 'max_iter'"),
        ("select data.csv --target label --set K=3", "--set K: use -K instead"),
        ("select data.csv --target label --set task=auto", "--set task: use --task instead"),
        ("select data.csv --target label --set max_iter=0", "'max_iter' parameter"),
        ("select data.csv --target label --set max_iter=many", "'max_iter' parameter"),
        ("select data.csv --target label --scaling big", "The 'scaling' parameter"),
        ("select data.csv --target label --method lasso", "invalid choice: 'lasso'"),
        (
            "select data.csv --target label --method neurofs",
            "neurofs needs a number of features; pass one by -K",
        ),
        ("select data.csv --unsupervised --method neurofs -K 3", "neurofs needs a target"),
        ("select data.csv --event f1", "--event needs --target"),
        ("select data.csv --target label -K 2 -K 3", "argument -K: is given twice; pass one value"),
        (
            "select data.csv --target label --out a.csv --out b.csv",
            "argument --out: is given twice",
        ),
        ("select data.csv --target label --seed 1 --seed 1", "argument --seed: is given twice"),
        ("select data.csv --target label --set lr=1 --set lr=2", "--set lr is given twice"),
        ("compare data.csv --target label -K 2 -K 3", "argument -K: is given twice"),
        ("select data.csv --target label --out a.xls", "must end in .csv or .tsv"),
        ("select data.csv --target label --out no/a.csv", "its directory does not exist"),
        ("select data.csv --target label --report a.pdf", "--report: 'a.pdf' must end in .html"),
        ("select data.csv --target label --separator ::", "--separator must be one character"),
        ("compare data.csv --target label --methods f-tset", "did you mean 'f-test'?"),
        (
            "compare data.csv --target label --methods ,",
            "--methods: the list is empty; supported: gradual-pruning",
        ),
        ("compare data.csv --target label --cv 1", "--cv: must be an integer of at least 2"),
        (
            "compare data.csv --target label --time-limit 0",
            "--time-limit: must be a positive number",
        ),
        ("compare data.csv --target lable", "did you mean 'label'?"),
        ("selct data.csv", "invalid choice: 'selct'"),
        ("", "the following arguments are required: COMMAND"),
        ("select", "the following arguments are required: DATA"),
        ("select data.csv --nonsense", "unrecognized arguments: --nonsense"),
    ],
)
def test_bad_usage(arguments, words, refused, csv):
    assert words in refused(*arguments.split())


def test_lists_may_be_given_in_parts(select, csv):
    ran = select(csv, "--target", "label", "-K", 2, "--exclude", "f0", "--exclude", "f1", "f2")
    assert ran.json["data"]["n_columns"] == 9
    assert select(csv, "--target", "label", "-K", 2).json["data"]["n_columns"] == 12


@pytest.mark.parametrize(
    ("arrays", "target", "words"),
    [
        ({"X": np.zeros((20, 3)), "y": np.arange(19)}, "y", "X has 20 rows, but 'y' has shape"),
        ({"X": np.zeros((20, 3)), "kind": np.arange(20)}, "knd", "did you mean 'kind'?"),
        ({"X": np.array([["a"]]), "y": np.zeros(1)}, "y", "must be a table of numbers"),
        ({"a": np.zeros((2, 2)), "b": np.zeros((2, 2))}, "y", "no array 'X'; it contains a, b"),
        ({"X": np.zeros((20, 3)), "columns": np.array(["a"])}, None, "3 columns, but 1 names"),
    ],
)
def test_bad_arrays(arrays, target, words, refused, tmp_path):
    np.savez(tmp_path / "data.npz", **arrays)
    options = ["--target", target] if target else ["--unsupervised"]
    assert words in refused("select", tmp_path / "data.npz", *options)


def test_an_output_that_holds_numbers_only_is_refused_before_the_fit(refused, tmp_path):
    frame = numbers()
    frame["town"] = np.resize(["Rome", "Oslo"], len(frame))
    frame.to_csv(tmp_path / "data.csv", index=False)
    options = ["--target", "label", "--out", tmp_path / "a.npz"]
    message = refused("select", tmp_path / "data.csv", *options)
    assert "can contain numbers only, and column 'town' is text" in message


def failing(error):
    def fit(self, *args, **kwargs):
        raise error

    return fit


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ValueError("X is odd\nin two lines"), 2, "X is odd in two lines"),
        (FloatingPointError("The loss became NaN."), 1, "The loss became NaN."),
        (MemoryError(), 1, "MemoryError (pass --debug for the traceback)"),
        (RuntimeError("no luck"), 1, "RuntimeError: no luck (pass --debug for the traceback)"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_fails_ends_in_one_line(error, status, words, refused, csv, monkeypatch):
    monkeypatch.setattr(sparsefs.GradualPruningSelector, "fit", failing(error))
    assert refused("select", csv, "--target", "label", status=status) == words


def test_debug_shows_where(csv, command, monkeypatch):
    monkeypatch.setattr(sparsefs.GradualPruningSelector, "fit", failing(RuntimeError("no luck")))
    with pytest.raises(RuntimeError, match="no luck"):
        command("select", csv, "--target", "label", "--debug")


def test_how_warnings_are_shown_is_left_as_it_was(csv, command):
    before = warnings.showwarning, list(warnings.filters)
    command("select", csv, "--target", "label", "-K", 2, "--set", "max_iter=5")
    command("select", csv, "--target", "lable")
    assert (warnings.showwarning, list(warnings.filters)) == before


def test_help_version_and_lists(capsys):
    for arguments in (["--help"], ["select", "--help"], ["compare", "--help"]):
        assert main(arguments) == 0
        shown = capsys.readouterr()
        assert "usage: sparsefs" in shown.out and shown.err == ""
    assert "examples:\n  sparsefs compare digits" in shown.out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"sparsefs {sparsefs.__version__}\n"


def test_datasets(command):
    found = {s["name"]: s for s in command("datasets", "--json").json}
    assert found["digits"]["n_rows"] == 1797 and found["digits"]["n_classes"] == 10
    assert found["diabetes"]["n_classes"] is None
    text = command("datasets").out
    assert all(name in text for name in found) and "openml:" in text


def test_info(command):
    found = json.loads(command("info", "--json").out)
    assert found["versions"]["sparsefs"] == sparsefs.__version__
    assert found["devices"][0] == "cpu" and found["extras"]["cli"]["pandas"]
    text = command("info").out
    assert "torch" in text and "devices" in text and "anndata" in text


def test_info_says_how_to_get_what_is_missing(command, monkeypatch):
    from importlib.metadata import PackageNotFoundError, version

    def without_optuna(name):
        if name == "optuna":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr("sparsefs.cli.info.version", without_optuna)
    assert 'optuna missing   (pip install "sparsefs[optuna]")' in command("info").out


def test_rows_longer_than_the_header(refused, tmp_path):
    """pandas takes the first values for names of rows, and shifts all columns."""
    rows = "".join(f"{i % 2},{i}.5,3.25,\n" for i in range(40))
    (tmp_path / "long.csv").write_text("y,a,b\n" + rows)
    assert "end no row with a separator" in refused(
        "select", tmp_path / "long.csv", "--target", "y", "-K", 1
    )


def test_a_target_that_several_columns_are_called_is_refused(refused, tmp_path):
    frame = numbers(n_noise=1)
    frame.columns = ["label", "f0", "beta", "label"]
    frame.to_csv(tmp_path / "twice.csv", index=False)
    message = refused("select", tmp_path / "twice.csv", "--target", "label", "-K", 1)
    assert "has several columns named 'label': rename all but one" in message


def test_a_comparison_without_a_result(command, csv):
    ran = command(
        "compare", csv, "--target", "label", "--methods", "all,f-test", "--time-limit", "0.001"
    )
    assert ran.status == 1 and "every method failed" in ran.err
    assert "all: " in ran.out and "f-test: " in ran.out
