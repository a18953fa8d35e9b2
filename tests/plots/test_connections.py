# SPDX-License-Identifier: BSD-3-Clause
"""ConnectionsDisplay: what is drawn is what was recorded."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest

from sparsefs import ConnectionsDisplay, GradualPruningSelector, WASTSelector
from tests.plots.toy import inside_the_page, labels
from tests.selectors.common import classes, fit, quick, with_parameter


def made(counts, K=1, **more):
    """A display of counts (n_counts, n_features) whose first K features are selected."""
    counts = np.asarray(counts)
    ranking = np.arange(1, counts.shape[1] + 1)
    epochs = more.pop("epochs", np.arange(len(counts)))
    return ConnectionsDisplay(
        counts=counts, epochs=epochs, ranking=ranking, support=ranking <= K, **more
    )


def heights(band):
    """Lower and upper edge of a band by the place on x."""
    edges = {}
    for x, y in band.get_paths()[0].vertices:
        edges.setdefault(float(x), set()).add(float(y))
    return {x: (min(ys), max(ys)) for x, ys in edges.items()}


@with_parameter("connections_every")
def test_bands_are_those_of_the_record(Selector, wide):
    selector = fit(quick(Selector, K=6, connections_every=1), wide)
    display = ConnectionsDisplay.from_estimator(selector)
    counts, support = selector.connections_["counts"], selector.support_
    for line, band, of in zip(display.lines_, display.bands_, (support, ~support)):
        np.testing.assert_array_equal(line.get_xdata(), selector.connections_["epoch"])
        np.testing.assert_allclose(line.get_ydata(), np.median(counts[:, of], axis=1))
        expected = np.percentile(counts[:, of], (5, 95), axis=1).T
        found = heights(band)
        for epoch, (low, high) in enumerate(expected):
            assert found[epoch] == pytest.approx((low, high))
    assert display.lines_[0].get_linestyle() != display.lines_[1].get_linestyle()
    assert labels(display) == ["6 selected", "34 not selected"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == (
        "epoch",
        "connections per input neuron\n(median, 5 to 95 %)",
    )


def test_inputs_of_gradual_pruning_are_there_or_not(wide):
    selector = fit(quick(GradualPruningSelector, K=5, max_iter=20), wide)
    display = ConnectionsDisplay.from_estimator(selector)
    assert display.counts.shape == (21, 40) and display.counts.dtype == bool
    there = display.counts.sum(axis=1)
    assert there[0] == 38  # constant columns never were
    np.testing.assert_array_equal(there[1:], selector.history_["n_inputs"])
    # Of those that left, the longer one stayed, the better is its score.
    rounds = display.counts.sum(axis=0)
    assert (np.diff(rounds[np.argsort(selector.ranking_)]) <= 0).all()
    shares = [100 * display.counts[:, of].mean(1) for of in (selector.support_, ~selector.support_)]
    for line, expected in zip(display.lines_, shares):
        np.testing.assert_allclose(line.get_ydata(), expected)
    assert display.bands_ == []
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("round", "inputs left (%)")
    assert all(tick == round(tick) for tick in display.ax_.get_xticks())


def test_panels():
    counts = np.arange(5 * 6).reshape(5, 6)
    display = made(counts, epochs=np.array([0, 2, 4, 6, 7])).plot(image_shape=(2, 3), epochs=[0, 7])
    first, last = display.images_
    np.testing.assert_array_equal(first.get_array(), [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(last.get_array(), [[24, 25, 26], [27, 28, 29]])
    assert first.get_clim() == last.get_clim() == (0, 29)  # one scale for all
    assert [ax.get_title() for ax in display.axes_] == ["epoch 0", "epoch 7"]
    assert display.outline_ in display.axes_[-1].collections
    assert len(display.outline_.get_segments()) == 4
    assert display.colorbar_.ax.get_ylabel() == "connections per\ninput neuron"
    assert display.ax_ is display.axes_[0] and display.legend_ is None


@pytest.mark.parametrize(
    ("n", "expected"), [(1, [0]), (2, [0, 1]), (4, [0, 1, 2, 3]), (11, [0, 3, 7, 10])]
)
def test_panels_of_a_few_epochs_by_default(n, expected):
    display = made(np.zeros((n, 4), dtype=int)).plot(image_shape=(2, 2))
    assert [ax.get_title() for ax in display.axes_] == [f"epoch {e}" for e in expected]


def test_channels_are_added_up_and_of_pruned_inputs_averaged():
    counts = np.array([[1, 2, 3, 10, 20, 30]])
    (image,) = made(counts).plot(image_shape=(1, 2, 3)).images_
    np.testing.assert_array_equal(image.get_array(), [[6, 60]])
    (image,) = made(counts < 3, step="round").plot(image_shape=(1, 2, 3)).images_
    np.testing.assert_allclose(image.get_array(), [[2 / 3, 0]])


def test_panels_on_given_axes():
    figure, axes = plt.subplots(1, 3, figsize=(6.3, 2), layout="constrained")
    display = made(np.zeros((5, 4), dtype=int))
    display.plot(axes, image_shape=(2, 2), epochs=[0, 1, 4])
    assert display.axes_.tolist() == axes.tolist() and display.figure_ is figure
    assert inside_the_page(figure, display.colorbar_.ax.yaxis.label)
    with pytest.raises(ValueError, match="ax must contain 2 axes, one per panel. Got 3"):
        display.plot(axes, image_shape=(2, 2), epochs=[0, 1])


def test_heat_map_of_few_features_is_by_rank():
    counts = np.array([[1, 2, 3], [4, 5, 6]])
    display = made(counts, K=2, epochs=np.array([0, 10]))
    display.ranking = np.array([3, 1, 2])
    display.support = display.ranking <= 2
    display.plot(kind="heatmap")
    (mesh,) = display.images_
    np.testing.assert_array_equal(mesh.get_array(), counts[:, [1, 2, 0]].T)
    assert display.ax_.yaxis_inverted()
    assert display.cut_.get_ydata() == [2.5, 2.5]
    np.testing.assert_array_equal(np.unique(mesh.get_coordinates()[..., 0]), [-5, 5, 15])


def test_many_features_are_drawn_in_groups():
    """100,000 features, of which none is lost in the means."""
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 50, (3, 100_000), dtype=np.int32)
    display = made(counts, K=50)
    display.plot(kind="heatmap")
    (mesh,) = display.images_
    assert mesh.get_array().shape == (200, 3)
    np.testing.assert_allclose(mesh.get_array().T, counts.reshape(3, 200, 500).mean(axis=2))
    assert display.ax_.get_ylabel() == "rank of the feature\n(means of 200 groups)"
    display.plot()
    np.testing.assert_allclose(display.lines_[1].get_ydata(), np.median(counts[:, 50:], axis=1))


def test_groups_of_unequal_size_are_means_too():
    counts = np.arange(333)[None]
    (mesh,) = made(counts).plot(kind="heatmap").images_
    edges = np.unique(mesh.get_coordinates()[..., 1]) - 0.5
    expected = [counts[0, int(a) : int(b)].mean() for a, b in pairwise(edges)]
    np.testing.assert_allclose(mesh.get_array()[:, 0], expected)
    assert edges[-1] == 333


def test_a_single_count_and_no_others():
    display = made(np.ones((1, 3), dtype=int), K=3).plot()
    assert len(display.lines_) == 1 and labels(display)[0] == "3 selected"
    assert made(np.ones((1, 3), dtype=int), K=3).plot(kind="heatmap").cut_ is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "lines"}, "kind must be 'bands' or 'heatmap'. Got 'lines'"),
        ({"epochs": [1]}, "epochs is for panels: pass image_shape, too"),
        ({"image_shape": (2, 2)}, r"image_shape=\(2, 2\) has 4 values, but the selector has 6"),
        (
            {"image_shape": (2, 3), "epochs": [1, 9]},
            r"recorded ones: 0, 1, 2. Got \[1, 9",
        ),
        ({"image_shape": (2, 3), "epochs": []}, "epochs must be among"),
    ],
)
def test_unusable_settings_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        made(np.zeros((3, 6), dtype=int)).plot(**given)
    assert plt.get_fignums() == []


def test_what_has_recorded_nothing_is_refused(wide):
    with pytest.raises(NotFittedError):
        ConnectionsDisplay.from_estimator(WASTSelector(connections_every=1))
    with pytest.raises(ValueError, match="WASTSelector did not record.*connections_every=1"):
        ConnectionsDisplay.from_estimator(fit(quick(WASTSelector), wide))
    other = SelectKBest().fit(wide[:, 4:16], classes(wide))
    with pytest.raises(TypeError, match="SelectKBest has no input neurons"):
        ConnectionsDisplay.from_estimator(other)


@pytest.mark.parametrize("kind", ["bands", "heatmap"])
def test_a_picture_of_a_column_of_a_journal(kind):
    counts = np.random.default_rng(0).integers(0, 200, (11, 300))
    figure, ax = plt.subplots(figsize=(3.15, 2.6), layout="constrained")
    display = made(counts, K=50).plot(ax, kind=kind)
    of_kind = [display.legend_] if kind == "bands" else [display.colorbar_.ax.yaxis.label]
    assert inside_the_page(figure, ax.xaxis.label, ax.yaxis.label, *of_kind)


def test_without_matplotlib_the_error_says_what_to_install(no_matplotlib):
    with pytest.raises(ImportError, match=r'ConnectionsDisplay .*"sparsefs\[plot\]"'):
        made(np.zeros((3, 6), dtype=int)).plot()
