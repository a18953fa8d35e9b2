# SPDX-License-Identifier: BSD-3-Clause
"""The fixtures of `common`, for all tests of the command line."""

from tests.cli.common import command, refused, select

__all__ = ["command", "refused", "select"]
