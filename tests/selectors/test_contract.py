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
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from sparsefs import GradualPruningSelector
from sparsefs.training import regressions
from tests.selectors.common import (
    SCORING,
    SELECTORS,
    SUPERVISED,
    classes,
    every_scoring,
    every_selector,
    every_supervised,
    every_supervised_scoring,
    every_unsupervised,
    fit,
    quick,
    takes,
    with_each,
    with_parameter,
)


@every_selector
def test_selects_exactly_K_and_follows_K_without_refit(Selector, wide):
    selector = fit(quick(Selector, K=5), wide)
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
    selector = fit(quick(Selector), wide)
    assert selector.scores_.dtype == np.float64
    assert sorted(selector.ranking_) == list(range(1, 41))
    # A better score means a better rank.
    assert (np.diff(selector.scores_[np.argsort(selector.ranking_)]) <= 0).all()
    assert selector.n_features_in_ == 40
    assert selector.n_iter_ == 3
    assert set(selector.history_) >= {"loss", "density", "connections_changed", "seconds"}
    for values in selector.history_.values():
        assert isinstance(values, np.ndarray) and len(values) == 3 and np.isfinite(values).all()
    for cost in ("parameters", "bytes", "inference_flops", "training_flops"):
        assert set(selector.costs_[cost]) == {"sparse", "dense"}
        assert 0 < selector.costs_[cost]["sparse"]
    assert selector.costs_["parameters"]["sparse"] < selector.costs_["parameters"]["dense"]


@every_selector
def test_constant_columns_rank_last_and_score_zero(Selector, wide):
    selector = fit(quick(Selector), wide)
    assert set(selector.ranking_[[3, 17]]) == {39, 40}
    assert (selector.scores_[[3, 17]] == 0).all()


@with_parameter("connections_every")
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_matrix])
def test_constant_columns_have_no_connections(Selector, wide, convert):
    def connections(X, **params):
        selector = fit(quick(Selector, connections_every=1, **params), X)
        return selector, selector.connections_["counts"]

    varies = np.delete(np.arange(40), [3, 17])
    wide[np.abs(wide) < 0.5] = 0
    wide[:, 17] = 2.5  # not 0, whatever the scaling
    selector, counts = connections(convert(wide))
    assert (counts[:, [3, 17]] == 0).all()
    assert (counts[0, varies] > 0).any()
    assert set(selector.network_.columns) <= set(varies)
    assert selector.network_.weights[0].shape[1] == len(selector.network_.columns)
    # Their connections are given to the others.
    noise = wide + np.random.default_rng(0).standard_normal(wide.shape).astype(np.float32)
    assert counts[0].sum() == min(connections(noise)[1][0].sum(), 38 * 16)


@every_selector
def test_constant_columns_change_nothing_but_the_density(Selector, wide):
    # Where all connections exist, the columns that vary are all there is.
    full = {"scaling": "feature"}
    full |= {name: 1.0 for name in ("density",) if takes(Selector, name, 1.0)}
    alone = fit(quick(Selector, **full), np.delete(wide, [3, 17], axis=1))
    among = fit(quick(Selector, **full), wide)
    np.testing.assert_array_equal(np.delete(among.scores_, [3, 17]), alone.scores_)


@every_selector
@pytest.mark.parametrize(
    ("K", "n_constant"), [(38, 0), (39, 1), (40, 2), (0.975, 1), (50, 2), ("auto", 0)]
)
def test_constant_columns_are_not_selected_without_a_word(Selector, K, n_constant, wide):
    if K == "auto" and not Selector._nested_ranking:
        return

    def said(caught):
        return [str(w.message) for w in caught if "constant" in str(w.message)]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        selector = fit(quick(Selector, K=K), wide)
        selector.transform(wide)
    expected = [f"selects {n_constant} constant feature"] if n_constant else []
    assert len(said(caught)) == len(expected)
    for message, words in zip(said(caught), expected):
        assert words in message and "only 38 of 40 vary" in message
    selector = fit(quick(Selector, K=5), wide).set_params(K=K)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        selector.get_support() if K != "auto" else None
    assert len(said(caught)) == len(expected)


