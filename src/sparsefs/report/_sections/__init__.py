# SPDX-License-Identifier: BSD-3-Clause
"""The sections of a report, in the order of a reader's questions."""

from .answer import answer
from .cost import cost
from .data import data
from .features import features
from .importance import importance
from .number import number_of_features
from .redundancy import redundancy
from .reproduce import reproduce

__all__ = [
    "answer",
    "cost",
    "data",
    "features",
    "importance",
    "number_of_features",
    "redundancy",
    "reproduce",
]
