# SPDX-License-Identifier: BSD-3-Clause
"""The program in the report of a command selects what the command has selected."""

import html
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from .common import numbers


def program_in(report):
    found = re.search(r'<code id="code">(.*?)</code>', report.read_text(), re.S)
    return html.unescape(found[1])


def mixed():
    """Text of few and of many values, dates, missing values, an identifier, a row number."""
    frame, rng = numbers(n_noise=4), np.random.default_rng(1)
    frame.insert(0, "patient", [f"P{i}" for i in range(len(frame))])
    frame["number"] = np.arange(len(frame))
    frame["sex"] = rng.choice(["f", "m"], len(frame))
    frame["seen"] = [f"2026-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(len(frame))]
    frame["village"] = rng.choice([f"v{i}" for i in range(30)], len(frame))
    frame["grade"] = rng.choice(["low", "high", None], len(frame))
    frame.loc[[3, 9], "f1"] = np.nan
    frame.loc[[5, 8], "label"] = None
    return frame


def with_numbers():
    frame = numbers(n_noise=4)
    frame["label"] = frame["alpha"] * 3 + frame["beta"]
    return frame


def three_classes():
    frame = numbers(n_noise=4)
    frame["label"] = np.digitize(frame["alpha"], [-0.5, 0.5])
    frame.loc[2, "f0"] = np.nan
    return frame


@pytest.mark.slow
@pytest.mark.filterwarnings("error::FutureWarning")
@pytest.mark.parametrize(
    ("make", "suffix", "options"),
    [
        (mixed, ".csv", ["--target", "label", "-K", 3]),
        (mixed, ".parquet", ["--target", "label", "-K", 3, "--refit"]),
        (mixed, ".csv.gz", ["--target", "label", "-K", 3, "--exclude", "f0", "--missing", "v1"]),
        (mixed, ".csv", ["--target", "label", "-K", 3, "--keep", "village"]),
        (with_numbers, ".tsv", ["--target", "label", "-K", 2, "--seed", 3]),
        (three_classes, ".csv", ["--target", "label", "-K", "auto", "--test-size", 0.3]),
        (three_classes, ".csv", ["--target", "label", "-K", 2, "--no-score"]),
        (numbers, ".csv", ["--unsupervised", "--exclude", "label", "-K", 3]),
        (
            numbers,
            ".csv",
            ["--target", "label", "-K", 2, "--method", "wast"],
        ),
    ],
)
def test_it_selects_the_same(make, suffix, options, select, tmp_path, monkeypatch, capsys):
    data, report = tmp_path / f"data{suffix}", tmp_path / "report.html"
    frame = make()
    if suffix == ".parquet":
        frame.to_parquet(data)
    else:
        frame.to_csv(data, index=False, sep="\t" if suffix == ".tsv" else ",")
    ran = select(data, *options, "--report", report)
    monkeypatch.chdir(tmp_path)
    exec(program_in(report), {})
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(ran.names)


def test_a_table_with_text_and_gaps(select, tmp_path):
    """The printed program runs on its own, and is short."""
    mixed().to_csv(tmp_path / "data.csv", index=False)
    report = tmp_path / "report.html"
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 3, "--report", report)
    program = program_in(report)
    assert "Encoder" not in program and len(program.splitlines()) < 30
    ran_again = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert sorted(ran_again.stdout.splitlines()) == sorted(ran.names)


def test_columns_that_pandas_does_not_read_as_numbers(select, tmp_path):
    """The program does not pretend: it asks for the numbers as they were."""
    frame = numbers(n_noise=2)
    frame["zip"] = np.resize([10115, 20095, 80331], len(frame))
    frame.to_csv(tmp_path / "data.csv", index=False)
    report, options = tmp_path / "report.html", ["--target", "label", "--text", "zip"]
    select(tmp_path / "data.csv", *options, "-K", 2, "--report", report)
    assert "joblib.load" in program_in(report)


def test_empty_text_is_no_target(select, tmp_path, capsys):
    frame = numbers(n_noise=2)
    frame.loc[::7, "label"] = ""
    frame.to_parquet(tmp_path / "data.parquet")
    report = tmp_path / "report.html"
    ran = select(tmp_path / "data.parquet", "--target", "label", "-K", 2, "--report", report)
    exec(program_in(report), {})
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(ran.names)


def test_it_reads_a_european_export_with_names_that_repeat(select, tmp_path, capsys):
    frame = numbers(n_noise=3)
    frame.columns = ["G", "G", "weight, kg", "alpha", "G", "label"]
    text = "Report of May\n\n" + frame.to_csv(index=False, sep=";", decimal=",")
    (tmp_path / "data.csv").write_bytes(text.encode("utf-16"))
    report = tmp_path / "report.html"
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 2, "--report", report)
    assert "G.2" in ran.names and "read_csv" in program_in(report)
    exec(program_in(report), {})
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(ran.names)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(label=f["label"] + " "),
        lambda f: f.assign(f0=f["f0"].astype(str) + " kg"),
        lambda f: f.assign(label=(f["alpha"] * 3).astype(str).str.replace(".", ",")),
        lambda f: pd.concat([f.astype(object), f.iloc[:1].assign(f0="Total")]),
    ],
    ids=["spaces", "unit", "target", "totals"],
)
def test_it_does_not_pretend_to_read_what_the_command_has_changed(change, select, tmp_path):
    change(numbers(n_noise=2)).to_csv(tmp_path / "data.csv", index=False)
    report = tmp_path / "report.html"
    select(tmp_path / "data.csv", "--target", "label", "-K", 2, "--report", report)
    assert "joblib.load" in program_in(report)