@every_selector
def test_equal_scores_are_ranked_by_index(Selector):
    # All columns constant: all scores equal.
    selector = fit(quick(Selector, K=2), np.ones((20, 6)))
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
    expected = fit(quick(Selector), wide)
    got = fit(quick(Selector), convert(wide))
    np.testing.assert_allclose(got.scores_, expected.scores_, rtol=1e-4)
    np.testing.assert_array_equal(got.ranking_, expected.ranking_)
    assert got.transform(convert(wide)).shape == (60, 5)


@every_selector
def test_integers_booleans_float64_and_memmaps(Selector, wide, tmp_path):
    counts = np.abs(wide * 3).astype(np.uint8)
    expected = fit(quick(Selector), counts.astype(np.float32)).scores_
    np.testing.assert_array_equal(fit(quick(Selector), counts).scores_, expected)
    np.testing.assert_allclose(
        fit(quick(Selector), counts.astype(np.int64)).scores_, expected, rtol=1e-4
    )
    np.testing.assert_allclose(
        fit(quick(Selector), counts.astype(np.float64)).scores_, expected, rtol=1e-4
    )
    assert fit(quick(Selector), counts > 2).scores_.shape == (40,)

    on_disk = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=wide.shape)
    on_disk[:] = wide
    on_disk.flush()
    read_only = np.memmap(tmp_path / "X", dtype=np.float32, mode="r", shape=wide.shape)
    np.testing.assert_array_equal(
        fit(quick(Selector), read_only).scores_, fit(quick(Selector), wide).scores_
    )


@every_selector
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("size", [1e-300, 1e-40, 1e-7, 1e7, 1e40, 1e300])
def test_the_unit_of_the_data_does_not_matter(Selector, wide, size, container):
    for scaling in ("global", "feature", "minmax"):
        if not takes(Selector, "scaling", scaling):
            continue
        expected = fit(quick(Selector, scaling=scaling), wide).scores_
        X = container(wide.astype(np.float64) * size)
        got = fit(quick(Selector, scaling=scaling), X).scores_
        np.testing.assert_allclose(got, expected, rtol=1e-3)
        if 1e-38 < size < 1e37:
            got = fit(quick(Selector, scaling=scaling), X.astype(np.float32)).scores_
            np.testing.assert_allclose(got, expected, rtol=1e-3)


@with_parameter("scaling")
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_an_offset_does_not_matter(Selector, wide, container):
    wide = np.round(wide * 64) + 1.0
    expected = fit(quick(Selector, scaling="feature"), container(wide)).scores_
    for offset, dtype in ((1e5, np.float32), (2**33, np.float64), (2**33, np.int64)):
        X = container(wide.astype(np.float64) + offset).astype(dtype)
        got = fit(quick(Selector, scaling="feature"), X).scores_
        np.testing.assert_allclose(got, expected, rtol=1e-2)


@every_selector
def test_sparse_data_are_never_made_dense_as_a_whole(Selector, monkeypatch):
    X = sparse.random(1500, 300, 0.02, format="csr", random_state=0, dtype=np.float32)
    rows_made_dense = []
    toarray = sparse.csr_matrix.toarray

    def watched(self, *args, **kwargs):
        rows_made_dense.append(self.shape[0])
        return toarray(self, *args, **kwargs)

    monkeypatch.setattr(sparse.csr_matrix, "toarray", watched)
    selector = fit(quick(Selector, K=10), X)
    assert max(rows_made_dense) <= 512  # batches are smaller, except where none trains
    assert sparse.issparse(selector.transform(X))


@every_selector
def test_duplicate_entries_of_the_users_matrix_are_left_alone(Selector, wide):
    X = sparse.csr_matrix(wide)
    doubled = sparse.csr_matrix(
        (np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), X.indptr * 2), shape=X.shape
    )
    selector = fit(quick(Selector), doubled)
    assert doubled.nnz == 2 * X.nnz
    np.testing.assert_array_equal(selector.scores_, fit(quick(Selector), X).scores_)


@every_selector
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_and_feature_names(Selector, wide, library):
    names = [f"gene{j}" for j in range(40)]
    X = pd.DataFrame(wide, columns=names)
    selector = quick(Selector).set_output(transform=library)
    out = selector.fit_transform(X, classes(X))
    assert type(out).__module__.startswith(library)
    chosen = [names[j] for j in selector.get_support(indices=True)]
    assert list(out.columns) == chosen == list(selector.get_feature_names_out())
    np.testing.assert_array_equal(selector.feature_names_in_, names)


