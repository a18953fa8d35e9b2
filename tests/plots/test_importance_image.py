# SPDX-License-Identifier: BSD-3-Clause
"""ImportanceImageDisplay: pixels are where they belong, and the selected ones are outlined."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import LogNorm
from sklearn.exceptions import NotFittedError

from sparsefs import GradualPruningSelector, ImportanceImageDisplay
from tests.plots.toy import Told, inside_the_page, labels

SCORES = [0, 5, 1, 2, 4, 3]  # 2 x 3: selected are (0, 1) and (1, 1)


def draw(scores=SCORES, shape=(2, 3), K=2, **more):
    return ImportanceImageDisplay.from_estimator(Told(scores, K=K).fit(), shape, **more)


def sides(display):
    """Sides of the outline, each as a pair of ends."""
    return {frozenset(map(tuple, segment.tolist())) for segment in display.outline_.get_segments()}


def of_pixel(row, column):
    """The four sides of a pixel."""
    a, b = (column - 0.5, row - 0.5), (column + 0.5, row - 0.5)
    c, d = (column + 0.5, row + 0.5), (column - 0.5, row + 0.5)
    return {frozenset(side) for side in ((a, b), (b, c), (c, d), (d, a))}


def test_pixels_and_outline():
    display = draw()
    np.testing.assert_array_equal(display.image_.get_array(), [[0, 5, 1], [2, 4, 3]])
    # What two selected pixels share is left out.
    assert sides(display) == of_pixel(0, 1) ^ of_pixel(1, 1)
    assert len(sides(display)) == 6
    assert display.colorbar_.ax.get_ylabel() == "score"
    assert labels(display) == ["selected: 2 of 6 pixels"]
    assert display.background_ is None


@pytest.mark.parametrize("seed", range(3))
def test_outline_is_around_every_selected_pixel(seed):
    scores = np.random.default_rng(seed).permutation(42)
    display = draw(scores, (6, 7), K=15)
    expected = set()
    for row, column in np.argwhere(display.selected):
        expected ^= of_pixel(row, column)  # twice is inside
    assert sides(display) == expected


def test_the_best_of_channels():
    scores = np.array([[[1, 9, 2], [3, 4, 8]]])  # 1 x 2 pixels of 3 channels
    display = draw(scores.ravel(), (1, 2, 3), K=1)
    np.testing.assert_array_equal(display.image_.get_array(), [[9, 8]])
    np.testing.assert_array_equal(display.selected, [[True, False]])
    assert display.colorbar_.ax.get_ylabel() == "score, maximum of 3 channels"
    assert labels(display) == ["selected: 1 of 6 features in 1 pixel"]


@pytest.mark.parametrize("as_image", [False, True])
def test_background(as_image):
    mean = np.arange(6.0)
    display = draw(background=mean.reshape(2, 3) if as_image else mean)
    np.testing.assert_array_equal(display.background_.get_array(), mean.reshape(2, 3))
    # The higher the score, the more opaque.
    np.testing.assert_allclose(display.image_.get_alpha(), np.reshape(SCORES, (2, 3)) / 5)


def test_settings():
    display = draw(np.array(SCORES) + 1, norm="log", cmap="gray", colorbar=False, legend=False)
    assert isinstance(display.image_.norm, LogNorm) and display.image_.get_cmap().name == "gray"
    assert display.colorbar_ is display.legend_ is None
    same = draw(np.ones(6), background=np.ones(6))
    np.testing.assert_array_equal(same.image_.get_alpha(), np.ones((2, 3)))


def test_nothing_selected():
    display = draw(K=0)
    assert display.outline_ is None
    assert labels(display) == ["selected: 0 of 6 pixels"]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 4), r"image_shape=\(2, 4\) has 8 values, but the selector has 6 features"),
        ((6,), r"image_shape must be \(height, width\)"),
        ((1, 1, 2, 3), "image_shape must be"),
        (6, "image_shape must be"),
        ((2, 3.0), "image_shape must be"),
        ((-2, -3), "image_shape must be"),
    ],
)
def test_what_is_no_image_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        draw(shape=shape)
    assert plt.get_fignums() == []


def test_an_unusable_background_is_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\) has 6 values, but background has 5"):
        draw(background=np.ones(5))


def test_not_fitted():
    with pytest.raises(NotFittedError):
        ImportanceImageDisplay.from_estimator(GradualPruningSelector(), (8, 8))


def test_given_axes_and_a_picture_of_a_column():
    figure, ax = plt.subplots(figsize=(3.15, 2.6), layout="constrained")
    display = draw(ax=ax)
    assert display.ax_ is ax and display.figure_ is figure
    assert inside_the_page(figure, display.legend_, display.colorbar_.ax.yaxis.label)


def test_without_matplotlib_the_error_says_what_to_install(no_matplotlib):
    with pytest.raises(ImportError, match=r'ImportanceImageDisplay .*"sparsefs\[plot\]"'):
        draw()
