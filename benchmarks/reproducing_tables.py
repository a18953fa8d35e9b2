# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the documentation's page on the papers, from the rows of papers, wast and coverage.

``python -m benchmarks.reproducing_tables`` writes them anew.
"""

import csv

import numpy as np

from benchmarks import coverage, papers
from benchmarks.results import Results
from benchmarks.tables import mean_error, numbers, short

SECONDS_PER_HOUR = 3600
# The WAST paper's program on one split with three seeds, in its own settings, measured by us.
WAST_PROGRAM = {"coil20": 98.3, "isolet_1560": 78.7, "madelon": 83.3, "pcmac": 78.1}
COMMANDS = {
    "wast": ["paper", "default"],
    "papers": ["SET RigL Dense", "NeuroFS NeuroFS-global", "QuickSelection QuickSelection-global"],
}
HYPER_SPARSE = [name for name in papers.METHODS if name.startswith(("hyper", "l1", "l2"))]


def means():
    """Published and ours, on average over the sets that both have."""
    rows = Results("papers", key=()).rows
    lines = []
    for variant, published in papers.PUBLISHED.items():
        for ours in (variant, f"{variant}-global"):
            found = {
                name: np.mean(accuracy)
                for name in published
                if len(accuracy := numbers(_of(rows, variant=ours, set=name), "accuracy"))
            }
            if not found:
                continue
            differences = [found[name] - published[name] for name in found]
            lines.append(
                [
                    ours,
                    len(found),
                    f"{np.mean([published[name] for name in found]):.1f}",
                    f"{np.mean(list(found.values())):.1f}",
                    f"{min(differences):+.1f} to {max(differences):+.1f}",
                    sum(difference >= -1.5 for difference in differences),
                ]
            )
    header = ["Variant", "Sets", "Published, mean", "Ours, mean", "Differences", "Not 1.5 below"]
    return header, lines


def wast_beside_its_program():
    rows = Results("wast", key=()).rows
    header = ["Data set", "The paper's program", "Ours, paper's setting", "Ours, default"]
    lines = [
        [
            name,
            reference,
            *(
                mean_error(numbers(_of(rows, set=name, setting=setting, seed=range(5)), "accuracy"))
                for setting in COMMANDS["wast"]
            ),
        ]
        for name, reference in WAST_PROGRAM.items()
    ]
    return header, lines


def found_in_generated_data():
    rows = Results("coverage", key=()).rows
    variants = ["SET-Attr", "SET-QS", "ExtraTrees", "F-test"]
    lines = []
    for n_samples in coverage.SIZES:
        line = [f"{n_samples:,}"]
        for variant in variants:
            published = coverage.PUBLISHED.get(variant, {}).get(n_samples)
            share = mean_error(numbers(_of(rows, n_samples=n_samples), variant), digits=2)
            line.append(share if published is None else f"{share} ({published:.2f})")
        lines.append(line)
    return ["Samples", *variants], lines


def times():
    """Of the fits, on one thread each; scoring comes on top."""
    lines = []
    for methods in [*COMMANDS["papers"], " ".join(HYPER_SPARSE)]:
        rows = Results("papers", key=()).rows
        one_a_fit = {
            (row["set"], row["method"], row["seed"]): row
            for row in rows
            if row["method"] in methods.split()
        }
        lines.append(_time(f"papers --methods {methods}", list(one_a_fit.values())))
    of_two = [row for row in Results("wast", key=()).rows if row["setting"] in COMMANDS["wast"]]
    lines.append(_time(f"wast --settings {' '.join(COMMANDS['wast'])}", of_two))
    return ["``python -m benchmarks``", "Fits", "Seconds a fit, median", "longest", "Hours"], lines


def _time(command, rows):
    seconds = numbers(rows, "seconds")
    figures = [np.median(seconds), seconds.max(), seconds.sum() / SECONDS_PER_HOUR] if rows else []
    return [f"``{command}``", len(rows), *map(short, figures)]


def _of(rows, **wanted):
    """The rows that have the value, or one of the values, in each of these columns."""
    accepted = {
        name: {str(v) for v in (value if isinstance(value, range) else [value])}
        for name, value in wanted.items()
    }
    return [row for row in rows if all(row[name] in accepted[name] for name in accepted)]


TABLES = {
    "means": means,
    "wast": wast_beside_its_program,
    "coverage": found_in_generated_data,
    "times": times,
}


def write():
    for name, table in TABLES.items():
        header, lines = table()
        with (Results.folder / f"reproducing_{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([str(cell).replace("+-", "± ") for cell in line] for line in lines)


if __name__ == "__main__":
    write()
