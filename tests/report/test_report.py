# SPDX-License-Identifier: BSD-3-Clause
"""write_report: what stands in the file is true, safe, and all that is needed."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_classification
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge

from sparsefs import (
    GradualPruningSelector,
    NeuronAttributionSelector,
    StabilitySelector,
    WASTSelector,
    open_shards,
)
from sparsefs.evaluation import Chance, wilson_interval
from sparsefs.report import write_report
from sparsefs.report._html import MISSING
from tests.report.pages import curve_of, report

QUICK = {"max_iter": 5, "random_state": 0}
ATTACK = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True, as_frame=True)
    X, y = X[:300], y[:300]
    return GradualPruningSelector(K=16, **QUICK).fit(X, y), X, y


@pytest.fixture
def numbers():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 12))
    return X, 2 * X[:, 3] - X[:, 7] + 0.1 * rng.standard_normal(200)


def test_the_answer_comes_first(digits, tmp_path):
    selector, X, y = digits
    page = report(tmp_path, selector, X, y, curve=curve_of(64, (1, 16, 64)))
    assert page.text.startswith("16 of 64 features")
    answer = " ".join(page.block("answer").split())
    low, high = (f"{100 * end:.1f}" for end in wilson_interval(0.6, 300))
    assert "16of 64 features selected" in answer
    assert f"60.0 %95 % interval {low} to {high} %accuracy with the selection" in answer
    assert "accuracy with all 64 features" in answer
    best = np.argsort(selector.ranking_)[:10]
    names = ", ".join(X.columns[best])
    assert (
        f"GradualPruningSelector selected from 300 rows, best first: {names} and 6 more." in answer
    )


def test_held_out_scores_come_before_those_of_the_curve(digits, tmp_path):
    held_out = {"metric": "R2", "selected": 0.8, "all": None, "n_samples": 77, "estimator": "Lasso"}
    page = report(tmp_path, *digits, held_out=held_out, curve=curve_of(64, (1, 16)))
    answer = page.block("answer")
    assert "0.800" in answer and "60.0" not in answer
    assert "Score of Lasso on 77 held-out rows." in answer
    assert "with all" not in answer


def chance_of(score=0.9, scores=(0.5, 0.6, 0.7), p_value=0.25):
    return Chance(score, np.array(scores), p_value, "accuracy")


def test_random_features_and_intervals_are_in_the_answer(digits, tmp_path):
    held_out = {"metric": "accuracy", "selected": 0.9, "n_samples": 50, "all": 0.95}
    page = report(tmp_path, *digits, held_out=held_out, chance=chance_of())
    answer = " ".join(page.block("answer").split())
    low, high = wilson_interval(0.9, 50)
    assert f"90.0 %95 % interval {100 * low:.1f} to {100 * high:.1f} %accuracy with the" in answer
    assert "60.0 %95 % of them: 50.5 to 69.5 %accuracy with 16 random features, p" in answer
    assert "The selection is not clearly better than 16 random features (p = 0.25)." in page.text
    (alt,) = [alt for alt in page.pictures if "random subsets" in alt]
    assert "3 random subsets of 16 features" in alt and "selection 90.0 %" in alt
    better = chance_of(scores=[0.6] * 99, p_value=0.01)
    held_out |= {"interval": (0.81, 0.93), "n_splits": 7}
    text = report(tmp_path, *digits, held_out=held_out, chance=better).text
    assert "not clearly better than 16" not in text and "interval 81.0 to 93.0 %" in text
    assert "50 held-out rows (mean of 7 splits with a new selection in each)." in text


def test_chance_is_computed_with_the_curve_and_only_then(numbers, tmp_path):
    X, y = numbers
    selector = GradualPruningSelector(K=2, **QUICK).fit(X, y)
    text = report(tmp_path, selector, X, y, curve=None).text
    assert "R2 with 2 random features, p = 0.0" in text
    for options in ({"curve": False}, {"curve": curve_of(12)}, {"curve": None, "chance": False}):
        assert "random features" not in report(tmp_path, selector, X, y, **options).text
    held_out = {"metric": "R2", "selected": 0.8}
    text = report(tmp_path, selector, X, y, curve=None, held_out=held_out).text
    assert "random features" not in text
    whole = GradualPruningSelector(K=12, **QUICK).fit(X, y)
    assert "random features" not in report(tmp_path, whole, X, y, curve=None).text


def test_the_histogram_of_any_scores(digits, tmp_path):
    rng = np.random.default_rng(0)
    for scores in ([1.0] * 19, rng.random(100), [0.0, 1.0], -1e6 * rng.random(30), [0.5]):
        report(tmp_path, *digits, chance=chance_of(scores=scores))


def test_table_of_features(digits, tmp_path):
    selector, X, y = digits
    page = report(tmp_path, selector, X, y, curve=curve_of(64, (1, 16)))
    rows = page.table("Selected features, best first")
    order = np.argsort(selector.ranking_)[:16]
    assert [row["Rank"] for row in rows] == [str(i) for i in range(1, 17)]
    assert [row["Feature"] for row in rows] == X.columns[order].tolist()
    score = [float(row["Score"].split(" ± ")[0]) for row in rows]
    spread = [float(row["Score"].split(" ± ")[1]) for row in rows]
    chosen = X.to_numpy()[:, order]
    np.testing.assert_allclose(score, selector.scores_[order], rtol=1e-3)
    np.testing.assert_allclose(spread, selector.scores_std_[order], rtol=0.06)
    for name, values in [
        ("Mean", chosen.mean(axis=0)),
        ("SD", chosen.std(axis=0)),
        ("Non-zero", (chosen != 0).mean(axis=0)),
    ]:
        np.testing.assert_allclose([float(row[name]) for row in rows], values, atol=6e-4, rtol=1e-3)
    assert [row["Folds of 5"] for row in rows] == ["5" if j < 16 else "0" for j in order]


def test_variance_between_classes(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b"], 300)
    X = rng.standard_normal((300, 8))
    X[:, 2] += 3 * (y == "b")
    selector = GradualPruningSelector(K=1, **QUICK).fit(X, y)
    (row,) = report(tmp_path, selector, X, y).table("Selected features")
    assert row["Feature"] == "x2"
    of_a, of_b = X[y == "a", 2], X[y == "b", 2]
    within = (of_a.var() * len(of_a) + of_b.var() * len(of_b)) / 300
    expected = 1 - within / X[:, 2].var()
    np.testing.assert_allclose(float(row["Between classes"]), expected, atol=6e-4)


def test_correlation_with_a_number(numbers, tmp_path):
    X, y = numbers
    selector = GradualPruningSelector(K=2, **QUICK).fit(X, y)
    page = report(tmp_path, selector, X, pd.Series(y, name="price"))
    rows = page.table("Selected features")
    for row in rows:
        expected = np.corrcoef(X[:, int(row["Feature"][1:])], y)[0, 1]
        np.testing.assert_allclose(float(row["Correlation with price"]), expected, atol=6e-4)
    (moments,) = page.table("Summary of price")
    np.testing.assert_allclose(float(moments["Median"]), np.median(y), rtol=2e-3)
    assert sum(int(row["Rows"]) for row in page.table("Distribution of price")) == 200


def test_several_numbers_each_with_its_correlation(numbers, tmp_path):
    X, y = numbers
    Y = pd.DataFrame({"first": y, "second": X[:, 5]})
    selector = GradualPruningSelector(K=3, **QUICK).fit(X, Y)
    page = report(tmp_path, selector, X, Y)
    for row in page.table("Selected features"):
        expected = np.corrcoef(X[:, int(row["Feature"][1:])], X[:, 5])[0, 1]
        np.testing.assert_allclose(float(row["Correlation with second"]), expected, atol=6e-4)
    assert [row["Target"] for row in page.table("Summary of y (2 outputs)")] == ["first", "second"]


def test_of_many_labels_the_most_correlated_one(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 10))
    Y = (X[:, :8] > 0).astype(int)
    selector = NeuronAttributionSelector(K=4, **QUICK).fit(X, Y)
    page = report(tmp_path, selector, X, Y)
    for row in page.table("Selected features"):
        feature = int(row["Feature"][1:])
        if feature < 8:
            assert row["with"] == f"label {feature}" and float(row["Correlation"]) > 0.7
    assert len(page.table("8 labels of y")) == 8


def test_without_a_target(digits, tmp_path):
    _, X, _ = digits
    page = report(tmp_path, WASTSelector(K=4, **QUICK).fit(X), X)
    assert "No target was given." in page.text
    assert "did not use" not in page.text
    assert "Between classes" not in page.table("Selected features")[0]


def test_says_where_the_selector_has_not_seen_y(digits, tmp_path):
    selector, X, y = digits
    sentence = "The selector did not use target."
    assert sentence in report(tmp_path, WASTSelector(K=4, **QUICK).fit(X), X, y).text
    assert sentence not in report(tmp_path, selector, X, y).text
    assert sentence not in report(tmp_path, SelectKBest(k=4).fit(X, y), X, y).text


def test_sparse_x_tells_the_same_as_dense(tmp_path):
    rng = np.random.default_rng(0)
    X = sparse.random(300, 60, 0.1, format="csr", random_state=0)
    y = np.asarray(X[:, :3].sum(axis=1)).ravel() > rng.random(300) * 0.3
    selector = NeuronAttributionSelector(K=10, **QUICK).fit(X, y)
    ours = report(tmp_path, selector, X, y)
    dense = report(tmp_path, selector, X.toarray(), y)
    assert ours.table("Selected features") == dense.table("Selected features")
    assert ours.table("Most correlated pairs") == dense.table("Most correlated pairs")
    assert "sparse, 1,800 values (10.0 % of the table)" in ours.text
    assert "sparse" not in dense.block("data")


def test_scaling_is_shown(tmp_path):
    X, y = make_classification(100, 8, random_state=0)
    chosen = report(tmp_path, WASTSelector(K=3, **QUICK).fit(X), X).block("data")
    assert "Scalingglobal (chosen automatically)" in chosen
    asked = WASTSelector(K=3, scaling="minmax", **QUICK).fit(X)
    assert "Scalingminmax" in report(tmp_path, asked, X).block("data")
    assert "Scaling" not in report(tmp_path, SelectKBest(k=3).fit(X, y), X, y).block("data")


@pytest.mark.parametrize("form", ["csr", "dense"])
def test_of_x_only_what_is_shown_is_held(form, tmp_path, monkeypatch):
    n = 4000
    X = sparse.random(100, n, 0.01, format="csr", random_state=0, dtype=np.float32)
    selector = WASTSelector(K=20, **QUICK).fit(X)
    given, most = (X if form == "csr" else X.toarray()), 0
    original = sparse.csr_matrix.toarray

    def toarray(self, *args, **kwargs):
        nonlocal most
        most = max(most, self.shape[0] * self.shape[1])
        return original(self, *args, **kwargs)

    monkeypatch.setattr(sparse.csr_matrix, "toarray", toarray)
    report(tmp_path, selector, given)
    assert most == (100 * 20 if form == "csr" else 0)


def test_files_on_disk(tmp_path, digits):
    _, X, y = digits
    (tmp_path / "table").mkdir()
    np.save(tmp_path / "table" / "0.npy", X.to_numpy()[:100])
    np.save(tmp_path / "table" / "1.npy", X.to_numpy()[100:])
    selector = WASTSelector(K=5, **QUICK).fit(X.to_numpy())
    on_disk = report(tmp_path, selector, open_shards(tmp_path / "table"), y)
    in_memory = report(tmp_path, selector, X.to_numpy(), y)
    caption = "Selected features, best first"
    assert on_disk.tables[caption] == in_memory.tables[caption]
    curves = [
        report(tmp_path, selector, table, y, curve=None).table("accuracy on held-out rows")
        for table in (open_shards(tmp_path / "table"), X.to_numpy())
    ]
    assert curves[0] == curves[1]


def test_data_are_summarised(digits, tmp_path):
    selector, X, y = digits
    page = report(tmp_path, selector, X, y, source="scans/digits.csv", preparation=["Cropped."])
    text = page.block("data")
    constant = X.columns[X.nunique() == 1]
    assert f"{len(constant)} constant" in text
    assert all(name in text for name in constant[:10])
    assert "Cropped." in text and "scans/digits.csv" in text
    assert page.text.startswith("16 of 64 features of digits.csv")
    rows = page.table("10 classes of target")
    counts = y.value_counts()
    assert {row["Class"]: int(row["Rows"]) for row in rows} == {
        str(c): n for c, n in counts.items()
    }


def test_missing_values_are_counted(tmp_path, digits):
    _, X, y = digits
    selector = SelectKBest(k=3).fit(X, y)
    X = X.astype(float)
    X.iloc[:5, 10] = np.nan
    text = report(tmp_path, selector, X, y).block("data")
    assert "5 (under 0.1 %), in pixel_1_2" in text


def test_classes_that_are_many_are_summed_up(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 5)), np.arange(300) % 50
    rows = report(tmp_path, SelectKBest(k=2).fit(X, y), X, y).table("50 classes")
    assert len(rows) == 21 and rows[-1]["Class"] == "30 more"
    assert sum(int(row["Rows"]) for row in rows) == 300


def test_names_and_classes_are_escaped(tmp_path):
    X, y = make_classification(200, 5, random_state=0)
    X = pd.DataFrame(X, columns=[f"{ATTACK}{i}" for i in range(5)])
    y = pd.Series(np.where(y, ATTACK, "a & b"), name=ATTACK)
    selector = GradualPruningSelector(K=4, **QUICK).fit(X, y)
    page = report(
        *(tmp_path, selector, X, y),
        title=ATTACK,
        source=ATTACK,
        preparation=[ATTACK],
        command=ATTACK,
        code=ATTACK,
        curve=curve_of(5, (1, 4), metric=ATTACK),
    )
    assert "alert('x')" not in page.source.replace("alert(&#x27;x", "")
    assert ATTACK not in page.source
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    rows = page.table("Selected features")
    assert all(row["Feature"].startswith(ATTACK) for row in rows)
    assert {row["Class"] for row in page.table("2 classes")} == {ATTACK, "a & b"}


def test_names_that_matplotlib_or_files_choke_on(tmp_path):
    X, y = make_classification(100, 6, random_state=0)
    names = ["$a", "a$b$c", r"$\frac$", "line\nend", "\x00bell", "\ud800"]
    selector = GradualPruningSelector(K=6, **QUICK).fit(X, y)
    page = report(tmp_path, selector, X, y, feature_names=names)
    shown = {row["Feature"] for row in page.table("Selected features")}
    assert shown == {"$a", "a$b$c", r"$\frac$", "line end", "�bell", "�"}


def test_nothing_is_fetched(digits, tmp_path):
    page = report(tmp_path, *digits, curve=curve_of(64, (1, 16)))
    source = re.sub(r'"data:image/png[^"]*"|data-values="[^"]*"', "", page.source)
    assert not re.search(r"https?:|//[a-z]", source.replace("// ", ""), re.IGNORECASE)
    assert not re.search(r"@import|url\(", page.source)
    for tag, attributes in page.tags:
        assert "src" not in attributes or attributes["src"].startswith("data:image/png;base64,")
        assert tag not in ("iframe", "object", "embed", "base")
        if tag == "a":
            assert attributes["href"].startswith("#")
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert "default-src 'none'" in policy and "unsafe-inline'; script" in policy


def test_pictures_have_texts_for_those_who_do_not_see_them(digits, tmp_path):
    page = report(tmp_path, *digits, curve=curve_of(64, (1, 16)))
    large = [alt for alt in page.pictures if not alt.startswith(tuple("0123456789"))]
    assert len(large) == 5  # samples, curve, correlations, ranking, training (twice)
    assert all(len(alt) > 20 for alt in page.pictures)
    names = {a.get("id") for _, a in page.tags}
    assert {a["href"][1:] for t, a in page.tags if t == "a"} <= names
    assert next(a["lang"] for t, a in page.tags if t == "html") == "en"


def test_curve_and_its_table(digits, tmp_path):
    page = report(tmp_path, *digits, curve=curve_of(64, (1, 16, 64)))
    rows = page.table("accuracy on held-out rows")
    assert [row["Features"] for row in rows] == ["1", "16", "64"]
    assert [float(row["Mean"]) for row in rows] == [0.5, 0.6, 0.7]
    assert float(rows[1]["Fold 1"]) == 0.58
    assert "optimistic" in page.block("curve")
    assert "The highest mean accuracy is 70.0 %, with 64 features." in page.block("curve")


def test_without_a_curve_says_that_nothing_was_measured(digits, tmp_path):
    page = report(tmp_path, *digits)
    assert "no held-out rows were scored" in page.text
    assert not any(a.get("id") == "curve" for _, a in page.tags)


def test_curve_is_computed(tmp_path):
    X, y = make_classification(120, 10, random_state=0)
    page = report(tmp_path, SelectKBest(k=3).fit(X, y), X, y, curve=None)
    rows = page.table("accuracy on held-out rows")
    assert [row["Features"] for row in rows] == ["1", "2", "3", "4", "8", "10"]
    assert all(0.3 < float(row["Mean"]) <= 1 for row in rows)


def test_path_of_an_automatic_k_is_the_curve(digits, tmp_path):
    _, X, y = digits
    selector = GradualPruningSelector(K="auto", **QUICK).fit(X, y)
    page = report(tmp_path, selector, X, y, curve=None)
    rows = page.table("accuracy on held-out rows")
    assert [int(row["Features"]) for row in rows] == selector.path_.Ks.tolist()
    np.testing.assert_allclose([float(row["Mean"]) for row in rows], selector.path_.mean, atol=6e-4)
    assert f"K = {selector.K_} was chosen as the best point of the curve below" in page.text


def test_without_labels_all_features_have_no_score(digits, tmp_path):
    _, X, _ = digits
    selector = WASTSelector(K="auto", **QUICK).fit(X)
    page = report(tmp_path, selector, X, curve=None)
    assert "explained variance with the selection" in page.text
    assert "with all" not in page.block("answer")


def test_curve_of_a_pipeline_that_makes_other_features(digits, tmp_path):
    selector, X, y = digits
    curve = curve_of(65, (1, 16))
    curve.feature_names = np.array(["new", *X.columns[::-1]], dtype=object)
    rows = report(tmp_path, selector, X, y, curve=curve).table("Selected features")
    first = set(X.columns[::-1][:15])
    assert [r["Folds of 5"] for r in rows] == ["5" if r["Feature"] in first else "0" for r in rows]
    curve.feature_names = None
    assert "Folds of 5" not in report(tmp_path, selector, X, y, curve=curve).text


def test_guessing_is_told_beside_an_accuracy(digits, tmp_path):
    selector, X, y = digits
    most = y.value_counts().max() / len(y)
    held_out = {"metric": "accuracy", "selected": 0.9}
    text = report(tmp_path, selector, X, y, held_out=held_out).text
    assert f"is right in {100 * most:.1f} % of cases" in text
    assert "no better than guessing" not in text
    held_out = {"metric": "accuracy", "selected": 0.1}
    text = report(tmp_path, selector, X, y, held_out=held_out).text
    assert "scores no better than guessing" in text


def test_constant_features_that_are_selected_are_told(tmp_path):
    X, y = make_classification(100, 6, random_state=0)
    X[:, 4] = 1.0
    page = report(tmp_path, GradualPruningSelector(K=6, **QUICK).fit(X, y), X, y)
    assert "1 selected feature is constant and useless" in page.text
    row = next(row for row in page.table("Selected features") if row["Feature"] == "x4")
    assert (row["SD"], row["Between classes"]) == ("0", MISSING)


def test_a_missing_seed_is_told(digits, tmp_path):
    selector, X, y = digits
    assert "No seed was set" not in report(tmp_path, selector, X, y).text
    other = WASTSelector(K=4, max_iter=2).fit(X)
    assert "No seed was set" in report(tmp_path, other, X).text


def test_stability_selector(digits, tmp_path):
    _, X, y = digits
    selector = StabilitySelector(SelectKBest(), n_pairs=5, random_state=0).fit(X, y)
    page = report(tmp_path, selector, X, y)
    rows = page.table("Selected features")
    order = np.argsort(selector.ranking_)[: selector.support_.sum()]
    assert [row["Feature"] for row in rows] == X.columns[order].tolist()
    frequencies = [float(row["Frequency"]) for row in rows]
    np.testing.assert_allclose(frequencies, selector.selection_frequencies_[order], rtol=1e-3)
    assert f"At most {selector.pfer_:.2g} false selections" in page.text


@pytest.mark.parametrize(
    "selector",
    [
        SelectKBest(k=3),
        SelectFromModel(LogisticRegression(max_iter=1000), max_features=3),
        RFE(Ridge(), n_features_to_select=3),
    ],
    ids=lambda s: type(s).__name__,
)
def test_other_selectors(selector, tmp_path):
    X, y = make_classification(100, 8, random_state=0)
    selector.fit(X, y)
    rows = report(tmp_path, selector, X, y).table("Selected features")
    assert {int(row["Feature"][1:]) for row in rows} == set(selector.get_support(indices=True))


def test_costs_and_settings(digits, tmp_path):
    selector, X, y = digits
    page = report(tmp_path, selector, X, y)
    rows = {row[""]: row for row in page.table("Cost of the network")}
    costs = selector.costs_["parameters"]
    assert rows["Parameters"]["Dense"] == f"{costs['dense']:,}"
    assert rows["Parameters"]["Sparse"] == f"{costs['sparse']:,}"
    assert "Training took 5 rounds" in page.text
    settings = page.table("Settings of GradualPruningSelector")
    assert {row["Parameter"] for row in settings} == set(selector.get_params())
    changed = {row["Parameter"]: row["Value"] for row in settings if row["Changed"] == "yes"}
    assert changed == {"K": "16", "max_iter": "5", "random_state": "0"}
    versions = {row[""]: row["Version"] for row in page.table("Versions")}
    assert versions["sparsefs"] and versions["numpy"] == np.__version__


def test_many_features_make_a_file_of_moderate_size(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 20_000)).astype(np.float32)
    y = rng.integers(0, 3, 200)
    selector = SelectKBest(k=6000).fit(X, y)
    page = report(tmp_path, selector, X, y)
    assert len(page.source) < 1.5e6
    rows = [rows for caption, rows in page.tables.items() if "first 5,000 of 6,000" in caption]
    assert len(rows[0]) == 5001
    assert "Only the 1,000 best of 6,000 are compared." in page.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"feature_names": ["a"]}, "'feature_names' parameter .* 64 names, .* Got 1"),
        ({"source_size": {"n_rows": 3}}, "'source_size' parameter .* n_rows, n_columns, n_missing"),
        ({"curve": 3}, "'curve' parameter .* KCurve, None or False. Got 3"),
        ({"chance": 0.9}, "'chance' parameter .* Chance, None or False. Got 0.9"),
        ({"held_out": {"metric": "a", "selected": 1, "interval": (0, "b")}}, "'interval'"),
        ({"held_out": {"metric": "a", "selected": 1, "interval": 0.5}}, "'interval'"),
        ({"held_out": 0.9}, "'held_out' parameter .* Got 0.9"),
        ({"held_out": {"metric": "accuracy"}}, "'held_out' parameter"),
        ({"held_out": {"metric": "a", "selected": 1, "other": 2}}, "'held_out' parameter"),
        ({"X": np.ones((300, 3))}, "X has 3 features, .* fitted to 64"),
        ({"X": [["a"] * 64] * 300}, "X is not numeric: columns 0, 1"),
        ({"y": [0, 1]}, "inconsistent numbers of samples"),
    ],
)
def test_bad_input(digits, tmp_path, options, message):
    selector, X, y = digits
    arguments = {"X": X, "y": y, "curve": False} | options
    with pytest.raises(ValueError, match=message):
        write_report(tmp_path / "report.html", selector, **arguments)
    assert not list(tmp_path.iterdir())


def test_what_is_no_fitted_selector(digits, tmp_path):
    _, X, y = digits
    with pytest.raises(NotFittedError):
        write_report(tmp_path / "r.html", WASTSelector(), X)
    with pytest.raises(ValueError, match="'selector' parameter .* Got Ridge"):
        write_report(tmp_path / "r.html", Ridge().fit(X, y), X, y)


def test_matplotlib_is_not_needed(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    report(tmp_path, *digits, curve=curve_of(64, (1, 16, 64)), chance=chance_of())


@pytest.fixture(scope="module")
def suspicious():
    """A table whose last columns are identifiers and a copy of y."""
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = np.column_stack([rng.standard_normal((80, 3)), rng.permutation(80) + 1001, y])
    return X, y, SelectKBest(k=4).fit(X, y)


def test_identifiers_and_copies_of_the_target_are_warned_about(suspicious, tmp_path):
    X, y, selector = suspicious
    names = ["a", "b", "c", "patient", "copy"]
    with pytest.warns(UserWarning, match="column") as caught:
        page = report(tmp_path, selector, X, y, curve=False, feature_names=names)
    said = [str(warning.message) for warning in caught]
    assert [warning.filename for warning in caught] == [report.__code__.co_filename] * 2
    assert said[0].startswith("1 column predicts the target alone: copy.")
    assert said[1].startswith("1 column looks like an identifier: patient.")
    assert all(sentence in page.text for sentence in said)


def test_features_of_one_name_are_told_apart(suspicious, tmp_path):
    X, y, selector = suspicious
    names = ["GENE", "GENE", "c", "GENE", "d"]
    with pytest.warns(UserWarning, match="2 features have the name of an earlier one"):
        page = report(tmp_path, selector, X, y, curve=False, feature_names=names)
    rows = page.table("Selected features")
    means = dict(zip(["GENE", "GENE.1", "c", "GENE.2", "d"], X.mean(axis=0), strict=True))
    assert len({row["Feature"] for row in rows}) == 4
    for row in rows:
        assert float(row["Mean"]) == pytest.approx(means[row["Feature"]], rel=1e-3, abs=1e-3)


def test_missing_values_before_the_preparation_are_not_denied(suspicious, tmp_path):
    X, y, selector = suspicious
    with pytest.warns(UserWarning, match="column"):
        page = report(tmp_path, selector, X, y, curve=False, preparation=["3 values replaced"])
    assert "none after the preparation" in page.text


def test_a_table_with_text_and_dates(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((200, 3))).add_prefix("x")
    X["town"] = np.where(np.arange(200) < 150, "Rome", "Oslo")
    X["day"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(200), "D")
    X.loc[:9, "town"] = None
    X.loc[5:8, "x1"] = np.nan
    y = X["x0"] + 3 * (X["town"] == "Rome") + (X["day"].dt.month == 2)
    selector = GradualPruningSelector(K=4, max_iter=10, random_state=0).fit(X, y)
    assert {"town", "day"} < set(selector.get_feature_names_out())
    write_report(tmp_path / "r.html", selector, X, y)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Rome (70.0 %), Oslo (25.0 %)" in text and "2026-01-01 to 2026-07-19" in text
    assert "1 text, 1 dates" in text and "14 (1.4 %), in" in text
    assert "Only columns of numbers are compared" in text
