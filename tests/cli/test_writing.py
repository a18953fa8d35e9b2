# SPDX-License-Identifier: BSD-3-Clause
"""What the command writes and prints: whole files, and text that no terminal acts upon."""

import errno
import io
import json
import os
import re
import sys

import numpy as np
import pandas as pd
import pytest

import sparsefs.cli.select
from sparsefs.cli import main
from sparsefs.report import write_report
from sparsefs.utils import files
from sparsefs.utils.files import check_writable, replacing
from sparsefs.utils.text import like_formulas, visible
from tests.cli.common import QUICK, numbers

OPTIONS = ["data.csv", "--target", "label", "-K", "2", *QUICK]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbers().to_csv("data.csv", index=False)
    return tmp_path


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def half_of_a_table(self, path, **options):
    path.write_text("half of a ta")
    full()


# files


@pytest.mark.parametrize("there", [None, "precious"])
def test_a_full_disk_keeps_the_old_file_and_the_result(there, folder, command, monkeypatch):
    if there:
        (folder / "out.csv").write_text(there)
    before = sorted(os.listdir())
    monkeypatch.setattr(pd.DataFrame, "to_csv", half_of_a_table)
    for json_option in ([], ["--json"]):
        ran = command("select", *OPTIONS, "--out", "out.csv", *json_option)
        assert ran.status == 1
        assert "alpha" in ran.out and "beta" in ran.out
        error = "--out: 'out.csv' was not written: No space left on device"
        assert ran.err.splitlines()[-1] == f"sparsefs: error: {error}"
        assert sorted(os.listdir()) == before
        assert not there or (folder / "out.csv").read_text() == there


def test_a_report_that_fails_takes_neither_result_nor_table(folder, command, monkeypatch):
    monkeypatch.setattr(sparsefs.cli.select, "_report", full)
    ran = command("select", *OPTIONS, "--report", "r.html", "--out", "out.csv")
    assert ran.status == 1 and "--report: 'r.html' was not written" in ran.err
    assert "alpha" in ran.out and set(pd.read_csv("out.csv")) == {"alpha", "beta", "label"}


def test_an_interrupt_while_writing_keeps_the_result(folder, command, monkeypatch):
    def interrupted(self, path, **options):
        path.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", interrupted)
    ran = command("select", *OPTIONS, "--out", "out.csv")
    assert ran.status == 130 and "alpha" in ran.out
    assert sorted(os.listdir()) == ["data.csv"]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_file_that_is_the_input_is_refused(link, folder, refused):
    kept = (folder / "data.csv").read_bytes()
    link(folder / "data.csv", folder / "link.csv")
    link(folder / "data.csv", folder / "link.html")
    for option, name in [("--out", "data.csv"), ("--out", "link.csv"), ("--report", "link.html")]:
        message = refused("select", *OPTIONS, option, name)
        assert message == f"{option}: {name!r} is the file of DATA, 'data.csv': name another"
    assert (folder / "data.csv").read_bytes() == kept


def test_a_file_of_the_target_is_not_replaced(folder, refused):
    frame = numbers()
    np.savez("data.npz", X=frame.to_numpy()[:, :-1].astype(float))
    frame["label"].to_csv("y.csv", index=False, header=False)
    options = ["data.npz", "--target", "y.csv", "-K", 2]
    assert "is the file of --target" in refused("select", *options, "--out", "y.csv")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            "/proc/out.csv",
            marks=pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="a folder of Linux"),
        ),
        f"{'long' * 100}.csv",
        "loop.csv",
    ],
)
def test_what_cannot_be_written_is_found_before_the_fit(path, refused, monkeypatch):
    os.symlink("loop.csv", "loop.csv")
    monkeypatch.setattr(sparsefs.GradualPruningSelector, "fit", None)
    message = refused("select", *OPTIONS, "--out", path)
    assert message.startswith(f"--out: {path!r} cannot be written: ")


def test_a_protected_file_is_not_replaced(folder, refused, monkeypatch):
    (folder / "out.csv").write_text("precious")
    monkeypatch.setattr(files.os, "access", lambda *args: False)  # root may write any file
    assert "cannot be written: Permission denied" in refused("select", *OPTIONS, "--out", "out.csv")


def test_a_link_stays_a_link_and_permissions_stay(folder):
    target = folder / "kept.csv"
    target.write_text("old")
    target.chmod(0o640)
    os.symlink(target, "link.csv")
    with replacing("link.csv") as file:
        file.write_text("new")
        assert target.read_text() == "old"
    assert os.path.islink("link.csv") and target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    umask = os.umask(0)
    os.umask(umask)
    with replacing("fresh.csv") as file:
        file.write_text("new")
    assert os.stat("fresh.csv").st_mode & 0o777 == 0o666 & ~umask
    assert sorted(os.listdir()) == ["data.csv", "fresh.csv", "kept.csv", "link.csv"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_device_is_written_and_stays_one():
    with replacing("/dev/null") as file:
        file.write_text("x")
    check_writable("/dev/null")
    with pytest.raises(OSError, match=r"No space left on device: '/dev/full'"):  # noqa: SIM117
        with replacing("/dev/full") as file:
            file.write_text("x")


def test_errors_of_the_system_name_the_file_of_the_user(folder):
    with pytest.raises(FileNotFoundError, match="absent/a.csv"):  # noqa: SIM117
        with replacing("absent/a.csv"):
            pass
    with pytest.raises(IsADirectoryError, match=re.escape(str(folder))):  # noqa: SIM117
        with replacing(folder):
            pass


def test_a_report_is_written_whole_or_not_at_all(folder, monkeypatch):
    frame = numbers()
    X, y = frame.drop(columns="label"), frame["label"]
    selector = sparsefs.GradualPruningSelector(K=2, max_iter=5, random_state=0).fit(X, y)
    (folder / "r.html").write_text("old")
    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match=r"No space left on device: 'r.html'"):
        write_report("r.html", selector, X, y, curve=False)
    assert (folder / "r.html").read_text() == "old"
    assert sorted(os.listdir()) == ["data.csv", "r.html"]
    with pytest.raises(OSError, match="absent/r.html"):
        write_report("absent/r.html", None, X)  # before all work


