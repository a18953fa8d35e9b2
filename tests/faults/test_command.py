# SPDX-License-Identifier: BSD-3-Clause
"""The command, interrupted or on a full disk: one line, whole files, and the result if there is."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.cli.common import numbers
from tests.faults.common import REPEATS, moments, needs_posix

pytestmark = [needs_posix, pytest.mark.slow]
OPTIONS = ["data.csv", "--target", "label", "-K", "2", "--set", "max_iter=300", "--json"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbers().to_csv("data.csv", index=False)
    (tmp_path / "out.csv").write_text("old")
    return tmp_path


def begun(n_bytes=None):
    def limit():
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if n_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))

    command = [sys.executable, "-m", "sparsefs", "select", *OPTIONS, "--out", "out.csv"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, preexec_fn=limit)


def is_old_or_whole(folder):
    assert sorted(os.listdir(folder)) == ["data.csv", "out.csv"]
    lines = (folder / "out.csv").read_text().splitlines()
    return lines == ["old"] or len(lines) == 121


def test_an_interrupt_at_any_moment(folder):
    for seconds in moments(4, 4.0):
        child = begun()
        assert child.stderr is not None
        child.stderr.readline()  # before, Python may be importing the command
        time.sleep(seconds)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=100)
        assert child.returncode in (0, 130, -signal.SIGINT)
        assert is_old_or_whole(folder)
        if child.returncode == 0:
            assert len(json.loads(out)["features"]) == 2
        else:  # the result may be there already, and Python on its way out
            assert "Traceback" not in err
            if err.splitlines()[-1] != "sparsefs: error: interrupted" or out:
                assert len(json.loads(out)["features"]) == 2


def test_a_full_disk(folder):
    for n_bytes in np.random.default_rng(0).integers(1, 1500, 2 * REPEATS):
        out, err = (child := begun(int(n_bytes))).communicate(timeout=100)
        assert child.returncode == 1
        assert len(json.loads(out)["features"]) == 2
        assert "error: --out: 'out.csv' was not written: File too large" in err.splitlines()[-1]
        assert (folder / "out.csv").read_text() == "old" and is_old_or_whole(folder)
