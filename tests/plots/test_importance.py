# SPDX-License-Identifier: BSD-3-Clause
"""ImportanceDisplay: the ranking is what is drawn, and the cut is at K."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.pipeline import make_pipeline

from sparsefs import (
    DeepLassoSelector,
    EnsembleSelector,
    GradualPruningSelector,
    HyperSparseSelector,
    ImportanceDisplay,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    StabilitySelector,
    WASTSelector,
)
from tests.plots.toy import Told, inside_the_page, labels
from tests.selectors.common import SELECTORS, classes, fit, quick

SCORES = [0.5, 3.0, 1.0, 2.0, 0.0]


def widths(bars):
    return [patch.get_width() for patch in bars]


def names(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def test_bars_are_sorted_and_told_apart():
    display = ImportanceDisplay.from_estimator(Told(SCORES).fit())
    selected, others = display.bars_
    assert widths(selected) == [3, 2] and widths(others) == [1, 0.5, 0]
    assert names(display) == ["x1", "x3", "x2", "x0", "x4"]
    assert display.ax_.yaxis_inverted()  # the best on top
    assert selected[0].get_facecolor() != others[0].get_facecolor()
    assert selected[0].get_hatch() is None and others[0].get_hatch() is not None  # in grey, too
    assert display.cut_.get_ydata() == [2.5, 2.5]
    assert labels(display) == ["selected: 2", "not selected: 3", "cut at K = 2"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("score", "5 features")
    assert display.lines_ is display.errors_ is display.threshold_ is None


@pytest.mark.parametrize("named", [True, False])
def test_a_saved_table_draws_the_same_picture(named, tmp_path):
    X = np.random.default_rng(0).standard_normal((60, 6))
    y = classes(X)
    X = pd.DataFrame(X).add_prefix("f") if named else X
    selector = EnsembleSelector(quick(NeuronAttributionSelector), K=2, n_fits=2, random_state=0)
    selector.fit(X, y).to_frame().to_csv(tmp_path / "table.csv", index=False)
    expected = ImportanceDisplay.from_estimator(selector)
    for read in (pd.read_csv, pl.read_csv):
        table = read(tmp_path / "table.csv")
        found = ImportanceDisplay.from_frame(table[::-1], score_label=expected.score_label)
        assert names(found) == names(expected) and labels(found) == labels(expected)
        assert found.ax_.get_xlabel() == expected.ax_.get_xlabel()
        for mine, other in zip(found.bars_, expected.bars_, strict=True):
            np.testing.assert_allclose(widths(mine), widths(other))
        np.testing.assert_allclose(np.sort(found.scores_std), np.sort(selector.scores_std_))


def test_tables_without_a_column_are_refused():
    table = pd.DataFrame({"feature": ["a"], "rank": [1], "score": [1.0]})
    with pytest.raises(ValueError, match=r"Missing: \['selected'\]"):
        ImportanceDisplay.from_frame(table)
    with pytest.raises(ValueError, match="'selected' of frame must contain booleans"):
        ImportanceDisplay.from_frame(table.assign(selected="False"))


def test_names_are_no_mathematics():
    """A dollar in a name is one: else it vanishes, or the picture cannot be drawn."""
    told = [r"price in $ or $", r"$\unknown{$"]
    display = ImportanceDisplay.from_estimator(Told([2.0, 1.0]).fit(), feature_names=told)
    display.figure_.canvas.draw()
    assert names(display) == [name.replace("$", r"\$") for name in told]


def test_the_best_few():
    display = ImportanceDisplay.from_estimator(Told(SCORES).fit(), n_features=3)
    assert names(display) == ["x1", "x3", "x2"]
    assert display.ax_.get_ylabel() == "3 of 5 features"
    assert labels(display)[:2] == ["selected: 2", "not selected: 3"]  # of all, not of the shown


@pytest.mark.parametrize("n_features", [1, 2])
def test_no_cut_and_no_others_where_none_is_shown(n_features):
    display = ImportanceDisplay.from_estimator(Told(SCORES).fit(), n_features=n_features)
    assert display.cut_ is display.bars_[1] is None
    assert labels(display) == ["selected: 2"]


def test_names_are_given_or_of_the_data(wide):
    selector = Told(SCORES).fit()
    display = ImportanceDisplay.from_estimator(selector, feature_names=list("abcde"))
    assert names(display) == list("bdcae")
    selector.feature_names_in_ = np.array(["a" * 60, *"bcde"], dtype=object)
    short = names(ImportanceDisplay.from_estimator(selector))[3]
    assert len(short) < 30 and short.startswith("aaa") and not short.endswith("a")
    with pytest.raises(ValueError, match="feature_names has 2 names for 5 features"):
        ImportanceDisplay.from_estimator(selector, feature_names=["a", "b"])


@pytest.mark.parametrize("n", [41, 500, 200_000])
def test_many_features_are_a_curve(n):
    scores = np.random.default_rng(0).random(n)
    display = ImportanceDisplay.from_estimator(Told(scores, K=30).fit())
    selected, others = display.lines_
    assert selected.get_xdata().tolist() == list(range(1, 31))  # every one of them
    assert others.get_xdata()[[0, -1]].tolist() == [31, n]
    best = np.sort(scores)[::-1]
    for line in display.lines_:
        np.testing.assert_array_equal(line.get_ydata(), best[line.get_xdata() - 1])
        assert len(line.get_xdata()) <= 2100  # no more than a picture can show
    assert selected.get_linestyle() != others.get_linestyle()
    assert display.cut_.get_xdata() == [30.5, 30.5]
    assert display.ax_.get_xscale() == ("linear" if n == 41 else "log")
    assert display.bars_ is None
    assert labels(display)[1] == f"not selected: {n - 30:,}"


def test_kind_and_scale_can_be_chosen():
    selector = Told(np.arange(300.0), K=3).fit()
    assert ImportanceDisplay.from_estimator(selector, log_x=False).ax_.get_xscale() == "linear"
    assert ImportanceDisplay.from_estimator(selector, n_features=50, kind="bars").lines_ is None
    curve = ImportanceDisplay.from_estimator(selector, n_features=40, kind="curve", log_x=True)
    assert curve.bars_ is None and curve.ax_.get_xlabel() == "rank (40 of 300 features)"


def test_negative_scores_are_seen():
    display = ImportanceDisplay.from_estimator(Told([1, -2, 0.5]).fit())
    assert display.ax_.get_xlim()[0] < -2


def test_spread_of_networks(wide):
    selector = fit(quick(GradualPruningSelector), wide)
    display = ImportanceDisplay.from_estimator(selector, n_features=10)
    (bars,) = display.errors_[2]
    ends = np.array(bars.get_segments())[:, :, 0]
    best = np.argsort(selector.ranking_)[:10]
    np.testing.assert_allclose(np.diff(ends)[:, 0], 2 * selector.scores_std_[best])
    np.testing.assert_allclose(ends.mean(axis=1), selector.scores_[best])
    assert labels(display)[-1] == "± 1 standard deviation"
    curve = ImportanceDisplay.from_estimator(selector, kind="curve")
    assert curve.errors_.get_paths()


@pytest.mark.parametrize("Selector", SELECTORS)
def test_every_selector(Selector, wide):
    selector = fit(quick(Selector, K=5), wide)
    display = ImportanceDisplay.from_estimator(selector)
    drawn = [len(bars) for bars in display.bars_]
    assert drawn == [5, 35]
    best_first = np.argsort(selector.ranking_)
    np.testing.assert_allclose(widths(display.bars_[0]), selector.scores_[best_first[:5]])
    assert display.ax_.get_xlabel() not in ("", "score")


@pytest.mark.parametrize(
    ("selector", "label"),
    [
        (GradualPruningSelector(), "loss without the feature (share)"),
        (WASTSelector(), "importance (error and strength, summed over steps)"),
        (WASTSelector(rank_by="strength"), "strength (sum of |weights| of the input)"),
        (QuickSelectionSelector(), "strength (sum of |weights| of the input)"),
        (QuickSelectionSelector(rank_by="output_degree"), "connections of the output"),
        (NeuronAttributionSelector(), "attribution (mean |derivative| of the outputs)"),
        (NeuronAttributionSelector(importance="strength"), "strength (sum of |weights| of the in"),
        (NeuroFSSelector(), "share of the training survived; if left, 1 + strength"),
        (HyperSparseSelector(), "relative strength; if connected, 1 + strength"),
        (DeepLassoSelector(), "derivative of the loss (root mean square)"),
        (StabilitySelector(SelectKBest()), "selection frequency"),
    ],
)
def test_what_scores_are(selector, label):
    assert label in selector._score_label


def test_k_chosen_by_cross_validation(wide):
    selector = fit(quick(GradualPruningSelector, K="auto"), wide)
    display = ImportanceDisplay.from_estimator(selector)
    assert display.support.sum() == selector.K_
    assert f"selected: {selector.K_}" in labels(display)


def test_stability_selection_has_a_threshold_instead_of_a_cut(wide):
    selector = StabilitySelector(SelectKBest(k=2), q=4, n_pairs=5, random_state=0)
    selector.fit(wide[:, [0, 1, 2, 4, 5]], classes(wide))
    display = ImportanceDisplay.from_estimator(selector)
    assert display.threshold_.get_xdata() == [selector.threshold_] * 2
    assert display.cut_ is None and f"threshold: {selector.threshold_:.3g}" in labels(display)
    curve = ImportanceDisplay.from_estimator(selector, kind="curve")
    assert curve.threshold_.get_ydata() == [selector.threshold_] * 2


def test_a_selector_of_scikit_learn(wide):
    selector = SelectKBest(k=3).fit(wide[:, :10], classes(wide))  # column 3 is constant: NaN
    display = ImportanceDisplay.from_estimator(selector)
    assert names(display)[-1] == "x3"
    assert set(names(display)[:3]) == {f"x{i}" for i in selector.get_support(indices=True)}


def test_draws_on_given_axes_again_and_again():
    figure, (first, second) = plt.subplots(1, 2)
    display = ImportanceDisplay.from_estimator(Told(SCORES).fit(), ax=first)
    assert display.ax_ is first
    assert display.plot(second, n_features=2, legend=False) is display
    assert display.ax_ is second and display.figure_ is figure and display.legend_ is None
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("n", [12, 4000])
def test_a_picture_of_a_column_of_a_journal(n):
    scores = np.random.default_rng(0).random(n)
    figure, ax = plt.subplots(figsize=(3.15, 2.8), layout="constrained")
    display = ImportanceDisplay.from_estimator(Told(scores, K=10).fit(), ax=ax)
    assert inside_the_page(figure, display.legend_, ax.xaxis.label, ax.yaxis.label)
    assert not display.legend_.get_window_extent().overlaps(ax.get_window_extent().shrunk(1, 0.99))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_features": 0}, "n_features must be a positive int"),
        ({"n_features": True}, "n_features must be a positive int"),
        ({"n_features": 1.5}, "n_features must be a positive int"),
        ({"kind": "pie"}, "kind must be 'auto', 'bars' or 'curve'. Got 'pie'"),
    ],
)
def test_unusable_settings_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        ImportanceDisplay.from_estimator(Told(SCORES).fit(), **given)
    assert plt.get_fignums() == []


def test_what_has_no_scores_is_refused(wide):
    with pytest.raises(NotFittedError):
        ImportanceDisplay.from_estimator(WASTSelector())
    for estimator in (VarianceThreshold(), make_pipeline(SelectKBest())):
        with pytest.raises(TypeError, match=f"with scores_.*Got {type(estimator).__name__}"):
            ImportanceDisplay.from_estimator(estimator.fit(wide, classes(wide)))


def test_without_matplotlib_the_error_says_what_to_install(no_matplotlib):
    with pytest.raises(ImportError, match=r'ImportanceDisplay .*pip install "sparsefs\[plot\]"'):
        ImportanceDisplay.from_estimator(Told(SCORES).fit())
