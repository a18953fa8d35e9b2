# SPDX-License-Identifier: BSD-3-Clause
"""Small tables, and a command that is quick on them."""

import json

import numpy as np
import pandas as pd
import pytest

from sparsefs.cli import main

QUICK = ["--set", "max_iter=20", "--splits", "1"]
INFORMATIVE = {"alpha", "beta"}


def numbers(n_rows=120, n_noise=10, seed=0):
    """A frame of which alpha and beta decide the label."""
    rng = np.random.default_rng(seed)
    names = [*(f"f{i}" for i in range(n_noise)), "alpha", "beta"]
    X = rng.standard_normal((n_rows, len(names))).round(3)
    frame = pd.DataFrame(X, columns=names)
    frame["label"] = np.where(frame["alpha"] + frame["beta"] > 0, "case", "control")
    return frame


class Ran:
    """What a command came to."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def names(self):
        return [feature["name"] for feature in self.json["features"]]


@pytest.fixture
def command(capsys):
    """Run a command in this process."""

    def run(*arguments):
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def select(command):
    """Select quickly, and have JSON."""

    def run(*arguments, quick=True):
        ran = command("select", *arguments, "--json", *(QUICK if quick else ()))
        assert ran.status == 0, ran.err
        return ran

    return run


@pytest.fixture
def refused(command):
    """The one line of a command that ends with 2 before anything is printed."""

    def run(*arguments, status=2):
        ran = command(*arguments)
        assert ran.status == status and ran.out == ""
        lines = [line for line in ran.err.splitlines() if line.startswith("sparsefs: error: ")]
        assert len(lines) == 1 and ran.err.splitlines()[-1] == lines[0]
        return lines[0].removeprefix("sparsefs: error: ")

    return run
