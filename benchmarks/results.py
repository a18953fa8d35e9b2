# SPDX-License-Identifier: BSD-3-Clause
"""CSV files of results that grow row by row, and can be resumed."""

import csv
import platform
import subprocess
from pathlib import Path

import numpy as np
import sklearn
import torch

FOLDER = Path(__file__).parent / "results"


def versions():
    """Columns that say what a row was measured with."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "scikit_learn": sklearn.__version__,
        "commit": commit,
    }


class Results:
    """A CSV file; `key` are the columns that identify a row."""

    def __init__(self, name, key):
        self.path = FOLDER / f"{name}.csv"
        self.key = key
        self.rows = []
        if self.path.exists():
            with self.path.open(newline="") as file:
                self.rows = list(csv.DictReader(file))

    @staticmethod
    def forget(name):
        """Delete the file, to measure everything anew."""
        (FOLDER / f"{name}.csv").unlink(missing_ok=True)

    def has(self, **identity):
        """Whether a row with this key is there already."""
        wanted = [str(identity[k]) for k in self.key]
        return any([row[k] for k in self.key] == wanted for row in self.rows)

    def add(self, **row):
        """Append a row, to the file at once."""
        row = {name: str(value) for name, value in (row | versions()).items()}
        self.rows.append(row)
        FOLDER.mkdir(exist_ok=True)
        new = not self.path.exists()
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)