@every_selector
def test_same_seed_same_scores_whatever_the_global_state(Selector, wide):
    reference = fit(quick(Selector), wide).scores_
    with torch.random.fork_rng():
        np.random.seed(1)
        torch.manual_seed(1)
        np.testing.assert_array_equal(fit(quick(Selector), wide).scores_, reference)
    before = np.random.get_state()[1].copy()
    fit(quick(Selector, random_state=None), wide)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert not np.array_equal(fit(quick(Selector, random_state=1), wide).scores_, reference)
    threads = torch.get_num_threads()
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            np.testing.assert_array_equal(fit(quick(Selector), wide).scores_, reference)
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(threads)


@every_selector
def test_random_state_instances_are_advanced(Selector, wide):
    state = np.random.RandomState(0)
    first, second = (fit(quick(Selector, random_state=state), wide).scores_ for _ in range(2))
    assert not np.array_equal(first, second)


@every_selector
@pytest.mark.parametrize("n_features", [20, 400])  # the wider one gets other kernels
def test_default_dtype_does_not_matter(Selector, n_features):
    X = np.random.default_rng(0).standard_normal((60, n_features))
    reference = fit(quick(Selector, hidden_layer_sizes=30), X).scores_
    torch.set_default_dtype(torch.float64)
    try:
        if takes(Selector, "loss", torch.nn.HuberLoss()):
            quick(Selector, loss=torch.nn.HuberLoss()).fit(X, X[:, 0])
        got = fit(quick(Selector, hidden_layer_sizes=30), X).scores_
        np.testing.assert_array_equal(got, reference)
    finally:
        torch.set_default_dtype(torch.float32)


@with_each("kernel", ["csr", "block"])
def test_warning_filters_are_left_alone_by_overlapping_fits(Selector, wide, kernel):
    selectors = [quick(Selector, kernel=kernel, random_state=seed) for seed in range(8)]
    fit(selectors[0], wide)  # first imports may add filters of their own
    before = list(warnings.filters)
    Parallel(n_jobs=4, backend="threading")(delayed(_fit_scores)(s, wide) for s in selectors)
    assert list(warnings.filters) == before


def _fit_scores(selector, X):
    return fit(selector, X).scores_


@every_selector
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_fits_give_the_same_scores(Selector, wide, backend):
    selectors = [quick(Selector, random_state=seed) for seed in range(4)]
    serial = [_fit_scores(clone(s), wide) for s in selectors]
    parallel = Parallel(n_jobs=2, backend=backend)(delayed(_fit_scores)(s, wide) for s in selectors)
    for one, other in zip(serial, parallel, strict=True):
        np.testing.assert_array_equal(one, other)


@with_parameter("density")
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
    weight, y = rng.integers(0, 3, size=60).astype(float), classes(wide)
    used = weight > 0
    a = fit(quick(Selector), wide, y, sample_weight=weight)
    b = fit(quick(Selector), wide[used], y[used], sample_weight=10 * weight[used])
    np.testing.assert_allclose(a.scores_, b.scores_, rtol=1e-5)
    for same in (7.0, 1e-300, 1e307):
        c = fit(quick(Selector), wide, y, sample_weight=np.full(60, same))
        np.testing.assert_allclose(c.scores_, fit(quick(Selector), wide, y).scores_, rtol=1e-3)
    assert not np.allclose(a.scores_, c.scores_, rtol=1e-3)


@every_selector
def test_sample_weight_is_routed(Selector, wide):
    weight = np.where(np.arange(60) < 30, 1.0, 0.0)
    with config_context(enable_metadata_routing=True):
        selector = quick(Selector).set_fit_request(sample_weight=True)
        pipeline = Pipeline([("fs", selector), ("clf", SVC().set_fit_request(sample_weight=False))])
        pipeline.fit(wide, np.arange(60) % 2, sample_weight=weight)
    expected = fit(quick(Selector), wide, np.arange(60) % 2, sample_weight=weight).scores_
    np.testing.assert_array_equal(pipeline["fs"].scores_, expected)


