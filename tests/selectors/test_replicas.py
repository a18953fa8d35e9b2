# SPDX-License-Identifier: BSD-3-Clause
"""Several networks per selector: what is averaged, and what it must not depend on."""

import threading

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sparsefs.selectors._ranking import comparable

from sparsefs import NeuronAttributionSelector
from sparsefs.importance import Importance
from tests.selectors.common import SUPERVISED, classes, fit, quick, takes, with_parameter

every_selector = with_parameter("n_replicas")
every_supervised = pytest.mark.parametrize(
    "Selector", [Selector for Selector in SUPERVISED if takes(Selector, "n_replicas", 2)]
)


def replicas_of(Selector, X, n, monkeypatch, **params):
    """A fit of `n` replicas, and the scores that each of them had."""
    scores, keep = [], Selector._set_scores

    def watched(self, *args):
        keep(self, *args)
        scores.append(self.scores_)

    with monkeypatch.context() as patch:
        patch.setattr(Selector, "_set_scores", watched)
        selector = fit(quick(Selector, n_replicas=n, **params), X)
    return selector, np.array(scores)


@every_selector
def test_scores_are_the_mean_and_the_spread_of_the_replicas_scores(Selector, wide, monkeypatch):
    selector, each = replicas_of(Selector, wide, 3, monkeypatch)
    relative = each / each.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(selector.scores_, relative.mean(axis=0))
    np.testing.assert_allclose(selector.scores_std_, relative.std(axis=0))
    assert (selector.scores_std_[[3, 17]] == 0).all()  # constant columns
    assert len(np.unique(each, axis=0)) == 3
    # A better score means a better rank.
    assert (np.diff(selector.scores_[np.argsort(selector.ranking_)]) <= 0).all()
    assert set(selector.ranking_[[3, 17]]) == {39, 40}


def test_no_replica_counts_more_than_another():
    scores = np.array([[1.0, 2, 3], [100, 200, 300], [-1, 2, -3], [0, 0, 0]])
    relative = comparable(scores)
    np.testing.assert_allclose(relative[0], relative[1])
    np.testing.assert_allclose(np.abs(relative).mean(axis=1), [1, 1, 1, 0])


@every_selector
def test_the_first_replica_is_the_fit_without_replicas(Selector, wide, monkeypatch):
    one = fit(quick(Selector), wide)
    assert not hasattr(one, "scores_std_")
    several, each = replicas_of(Selector, wide, 2, monkeypatch)
    np.testing.assert_array_equal(each[0], one.scores_)
    np.testing.assert_array_equal(several.network_(wide), one.network_(wide))
    assert several.score(wide, classes(wide)) == one.score(wide, classes(wide))
    assert several.n_iter_ == one.n_iter_
    np.testing.assert_array_equal(several.history_["loss"], one.history_["loss"])
    for name in ("parameters", "bytes", "inference_flops"):
        assert several.costs_[name] == one.costs_[name]
    # More replicas leave what there is as it is.
    np.testing.assert_array_equal(replicas_of(Selector, wide, 3, monkeypatch)[1][:2], each)


@every_selector
def test_costs_are_those_of_all_replicas(Selector, wide):
    one, three = (fit(quick(Selector, n_replicas=n), wide).costs_ for n in (1, 3))
    assert three["training_flops"]["dense"] == 3 * one["training_flops"]["dense"]
    ratio = three["training_flops"]["sparse"] / one["training_flops"]["sparse"]
    assert ratio == pytest.approx(3, rel=0.2)


@every_selector
def test_n_jobs_does_not_matter(Selector, wide, tmp_path):
    expected = fit(quick(Selector, n_replicas=4), wide)
    on_disk = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=wide.shape)
    on_disk[:] = wide
    for n_jobs, X in ((2, wide), (-1, wide), (3, on_disk)):
        got = fit(quick(Selector, n_replicas=4, n_jobs=n_jobs), X)
        np.testing.assert_array_equal(got.scores_, expected.scores_)
        np.testing.assert_array_equal(got.scores_std_, expected.scores_std_)
    with parallel_config(backend="loky", n_jobs=2):
        got = fit(quick(Selector, n_replicas=4), wide)
    np.testing.assert_array_equal(got.scores_, expected.scores_)


@every_selector
def test_replicated_fits_may_run_in_parallel(Selector, wide):
    selectors = [quick(Selector, n_replicas=2, n_jobs=2, random_state=seed) for seed in range(3)]
    expected = [fit(selector, wide).scores_ for selector in selectors]
    for backend in ("threading", "loky"):
        got = Parallel(n_jobs=2, backend=backend)(delayed(fit)(s, wide) for s in selectors)
        for selector, scores in zip(got, expected, strict=True):
            np.testing.assert_array_equal(selector.scores_, scores)


@every_selector
def test_a_refit_with_one_replica_forgets_the_spread(Selector, wide):
    selector = fit(quick(Selector, n_replicas=2), wide)
    fit(selector.set_params(n_replicas=1), wide)
    assert not hasattr(selector, "scores_std_")
    np.testing.assert_array_equal(selector.scores_, fit(quick(Selector), wide).scores_)


