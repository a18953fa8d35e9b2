# SPDX-License-Identifier: BSD-3-Clause
"""Estimators around any estimator that scores features."""

from .stability import StabilitySelector

__all__ = ["StabilitySelector"]