@pytest.mark.slow
@every_selector
def test_pickles_are_small_and_load_without_torch(Selector, tmp_path):
    X = np.random.default_rng(0).standard_normal((50, 2000)).astype(np.float32)
    selector = fit(quick(Selector, K=20), X)
    payload = pickle.dumps(selector)
    n_parameters = selector.costs_["parameters"]["sparse"]
    assert len(payload) < 28 * X.shape[1] + 12 * n_parameters + 20_000
    (tmp_path / "selector.pkl").write_bytes(payload)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", classes(X))
    np.savez(
        tmp_path / "expected.npz",
        transformed=selector.transform(X),
        score=selector.score(X, classes(X)) if Selector in SCORING else 0,
    )
    script = """
import pickle, sys
import numpy as np

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, NoTorch())
selector = pickle.load(open("selector.pkl", "rb"))
X, expected = np.load("X.npy"), np.load("expected.npz")
np.testing.assert_array_equal(selector.transform(X), expected["transformed"])
if hasattr(selector, "score"):
    assert selector.score(X, np.load("y.npy")) == expected["score"]
assert selector.set_params(K=3).get_support().sum() == 3
repr(selector), selector._repr_html_()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)


@every_selector
def test_unfitted(Selector, wide):
    with pytest.raises(NotFittedError, match=Selector.__name__):
        quick(Selector).transform(wide)
    with pytest.raises(NotFittedError):
        quick(Selector).get_support()
    if Selector in SCORING:
        with pytest.raises(NotFittedError, match=Selector.__name__):
            quick(Selector).score(wide, classes(wide))
    assert not hasattr(quick(Selector), "scores_")


@every_scoring
def test_without_the_network_a_selector_selects_and_says_that_it_cannot_score(Selector, wide):
    selector = fit(quick(Selector), wide)
    del selector.network_
    assert selector.transform(wide).shape == (60, 5)
    with pytest.raises(NotFittedError, match=f"{Selector.__name__} has no 'network_'.*'fit'"):
        selector.score(wide, classes(wide))


@every_selector
def test_K_above_n_features_keeps_all_with_a_warning(Selector, wide):
    with pytest.warns(UserWarning, match="K=99 is greater than n_features=40"):
        selector = fit(quick(Selector, K=99), wide)
    assert selector.transform(wide).shape == wide.shape
    selector.set_params(K=41)
    with pytest.warns(UserWarning, match="K=41 is greater than n_features=40"):
        selector.get_support()


@every_selector
def test_verbose_shows_a_progress_bar_on_stderr(Selector, wide, capsys):
    fit(quick(Selector, verbose=True), wide)
    out, err = capsys.readouterr()
    assert out == ""
    assert Selector.__name__ in err and "3/3" in err
    fit(quick(Selector), wide)
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
        selector = fit(quick(Selector).set_callbacks(recorder), wide)
        assert recorder.supports == [(60, 5)] * n_epochs
        assert selector.n_iter_ == n_epochs
        assert recorder.events == ["setup", "teardown"]


@every_scoring
def test_scikit_learn_callbacks_may_score_the_network_as_it_is(Selector, wide):
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")
    y, scores = wide[:, 0], []

    class Scorer:
        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_begin = setup

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                scores.append(fitted_estimator.score(wide, y))

    setting = {"learning_rate_init": 0.01, "max_iter": 4}
    if "early_stopping" in Selector().get_params():
        setting["early_stopping"] = False  # which would end with an earlier network
    selector = quick(Selector, **setting).set_callbacks(Scorer())
    fit(selector, wide, y)
    assert len(scores) == 4
    assert scores[0] != scores[-1] == selector.score(wide, y)


@every_selector
def test_scikit_learn_progress_bar(Selector, wide, capsys):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")
    pytest.importorskip("rich")
    fit(quick(Selector).set_callbacks(callback.ProgressBar()), wide)
    assert Selector.__name__ in capsys.readouterr().out


@every_selector
def test_interrupting_a_fit_leaves_global_state_clean(Selector, wide, monkeypatch):
    from sparsefs.training.batches import Batches
    from sparsefs.training.pruning_loop import GradualPruning

    ours = Selector.__name__ == "GradualPruningSelector"
    owner, name = (GradualPruning, "_step") if ours else (Batches, "_load")
    load, calls = getattr(owner, name), []

    def interrupted(self, *where):
        calls.append(where)
        if len(calls) == 4:  # in the middle of training
            raise KeyboardInterrupt
        return load(self, *where)

    selector = fit(quick(Selector), wide)
    scores = selector.scores_
    monkeypatch.setattr(owner, name, interrupted)
    other = pd.DataFrame(wide[:, :9]).add_prefix("gene")
    for X, error in ((other, KeyboardInterrupt), (other * np.inf, ValueError)):
        with pytest.raises(error):
            fit(selector, X)
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


@every_scoring
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_network_is_the_trained_one(Selector, wide, container, monkeypatch):
    trained, train = [], Selector._trained

    def watched(self, data, progress, network, *args, **kwargs):
        trained.append(network)
        return train(self, data, progress, network, *args, **kwargs)

    monkeypatch.setattr(Selector, "_trained", watched)
    X = container(wide)
    fitted = fit(quick(Selector), X).network_
    assert isinstance(fitted(X), np.ndarray)
    x = torch.from_numpy(fitted.scaled(X).T.copy())
    expected = trained[0].forward(x).T
    np.testing.assert_allclose(fitted(X), expected, rtol=1e-4, atol=1e-5)
    # The rows are taken in blocks where there are many.
    monkeypatch.setattr(fitted, "blocks", lambda X: [X[:7], X[7:]])
    np.testing.assert_allclose(fitted(X), expected, rtol=1e-4, atol=1e-5)


@every_unsupervised
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_score_is_the_negative_squared_error_of_the_scaled_data(Selector, wide, container):
    selector = quick(Selector).fit(wide)
    network, weight = selector.network_, np.arange(60.0)
    np.testing.assert_array_equal(network.columns, np.delete(np.arange(40), [3, 17]))
    scaled = (wide[:, network.columns] - network.mean) / network.scale
    error = ((network(wide) - scaled) ** 2).mean(axis=1)
    X = container(wide)
    np.testing.assert_allclose(selector.score(X), -error.mean(), rtol=1e-4)
    expected = -(weight @ error) / weight.sum()
    for y in (None, np.zeros(60)):
        np.testing.assert_allclose(selector.score(X, y, weight), expected, rtol=1e-4)


# What every supervised selector promises besides.


def learnable(seed=0, n_samples=300):
    """X of 40 features, and 3 numbers that features 5, 11 and 30 alone decide."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, 40)).astype(np.float32)
    a, b, c = X[:, [5, 11, 30]].T
    return X, np.column_stack([a + b - c, a - b, b + c]).astype(np.float64)


