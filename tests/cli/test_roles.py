# SPDX-License-Identifier: BSD-3-Clause
"""Columns that are no features: names of rows, groups and weights."""

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import sparsefs.cli.compare
import sparsefs.evaluation.path
from sparsefs.cli.scores import _number_of_units
from sparsefs.cli.splits import split_rows, splits_after
from sparsefs.cli.target import Goal
from tests.cli.common import INFORMATIVE, numbers

ROLES = ["--target", "label", "--id", "cell", "--groups", "patient", "--weights", "w", "-K", 2]


def table():
    frame = numbers()
    frame.insert(3, "cell", [f"c{i}" for i in range(120)])
    frame.insert(0, "patient", np.repeat(np.arange(30), 4))
    frame["w"] = np.resize([1.0, 2.0, 0.5], 120)
    return frame


@pytest.fixture
def csv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table().to_csv("data.csv", index=False)
    return "data.csv"


@pytest.fixture
def fits(monkeypatch):
    """What every fit was given."""
    seen, fit = [], sparsefs.GradualPruningSelector.fit

    def spy(self, X, y=None, sample_weight=None, groups=None):
        seen.append((X, sample_weight, groups))
        return fit(self, X, y, sample_weight, groups)

    monkeypatch.setattr(sparsefs.GradualPruningSelector, "fit", spy)
    return seen


@pytest.mark.parametrize("ending", ["csv", "parquet", "npz"])
def test_roles_are_no_features(ending, csv, select, fits, tmp_path):
    ran = select(csv, *ROLES, "--splits", 3, "--out", f"out.{ending}", quick=False)
    assert set(ran.names) == INFORMATIVE and ran.json["data"]["n_columns"] == 12
    frame = table()
    assert len(fits) == 3
    for X, weights, groups in fits:
        rows = frame["patient"].isin(groups).to_numpy()
        assert rows.sum() == len(X) == 96  # all rows of 24 of 30 patients
        np.testing.assert_array_equal(groups, frame["patient"][rows])
        np.testing.assert_array_equal(weights, frame["w"][rows])
    assert len({tuple(np.unique(groups)) for *_, groups in fits}) == 3
    if ending == "npz":
        with np.load("out.npz") as out:
            assert out["cell"].tolist() == frame["cell"].tolist()
        return
    out = pd.read_csv("out.csv") if ending == "csv" else pd.read_parquet("out.parquet")
    assert list(out.columns) == ["cell", *ran.names, "label"]
    assert out["cell"].tolist() == frame["cell"].tolist()


def test_the_folds_that_choose_K_keep_groups(csv, select, monkeypatch):
    seen, folds_of = [], sparsefs.evaluation.path.folds_of

    def spy(*args):
        folds = folds_of(*args)
        seen.extend((folds, args[-1]) for _ in [0])
        return folds

    monkeypatch.setattr(sparsefs.evaluation.path, "folds_of", spy)
    select(csv, *ROLES[:-2], "-K", "auto")
    ((folds, groups),) = seen
    for train, held_out in folds:
        assert not set(groups[train]) & set(groups[held_out])


def test_the_score_and_the_guess_are_weighted(csv, select):
    """Rows of one class that weigh hardly anything decide neither."""
    frame = table()
    frame["w"] = np.where(frame["label"] == "case", 1e-6, 1.0)
    frame.to_csv(csv, index=False)
    held_out = select(csv, *ROLES).json["held_out"]
    assert held_out["guess"]["label"] == "control" and held_out["guess"]["score"] > 0.999
    assert held_out["selected"] > 0.999


def test_rows_of_weight_0_are_left_out(csv, select):
    frame = table()
    frame.loc[:9, "w"] = 0
    frame.to_csv(csv, index=False)
    ran = select(csv, *ROLES)
    assert "rows weighted by 'w' (10 rows of weight 0 left out)" in ran.json["preparation"]
    assert ran.json["data"]["n_rows"] == 110


