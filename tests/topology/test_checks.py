# SPDX-License-Identifier: BSD-3-Clause
"""Errors of custom initialisations and growth rules, raised before a training."""

import numpy as np
import pytest

from sparsefs.topology import GROW, Growth, growth_at, kept_positions
from sparsefs.topology.checks import check_densities, check_grow_rule
from tests.layers import make

SHAPES = [(4, 5), (3, 4)]
NONE = np.empty(0, dtype=np.int64)


def test_densities_come_back_as_floats():
    assert check_densities((np.float32(0.5), 1), SHAPES) == [0.5, 1.0]


@pytest.mark.parametrize(
    ("densities", "error", "message"),
    [
        (0.5, TypeError, "each of the 2 layers, a number from 0 to 1. Got float"),
        (None, TypeError, "Got NoneType"),
        ([0.5], ValueError, "Got 1 values"),
        ([0.5, 1.5], ValueError, r"Got 1.5 for the layer of shape \(3, 4\)"),
        ([float("nan"), 1.0], ValueError, r"Got nan for the layer of shape \(4, 5\)"),
        ([0.5, "1"], ValueError, "Got '1'"),
        ([0.5, True], ValueError, "Got True"),
    ],
)
def test_other_densities_are_refused(densities, error, message):
    with pytest.raises(error, match=f"^init must return.*{message}"):
        check_densities(densities, SHAPES)


def layer(kernel="csr"):
    return make(kernel, (3, 5), np.arange(0, 15, 2), np.array([1, -1] * 4, np.float32))


def check(rule, kernel="csr", importance=None):
    check_grow_rule(rule, layer(kernel), np.random.default_rng(0), importance)


@pytest.mark.parametrize("kernel", ["csr", "masked", "block-in"])
@pytest.mark.parametrize("name", GROW)
def test_the_built_in_rules_pass_and_leave_the_layer_alone(name, kernel):
    made = layer(kernel)
    before = made.connections()
    rng = np.random.default_rng(0)
    check_grow_rule(GROW[name](), made, rng, np.arange(5) if name == "importance" else None)
    assert made.seen is None and made.extra_flops == 0
    np.testing.assert_array_equal(made.connections(), before)


def test_a_copy_of_the_rule_is_called():
    class Counting:
        calls = 0

        def __call__(self, layer, dropped, importance, rng):
            self.calls += 1
            return Growth(np.ones(len(dropped), bool), NONE, NONE)

    rule = Counting()
    check(rule)
    assert rule.calls == 0


def at(positions):
    return lambda layer, dropped, importance, rng: positions(layer, dropped)


def test_positions_of_ones_own_pass():
    def rule(layer, dropped, importance, rng):
        free = np.setdiff1d(np.arange(15), kept_positions(layer, dropped))
        return growth_at(layer, dropped, free[: len(dropped)])

    check(rule)


@pytest.mark.parametrize(
    ("growth", "error", "message"),
    [
        (lambda layer, dropped: None, TypeError, "a Growth.*Got NoneType"),
        (lambda layer, dropped: [1, 2], TypeError, "a Growth.*Got list"),
        (
            lambda layer, dropped: Growth(np.ones(2, bool), NONE, NONE),
            ValueError,
            r"'regrown' is a bool array of shape \(4,\). Got bool of shape \(2,\)",
        ),
        (
            lambda layer, dropped: Growth(np.ones(4), NONE, NONE),
            ValueError,
            r"'regrown' is a bool array.*Got float64",
        ),
        (
            lambda layer, dropped: Growth(np.zeros(4, bool), NONE, NONE),
            ValueError,
            r"'rows' is an integer array of shape \(4,\).*Got int64 of shape \(0,\)",
        ),
        (
            lambda layer, dropped: Growth(np.zeros(4, bool), np.arange(4), np.ones(4)),
            ValueError,
            r"'cols' is an integer array of shape \(4,\).*Got float64",
        ),
        (
            lambda layer, dropped: Growth(np.zeros(4, bool), np.arange(4), np.arange(4)),
            ValueError,
            r"'rows' in range\(3\). Got 0..3",
        ),
        (
            lambda layer, dropped: Growth(np.zeros(4, bool), np.zeros(4, int), np.ones(4, int)),
            ValueError,
            "free positions. .*differ",
        ),
        (
            lambda layer, dropped: Growth(
                np.zeros(4, bool), np.array([0, 0, 1, 2]), np.array([1, 3, 0, 4])
            ),
            ValueError,
            r"free positions. .*Taken already: \[14\]",
        ),
    ],
)
def test_other_growths_are_refused(growth, error, message):
    def rule(layer, dropped, importance, rng):
        return growth(layer, dropped)

    with pytest.raises(error, match=f"^topology: the growth rule rule must return .*{message}"):
        check(rule)


def test_what_a_rule_raises_names_the_parameter_and_the_rule():
    def too_few(layer, dropped, importance, rng):
        free = np.setdiff1d(np.arange(15), kept_positions(layer, dropped))
        return growth_at(layer, dropped, free[: len(dropped) - 1])

    with pytest.raises(ValueError, match="^topology: .* growth rule too_few failed .*3 positions"):
        check(too_few)
    with pytest.raises(TypeError, match="^topology: .* growth rule .* takes 3 positional"):
        check(lambda layer, dropped, importance: None)
