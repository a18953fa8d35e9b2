# SPDX-License-Identifier: BSD-3-Clause
"""Draws pareto_display.svg from the search of the example; run it in a checkout."""

import os
import runpy
import sys
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.critical_difference import save  # noqa: E402

from sparsefs import ParetoDisplay  # noqa: E402

with tempfile.TemporaryDirectory() as folder:  # the example's own picture lands there
    os.chdir(folder)
    search = runpy.run_path(str(ROOT / "examples" / "accuracy_against_cost.py"))["search"]
    os.chdir(HERE)

figure = Figure(figsize=(8, 3.4), layout="constrained")
for ax, cost in zip(figure.subplots(1, 2), ["n_features", "training_flops"], strict=True):
    ParetoDisplay.from_estimator(search, x=cost, hue="fs__topology", ax=ax)
save(figure, HERE / "pareto_display.svg")
