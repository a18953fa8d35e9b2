# SPDX-License-Identifier: BSD-3-Clause
"""Reader of the data sets that come with scikit-learn."""

from __future__ import annotations

from sklearn import datasets

from ..data import Data
from ..errors import picked
from ..names import BUNDLED


def read(name, arguments) -> Data:
    """Load a data set; the target contains the names of the classes."""
    picked(name, BUNDLED, "scikit-learn has no data set")
    found = getattr(datasets, f"load_{name}")()
    names = [str(name).replace(" ", "_") for name in found.feature_names]
    y = found.target
    if "target_names" in found and found.target_names.dtype.kind == "U":
        y = found.target_names[y]
    return Data(found.data, names, "target", f"sklearn:{name}", {"target": y})
