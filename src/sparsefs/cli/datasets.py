# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs datasets``: the data sets that come with scikit-learn."""

from __future__ import annotations

from sklearn import datasets

from .names import BUNDLED
from .output import print_json, print_lines, print_table


def run(arguments) -> None:
    """List the data sets."""
    found = []
    for name, description in BUNDLED.items():
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        n_classes = None if name == "diabetes" else len(set(y))
        found.append({"name": name, "n_rows": len(X), "n_features": X.shape[1]})
        found[-1] |= {"n_classes": n_classes, "description": description}
    if arguments.json:
        print_json(found)
        return
    rows = [
        (s["name"], s["n_rows"], s["n_features"], s["n_classes"] or "-", s["description"])
        for s in found
    ]
    print_table(("name", "rows", "features", "classes", "description"), rows, left=(0, 4))
    print_lines(
        "",
        "No download is needed: sparsefs select digits -K 20",
        "Any data set of openml.org, by name or number: sparsefs select openml:madelon -K 20",
    )
