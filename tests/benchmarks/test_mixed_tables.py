# SPDX-License-Identifier: BSD-3-Clause
"""Tables of mixed columns: what the numbers made of them know, and the command on small ones."""

import numpy as np
import pandas as pd
import pytest
from benchmarks import methods, mixed_tables, published, reseeded, table_data, tables
from benchmarks.__main__ import main

from tests.benchmarks.rows import rows_of


def test_text_becomes_the_mean_target_of_other_rows_and_gaps_the_median():
    X = pd.DataFrame({"a": ["x", "y"] * 50, "b": [1.0, 2, 3, np.nan, 9] * 20})
    y = np.tile([1.0, 0], 50)
    X_test = pd.DataFrame({"a": ["x", None], "b": [np.nan, 5]})
    train, test = table_data.encoded(X, X_test, y)
    assert np.unique(train[::2, 0]).tolist() == [(40 + 10 * y.mean()) / 50]
    np.testing.assert_allclose(test, [[(50 + 5) / 60, 2.5], [0.5, 5]])
    assert train[3, 1] == 2.5
    y[0] = 100  # a row's own target is not in its number
    assert table_data.encoded(X, X_test, y)[0][0, 0] == pytest.approx(train[0, 0], abs=0.3)


@pytest.mark.parametrize("noise", table_data.NOISE)
def test_noise_is_a_share_of_the_columns_and_shuffled_among_them(noise):
    X, X_test, y, y_test, real = table_data.parts("diabetes", noise, 3)
    assert real.sum() == 10
    assert len(real) == X.shape[1] == X_test.shape[1] == 10 + round(10 * table_data.NOISE[noise])
    assert len(X) + len(X_test) == len(y) + len(y_test) == 442
    assert abs(y.mean()) < 1e-9 and np.isfinite(X).all()
    assert noise == "none" or not real[:10].all()


def test_a_quantity_is_not_given_to_methods_for_classes():
    def wanted(table, method, noise="none", seed=1000):
        return mixed_tables.wanted(table, noise, method, seed, range(1000, 1003))

    assert wanted("wine", "ReliefF") and not wanted("diabetes", "ReliefF")
    assert wanted("diabetes", "F-test", seed=1002)
    assert not wanted("diabetes", "F-test", "random 0.5", seed=1002)  # on the first split only


@pytest.mark.slow
def test_the_command_on_tables_of_scikit_learn_and_its_tables(folder, capsys, monkeypatch):
    pytest.importorskip("lightgbm")
    chosen = ["all features", "F-test", "LightGBM SHAP"]
    command = ["mixed_tables", "--tables", "wine", "diabetes", "--seeds", "1000"]
    command += ["--noise", "none", "second-order 0.5", "--methods", *chosen]
    main(command)
    rows = rows_of(folder, "mixed_tables")
    assert len(rows) == 2 * 2 * len(chosen) and {row["status"] for row in rows} == {"ok"}
    for row in rows:
        noisy, everything = row["noise"] != "none", row["method"] == "all features"
        size = "all" if everything else "real" if noisy else "quarter"
        assert all(row[f"{model}_{size}"] for model in mixed_tables.MODELS)
        assert bool(row["recall"]) == (noisy and not everything)
        assert bool(row[f"linear_accuracy_{size}"]) == (row["table"] == "wine")
    main(command)
    assert rows_of(folder, "mixed_tables") == rows
    for name in ("mixed_scores", "mixed_per_table", "mixed_recall"):
        header, lines = tables.made(*tables.TABLES[name])
        assert [line[0] for line in lines] == [m for m in methods.METHODS if m in chosen]
        assert {len(line) for line in lines} == {len(header)}


@pytest.mark.slow
def test_random_states_on_one_split(folder, monkeypatch):
    main(["reseeded", "--sets", "tiny", "--methods", "random", "WAST"])
    found = {}
    for row in rows_of(folder, "reseeded"):
        found.setdefault(row["method"], set()).add(row["best"])
    assert len(found["random"]) == 3 and len(found["WAST"]) > 1


def test_every_step_of_what_is_published_gets_its_share_of_the_time(monkeypatch):
    seen = []
    for module in {module for module, _, _ in published.STEPS}:
        monkeypatch.setattr(module, "run", lambda arguments: seen.append(arguments.minutes))
    main_arguments = type("Arguments", (), {"minutes": 100})
    published.run(main_arguments)
    assert len(seen) == len(published.STEPS) and seen[0] == pytest.approx(60, abs=1)
    assert {*published.FULL} | {*published.THINNED} == {*reseeded.accuracy.METHODS}
