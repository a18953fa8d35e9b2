# SPDX-License-Identifier: BSD-3-Clause
"""The command ``sparsefs``. Importing this imports no library; each command imports its own."""

from .main import main

__all__ = ["main"]
