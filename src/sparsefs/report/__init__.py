# SPDX-License-Identifier: BSD-3-Clause
"""Report of a selection in one HTML file. Importing this does not import matplotlib."""

from .write import write_report

__all__ = ["write_report"]
