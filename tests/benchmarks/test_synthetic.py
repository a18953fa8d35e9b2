# SPDX-License-Identifier: BSD-3-Clause
"""The generated problems of the benchmark say the truth, and count it as they should."""

import numpy as np
import pytest
from benchmarks import synthetic, synthetic_problems
from benchmarks.__main__ import main
from benchmarks.synthetic_problems import PROBLEMS, make, share_found

from sparsefs import StabilitySelector
from tests.benchmarks.rows import rows_of


@pytest.mark.parametrize(
    ("scores", "groups", "expected"),
    [
        ([9, 8, 1, 0], [[0], [1]], 1.0),
        ([9, 1, 8, 0], [[0], [1]], 0.5),
        ([0, 1, 9, 8], [[0], [1]], 0.0),
        ([0, 0, 0, 0], [[0], [3]], 0.5),  # of equals the first ones are taken
        ([9, 8, 7, 0, 0, 0], [[0, 1], [2, 3]], 0.5),  # two copies take the place of another
        ([9, 0, 7, 0, 8, 0], [[0, 1], [4, 5], [2, 3]], 1.0),
    ],
)
def test_share_by_hand(scores, groups, expected):
    assert share_found(scores, groups) == expected


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_have_their_shape_and_depend_on_the_seed(name):
    X, y, groups = make(name, 120, 0)
    features = [j for group in groups for j in group]
    assert X.dtype == np.float32 and len(X) == len(y) == 120 and np.isfinite(X).all()
    assert len(set(features)) == len(features) and set(features) <= set(range(X.shape[1]))
    is_class = np.issubdtype(np.asarray(y).dtype, np.integer)
    assert is_class != PROBLEMS[name].is_regression
    again, other = make(name, 120, 0), make(name, 120, 1)
    np.testing.assert_array_equal(X, again[0])
    assert groups == again[2] != other[2]
    assert not np.array_equal(X, other[0])


def columns(name, n_samples=4000):
    """The true columns, a group after the other, and y."""
    X, y, groups = make(name, n_samples, 0)
    return [X[:, group] for group in groups], y


def test_xor_is_decided_by_both_signs_and_by_none_alone():
    (a, b), y = columns("xor")
    np.testing.assert_array_equal((a[:, 0] > 0) != (b[:, 0] > 0), y == 1)
    assert abs(np.corrcoef(a[:, 0], y)[0, 1]) < 0.06


def test_blocks_are_near_copies_that_decide_together():
    groups, y = columns("blocks")
    assert [group.shape[1] for group in groups] == [10] * 5
    assert all(np.corrcoef(group.T).min() > 0.97 for group in groups)
    together = sum(group.mean(axis=1) for group in groups)
    assert ((together > 0) == y).mean() > 0.9


def test_friedman_is_friedmans_formula():
    (a, b, c, d, e), y = columns("friedman")
    expected = 10 * np.sin(np.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e
    assert 0.9 < (y - expected[:, 0]).std() < 1.1  # the noise


@pytest.mark.parametrize("name", ["linear", "several_outputs"])
def test_linear_truth_explains_half_of_the_variance(name):
    groups, y = columns(name)
    true = np.hstack(groups)
    left = y - true @ np.linalg.lstsq(true, y, rcond=None)[0]
    np.testing.assert_allclose(left.var(axis=0) / y.var(axis=0), 0.5, atol=0.05)


def test_neighbours_correlate_before_the_columns_are_shuffled():
    X = synthetic_problems.linear(4000, np.random.default_rng(0))[0]
    assert np.corrcoef(X[:, 7], X[:, 8])[0, 1] == pytest.approx(0.7, abs=0.05)
    assert np.corrcoef(X[:, 7], X[:, 9])[0, 1] == pytest.approx(0.49, abs=0.05)


@pytest.mark.parametrize("name", ["classification", "redundant", "half_informative"])
def test_only_informative_columns_are_true(name):
    X, _, groups = make(name, 500, 0)
    assert len(groups) == (100 if name == "half_informative" else 10)
    assert all(len(group) == 1 for group in groups)
    true = [j for (j,) in groups]
    others = np.delete(X, true, axis=1)
    followers = 0 if name != "redundant" else 20
    fit = X[:, true] @ np.linalg.lstsq(X[:, true], others, rcond=None)[0]
    assert (((others - fit) ** 2).mean(axis=0) < 1e-6).sum() == followers


@pytest.mark.parametrize("problem", ["linear", "several_outputs"])
@pytest.mark.parametrize(
    "method", [pytest.param("ExtraTrees", marks=pytest.mark.slow), "L1", "F-test"]
)
def test_the_rivals_twins_find_a_linear_truth(problem, method):
    X, y, groups = make(problem, 300, 0)
    scores = synthetic.METHODS[method](X, y, len(groups), 0, "regression")
    assert share_found(scores, groups) >= 0.5


@pytest.mark.parametrize("method", synthetic.methods.OURS)
@pytest.mark.parametrize("problem", ["friedman", "several_outputs"])
@pytest.mark.slow
def test_ours_take_the_regression_problems(problem, method):
    X, y, groups = make(problem, 100, 0)
    assert synthetic.METHODS[method](X, y, len(groups), 0, "regression").shape == (X.shape[1],)


@pytest.mark.slow
def test_the_command_measures_prints_and_resumes(folder, capsys):
    command = "synthetic --problems linear blocks --sizes 100 --seeds 0 --methods F-test L1 --noise"
    main(command.split())
    first = rows_of(folder, "synthetic")
    assert len(first) == 4 and {row["status"] for row in first} == {"ok"}
    assert all(0 <= float(row["share"]) <= 1 for row in first)
    assert "5 of 30 blocks" in capsys.readouterr().out
    main(command.split())
    assert rows_of(folder, "synthetic") == first


@pytest.mark.slow
def test_a_method_over_the_limit_is_not_tried_with_other_seeds(folder, capsys):
    command = "synthetic --problems linear --sizes 100 --seeds 0 1 --methods ExtraTrees --noise"
    main([*command.split(), "--limit", "0.01"])
    assert [row["status"] for row in rows_of(folder, "synthetic")] == ["over 0.01 s"]
    assert "over 0.01 s" in capsys.readouterr().out


def test_noise_counts_what_the_selector_selects(folder, monkeypatch, capsys):
    monkeypatch.setattr(synthetic, "NOISE_SHAPE", (30, 20))
    main(["synthetic", "--problems", "--noise", "F-test", "--tables", "3"])
    rows = rows_of(folder, "synthetic_noise")
    assert len(rows) == 6
    X = np.random.default_rng(1).standard_normal((30, 20))
    for row in rows:
        if row["seed"] == "1":
            for threshold in synthetic.THRESHOLDS:
                selector = StabilitySelector(
                    synthetic.NOISE["F-test"][0], q=int(row["q"]), threshold=threshold,
                    n_pairs=synthetic.N_PAIRS, random_state=1,
                ).fit(X, np.arange(30) % 2)  # fmt: skip
                assert int(row[f"false_{threshold}"]) == selector.support_.sum()
    assert "mean false" in capsys.readouterr().out
    main(["synthetic", "--problems", "--noise", "F-test", "--tables", "3"])
    assert rows_of(folder, "synthetic_noise") == rows
