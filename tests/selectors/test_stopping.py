# SPDX-License-Identifier: BSD-3-Clause
"""Fits that end early: a limit of time, Ctrl-C, callbacks. The ranking so far is valid."""

import signal
import threading
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sparsefs import GradualPruningSelector, WASTSelector
from sparsefs.training import progress
from sparsefs.training.optimizers import Optimizer
from tests.selectors.common import classes, every_selector, fit, quick, with_each


def is_valid(selector, n_features=40):
    assert np.isfinite(selector.scores_).all()
    assert sorted(selector.ranking_) == list(range(1, n_features + 1))
    assert selector.support_.sum() == 5
    return True


@every_selector
def test_max_time_ends_after_the_epoch_under_way(Selector, wide):
    with pytest.warns(UserWarning, match="Stopped after 1 of 3 epochs: max_time=1e-09 "):
        selector = fit(quick(Selector, max_time=1e-9), wide)
    assert (selector.n_iter_, selector.stopped_by_) == (1, "max_time")
    assert is_valid(selector)


@every_selector
def test_enough_time_changes_nothing(Selector, wide):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        selector = fit(quick(Selector, max_time=1e9), wide)
    assert selector.stopped_by_ is None
    np.testing.assert_array_equal(selector.scores_, fit(quick(Selector), wide).scores_)


def test_the_last_epoch_is_not_an_early_end(wide):
    selector = quick(WASTSelector, max_iter=1, max_time=1e-9).fit(wide)
    assert selector.stopped_by_ is None


def test_the_clock_starts_with_the_fit(wide, monkeypatch):
    seconds = iter([100.0, 103.0, 104.0, 105.5])  # the beginning, and after every epoch
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with pytest.warns(UserWarning, match="Stopped after 3 of 9 epochs"):
        selector = quick(WASTSelector, max_iter=9, max_time=5.0).fit(wide)
    assert selector.n_iter_ == 3


def test_the_closed_form_ranks_all_features_in_one_round():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 200))
    y = X[:, 7] > 0
    with pytest.warns(UserWarning, match="Stopped after 1 of 80 epochs"):
        selector = GradualPruningSelector(K=5, max_time=1e-9, random_state=0).fit(X, y)
    assert is_valid(selector, 200)
    assert selector.ranking_[7] == 1


@with_each("K", ["auto"])
def test_the_folds_that_choose_K_share_the_time(Selector, K, wide):
    if not Selector._nested_ranking:
        return  # it trains towards K
    selector = quick(Selector, K, max_time=1e-9)
    with pytest.warns(UserWarning, match="max_time") as seen:
        fit(selector, wide)
    stops = [str(one.message) for one in seen if "max_time" in str(one.message)]
    assert len(stops) == 2 and all("max_time=1e-09" in stop for stop in stops)
    assert "folds that choose K" in stops[0] and "Stopped after 1" in stops[1]
    assert selector.stopped_by_ == "max_time" and 1 <= selector.K_ <= 40


@pytest.mark.parametrize("value", [0, -1.0, True, "1 h", np.nan])
def test_an_unusable_max_time_is_refused(value, wide):
    with pytest.raises(ValueError, match="'max_time'"):
        quick(WASTSelector, max_time=value).fit(wide)


def test_an_unknown_reaction_is_refused(wide):
    with pytest.raises(ValueError, match="'on_interrupt'.*'keep'"):
        quick(WASTSelector, on_interrupt="ignore").fit(wide)


def test_it_clones_and_is_searched(wide):
    selector = quick(WASTSelector, max_time=1e-9, on_interrupt="keep")
    assert clone(selector).get_params() == selector.get_params()
    search = GridSearchCV(
        make_pipeline(selector, DecisionTreeClassifier(random_state=0)),
        {"wastselector__max_time": [1e-9, None]},
        cv=2,
    )
    with pytest.warns(UserWarning, match="Stopped after"):
        search.fit(wide, classes(wide))
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.fixture
def ctrl_c(monkeypatch):
    """Sends as many signals as are asked for, one after another, in the steps from a number on."""
    update, left = Optimizer.update, SimpleNamespace(steps=0, signals=0)

    def interrupted(self, parameters):
        left.steps -= 1
        if left.steps < 0 < left.signals:
            left.signals -= 1
            signal.raise_signal(signal.SIGINT)
        update(self, parameters)

    monkeypatch.setattr(Optimizer, "update", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs of a shell ignore it
    yield lambda steps, signals: vars(left).update(steps=steps, signals=signals)
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


@every_selector
def test_ctrl_c_keeps_the_ranking_so_far(Selector, wide, ctrl_c):
    with pytest.warns(UserWarning, match="Stopped after 1 of 3 epochs: max_time"):
        expected = fit(quick(Selector, max_time=1e-9), wide)
    ctrl_c(steps=1, signals=1)
    with pytest.warns(UserWarning, match=r"Stopped after 1 of 3 epochs: interrupted \(Ctrl-C\)"):
        selector = fit(quick(Selector, on_interrupt="keep"), wide)
    assert selector.stopped_by_ == "interrupt" and is_valid(selector)
    np.testing.assert_array_equal(selector.scores_, expected.scores_)


@pytest.mark.parametrize(("reaction", "signals"), [("raise", 1), ("keep", 2)])
@every_selector
def test_ctrl_c_raises_by_default_and_the_second_one_always(
    Selector, reaction, signals, wide, ctrl_c
):
    ctrl_c(steps=1, signals=signals)
    with pytest.raises(KeyboardInterrupt):
        fit(quick(Selector, on_interrupt=reaction), wide)


def test_ctrl_c_raises_while_K_is_chosen(wide, ctrl_c):
    ctrl_c(steps=1, signals=1)
    with pytest.raises(KeyboardInterrupt):
        quick(WASTSelector, K="auto", on_interrupt="keep").fit(wide)


def test_an_error_before_the_training_leaves_the_signals_alone(wide, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("tqdm.auto.tqdm", None)
    with pytest.raises(TypeError):
        quick(WASTSelector, on_interrupt="keep", verbose=True).fit(wide)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_fit_in_another_thread_leaves_the_signals_alone(wide):
    before, selector = signal.getsignal(signal.SIGINT), quick(WASTSelector, on_interrupt="keep")
    thread = threading.Thread(target=selector.fit, args=(wide,))
    thread.start()
    thread.join()
    assert selector.n_iter_ == 3 and signal.getsignal(signal.SIGINT) is before


def test_a_process_that_ignores_ctrl_c_goes_on_ignoring_it(wide, ctrl_c):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ctrl_c(steps=1, signals=1)
        assert quick(WASTSelector, on_interrupt="keep").fit(wide).stopped_by_ is None
    finally:
        signal.signal(signal.SIGINT, before)


@every_selector
def test_an_end_by_a_callback_says_the_same(Selector, wide):
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")

    class Ender:
        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_begin = setup

        def on_fit_task_end(self, estimator, context):
            return context.task_name == "epoch"

    with pytest.warns(UserWarning, match="Stopped after 1 of 3 epochs: a callback"):
        selector = fit(quick(Selector).set_callbacks(Ender()), wide)
    assert selector.stopped_by_ == "callback" and is_valid(selector)