@every_selector
def test_random_state_of_every_kind(Selector, wide):
    def scores(random_state):
        return fit(quick(Selector, n_replicas=2, random_state=random_state), wide).scores_

    first, again = (scores(np.random.RandomState(0)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(scores(None), scores(None))


@every_selector
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_progress_bar_counts_the_epochs_of_all_replicas(Selector, wide, capsys, n_jobs):
    fit(quick(Selector, n_replicas=4, n_jobs=n_jobs, verbose=True), wide)
    out, err = capsys.readouterr()
    assert out == "" and "12/12" in err


def test_the_progress_bar_does_not_wait_for_replicas_that_stop_early(wide, capsys):
    selector = NeuronAttributionSelector(
        K=5, max_iter=50, n_replicas=2, n_iter_no_change=1, learning_rate_init=1.0,
        hidden_layer_sizes=5, verbose=True, random_state=0, device="cpu",
    )  # fmt: skip
    selector.fit(wide, classes(wide))
    assert selector.n_iter_ < 50
    last = capsys.readouterr().err.rstrip().split("\r")[-1]
    assert "100%" in last and "/100 " not in last


@every_selector
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks_see_the_epochs_of_all_replicas_and_can_stop_each(Selector, wide, n_jobs):
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")

    class Recorder:
        def __init__(self):
            self.n_epochs, self.supports, self.final = 0, [], None

        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_begin = setup

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                self.n_epochs += 1
                self.supports.append(fitted_estimator.transform(wide).shape)
                return True
            self.final = fitted_estimator.scores_

    recorder = Recorder()
    selector = quick(Selector, n_replicas=3, n_jobs=n_jobs).set_callbacks(recorder)
    fit(selector, wide)
    assert recorder.n_epochs == 3 and selector.n_iter_ == 1
    assert recorder.supports == [(60, 5)] * 3
    np.testing.assert_array_equal(recorder.final, selector.scores_)


class Counting(Importance):
    """Remembers how many steps it has seen, over all fits unless it is copied."""

    def __init__(self):
        self.n_steps = 0

    def after_update(self, network, step):
        self.n_steps += 1

    def scores(self, network):
        return np.full(network.layers[0].shape[1], float(self.n_steps))


def test_replicas_do_not_share_the_users_parts(wide):
    def counting_loss(output, target, sample_weight=None):
        return 0.0, output * 0

    class Grow:
        n_calls = 0

        def __call__(self, layer, dropped, importance, rng):
            from sparsefs.topology import RandomGrow

            self.n_calls += 1
            return RandomGrow()(layer, dropped, importance, rng)

    grow = Grow()
    selector = quick(
        NeuronAttributionSelector, n_replicas=2, topology=grow, importance=Counting(),
        loss=counting_loss, update_every=1, n_jobs=2,
    )  # fmt: skip
    selector.fit(wide, wide[:, 0])
    assert selector.topology is grow and grow.n_calls == 0
    assert selector.importance.n_steps == 0


@every_selector
def test_a_failing_replica_ends_the_fit(Selector, wide, monkeypatch):
    n_threads = threading.active_count()
    selector = fit(quick(Selector), wide)
    scores, trained = selector.scores_, []
    train = Selector._train

    def failing(self, data, constant, rng, device):
        trained.append(self)
        if len(trained) == 2:
            raise FloatingPointError("The loss became nan in epoch 1.")
        train(self, data, constant, rng, device)

    monkeypatch.setattr(Selector, "_train", failing)
    for n_jobs in (1, 2):
        trained.clear()
        selector.set_params(n_replicas=3, n_jobs=n_jobs)
        with pytest.raises(FloatingPointError, match=r"became nan.*learning_rate_init"):
            fit(selector, wide)
        assert selector.scores_ is scores
    assert threading.active_count() <= n_threads + 4


@every_selector
@pytest.mark.parametrize(
    ("name", "value"),
    [("n_replicas", 0), ("n_replicas", 1.5), ("n_replicas", True), ("n_jobs", 0), ("n_jobs", "2")],
)
def test_bad_values_are_refused(Selector, wide, name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of {Selector.__name__}"):
        fit(quick(Selector, **{name: value}), wide)


@every_supervised
def test_replicas_do_not_share_what_a_loss_remembers(Selector, wide):
    from sparsefs.training.losses import SquaredErrorLoss

    class Growing(SquaredErrorLoss):
        calls = 0

        def __call__(self, output, target, sample_weight=None):
            self.calls += 1
            value, grad = super().__call__(output, target, sample_weight)
            return value, grad * (1 + 0.1 * self.calls)

    loss, y = Growing(), wide[:, 0] + 0.5
    selector = quick(Selector, loss=loss, n_replicas=2)
    scores = [clone(selector).set_params(n_jobs=n).fit(wide, y).scores_ for n in (1, 2, 2)]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])
    selector.fit(wide, y)
    assert loss.calls == 0
    np.testing.assert_array_equal(selector.fit(wide, y).scores_, scores[0])
