# SPDX-License-Identifier: BSD-3-Clause
"""Tables as they are: gaps, texts, dates; groups of columns, columns to keep, costs."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import _get_feature_names

from sparsefs import (
    EnsembleSelector,
    GradualPruningSelector,
    KnockoffSelector,
    NeuronAttributionSelector,
    StabilitySelector,
)
from sparsefs.evaluation import (
    alternatives,
    feature_groups,
    k_curve,
    random_subsets,
    repeated_selections,
)
from tests.selectors.common import every_selector, fit, quick

CLOSED_FORM, NETWORKS = (60, 150), (200, 20)  # tables of which GradualPruning takes either way
either_way = pytest.mark.parametrize("shape", [CLOSED_FORM, NETWORKS], ids=["ridges", "networks"])


def messy(n=300, seed=0):
    """A table of five columns that matter and seven that do not, and its target."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.standard_normal((n, 6))).add_prefix("x")
    X["colour"] = rng.choice(["red", "green", "blue"], n)
    X["shop"] = rng.choice([f"shop {k}" for k in range(40)], n)
    X["letter"] = pd.Categorical(rng.choice(list("abcdefghij"), n))
    X["day"] = pd.Timestamp("2025-03-01") + pd.to_timedelta(rng.integers(0, 700, n), "D")
    X["member"] = rng.random(n) < 0.5
    X["weight"] = np.where(rng.random(n) < 0.3, np.nan, rng.standard_normal(n))
    weekend = X["day"].dt.day_of_week >= 5
    score = X["x0"] + 2 * (X["colour"] == "red") + 2 * X["member"] + 2 * X["weight"].isna()
    return X, score + 2 * weekend + 0.3 * rng.standard_normal(n)


def containers(X):
    return {
        "pandas": X,
        "polars": pl.from_pandas(X),
        "arrow": pa.Table.from_pandas(X),
        "objects": X.to_numpy(dtype=object),
    }


TRUE = {"x0", "colour", "day", "member", "weight"}


