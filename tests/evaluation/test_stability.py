# SPDX-License-Identifier: BSD-3-Clause
"""The measure of Nogueira et al. is what the paper says, and repetitions differ as they should."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import norm
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectKBest, SelectorMixin
from sklearn.linear_model import LogisticRegression

from sparsefs import GradualPruningSelector, WASTSelector
from sparsefs.evaluation import repeated_selections, stability
from tests.selectors.common import classes, quick
from tests.shards import write_npy


def literal(Z, z):
    """Definitions 4 and 5 and Theorem 7 of the paper, sum by sum."""
    M, d = Z.shape
    p = [sum(Z[i, f] for i in range(M)) / M for f in range(d)]
    k = [sum(Z[i, f] for f in range(d)) for i in range(M)]
    k_mean = sum(k) / M
    chance = k_mean / d * (1 - k_mean / d)
    s2 = [M / (M - 1) * p[f] * (1 - p[f]) for f in range(d)]
    value = 1 - sum(s2) / d / chance
    phi = []
    for i in range(M):
        inner = sum(Z[i, f] * p[f] for f in range(d)) / d - k[i] * k_mean / d**2
        inner += value / 2 * (2 * k[i] * k_mean / d**2 - k[i] / d - k_mean / d + 1)
        phi.append(inner / chance)
    phi_mean = sum(phi) / M
    variance = 4 / M**2 * sum((phi_i - phi_mean) ** 2 for phi_i in phi)
    return value, value - z * variance**0.5, value + z * variance**0.5


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_against_the_formulas_written_out(seed, confidence):
    rng = np.random.default_rng(seed)
    Z = (rng.random((7, 12)) < rng.random(12)).astype(int)
    expected = literal(Z, norm.ppf(0.5 + confidence / 2))
    np.testing.assert_allclose(stability(Z, confidence=confidence), expected)


def test_of_equal_sizes_it_is_the_mean_of_kunchevas_index():
    """Theorem 5: (overlap - k^2 / d) / (k - k^2 / d), averaged over all pairs."""
    rng = np.random.default_rng(0)
    d, k = 20, 6
    Z = np.zeros((5, d), dtype=bool)
    for row in Z:
        row[rng.choice(d, k, replace=False)] = True
    pairs = [(a & b).sum() for a, b in permutations(Z, 2)]
    kuncheva = np.mean([(overlap - k**2 / d) / (k - k**2 / d) for overlap in pairs])
    assert stability(Z).value == pytest.approx(kuncheva)


def test_the_same_is_1_and_chance_is_0():
    same = np.tile([True, False, True, False, False], (6, 1))
    assert stability(same) == (1, 1, 1)
    rng = np.random.default_rng(0)
    by_chance = [stability(rng.random((10, 50)) < 0.3).value for _ in range(300)]
    assert np.mean(by_chance) == pytest.approx(0, abs=3 * np.std(by_chance) / np.sqrt(300))


def test_the_interval_holds_what_it_should():
    """The index of many selections is in the interval of a few, about as often as it says."""
    rng = np.random.default_rng(1)
    p = rng.beta(0.5, 1, 100)
    truth = stability(rng.random((5000, 100)) < p).value
    found = [stability(rng.random((40, 100)) < p, confidence=0.9) for _ in range(300)]
    inside = np.mean([low <= truth <= high for _, low, high in found])
    assert 0.82 < inside < 0.96


@pytest.mark.parametrize("Z", [np.zeros((3, 4)), np.ones((3, 4))])
def test_none_or_all_selected_is_not_a_number(Z):
    assert np.isnan(stability(Z)).all()


@pytest.mark.parametrize(
    ("Z", "confidence", "message"),
    [
        ([[1, 0]], 0.95, r"at least two rows, one for each selection. Got the shape \(1, 2\)"),
        ([1, 0], 0.95, "at least two rows"),
        ([[1, 0], [2, 0]], 0.95, "booleans, or zeros and ones"),
        ([[1, np.nan], [1, 0]], 0.95, "booleans, or zeros and ones"),
        ([[1, 0], [1, 0]], 95, "confidence must be between 0 and 1. Got 95"),
    ],
)
def test_unusable_selections_are_refused(Z, confidence, message):
    with pytest.raises(ValueError, match=message):
        stability(Z, confidence=confidence)


class Watched(SelectorMixin, BaseEstimator):
    """Selects two features by its seed, and remembers what it was given."""

    seen = []  # noqa: RUF012

    def __init__(self, K=2, random_state=None):
        self.K = K
        self.random_state = random_state

    def fit(self, X, y=None):
        """Remember."""
        self.n_features_in_ = X.shape[1]
        Watched.seen.append((type(X), np.asarray(X)[:, 0], None if y is None else np.asarray(y)))
        self.mask_ = np.zeros(X.shape[1], dtype=bool)
        chosen = np.random.default_rng(self.random_state).permutation(X.shape[1])[: self.K]
        self.mask_[chosen] = True
        return self

    def _get_support_mask(self):
        return self.mask_


@pytest.fixture
def seen():
    Watched.seen.clear()
    return Watched.seen


X = np.arange(60.0).reshape(20, 3) @ np.ones((3, 8))
Y = np.repeat([0, 1], [8, 12])


def test_other_seeds_see_all_samples(seen):
    selector = Watched(random_state=0)
    found = repeated_selections(selector, X, Y, n_repeats=6, random_state=0)
    assert found.shape == (6, 8) and found.dtype == bool and (found.sum(axis=1) == 2).all()
    assert len(np.unique(found, axis=0)) > 1  # seeds are set, also where there was one
    for _, rows, y in seen:
        np.testing.assert_array_equal(rows, X[:, 0])
        np.testing.assert_array_equal(y, Y)
    assert selector.random_state == 0 and not hasattr(selector, "mask_")


def test_halves_have_half_of_every_class(seen):
    repeated_selections(Watched(), X, Y, vary="half", n_repeats=5, random_state=0)
    assert len(seen) == 5
    for _, rows, y in seen:
        assert np.bincount(y).tolist() == [4, 6]
        np.testing.assert_array_equal(Y[np.searchsorted(X[:, 0], rows)], y)
    assert len({tuple(rows) for _, rows, _ in seen}) == 5


def test_halves_without_labels_and_of_frames(seen):
    repeated_selections(Watched(), pd.DataFrame(X), vary="half", n_repeats=3, random_state=0)
    assert [(kind, len(set(rows))) for kind, rows, _ in seen] == [(pd.DataFrame, 10)] * 3
    assert len({tuple(sorted(rows)) for _, rows, _ in seen}) == 3


def test_K_is_set(seen):
    assert (repeated_selections(Watched(), X, K=5, n_repeats=2).sum(axis=1) == 5).all()


def test_depends_on_random_state_only(wide):
    settings = {"n_repeats": 3, "vary": "half", "random_state": 3}
    selector = quick(WASTSelector)
    one = repeated_selections(selector, wide, **settings)
    np.testing.assert_array_equal(repeated_selections(selector, wide, n_jobs=2, **settings), one)
    sparse_X = repeated_selections(selector, sparse.coo_array(wide), **settings)
    assert (sparse_X == one).mean() > 0.9
    settings["random_state"] = 4
    assert (repeated_selections(selector, wide, **settings) != one).any()


def test_other_selectors_and_pipes(wide):
    kept = wide[:, [0, 1, 2, 4, 5, 6]]
    found = repeated_selections(
        SelectKBest(k=2), kept, classes(wide), n_repeats=3, vary="half", random_state=0
    )
    assert (found.sum(axis=1) == 2).all()


def test_tables_on_disk(wide, tmp_path):
    from sparsefs import open_shards

    write_npy(tmp_path / "shards", wide)
    table = open_shards(tmp_path / "shards")
    selector = quick(WASTSelector)
    for vary in ("seed", "half"):
        in_memory, on_disk = (
            repeated_selections(selector, X, n_repeats=2, vary=vary, random_state=0)
            for X in (wide, table)
        )
        np.testing.assert_array_equal(on_disk, in_memory)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"vary": "order"}, "vary must be 'seed' or 'half'. Got 'order'"),
        ({"n_repeats": 1}, "n_repeats must be an int of at least 2. Got 1"),
        ({"n_repeats": 2.5}, "n_repeats must be an int"),
        ({"y": [1, 2]}, "inconsistent numbers of samples"),
    ],
)
def test_unusable_settings_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        repeated_selections(Watched(), X, **given)


def test_what_selects_nothing_is_refused():
    with pytest.raises(TypeError, match="must have get_support. Got LogisticRegression"):
        repeated_selections(LogisticRegression(), X, Y)


def test_more_signal_is_more_stable():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 60))
    values = []
    for strength in (0.0, 3.0):
        y = strength * X[:, :5].sum(axis=1) + rng.standard_normal(200) > 0
        selector = GradualPruningSelector(K=5, max_iter=20, n_networks=2)
        found = repeated_selections(selector, X, y, vary="half", n_repeats=4, random_state=0)
        values.append(stability(found).value)
    assert values[1] > 0.6 > values[0]
