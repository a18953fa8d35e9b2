# SPDX-License-Identifier: BSD-3-Clause
"""Parameters of every selector that say what the columns of X are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sklearn.utils._param_validation import Interval, StrOptions

if TYPE_CHECKING:
    from ..utils.typing import Data


@dataclass(eq=False, repr=False, kw_only=True)
class TableParameters:
    """Missing values, groups of columns, columns to keep or leave out, costs of columns."""

    _parameter_constraints: ClassVar[dict] = {
        "missing": [StrOptions({"auto", "error"})],
        "feature_groups": ["array-like", dict, None],
        "keep": ["array-like", None],
        "exclude": ["array-like", None],
        "feature_costs": ["array-like", dict, None],
        "budget": [Interval(Real, 0, None, closed="neither"), None],
        "output": [StrOptions({"original", "encoded"})],
    }

    missing: Literal["auto", "error"] = "auto"
    feature_groups: Data | Mapping[str, Any] | None = None
    keep: Sequence[str | int] | None = None
    exclude: Sequence[str | int] | None = None
    feature_costs: Data | Mapping[Any, float] | None = None
    budget: float | None = None
    output: Literal["original", "encoded"] = "original"