TARGETS = {
    "binary": lambda z: z[:, 0] > 0,
    "text": lambda z: np.array(["low", "middle", "high"])[np.digitize(z[:, 0], [-1, 1])],
    "objects": lambda z: np.where(z[:, 0] > 0, "yes", "no").astype(object),
    "negative": lambda z: np.where(z[:, 0] > 0, 1, -1),
    "gaps": lambda z: np.array([70, 2, 1000])[np.digitize(z[:, 0], [-1, 1])],
    "float classes": lambda z: np.digitize(z[:, 0], [-1, 1]).astype(float),
    "categories": lambda z: pd.Series(np.where(z[:, 0] > 0, "b", "a"), dtype="category"),
    "nullable": lambda z: pd.Series(z[:, 0] > 0, dtype="boolean"),
    "frame": lambda z: pd.DataFrame({"y": z[:, 0] > 0}),
    "polars": lambda z: pl.Series(np.where(z[:, 0] > 0, "b", "a")),
    "list": lambda z: (z[:, 0] > 0).tolist(),
    "numbers": lambda z: z[:, 0],
    "float32": lambda z: z[:, 0].astype(np.float32),
    "several numbers": lambda z: z,
    "labels": lambda z: (z > 0).astype(int),
    "bool labels": lambda z: z > 0,
    "sparse labels": lambda z: sparse.csr_matrix((z > 0).astype(int)),
}


@every_supervised
@pytest.mark.parametrize("kind", TARGETS)
def test_every_kind_of_target(Selector, kind):
    X, z = learnable(n_samples=60)
    y = TARGETS[kind](z)
    selector = quick(Selector).fit(X, y)
    assert selector.transform(X).shape == (60, 5)
    if Selector not in SCORING:
        return
    output = selector.network_(X)
    dense = y.toarray() if sparse.issparse(y) else np.asarray(y)
    if kind in ("numbers", "float32", "several numbers"):
        mean, scale = dense.mean(axis=0), dense.std(axis=0)
        expected = r2_score(dense, (output * scale + mean).reshape(dense.shape))
    elif "labels" in kind:
        expected = accuracy_score(dense, output > 0)
    else:
        dense = dense.ravel()
        dense = dense.astype(int) if kind == "nullable" else dense
        expected = accuracy_score(dense, np.unique(dense)[output.argmax(axis=1)])
    assert selector.score(X, y) == pytest.approx(expected, abs=1e-4)
    # The same rows in another order, some twice.
    rows = np.r_[0:60, 10:20, 5]
    weight = np.bincount(rows)
    again = [dense[rows] if kind != "frame" else dense[rows, None], X[rows]]
    assert selector.score(again[1], again[0]) == pytest.approx(
        selector.score(X, y, sample_weight=weight), abs=1e-4
    )


