# SPDX-License-Identifier: BSD-3-Clause
"""`partial_fit`: a stream of rows is learnt call by call, and survives pickling and failures."""

import pickle
import subprocess
import sys
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from sparsefs import NeuronAttributionSelector, QuickSelectionSelector, WASTSelector
from sparsefs.data.summary import Summary
from sparsefs.selectors import stream
from sparsefs.topology import UpdateSchedule
from sparsefs.training.optimizers import Optimizer
from tests.selectors.common import SELECTORS, needs_y, quick

STREAMING = [WASTSelector, QuickSelectionSelector, NeuronAttributionSelector]
every_streaming = pytest.mark.parametrize("Selector", STREAMING)
rng = np.random.default_rng(0)
X = rng.standard_normal((120, 12))
y = (X[:, 3] + 0.3 * rng.standard_normal(120) > 0).astype(int)


def fed(selector, X=X, y=y, n_calls=3, **kwargs):
    for rows in np.array_split(np.arange(X.shape[0]), n_calls):
        selector.partial_fit(X[rows], y[rows], **kwargs)
    return selector


def same(one, other):
    assert vars(one).keys() == vars(other).keys()
    np.testing.assert_array_equal(one.scores_, other.scores_)
    np.testing.assert_array_equal(one.ranking_, other.ranking_)
    for mine, theirs in zip(one.network_.weights, other.network_.weights, strict=True):
        assert abs(mine - theirs).max() == 0
    return True


def test_only_methods_whose_networks_can_go_on_have_it():
    assert [S for S in SELECTORS if hasattr(S, "partial_fit")] == [
        S for S in SELECTORS if S in STREAMING
    ]


# What a call does


@every_streaming
def test_one_call_is_a_fit_of_one_epoch(Selector):
    modes = {"learning_rate": "constant", "early_stopping": False}
    selector = quick(Selector, max_iter=1)
    selector.set_params(**{n: v for n, v in modes.items() if n in selector.get_params()})
    whole, part = clone(selector).fit(X, y), selector.partial_fit(X, y)
    np.testing.assert_array_equal(part.scores_, whole.scores_)
    assert part.costs_ == whole.costs_
    assert part.score(X, y) == whole.score(X, y)


@every_streaming
def test_all_attributes_are_valid_after_every_call(Selector):
    selector = quick(Selector)
    for n_calls, rows in enumerate(np.array_split(np.arange(len(X)), 4), 1):
        assert selector.partial_fit(X[rows], y[rows]) is selector
        assert selector.n_samples_seen_ == 30 * n_calls
        assert selector.n_features_in_ == 12
        assert sorted(selector.ranking_) == list(range(1, 13))
        assert selector.transform(X).shape == (120, selector.K_)
        assert selector.set_params(K=2).get_support().sum() == 2
        assert selector.n_iter_ == len(selector.history_["loss"]) == 1


@every_streaming
def test_calls_go_on_where_the_last_one_ended(Selector):
    selector = quick(Selector, learning_rate_init=0.01)
    losses = [selector.partial_fit(X, y).history_["loss"][0] for _ in range(20)]
    assert losses[-1] < losses[0]
    assert (
        selector.costs_["training_flops"]["dense"]
        == 20 * (clone(selector).partial_fit(X, y).costs_["training_flops"]["dense"])
    )


@every_streaming
def test_same_calls_give_the_same_result(Selector):
    assert same(fed(quick(Selector)), fed(quick(Selector)))
    other = fed(quick(Selector, random_state=1))
    assert (other.scores_ != fed(quick(Selector)).scores_).any()


@every_streaming
def test_ten_calls_select_about_as_well_as_ten_epochs(Selector):
    """The accuracy differs by less than the seeds do, up to two points."""
    X, y = load_digits(return_X_y=True)

    def accuracy(selector):
        return cross_val_score(KNeighborsClassifier(), selector.transform(X), y).mean()

    fits, streams = [], []
    for seed in range(3):
        selector = Selector(K=15, random_state=seed, device="cpu")
        fits.append(accuracy(clone(selector).set_params(max_iter=10).fit(X, y)))
        for _ in range(10):
            selector.partial_fit(X, y)
        streams.append(accuracy(selector))
    assert np.mean(streams) > np.mean(fits) - max(0.02, np.ptp(fits))


@every_streaming
def test_memory_does_not_grow_with_the_calls(Selector):
    selector = quick(Selector)
    sizes = [len(pickle.dumps(selector.partial_fit(X, y))) for _ in range(25)]
    assert max(sizes[5:]) < 1.05 * sizes[2]


