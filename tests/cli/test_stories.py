# SPDX-License-Identifier: BSD-3-Clause
"""Whole tasks of users, each by real processes in an empty folder."""

import io
import json
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import pytest

from .test_program import program_in
from .test_targets import lives, outputs


@pytest.fixture
def sparsefs(tmp_path):
    """Run the command in the folder; what it prints."""

    def run(*arguments, given=None, status=0):
        ran = subprocess.run(
            [sys.executable, "-m", "sparsefs", *map(str, arguments)],
            input=given,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert ran.returncode == status, ran.stderr
        assert "Traceback" not in ran.stderr
        return ran

    return run


def customers(n_rows, seed):
    """A table of a business: an identifier, gaps, text, dates; two columns and a town decide."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((n_rows, 12)).round(3), columns=list("abcdefghijkl"))
    frame.insert(0, "customer", [f"C{seed}-{i:04}" for i in range(n_rows)])
    frame["town"] = rng.choice(["Ulm", "Lille", "Porto", "Gdansk"], n_rows)
    frame["since"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        rng.integers(0, 2000, n_rows), "D"
    )
    risk = 1.5 * frame["a"] + frame["b"] + 1.5 * (frame["town"] == "Ulm")
    frame["churn"] = np.where(risk > rng.logistic(size=n_rows) * 0.3, "yes", "no")
    frame.loc[rng.random(n_rows) < 0.1, "a"] = np.nan
    return frame


def test_next_months_file(tmp_path, sparsefs):
    customers(500, 1).to_csv(tmp_path / "january.csv", index=False)
    february = customers(80, 2).drop(columns="churn").sample(frac=1, axis=1, random_state=0)
    february.loc[4, "town"] = "Bergen"
    february.assign(new=1).to_csv(tmp_path / "february.csv", index=False)
    told = ("--target", "churn", "--id", "customer", "-K", 3, "--save", "churn.joblib", "--json")
    found = json.loads(sparsefs("select", "january.csv", *told).stdout)
    names = [feature["name"] for feature in found["features"]]
    assert set(names) == {"a", "b", "town"} and found["held_out"]["random"]["p_value"] <= 0.05
    ran = sparsefs("apply", "churn.joblib", "february.csv", "--out", "small.csv")
    assert "town has 1 new value" in ran.stderr and "Bergen" in ran.stderr
    small = pd.read_csv(tmp_path / "small.csv")
    assert list(small.columns) == ["customer", *names] and len(small) == 80
    assert small["a"].isna().sum() == february["a"].isna().sum()
    february.drop(columns="b").to_csv(tmp_path / "broken.csv", index=False)
    assert "lacks 1 of the 3" in sparsefs("apply", "churn.joblib", "broken.csv", status=2).stderr


def test_genes_of_cells(tmp_path, sparsefs):
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 300)
    rates = np.ones((300, 400))
    for i in range(3):
        rates[kind == i, 40 * i : 40 * i + 15] = 4
    names = [*(f"G{i}" for i in range(380)), *(f"MT-{i}" for i in range(20))]
    rates[:, 380:] = 1 + 6 * (kind == 1)[:, None]  # they tell the kinds best, and must stay out
    counts = rng.poisson(rates).astype(np.float32)
    obs = {"kind": [f"T{i}" for i in kind], "donor": [f"D{i % 6}" for i in range(300)]}
    barcodes = pd.Index([f"AAC-{i}" for i in range(300)], dtype=object)
    cells = anndata.AnnData(
        counts,
        pd.DataFrame(obs, barcodes, dtype=object),
        pd.DataFrame(index=pd.Index(names, dtype=object)),
    )
    cells.layers["counts"] = counts
    cells.write_h5ad(tmp_path / "cells.h5ad")
    forced = [f"G{i}" for i in range(370, 380)]
    (tmp_path / "forced.txt").write_text("\n".join(forced) + "\n")
    told = ["--target", "kind", "--groups", "donor", "--layer", "counts", "--log1p", "-K", 50]
    told += ["--keep", "@forced.txt", "--exclude", "MT-*", "--out", "small.h5ad", "--json"]
    found = json.loads(sparsefs("select", "cells.h5ad", *told).stdout)
    selected = {feature["name"] for feature in found["features"]}
    assert len(selected) == 50 and selected >= set(forced)
    assert not any(name.startswith("MT-") for name in selected)
    markers = {f"G{40 * i + j}" for i in range(3) for j in range(15)}
    assert len(selected & markers) > 30
    small = anndata.read_h5ad(tmp_path / "small.h5ad")
    assert small.shape == (300, 50) and list(small.obs_names) == list(cells.obs_names)


def test_survival(tmp_path, sparsefs):
    frame = lives(250).assign(patient=[f"P{i}" for i in range(250)])
    frame["died"] = np.where(frame["died"] == 1, "1:DECEASED", "0:LIVING")
    frame.to_csv(tmp_path / "patients.csv", index=False)
    told = ("--target", "months", "--event", "died", "--id", "patient", "-K", 2)
    ran = sparsefs("select", "patients.csv", *told, "--report", "r.html")
    assert {line.split()[1] for line in ran.stdout.splitlines()[1:3]} == {"alpha", "beta"}
    assert "concordance 0." in ran.stdout and "Cox regression on 50 held-out rows" in ran.stdout
    assert "with hazard" in (tmp_path / "r.html").read_text()


def test_three_targets(tmp_path, sparsefs):
    frame = outputs(200)
    frame["third"] = frame["alpha"] + frame["beta"]
    frame.to_csv(tmp_path / "table.csv", index=False)
    targets = [one for name in ("first", "second", "third") for one in ("--target", name)]
    told = (*targets, "-K", 2, "--report", "r.html", "--json")
    found = json.loads(sparsefs("select", "table.csv", *told).stdout)
    assert {feature["name"] for feature in found["features"]} == {"alpha", "beta"}
    program = program_in(tmp_path / "r.html")
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert set(ran.stdout.split()) == {"alpha", "beta"}


def test_standard_input_to_standard_output(sparsefs):
    text = customers(300, 3).to_csv(index=False)
    told = ("--target", "churn", "--id", "customer", "-K", 3, "--out", "-")
    ran = sparsefs("select", "-", *told, given=text)
    small = pd.read_csv(io.StringIO(ran.stdout))
    assert set(small.columns) == {"customer", "a", "b", "town", "churn"} and len(small) == 300
    assert "accuracy" in ran.stderr and "rank" in ran.stderr
    assert "--json" in sparsefs("select", "-", *told, "--json", given=text, status=2).stderr


def test_a_wide_file(tmp_path, sparsefs):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 20_000)).astype(np.float32)
    y = np.where(X[:, 17] + X[:, 19_999] > 0, "case", "control")
    text = io.StringIO()
    text.write(",".join([*(f"g{i}" for i in range(X.shape[1])), "label"]) + "\n")
    for row, label in zip(X, y, strict=True):
        text.write(",".join([*(f"{v:.4g}" for v in row), label]) + "\n")
    (tmp_path / "wide.csv").write_text(text.getvalue())
    ran = sparsefs("select", "wide.csv", "--target", "label", "-K", 2, "--json", "-q")
    assert [f["name"] for f in json.loads(ran.stdout)["features"]][:1] in (["g17"], ["g19999"])
