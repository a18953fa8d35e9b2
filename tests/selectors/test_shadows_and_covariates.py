# SPDX-License-Identifier: BSD-3-Clause
"""GradualPruningSelector with shadows, which say where noise begins, and with covariates."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import kstest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsefs import GradualPruningSelector, open_shards
from sparsefs.data.inputs import TrainingData
from sparsefs.evaluation.rates import q_values_of
from sparsefs.training.covariates import adjusted
from sparsefs.training.shadows import shadow_p_values, with_shadows

WIDE, LONG = (60, 300), (400, 30)  # closed form, networks


def pruning(**params):
    settings = {"random_state": 0, "device": "cpu", "max_iter": 30}
    return GradualPruningSelector(**{**settings, **params})


def table(shape, n_true=5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal(shape).astype(np.float32)
    y = X[:, :n_true].sum(axis=1) if n_true else rng.standard_normal(shape[0])
    return X, (y + 0.5 * rng.standard_normal(shape[0]) > 0).astype(int)


# ---- shadows


def test_p_values_are_shares_of_a_literal_count():
    scores = np.random.default_rng(0).permutation(30) / 30.0
    expected = [(1 + sum(s >= score for s in scores[20:])) / 11 for score in scores[:20]]
    np.testing.assert_allclose(shadow_p_values(scores, 20), expected)


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_matrix])
def test_shadows_are_permuted_blocks_of_features(convert):
    X, y = table((12, 4))
    weight = np.where(np.arange(12) < 3, 0.0, 1.0)
    data = TrainingData.of(convert(X), y, None, weight)
    longer = with_shadows(data, np.array([0, 2, 3]), 7, np.random.default_rng(0))
    A = longer.X.toarray() if sparse.issparse(longer.X) else longer.X
    assert A.shape == (12, 11) and longer.X.dtype == np.float32
    np.testing.assert_array_equal(A[:, :4], X)
    np.testing.assert_array_equal(A[:3, 4:7], X[:3][:, [0, 2, 3]])  # rows that do not count
    for j, source in enumerate([0, 2, 3]):
        np.testing.assert_array_equal(np.sort(A[3:, 4 + j]), np.sort(X[3:, source]))
    places = [[int(np.flatnonzero(X[:, 0] == value)[0]) for value in A[:, 4]]]
    places += [[int(np.flatnonzero(X[:, 2] == value)[0]) for value in A[:, 5]]]
    assert places[0] == places[1] != list(range(12))
    assert len({tuple(A[:, j]) for j in range(4, 11)}) == 7


@pytest.mark.parametrize("shape", [WIDE, LONG])
def test_true_features_are_above_noise(shape):
    X, y = table((150, 320) if shape == WIDE else shape, n_true=3)
    shape = X.shape
    selector = pruning(K="above_noise", n_shadows=3000).fit(X, y)
    assert set(selector.get_support(indices=True)) >= {0, 1, 2} and selector.K_ <= 5
    assert selector.transform(X).shape == (shape[0], selector.K_)
    assert len(selector.p_values_) == len(selector.scores_) == shape[1] == selector.n_features_in_
    assert sorted(selector.ranking_) == list(range(1, shape[1] + 1))
    order = np.argsort(selector.ranking_)
    assert (np.diff(selector.p_values_[order]) >= 0).all()
    expected = q_values_of(selector.p_values_) <= 0.1
    np.testing.assert_array_equal(selector.support_, expected)
    assert selector.set_params(K=10).K_ == 10
    assert len(pickle.dumps(selector)) < 100_000


def test_p_values_of_noise_are_uniform_and_nothing_is_selected():
    p_values, n_empty = [], 0
    for seed in range(40):
        X, y = table((40, 100), n_true=0, seed=seed)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            selector = pruning(K="above_noise", n_shadows=400, random_state=seed).fit(X, y)
        p_values += selector.p_values_[:3].tolist()
        n_empty += selector.K_ == 0
        assert any("none is better than the shadows" in str(w.message) for w in said) == (
            selector.K_ == 0
        )
    assert kstest(p_values, "uniform").pvalue > 0.01
    assert n_empty >= 31  # 36 or more are expected


def test_shadows_do_not_change_what_kind_of_fit_it_is():
    """And the same seed gives the same result."""
    X, y = table((100, 150), n_true=3)
    fitted = pruning(K=3, n_shadows="auto").fit(X, y)
    assert "n_inputs" in fitted.history_ and len(fitted.p_values_) == 150
    again = clone(fitted).fit(X, y)
    np.testing.assert_array_equal(fitted.p_values_, again.p_values_)
    assert fitted.p_values_.min() == 1 / 1001


def test_constants_are_no_better_than_noise():
    X, y = table(WIDE)
    X[:, 7] = 1
    selector = pruning(n_shadows=50).fit(X, y)
    assert selector.p_values_[7] == 1 and selector.ranking_[7] == 300


def test_above_noise_needs_shadows(tmp_path, monkeypatch):
    X, y = table(LONG)
    with pytest.raises(ValueError, match="n_shadows=0.*n_shadows='auto'"):
        pruning(K="above_noise").fit(X, y)
    with pytest.raises(NotFittedError, match="p-values"):
        pruning(K=3).fit(X, y).set_params(K="above_noise").get_support()
    with pytest.raises(ValueError, match="'n_shadows'"):
        pruning(n_shadows=-1).fit(X, y)
    with pytest.raises(ValueError, match="'n_shadows'.*True"):
        pruning(n_shadows=True).fit(X, y)
    np.save(tmp_path / "part.npy", X)
    monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", 1000)  # more is read in chunks
    with pytest.raises(ValueError, match=r"'n_shadows'.*X\[:\]"):
        pruning(n_shadows=5).fit(open_shards(tmp_path), y)


# ---- covariates


def test_what_is_left_is_that_of_a_weighted_regression():
    import torch

    rng = np.random.default_rng(0)
    z, y, given = (rng.standard_normal(shape) for shape in ((5, 50), (50, 2), (2, 50)))
    weight = rng.random(50) + 0.1
    weight /= weight.mean()
    left, y_left = adjusted(*(torch.tensor(v) for v in (z, y, weight, given)))
    terms = np.vstack([np.ones(50), given, given**2]).T * np.sqrt(weight)[:, None]
    for values, result in ((z.T, left.numpy().T), (y, y_left.numpy())):
        scaled = values * np.sqrt(weight)[:, None]
        fit = terms @ np.linalg.lstsq(terms, scaled, rcond=None)[0]
        np.testing.assert_allclose(result, (scaled - fit) / np.sqrt(weight)[:, None], atol=1e-8)


def confounded(shape, seed=0):
    """y depends on column 0 and a little on 1; column 2 is a noisy copy of 0."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal(shape)
    X[:, 2] = X[:, 0] + 0.3 * rng.standard_normal(shape[0])
    return X, 3 * X[:, 0] + X[:, 1] + 0.3 * rng.standard_normal(shape[0])


