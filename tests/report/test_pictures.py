# SPDX-License-Identifier: BSD-3-Clause
"""The pictures of the report: what they show is what is in the data."""

import base64
import html
import json
import re
import zlib

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import SelectKBest

from sparsefs import GradualPruningSelector, NeuronAttributionSelector
from sparsefs.evaluation import k_curve
from sparsefs.report import write_report
from sparsefs.report._html import named, number, shortened
from sparsefs.report._svg import apart, png, round_numbers
from tests.report.pages import curve_of, report

QUICK = {"max_iter": 5, "random_state": 0}


def test_long_names_are_cut_in_the_middle():
    start, end = "hypothetical_protein_similar_to", "subunit_of_a_ribosome"
    short = shortened([f"{start}_a_{end}_1", f"{start}_a_{end}_2", "short"])
    assert short.pop("short") == "short"
    assert all(s.startswith("hypothetical") and len(s) == 24 for s in short.values())
    assert [s[-2:] for s in short.values()] == ["_1", "_2"]


def test_names_that_would_look_alike_keep_more():
    names = [f"{'a' * 30}{i}{'b' * 30}" for i in range(20)]
    short = shortened([*names, "c" * 60])
    assert len({short[name] for name in names}) == 20
    assert len(short["c" * 60]) == 24


def test_the_full_name_is_text_of_the_page():
    name = "a_very_long_name/of_a_feature<b>"
    written = named(name)
    assert f'title="{html.escape(name)}"' in written and "…" in written
    assert re.sub("<.*?>", "", written) == html.escape(name)


@pytest.mark.parametrize("ends", [(0, 1), (-3.2, 5), (0.61, 0.87), (1, 41), (0, 1e-5), (8e5, 3e6)])
def test_round_numbers(ends):
    values, texts = round_numbers(*ends)
    assert 2 <= len(values) <= 6 and ends[0] <= values[0] and values[-1] <= ends[1] * (1 + 1e-9)
    np.testing.assert_allclose([float(text.replace(",", "")) for text in texts], values, atol=1e-12)


def test_labels_have_room():
    assert apart(np.array([0.0, 1, 50, 95, 100])).tolist() == [1, 2, 4]


def test_png():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    data = png(pixels)
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
    start = data.index(b"IDAT") + 4
    rows = np.frombuffer(zlib.decompress(data[start:-16]), np.uint8).reshape(3, 16)
    np.testing.assert_array_equal(rows[:, 1:].reshape(3, 5, 3), pixels)


def directions(page):
    return {row["Feature"]: row["Direction"] for row in page.table("Selected features")}


def classes(n_classes):
    rng = np.random.default_rng(0)
    y = np.arange(420) % n_classes
    X = pd.DataFrame(rng.standard_normal((420, 3)), columns=["up", "down", "noise"])
    X["up"] += 2 * (y == 1)
    X["down"] -= 2 * (y == 1)
    X["noise"] -= X["noise"].groupby(y).transform("mean")
    return X, np.array(list("abcdefgh"))[y]


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_the_direction_names_the_class_that_differs(n_classes, tmp_path):
    X, y = classes(n_classes)
    page = report(tmp_path, SelectKBest(k=3).fit(X, y), X, y)
    down = "↑ higher in a" if n_classes == 2 else "↓ lower in b"
    wanted = {"up": "↑ higher in b", "down": down, "noise": "no clear difference"}
    assert directions(page) == wanted


@pytest.mark.parametrize(("n_classes", "n_strips"), [(2, 2), (3, 3), (6, 6), (7, 2)])
def test_a_strip_for_each_class(n_classes, n_strips, tmp_path):
    X, y = classes(n_classes)
    selector = SelectKBest(k=1).fit(X, y)
    source = report(tmp_path, selector, X, y).source
    (small,) = re.findall(r'<svg[^>]*class="small".*?</svg>', source)
    assert len(re.findall(r'class="c\d"', small)) == n_strips
    (best,) = np.flatnonzero(selector.get_support())
    of_b = [number(q) for q in np.quantile(X.loc[y == "b"].iloc[:, best], [0.25, 0.5, 0.75])]
    middle = "median {1}, middle half {0} to {2}".format(*of_b)
    assert f"b: {middle}, {(y == 'b').sum()} rows" in small
    if n_classes == 7:
        assert "others: median" in small


