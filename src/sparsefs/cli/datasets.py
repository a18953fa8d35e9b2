# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs datasets``: data to try the commands on."""

from __future__ import annotations

from sklearn import datasets

from .names import BUNDLED
from .output import print_json, print_table


def run(arguments) -> None:
    """List them."""
    found = []
    for name, what in BUNDLED.items():
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        n_classes = None if name == "diabetes" else len(set(y))
        found.append({"name": name, "n_rows": len(X), "n_features": X.shape[1]})
        found[-1] |= {"n_classes": n_classes, "what": what}
    if arguments.json:
        print_json(found)
        return
    rows = [
        (s["name"], s["n_rows"], s["n_features"], s["n_classes"] or "number", s["what"])
        for s in found
    ]
    print_table(("name", "rows", "features", "classes", "what"), rows, left=(0, 4))
    print()
    print("These need no network: sparsefs select digits -K 20")
    print("A set of openml.org by its name or number: sparsefs select openml:madelon -K 20")
