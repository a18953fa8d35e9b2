# SPDX-License-Identifier: BSD-3-Clause
"""What a row was measured on and with: columns that every CSV file gets."""

import functools
import os
import platform
import subprocess
from pathlib import Path

import numpy as np
import sklearn
import torch

ROOT = Path(__file__).resolve().parents[1]


@functools.cache  # the code that runs is that of the start, whatever is committed meanwhile
def measured_with():
    """Processor, cores, GPU, versions and commit; no names of hosts or people."""
    return {
        "cpu": _processor(),
        "n_cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "scikit_learn": sklearn.__version__,
        "commit": _commit(),
    }


def _processor():
    """The model's name, which `platform` does not know on Linux."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit():
    """The commit, with -dirty if code is not committed; results that grow do not count."""
    commit = _git("rev-parse", "--short", "HEAD").stdout.strip()
    changed = _git("diff", "--quiet", "HEAD", "--", ".", ":!benchmarks/results").returncode
    return commit + ("-dirty" if commit and changed else "")


def _git(*arguments):
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git here, as in an unpacked release
        return subprocess.CompletedProcess(command, 0, stdout="")
