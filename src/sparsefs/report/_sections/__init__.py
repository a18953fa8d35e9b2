# SPDX-License-Identifier: BSD-3-Clause
"""The sections of a report, in the order of a reader's questions."""

from .answer import answer
from .cost import cost
from .data import SIZES, data
from .features import features
from .importance import importance
from .number import number_of_features
from .redundancy import redundancy
from .reproduce import reproduce
from .samples import samples

__all__ = [
    "SIZES",
    "answer",
    "cost",
    "data",
    "features",
    "importance",
    "number_of_features",
    "redundancy",
    "reproduce",
    "samples",
]
