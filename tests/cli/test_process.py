# SPDX-License-Identifier: BSD-3-Clause
"""The command as a process: what it imports, pipes, and how it ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.common import QUICK, numbers


def sparsefs(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "sparsefs", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "data.csv"
    numbers().to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_results_go_to_stdout_and_the_rest_to_stderr(csv):
    ran = sparsefs("select", csv, "--target", "label", "-K", 2, *QUICK)
    assert ran.returncode == 0
    assert ran.stdout.startswith("rank  feature") and "sparsefs:" not in ran.stdout
    assert all(line.startswith("sparsefs: ") for line in ran.stderr.splitlines())


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--version"], 0),
        (["select", "no_such_file.csv"], 2),
        (["select", "digits", "-K", "none"], 2),
        (["nonsense"], 2),
    ],
)
def test_exit_statuses(arguments, status):
    ran = sparsefs(*arguments)
    assert ran.returncode == status
    assert len(ran.stderr.splitlines()) == (status != 0)
    assert "Traceback" not in ran.stderr


@pytest.mark.slow
def test_csv_from_a_pipe(csv):
    options = ["--target", "label", "--report", csv.with_suffix(".html"), "-K", 2, *QUICK]
    ran = sparsefs("select", "-", *options, input=csv.read_text())
    assert ran.returncode == 0, ran.stderr
    assert "reading CSV from standard input" in ran.stderr
    assert "standard input: 120 rows" in ran.stderr
    assert ran.stdout == sparsefs("select", csv, *options).stdout
    assert "done" not in ran.stderr and "\r" not in ran.stderr  # no bars


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "standard input is empty"),
        ("a,b\n1,2\n", "standard input has no column 'label'"),
        ("PAR1", "standard input is a Parquet file: it must be CSV"),
    ],
)
def test_unusable_pipes(text, words):
    ran = sparsefs("select", "-", "--target", "label", input=text)
    assert ran.returncode == 2 and words in ran.stderr and "Traceback" not in ran.stderr


def test_the_help_imports_no_library():
    program = """
import sys
from sparsefs.cli import main
main(["select", "--help"])
heavy = {"torch", "pandas", "sklearn", "numpy", "scipy", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.slow
def test_an_error_in_the_arguments_is_found_before_torch_is_imported(csv):
    program = f"""
import sys
from sparsefs.cli import main
assert main(["select", {str(csv)!r}, "--target", "lable"]) == 2
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")
def test_a_reader_that_has_seen_enough_is_no_error():
    ran = subprocess.run(
        f"{sys.executable} -m sparsefs datasets | true; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == "" and ran.stdout == "0\n"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")
def test_an_interrupt_ends_with_130_and_one_line(csv):
    options = ["--target", "label", "-K", "2", "--set", "max_iter=1000000"]
    child = subprocess.Popen(
        [sys.executable, "-m", "sparsefs", "select", str(csv), *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    for line in child.stderr:
        if "GradualPruningSelector on" in line:
            break
    time.sleep(1.0)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    # To a shell both are 130: Python ends by the signal itself where it met code that a library had
    # just put together as text.
    assert child.returncode in (130, -signal.SIGINT)
    assert (out, err) == ("", "sparsefs: error: interrupted\n")