@pytest.mark.parametrize("shape", [WIDE, LONG])
@pytest.mark.parametrize("weighted", [False, True])
def test_selected_features_add_to_the_covariates(shape, weighted):
    X, y = confounded(shape)
    weight = np.random.default_rng(1).random(shape[0]) + 0.5 if weighted else None
    assert pruning(K=2).fit(X, y, weight).ranking_[2] <= 3
    selector = pruning(K=2, adjust_for=[0]).fit(X, y, weight)
    assert selector.ranking_[1] == 1 and selector.ranking_[2] > 2
    assert selector.ranking_[0] == shape[1] and selector.scores_[0] == 0
    assert not selector.support_[0] and selector.K_ == 2
    assert selector.scores_[1] > 10 * selector.scores_[2]
    assert selector.set_params(K=shape[1]).K_ == shape[1] - 1


@pytest.mark.parametrize("shape", [WIDE, LONG])
def test_names_classes_and_shadows(shape):
    X, y = confounded(shape)
    X[:, 5] = X[:, 0]  # of which nothing is left
    frame = pd.DataFrame(X, columns=[f"f{j}" for j in range(shape[1])])
    frame = frame.rename(columns={"f0": "age", "f3": "batch"})
    params = {"K": 1, "adjust_for": ["batch", "age"], "n_shadows": 100}
    by_name = pruning(**params).fit(frame, y > 0)
    assert by_name.get_feature_names_out().tolist() == ["f1"]
    assert by_name.p_values_[0] == by_name.p_values_[3] == 1
    assert by_name.ranking_[5] > 10
    by_place = pruning(**{**params, "adjust_for": [0, 3]}).fit(frame, y > 0)
    np.testing.assert_array_equal(by_place.ranking_, by_name.ranking_)


def test_k_auto_keeps_the_covariates_in_every_fold():
    X, y = confounded(LONG)
    frame = pd.DataFrame(X).rename(columns=str)
    selector = pruning(K="auto", adjust_for=["0"], max_iter=10).fit(frame, y)
    assert not selector.support_[0] and selector.ranking_[1] == 1


def test_unusable_covariates():
    X, y = table(LONG)
    with pytest.raises(ValueError, match=r"'adjust_for' does not support sparse.*toarray"):
        pruning(adjust_for=[0]).fit(sparse.csr_matrix(X), y)
    for adjust_for, words in (
        (["age"], "no column names"),
        ([30], "0 to 29"),
        ([1, 1], "twice"),
        (range(30), "no feature"),
        ("age", "array-like"),
    ):
        with pytest.raises(ValueError, match=f"'adjust_for'.*{words}"):
            pruning(adjust_for=adjust_for).fit(X, y)


def test_a_constant_covariate_changes_nothing():
    X, y = table(WIDE)
    X[:, 9] = 4
    plain, adjusted_for = pruning(K=5).fit(X, y), pruning(K=5, adjust_for=[9]).fit(X, y)
    np.testing.assert_array_equal(plain.ranking_, adjusted_for.ranking_)


@parametrize_with_checks(
    [pruning(K=1, n_shadows=3, max_iter=3), pruning(K=1, adjust_for=[0], max_iter=3)]
)
def test_scikit_learn_checks(estimator, check):
    if "nan_inf" in check.func.__name__ and estimator.adjust_for:  # it makes column 0 unusable
        estimator.set_params(adjust_for=[1], K=9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        if "on_sparse_data" in str(check) and estimator.adjust_for:
            # scikit-learn 1.6 does not ask the tag first.
            with pytest.raises(ValueError, match="does not support sparse data"):
                check(estimator)
            return
        check(estimator)
