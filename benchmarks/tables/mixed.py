# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the documentation from ``mixed_tables``: scores, and recall of the real columns."""

import numpy as np

from benchmarks import methods, table_data
from benchmarks.formatting import numbers
from benchmarks.mixed_tables import ALL, KS, METHODS, MODELS, QUARTER, REAL, WITHOUT_NOISE
from benchmarks.tables.accuracy import FLAGSHIP

NAMES = {"lightgbm": "LightGBM", "linear": "linear", "mlp": "MLP"}
COLUMNS = {
    **{f"lightgbm_{size}": f"LightGBM, {size}" for size in (*KS, QUARTER)},
    **{f"{model}_{QUARTER}": f"{NAMES[model]}, {QUARTER}" for model in MODELS[1:]},
}


class Found:
    """Figures by method, table and noise."""

    def __init__(self, results):
        self.rows = {}
        for row in results.rows:
            if row["status"] == "ok":
                key = (row["method"], row["table"], row["noise"])
                self.rows.setdefault(key, {})[row["seed"]] = row
        self.methods = [m for m in METHODS if any(m == method for method, _, _ in self.rows)]

    def mean(self, method, table, noise, column):
        rows = [*self.rows.get((method, table, noise), {}).values()]
        values = numbers(rows, f"{column.split('_')[0]}_{ALL}" if method == methods.ALL else column)
        return values.mean() if len(values) else np.nan

    def over_tables(self, method, noise, column):
        """Mean over the tables, or nan where it has no result on one of them."""
        tables = {table for _, table, of in self.rows if of == noise}
        values = [self.mean(method, table, noise, column) for table in sorted(tables)]
        return np.mean(values) if values else np.nan

    def ahead(self, method):
        """Mean lead of the flagship, by LightGBM and the linear model on a quarter, and tables."""
        leads = []
        for table in table_data.EVERY:
            ours = self.rows.get((FLAGSHIP, table, WITHOUT_NOISE), {})
            theirs = self.rows.get((method, table, WITHOUT_NOISE), {})
            both = [seed for seed in ours if seed in theirs]
            if both:
                size = ALL if method == methods.ALL else QUARTER
                leads.append(mean_of(ours, both, QUARTER) - mean_of(theirs, both, size))
        return f"{np.mean(leads):+.1f} ({len(leads)})" if leads else ""


def mean_of(rows, seeds, size):
    return np.mean([float(rows[seed][f"{m}_{size}"]) for seed in seeds for m in MODELS[:2]])


def shown(value):
    return f"{value:.1f}" if np.isfinite(value) else ""


def scores(results):
    """AUC or R2 of the models, over the tables; the flagship's lead on those that both have."""
    found = Found(results)
    lines = [
        [
            m,
            *(shown(found.over_tables(m, WITHOUT_NOISE, column)) for column in COLUMNS),
            found.ahead(m) if m != FLAGSHIP else "",
        ]
        for m in found.methods
    ]
    return ["Method", *COLUMNS.values(), f"{FLAGSHIP} ahead (tables)"], lines


def per_table(results):
    """LightGBM's score of a quarter of the columns."""
    found = Found(results)
    tables = [t for t in table_data.EVERY if any(t == table for _, table, _ in found.rows)]
    lines = [
        [m, *(shown(found.mean(m, t, WITHOUT_NOISE, f"lightgbm_{QUARTER}")) for t in tables)]
        for m in found.methods
    ]
    return ["Method", *tables], [line for line in lines if any(line[1:])]


def recall(results):
    """Share of the real columns among as many selected, and the score of LightGBM on these."""
    found = Found(results)
    noises = [n for n in table_data.NOISE if n != WITHOUT_NOISE]
    noises = [n for n in noises if any(n == noise for _, _, noise in found.rows)]
    lines = []
    for m in found.methods:
        shares = [found.over_tables(m, noise, "recall") for noise in noises]
        score = [found.over_tables(m, noise, f"lightgbm_{REAL}") for noise in noises]
        if np.isfinite([*shares, *score]).any():
            lines.append([m, *map(shown, shares), shown(np.mean(score)) if noises else ""])
    return ["Method", *noises, "LightGBM"], lines


TABLES = {
    "mixed_scores": (scores, "mixed_tables"),
    "mixed_per_table": (per_table, "mixed_tables"),
    "mixed_recall": (recall, "mixed_tables"),
}
