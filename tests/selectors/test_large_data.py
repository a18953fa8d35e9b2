# SPDX-License-Identifier: BSD-3-Clause
"""Every selector fits tables that are larger than its buffer, and holds no more of them."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sparsefs import WASTSelector, open_shards
from sparsefs.data import RowTable
from tests.selectors.common import (
    SCORING,
    SELECTORS,
    UNSUPERVISED,
    classes,
    every_selector,
    fit,
    quick,
    with_parameter,
)
from tests.shards import SOURCES, every_source, write_npy, write_parquet


@pytest.fixture
def long():
    """400 rows of 12 columns, sorted by the first; 3 and 7 are constant."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 2)) @ rng.standard_normal((2, 12))
    X += 0.5 * rng.standard_normal((400, 12))
    X = X[X[:, 0].argsort()].astype(np.float32)
    X[:, 3], X[:, 7] = 0.0, 2.5
    return X


def same_features(*selectors):
    """Their networks, and where in each the features are that all of them have."""
    networks = [selector.network_ for selector in selectors]
    columns = [
        np.arange(len(network.mean)) if network.columns is None else network.columns
        for network in networks
    ]
    common = np.intersect1d(*columns)
    assert len(common) > 0
    return networks, [np.searchsorted(own, common) for own in columns]


@every_selector
@every_source
def test_small_tables_give_the_scores_of_the_array(Selector, source, long, tmp_path):
    expected = fit(quick(Selector), long)
    got = fit(quick(Selector), SOURCES[source](tmp_path / "X", long))
    np.testing.assert_array_equal(got.scores_, expected.scores_)


# Tables convert their numbers in one place, whatever selector reads them.
@pytest.mark.parametrize(
    ("Selector", "dtype"),
    [(Selector, np.float32) for Selector in SELECTORS]
    + [(WASTSelector, dtype) for dtype in (np.float64, np.uint8, np.int16, np.int64)],
)
@every_source
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_large_tables_are_fitted_in_pieces(
    Selector, source, dtype, long, tmp_path, cut_small, monkeypatch
):
    X = np.clip(long * 20 + 100, 0, 255).astype(dtype)
    table = SOURCES[source](tmp_path / "X", X)
    y = (np.arange(400) * 7) % 3
    in_memory = fit(quick(Selector), X, y)
    largest, read = [], RowTable.read

    def watched(self, *args, **kwargs):
        for rows, block in read(self, *args, **kwargs):
            largest.append(block.nbytes)
            yield rows, block

    monkeypatch.setattr(RowTable, "read", watched)
    monkeypatch.setattr(RowTable, "_take", None)
    monkeypatch.setattr(np.memmap, "astype", None)
    streamed = fit(quick(Selector), table, y)
    assert max(largest) <= 1200  # float64 twice the 600 of float32, which a memmap stands in
    assert sum(largest) >= 2 * table.nbytes
    again = fit(quick(Selector), table, y)
    np.testing.assert_array_equal(streamed.scores_, again.scores_)
    other = fit(quick(Selector, random_state=1), table, y)
    assert not np.array_equal(streamed.scores_, other.scores_)
    assert streamed.scaling_ == in_memory.scaling_
    assert set(streamed.ranking_[[3, 7]]) == {11, 12}
    ours, theirs = (s.history_["loss"][0] for s in (streamed, in_memory))
    assert ours == pytest.approx(theirs, rel=0.3)
    if Selector not in SCORING:
        return
    (ours, theirs), (our_place, their_place) = same_features(streamed, in_memory)
    np.testing.assert_allclose(ours.mean[our_place], theirs.mean[their_place], rtol=1e-12)
    np.testing.assert_allclose(ours.scale[our_place], theirs.scale[their_place], rtol=1e-12)
    # The score of a table is that of the array.
    expected = streamed.score(np.asarray(X), y)
    assert streamed.score(table, y) == pytest.approx(expected, rel=1e-5)