@every_supervised
def test_names_of_classes_do_not_matter(Selector):
    X, z = learnable(n_samples=60)
    expected = quick(Selector).fit(X, TARGETS["negative"](z)).scores_
    for kind in ("binary", "objects", "categories", "nullable", "frame", "polars", "list"):
        got = quick(Selector).fit(X, TARGETS[kind](z)).scores_
        np.testing.assert_array_equal(got, expected)


@every_supervised
@pytest.mark.parametrize("size", [1e-300, 1e-5, 1e300])
def test_the_unit_of_y_does_not_matter(Selector, size):
    X, z = learnable(n_samples=60)
    expected = quick(Selector).fit(X, z)
    got = quick(Selector).fit(X, z * size + 3 * size)
    np.testing.assert_allclose(got.scores_, expected.scores_, rtol=1e-3)
    if Selector in SCORING:
        assert got.score(X, z * size + 3 * size) == pytest.approx(expected.score(X, z), abs=1e-3)


@pytest.mark.slow
@every_supervised
@pytest.mark.parametrize("kind", ["binary", "text", "numbers", "several numbers", "labels"])
def test_informative_features_are_found(Selector, kind):
    X, z = learnable()
    y = TARGETS[kind](z)
    sizes = 64 if Selector._one_hidden_layer else (64, 32)
    params = {"max_iter": 40, "learning_rate_init": 0.01, "hidden_layer_sizes": sizes}
    if "epsilon" in Selector().get_params():
        params["density"] = None  # as by default: networks this small are dense
    selector = quick(Selector, **params).fit(X, y)
    assert {5, 11, 30} <= set(selector.get_support(indices=True))
    if Selector in SCORING:
        assert selector.score(X, y) > 0.5


@pytest.mark.parametrize("Selector", [S for S in SUPERVISED if takes(S, "batch_size", "auto")])
def test_auto_batches_are_smaller_for_few_samples(Selector):
    X, z = learnable(n_samples=250)
    small = 20 if Selector.__name__ == "NeuroFSSelector" else 32
    # How many samples there are, of weight 0 or not, and where some are held out.
    for n_samples, weight, batch_size in (
        (199, None, small),
        (200, None, 100),
        (250, np.arange(250) < 199, small),
        (250, np.arange(250) < 200, 100),
    ):
        args = X[:n_samples], z[:n_samples, 0] > 0
        auto = quick(Selector, batch_size="auto").fit(*args, sample_weight=weight)
        given = quick(Selector, batch_size=batch_size).fit(*args, sample_weight=weight)
        np.testing.assert_array_equal(auto.scores_, given.scores_)
        other = quick(Selector, batch_size=132 - batch_size).fit(*args, sample_weight=weight)
        assert not np.array_equal(auto.scores_, other.scores_)


@every_supervised
def test_classes_of_samples_of_weight_0_are_absent(Selector, wide):
    y = np.where(np.arange(60) < 50, np.arange(60) % 2, 7)
    for weight, labels in (((y != 7) * 2.0, y), (np.arange(60) < 50, y.astype(str))):
        used = y != 7
        a = quick(Selector).fit(wide, labels, sample_weight=weight)
        b = quick(Selector).fit(wide[used], y[used])
        np.testing.assert_allclose(a.scores_, b.scores_, rtol=1e-3)
        assert a._target.n_outputs == 2


