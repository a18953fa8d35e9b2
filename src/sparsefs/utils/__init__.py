# SPDX-License-Identifier: BSD-3-Clause
"""Devices, threads, random streams and order statistics, used by all other folders."""
