# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs info``: versions, devices and extras, for bug reports."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .output import print_json, print_lines, versions

_EXTRAS = {
    "cli": ("pandas", "pyarrow", "openpyxl"),
    "h5ad": ("anndata",),
    "optuna": ("optuna",),
    "parquet": ("pyarrow",),
    "plot": ("matplotlib",),
}


def run(arguments) -> None:
    """Collect and print them."""
    import torch

    devices = ["cpu"]
    devices += [
        f"cuda:{i} ({torch.cuda.get_device_name(i)})"
        for i in range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    ]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    extras = {extra: {name: _version(name) for name in names} for extra, names in _EXTRAS.items()}
    found: dict[str, Any] = {
        "versions": versions(),
        "platform": platform.platform(),
        "devices": devices,
        "n_cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "extras": extras,
    }
    if arguments.json:
        print_json(found)
        return
    for name, number in found["versions"].items():
        print_lines(f"{name:<13} {number}")
    print_lines(f"{'platform':<13} {found['platform']}")
    print_lines(f"{'devices':<13} {', '.join(devices)}")
    print_lines(f"{'cores':<13} {found['n_cores']}; a fit uses one core")
    print_lines("extras")
    for extra, libraries in extras.items():
        there = ", ".join(f"{name} {number or 'missing'}" for name, number in libraries.items())
        hint = "" if all(libraries.values()) else f'   (pip install "sparsefs[{extra}]")'
        print_lines(f"  {extra:<11} {there}{hint}")


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