@every_supervised
def test_class_weight_is_a_sample_weight(Selector, wide):
    y = np.repeat(["a", "b", "c"], [10, 20, 30])
    plain = quick(Selector).fit(wide, y).scores_
    for class_weight, of_class in (
        ("balanced", [6, 3, 2]),
        ({"a": 5, "c": 2}, [5, 1, 2]),
        ({"c": 0}, [1, 1, 0]),
    ):
        weight = np.repeat(np.asarray(of_class, dtype=float), [10, 20, 30])
        got = quick(Selector, class_weight=class_weight).fit(wide, y).scores_
        expected = quick(Selector).fit(wide, y, sample_weight=weight).scores_
        np.testing.assert_allclose(got, expected, rtol=1e-3)
        assert not np.allclose(got, plain, rtol=1e-3)
    # They multiply.
    weight = np.arange(1.0, 61)
    doubled = np.where(y == "a", 2 * weight, weight)
    got = quick(Selector, class_weight={"a": 2}).fit(wide, y, sample_weight=weight).scores_
    expected = quick(Selector).fit(wide, y, sample_weight=doubled).scores_
    np.testing.assert_allclose(got, expected, rtol=1e-3)


def task_and_outputs(selector, X, y):
    target = selector.fit(X, y)._target
    return target.task, target.n_outputs


@every_supervised
def test_task_says_what_y_is(Selector, wide):
    counts = np.arange(60) % 3
    numbers = quick(Selector, task="regression")
    assert task_and_outputs(numbers, wide, counts) == ("regression", 1)
    table = np.column_stack([counts, counts[::-1]])
    assert task_and_outputs(numbers, wide, table) == ("regression", 2)
    classes_ = quick(Selector, task="classification")
    assert task_and_outputs(classes_, wide, counts.astype(float)) == ("classification", 3)
    np.testing.assert_array_equal(classes_.scores_, quick(Selector).fit(wide, counts).scores_)
    labels = quick(Selector, task="multilabel")
    assert task_and_outputs(labels, wide, counts == 0) == ("multilabel", 1)


@every_supervised
def test_a_named_loss_implies_the_task(Selector, wide):
    counts = np.arange(60) % 3
    for loss, y, expected in (
        ("squared_error", counts, ("regression", 1)),
        ("cross_entropy", counts.astype(float), ("classification", 3)),
        ("binary_cross_entropy", counts == 0, ("multilabel", 1)),
        (torch.nn.HuberLoss(), counts, ("regression", 1)),
        (torch.nn.CrossEntropyLoss(), counts, ("classification", 3)),
        (torch.nn.functional.poisson_nll_loss, counts, ("regression", 1)),
        (torch.nn.BCEWithLogitsLoss(), counts == 0, ("multilabel", 1)),
    ):
        assert task_and_outputs(quick(Selector, loss=loss), wide, y) == expected
    with pytest.raises(ValueError, match="loss='squared_error'.*task='classification'"):
        quick(Selector, loss="squared_error", task="classification").fit(wide, counts)


@every_supervised
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_torch_train_as_ours_do(Selector, wide, weighted, monkeypatch):
    # With a loss of the user's, regressions have no vote.
    monkeypatch.setattr(regressions, "Regressions", lambda *_: None)
    ranks = Selector is GradualPruningSelector  # its unit is another: the loss before training
    weight = np.linspace(0.5, 1.5, 60) if weighted else None
    numbers, labels = wide[:, 0] - wide[:, 5], np.arange(60) % 3
    for loss, y in ((torch.nn.MSELoss(), numbers), (torch.nn.CrossEntropyLoss(), labels)):
        ours = quick(Selector).fit(wide, y, sample_weight=weight)
        theirs = quick(Selector, loss=loss).fit(wide, y, sample_weight=weight)
        np.testing.assert_allclose(theirs.history_["loss"], ours.history_["loss"], rtol=1e-3)
        if ranks:
            assert np.corrcoef(theirs.ranking_, ours.ranking_)[0, 1] > 0.999
        else:
            np.testing.assert_allclose(theirs.scores_, ours.scores_, rtol=0.02, atol=1e-4)
        assert loss.reduction == "mean"  # the user's stays as it was


@every_supervised
def test_a_loss_of_your_own(Selector, wide):
    y = wide[:, 0] - wide[:, 5]
    expected = quick(Selector).fit(wide, y)
    for loss in (absolute_error, torch.nn.L1Loss()):
        own = quick(Selector, loss=loss).fit(wide, y)
        assert own._target.n_outputs == 1
        assert own.history_["loss"][0] < 2
        assert not np.allclose(own.scores_, expected.scores_, rtol=1e-3)
        again = pickle.loads(pickle.dumps(own))
        np.testing.assert_array_equal(again.transform(wide), own.transform(wide))