@with_parameter("connections_every")
@every_source
def test_a_table_is_read_once_before_training_and_once_an_epoch(
    Selector, source, long, tmp_path, cut_small, monkeypatch
):
    table = SOURCES[source](tmp_path / "X", long)
    rows_read, read = [], RowTable.read

    def watched(self, *args, **kwargs):
        for rows, block in read(self, *args, **kwargs):
            rows_read.append(len(block))
            yield rows, block

    monkeypatch.setattr(RowTable, "read", watched)
    params = {"early_stopping": False} if "early_stopping" in Selector().get_params() else {}
    selector = fit(quick(Selector, **params), table)
    passes = sum(rows_read) / 400
    # HyperSparse also measures how well it does, dense and pruned, before it prunes; Deep Lasso
    # scores the features at the end.
    n_others = {"HyperSparseSelector": 2 * 3, "DeepLassoSelector": 1}.get(Selector.__name__, 0)
    assert 1 + selector.n_iter_ <= passes <= 1 + selector.n_iter_ + n_others


@every_selector
@every_source
def test_transform_reads_the_selected_columns_in_pieces(
    Selector, source, long, tmp_path, cut_small, monkeypatch
):
    selector = fit(quick(Selector), SOURCES[source](tmp_path / "X", long))
    support = selector.get_support(indices=True)
    table = SOURCES[source](tmp_path / "more", long[:, ::-1].astype(np.float64))
    monkeypatch.setattr(RowTable, "_take", None)
    out = selector.transform(table)
    np.testing.assert_array_equal(out, long[:, ::-1][:, support])
    assert out.dtype == np.float64
    assert type(out) is np.ndarray


@every_selector
def test_sample_weights_of_a_large_table(Selector, long, tmp_path, cut_small):
    weight = np.arange(400) % 3 * 1.0
    table = open_shards(write_npy(tmp_path / "X", long))
    streamed = fit(quick(Selector), table, sample_weight=weight)
    expected = fit(quick(Selector), long, sample_weight=weight)
    assert streamed.scaling_ == expected.scaling_
    y = classes(long)
    if Selector in SCORING:
        (ours, theirs), (our_place, their_place) = same_features(streamed, expected)
        np.testing.assert_allclose(ours.scale[our_place], theirs.scale[their_place], rtol=1e-10)
        assert streamed.score(table, y, weight) == pytest.approx(streamed.score(long, y, weight))


@every_selector
def test_names_of_parquet_columns_are_feature_names(Selector, long, tmp_path, cut_small):
    folder = write_parquet(tmp_path / "X", long, label=classes(long))
    table = open_shards(folder, exclude="label")
    selector = fit(quick(Selector), table, table.column("label"))
    names = [f"f{j}" for j in range(12)]
    assert list(selector.feature_names_in_) == names
    chosen = [names[j] for j in selector.get_support(indices=True)]
    out = selector.set_output(transform="pandas").transform(table)
    assert list(out.columns) == chosen
    frame = selector.transform(pd.DataFrame(long, columns=names))
    np.testing.assert_array_equal(out, frame)
    with pytest.raises(ValueError, match=r"feature names should match.*columns="):
        selector.transform(open_shards(folder, columns=names[::-1]))
    with pytest.warns(UserWarning, match="has no feature names, but"):
        selector.transform(open_shards(write_npy(tmp_path / "npy", long)))
    with pytest.raises(ValueError, match=f"13 features.*{Selector.__name__}|should match"):
        selector.transform(open_shards(folder))
    unnamed = fit(quick(Selector), long)
    with pytest.warns(UserWarning, match="X has feature names, but .* without feature names"):
        unnamed.transform(table)
    fit(selector, open_shards(tmp_path / "npy"))
    assert not hasattr(selector, "feature_names_in_")