def numbers(shape, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal(shape)
    return X, X[:, 0] - X[:, 3] + 0.5 * rng.standard_normal(shape[0])


# Columns of any kind.


@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_a_table_goes_in_as_it_is(task, library):
    X, y = messy()
    y = y if task == "regression" else np.where(y > np.median(y), "high", "low")
    given = containers(X)[library]
    selector = GradualPruningSelector(K=5, random_state=0).fit(given, y)
    chosen = set(X.columns[selector.get_support()])
    assert len(chosen & TRUE) >= (5 if task == "regression" else 4)
    if not hasattr(selector, "feature_names_in_"):
        pytest.skip("this scikit-learn reads no names from such frames")
    found = selector.set_output(transform="pandas").transform(X)
    pd.testing.assert_frame_equal(found, X.loc[:, selector.get_support()])
    names = selector.set_params(output="encoded").get_feature_names_out()
    assert {name.split("=")[0].split(" ")[0] for name in names} == chosen
    inputs = selector.transform(X)
    assert list(inputs.columns) == list(names)
    assert np.isfinite(inputs.to_numpy(float)).all()


@pytest.mark.parametrize("odd", [{"a": 1}, [1, 2], b"red"], ids=["struct", "list", "bytes"])
@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("around", [None, StabilitySelector])
def test_columns_of_other_values_are_named(odd, library, around):
    X, y = messy(30)
    X["odd"] = [odd] * 30
    selector, given = quick(NeuronAttributionSelector, K=2), containers(X)[library]
    # The oldest scikit-learn reads no names from polars.
    has_names = library != "polars" or _get_feature_names(given) is not None
    where = "'odd'" if has_names else r"\d+"
    with pytest.raises(TypeError, match=f"column {where} contains values of .* drop the column"):
        (around(selector) if around else selector).fit(given, y)


def test_few_rows_and_many_columns_take_gaps_and_texts():
    X, y = messy(120)
    wide = pd.DataFrame(np.random.default_rng(1).standard_normal((120, 400))).add_prefix("g")
    wide[wide > 1.5] = np.nan
    selector = GradualPruningSelector(K=4, random_state=0).fit(pd.concat([wide, X], axis=1), y)
    assert len(set(selector.get_feature_names_out()) & TRUE) >= 3


@every_selector
def test_every_selector_ranks_columns(Selector):
    X, y = messy(80)
    selector = quick(Selector).fit(X, y)
    assert selector.scores_.shape == (12,)
    assert sorted(selector.ranking_) == list(range(1, 13))
    assert selector.get_support().sum() == 5
    assert selector.transform(X).shape == (80, 5)
    assert np.isfinite(selector.scores_).all()
    again = pickle.loads(pickle.dumps(selector))
    np.testing.assert_array_equal(again.ranking_, clone(selector).fit(X, y).ranking_)
    if hasattr(selector, "score"):
        assert np.isfinite(again.score(X, y))
        new = X.iloc[:5].assign(shop="never seen", weight=np.nan, x1=np.nan)
        assert np.isfinite(again.score(new, y.iloc[:5]))


@every_selector
def test_gaps_in_an_array_are_columns_of_their_own(Selector):
    X, y = numbers((60, 12))
    X[::4, 5] = np.nan
    selector = fit(quick(Selector), X, y)
    assert len(selector.scores_) == 12
    of_frame = fit(quick(Selector), pd.DataFrame(X), y)
    np.testing.assert_array_equal(of_frame.ranking_, selector.ranking_)
    np.testing.assert_array_equal(np.isnan(selector.set_params(K=12).transform(X)), np.isnan(X))


def test_gaps_that_depend_on_the_target_are_found():
    X, y = numbers((400, 15))
    X[y > 1, 7] = np.nan
    selector = GradualPruningSelector(K=3, random_state=0).fit(X, y > 1)
    assert selector.ranking_[7] == 1


def test_lists_of_texts_and_object_arrays_are_tables_too():
    X, y = messy()
    cells = X[["x0", "colour", "shop", "member"]]
    selector = GradualPruningSelector(K=2, random_state=0)
    of_frame = clone(selector).fit(cells, y).ranking_
    np.testing.assert_array_equal(clone(selector).fit(cells.to_numpy(object), y).ranking_, of_frame)
    np.testing.assert_array_equal(
        clone(selector).fit(cells.to_numpy().tolist(), y).ranking_, of_frame
    )


# Around selectors.


def test_K_is_chosen_on_a_table_and_without_a_leak():
    X, y = messy()
    selector = GradualPruningSelector(K="auto", random_state=0).fit(X, y)
    assert TRUE - {"day"} <= set(selector.get_feature_names_out())
    assert selector.path_.mean.max() > 0.7
    # A text for nearly each row: means of the target that include the row would predict it.
    rng = np.random.default_rng(0)
    names = pd.DataFrame({f"name{j}": rng.choice(100, 300).astype(str) for j in range(3)})
    names = names.astype("category")
    noise = rng.standard_normal(300)
    path = GradualPruningSelector(K="auto", random_state=0).fit(names, noise).path_
    assert path.mean.max() < 0.1


def test_curves_and_chance_take_tables():
    X, y = messy()
    selector = GradualPruningSelector(random_state=0)
    curve = k_curve(selector, X, y, Ks=[1, 5, 12], cv=3, random_state=0)
    assert curve.mean[0] < curve.mean[1]
    assert curve.rankings.shape == (3, 12)
    chance = random_subsets(selector, X, y, K=4, n_subsets=19, cv=3, random_state=0)
    assert chance.score > chance.high


@pytest.mark.parametrize(
    "around",
    [
        lambda one: StabilitySelector(one, q=5, n_pairs=4, random_state=0),
        lambda one: StabilitySelector(one, control="fdr", level=0.5, n_pairs=4, random_state=0),
        lambda one: EnsembleSelector(one, K=5, n_fits=2, random_state=0),
    ],
    ids=["pfer", "fdr", "ensemble"],
)
def test_meta_selectors_take_tables(around):
    X, y = messy()
    selector = around(GradualPruningSelector(K=5)).fit(X, y)
    assert len(selector.scores_) == 12
    assert set(X.columns[np.argsort(-selector.scores_)[:3]]) <= TRUE
    assert selector.transform(X).shape == (300, selector.get_support().sum())


def test_knockoffs_need_numbers():
    X, y = messy()
    with pytest.raises((ValueError, TypeError), match="Not numeric: .*'colour'"):
        KnockoffSelector(GradualPruningSelector()).fit(X.drop(columns=["day", "weight"]), y)


# Groups of columns.


@either_way
@pytest.mark.parametrize("kept", [None, [2]], ids=["plain", "keep"])
def test_groups_of_one_column_change_nothing(shape, kept):
    X, y = numbers(shape)
    alone = GradualPruningSelector(K=4, keep=kept, random_state=0).fit(X, y)
    grouped = clone(alone).set_params(feature_groups=np.arange(shape[1])).fit(X, y)
    np.testing.assert_array_equal(grouped.ranking_, alone.ranking_)
    np.testing.assert_allclose(grouped.scores_, alone.scores_, rtol=1e-4)
    np.testing.assert_allclose(grouped.scores_std_, alone.scores_std_, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize(("n", "n_groups", "n_true"), [(150, 200, 5), (1500, 40, 4)])
def test_groups_are_selected_whole(n, n_groups, n_true):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 5 * n_groups))
    labels = rng.permutation(np.repeat(np.arange(n_groups), 5))
    weights = np.isin(labels, np.arange(n_true)) * rng.standard_normal(5 * n_groups)
    y = X @ weights + 0.3 * rng.standard_normal(n)
    selector = GradualPruningSelector(K=n_true, feature_groups=labels, random_state=0).fit(X, y)
    support = selector.get_support()
    assert support.sum() == 5 * n_true
    assert len(np.unique(labels[support])) == n_true
    assert np.isin(labels[support], np.arange(n_true)).mean() >= 0.75
    for label in range(n_groups):
        assert len(np.unique(selector.scores_[labels == label])) == 1
    assert sorted(selector.ranking_) == list(range(1, 5 * n_groups + 1))


