# SPDX-License-Identifier: BSD-3-Clause
"""The table of rival methods: what each computes, against its definition."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestRegressor
from sklearn.feature_selection import RFE, f_classif, f_regression
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sparsefs.cli.names import RIVALS as NAMES
from sparsefs.evaluation.mrmr import mrmr
from sparsefs.evaluation.rivals import _L1, RIVALS, WITHOUT_TARGET, rival

constant_column = pytest.mark.filterwarnings("ignore:Features", "ignore:invalid value")


def problem():
    """Two signals, a copy of the stronger one, a constant, and noise."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 4
    X = rng.standard_normal((200, 8))
    X[:, 0] += 3 * (y % 2)
    X[:, 1] = X[:, 0] + 0.01 * rng.standard_normal(200)
    X[:, 2] += 2 * (y // 2)
    X[:, 3] = 1
    return X, y


def scores(name, X, y, **settings):
    if name == "lightgbm":
        pytest.importorskip(name)
    return rival(name, **settings).fit(X, y).scores_


def best(values, K):
    return set(np.argsort(-values, kind="stable")[:K])


def test_the_command_line_has_them_all():
    assert tuple(RIVALS) == NAMES


@pytest.mark.parametrize("name", sorted({*RIVALS} - {"cox"}))
@pytest.mark.parametrize("as_csr", [False, True])
@pytest.mark.parametrize("task", ["classification", "regression"])
@constant_column
def test_both_signals_are_found_and_a_clone_agrees(name, as_csr, task):
    X, y = problem()
    if as_csr:
        # scikit-learn takes sparse features for discrete ones when it estimates information.
        X = sparse.csr_array(X.round() if name == "mutual-information" else X)
    y = y + 0.5 if task == "regression" else y
    found = scores(name, X, y, task=task, Ks=(4, 2))
    assert found.shape == (8,) and np.isfinite(found).all()
    np.testing.assert_array_equal(clone(rival(name, task=task, Ks=(4, 2))).fit(X, y).scores_, found)
    assert name in WITHOUT_TARGET or as_csr or ({0, 1} & best(found, 2) and 2 in best(found, 3))


def test_the_score_test_of_cox_is_the_literal_one():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4))
    y = np.empty(30, dtype=[("event", bool), ("time", float)])
    y["event"], y["time"] = rng.random(30) < 0.6, rng.integers(1, 9, 30)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = []
    for z in Z.T:
        at_risk = [z[y["time"] >= t] for t in y["time"][y["event"]]]
        excess = z[y["event"]].sum() - sum(some.mean() for some in at_risk)
        expected.append(excess**2 / sum(some.var() for some in at_risk))
    for table in (X, sparse.csr_array(Z)):
        found = RIVALS["cox"](table, y, task="survival", seed=0, Ks=(1,))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_methods_without_target_do_without():
    X, y = problem()
    for name in WITHOUT_TARGET:
        np.testing.assert_array_equal(rival(name).fit(X).scores_, scores(name, X, y))
    np.testing.assert_allclose(rival("variance").fit(X).scores_, X.var(axis=0), atol=1e-12)


@pytest.mark.slow
def test_trees_are_those_of_scikit_learn():
    X, y = problem()
    trees = ExtraTreesClassifier(500, random_state=3).fit(X, y)
    found = scores("extra-trees", X, y, random_state=3)
    np.testing.assert_array_equal(found, trees.feature_importances_)
    forest = RandomForestRegressor(500, random_state=3).fit(X, y)
    found = scores("random-forest", X, y, random_state=3, task="regression")
    np.testing.assert_array_equal(found, forest.feature_importances_)


def test_l1_sums_over_one_model_a_class():
    X, y = problem()
    Z = StandardScaler().fit_transform(X)
    model = LogisticRegression(solver="liblinear", random_state=0, **_L1)
    expected = sum(abs(clone(model).fit(Z, y == c).coef_[0]) for c in range(4))
    np.testing.assert_array_equal(scores("l1", X, y), expected)


def test_f_test_of_single_precision_is_that_of_double():
    rng = np.random.default_rng(0)
    X, y = (5000 + rng.standard_normal((2000, 40))).astype(np.float32), np.arange(2000) % 2
    expected = f_classif(X.astype(np.float64), y)[0]
    assert not np.allclose(f_classif(X, y)[0], expected, rtol=0.01)
    np.testing.assert_allclose(scores("f-test", X, y), expected, rtol=0.01, atol=0.01)


def test_f_test_adds_over_the_outputs():
    X, y = problem()
    X, outputs = X[:, :3], np.c_[y, -X[:, 2]] + 0.1
    expected = sum(f_regression(X, output)[0] for output in outputs.T)
    found = scores("f-test", X, outputs, task="regression")
    np.testing.assert_allclose(found[:2], expected[:2])


@pytest.mark.parametrize("as_csr", [False, True])
@constant_column
def test_mrmr_takes_the_second_signal_before_the_copy_of_the_first(as_csr):
    X, y = problem()
    X = sparse.csr_array(X) if as_csr else X
    found = scores("mrmr", X, y, Ks=(1, 2))
    f = np.nan_to_num(f_classif(X, y)[0])
    assert best(found, 2) in ({0, 2}, {1, 2})
    assert best(f, 2) == {0, 1}
    assert best(found, 3) == {0, 1, 2}  # what is not selected follows by relevance
    assert np.argmin(mrmr(X, f, 8)) == 3


def test_mrmr_is_its_definition():
    X, y = problem()
    X = X[:, [0, 1, 2, 4, 5, 6]]
    f = f_classif(X, y)[0]
    correlations = np.abs(np.corrcoef(X.T))
    order = [int(np.argmax(f))]
    while len(order) < 4:
        free = [j for j in range(6) if j not in order]
        order.append(max(free, key=lambda j: f[j] / correlations[j, order].mean()))
    assert list(np.argsort(-mrmr(X, f, 4))[:4]) == order


def test_one_elimination_serves_every_k():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((100, 60)), np.arange(100) % 2
    X[:, :8] += 0.8 * y[:, None]
    several, one = scores("rfe", X, y, Ks=(20, 5)), scores("rfe", X, y, Ks=(20,))
    rfe = RFE(LinearSVC(random_state=0), n_features_to_select=20, step=0.1)
    expected = set(np.flatnonzero(rfe.fit(StandardScaler().fit_transform(X), y).support_))
    assert best(several, 20) == best(one, 20) == expected
    assert len(np.unique(several)) > 5


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("name", ["f-test", "mrmr"])
def test_constant_columns_are_not_warned_about(name, task):
    X, y = problem()
    assert np.isfinite(scores(name, X, y, task=task)).all()


@pytest.mark.parametrize("name", ["l1", "rfe", "mutual-information"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_global_random_generator_is_not_used(name, task):
    X = np.random.default_rng(0).standard_normal((30, 4))
    y = (X[:, 0] > 0).astype(int) if task == "classification" else X[:, 0]
    before = np.random.get_state()[1:3]
    rival(name, task=task, random_state=0, Ks=[2]).fit(X, y)
    after = np.random.get_state()[1:3]
    assert (before[0] == after[0]).all() and before[1] == after[1]
