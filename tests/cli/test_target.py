# SPDX-License-Identifier: BSD-3-Clause
"""The command and Python give every target the same task, whatever contains it."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sparsefs import GradualPruningSelector
from sparsefs.data.target import task_of
from tests.cli.common import INFORMATIVE, numbers

N_ROWS = 600
TARGETS = {  # values, the task, whether either task is possible
    "ages": (20 + np.arange(N_ROWS) % 60, "regression", True),
    "codes": (np.arange(N_ROWS) % 40, "classification", False),
    "unequal codes": (
        np.resize(np.repeat(np.arange(30), 5 + np.arange(30)), N_ROWS),
        "classification",
        True,
    ),
    "few values": (10 * (np.arange(N_ROWS) % 4), "classification", False),
    "fractions": (np.arange(N_ROWS) % 4 / 4, "regression", False),
}
CONTAINERS = {
    "array": np.asarray,
    "float": lambda y: y.astype(float),
    "objects": lambda y: np.array(y.tolist(), dtype=object),
    "list": np.ndarray.tolist,
    "series": pd.Series,
    "nullable": lambda y: pd.Series(y).convert_dtypes(),
    "arrow": lambda y: pd.Series(y).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.Series,
}
NAMES = {
    "text": lambda y: pd.Series(y).astype(str),
    "category": lambda y: pd.Series(y).astype("category"),
    "categories of text": lambda y: pd.Series(y).astype(str).astype("category"),
}


def in_python(y):
    """The task, and whether there was a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        task = task_of(y)
    return task, any(issubclass(warning.category, UserWarning) for warning in caught)


def table(y):
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((N_ROWS, 2)))
    frame.columns = ["a", "b"]
    frame["label"] = y
    return frame


@pytest.fixture
def in_command(select, tmp_path):
    """The task of a file, and whether the note names --task."""

    def run(y, ending):
        path = tmp_path / f"data{ending}"
        if ending == ".csv":
            table(y).to_csv(path, index=False)
        elif ending == ".parquet":
            table(y).to_parquet(path)
        else:
            np.savez(path, X=table(0)[["a", "b"]], label=y)
        quick = ["--no-score", "-K", 1, "--set", "max_iter=1"]
        ran = select(path, "--target", "label", *quick, quick=False)
        task = ran.json["target"]["task"]
        assert ran.json["settings"]["task"] == task
        (line,) = (line for line in ran.err.splitlines() if "target 'label'" in line)
        assert f"({task}" in line and "warning" not in ran.err
        return task, "pass --task" in line

    return run


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_python(name, container):
    y, *expected = TARGETS[name]
    assert in_python(CONTAINERS[container](y)) == tuple(expected)


@pytest.mark.parametrize("container", NAMES)
def test_names_are_classes(container, in_command):
    y = NAMES[container](TARGETS["ages"][0])
    assert in_python(y) == ("classification", False)
    if container != "category":  # of numbers, which Parquet stores as the numbers
        assert in_command(y, ".parquet") == ("classification", False)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("container", ["series", "nullable", "arrow"])
def test_files_of_pandas(name, container, in_command):
    y, *expected = TARGETS[name]
    y = CONTAINERS[container](y)
    assert in_command(y, ".csv") == in_command(y, ".parquet") == tuple(expected)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("container", ["array", "float"])
def test_files_of_numpy(name, container, in_command):
    y, *expected = TARGETS[name]
    assert in_command(CONTAINERS[container](y), ".npz") == tuple(expected)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_missing_values_change_nothing(ending, in_command):
    y = pd.Series(TARGETS["codes"][0]).astype("Int64" if ending == ".parquet" else float)
    y[:7] = pd.NA if ending == ".parquet" else np.nan
    assert in_command(y, ending) == ("classification", False)


def test_selectors_agree():
    y, X = TARGETS["ages"][0], table(0)[["a", "b"]].to_numpy()
    with pytest.warns(UserWarning, match="taken as a quantity. Pass task='regression'"):
        selector = GradualPruningSelector(K=1, max_iter=1, random_state=0).fit(X, y)
    assert selector._target.task == "regression"


@pytest.mark.parametrize(
    ("values", "options", "task", "words"),
    [
        (lambda z: z > 0, [], "classification", "2 classes, False, True (classification)"),
        (lambda z: np.digitize(z, [-1, 0, 1]), [], "classification", "4 classes, 0, 1, 2, 3 (cl"),
        (lambda z: np.digitize(z, [-1, 0, 1]).astype(float), [], "classification", "4 classes, 0"),
        (lambda z: np.digitize(z, [-1, 1]), ["--task", "regression"], "regression", "from 0 to 2"),
        (lambda z: z, [], "regression", "(regression)"),
        (lambda z: np.round(20 * z), [], "regression", "; pass --task classification if the"),
    ],
)
def test_the_message(values, options, task, words, select, tmp_path):
    frame = numbers(200)
    y = values((frame["alpha"] + frame["beta"]).to_numpy())
    frame.assign(label=y).to_csv(tmp_path / "data.csv", index=False)
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 2, "--no-score", *options)
    n_classes = len(np.unique(y)) if task == "classification" else None
    assert ran.json["target"] == {
        "name": "label",
        "columns": ["label"],
        "task": task,
        "n_classes": n_classes,
    }
    assert words in ran.err
    assert set(ran.names) == INFORMATIVE


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        (lambda n: np.resize(["a", "b"], n), "regression", "needs a y of numbers, not text"),
        (lambda n: np.arange(n) / 2, "classification", "y holds numbers with fractions"),
        (lambda n: np.r_[np.inf, np.arange(n - 1)], "auto", "contains 1 NaN or inf values"),
        (lambda n: pd.date_range("2020-01-01", periods=n), "auto", "contains dates"),
    ],
)
def test_unusable_targets(values, task, words, refused, tmp_path):
    frame = numbers(40)
    frame.assign(label=values(40)).to_parquet(tmp_path / "data.parquet")
    options = ["--target", "label", "--task", task]
    message = refused("select", tmp_path / "data.parquet", *options)
    assert message.startswith("the target 'label' is unusable: ") and words in message
