# SPDX-License-Identifier: BSD-3-Clause
"""``python -m sparsefs`` is the command ``sparsefs``."""

import sys

from .cli import main

if __name__ == "__main__":  # processes that are spawned import this file
    sys.exit(main())
