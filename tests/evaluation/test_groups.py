# SPDX-License-Identifier: BSD-3-Clause
"""Groups of samples: every split keeps them whole, and they reach every fit that splits."""

import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.feature_selection import SelectFromModel, SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from sparsefs import (
    CrossValidatedK,
    EnsembleSelector,
    GradualPruningSelector,
    ParetoSearchCV,
    QuickSelectionSelector,
    StabilitySelector,
)
from sparsefs.evaluation import folds, groups, k_curve, repeated_selections
from sparsefs.evaluation.subsamples import complementary_pair


@pytest.fixture
def copies():
    """Twenty rows of noise, each four times with a little noise: one group each."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.standard_normal((20, 12)), 4, axis=0)
    return X + 0.01 * rng.standard_normal(X.shape), np.arange(80) // 4 % 2, np.arange(80) // 4


@pytest.fixture
def seen(monkeypatch):
    """All folds that were made."""
    made, real = [], folds.folds_of

    def watched(*args, **kwargs):
        made.append(real(*args, **kwargs))
        return made[-1]

    for module in ("path", "k_curve"):
        monkeypatch.setattr(sys.modules[f"sparsefs.evaluation.{module}"], "folds_of", watched)
    return made


def quick(**params):
    return GradualPruningSelector(max_iter=3, n_networks=2, random_state=0, **params)


def whole(made, labels):
    return all(not set(labels[a]) & set(labels[b]) for found in made for a, b in found)


def test_copies_of_a_row_do_not_raise_the_score_of_the_path(copies):
    X, y, labels = copies
    leaking = quick(K="auto").fit(X, y).path_.mean.max()
    honest = quick(K="auto").fit(X, y, groups=labels).path_.mean.max()
    assert leaking > 0.95
    assert honest < 0.9  # the best of several K, of noise


@pytest.mark.parametrize("cv", [None, 3, GroupKFold(4), "list"])
def test_folds_keep_groups_whole(copies, seen, cv):
    X, y, labels = copies
    cv = list(GroupKFold(4).split(X, y, labels)) if cv == "list" else cv
    weight = np.where(labels == 3, 0.0, 1.0)
    quick(K=CrossValidatedK(cv=cv)).fit(X, y, sample_weight=weight, groups=labels)
    k_curve(SelectKBest(), X, y, cv=cv, groups=labels, sample_weight=weight, random_state=0)
    k_curve(SelectKBest(), X, y * 1.5 + X[:, 0], cv=cv, groups=labels, task="regression")
    QuickSelectionSelector(K=CrossValidatedK(cv=cv), max_iter=2).fit(X, groups=labels)
    assert len(seen) == 4
    assert whole(seen, labels)
    for found in seen[:2]:
        assert all(3 not in labels[np.concatenate(fold)] for fold in found)
        if cv is None:
            assert len(found) == 5
            assert all(0.3 < y[train].mean() < 0.7 for train, _ in found)
    validation = np.sort(np.concatenate([part for _, part in seen[0]]))
    np.testing.assert_array_equal(validation, np.flatnonzero(weight))


@pytest.mark.parametrize(
    "as_other",
    [
        lambda g: g.astype(float),
        lambda g: [f"patient {i}" for i in g],
        lambda g: pd.Series(g).astype("category"),
        lambda g: pd.Series(g, dtype="Int64"),
        lambda g: pd.DataFrame({"group": g}),
        lambda g: g.astype(object),
        lambda g: 1000 - g,
    ],
)
def test_groups_mean_the_same_in_any_container(copies, as_other):
    X, y, labels = copies
    expected = quick(K="auto").fit(X, y, groups=labels).path_.scores
    found = quick(K="auto").fit(X, y, groups=as_other(labels)).path_.scores
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (lambda g: g[:-1], "groups"),
        (lambda g: np.where(g == 2, np.nan, g), "groups contains 4 missing"),
        (lambda g: pd.Series(g, dtype="Int64").where(g != 2), "groups contains 4 missing"),
        (lambda g: np.ma.masked_equal(g, 2), "groups contains 4 masked values"),
        (lambda g: np.column_stack([g, g]), "groups must be one label"),
        (lambda g: "patient", "groups"),
        (lambda g: np.zeros(80), "At least 2 groups|4 are needed"),
    ],
)
def test_unusable_groups_are_refused_before_any_training(copies, wrong, what):
    X, y, labels = copies
    bad = wrong(labels)
    for fit in (
        lambda: quick(K="auto").fit(X, y, groups=bad),
        lambda: k_curve(SelectKBest(), X, y, groups=bad),
        lambda: StabilitySelector(SelectKBest(), n_pairs=2).fit(X, y, groups=bad),
    ):
        with pytest.raises((ValueError, TypeError), match=what):
            fit()


def test_splits_of_other_rows_are_refused(copies):
    X, y, labels = copies
    choice = CrossValidatedK(cv=list(GroupKFold(4).split(X, y, labels)))
    model = make_pipeline(quick(K=choice), SVC())
    with pytest.raises(ValueError, match=r"row \d+, but there are n_samples=\d\d.*groups to fit"):
        cross_val_score(model, X, y, cv=4, error_score="raise")
    for wrong in ([([0, 1], [-1, 2])] * 2, [([0.5, 1], [2, 3])] * 2, [([0, 1], [2, 80])] * 2):
        with pytest.raises(ValueError, match="row"):
            k_curve(SelectKBest(), X, y, cv=wrong)
        with pytest.raises(ValueError, match="ParetoSearchCV .*row|'cv' contains row"):
            ParetoSearchCV(LogisticRegression(), {"C": [1.0]}, cv=wrong).fit(X, y)


def test_masks_are_splits_too(copies):
    X, y, _ = copies
    masks = [(rows % 4 != k, rows % 4 == k) for k in range(2) for rows in [np.arange(80)]]
    numbers = [(np.flatnonzero(a), np.flatnonzero(b)) for a, b in masks]
    curves = [k_curve(SelectKBest(), X, y, cv=cv, random_state=0).scores for cv in (masks, numbers)]
    np.testing.assert_array_equal(*curves)


def test_folds_that_split_groups_are_refused(copies):
    X, y, labels = copies
    with pytest.raises(ValueError, match="'cv' splits .* fold 0"):
        quick(K=CrossValidatedK(cv=KFold(4, shuffle=True, random_state=0))).fit(X, y, groups=labels)
    with pytest.raises(ValueError, match="ParetoSearchCV was given groups, but 'cv' splits"):
        ParetoSearchCV(LogisticRegression(), {"C": [1.0]}, cv=KFold(3)).fit(X, y, groups=labels)
    with pytest.raises(ValueError, match="pass groups to fit"):
        quick(K=CrossValidatedK(cv=GroupKFold(4))).fit(X, y)


def test_groups_reach_a_pipeline_in_outer_folds(copies, seen):
    X, y, labels = copies
    with sklearn.config_context(enable_metadata_routing=True):
        selector = quick(K="auto").set_fit_request(groups=True)
        found = cross_validate(
            make_pipeline(selector, SVC()),
            *(X, y),
            cv=GroupKFold(3),
            params={"groups": labels},
            return_indices=True,
        )
    assert len(seen) == 3
    for inner, outer in zip(seen, found["indices"]["train"], strict=True):
        assert whole([inner], labels[outer])


@pytest.mark.parametrize("routing", [False, True])
def test_halves_take_groups_whole_and_the_estimator_gets_its_own(copies, routing, monkeypatch):
    X, y, labels = copies
    fits = []

    class Watching(SelectKBest):
        def fit(self, X, y=None, groups=None):
            fits.append(groups)
            return super().fit(X, y)

    with sklearn.config_context(enable_metadata_routing=routing):
        inner = Watching(k=3)
        inner = inner.set_fit_request(groups=True) if routing else inner
        StabilitySelector(inner, q=3, n_pairs=3, random_state=0).fit(X, y, groups=labels)
        StabilitySelector(SelectKBest(k=3), q=3, n_pairs=2).fit(X, y, groups=labels)
    assert len(fits) == 6
    for first, second in zip(fits[::2], fits[1::2], strict=True):
        assert len(set(first)) == len(set(second)) == 10
        assert not set(first) & set(second)


def test_halves_of_groups_have_half_of_each_class():
    labels = np.repeat(np.arange(12), np.arange(1, 13))  # of different sizes
    classes = labels % 3
    for seed in range(20):
        halves = complementary_pair(classes, np.random.default_rng(seed), labels)
        found = [np.unique(labels[half]) for half in halves]
        assert np.array_equal(np.sort(np.concatenate(found)), np.arange(12))
        for half in found:
            np.testing.assert_array_equal(np.bincount(half % 3), [2, 2, 2])


def test_repeated_halves_take_groups_whole(copies):
    X, y, labels = copies
    seen = []

    class Watching(SelectKBest):
        def fit(self, X, y):
            seen.append(X[:, 0].round(6))
            return super().fit(X, y)

    repeated_selections(Watching(k=2), X, y, vary="half", groups=labels, n_repeats=3)
    group_of = dict(zip(X[:, 0].round(6), labels, strict=True))
    for half in seen:
        assert len({group_of[x] for x in half}) == 10
        assert len(half) == 40


def test_repeated_selections_pass_groups_to_selectors_that_take_them(copies, seen):
    X, y, labels = copies
    repeated_selections(quick(K="auto"), X, y, groups=labels, n_repeats=2)
    assert len(seen) == 2
    assert whole(seen, labels)


@pytest.mark.parametrize("meta", ["ensemble", "stability", "search", "repeated"])
def test_groups_that_do_not_reach_the_choice_of_K_are_a_warning(copies, meta):
    X, y, labels = copies
    inner = make_pipeline(quick(K=CrossValidatedK(cv=2, Ks=[1])))
    fit = {
        "ensemble": lambda: EnsembleSelector(inner, n_fits=1).fit(X, y, groups=labels),
        "stability": lambda: StabilitySelector(inner, n_pairs=1).fit(X, y, groups=labels),
        "search": lambda: ParetoSearchCV(
            make_pipeline(*inner[:], SVC()), {"svc__C": [1]}, objectives=["score"], n_trials=1
        ).fit(X, y, groups=labels),
        "repeated": lambda: repeated_selections(
            SelectFromModel(inner[0]), X, y, groups=labels, n_repeats=2
        ),
    }
    with pytest.warns(UserWarning, match="groups do not reach '(gradual|estimator)"):
        fit[meta]()


@pytest.mark.parametrize("routing", [False, True])
def test_a_search_keeps_groups_whole_inside_and_outside(copies, seen, routing):
    X, y, labels = copies
    with sklearn.config_context(enable_metadata_routing=routing):
        selector = quick(K="auto")
        selector = selector.set_fit_request(groups=True) if routing else selector
        search = ParetoSearchCV(
            selector, {"n_networks": [1]}, objectives=("n_features",), n_trials=1, refit=False, cv=3
        )
        search.fit(X, y, groups=labels)
        plain = ParetoSearchCV(
            LogisticRegression(), {"C": [1.0]}, objectives=("score",), n_trials=1, refit="score"
        )
        leaking = plain.fit(X, y).best_score_
        honest = plain.fit(X, y, groups=labels).best_score_
    outer = list(StratifiedGroupKFold(3).split(X, y, labels))
    assert len(seen) == len(outer)  # one choice of K per outer fold
    for inner, (train, _) in zip(seen, outer, strict=True):
        assert whole([inner], labels[train])
    assert honest != leaking


def test_groups_of_numbers_and_texts_are_numbered_by_first_appearance():
    assert list(groups.checked_groups(["b", "a", "b"], np.zeros((3, 1)))) == [0, 1, 0]
    assert groups.checked_groups(None, np.zeros((3, 1))) is None
