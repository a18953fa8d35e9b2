# SPDX-License-Identifier: BSD-3-Clause
"""StabilityDisplay: how often features are selected, and how much selections agree."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest

from sparsefs import (
    EnsembleSelector,
    GradualPruningSelector,
    StabilityDisplay,
    StabilitySelector,
    WASTSelector,
)
from sparsefs.evaluation import repeated_selections, stability
from tests.plots.toy import inside_the_page, labels
from tests.selectors.common import classes, fit, quick

SELECTIONS = np.array([[1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0]])


def names(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def widths(bars):
    return [patch.get_width() for patch in bars]


def test_given_selections():
    display = StabilityDisplay.from_selections(SELECTIONS, feature_names=list("abcde"))
    always, sometimes = display.bars_
    assert widths(always) == [1] and widths(sometimes) == [0.5, 0.5]
    assert names(display) == ["a", "b", "c"]  # those that are ever selected
    assert display.stability == stability(SELECTIONS)
    value, low, high = display.stability
    assert labels(display) == [
        "in every fit: 1",
        "in some fits: 2",
        f"stability: {value:.2f}",
        f"95 %: {low:.2f} to {high:.2f}",
    ]
    assert display.ax_.get_xlabel() == "share of 4 fits\nthat select the feature"
    assert display.threshold_ is None
    assert always[0].get_hatch() is None and sometimes[0].get_hatch() is not None


@pytest.mark.parametrize("n_features", [2, 5])
def test_so_many_features(n_features):
    display = StabilityDisplay.from_selections(SELECTIONS, n_features=n_features)
    assert names(display) == [f"x{i}" for i in range(n_features)]


def test_many_features_are_a_curve():
    rng = np.random.default_rng(0)
    selections = rng.random((10, 5000)) < rng.beta(0.2, 1, 5000)
    display = StabilityDisplay.from_selections(selections)
    frequencies = np.sort(selections.mean(axis=0))[::-1]
    always, sometimes = display.lines_
    assert len(always.get_xdata()) == (frequencies == 1).sum()
    drawn = sometimes.get_xdata()
    np.testing.assert_array_equal(sometimes.get_ydata(), frequencies[drawn - 1])
    assert drawn[-1] == (frequencies > 0).sum()
    assert display.ax_.get_xscale() == "log" and "10 fits" in display.ax_.get_ylabel()


def test_stability_selection(wide):
    kept = wide[:, [i for i in range(40) if i not in (3, 17)]]
    selector = StabilitySelector(SelectKBest(k=2), n_pairs=10, random_state=0)
    selector.fit(kept, classes(wide))
    display = StabilityDisplay.from_estimator(selector, n_features=12)
    best = np.argsort(selector.ranking_)[:12]
    drawn = [width for bars in display.bars_ if bars is not None for width in widths(bars)]
    np.testing.assert_allclose(drawn, selector.selection_frequencies_[best])
    assert display.threshold_.get_xdata() == [selector.threshold_] * 2
    n_selected = selector.support_.sum()
    expected = [f"selected: {n_selected}"] if n_selected else []
    assert labels(display) == [
        *expected,
        f"not selected: {38 - n_selected}",
        *([] if n_selected else [""]),  # so that what follows is in the other column
        f"threshold: {selector.threshold_:.3g}",
        f"false, expected: ≤ {selector.pfer_:.2g}",
    ]
    assert display.stability is None
    assert display.ax_.get_xlabel() == "share of 20 fits to halves\nthat select the feature"


def test_an_ensemble(wide):
    selector = EnsembleSelector(quick(WASTSelector), n_fits=3, random_state=0).fit(wide)
    display = StabilityDisplay.from_estimator(selector)
    frequencies = selector.selection_frequencies_
    np.testing.assert_array_equal(display.frequencies, frequencies)
    assert (np.diff(frequencies[np.argsort(display.ranking)]) <= 0).all()
    assert display.threshold_ is None
    assert display.ax_.get_xlabel() == "share of 3 fits with other seeds\nthat select the feature"


@pytest.mark.parametrize(
    ("vary", "what"), [("seed", "fits with other seeds"), ("half", "fits to random halves")]
)
def test_fits_any_selector(vary, what, wide):
    settings = {"n_repeats": 4, "vary": vary, "K": 6, "random_state": 0}
    selector = quick(WASTSelector)
    frame = pd.DataFrame(wide, columns=[f"gene {i}" for i in range(40)])
    display = StabilityDisplay.from_estimator(selector, frame, **settings)
    expected = repeated_selections(selector, wide, **settings)
    np.testing.assert_array_equal(display.frequencies, expected.mean(axis=0))
    assert display.stability == stability(expected)
    assert f"4 {what}" in display.ax_.get_xlabel()
    assert all(name.startswith("gene ") for name in names(display))
    assert not hasattr(selector, "scores_")


def test_labels_are_passed_on(wide):
    y = classes(wide)
    display = StabilityDisplay.from_estimator(
        quick(GradualPruningSelector), wide, y, n_repeats=2, random_state=0
    )
    assert display.frequencies.sum() == 5


def test_nothing_to_draw_is_refused(wide):
    with pytest.raises(NotFittedError):
        StabilityDisplay.from_estimator(StabilitySelector(SelectKBest()))
    with pytest.raises(ValueError, match="WASTSelector has no selection frequencies. Pass X"):
        StabilityDisplay.from_estimator(fit(quick(WASTSelector), wide))
    with pytest.raises(ValueError, match="feature_names has 1 names for 5 features"):
        StabilityDisplay.from_selections(SELECTIONS, feature_names=["a"])
    with pytest.raises(ValueError, match="n_features must be a positive int"):
        StabilityDisplay.from_selections(SELECTIONS, n_features=0)
    assert plt.get_fignums() == []


def test_given_axes_and_a_picture_of_a_column():
    figure, ax = plt.subplots(figsize=(3.15, 2.6), layout="constrained")
    display = StabilityDisplay.from_selections(SELECTIONS, ax=ax)
    assert display.ax_ is ax and display.figure_ is figure
    assert inside_the_page(figure, display.legend_, ax.xaxis.label, ax.yaxis.label)
    assert display.plot(ax, kind="curve", legend=False).legend_ is None


def test_without_matplotlib_the_error_says_what_to_install(no_matplotlib):
    with pytest.raises(ImportError, match=r'StabilityDisplay .*"sparsefs\[plot\]"'):
        StabilityDisplay.from_selections(SELECTIONS)
