# SPDX-License-Identifier: BSD-3-Clause
"""CSV files of results that grow row by row, and can be resumed."""

import csv
from pathlib import Path

from benchmarks.machine import measured_with


class Results:
    """A CSV file; `key` are the columns that identify a row, `needed` others that it must have."""

    folder = Path(__file__).parent / "results"

    def __init__(self, name, key, needed=()):
        self.path = self.folder / f"{name}.csv"
        self.key = key
        self.rows, self.columns = [], []
        if self.path.exists():
            with self.path.open(newline="") as file:
                reader = csv.DictReader(file)
                self.rows, self.columns = list(reader), list(reader.fieldnames or [])
        if self.rows and not {*key, *needed} <= set(self.columns):
            raise SystemExit(
                f"{self.path.name} is from an earlier form of this benchmark: measure it anew "
                "with --fresh."
            )

    @classmethod
    def forget(cls, name):
        """Delete the file, to measure everything anew."""
        (cls.folder / f"{name}.csv").unlink(missing_ok=True)

    def has(self, **identity):
        """Whether a row with this key is there already."""
        return bool(self.where(**{k: identity[k] for k in self.key}))

    def where(self, **values):
        """The rows with these values."""
        wanted = {name: str(value) for name, value in values.items()}
        return [row for row in self.rows if all(row.get(k) == v for k, v in wanted.items())]

    def add(self, **row):
        """Append a row, to the file at once."""
        row = {name: str(value) for name, value in (row | measured_with()).items()}
        self.rows.append(row)
        self.folder.mkdir(parents=True, exist_ok=True)
        new = [name for name in row if name not in self.columns]
        if new:  # a first row, or a column that earlier rows lack
            self.columns += new
            self._write("w", self.rows)
        else:
            self._write("a", [row])

    def drop(self, rows):
        """Forget these rows, in the file too."""
        self.rows = [row for row in self.rows if row not in rows]
        if self.path.exists():
            self._write("w", self.rows)

    def _write(self, mode, rows):
        with self.path.open(mode, newline="") as file:
            writer = csv.DictWriter(file, self.columns, restval="")
            if mode == "w":
                writer.writeheader()
            writer.writerows(rows)

    def print_origin(self):
        """Say what the rows were measured with, and warn where that is not one run."""
        for name in ("cpu", "n_cores", "gpu", "torch", "commit"):
            found = sorted({row.get(name) or "unknown" for row in self.rows})
            several = "   (not one run: --fresh measures all anew)" if len(found) > 1 else ""
            print(f"# {name}: {', '.join(found)}{several}")
