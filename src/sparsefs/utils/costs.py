# SPDX-License-Identifier: BSD-3-Clause
"""Names of the costs of a network."""

from __future__ import annotations

from typing import TypedDict


class Cost(TypedDict):
    """One figure for the sparse network and one for its dense counterpart."""

    sparse: int
    dense: int


class Costs(TypedDict):
    """Costs of a network and of its training.

    Attributes
    ----------
    parameters : Cost
        Weights and biases.
    bytes : Cost
        Memory of parameters and optimiser state.
    inference_flops : Cost
        Floating-point operations for one sample.
    training_flops : Cost
        Floating-point operations of the whole training.
    """

    parameters: Cost
    bytes: Cost
    inference_flops: Cost
    training_flops: Cost


COST_NAMES = tuple(Costs.__annotations__)
