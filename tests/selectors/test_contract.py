# SPDX-License-Identifier: BSD-3-Clause
"""What every selector promises (see CONTRIBUTING.md), tested for each of them."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from joblib import Parallel, delayed
from scipy import sparse
from sklearn import config_context, set_config
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from tests.selectors.common import every_selector, quick


@every_selector
def test_selects_exactly_K_and_follows_K_without_refit(Selector, wide):
    selector = quick(Selector, K=5).fit(wide)
    scores = selector.scores_.copy()
    for K, n_expected in ((1, 1), (7, 7), (40, 40), (0.25, 10), (1.0, 40), (0.001, 1)):
        selector.set_params(K=K)
        assert selector.get_support().sum() == selector.support_.sum() == n_expected
        assert selector.transform(wide).shape == (60, n_expected)
        best = selector.get_support(indices=True)
        assert set(selector.ranking_[best]) == set(range(1, n_expected + 1))
    np.testing.assert_array_equal(selector.scores_, scores)


@every_selector
def test_fitted_attributes(Selector, wide):
    selector = quick(Selector).fit(wide)
    assert selector.scores_.dtype == np.float64
    assert sorted(selector.ranking_) == list(range(1, 41))
    # A better score means a better rank.
    assert (np.diff(selector.scores_[np.argsort(selector.ranking_)]) <= 0).all()
    assert selector.n_features_in_ == 40
    assert selector.n_iter_ == 3
    assert set(selector.history_) == {"loss", "density", "connections_changed", "seconds"}
    assert all(len(values) == 3 for values in selector.history_.values())
    for cost in ("parameters", "bytes", "inference_flops", "training_flops"):
        assert set(selector.costs_[cost]) == {"sparse", "dense"}
        assert 0 < selector.costs_[cost]["sparse"]
    assert selector.costs_["parameters"]["sparse"] < selector.costs_["parameters"]["dense"]


@every_selector
def test_constant_columns_rank_last_and_score_zero(Selector, wide):
    selector = quick(Selector).fit(wide)
    assert set(selector.ranking_[[3, 17]]) == {39, 40}
    assert (selector.scores_[[3, 17]] == 0).all()


@every_selector
def test_equal_scores_are_ranked_by_index(Selector):
    # All columns constant: all scores equal.
    selector = quick(Selector, K=2).fit(np.ones((20, 6)))
    np.testing.assert_array_equal(selector.ranking_, np.arange(1, 7))


@every_selector
@pytest.mark.parametrize(
    "convert",
    [
        np.asfortranarray,
        sparse.csr_matrix,
        sparse.csc_matrix,
        sparse.coo_matrix,
        sparse.csr_array,
        sparse.csc_array,
        sparse.coo_array,
        lambda X: pd.DataFrame(X, columns=[f"f{j}" for j in range(X.shape[1])]),
        lambda X: pl.DataFrame({f"f{j}": X[:, j] for j in range(X.shape[1])}),
        lambda X: X.tolist(),
    ],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_every_container_gives_the_same_scores(Selector, wide, convert):
    wide[np.abs(wide) < 0.5] = 0
    wide[:, 17] = 2.5
    expected = quick(Selector).fit(wide)
    got = quick(Selector).fit(convert(wide))
    np.testing.assert_allclose(got.scores_, expected.scores_, rtol=1e-4)
    np.testing.assert_array_equal(got.ranking_, expected.ranking_)
    assert got.transform(convert(wide)).shape == (60, 5)


@every_selector
def test_integers_booleans_float64_and_memmaps(Selector, wide, tmp_path):
    counts = np.abs(wide * 3).astype(np.uint8)
    expected = quick(Selector).fit(counts.astype(np.float32)).scores_
    np.testing.assert_array_equal(quick(Selector).fit(counts).scores_, expected)
    np.testing.assert_allclose(
        quick(Selector).fit(counts.astype(np.int64)).scores_, expected, rtol=1e-4
    )
    np.testing.assert_allclose(
        quick(Selector).fit(counts.astype(np.float64)).scores_, expected, rtol=1e-4
    )
    assert quick(Selector).fit(counts > 2).scores_.shape == (40,)

    on_disk = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=wide.shape)
    on_disk[:] = wide
    on_disk.flush()
    read_only = np.memmap(tmp_path / "X", dtype=np.float32, mode="r", shape=wide.shape)
    np.testing.assert_array_equal(
        quick(Selector).fit(read_only).scores_, quick(Selector).fit(wide).scores_
    )


@every_selector
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("size", [1e-300, 1e-40, 1e-7, 1e7, 1e40, 1e300])
def test_the_unit_of_the_data_does_not_matter(Selector, wide, size, container):
    for scaling in ("global", "feature"):
        expected = quick(Selector, scaling=scaling).fit(wide).scores_
        X = container(wide.astype(np.float64) * size)
        got = quick(Selector, scaling=scaling).fit(X).scores_
        np.testing.assert_allclose(got, expected, rtol=1e-3)
        if 1e-38 < size < 1e37:
            got = quick(Selector, scaling=scaling).fit(X.astype(np.float32)).scores_
            np.testing.assert_allclose(got, expected, rtol=1e-3)


@every_selector
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_an_offset_does_not_matter(Selector, wide, container):
    wide = np.round(wide * 64) + 1.0
    expected = quick(Selector, scaling="feature").fit(container(wide)).scores_
    for offset, dtype in ((1e5, np.float32), (2**33, np.float64), (2**33, np.int64)):
        X = container(wide.astype(np.float64) + offset).astype(dtype)
        got = quick(Selector, scaling="feature").fit(X).scores_
        np.testing.assert_allclose(got, expected, rtol=1e-2)


@every_selector
def test_sparse_data_are_never_made_dense_as_a_whole(Selector, monkeypatch):
    X = sparse.random(200, 300, 0.02, format="csr", random_state=0, dtype=np.float32)
    rows_made_dense = []
    toarray = sparse.csr_matrix.toarray

    def watched(self, *args, **kwargs):
        rows_made_dense.append(self.shape[0])
        return toarray(self, *args, **kwargs)

    monkeypatch.setattr(sparse.csr_matrix, "toarray", watched)
    selector = quick(Selector, K=10).fit(X)
    assert max(rows_made_dense) <= 16
    assert sparse.issparse(selector.transform(X))


@every_selector
def test_duplicate_entries_of_the_users_matrix_are_left_alone(Selector, wide):
    X = sparse.csr_matrix(wide)
    doubled = sparse.csr_matrix(
        (np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), X.indptr * 2), shape=X.shape
    )
    selector = quick(Selector).fit(doubled)
    assert doubled.nnz == 2 * X.nnz
    np.testing.assert_array_equal(selector.scores_, quick(Selector).fit(X).scores_)


@every_selector
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_and_feature_names(Selector, wide, library):
    names = [f"gene{j}" for j in range(40)]
    X = pd.DataFrame(wide, columns=names)
    selector = quick(Selector).set_output(transform=library)
    out = selector.fit_transform(X)
    assert type(out).__module__.startswith(library)
    chosen = [names[j] for j in selector.get_support(indices=True)]
    assert list(out.columns) == chosen == list(selector.get_feature_names_out())
    np.testing.assert_array_equal(selector.feature_names_in_, names)


@every_selector
def test_same_seed_same_scores_whatever_the_global_state(Selector, wide):
    reference = quick(Selector).fit(wide).scores_
    with torch.random.fork_rng():
        np.random.seed(1)
        torch.manual_seed(1)
        np.testing.assert_array_equal(quick(Selector).fit(wide).scores_, reference)
    before = np.random.get_state()[1].copy()
    quick(Selector, random_state=None).fit(wide)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert not np.array_equal(quick(Selector, random_state=1).fit(wide).scores_, reference)
    threads = torch.get_num_threads()
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            np.testing.assert_array_equal(quick(Selector).fit(wide).scores_, reference)
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(threads)


@every_selector
def test_random_state_instances_are_advanced(Selector, wide):
    state = np.random.RandomState(0)
    first, second = (quick(Selector, random_state=state).fit(wide).scores_ for _ in range(2))
    assert not np.array_equal(first, second)


@every_selector
def test_default_dtype_does_not_matter(Selector, wide):
    reference = quick(Selector).fit(wide).scores_
    torch.set_default_dtype(torch.float64)
    try:
        np.testing.assert_array_equal(quick(Selector).fit(wide).scores_, reference)
    finally:
        torch.set_default_dtype(torch.float32)


@every_selector
@pytest.mark.parametrize("kernel", ["csr", "block"])
def test_warning_filters_are_left_alone_by_overlapping_fits(Selector, wide, kernel):
    selectors = [quick(Selector, kernel=kernel, random_state=seed) for seed in range(8)]
    selectors[0].fit(wide)  # first imports may add filters of their own
    before = list(warnings.filters)
    Parallel(n_jobs=4, backend="threading")(delayed(_fit_scores)(s, wide) for s in selectors)
    assert list(warnings.filters) == before


def _fit_scores(selector, X):
    return selector.fit(X).scores_


@every_selector
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_fits_give_the_same_scores(Selector, wide, backend):
    selectors = [quick(Selector, random_state=seed) for seed in range(4)]
    serial = [clone(s).fit(wide).scores_ for s in selectors]
    parallel = Parallel(n_jobs=2, backend=backend)(delayed(_fit_scores)(s, wide) for s in selectors)
    for one, other in zip(serial, parallel, strict=True):
        np.testing.assert_array_equal(one, other)


@every_selector
def test_grid_search_over_K_and_density_in_a_pipeline(Selector, wide):
    y = (wide[:, 0] > 0).astype(int)
    pipeline = Pipeline([("fs", quick(Selector)), ("clf", SVC())])
    grid = {"fs__K": [3, 10], "fs__density": [0.2, 0.5]}
    one, two = (GridSearchCV(pipeline, grid, cv=3, n_jobs=n).fit(wide, y) for n in (1, 2))
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    assert one.best_score_ > 0.6


@every_selector
def test_sample_weight_of_zero_is_no_sample_and_scale_does_not_matter(Selector, wide):
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, size=60).astype(float)
    used = weight > 0
    a = quick(Selector).fit(wide, sample_weight=weight)
    b = quick(Selector).fit(wide[used], sample_weight=10 * weight[used])
    np.testing.assert_allclose(a.scores_, b.scores_, rtol=1e-5)
    c = quick(Selector).fit(wide, sample_weight=np.full(60, 7.0))
    np.testing.assert_allclose(c.scores_, quick(Selector).fit(wide).scores_, rtol=1e-3)
    assert not np.allclose(a.scores_, c.scores_, rtol=1e-3)


@every_selector
def test_sample_weight_is_routed(Selector, wide):
    weight = np.where(np.arange(60) < 30, 1.0, 0.0)
    with config_context(enable_metadata_routing=True):
        selector = quick(Selector).set_fit_request(sample_weight=True)
        pipeline = Pipeline([("fs", selector), ("clf", SVC().set_fit_request(sample_weight=False))])
        pipeline.fit(wide, np.arange(60) % 2, sample_weight=weight)
    expected = quick(Selector).fit(wide, sample_weight=weight).scores_
    np.testing.assert_array_equal(pipeline["fs"].scores_, expected)


@every_selector
def test_pickles_are_small_and_load_without_torch(Selector, tmp_path):
    X = np.random.default_rng(0).standard_normal((50, 2000)).astype(np.float32)
    selector = quick(Selector, K=20).fit(X)
    payload = pickle.dumps(selector)
    assert len(payload) < 20 * X.shape[1] + 10_000
    (tmp_path / "selector.pkl").write_bytes(payload)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "expected.npy", selector.transform(X))
    script = """