@pytest.mark.skipif(sys.platform != "linux", reason="file names of bytes")
def test_names_of_files_that_are_not_text(folder, command):
    name, out = os.fsdecode(b"d\xff.csv"), os.fsdecode(b"o\xff.csv")
    report = os.fsdecode(b"r\xff.html")
    os.rename("data.csv", name)
    options = ["--target", "label", "--out", out, "--report", report]
    ran = command("select", name, *options, "-K", 2, *QUICK, "--json")
    assert ran.status == 0, ran.err
    assert ran.json["data"]["source"] == name
    assert {name, out, report} == set(os.listdir())
    assert "alpha" in (folder / report).read_text(encoding="utf-8")
    assert all(line.isprintable() for line in ran.err.splitlines())


# terminals


def printed(arguments, encoding, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    assert main([*map(str, arguments)]) == 0
    sys.stdout.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf-16"])
def test_a_terminal_of_any_encoding_shows_the_result(encoding, monkeypatch):
    frame = numbers().rename(columns={"alpha": "größe\u4e2d", "beta": "\N{DNA DOUBLE HELIX}"})
    frame.to_csv("data.csv", index=False)
    table = printed(["select", *OPTIONS, "-q"], encoding, monkeypatch)
    assert "rank  feature" in table and "accuracy 0." in table
    found = json.loads(printed(["select", *OPTIONS, "-q", "--json"], encoding, monkeypatch))
    names = {feature["name"] for feature in found["features"]}
    assert names == {"größe\u4e2d", "\N{DNA DOUBLE HELIX}"}


@pytest.mark.parametrize("n_closed", [1, 2])
def test_a_closed_terminal_is_no_failure(n_closed, monkeypatch):
    for name in ("stderr", "stdout")[:n_closed]:
        monkeypatch.setattr(sys, name, None)
    assert main(["select", *OPTIONS, "--out", "out.csv"]) == 0
    assert os.path.exists("out.csv")


def test_messages_that_cannot_be_printed_are_no_failure(monkeypatch, capsys):
    class Broken(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Broken())
    assert main(["select", *OPTIONS, "--out", "out.csv"]) == 0
    assert os.path.exists("out.csv") and "alpha" in capsys.readouterr().out


ODD = "\x1b[31mred\x1b]0;title\x07\x9b2J\u202egpj\u2028end\x7f\tx\ny"


def test_no_terminal_acts_upon_names_and_classes(command):
    frame = numbers().rename(columns={"alpha": ODD, "beta": f"text{ODD}"})
    frame[f"text{ODD}"] = np.where(frame[f"text{ODD}"] > 0, ODD, "plain")
    frame["label"] = np.where(frame["label"] == "case", ODD, "control")
    frame[f"constant{ODD}"] = 1.0
    frame.to_csv("data.csv", index=False)
    options = ["data.csv", "--target", "label", *QUICK]
    for arguments in (
        ["select", *options, "-K", 9, "--out", f"{ODD[:5]}.csv"],
        ["select", *options, "-K", 9, "--json"],
        ["select", "data.csv", "--target", ODD],
        ["select", "data.csv", ODD],
        ["select", ODD],
        ["select", *options, "--report", f"{ODD}.pdf"],
        ["select", *options, "--set", f"{ODD}=1"],
        ["compare", *options[:3], "-K", 2, "--methods", ODD],
        ["compare", *options[:3], "-K", 2, "--cv", 2, "--methods", "f-test,all"],
        [ODD],
    ):
        ran = command(*arguments)
        for line in [*ran.out.split("\n"), *ran.err.split("\n")]:
            assert line.isprintable(), (arguments, line)


def test_json_keeps_names_as_they_are(command):
    numbers().rename(columns={"alpha": ODD}).to_csv("data.csv", index=False)
    ran = command("select", *OPTIONS, "--json")
    assert ODD in ran.names and "\\u001b[31m" in ran.out and "\\u202e" in ran.out


def test_visible_text():
    assert visible("größe ± 1") == "größe ± 1"
    assert visible("größe ± 1", "ascii") == "gr\\u00f6\\u00dfe +/- 1"
    assert visible("a\x1b\n\udcff") == "a\\u001b\\n\\udcff"


# spreadsheets


def test_what_a_spreadsheet_takes_for_a_formula_is_said(command):
    frame = numbers().rename(columns={"alpha": "=cmd|' /C calc'!A0"})
    frame["label"] = np.where(frame["label"] == "case", "@SUM(A1)", "control")
    frame.to_csv("data.csv", index=False)
    ran = command("select", *OPTIONS, "--out", "out.csv")
    assert ran.status == 0
    assert "warning: a spreadsheet takes 2 texts in this file for a formula, such as" in ran.err
    assert set(pd.read_csv("out.csv")) == {"=cmd|' /C calc'!A0", "beta", "label"}  # not changed
    for out in ("out.npz", "out.parquet"):
        assert "spreadsheet" not in command("select", *OPTIONS, "--out", out).err


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@a", "\t=1", "\r=1", "--"])
def test_texts_like_formulas(text):
    assert like_formulas([text, text]) == [text]


@pytest.mark.parametrize("text", ["-1.5", "+3", "-", "+", "a=1", "", "-inf", 3.0, float("nan")])
def test_texts_that_are_no_formulas(text):
    assert like_formulas([text]) == []
