# SPDX-License-Identifier: BSD-3-Clause
"""The command ``sparsefs``. Importing it imports no library; a command imports what it needs."""

from .main import main

__all__ = ["main"]