def test_weights_of_equal_rows_change_nothing(csv, select):
    frame = table()
    without = select(csv, "--target", "label", "--exclude", "patient", "w", "cell", "-K", 2)
    frame["w"] = 3.0
    frame.to_csv(csv, index=False)
    options = ["--weights", "w", "--exclude", "patient", "--id", "cell"]
    held_out = select(csv, "--target", "label", *options, "-K", 2).json["held_out"]
    assert held_out["interval"] == without.json["held_out"]["interval"]


def test_compare_keeps_groups_and_takes_weights(csv, command, monkeypatch):
    seen = []

    def spy(limit, function, ranker, *rest, modules, update):
        seen.append(rest[-1])
        return function(ranker, *rest, update=update)

    monkeypatch.setattr(sparsefs.cli.compare, "within", spy)
    ran = command("compare", csv, *ROLES, "--cv", 2, "--methods", "f-test", "--json")
    assert ran.json["methods"][0]["error"] is None and ran.json["data"]["n_columns"] == 12
    np.testing.assert_array_equal(seen[0]["groups"], table()["patient"])
    np.testing.assert_array_equal(seen[0]["sample_weight"], table()["w"])


def test_the_report_knows_groups_and_weights(csv, select, monkeypatch):
    seen = []
    k_curve = sparsefs.evaluation.k_curve
    monkeypatch.setattr(
        sparsefs.evaluation, "k_curve", lambda *a, **k: seen.append(k) or k_curve(*a, **k)
    )
    select(csv, *ROLES, "--report", "report.html")
    assert len(seen) == 1 and {"groups", "sample_weight"} < set(seen[0])


def test_splits_keep_groups_and_classes():
    y = np.repeat(["a", "b"], 30)
    goal, groups = Goal(y, "classification", ["y"], 2), np.repeat(np.arange(12), 5)
    first = split_rows(goal, 60, 0.3, 0, None, groups)
    splits = [first, *splits_after(first, goal, 4, 0, groups)]
    assert len({tuple(held_out) for _, held_out in splits}) == 4
    for train, held_out in splits:
        assert not set(groups[train]) & set(groups[held_out])
        assert sorted([*train, *held_out]) == list(range(60)) and len(held_out) == 20
        assert (y[held_out] == "a").sum() == 10


def test_how_many_rows_a_score_is_worth():
    rows = np.arange(6)
    assert _number_of_units(rows, None, None) == 6
    assert _number_of_units(rows, np.array([1.0, 1, 1, 0.001, 0.001, 0.001]), None) < 3.1
    assert _number_of_units(rows, None, np.array([0, 0, 0, 1, 1, 1])) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--id zell", "--id: data.csv has no column 'zell': did you mean 'cell'?"),
        ("--groups patients", "--groups: data.csv has no column 'patients'"),
        ("--id label", "--id: column 'label' is the target"),
        ("--id cell --groups cell", "--groups: column 'cell' is the column of --id"),
        ("--groups w --weights w", "--weights: column 'w' is the column of --groups"),
        ("--id cell --exclude cell", "--exclude: column 'cell' is the column of --id"),
        ("--groups cell --keep cell", "--keep: column 'cell' is the column of --groups"),
        ("--weights f0", "--weights: column 'f0' contains"),
        ("--weights cell", "contains 'c0' in row 1: weights must be numbers of at least 0"),
        ("--weights gaps", "--weights: column 'gaps' has no value in row 8"),
        ("--groups gaps", "--groups: column 'gaps' has no value in row 8"),
        ("--weights zero", "--weights: all values of column 'zero' are 0"),
        ("--groups zero", "--groups: 1 group cannot be split into training rows and held-out rows"),
        ("--weights w --weights w", "argument --weights: is given twice"),
        ("--layer counts", "--layer is for .h5ad files"),
        ("--log1p", "--log1p is for .h5ad files"),
        ("--out a.h5ad", "needs an .h5ad file as DATA"),
    ],
)
def test_unusable_roles(options, words, csv, refused):
    frame = table()
    frame["gaps"] = frame["w"].where(frame.index != 7)
    frame["zero"] = 0
    frame.to_csv(csv, index=False)
    assert words in refused("select", csv, "--target", "label", *options.split())


