# SPDX-License-Identifier: BSD-3-Clause
"""Types of the parameters and the fitted attributes that selectors share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..data.encoding import Encoding
    from ..evaluation.curve import KCurve
    from ..utils.costs import Costs
    from ..utils.typing import Floats


class Declared:
    """Annotations for type checkers. A method sets the parameters, its `fit` the attributes."""

    # The parameters of all methods, and of those that learn y.
    K: Any
    max_iter: int
    batch_size: Any
    hidden_layer_sizes: Any
    scaling: Any
    task: Any
    loss: Any
    class_weight: Any
    n_jobs: int | None
    device: str
    verbose: int
    random_state: Any

    scaling_: str
    path_: KCurve
    history_: dict[str, Floats]
    n_iter_: int
    stopped_by_: Literal["max_time", "interrupt", "callback"] | None
    costs_: Costs
    _K_fitted: Any
    _encoding: Encoding | None
    _means: Floats
    _n_units: int  # that may be selected
    _n_constant: int
    _n_kept: int
    _costs: Floats  # of each of them, in the order of their ranks
    _target: Any