@every_selector
def test_every_selector_counts_groups(Selector):
    X, y = numbers((60, 12))
    groups = {"first": [0, 1, 2], "second": [3, 4], "last": [11]}
    frame = pd.DataFrame(X, columns=list("abcdefghijkl"))
    by_name = {name: [frame.columns[j] for j in members] for name, members in groups.items()}
    selector = fit(quick(Selector, K=4, feature_groups=by_name), frame, y)
    same = [
        fit(quick(Selector, K=4, feature_groups=given), frame, y).ranking_
        for given in (
            list(groups.values()),
            [0, 0, 0, 1, 1, *range(2, 9)],
            {"first": range(3), "second": frame.columns[3:5]},
            pd.Series([*"aaabb", *"cdefghi"]),
        )
    ]
    np.testing.assert_array_equal(same, [selector.ranking_] * 4)
    for members in groups.values():
        assert len(set(selector.get_support()[members])) == 1
    labels = np.array([0, 0, 0, 1, 1, *range(2, 9)])
    assert len(np.unique(labels[selector.get_support()])) == 4
    with pytest.warns(UserWarning, match="K=10 is greater than n_features=9"):
        assert selector.set_params(K=10).get_support().all()


def test_shadows_of_groups_are_groups():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 40))
    labels = np.arange(40) // 4
    y = X[:, :8] @ rng.standard_normal(8) + rng.standard_normal(400)
    selector = GradualPruningSelector(
        K="above_noise", n_shadows=400, feature_groups=labels, random_state=0
    ).fit(X, y)
    assert set(labels[selector.get_support()]) == {0, 1}
    assert len(np.unique(selector.p_values_[labels == 5])) == 1


# Columns to keep and to leave out.