def test_roles_of_arrays(tmp_path, select, fits, refused):
    frame = table()
    arrays = {name: frame[name].to_numpy() for name in ("patient", "w")}
    arrays["cell"] = frame["cell"].to_numpy(str)
    X, y = frame[["f0", "alpha", "beta"]].to_numpy(), frame["label"].to_numpy(str)
    np.savez(tmp_path / "data.npz", X=X, label=y, **arrays)
    assert select(tmp_path / "data.npz", *ROLES).json["data"]["n_columns"] == 3
    assert len(np.unique(fits[0][2])) == 24
    np.savez(tmp_path / "data.npz", X=X, label=y, **arrays | {"w": np.ones(3)})
    message = refused("select", tmp_path / "data.npz", *ROLES)
    assert "X has 120 rows, but 'w' has shape (3,)" in message


# .h5ad


def objects(values):
    """Text as objects: anndata does not write the strings of every pandas."""
    return pd.Index(list(values), dtype=object)


@pytest.fixture
def cells(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    counts = np.random.default_rng(0).poisson(2, (120, 30)).astype(np.float32)
    counts[:60, :2] += 5
    obs = {
        "kind": pd.Categorical.from_codes(np.repeat([0, 1], 60), objects("ab")),
        "donor": pd.Categorical.from_codes(np.resize(np.arange(5), 120), objects("ABCDE")),
    }
    found = anndata.AnnData(
        np.log1p(counts),
        obs=pd.DataFrame(obs, index=objects(f"bc{i}" for i in range(120))),
        var=pd.DataFrame({"length": np.arange(30)}, index=objects(f"g{i}" for i in range(30))),
    )
    found.raw = found
    found.layers["counts"] = sparse.csr_matrix(counts)
    found.write_h5ad("cells.h5ad")
    return counts


def test_a_layer_of_counts(cells, select, fits, refused):
    options = ["cells.h5ad", "--target", "kind", "--groups", "donor", "-K", 2]
    ran = select(*options, "--layer", "counts", "--log1p")
    assert ran.json["preparation"] == [
        "log1p of layer 'counts'",
        "groups of 'donor' stay together: 5 groups",
    ]
    assert "warning" not in ran.err
    X, _, groups = fits[0]
    assert sparse.issparse(X) and len(X.toarray()) == 96 and len(set(groups)) == 4
    rows = np.isin(np.resize(list("ABCDE"), 120), groups)
    np.testing.assert_allclose(X.toarray(), np.log1p(cells[rows]), rtol=1e-6)
    assert "looks logarithmic already" in select(*options, "--log1p").err
    message = refused("select", *options, "--layer", "cuonts")
    assert "--layer: cells.h5ad has no layer 'cuonts'; known: counts" in message


def test_h5ad_is_written_with_obs_and_var(cells, select):
    options = ["cells.h5ad", "--target", "kind", "-K", 2, "--layer", "counts", "--out", "out.h5ad"]
    ran = select(*options)
    assert "raw is not in this file" in ran.err
    before, out = anndata.read_h5ad("cells.h5ad"), anndata.read_h5ad("out.h5ad")
    assert list(out.var_names) == ran.names and set(ran.names) == {"g0", "g1"}
    assert list(out.obs_names) == list(before.obs_names)
    assert list(out.obs.columns) == ["kind", "donor"] and out.raw is None
    assert out.var["length"].tolist() == [int(name[1:]) for name in ran.names]
    np.testing.assert_array_equal(out.X, before[:, ran.names].X)
    assert "counts" in out.layers


def test_barcodes_travel_to_csv(cells, select):
    select("cells.h5ad", "--target", "kind", "--id", "obs_names", "-K", 2, "--out", "out.csv")
    out = pd.read_csv("out.csv")
    assert out.columns[0] == "obs_names" and out["obs_names"][119] == "bc119"