@pytest.mark.parametrize("convert", [np.float32, sparse.csr_array, pd.DataFrame])
@every_streaming
def test_all_kinds_of_tables(Selector, convert):
    table = convert(X)
    selector = quick(Selector)
    for _ in range(2):
        selector.partial_fit(table, y)
    expected = quick(Selector).partial_fit(X, y).partial_fit(X, y)
    # Rounding may be amplified; features that tell are far apart.
    np.testing.assert_allclose(selector.scores_, expected.scores_, rtol=0.02, atol=1e-3)


# Running summaries


@pytest.mark.parametrize("weighted", [False, True])
def test_summaries_of_parts_merge_to_that_of_the_whole(weighted):
    table = rng.standard_normal((50, 6)) * 10.0 ** np.array([-200, -3, 0, 3, 150, 0]) + 7
    table[:, 5] = 3
    weight = rng.integers(0, 4, 50).astype(float) if weighted else np.ones(50)
    parts = np.split(np.arange(50), [1, 20, 33])
    merged, total = None, 0.0
    for rows in parts:
        summary = Summary.of(table[rows], weight[rows])
        if merged is not None:
            summary = merged.merged(summary, total, weight[rows].sum())
        merged, total = summary, total + weight[rows].sum()
    whole = Summary.of(table, weight)
    for name in ("low", "high", "used_low", "used_high", "unit"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(merged.variance, whole.variance, rtol=1e-10, atol=1e-28)
    assert merged.variance[5] == 0


@every_streaming
def test_features_are_scaled_by_all_rows_so_far(Selector):
    weight = rng.uniform(0.5, 3, 120)
    selector = quick(Selector, scaling="feature")
    for rows in np.array_split(np.arange(120), 4):
        selector.partial_fit(X[rows], y[rows], sample_weight=weight[rows])
    expected = StandardScaler().fit(X, sample_weight=weight)
    np.testing.assert_allclose(selector.network_.mean, expected.mean_, atol=1e-12)
    np.testing.assert_allclose(selector.network_.scale, expected.scale_, rtol=1e-12)


@every_streaming
def test_a_column_that_was_constant_can_be_selected_later(Selector):
    early = np.where(np.arange(12) == 3, 0.0, X)
    selector = quick(Selector, K=1, learning_rate_init=0.02, scaling="feature", density=0.5)
    selector.partial_fit(early, y)
    assert selector.ranking_[3] == 12
    later = 0.1 * X
    later[:, 3] = 10 * (2 * y - 1)  # varies most, and tells the class
    for _ in range(30):
        selector.partial_fit(later, y)
    assert selector.ranking_[3] < 12
    if Selector is NeuronAttributionSelector:
        assert selector.ranking_[3] == 1


def test_numbers_are_standardised_by_all_rows_so_far():
    selector = quick(NeuronAttributionSelector, task="regression")
    target = np.column_stack([X[:, 3] * 100 + 7, X[:, 5]])
    for rows in np.array_split(np.arange(120), 4):
        selector.partial_fit(X[rows], target[rows])
    np.testing.assert_allclose(selector._target.mean, target.mean(axis=0))
    np.testing.assert_allclose(selector._target.scale, target.std(axis=0))


# Drift


def drifting(seed):
    """Batches of 500 rows of 30 columns, of which first 0 to 4 and then 20 to 24 tell."""
    stream, mixed = np.random.default_rng(seed), np.random.default_rng(9).standard_normal((2, 5))
    for i in range(45):
        informative = slice(0, 5) if i < 15 else slice(20, 25)
        hidden = stream.standard_normal((500, 2))
        rows = 0.3 * stream.standard_normal((500, 30))
        rows[:, informative] += hidden @ mixed
        yield rows, (hidden.sum(axis=1) > 0).astype(int)


@pytest.mark.parametrize(
    "selector",
    [
        WASTSelector(K=5, lam=0.9, hidden_layer_sizes=50),
        QuickSelectionSelector(K=5, batch_size=32, hidden_layer_sizes=100),
        NeuronAttributionSelector(
            K=5, batch_size=32, learning_rate_init=0.005, hidden_layer_sizes=50, density=0.3
        ),
    ],
    ids=lambda selector: type(selector).__name__,
)
def test_the_selection_follows_a_drifting_stream(selector):
    selector.set_params(random_state=0, device="cpu")
    for i, (rows, labels) in enumerate(drifting(0)):
        support = selector.partial_fit(rows, labels).get_support()
        if i == 14:
            assert support[:5].sum() >= 4
    assert support[20:25].sum() >= 4


# Schedules


def test_updates_of_a_stream_have_no_end_and_wait_for_the_next_call():
    calls = [4, 4, 1, 1, 3]

    def due(every, until=1.0):
        steps, start = [], 0
        for n in calls:
            schedule = UpdateSchedule(every, until, "cosine", start)
            span = range(start + 1, start + n + 1)
            steps += [s for s in span if schedule.due(s, n, start + n)]
            assert schedule.factor(start + n, start + n) == 1.0
            start += n
        return steps

    assert due("epoch") == [5, 9, 10, 11]
    assert due("batch") == [1, 2, 3, 5, 6, 7, 9, 10, 11, 12]
    assert due(4) == [5, 9, 12]
    assert due("batch", until=0.0) == []


def test_connections_go_on_moving():
    selector = quick(QuickSelectionSelector)
    changed = [selector.partial_fit(X, y).history_["connections_changed"][0] for _ in range(10)]
    assert changed[0] == 0
    assert all(changed[1:])


# What is kept


@every_streaming
def test_pickles_and_copies_keep_the_stream(Selector):
    selector = fed(quick(Selector))
    copies = [pickle.loads(pickle.dumps(selector)), deepcopy(selector)]
    expected = selector.partial_fit(X, y)
    for copied in copies:
        assert same(copied.partial_fit(X, y), expected)


@every_streaming
def test_it_is_plain_data_that_needs_no_torch(Selector, tmp_path):
    (tmp_path / "selector.pkl").write_bytes(pickle.dumps(fed(quick(Selector, K=2))))
    program = f"""
import pickle, sys
import numpy as np
with open({str(tmp_path / "selector.pkl")!r}, "rb") as file:
    selector = pickle.load(file)
print(selector.transform(np.ones((3, 12))).shape, "torch" in sys.modules)
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert shown.stdout == "(3, 2) False\n", shown.stderr


@every_streaming
def test_fit_and_clone_forget_the_stream(Selector):
    selector = fed(quick(Selector))
    with pytest.raises(NotFittedError):
        clone(selector).transform(X)
    assert same(clone(selector).fit(X, y), selector.fit(X, y))
    assert not hasattr(selector, "n_samples_seen_")


@every_streaming
def test_a_call_after_fit_begins_anew_and_says_so(Selector):
    selector = quick(Selector).fit(X, y)
    with pytest.warns(UserWarning, match="begins anew"):
        selector.partial_fit(X, y)
    np.testing.assert_array_equal(selector.scores_, quick(Selector).partial_fit(X, y).scores_)


@every_streaming
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_call_that_fails_leaves_the_stream_as_it_was(Selector, monkeypatch):
    selector, bad = fed(quick(Selector)), X.copy()
    bad[5, 4] = np.nan
    before = pickle.dumps(selector)
    with pytest.raises(ValueError, match=r"NaN.*column 4"):
        selector.partial_fit(bad, y)
    with pytest.raises(ValueError, match="expecting 12 features"):
        selector.partial_fit(X[:, :5], y)
    selector.set_params(learning_rate_init=1e30)
    with pytest.raises(FloatingPointError, match="learning_rate_init"):
        fed(selector)
    selector = pickle.loads(before)
    update = Optimizer.update

    def interrupted(self, parameters):
        update(self, parameters)  # weights and optimiser have changed
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Optimizer, "update", interrupted)
        with pytest.raises(KeyboardInterrupt):
            selector.partial_fit(X, y)
    assert same(selector, pickle.loads(before))
    assert same(selector.partial_fit(X, y), pickle.loads(before).partial_fit(X, y))


# Bad input


def test_classes_of_a_stream():
    selector = quick(NeuronAttributionSelector)
    with pytest.raises(ValueError, match=r"one class only, \[1\]. Pass 'classes'"):
        selector.partial_fit(X[:3], [1, 1, 1])
    selector.partial_fit(X[:3], ["b", "b", "b"], classes=["c", "b", "a"])
    selector.partial_fit(X[:1], ["c"])
    with pytest.raises(ValueError, match="y contains 'd', not among the classes"):
        selector.partial_fit(X[:2], ["d", "a"])
    selector.partial_fit(X[:2], ["d", "a"], sample_weight=[0, 1])  # is never looked at
    with pytest.raises(ValueError, match="classes=.* is not the same as in the first call"):
        selector.partial_fit(X[:2], ["a", "b"], classes=["a", "b"])
    assert selector._target.classes.tolist() == ["a", "b", "c"]
    assert selector.n_samples_seen_ == 5
    with pytest.raises(ValueError, match="y contains 2, not"):
        quick(NeuronAttributionSelector).partial_fit(X, y).partial_fit(X[:2], [0, 2])
    with pytest.raises(ValueError, match="requires y"):
        quick(NeuronAttributionSelector).partial_fit(X)


def test_outputs_of_a_stream():
    numbers = quick(NeuronAttributionSelector).partial_fit(X, X[:, :2])
    with pytest.raises(ValueError, match="y has 3 columns, but had 2"):
        numbers.partial_fit(X, X[:, :3])
    labels = quick(NeuronAttributionSelector).partial_fit(X, np.column_stack([y, 1 - y]))
    with pytest.raises(ValueError, match="zeros and ones"):
        labels.partial_fit(X, np.column_stack([y, y + 1]))
    with pytest.raises(ValueError, match="survival"):
        quick(NeuronAttributionSelector, task="survival").partial_fit(X, X[:, :2])


@every_streaming
def test_unusable_rows(Selector):
    selector = quick(Selector)
    with pytest.raises(ValueError, match="0 sample"):
        selector.partial_fit(X[:0], y[:0])
    with pytest.raises(ValueError, match="sample_weight"):
        selector.partial_fit(X, y, sample_weight=np.zeros(120))
    with pytest.raises(ValueError, match="Column 'a' contains texts. partial_fit needs"):
        selector.partial_fit(pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), [0, 1])
    with pytest.raises(ValueError, match="adds up to infinity"):
        selector.partial_fit(X, y, sample_weight=np.full(120, 1e308))
    assert not hasattr(selector, "n_features_in_")
    frame = pd.DataFrame(X).add_prefix("gene")
    selector.partial_fit(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        selector.partial_fit(frame.rename(columns={"gene0": "other"}), y)


@every_streaming
@pytest.mark.filterwarnings("ignore:K=5 selects:UserWarning")
def test_single_rows(Selector):
    selector = quick(Selector)
    for i in range(5):
        selector.partial_fit(X[i : i + 1], y[i : i + 1], classes=[0, 1])
    assert selector.n_samples_seen_ == 5
    assert np.isfinite(selector.scores_).all()


@pytest.mark.parametrize(
    "params",
    [
        {"checkpoint": "folder"},
        {"max_time": 1.0},
        {"on_interrupt": "keep"},
        {"connections_every": 1},
        {"class_weight": "balanced"},
    ],
    ids=str,
)
@every_streaming
def test_what_a_stream_cannot_follow_is_refused(Selector, params):
    selector = quick(Selector)
    if not set(params) <= set(selector.get_params()):
        return
    with pytest.raises(ValueError, match=f"{next(iter(params))}.*partial_fit"):
        selector.set_params(**params).partial_fit(X, y)


@every_streaming
def test_it_is_not_there_where_K_is_chosen(Selector):
    selector = quick(Selector).set_params(K="auto")
    assert not hasattr(selector, "partial_fit")
    with pytest.raises(AttributeError) as error:
        selector.partial_fit(X, y)
    assert "K='auto' is not supported by partial_fit. Pass a number" in str(error.value.__cause__)


@every_streaming
def test_parameters_that_shape_the_network_stay(Selector):
    selector = quick(Selector).partial_fit(X, y)
    with pytest.raises(ValueError, match="hidden_layer_sizes is 8, but was"):
        selector.set_params(hidden_layer_sizes=8).partial_fit(X, y)
    selector = quick(Selector).partial_fit(X, y).set_params(alpha=0.5)
    with pytest.raises(ValueError, match="alpha"):
        selector.partial_fit(X, y)
    quick(Selector).partial_fit(X, y).set_params(learning_rate_init=1e-3, K=1).partial_fit(X, y)


def test_an_importance_without_a_state_is_refused():
    class Last:
        def before_update(self, network, step): ...
        def after_update(self, network, step): ...
        def of_layer(self, i): ...
        def scores(self, network):
            return network.layers[0].strength("in")

    selector = quick(NeuronAttributionSelector, importance=Last())
    with pytest.raises(TypeError, match=r"partial_fit needs an importance with .* state\(\)"):
        selector.partial_fit(X, y)


@every_streaming
def test_class_weights_and_rows_of_weight_zero(Selector):
    weight = np.where(np.arange(120) % 3 == 0, 0.0, 1.0)
    selector = quick(Selector).partial_fit(X, y, sample_weight=weight)
    assert selector.n_samples_seen_ == 80
    if needs_y(Selector):
        plain = quick(Selector).partial_fit(X, y)
        weighted = quick(Selector, class_weight={1: 9.0}).partial_fit(X, y)
        assert (plain.scores_ != weighted.scores_).any()
        weighted.partial_fit(X[y == 0], y[y == 0])


@every_streaming
def test_excluded_columns_are_not_seen(Selector):
    selector = fed(quick(Selector, exclude=[3]))
    assert 3 not in selector.network_.columns
    assert selector.ranking_[3] == 12
    assert not selector.set_params(K=11).get_support()[3]


@every_streaming
def test_process_groups_are_refused(Selector, monkeypatch):
    monkeypatch.setattr(stream, "shared_by", lambda group: group)
    with pytest.raises(ValueError, match="does not support process groups"):
        quick(Selector).partial_fit(X, y)