@every_selector
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix], ids=["array", "CSR"])
def test_kept_columns_are_always_selected_and_excluded_never(Selector, container):
    X, y = numbers((60, 12))
    selector = fit(quick(Selector, K=4, keep=[7, 9], exclude=[0, 11]), container(X), y)
    assert set(selector.ranking_[[7, 9]]) == {1, 2}
    assert set(selector.ranking_[[0, 11]]) == {11, 12}
    assert selector.get_support()[[7, 9]].all()
    assert selector.get_support().sum() == 4
    assert selector.scores_[[0, 11]].tolist() == [0, 0]
    with pytest.warns(UserWarning, match="n_features=10"):
        assert not selector.set_params(K=12).get_support()[[0, 11]].any()


@either_way
def test_others_are_ranked_given_those_kept(shape):
    X, y = numbers(shape)
    X[:, 5] = X[:, 0] + 0.2 * X[:, 5]  # nearly the same as 0, and less
    free = GradualPruningSelector(K=2, random_state=0).fit(X, y)
    assert set(free.get_support(indices=True)) == {0, 3}
    kept = GradualPruningSelector(K=2, keep=[5], random_state=0).fit(X, y)
    assert kept.get_support(indices=True).tolist() == [3, 5]


def test_excluded_columns_may_contain_anything():
    X, y = messy()
    X["odd"] = [[1]] * len(X)
    X["infinite"] = np.inf
    without = GradualPruningSelector(K=4, random_state=0).fit(
        X.drop(columns=["odd", "infinite"]), y
    )
    selector = GradualPruningSelector(K=4, exclude=["odd", "infinite"], random_state=0).fit(X, y)
    np.testing.assert_array_equal(selector.ranking_[:12], without.ranking_)


# Costs.


def test_a_budget_buys_the_best_score_for_the_cost():
    X, y = numbers((200, 20))
    free = GradualPruningSelector(K=2, random_state=0).fit(X, y)
    assert free.get_support(indices=True).tolist() == [0, 3]
    dear = GradualPruningSelector(budget=10, feature_costs={0: 11.0, 3: 4.0}, random_state=0)
    support = dear.fit(X, y).get_support()
    assert support[3] and not support[0]
    assert support.sum() == 7  # for 4, and six for 1 each
    assert dear.set_params(budget=3).get_support().sum() == 3
    np.testing.assert_array_equal(dear.scores_, free.scores_)
    # A score that is a little larger is not worth a hundred times the cost.
    costs = np.ones(20)
    best, second = np.argsort(free.ranking_)[:2]
    costs[best] = 1000
    other = GradualPruningSelector(K=1, feature_costs=costs, random_state=0).fit(X, y)
    assert other.get_support(indices=True).tolist() == [second]


def test_a_budget_pays_for_those_kept_first():
    X, y = numbers((200, 20))
    selector = GradualPruningSelector(
        budget=5, feature_costs=[2.0] * 20, keep=[8], random_state=0
    ).fit(X, y)
    assert selector.get_support().sum() == 2
    assert selector.get_support()[8]
    with pytest.raises(ValueError, match="budget=1 is too small: the features of 'keep' cost 2"):
        clone(selector).set_params(budget=1).fit(X, y)
    with pytest.raises(ValueError, match="budget=1 is too small: the features of 'keep' cost 2"):
        selector.set_params(budget=1).get_support()
    selector.set_params(keep=None, budget=5).fit(X, y)
    with pytest.raises(ValueError, match="budget=1 is too small: every feature costs 2 or more"):
        selector.set_params(budget=1).get_support()


def test_a_pipeline_of_a_selection_as_inputs():
    X, y = messy(400)
    y = y > y.median()
    selector = GradualPruningSelector(K=5, output="encoded", random_state=0)
    assert (
        cross_val_score(make_pipeline(selector, StandardScaler(), SVC()), X, y, cv=3).mean() > 0.8
    )


