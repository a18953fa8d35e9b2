# SPDX-License-Identifier: BSD-3-Clause
"""KCurveDisplay: means and standard errors over folds, and which K was chosen."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from sparsefs import (
    CrossValidatedK,
    GradualPruningSelector,
    KCurveDisplay,
    NeuronAttributionSelector,
    WASTSelector,
)
from sparsefs.evaluation import KCurve
from tests.plots.toy import inside_the_page, labels
from tests.selectors.common import classes, first_ten_informative, fit, quick

KS = np.array([1, 3, 8, 20])


def curve(seed=0, metric="accuracy", Ks=KS, n_folds=4):
    rng = np.random.default_rng(seed)
    scores = rng.random((len(Ks), n_folds))
    return KCurve(np.array(Ks), scores, metric)


def edges(band):
    """Lower and upper edge of a band at every K."""
    found = {}
    for x, y in band.get_paths()[0].vertices:
        found.setdefault(float(x), []).append(float(y))
    return np.array([[min(found[x]), max(found[x])] for x in sorted(found)]).T


def ticks(display):
    """Numbers at the ticks of K that are in view."""
    ax = display.ax_
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    places = zip(ax.get_xticks(), ax.get_xticklabels())
    return [text.get_text() for where, text in places if low <= where <= high]


def test_a_line_and_a_band():
    one = curve()
    display = KCurveDisplay.from_curve(one, chosen=8)
    (line,), (band,) = display.lines_, display.bands_
    np.testing.assert_array_equal(line.get_xdata(), KS)
    np.testing.assert_allclose(line.get_ydata(), one.scores.mean(axis=1))
    se = one.scores.std(axis=1, ddof=1) / 2
    np.testing.assert_allclose(edges(band), one.scores.mean(axis=1) + np.array([[-1], [1]]) * se)
    assert line.get_marker() not in ("", "None")
    (point,) = display.chosen_points_
    assert point.get_xdata().tolist() == [8] and point.get_ydata() == one.mean[2]
    assert labels(display) == ["chosen: K = 8"]
    assert display.ax_.get_xlabel() == "number of features K"
    assert display.ax_.get_ylabel() == "accuracy\n(mean of 4 folds ± standard error)"
    assert display.all_features_line_ is None


def test_ticks_are_plain_numbers_at_powers_of_two():
    display = KCurveDisplay.from_curve(curve())
    assert display.ax_.get_xscale() == "log" and ticks(display) == ["1", "2", "4", "8", "16"]
    assert KCurveDisplay.from_curve(curve(), log_x=False).ax_.get_xscale() == "linear"


@pytest.mark.parametrize(
    ("Ks", "expected"),
    [
        ([5, 6, 7], ["5", "7"]),
        ([6], ["6"]),
        ([1, 2**15], ["1", "4", "16", "64", "256", "1,024", "4,096", "16,384"]),
    ],
)
def test_ticks_of_unusual_numbers(Ks, expected):
    assert ticks(KCurveDisplay.from_curve(curve(Ks=Ks))) == expected


def test_several_curves_differ_in_more_than_colour():
    curves = {f"selector {i}": curve(i) for i in range(6)}
    display = KCurveDisplay.from_curve(curves, all_features=0.9, chosen={"selector 3": 20})
    for look in ("get_marker", "get_color", "get_label"):
        assert len({getattr(line, look)() for line in display.lines_}) == 6
    assert len({str(line._dash_pattern) for line in display.lines_}) == 6
    assert display.all_features_line_.get_ydata() == [0.9, 0.9]
    assert labels(display) == [*curves, "chosen (selector 3): K = 20", "all features: 0.900"]


def test_curves_of_different_numbers_of_folds_say_so():
    display = KCurveDisplay.from_curve({"a": curve(), "b": curve(n_folds=10, Ks=[2, 64])})
    assert "mean of 4 or 10 folds" in display.ax_.get_ylabel()
    assert ticks(display)[-1] == "64"


def test_path_of_a_selector_that_chose_K():
    X, y = first_ten_informative(0)
    selector = quick(GradualPruningSelector, K="auto", max_iter=10).fit(X, y)
    display = KCurveDisplay.from_estimator(selector, all_features=0.8)
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), selector.path_.Ks)
    np.testing.assert_allclose(display.lines_[0].get_ydata(), selector.path_.mean)
    low, high = edges(display.bands_[0])
    np.testing.assert_allclose((high - low) / 2, selector.path_.se)
    assert display.chosen == {"": selector.K_}
    assert display.ax_.get_ylabel().startswith("accuracy\n(mean of 5 folds")
    selector.set_params(K=CrossValidatedK(rule="best"))
    best = int(selector.path_.Ks[selector.path_.mean.argmax()])
    assert KCurveDisplay.from_estimator(selector, name="ours").chosen == {"ours": best}


@pytest.mark.parametrize(
    ("Selector", "choice", "of_y", "metric"),
    [
        (WASTSelector, CrossValidatedK(cv=2), classes, "explained variance"),
        (WASTSelector, CrossValidatedK(cv=2, target="y"), classes, "accuracy"),
        (NeuronAttributionSelector, CrossValidatedK(cv=2), classes, "accuracy"),
        (NeuronAttributionSelector, CrossValidatedK(cv=2), lambda X: X[:, 0] + X[:, 1], "R2"),
        (NeuronAttributionSelector, CrossValidatedK(cv=2, target="X"), classes, "explained varia"),
        (
            NeuronAttributionSelector,
            CrossValidatedK(cv=2, scoring="balanced_accuracy"),
            classes,
            "balanced_accuracy",
        ),
        (NeuronAttributionSelector, CrossValidatedK(cv=2, estimator=GaussianNB()), classes, "acc"),
        (
            NeuronAttributionSelector,
            CrossValidatedK(cv=2, estimator=Ridge()),
            lambda X: X[:, 0] + X[:, 1],
            "R2",
        ),
    ],
)
def test_what_the_scores_of_a_path_are(Selector, choice, of_y, metric, wide):
    selector = quick(Selector, K=choice.set_params(Ks=[2, 5]), max_iter=1).fit(wide, of_y(wide))
    assert KCurveDisplay.from_estimator(selector).ax_.get_ylabel().startswith(metric)
    changed = KCurveDisplay.from_estimator(selector.set_params(K=5))
    assert changed.ax_.get_ylabel().startswith(metric)
    assert changed.chosen_points_[0].get_xdata().tolist() == [5] or changed.chosen == {"": 5}


def test_a_given_K_that_was_not_tried_is_not_marked(wide):
    selector = fit(quick(WASTSelector, K=CrossValidatedK(cv=2, Ks=[2, 5]), max_iter=1), wide)
    display = KCurveDisplay.from_estimator(selector.set_params(K=4))
    assert display.chosen_points_ == []


@pytest.mark.parametrize(
    ("curves", "given", "message"),
    [
        ({}, {}, "A picture can show 1 to 6 curves. Got 0"),
        ({str(i): curve() for i in range(7)}, {}, "Got 7"),
        ({"a": curve(), "b": curve(metric="R2")}, {}, r"one metric. Got \['R2', 'accuracy'\]"),
        ({"a": curve(), "b": curve()}, {"chosen": 8}, "chosen must be a dict"),
        ({"a": curve()}, {"chosen": {"b": 8}}, r"chosen contains 'b', which is no curve.*\['a'\]"),
        ({"a": curve()}, {"chosen": 7}, r"K=7 is not among those tried, \[1, 3, 8, 20\]"),
    ],
)
def test_unusable_curves_are_refused(curves, given, message):
    with pytest.raises(ValueError, match=message):
        KCurveDisplay.from_curve(curves, **given)
    assert plt.get_fignums() == []


def test_without_a_path_there_is_nothing_to_draw(wide):
    with pytest.raises(NotFittedError):
        KCurveDisplay.from_estimator(WASTSelector(K="auto"))
    with pytest.raises(ValueError, match="WASTSelector was fitted with a given K.*K='auto'"):
        KCurveDisplay.from_estimator(fit(quick(WASTSelector), wide))


def test_given_axes_and_a_picture_of_a_column():
    figure, ax = plt.subplots(figsize=(3.15, 2.6), layout="constrained")
    curves = {"gradual pruning": curve(), "ExtraTrees": curve(1), "F-test": curve(2)}
    display = KCurveDisplay.from_curve(curves, ax=ax, all_features=0.9)
    assert display.ax_ is ax and display.plot(ax, legend=False).legend_ is None
    display.plot(ax)
    assert inside_the_page(figure, display.legend_, ax.xaxis.label, ax.yaxis.label)


def test_without_matplotlib_the_error_says_what_to_install(no_matplotlib):
    with pytest.raises(ImportError, match=r'KCurveDisplay .*"sparsefs\[plot\]"'):
        KCurveDisplay.from_curve(curve())