def absolute_error(output, target, sample_weight=None):
    error = output - target
    if sample_weight is None:
        sample_weight = torch.ones(output.shape[1])
    n = output.nelement()
    return float((error.abs() * sample_weight).sum() / n), error.sign() * sample_weight / n


@every_supervised
@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda output, target: 1.0, "must return a tensor"),
        (lambda output, target: (output - target).sum() * np.nan, "is nan"),
        (lambda output, target: (output - target[:, :0]).sum(), "tried on 2 rows"),
        (lambda output, target, sample_weight: 1.0, "loss and its gradient"),
        (lambda output, target, sample_weight: (1.0, output.T), "shape of the outputs"),
        (lambda output, target, sample_weight: (1.0, output * np.inf), "gradient is not finite"),
    ],
    ids=["a float", "NaN", "wrong shapes", "no gradient", "gradient turned", "infinite gradient"],
)
def test_a_loss_is_tried_before_the_training(Selector, wide, loss, words, monkeypatch):
    y = np.column_stack([wide[:, 0], wide[:, 5], wide[:, 6]])
    monkeypatch.setattr("sparsefs.training.progress.Progress.__iter__", None)  # no training
    with pytest.raises((ValueError, TypeError), match=words) as error:
        quick(Selector, loss=loss).fit(wide, y)
    assert "loss" in str(error.value)


@every_supervised
def test_weights_need_a_loss_of_each_sample(Selector, wide):
    with pytest.raises(ValueError, match=r"one number for all samples.*reduction='none'"):
        quick(Selector, loss=lambda output, target: (output - target).abs().mean()).fit(
            wide, wide[:, 0], sample_weight=np.arange(60.0)
        )


@every_supervised
def test_whole_numbers_that_could_be_a_quantity_are_taken_so_with_a_warning(Selector, wide):
    for y in (np.arange(60.0), np.arange(60) + 20):
        with pytest.warns(UserWarning, match="60 different whole numbers in 60 samples.*task="):
            selector = quick(Selector).fit(wide, y)
        assert selector._target.task == "regression"
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            quick(Selector, task="regression").fit(wide, y)
            as_classes = quick(Selector, task="classification").fit(wide, y)
            assert as_classes._target.n_outputs == 60


@every_supervised
def test_a_constant_output_beside_others_is_no_obstacle(Selector, wide):
    y = np.column_stack([wide[:, 0], np.full(60, 1 / 3)])
    selector = quick(Selector).fit(wide, y)
    assert np.isfinite(selector.scores_).all()
    labels = y > 0
    assert np.isfinite(quick(Selector).fit(wide, labels).scores_).all()


@pytest.mark.parametrize("Selector", [S for S in SELECTORS if hasattr(S, "from_paper")])
def test_from_paper_takes_parameters_and_may_differ_from_the_defaults(Selector):
    selector = Selector.from_paper(K=7, random_state=3)
    assert type(selector) is Selector
    assert (selector.K, selector.random_state) == (7, 3)
    selector._validate_params()  # all values are valid


@every_selector
def test_a_column_that_only_rows_without_weight_vary_ranks_last(Selector):
    X = np.random.default_rng(0).standard_normal((60, 20))
    X[:40, 7] = 3.0
    weight = np.r_[np.ones(40), np.zeros(20)]
    selector = fit(quick(Selector), X, sample_weight=weight)
    assert selector.ranking_[7] == 20
    assert selector.scores_[7] == 0


@every_supervised
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_loss_whose_shapes_are_broadcast_is_found_before_the_training(
    Selector, wide, n_classes, monkeypatch
):
    monkeypatch.setattr("sparsefs.training.progress.Progress.__iter__", None)  # no training
    with pytest.raises(ValueError, match=r"loss=.*tried on"):
        quick(Selector, loss=lambda output, target: (output - target).square()).fit(
            wide, np.arange(60) % n_classes
        )


@every_supervised_scoring
@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_R2_of_the_network_does_not_depend_on_the_unit_of_y(Selector, wide, unit):
    y = wide[:, 0].astype(np.float64)
    one, other = (quick(Selector).fit(wide, u * y).score(wide, u * y) for u in (1.0, unit))
    assert one == pytest.approx(other, rel=1e-3)
