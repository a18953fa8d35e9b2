# SPDX-License-Identifier: BSD-3-Clause
"""Columns to keep, groups, costs and budgets."""

import json

import numpy as np
import pytest

from tests.cli.common import numbers


@pytest.fixture(params=["csv", "npz", "text"])
def data(request, tmp_path):
    """A table as an array without names, as numbers, and with a column of text."""
    frame = numbers(n_noise=4)
    path = tmp_path / "data.csv"
    if request.param == "npz":
        X = frame.drop(columns="label").to_numpy()
        names = frame.columns[:-1].to_numpy(str)
        path = path.with_suffix(".npz")
        np.savez(path, X=X, label=frame["label"].to_numpy(str), feature_names=names)
        return path
    if request.param == "text":
        frame["town"] = np.resize(["Rome", "Oslo", "Bern"], len(frame))
    frame.to_csv(path, index=False)
    return path


def test_kept_columns_are_always_selected(data, select, command):
    ran = select(data, "--target", "label", "-K", 3, "--keep", "f2")
    assert set(ran.names) == {"f2", "alpha", "beta"} and ran.names[0] == "f2"
    assert ran.json["settings"]["keep"] == ["f2"]
    chosen = select(data, "--target", "label", "--keep", "f2", "f3")
    assert {"f2", "f3"} < set(chosen.names)
    ran = command("compare", data, "--target", "label", "-K", 3, "--keep", "f2", "f3", "--json")
    assert all(row["error"] is None for row in ran.json["methods"])


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_groups_are_selected_together(ending, data, select, command, tmp_path):
    groups = {"greek": ["alpha", "beta"], "noise": ["f0", "f1", "label"]}
    path = tmp_path / f"groups.{ending}"
    if ending == "json":
        path.write_text(json.dumps(groups))
    else:
        rows = [f"{name},{group}" for group, names in groups.items() for name in names]
        path.write_text("\n".join(["feature,group", *rows]))
    options = ["--target", "label", "-K", 1, "--feature-groups", path]
    ran = select(data, *options, "--refit", "--report", tmp_path / "report.html")
    assert set(ran.names) == {"alpha", "beta"} and ran.json["n_groups"] == 1
    assert {feature["group"] for feature in ran.json["features"]} == {"greek"}
    assert ran.json["held_out"]["K_by_split"] == [1] and ran.json["held_out"]["selected"] > 0.8
    assert "with 1 group" in command("select", data, *options, "--splits", 1).out
    ran = command("compare", data, *options, "--cv", 2, "--json", "--methods", "f-test,random,wast")
    f_test, random, _ = ran.json["methods"]
    assert f_test["error"] is None and f_test["mean"][0] > random["mean"][0]


def test_a_budget(data, select, command, tmp_path):
    (tmp_path / "costs.csv").write_text("feature,cost\nalpha,5\nbeta,2\n")
    options = ["--target", "label", "--feature-costs", tmp_path / "costs.csv"]
    ran = select(data, *options, "--budget", 4)
    assert "beta" in ran.names and "alpha" not in ran.names and len(ran.names) == 3
    assert ran.json["settings"]["budget"] == 4 and ran.json["cost"] == 4
    printed = command("select", data, *options, "--budget", 4, "--no-score").out
    assert "cost 4 of a budget of 4" in printed
    (tmp_path / "costs.json").write_text('{"alpha": 1e-3}')
    assert select(data, *options[:-1], tmp_path / "costs.json", "-K", 1).names == ["alpha"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("feature,kind\nalpha,a", "its columns must be feature and group"),
        ("feature,group\nalfa,a", "has no column 'alfa': did you mean 'alpha'?"),
        ("feature,group\nalpha,a\nalpha,b", "has column"),
        (None, "cannot be read: No such file"),
    ],
)
def test_unusable_groups(text, words, data, refused, tmp_path):
    if text is not None:
        (tmp_path / "g.csv").write_text(text)
    options = ["--target", "label", "--feature-groups", tmp_path / "g.csv"]
    assert words in refused("select", data, *options)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("c.json", "[1]", "must be a JSON object of numbers"),
        ("c.json", "{", "'c.json' is unusable"),
        ("c.csv", "feature,cost\nalpha,much", "the cost of 'alpha' must be a number. Got 'much'"),
        ("c.csv", "feature,cost\nalpha,-1", "must be a positive number"),
    ],
)
def test_unusable_costs(name, text, words, data, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    assert words in refused("select", data, "--target", "label", "--feature-costs", name)


def test_a_kept_column_must_have_values(refused, tmp_path):
    numbers().assign(nothing=np.nan).to_csv(tmp_path / "data.csv", index=False)
    options = ["--target", "label", "--keep", "nothing"]
    assert "nothing cannot be kept (no values)" in refused(
        "select", tmp_path / "data.csv", *options
    )


def test_parameters_with_options_of_their_own(data, refused):
    message = refused("select", data, "--target", "label", "--set", "keep=['f1']")
    assert message == "--set keep: use --keep instead"