def test_alternatives_of_columns_of_numbers():
    X, y = messy()
    X["copy"] = X["weight"] + 0.01 * np.random.default_rng(1).standard_normal(len(X))
    X["later"] = X["day"] + pd.Timedelta(days=3)
    selector = GradualPruningSelector(K=14, random_state=0).fit(X, y)
    found = alternatives(selector, X)
    pairs = {frozenset(pair) for pair in zip(found["feature"], found["alternative"], strict=True)}
    assert pairs == {frozenset(["weight", "copy"]), frozenset(["day", "later"])}
    groups = feature_groups(X)
    assert groups[X.columns.get_loc("weight")] == groups[X.columns.get_loc("copy")]
    assert len(np.unique(groups)) == 12


@either_way
def test_several_columns_are_kept_where_K_is_chosen(shape):
    X, y = numbers(shape)
    selector = fit(quick(GradualPruningSelector, K="auto", keep=[5, 6, 7]), X, y)
    assert selector.get_support()[[5, 6, 7]].all()
    curve = k_curve(selector, X, y, Ks=[3, 6], cv=3, random_state=0)
    assert (curve.rankings[:, [5, 6, 7]] <= 3).all()


def test_a_value_that_is_missing_in_held_out_rows_only():
    X, y = numbers((60, 6))
    X[3, 0] = np.nan
    curve = k_curve(quick(GradualPruningSelector, K=2), X, y, Ks=[1, 6], cv=3, random_state=0)
    assert np.isfinite(curve.scores).all()


# What has broken.


@pytest.mark.parametrize("supervised", [True, False])
def test_tables_may_have_categories_only(supervised):
    X, y = messy()
    for columns in (["colour"], ["colour", "letter"], ["day", "letter"]):
        selector = GradualPruningSelector(K=1, supervised=supervised, random_state=0)
        assert selector.fit(X[columns], y).get_support().sum() == 1


@pytest.mark.parametrize(
    "params",
    [{"keep": [5]}, {"adjust_for": [5]}, {"n_shadows": 50}],
    ids=["keep", "given", "shadows"],
)
@either_way
def test_excluded_columns_are_not_seen_by_what_else_is_asked_for(params, shape):
    X, y = numbers(shape)
    leak = np.column_stack([X, y])
    without = GradualPruningSelector(K=3, random_state=0, **params).fit(X, y)
    selector = GradualPruningSelector(K=3, exclude=[shape[1]], random_state=0, **params)
    np.testing.assert_allclose(selector.fit(leak, y).scores_[:-1], without.scores_, rtol=1e-5)


@every_selector
def test_excluded_columns_change_nothing(Selector):
    X, y = numbers((60, 8))
    other = np.column_stack([X, 1e6 * np.arange(60.0)])
    other[3, 8] = np.inf
    without = fit(quick(Selector), X, y)
    selector = fit(quick(Selector, exclude=[8]), other, y)
    np.testing.assert_allclose(selector.scores_[:8], without.scores_, rtol=1e-5, atol=1e-12)
    assert selector.scores_[8] == 0


def test_rows_are_encoded_alike_in_every_batch():
    X, y = messy(80)
    X["code"] = ["1", "a", "2", "b"] * 20
    X["number"] = pd.Categorical([7, 8, 9, 7] * 20)
    selector = GradualPruningSelector(K=14, output="encoded", random_state=0).fit(X, y)
    whole = selector.transform(X)
    for rows in ([0], [0, 2], [1, 3, 5]):
        np.testing.assert_array_equal(selector.transform(X.iloc[rows]), whole[rows])
    with_gap = X.assign(number=X["number"].astype(float).where(X.index != 1))
    rows = np.delete(np.arange(80), 1)
    np.testing.assert_array_equal(selector.transform(with_gap)[rows], whole[rows])
    with pytest.raises(ValueError, match="'day' contains texts, but contained dates"):
        selector.transform(X.assign(day="01/02/2020"))
    with pytest.raises(ValueError, match="'x0' contains texts, but contained numbers"):
        selector.transform(X.assign(x0="much"))


