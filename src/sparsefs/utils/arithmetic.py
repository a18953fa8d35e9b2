# SPDX-License-Identifier: BSD-3-Clause
"""Handling of floating-point errors by numpy."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np


@contextmanager
def default_errors():
    """Treat floating-point errors as numpy does by default, whatever the caller has set.

    Underflow is harmless here, and would be an error under ``numpy.errstate(all="raise")``. Not
    ``numpy.errstate`` as a decorator: before numpy 2 it cannot be nested.
    """
    with np.errstate(all="warn", under="ignore"):
        yield
