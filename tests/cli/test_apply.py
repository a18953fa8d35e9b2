# SPDX-License-Identifier: BSD-3-Clause
"""A selection that is saved, and used on other files."""

import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest

from sparsefs.cli.saved import SavedSelection

from .common import QUICK, numbers


def month(number, n_rows=120):
    """A file of a month: text, dates, decimal commas, a mark of missing values."""
    rng = np.random.default_rng(number)
    frame = numbers(n_rows, n_noise=3, seed=number)
    frame.insert(0, "customer", [f"C{number}-{i}" for i in range(n_rows)])
    frame["town"] = rng.choice(["Rome", "Oslo", "Bern"], n_rows)
    frame["seen"] = [f"2026-{number:02}-{i % 28 + 1:02}" for i in range(n_rows)]
    positive = frame["alpha"] + 2 * (frame["town"] == "Rome") > 0.7
    frame["label"] = np.where(positive, "yes", "no")
    frame["alpha"] = [
        "below limit" if i % 9 == 4 else f"{x:.3f} mg".replace(".", ",")
        for i, x in enumerate(frame["alpha"])
    ]
    return frame


def write(frame, path):
    frame.to_csv(path, index=False, sep=";", decimal=",")


def sparsefs(*arguments, cwd):
    ran = subprocess.run(
        [sys.executable, "-m", "sparsefs", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )
    assert "Traceback" not in ran.stderr
    return ran


OPTIONS = ["--target", "label", "--id", "customer", "-K", 3, "--missing", "below limit", *QUICK]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("months")
    write(month(1), folder / "jan.csv")
    options = [*OPTIONS, "--save", "selection.joblib", "--out", "jan_small.csv"]
    ran = sparsefs("select", "jan.csv", *options, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return folder


def test_next_month(folder):
    frame = month(2)
    frame.loc[[3, 8], "town"] = "Lima"
    frame["extra"] = "x"
    shuffled = frame[sorted(frame.columns, reverse=True)]
    write(shuffled, folder / "feb.csv")
    ran = sparsefs("apply", "selection.joblib", "feb.csv", "--out", "feb_small.csv", cwd=folder)
    assert ran.returncode == 0 and ran.stdout == ""
    assert "town has 1 new value, which the selection has not seen: Lima" in ran.stderr
    before, after = (pd.read_csv(folder / f"{m}_small.csv") for m in ("jan", "feb"))
    assert list(after.columns) == list(before.columns)
    assert {"alpha", "town"} < set(after.columns)
    assert after.columns[0] == "customer" and after.columns[-1] == "label"
    assert after["town"].tolist() == frame["town"].tolist()
    numeric = frame["alpha"].str.replace(",", ".").str.removesuffix(" mg")
    expected = pd.to_numeric(numeric, errors="coerce")
    np.testing.assert_allclose(after["alpha"], expected)
    printed = sparsefs("apply", "selection.joblib", "feb.csv", "-q", cwd=folder)
    assert printed.stderr == "" and printed.stdout == (folder / "feb_small.csv").read_text()


def test_only_selected_columns_are_needed(folder):
    saved = joblib.load(folder / "selection.joblib")
    write(month(3)[saved.columns], folder / "mar.csv")
    ran = sparsefs("apply", "selection.joblib", "mar.csv", cwd=folder)
    assert ran.returncode == 0 and ran.stdout.splitlines()[0] == ",".join(saved.columns)
    write(month(3).drop(columns=["alpha", "town"]), folder / "mar.csv")
    ran = sparsefs("apply", "selection.joblib", "mar.csv", cwd=folder)
    assert ran.returncode == 2 and ran.stdout == ""
    assert "mar.csv lacks 2 of the 3 selected columns: " in ran.stderr
    assert "alpha" in ran.stderr and "town" in ran.stderr


def test_another_kind_is_refused(folder):
    write(month(4).assign(alpha="a", town=1), folder / "apr.csv")
    ran = sparsefs("apply", "selection.joblib", "apr.csv", cwd=folder)
    assert ran.returncode == 2
    assert "column 'alpha' contained numbers and contains text" in ran.stderr


def test_it_is_an_object_in_python(folder):
    saved = joblib.load(folder / "selection.joblib")
    assert isinstance(saved, SavedSelection) and saved.targets == ["label"]
    frame = month(5)
    pd.testing.assert_frame_equal(saved.transform(frame), frame[saved.columns])
    with pytest.raises(ValueError, match="X lacks 1 of the 3 selected columns: town"):
        saved.transform(frame.drop(columns="town"))
    assert saved.selector.get_support().sum() == 3
    names = np.array(saved.feature_names)[saved.selector.get_support()]
    assert set(names) == set(saved.columns)


def test_arrays(select, command, tmp_path):
    frame = numbers()
    X, y = frame.drop(columns="label").to_numpy(), frame["label"].to_numpy(str)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    saved = tmp_path / "s.joblib"
    names = select(tmp_path / "data.npz", "-K", 2, "--save", saved).names
    np.savez(tmp_path / "new.npz", X=X[:7], y=y[:7])
    out = tmp_path / "out.npz"
    assert command("apply", saved, tmp_path / "new.npz", "--out", out).status == 0
    with np.load(out) as found:
        assert found["feature_names"].tolist() == names
        np.testing.assert_array_equal(found["X"], X[:7, [int(name[1:]) for name in names]])
        assert found["y"].tolist() == y[:7].tolist()


def test_unusable_selections(folder, refused):
    jan, saved = folder / "jan.csv", folder / "selection.joblib"
    assert "there is no file" in refused("apply", folder / "no.joblib", jan)
    assert "cannot be read" in refused("apply", jan, folder / "jan_small.csv")
    joblib.dump({}, folder / "other.joblib")
    assert "is no selection" in refused("apply", folder / "other.joblib", jan)
    assert "must end in .csv" in refused("apply", saved, jan, "--out", folder / "a.txt")
    assert "is the file of DATA" in refused("apply", saved, jan, "--out", jan)
    options = ["--target", "label", "--save", folder / "a.pkl"]
    assert "--save: " in refused("select", jan, *options)
