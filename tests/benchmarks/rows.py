# SPDX-License-Identifier: BSD-3-Clause
"""Rows that a benchmark has written."""

import csv


def rows_of(folder, name):
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))