import pickle, sys
import numpy as np

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, NoTorch())
selector = pickle.load(open("selector.pkl", "rb"))
np.testing.assert_array_equal(selector.transform(np.load("X.npy")), np.load("expected.npy"))
assert selector.set_params(K=3).get_support().sum() == 3
repr(selector), selector._repr_html_()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)


def test_importing_the_package_does_not_import_torch():
    script = "import sys, sparsefs; assert 'torch' not in sys.modules; print(sparsefs.__version__)"
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


@every_selector
def test_unfitted(Selector, wide):
    with pytest.raises(NotFittedError, match=Selector.__name__):
        quick(Selector).transform(wide)
    with pytest.raises(NotFittedError):
        quick(Selector).get_support()
    assert not hasattr(quick(Selector), "scores_")


@every_selector
def test_K_above_n_features_keeps_all_with_a_warning(Selector, wide):
    with pytest.warns(UserWarning, match="K=99 is greater than n_features=40"):
        selector = quick(Selector, K=99).fit(wide)
    assert selector.transform(wide).shape == wide.shape
    selector.set_params(K=41)
    with pytest.warns(UserWarning, match="K=41 is greater than n_features=40"):
        selector.get_support()


@every_selector
def test_verbose_shows_a_progress_bar_on_stderr(Selector, wide, capsys):
    quick(Selector, verbose=True).fit(wide)
    out, err = capsys.readouterr()
    assert out == ""
    assert Selector.__name__ in err and "3/3" in err
    quick(Selector).fit(wide)
    assert capsys.readouterr() == ("", "")


