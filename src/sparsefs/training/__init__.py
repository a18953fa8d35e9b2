# SPDX-License-Identifier: BSD-3-Clause
"""Training: the loop, and what it is fed."""
