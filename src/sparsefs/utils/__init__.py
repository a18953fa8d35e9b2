# SPDX-License-Identifier: BSD-3-Clause
"""Devices, threads, random streams and order statistics: what all other parts stand on."""
