# SPDX-License-Identifier: BSD-3-Clause
"""Measurements: ``python -m benchmarks --help``."""
