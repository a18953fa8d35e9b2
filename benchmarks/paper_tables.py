# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the documentation from results/papers.csv, as CSV files beside it."""

import csv

import numpy as np

from benchmarks.results import Results

PERCENT = 100


def write_all(rows, sets, published):
    """One file per page: what was published, what we measured."""
    table = Rows(rows, sets, published)
    variants = [f"{t}-{i}" for t in ("Dense", "SET", "RigL") for i in ("QS", "Attr")]
    table.write("attribution", ["Data set", *variants], table.beside(variants, mean=True))
    ends = [f"{t}-{i}" for t in ("Dense", "SET", "RigL") for i in ("QS-last", "Attr-last")]
    table.write("attribution_last", ["Data set", *ends], table.ours(ends))
    table.write("attribution_costs", COSTS, table.costs())
    for method in ("QuickSelection", "NeuroFS"):
        header = ["Data set", "Published", 'Ours, scaling="feature"', 'Ours, scaling="global"']
        table.write(method.lower(), header, table.scalings(method))
    header = ["Data set", "Density", *REGULARIZERS.values()]
    table.write("hyper_sparse", header, table.penalties())


COSTS = [
    "Data set",
    *("SET parameters", "SET FLOPs", "SET - Dense"),
    *("RigL parameters", "RigL FLOPs", "RigL - Dense"),
]
REGULARIZERS = {"hypersparse": "HyperSparse", "l1": "L1", "l2": "L2"}


class Rows:
    def __init__(self, rows, sets, published):
        self.rows, self.sets, self.published = rows, sets, published

    def write(self, name, header, lines):
        with (Results.folder / f"papers_{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(lines)

    def of(self, variant, name, column="accuracy"):
        found = {
            r["seed"]: float(r[column])
            for r in self.rows
            if (r["variant"], r["set"]) == (variant, name) and r.get(column)
        }
        return np.array(list(found.values()))

    def having(self, *variants):
        return [n for n in self.sets if any(len(self.of(v, n)) for v in variants)]

    def beside(self, variants, mean):
        """ "Ours +- error (published)" of every set and variant."""
        lines = []
        for name in self.having(*variants):
            cells = [f"{shown(self.of(v, name))} ({self.published[v][name]:.1f})" for v in variants]
            lines.append([name, *cells])
        if mean:
            names = [n for n in self.having(*variants) if all(len(self.of(v, n)) for v in variants)]
            cells = [
                f"{np.mean([self.of(v, n).mean() for n in names]):.1f} "
                f"({np.mean([self.published[v][n] for n in names]):.1f})"
                for v in variants
            ]
            lines.append(["mean", *cells])
        return lines

    def ours(self, variants):
        return [
            [name, *(shown(self.of(v, name)) for v in variants)] for name in self.having(*variants)
        ]

    def scalings(self, method):
        names = self.having(method, f"{method}-global")
        return [
            [
                name,
                f"{self.published[method][name]:.1f}",
                shown(self.of(method, name)),
                shown(self.of(f"{method}-global", name)),
            ]
            for name in names
        ]

    def penalties(self):
        """ "Network / SVC" of every set, density and regulariser."""
        lines = []
        for density in ("0.1", "0.02"):
            variants = [f"{r}-{density}" for r in REGULARIZERS]
            for name in self.having(*variants):
                cells = [
                    f"{shown(PERCENT * self.of(v, name, 'network_score'))} / "
                    f"{shown(self.of(v, name))}"
                    for v in variants
                ]
                lines.append([name, density, *cells])
        return lines

    def costs(self):
        """Shares of the dense network's parameters and training FLOPs, and what it costs."""
        lines = []
        for name in self.having("SET-Attr"):
            line = [name]
            for topology in ("SET", "RigL"):
                line += [self.share(topology, name, "parameters")]
                line += [self.share(topology, name, "training_flops")]
                best = [
                    max(self.of(f"{t}-{i}", name).mean() for i in ("QS", "Attr"))
                    for t in (topology, "Dense")
                    if len(self.of(f"{t}-QS", name))
                ]
                line.append(f"{best[0] - best[1]:+.1f}" if len(best) == 2 else "")
            lines.append(line)
        return lines

    def share(self, topology, name, column):
        sparse = self.of(f"{topology}-Attr", name, column)
        dense = self.of(f"{topology}-Attr", name, f"dense_{column}")
        return f"{PERCENT * np.mean(sparse / dense):.1f} %" if len(sparse) else ""


def shown(values):
    if len(values) == 0:
        return ""
    if len(values) == 1:
        return f"{values[0]:.1f} (one seed)"
    few = "" if len(values) >= 5 else f" [{len(values)}]"
    return f"{values.mean():.1f} ± {values.std(ddof=1) / np.sqrt(len(values)):.1f}{few}"
