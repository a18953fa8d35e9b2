# SPDX-License-Identifier: BSD-3-Clause
"""The flagship: what it finds, with labels and without, and what its settings do."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_friedman1
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tools.datasets import available, load

from sparsefs import GradualPruningSelector
from tests.selectors.common import classes, first_ten_informative, quick


def selector(K=5, **params):
    return GradualPruningSelector(K, random_state=0, device="cpu", **params)


def test_informative_features_of_many_classes_are_found():
    X, y = first_ten_informative(0)
    assert set(np.flatnonzero(selector(10).fit(X, y).support_)) == set(range(10))


def test_two_features_that_only_count_together_are_found():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 60))
    y = (X[:, 7] > 0) ^ (X[:, 33] > 0)
    assert set(np.flatnonzero(selector(2).fit(X, y).support_)) == {7, 33}


def test_near_copies_do_not_crowd_out_what_else_counts():
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((600, 4))
    y = (factors @ [1.2, 1.1, 1.0, 0.9] > 0).astype(int)
    X = np.repeat(factors, 5, axis=1) + 0.05 * rng.standard_normal((600, 20))
    X = np.hstack([X, rng.standard_normal((600, 20))])
    first = np.argsort(selector().fit(X, y).ranking_)[:8]
    assert set(first // 5) >= {0, 1, 2, 3}


def test_features_of_a_regression_are_found():
    X, y = make_friedman1(2000, 50, noise=0.5, random_state=0)
    assert set(np.flatnonzero(selector(5).fit(X, y).support_)) == set(range(5))
    both = np.c_[y, X[:, 20] ** 2]
    assert set(np.flatnonzero(selector(6).fit(X, both).support_)) == {0, 1, 2, 3, 4, 20}


def test_without_labels_y_is_ignored_and_factors_are_found():
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((300, 3))
    loadings = np.zeros((3, 60))
    loadings[np.arange(30) % 3, np.arange(30)] = 1
    X = factors @ loadings + 0.3 * rng.standard_normal((300, 60))
    fitted = selector(6, supervised=False).fit(X)
    assert set(np.flatnonzero(fitted.support_)) < set(range(30))
    # Each factor is there.
    assert set(np.argsort(fitted.ranking_)[:5] % 3) == {0, 1, 2}
    again = selector(6, supervised=False).fit(X, rng.integers(2, size=300))
    np.testing.assert_array_equal(fitted.scores_, again.scores_)
    assert not fitted.__sklearn_tags__().target_tags.required


def test_it_has_no_score(wide):
    for supervised in (True, False):
        fitted = quick(GradualPruningSelector, supervised=supervised).fit(wide, classes(wide))
        assert not hasattr(fitted, "score") and not hasattr(fitted, "network_")


def test_with_labels_y_is_needed():
    with pytest.raises(ValueError, match="requires y"):
        selector().fit(np.eye(8))


@pytest.mark.parametrize("d", [40, 400])  # networks; closed form
def test_scores_are_what_a_removal_costs_as_a_share_of_the_loss(d):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, d))
    X[:, [3, 17]] = 1.0  # constant
    y = (X[:, 0] - X[:, 1] + 0.7 * X[:, 2] > 0).astype(int)
    fitted = selector(3).fit(X, y)
    order, scores = np.argsort(fitted.ranking_), fitted.scores_
    assert set(order[:3]) == {0, 1, 2}
    assert (np.diff(scores[order][: d - 2]) < 0).all()
    assert (scores[[3, 17]] == 0).all()
    assert 0.05 < scores[order[2]] <= scores[order[0]] < 1
    assert scores[order[3]] < 0.5 * scores[order[2]]  # the elbow
    assert np.median(scores) < 0.02  # noise
    assert (fitted.scores_std_ <= scores).all()
    assert (fitted.scores_std_ >= 0).all()
    noise = selector(3).fit(X, rng.integers(2, size=150)).scores_
    assert noise.max() < scores[order[0]] / 2
    n_left = fitted.history_["n_inputs"]
    np.testing.assert_allclose(fitted.history_["density"], n_left / (d - 2))


def test_sparse_data_give_the_selection_of_the_dense_ones():
    rng = np.random.default_rng(0)
    y = np.arange(500) % 2
    X = (rng.random((500, 300)) < 0.05 + 0.2 * (np.arange(300) < 8) * y[:, None]).astype(np.float32)
    dense = selector(8).fit(X, y)
    csr = selector(8).fit(sparse.csr_matrix(X), y)
    assert set(np.flatnonzero(dense.support_)) == set(range(8))
    np.testing.assert_array_equal(dense.support_, csr.support_)
    assert np.corrcoef(dense.scores_, csr.scores_)[0, 1] > 0.8


@pytest.mark.parametrize("n", [1000, 4000, 100_000])
def test_more_samples_mean_more_steps_and_less_noise(n, monkeypatch):
    from sparsefs.training import pruning_loop as gradual_pruning

    seen = {}

    def run(self, rounds):
        seen.update(steps=self.n_steps, noise=self.noise_std.ravel())
        raise KeyboardInterrupt

    monkeypatch.setattr(gradual_pruning.GradualPruning, "run", run)
    X = np.random.default_rng(0).standard_normal((n, 3))
    with pytest.raises(KeyboardInterrupt):
        selector(1).fit(X, np.arange(n) % 2)
    assert seen["steps"] == {1000: 5, 4000: 10, 100_000: 25}[n]
    assert float(seen["noise"].mean()) == pytest.approx((1000 / n) ** (1 / 3), rel=1e-5)
    assert float(seen["noise"].min()) > 0


@pytest.mark.slow
def test_the_result_does_not_depend_on_the_threads_of_numpy(tmp_path):
    script = (
        "import numpy as np, sparsefs;"
        "rng = np.random.default_rng(0);"
        "X = rng.standard_normal((300, 5)) @ rng.standard_normal((5, 2000));"
        "X += rng.standard_normal(X.shape);"
        "g = sparsefs.GradualPruningSelector(max_iter=20, random_state=0, device='cpu');"
        "print(g.fit(X, rng.integers(2, size=300)).scores_.tobytes().hex())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env=os.environ | {"OPENBLAS_NUM_THREADS": n, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in "12"
    }
    assert len(found) == 1


def test_settings_change_the_result(wide):
    y = classes(wide)
    expected = quick(GradualPruningSelector).fit(wide, y).scores_
    for change in (
        {"scaling": "root"},
        {"noise_std": 0.0},
        {"n_networks": 3},
        {"weight_decay": 0.0},
        {"supervised": False},
        {"class_weight": {0: 5}},
    ):
        scores = quick(GradualPruningSelector, **change).fit(wide, y).scores_
        assert not np.array_equal(scores, expected), change


@pytest.mark.parametrize(("noise", "sizes"), [(3, (1, 1, 1, 1)), (1, (1, 0.5, 0.3, 0.2))])
def test_near_copies_that_say_nothing_of_y_do_not_drive_out_what_does(noise, sizes):
    rng = np.random.default_rng(0)
    useful, others = rng.standard_normal((2000, 4)), rng.standard_normal((2000, 6))
    copies = np.repeat(others, 2, axis=1) + 0.1 * rng.standard_normal((2000, 12))
    y = useful @ np.array(sizes) + noise * rng.standard_normal(2000) > 0
    found = GradualPruningSelector(K=4, random_state=0).fit(np.hstack([useful, copies]), y)
    assert list(found.get_support(indices=True)) == [0, 1, 2, 3]


@pytest.mark.parametrize("sparse_X", [False, True])
def test_columns_with_heavy_tails_are_found_as_after_ranks(sparse_X):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((500, 60))
    y = z[:, :10].sum(axis=1) + rng.standard_normal(500) > 0
    X = np.exp(3 * z)
    X = sparse.csr_array(X) if sparse_X else X
    found = GradualPruningSelector(K=10, random_state=0).fit(X, y)
    assert list(found.get_support(indices=True)) == list(range(10))


@pytest.mark.parametrize("rate", [1e6, 1e20, 3e38])
def test_diverging_training_says_why(rate, wide):
    with pytest.raises(FloatingPointError, match=r"learning_rate_init=.*scaling="):
        quick(GradualPruningSelector, learning_rate_init=rate).fit(wide, classes(wide))


def test_a_wide_table_takes_little_memory_at_first():
    width = selector()._width
    assert [width(n, 1000) for n in (1000, 501, 500, 251, 250, 5)] == [8, 8, 16, 16, 32, 32]
    assert [width(10**n, 10**6) for n in (6, 5, 4, 3)] == [1, 1, 13, 32]
    assert selector(n_networks=100)._width(10**6, 10**6) == 1


def test_accuracy_on_digits():
    X, y = load_digits(return_X_y=True)
    model = make_pipeline(selector(15), StandardScaler(), SVC())
    # 0.910 to 0.919 with six seeds, 0.77 with 15 random pixels.
    assert cross_val_score(model, X, y, cv=3).mean() > 0.88


@pytest.mark.slow
@pytest.mark.skipif(not available(), reason="no real data: set SPARSEFS_DATA")
@pytest.mark.parametrize(
    ("name", "K", "least"),
    [("madelon", 20, 78), ("isolet_1560", 50, 88), ("relathe", 50, 79), ("coil20", 50, 97)],
)
def test_accuracy_on_real_data(name, K, least):
    X, y = load(name)
    parts = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
    X_train, X_test, y_train, y_test = parts
    fitted = selector(K).fit(X_train, y_train)
    svc = make_pipeline(StandardScaler(), SVC()).fit(fitted.transform(X_train), y_train)
    assert 100 * svc.score(fitted.transform(X_test), y_test) > least


@pytest.mark.parametrize(("n", "d"), [(400, 900), (800, 60)])  # closed form; networks
def test_near_copies_are_dropped_or_kept(n, d):
    rng = np.random.default_rng(0)
    useful = rng.standard_normal((n, 4))
    copies = np.repeat(useful, 3, axis=1) + 0.2 * rng.standard_normal((n, 12))
    X = np.hstack([copies, rng.standard_normal((n, d))])
    y = useful @ [1.0, 0.7, 0.5, 0.4] > 0
    found = {
        redundancy: selector(4, redundancy=redundancy).fit(X, y).get_support(indices=True) // 3
        for redundancy in ("drop", "keep")
    }
    assert len({*found["drop"]}) > len({*found["keep"]})
    assert set(found["drop"]) <= {0, 1, 2, 3}
    assert set(found["keep"]) <= {0, 1, 2, 3}


def test_pairs_that_matter_only_together_are_found_beside_linear_features():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 60))
    y = X[:, 0] + X[:, 1] * X[:, 2] > 0
    assert set(selector(3).fit(X, y).get_support(indices=True)) == {0, 1, 2}


def closed_form(fitted):
    """Whether a fit was in closed form, in which the seed plays no part."""
    X, y, weight = fitted
    fits = [
        GradualPruningSelector(2, max_iter=3, random_state=seed, device="cpu").fit(X, y, weight)
        for seed in (0, 1)
    ]
    return np.array_equal(*(fit.scores_ for fit in fits))


def test_closed_form_is_for_wide_dense_data_of_few_samples(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 24)).astype(np.float32), np.arange(12) % 2
    on_disk = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=X.shape)
    on_disk[:] = X
    assert closed_form((X, y, None))
    assert closed_form((on_disk, y, None))
    assert not closed_form((X[:, :23], y, None))
    assert not closed_form((sparse.csr_array(X), y, None))
    # Rows without weight and columns without spread do not count.
    assert closed_form((X[:, :22], y, np.arange(12) > 0))
    X[:, 3] = 1.0
    assert not closed_form((X, y, None))
    # More numbers than may be held in memory.
    X[0, 3] = 2.0
    for held, expected in ((12 * 24, True), (12 * 24 - 1, False)):
        monkeypatch.setattr("sparsefs.selectors.gradual_pruning._MOST_NUMBERS", held)
        assert closed_form((X, y, None)) == expected


@pytest.mark.parametrize("d", [15, 40, 200])  # networks; closed form
def test_callbacks_that_look_at_every_round_do_not_change_the_result(d):
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, d))
    y = X[:, 0] * X[:, 1] * X[:, 2] > 0  # networks can learn it, and polynomials cannot
    seen = []

    class Looker:
        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_begin = setup

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                seen.append(fitted_estimator.scores_)

    setting = {"max_iter": 40, "noise_std": 0.1}
    expected = selector(3, **setting).fit(X, y)
    looked_at = selector(3, **setting).set_callbacks(Looker()).fit(X, y)
    assert len(seen) == 40
    np.testing.assert_array_equal(looked_at.scores_, expected.scores_)
    np.testing.assert_array_equal(looked_at.scores_, seen[-1])
    np.testing.assert_array_equal(looked_at.scores_std_, expected.scores_std_)
    assert looked_at.costs_ == expected.costs_
    np.testing.assert_array_equal(looked_at.history_["loss"], expected.history_["loss"])


def test_spreads_that_differ_a_lot_can_be_fitted_in_closed_form():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((64, 400)), np.arange(64) % 2
    X[:, 9] += 3 * y
    X[:, 10:110] = 1e12 * np.where(np.arange(64) // 2 % 2, 1, -1)[:, None]  # says nothing of y
    for scaling in ("root", "feature"):
        fitted = selector(3, scaling=scaling).fit(X, y)
        assert np.argmax(fitted.scores_) == 9
