# SPDX-License-Identifier: BSD-3-Clause
"""How a y becomes what a network learns, the rows held out, and the losses."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from sparsefs.data.target import Target, task_of, validation_split
from sparsefs.training.losses import LOSSES, SquaredErrorLoss


def test_classes():
    target = Target.of(["b", "a", "c", "a"], "auto")
    assert (target.task, target.n_outputs) == ("classification", 3)
    assert target.values.dtype == np.int64
    np.testing.assert_array_equal(target.values, [1, 0, 2, 0])
    np.testing.assert_array_equal(target.classes, ["a", "b", "c"])


@pytest.mark.parametrize("y", [[0, 1, 1], [False, True, True], np.array([[-3.0], [8.0], [8.0]])])
def test_two_classes_of_any_type(y):
    target = Target.of(y, "auto")
    assert (target.task, target.n_outputs) == ("classification", 2)
    np.testing.assert_array_equal(target.values, [0, 1, 1])


def test_labels():
    y = np.array([[0, 1, 1], [1, 0, 1]])
    target = Target.of(y, "auto")
    assert (target.task, target.n_outputs) == ("multilabel", 3)
    assert target.values.dtype == np.float32
    np.testing.assert_array_equal(target.values, y)
    assert Target.of([0, 1, 1], "multilabel").values.shape == (3, 1)


@pytest.mark.parametrize("weight", [None, np.array([2.0, 0.0, 1.0, 0.5])])
def test_numbers_are_standardised(weight):
    y = np.array([[1.5, 20], [1e9, -1e9], [3, 7], [-2, 1]])
    target = Target.of(y, "auto", weight)
    assert (target.task, target.n_outputs) == ("regression", 2)
    assert target.values.dtype == np.float32
    used = slice(None) if weight is None else weight > 0
    weights = None if weight is None else weight[used]
    np.testing.assert_allclose(np.average(target.values[used], 0, weights), 0, atol=1e-6)
    np.testing.assert_allclose(np.average(target.values[used] ** 2, 0, weights), 1, rtol=1e-6)
    restored = target.values[used] * target.scale + target.mean
    np.testing.assert_allclose(restored, y[used], atol=1e-6 * target.scale.max())


def test_a_target_scores_without_its_values():
    target = Target.of(np.arange(1000) % 7)
    kept = dataclasses.replace(target, values=target.values[:0])
    output = np.eye(7)[np.arange(1000) % 7]
    assert kept.score(np.arange(1000) % 7, output) == 1.0


def test_class_weights():
    target = Target.of(["a", "a", "a", "b"], "auto")
    np.testing.assert_allclose(target.weights("balanced", None), [2 / 3, 2 / 3, 2 / 3, 2])
    np.testing.assert_allclose(target.weights({"b": 5}, None), np.array([1, 1, 1, 5]) / 2)
    # The balance is that of the samples that count.
    weight = np.array([1.5, 0, 0, 0.5])
    np.testing.assert_allclose(target.weights("balanced", weight), weight)
    assert target.weights(None, weight) is weight
    np.testing.assert_array_equal(weight, [1.5, 0, 0, 0.5])
    huge = target.weights({"a": 1e308, "b": 1e308}, None)
    np.testing.assert_allclose(huge, 1)


@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    fraction=st.floats(0.05, 0.9),
    seed=st.integers(0, 9),
)
def test_held_out_rows_keep_the_shares_of_the_classes(counts, fraction, seed):
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    rows = np.arange(3, len(y) + 3)  # of a larger table, whose other rows have weight 0
    target = Target.of(np.r_[0, 0, 0, y], "auto")
    training, validation = validation_split(target, rows, fraction, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(np.r_[training, validation]), rows)
    for part in (training, validation):
        assert (np.diff(part) > 0).all()
    n_eligible = len(y) - len(counts)  # one of each class stays
    assert len(validation) == min(round(fraction * len(y)), n_eligible)
    n_training = np.bincount(target.values[training], minlength=len(counts))
    assert (n_training >= 1).all()
    if n_eligible:
        share = len(validation) / n_eligible * (np.asarray(counts) - 1)
        n_validation = np.bincount(target.values[validation], minlength=len(counts))
        assert (np.abs(n_validation - share) <= 1 + 1e-9).all()


@pytest.mark.parametrize("n", [1, 2, 3, 10, 101])
def test_held_out_rows_of_numbers(n):
    y = np.random.default_rng(0).standard_normal(max(n, 2))
    target = Target.of(y, "auto")
    splits = [
        validation_split(target, np.arange(n), 0.25, np.random.default_rng(seed))
        for seed in (0, 0, 1)
    ]
    for training, validation in splits:
        assert len(validation) == round(0.25 * n) and len(training) == n - len(validation)
    np.testing.assert_array_equal(splits[0][1], splits[1][1])
    assert n < 10 or not np.array_equal(splits[0][1], splits[2][1])


CODES = np.repeat(np.arange(40), 2)
CONTAINERS = {
    "int64": CODES,
    "list": CODES.tolist(),
    "objects": CODES.astype(object),
    "floats": CODES.astype(float),
    "Series": pd.Series(CODES),
    "nullable": pd.Series(CODES, dtype="Int64"),
    "arrow": pd.Series(CODES, dtype="int64[pyarrow]"),
    "object Series": pd.Series(CODES, dtype=object),
    "polars": pl.Series(CODES),
    "frame": pd.DataFrame({"y": pd.Series(CODES, dtype="Int64")}),
    "polars frame": pl.DataFrame({"y": CODES}),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("shift", [0, 1, 7])  # 7 to 46 are a quantity
def test_the_container_makes_no_difference(container, shift):
    y = CONTAINERS[container]
    y = [value + shift for value in y] if container == "list" else y + shift
    with warnings.catch_warnings():
        warnings.simplefilter("error" if shift < 7 else "ignore")
        target = Target.of(y)
    assert target.task == ("classification" if shift < 7 else "regression")
    if shift < 7:
        np.testing.assert_array_equal(target.classes, np.arange(40) + shift)
        np.testing.assert_array_equal(target.values, CODES)


rng = np.random.default_rng(0)
READINGS = {
    "ages": (rng.integers(20, 80, 600), "regression", True),
    "prices": (np.round(1e5 + 2e4 * rng.standard_normal(1000)).astype(int), "regression", True),
    "years": (rng.integers(1980, 2020, 500), "regression", True),
    "numbers of the rows": (np.arange(100), "regression", True),
    "many counts": (rng.geometric(0.05, 1000) - 1, "regression", True),
    "whole floats": (np.arange(100.0), "regression", True),
    "fractions": (np.arange(100) / 7, "regression", False),
    "marks": (rng.integers(3, 9, 500), "classification", False),
    "faces": (np.repeat(np.arange(1, 41), 10), "classification", False),
    "uneven codes": (np.repeat(np.arange(30), np.arange(5, 35)), "classification", True),
    "ages as text": (rng.integers(20, 80, 600).astype(str), "classification", False),
    "ages as categories": (
        pd.Series(rng.integers(20, 80, 600)).astype("category"), "classification", False,
    ),
    "booleans": (np.arange(30) % 2 == 0, "classification", False),
    "two huge labels": (pd.Series([2**53, 2**53 + 1] * 9, dtype="Int64"), "classification", False),
    "columns of numbers": (rng.standard_normal((30, 2)), "regression", False),
    "columns of labels": (rng.integers(0, 2, (30, 3)), "multilabel", False),
}  # fmt: skip


@pytest.mark.parametrize("name", READINGS)
def test_the_more_likely_reading_is_taken_and_said_where_there_are_two(name):
    y, task, warned = READINGS[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert task_of(y) == task
        assert Target.of(y).task == task
    assert len(caught) == (2 if warned else 0)
    assert all(f"task={task!r}" in str(warning.message) for warning in caught)


def test_large_labels_keep_their_digits():
    target = Target.of(pd.Series([2**53, 2**53 + 1] * 9, dtype="Int64"))
    assert target.classes.tolist() == [2**53, 2**53 + 1]


def test_counts_stay_counts_for_a_loss_that_learns_their_logarithm():
    y = np.random.default_rng(0).poisson(4, 50)
    target = Target.of(y, "regression").as_means()
    np.testing.assert_allclose(target.values.ravel(), y, atol=1e-5)
    assert target.score(y, np.log(y + 1e-9)[:, None]) == pytest.approx(1)
    with pytest.raises(ValueError, match="without negative"):
        Target.of(y - 9.0, "regression").as_means()


THEIRS = {
    "cross_entropy": lambda output, target: F.cross_entropy(output.T, target, reduction="none"),
    "binary_cross_entropy": lambda output, target: F.binary_cross_entropy_with_logits(
        output, target, reduction="none"
    ).mean(0),
    "squared_error": lambda output, target: ((output - target) ** 2).mean(0),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("size", [1.0, 50.0])
@pytest.mark.parametrize("name", [name for name in LOSSES if name != "cox"])
def test_losses_equal_torchs(name, size, weighted):
    generator = torch.Generator().manual_seed(0)
    output = size * torch.randn(4, 6, generator=generator)
    weight = torch.tensor([0.5, 3.0, 0.1, 1.0, 0.4, 1.0]) if weighted else None
    target = {
        "cross_entropy": torch.randint(4, (6,), generator=generator),
        "binary_cross_entropy": torch.randint(2, (4, 6), generator=generator).float(),
        "squared_error": torch.randn(4, 6, generator=generator),
    }[name]
    reference = output.clone().requires_grad_()
    each = THEIRS[name](reference, target)
    expected = (each if weight is None else each * weight).mean()
    expected.backward()
    kept = target.clone()
    value, grad = LOSSES[name]()(output.clone(), target, weight)
    assert isinstance(value, float)
    assert value == pytest.approx(expected.item(), rel=1e-5)
    torch.testing.assert_close(grad, reference.grad, rtol=1e-4, atol=1e-7)
    assert torch.equal(target, kept)


def test_summed_squared_error_does_not_shrink_with_the_outputs():
    generator = torch.Generator().manual_seed(0)
    output, target = (torch.randn(4, 6, generator=generator) for _ in range(2))
    weight = torch.tensor([0.5, 3.0, 0.1, 1.0, 0.4, 1.0])
    reference = output.clone().requires_grad_()
    (((reference - target) ** 2).sum(0) * weight / 2).mean().backward()
    value, grad = SquaredErrorLoss(summed=True)(output.clone(), target, weight)
    torch.testing.assert_close(grad, reference.grad)
    assert value == pytest.approx(SquaredErrorLoss()(output, target, weight)[0])


@pytest.mark.parametrize("y", [["a", 1] * 20, ("a", 1.5) * 20, [["a"], [2]] * 20])
def test_text_and_numbers_in_one_list_are_refused(y):
    with pytest.raises(ValueError, match="y mixes 20 texts with 20 other values"):
        Target.of(y)


def test_more_classes_than_a_network_can_have_outputs_for_are_refused():
    y = np.repeat(np.arange(10_001), 2)
    assert Target.of(y[2:], "auto", None).n_outputs == 10_000
    with pytest.raises(ValueError, match=r"y has 10,001 classes.*task='regression'"):
        Target.of(y, "auto", None)


def test_columns_of_y_may_share_a_name():
    labels = np.column_stack([np.arange(40) % 2, np.arange(40) % 3 == 0]).astype(int)
    target = Target.of(pd.DataFrame(labels, columns=["t", "t"]))
    np.testing.assert_array_equal(target.values, labels)


def test_whole_numbers_in_half_precision_are_read_without_a_warning(recwarn):
    assert task_of((np.arange(40) % 4).astype(np.float16)) == "classification"
    assert not recwarn.list


def test_whole_numbers_beyond_64_bits_need_to_be_text():
    with pytest.raises(ValueError, match="beyond 64 bits: pass them as text"):
        Target.of([10**30, 1] * 20)