def test_folds_need_not_decide_what_a_column_is():
    X, y = messy(200)
    X["code"] = ["1", "a", "2", "b"] * 25 + ["1", "2"] * 50
    X["when"] = [f"2020-01-{1 + i % 28:02d}" for i in range(199)] + ["x"]
    selector = GradualPruningSelector(K="auto", random_state=0).fit(X, y)
    assert {"x0", "colour"} <= set(selector.get_feature_names_out())


@pytest.mark.parametrize("library", ["pandas", "polars", "objects"])
def test_parts_of_a_table_are_read_as_the_whole(library):
    X, y = messy(120)
    X = X[["x0", "x1", "colour"]].astype({"colour": object})
    X["code"] = ["1"] * 95 + ["", *"a" * 24]  # a fifth of texts: fewer would be a mistake
    table = containers(X)[library]
    one = quick(NeuronAttributionSelector, K=2)
    stable = StabilitySelector(one, q=2, n_pairs=10, random_state=0).fit(table, y)
    assert stable.n_features_in_ == 4
    curve = k_curve(one, table, y, Ks=[2], cv=ShuffleSplit(10, test_size=0.5, random_state=0))
    assert curve.scores.shape == (1, 10)
    found = repeated_selections(one, table, y, vary="half", n_repeats=10, random_state=0)
    assert found.shape == (10, 4)


@pytest.mark.parametrize(
    "ask",
    [
        lambda one, X, y: one.set_params(K="auto").fit(X, y),
        lambda one, X, y: StabilitySelector(one, q=2, n_pairs=2, random_state=0).fit(X, y),
        lambda one, X, y: EnsembleSelector(one, n_fits=2, random_state=0).fit(X, y),
        lambda one, X, y: k_curve(one, X, y, Ks=[2], cv=2, random_state=0),
        lambda one, X, y: repeated_selections(one, X, y, n_repeats=2, random_state=0),
    ],
    ids=["auto", "stability", "ensemble", "curve", "repeated"],
)
def test_a_warning_about_the_data_comes_once(ask):
    X, _ = messy(120)
    X = X[["x0", "x1", "colour"]]
    with pytest.warns(UserWarning, match="follows from column 'colour'") as warned:
        ask(quick(NeuronAttributionSelector, K=2), X, X["colour"] == "red")
    assert len([one for one in warned if "follows from" in str(one.message)]) == 1


@pytest.mark.parametrize("kind", [pd.DataFrame, np.asarray])
@pytest.mark.parametrize("exclude", [None, [3]])
def test_inputs_of_new_rows_have_no_gaps(kind, exclude):
    X, y = numbers((60, 4))
    X[:, 1] = np.arange(60)
    selector = quick(NeuronAttributionSelector, K=3, exclude=exclude, random_state=1).fit(
        kind(X), y
    )
    left_out = np.flatnonzero(~selector.get_support())
    X[0, 1], X[1, left_out] = np.nan, np.inf
    assert np.isnan(np.asarray(selector.transform(kind(X)))[0, 1])
    selector.set_params(output="encoded")
    inputs = np.asarray(selector.transform(kind(X)))
    assert inputs[0, 1] == pytest.approx(29.5)
    assert np.isfinite(inputs).all()
    selector.set_params(missing="error")
    with pytest.raises(ValueError, match="NaN|missing values"):
        selector.transform(kind(X))


def test_missing_values_are_refused_later_too():
    X, y = messy()
    X = X.drop(columns="weight")
    selector = GradualPruningSelector(K=11, missing="error", random_state=0).fit(X, y)
    assert selector.transform(X).shape == (300, 11)
    for column in ("x0", "colour"):
        for output in ("original", "encoded"):
            selector.set_params(output=output)
            with pytest.raises(ValueError, match=f"missing values in column '{column}'"):
                selector.transform(X.assign(**{column: None}))


