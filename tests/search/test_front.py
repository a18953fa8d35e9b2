# SPDX-License-Identifier: BSD-3-Clause
"""Layers and volumes against literal definitions."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sparsefs.search import hypervolume, non_dominated_layers
from sparsefs.search.front import hypervolumes

SIDE = 5
# Whole numbers make ties, repetitions and points on the border of the box.
small = st.integers(1, 4).flatmap(
    lambda m: st.integers(0, 12).flatmap(
        lambda n: arrays(np.int64, (n, m), elements=st.integers(0, SIDE))
    )
)


def dominates(a, b):
    return all(x <= y for x, y in zip(a, b)) and any(x < y for x, y in zip(a, b))


def layers_by_definition(points):
    left, layers = set(range(len(points))), []
    while left:
        front = {i for i in left if not any(dominates(points[j], points[i]) for j in left)}
        layers.append(sorted(front))
        left -= front
    return layers


def volume_by_counting(points, m):
    """Unit cells of the box that a point dominates."""
    cells = itertools.product(range(SIDE), repeat=m)
    return sum(any((point <= cell).all() for point in points) for cell in cells)


@given(small)
def test_layers_are_those_of_the_definition(points):
    layers = [layer.tolist() for layer in non_dominated_layers(points)]
    assert layers == layers_by_definition(points.tolist())


@settings(deadline=None)
@given(small)
def test_volume_is_the_number_of_dominated_cells(points):
    m = points.shape[1]
    reference = np.full(m, SIDE)
    expected = volume_by_counting(points, m)
    assert hypervolume(points, reference) == pytest.approx(expected)
    one_after_another = hypervolumes(points.astype(float), reference)
    assert len(one_after_another) == len(points)
    if len(points):
        assert one_after_another[-1] == pytest.approx(expected)
        half = len(points) // 2
        if half:
            assert one_after_another[half - 1] == pytest.approx(
                volume_by_counting(points[:half], m)
            )


def test_points_with_nan_are_in_no_layer_and_have_no_volume():
    points = [[1.0, np.nan], [2.0, 2.0], [np.nan, 0.0], [3.0, 3.0]]
    assert [layer.tolist() for layer in non_dominated_layers(points)] == [[1], [3]]
    assert hypervolume(points, [4, 4]) == 4
    assert hypervolumes(np.array(points), np.array([4, 4])).tolist() == [0, 4, 4, 4]


def test_nothing_dominates_nothing():
    assert non_dominated_layers(np.empty((0, 2))) == []
    assert hypervolume(np.empty((0, 2)), [1, 1]) == 0


@pytest.mark.parametrize("points", [[1, 2], [[[1]]], np.empty((3, 0))])
def test_points_of_another_shape_are_refused(points):
    with pytest.raises(ValueError, match="points must have shape"):
        non_dominated_layers(points)


def test_a_reference_of_another_length_is_refused():
    with pytest.raises(ValueError, match="reference must contain a number per objective, 2"):
        hypervolume([[1, 2]], [3])
