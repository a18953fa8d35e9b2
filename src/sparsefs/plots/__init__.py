# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of results. Importing this does not import matplotlib; drawing does."""

from .pareto import ParetoDisplay

__all__ = ["ParetoDisplay"]