def test_the_direction_against_a_number(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((300, 3)), columns=["up", "down", "noise"])
    y = pd.Series(X["up"] - X["down"], name="price")
    residual = y - y.mean()
    X["noise"] -= residual * (X["noise"] @ residual) / (residual @ residual)
    page = report(tmp_path, SelectKBest(lambda X, y: X[0] * 0 + 1, k=3).fit(X, y), X, y)
    wanted = {"up": "↑ rises with price", "down": "↓ falls with price", "noise": "no clear trend"}
    assert directions(page) == wanted
    assert "rows" in page.source and "mean price" in page.source


def test_texts_and_gaps_have_pictures_and_directions(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    X = pd.DataFrame({"town": np.where(rng.random(200) < 0.2 + 0.6 * y, "Rome", "Oslo")})
    X["x"] = rng.standard_normal(200)
    X.loc[:49, "x"] = np.nan
    selector = GradualPruningSelector(K=2, **QUICK).fit(X, y)
    page = report(tmp_path, selector, X, y)
    rows = {row["Feature"]: row for row in page.table("Selected features")}
    of_text = ("“Rome” more often in 1", "“Oslo” more often in 0")
    assert rows["town"]["Direction"].startswith(of_text)
    assert (rows["x"]["Missing"], rows["town"]["Missing"]) == ("25.0 %", "0 %")
    assert "missing in 25.0 %" in rows["x"]["By class"]
    share = (X["town"][y == 1] == "Rome").mean()
    assert f"1: Rome ({100 * share:.1f} %)" in rows["town"]["By class"]
    number = X["x"].notna() * 1.0 + 3 * (X["town"] == "Rome") + 0.1 * rng.standard_normal(200)
    selector = GradualPruningSelector(K=2, **QUICK).fit(X, number)
    assert directions(report(tmp_path, selector, X, number))["town"] == "higher y with “Rome”"


def test_survival(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((200, 6))).add_prefix("x")
    time, censored = rng.exponential(np.exp(-2 * X["x1"] + 2 * X["x4"])), rng.exponential(3, 200)
    y = np.empty(200, dtype=[("event", bool), ("time", float)])
    y["event"], y["time"] = time <= censored, np.minimum(time, censored)
    selector = GradualPruningSelector(K=2, task="survival", **QUICK).fit(X, y)
    page = report(tmp_path, selector, X, y, curve=k_curve(selector, X, y, Ks=[2, 6], cv=3))
    assert directions(page) == {"x1": "↑ higher hazard", "x4": "↓ lower hazard"}
    assert "concordance with the selection" in page.text
    rows = {row["Sample"]: int(row["Rows"]) for row in page.table("Events and times")}
    assert rows == {"Event": y["event"].sum(), "Censored": (~y["event"]).sum()}
    last = samples_of(page)[1][-1]
    assert last.startswith(f"sample {y['time'].argmax() + 1} ({y['time'].max():.2f}, ")


def test_several_outputs_show_the_most_related(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4))
    Y = pd.DataFrame(X[:, [2, 3]] * [1, -1], columns=["first", "second"])
    selector = NeuronAttributionSelector(K=4, **QUICK).fit(X, Y)
    found = directions(report(tmp_path, selector, X, Y))
    assert (found["x2"], found["x3"]) == ("↑ rises with first", "↓ falls with second")


def samples_of(page):
    """Values, names of the samples and of the features of the heat map of samples."""
    (image,) = [a for t, a in page.tags if t == "img" and "sample" in a["data-columns"]]
    columns = json.loads(image["data-columns"])
    codes = np.frombuffer(base64.b64decode(image["data-values"]), np.uint8)
    codes = codes.reshape(-1, len(columns)).astype(float)
    low, high = map(float, image["data-ends"].split())
    values = np.where(codes == 255, np.nan, low + (high - low) * codes / 254)
    names = re.search(r'id="samples".*?class="labels">(.*?)</div></div>', page.source)[1]
    return values, columns, re.sub("<.*?>", " ", names).split()