@every_selector
def test_groups_of_columns_of_a_large_table(Selector, long, tmp_path, cut_small):
    folder = write_parquet(tmp_path / "X", long)
    groups = {"first": ["f0", "f1", "f2"], "last": ["f10", "f11"]}
    selector = quick(Selector, K=2, feature_groups=groups, exclude=["f5"])
    on_disk = fit(selector, open_shards(folder))
    first, again = on_disk.scores_, fit(clone(selector), open_shards(folder)).scores_
    np.testing.assert_array_equal(first, again)
    assert len(set(first[:3])) == len(set(first[10:])) == 1
    assert len(on_disk.get_support(indices=True)) >= 2 and not on_disk.get_support()[5]
    if selector._nested_ranking:  # "f3" and "f7" are constant, and count
        path = fit(selector.set_params(K="auto"), open_shards(folder)).path_
        assert path.Ks.max() == 8


@every_selector
def test_a_path_is_refused_with_a_hint(Selector, long, tmp_path):
    folder = write_npy(tmp_path / "X", long)
    for path in (folder, str(folder)):
        with pytest.raises(TypeError, match=r"X is a path.*sparsefs.open_shards"):
            fit(quick(Selector), path, classes(long))
    selector = fit(quick(Selector), long)
    with pytest.raises(TypeError, match=r"X is a path.*sparsefs.open_shards"):
        selector.transform(str(folder))
    if Selector in SCORING:
        with pytest.raises(TypeError, match=r"X is a path.*sparsefs.open_shards"):
            selector.score(str(folder), classes(long))


@every_selector
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_counted(Selector, value, long, tmp_path, cut_small):
    selector = fit(quick(Selector), long)
    bad = long.copy()
    bad[:, selector.get_support(indices=True)[0]] = value
    column = selector.get_support(indices=True)[0]
    table = open_shards(write_parquet(tmp_path / "X", bad))

    def fit_again(X, y):
        quick(Selector).fit(X, y)

    words = f"{400 if np.isnan(value) else 0} NaN and {400 if np.isinf(value) else 0} inf"
    for call in (
        lambda: fit(quick(Selector), table),
        lambda: selector.transform(open_shards(tmp_path / "npy")),
        lambda: getattr(selector, "score", fit_again)(open_shards(tmp_path / "npy"), classes(long)),
    ):
        if not (tmp_path / "npy").exists():
            write_npy(tmp_path / "npy", bad)
        with pytest.raises(ValueError, match=rf"{words}.*column '?f?{column}'?\."):
            call()


@every_selector
def test_bad_tables_are_refused(Selector, long, tmp_path, cut_small):
    empty = open_shards(write_npy(tmp_path / "empty", long[:0]))
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        fit(quick(Selector), empty, [])
    table = open_shards(write_npy(tmp_path / "X", long))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        quick(Selector).fit(table, np.zeros(399))
    with pytest.raises(ValueError, match=r"sample_weight.shape"):
        fit(quick(Selector), table, sample_weight=np.ones(399))
    selector = fit(quick(Selector), table)
    with pytest.raises(ValueError, match=f"has 11 features, but {Selector.__name__}"):
        selector.transform(open_shards(tmp_path / "X", exclude=0))


@every_selector
def test_the_array_that_joblib_maps_to_memory_is_still_an_array(Selector, long, cut_small):
    selector = quick(Selector)
    expected = fit(clone(selector), long).scores_
    scores = Parallel(n_jobs=2, backend="loky", max_nbytes=1000)(
        delayed(_scores_with_small_buffer)(clone(selector), long) for _ in range(2)
    )
    for got in scores:
        np.testing.assert_array_equal(got, expected)


def _scores_with_small_buffer(selector, X):
    from sparsefs.data import table

    assert isinstance(X, np.memmap)
    before, table.BUFFER_BYTES = table.BUFFER_BYTES, 3000
    try:
        return fit(selector, X).scores_
    finally:
        table.BUFFER_BYTES = before


