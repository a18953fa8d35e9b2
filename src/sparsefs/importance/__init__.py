# SPDX-License-Identifier: BSD-3-Clause
"""How input neurons are scored while a network trains."""

from .reconstruction import ReconstructionImportance

__all__ = ["ReconstructionImportance"]