def test_the_heat_map_of_samples(tmp_path):
    X, y = classes(3)
    X, y = X[:60], y[:60]
    X.iloc[7, 0] = np.nan
    selector = GradualPruningSelector(K=2, **QUICK).fit(X, y)
    page = report(tmp_path, selector, X, y)
    values, samples, features = samples_of(page)
    assert set(features) == set(selector.get_feature_names_out())
    rows = [int(sample.split()[1]) - 1 for sample in samples]
    assert sorted(rows) == list(range(60)) and y[rows].tolist() == sorted(y)
    assert samples[0].endswith("(a)") and "2 selected features in 60 samples" in page.text
    Z = (X - X.mean()) / X.std(ddof=0)
    np.testing.assert_allclose(values, Z[features].iloc[rows].T.clip(-2, 2), atol=0.01)
    strips = re.findall(r'<span style="flex:(\d+)" title="(\w): \d+">', page.source)
    assert strips == [("20", "a"), ("20", "b"), ("20", "c")]


def test_the_heat_map_shows_some_of_many_samples(tmp_path):
    X, y = classes(3)
    y = np.where(np.arange(420) < 21, "rare", "usual")
    page = report(tmp_path, SelectKBest(k=3).fit(X, y), X, y)
    _, samples, _ = samples_of(page)
    assert len(samples) == 200 and sum("rare" in sample for sample in samples) == 10
    assert "in 200 samples (of 420, at equal steps of this order)" in page.text


def test_groups_are_counted(tmp_path):
    X, y = classes(2)
    X = pd.concat([X, X.add_suffix("2") + 0.1], axis=1)
    groups = [["up", "up2"], ["down", "down2"]]
    selector = GradualPruningSelector(K=2, feature_groups=groups, **QUICK).fit(X, y)
    page = report(tmp_path, selector, X, y, curve=None)
    answer = page.block("answer")
    assert "24 of 6 featuresof 4 groups selected" in answer
    assert "with 2 random groups" in answer and "accuracy with all 4 groups" in answer
    rows = page.table("Selected features")
    assert [row["Folds of 5"] for row in rows] == ["5"] * 4
    assert page.table("accuracy on")[0].keys() >= {"Groups", "Mean"}


def test_excluded_features_are_not_among_all(tmp_path):
    X, y = classes(2)
    selector = GradualPruningSelector(K=1, exclude=["noise"], **QUICK).fit(X, y)
    answer = report(tmp_path, selector, X, y, curve=None).block("answer")
    assert "12 could be selectedof 3 features selected" in answer
    assert "accuracy with all 2 features" in answer


def test_all_features_have_one_score(tmp_path):
    X, y = classes(2)
    selector = SelectKBest(k=2).fit(X, y)
    curve = curve_of(3, (1, 2, 3))
    page = report(tmp_path, selector, X, y, curve=curve)
    assert "70.0 %95 % interval" in page.block("answer")
    assert "Dotted line: all 3 features: 70.0 %." in page.block("curve")
    held_out = {"metric": "accuracy", "selected": 0.9, "all": 0.95, "n_samples": 50}
    text = report(tmp_path, selector, X, y, curve=curve, held_out=held_out).block("curve")
    assert "all 3 features:" not in text and "come from other rows, so they differ" in text


def test_the_interval_of_folds(tmp_path):
    X, y = classes(2)
    page = report(tmp_path, SelectKBest(k=2).fit(X, y), X, y, curve=curve_of(3, (1, 2), "R2"))
    # 0.58, 0.59, 0.60, 0.61, 0.62; variance * (1 / 5 + 1 / 4); t of 4 degrees of freedom
    assert "95 % interval 0.571 to 0.629" in page.block("answer")


def test_the_whole_table_is_beside_the_rows_of_the_selection(tmp_path):
    X, y = classes(2)
    selector = SelectKBest(k=2).fit(X, y)
    size = {"n_rows": 1500, "n_columns": 5, "n_missing": 17}
    rows = {
        row[""]: row for row in report(tmp_path, selector, X, y, source_size=size).table("Table")
    }
    for name, ours, whole in (("Rows", "420", "1,500"), ("Columns", "3", "5")):
        assert (rows[name]["Rows of the selection"], rows[name]["Whole table"]) == (ours, whole)
    assert rows["Missing values"]["Whole table"] == "17"
    same = {"n_rows": 420, "n_columns": 3, "n_missing": 0}
    assert "Whole table" not in report(tmp_path, selector, X, y, source_size=same).text


def test_many_pictures_are_small(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((100, 300)), np.arange(100) % 4
    write_report(tmp_path / "r.html", SelectKBest(k=50).fit(X, y), X, y, curve=False)
    assert (tmp_path / "r.html").stat().st_size < 250_000
