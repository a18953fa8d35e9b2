# SPDX-License-Identifier: BSD-3-Clause
"""Modules that tests and benchmarks share."""