def test_above_noise_keeps_and_is_not_bought():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 10))
    y = X[:, 0] + X[:, 1] - X[:, 2] + 0.3 * rng.standard_normal(300)
    selector = GradualPruningSelector(K="above_noise", n_shadows=100, random_state=0)
    for params, expected in (
        ({}, {0, 1, 2}),
        ({"keep": [5, 6]}, {0, 1, 2, 5, 6}),
        ({"feature_costs": {0: 1e6, 1: 1e6, 2: 1e6}}, {0, 1, 2}),
        ({"exclude": [1]}, {0, 2}),
    ):
        found = clone(selector).set_params(**params).fit(X, y).get_support(indices=True)
        assert expected <= set(found) <= expected | {*range(3, 10)}
        assert len(found) <= len(expected) + 1


def test_around_selectors_their_columns_count():
    X, y = numbers((200, 12))
    for around in (
        lambda one: StabilitySelector(one, q=3, n_pairs=3, random_state=0),
        lambda one: EnsembleSelector(one, K=3, n_fits=2, random_state=0),
    ):
        support = around(GradualPruningSelector(K=3, keep=[7], exclude=[0])).fit(X, y).get_support()
        assert support[7]
        assert not support[0]
        with pytest.raises(ValueError, match="does not use 'budget'"):
            around(GradualPruningSelector(budget=2)).fit(X, y)
    grouped = StabilitySelector(
        GradualPruningSelector(feature_groups=[[0, 1, 2]]), q=2, n_pairs=3, random_state=0
    )
    assert len(set(grouped.fit(X, y).get_support()[:3])) == 1
    with pytest.raises(ValueError, match="does not use 'keep'"):
        KnockoffSelector(GradualPruningSelector(keep=[0])).fit(X, y)


@pytest.mark.parametrize("n_values", [3, 20, 21])
def test_texts_of_few_rows_each_are_not_lost(n_values):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"g": [f"g{i // 4}" for i in range(4 * n_values)]})
    X["x"] = rng.standard_normal(4 * n_values)
    y = np.repeat(np.arange(n_values) % 2 * 5.0, 4) + rng.standard_normal(4 * n_values)
    assert GradualPruningSelector(K=1, random_state=0).fit(X, y).ranking_[0] == 1


def test_costs_of_a_series_go_by_name_and_are_summed_exactly():
    X, y = numbers((200, 6))
    frame = pd.DataFrame(X, columns=list("abcdef"))
    costs = pd.Series({"f": 1e6, "a": 1.0, "d": 1.0})
    selector = GradualPruningSelector(K=2, feature_costs=costs, random_state=0).fit(frame, y)
    assert set(selector.get_feature_names_out()) == {"a", "d"}
    tenths = GradualPruningSelector(feature_costs=[0.1] * 6, budget=0.3, random_state=0)
    assert tenths.fit(X, y).get_support().sum() == 3
    groups = GradualPruningSelector(budget=3, feature_groups=[[0, 1], [2, 3]], random_state=0)
    assert groups.fit(X, y).get_support().sum() <= 3
    for budget in (-1, "much"):
        with pytest.raises(ValueError, match="'budget'"):
            tenths.set_params(budget=budget).get_support()
    with pytest.raises(ValueError, match="'feature_costs'"):
        GradualPruningSelector(feature_costs={"a": "x"}).fit(frame, y)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_numbers_beside_dates_come_back_as_they_were(library):
    X, y = messy(60)
    X = X[["x0", "x1", "day"]]
    given = containers(X)[library]
    selector = GradualPruningSelector(K=3, random_state=0).fit(given, y)
    cells = selector.transform(given)
    assert cells.dtype == object
    assert cells[0, 2] == X["day"].iloc[0]
    same = selector.set_output(transform=library).transform(given)
    assert list(same.dtypes) == list(given.dtypes)


def test_infinite_values_among_gaps_are_named():
    X, y = numbers((60, 30))
    X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    X[0, 3] = np.inf
    with pytest.raises(ValueError, match="1 inf values, in column 3"):
        GradualPruningSelector(K=3).fit(X, y)
    X[0, 3] = 1e200
    assert np.isfinite(GradualPruningSelector(K=3, random_state=0).fit(X, y).scores_).all()
    # Of single precision, too.
    X[0, 3] = 0
    GradualPruningSelector(K=3, random_state=0).fit(X.astype(np.float32), y)