def test_cross_validation_takes_folds_of_shards(long, tmp_path):
    table = open_shards(write_npy(tmp_path / "X", long))
    model = make_pipeline(quick(UNSUPERVISED[0]), DecisionTreeClassifier(random_state=0))
    scores = cross_val_score(model, table, classes(long), cv=2, error_score="raise")
    expected = cross_val_score(model, long, classes(long), cv=2)
    np.testing.assert_array_equal(scores, expected)


@pytest.mark.slow
@every_selector
def test_informative_features_are_found_in_sorted_shards(Selector, tmp_path, monkeypatch):
    """The worst case for chunks: rows sorted by the label."""
    monkeypatch.setattr("sparsefs.data.table.CHUNK_BYTES", 2000)
    monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", 40_000)
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 400)
    X = rng.standard_normal((1200, 30)).astype(np.float32)
    X[:, [4, 11, 20]] += 3 * np.eye(3)[y]
    params = {"max_iter": 20, "hidden_layer_sizes": 32}
    if Selector not in UNSUPERVISED:
        params["learning_rate_init"] = 0.01
        if Selector.__name__ == "GradualPruningSelector":
            params["max_iter"] = 80  # rounds of five batches, not epochs
        selector = quick(Selector, K=3, **params).fit(open_shards(write_npy(tmp_path / "X", X)), y)
        assert set(selector.get_support(indices=True)) == {4, 11, 20}
        if hasattr(selector, "score"):  # the networks of gradual pruning do not predict
            assert selector.score(X, y) > 0.85
    else:
        # Of one seed the ratio of the two scores is 0.89 to 1.20, of eight 1.02 ± 0.03.
        table, scores = open_shards(write_npy(tmp_path / "X", X)), []
        for seed in range(8):
            selector = quick(Selector, **params | {"random_state": seed})
            scores.append([clone(selector).fit(data).score(X) for data in (table, X)])
        streamed, in_memory = np.mean(scores, axis=0)
        assert streamed == pytest.approx(in_memory, rel=0.12)


_MEMORY = """
import sys, threading, time
import numpy as np
import sparsefs
from sparsefs.data import table

sparsefs.WASTSelector(K=1, max_iter=1).fit(np.eye(8, dtype=np.float32))  # imports torch
table.BUFFER_BYTES = 2**22

def anonymous():
    # Not all that is resident: pages of mapped files count there and can be dropped at any time.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024

before, peak, done = anonymous(), 0, False

def watch():
    global peak
    while not done:
        peak = max(peak, anonymous())
        time.sleep(0.005)

watcher = threading.Thread(target=watch)
watcher.start()
X = np.load("X.npy", mmap_mode="r") if sys.argv[1] == "memmap" else sparsefs.open_shards("X.npy")
selector = sparsefs.WASTSelector(K=5, max_iter=1, batch_size=1000, hidden_layer_sizes=20)
selector.fit(X[: int(sys.argv[2])] if sys.argv[1] == "memmap" else X).score(X)
done = True
watcher.join()
print(peak - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("source", ["memmap", "npy"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_memory_does_not_grow_with_the_rows(source, dtype, tmp_path):
    peaks = []
    for n_rows in (40_000, 400_000):
        X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", dtype, (n_rows, 64))
        X[:] = np.arange(64) * (np.arange(n_rows) % 3)[:, None]
        X.flush()
        run = subprocess.run(
            [sys.executable, "-c", _MEMORY, source, str(n_rows)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        peaks.append(float(run.stdout))
    # As float32 the table grew by 88 MiB. What may grow are a few numbers a row, of 2.75 MiB each.
    assert peaks[1] - peaks[0] < 30, peaks


def test_a_selector_fitted_on_shards_pickles_without_them(long, tmp_path, cut_small):
    table = open_shards(write_npy(tmp_path / "X", long))
    selector = WASTSelector(K=4, max_iter=2, random_state=0).fit(table)
    copy = pickle.loads(pickle.dumps(selector))
    np.testing.assert_array_equal(copy.transform(long), selector.transform(table))