@every_selector
def test_scikit_learn_callbacks_see_every_epoch_and_can_stop(Selector, wide):
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")

    class Recorder:
        def __init__(self, stop_after):
            self.stop_after, self.supports, self.events = stop_after, [], []

        def setup(self, estimator, context):
            self.events.append("setup")

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
            if context.task_name == "epoch":
                self.supports.append(fitted_estimator.transform(wide).shape)
                return len(self.supports) == self.stop_after

        def teardown(self, estimator, context):
            self.events.append("teardown")

    for stop_after, n_epochs in ((None, 3), (2, 2)):
        recorder = Recorder(stop_after)
        selector = quick(Selector).set_callbacks(recorder).fit(wide)
        assert recorder.supports == [(60, 5)] * n_epochs
        assert selector.n_iter_ == n_epochs
        assert recorder.events == ["setup", "teardown"]


@every_selector
def test_scikit_learn_progress_bar(Selector, wide, capsys):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")
    pytest.importorskip("rich")
    quick(Selector).set_callbacks(callback.ProgressBar()).fit(wide)
    assert Selector.__name__ in capsys.readouterr().out


@every_selector
def test_interrupting_a_fit_leaves_global_state_clean(Selector, wide, monkeypatch):
    from sparsefs.training import batches

    load, calls = batches.Batches._load, []

    def interrupted(self, rows):
        calls.append(rows)
        if len(calls) == 4:  # in the middle of training
            raise KeyboardInterrupt
        return load(self, rows)

    selector = quick(Selector).fit(wide)
    scores = selector.scores_
    monkeypatch.setattr(batches.Batches, "_load", interrupted)
    other = pd.DataFrame(wide[:, :9]).add_prefix("gene")
    for X, error in ((other, KeyboardInterrupt), (other * np.nan, ValueError)):
        with pytest.raises(error):
            selector.fit(X)
        # The earlier result is not lost.
        assert selector.scores_ is scores
        assert selector.n_features_in_ == 40
        assert selector.transform(wide).shape == (60, 5)
        assert not hasattr(selector, "feature_names_in_")


@every_selector
def test_html_and_repr(Selector):
    set_config(display="diagram")
    assert Selector.__name__ in quick(Selector)._repr_html_()
    assert repr(quick(Selector)).startswith(Selector.__name__)
