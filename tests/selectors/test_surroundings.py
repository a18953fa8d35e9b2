# SPDX-License-Identifier: BSD-3-Clause
"""What the caller has set up around a fit neither changes its result nor is changed by it."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn import config_context

from tests.selectors.common import (
    SELECTORS,
    classes,
    every_selector,
    every_supervised,
    fit,
    needs_y,
    quick,
)


@contextmanager
def changed(change, value, before):
    change(value)
    try:
        yield
    finally:
        change(before)


AROUND = {
    "device": lambda: torch.device("meta"),
    "default device": lambda: changed(torch.set_default_device, "meta", None),
    "float64": lambda: changed(torch.set_default_dtype, torch.float64, torch.float32),
    "bfloat16": lambda: changed(torch.set_default_dtype, torch.bfloat16, torch.float32),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "autocast and device": lambda: _both(torch.autocast("cpu"), torch.device("meta")),
    "inference mode": torch.inference_mode,
    "no grad": torch.no_grad,
    "deterministic": lambda: changed(torch.use_deterministic_algorithms, True, False),
    "anomaly": torch.autograd.detect_anomaly,
    "numpy raises": lambda: np.errstate(all="raise"),
}
around = pytest.mark.parametrize("setting", AROUND)


@contextmanager
def _both(one, other):
    with one, other:
        yield


def _state():
    return (
        torch.empty(0).device,
        torch.get_default_dtype(),
        torch.is_autocast_enabled("cpu"),
        torch.get_autocast_dtype("cpu"),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_anomaly_enabled(),
        np.geterr(),
    )


@every_selector
@around
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_settings_around_a_fit_do_not_matter_and_stay(Selector, setting, wide):
    wide[np.abs(wide) < 0.5] = 0
    # In float32 and, because of the size, in float64.
    for X in (wide, sparse.csr_matrix(wide), wide * 1e30, sparse.csr_matrix(wide * 1e30)):
        expected = fit(quick(Selector), X)
        with AROUND[setting]():
            before = _state()
            got = fit(quick(Selector), X)
            score = got.score(X, classes(X)) if hasattr(got, "score") else None
            selected = got.transform(X)
            assert _state() == before
        np.testing.assert_array_equal(got.scores_, expected.scores_)
        assert (selected != expected.transform(X)).sum() == 0
        if score is not None:
            assert score == expected.score(X, classes(X))


PARTS = [
    ("HyperSparseSelector", {"apply": "loss"}),
    ("GradualPruningSelector", {"supervised": False}),
    *((S.__name__, {"loss": torch.nn.CrossEntropyLoss()}) for S in SELECTORS if needs_y(S)),
    ("NeuronAttributionSelector", {"K": "auto"}),
    ("WASTSelector", {"K": "auto", "kernel": "csr"}),
]


@around
@pytest.mark.parametrize(("name", "parts"), PARTS)
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_nor_do_they_for_parts_that_differentiate_or_fit_again(name, parts, setting, wide):
    (Selector,) = [S for S in SELECTORS if S.__name__ == name]
    y = classes(wide)
    expected = quick(Selector, **parts).fit(wide, y)
    with AROUND[setting]():
        got = quick(Selector, **parts).fit(wide, y)
    np.testing.assert_array_equal(got.scores_, expected.scores_)
    np.testing.assert_array_equal(got.support_, expected.support_)


def _absolute_error(output, target, sample_weight=None):
    """Makes tensors without naming their type."""
    ones = torch.ones(output.shape)
    error = (output - target) * ones
    return float(error.abs().mean()), error.sign() * ones / error.numel()


@every_supervised
@pytest.mark.parametrize("setting", ["default device", "float64", "autocast"])
def test_a_loss_of_your_own_need_not_know_the_settings(Selector, setting, wide):
    y = wide[:, 0] - wide[:, 5]
    expected = quick(Selector, loss=_absolute_error).fit(wide, y)
    with AROUND[setting]():
        got = quick(Selector, loss=_absolute_error).fit(wide, y)
    np.testing.assert_allclose(got.scores_, expected.scores_, rtol=1e-4)


@every_selector
def test_a_fit_that_fails_leaves_the_settings_as_they_were(Selector, wide):
    with AROUND["autocast and device"](), np.errstate(all="raise"):
        before = _state()
        with pytest.raises(FloatingPointError, match="learning_rate_init"):
            fit(quick(Selector, learning_rate_init=1e30, max_iter=20), wide)
        assert _state() == before


def tensors(X):
    yield torch.from_numpy(X)
    yield torch.from_numpy(X).requires_grad_()
    yield torch.nn.Parameter(torch.from_numpy(X))
    yield torch.from_numpy(-X)._neg_view()
    yield torch.from_numpy(X.astype(np.float64))


@every_selector
@pytest.mark.parametrize("dispatch", [False, True])
def test_tensors_are_read_as_arrays(Selector, dispatch, wide):
    y, weight = classes(wide), np.linspace(0.5, 1.5, 60)
    expected = quick(Selector).fit(wide, y, sample_weight=weight)
    with config_context(array_api_dispatch=dispatch):
        for X in tensors(wide):
            got = quick(Selector).fit(X, torch.from_numpy(y), torch.from_numpy(weight))
            np.testing.assert_allclose(got.scores_, expected.scores_, rtol=1e-5)
            selected = got.transform(X)
            assert type(selected) is np.ndarray
            np.testing.assert_array_equal(selected, expected.transform(wide))
            if hasattr(got, "score"):
                score = got.score(X, torch.from_numpy(y), torch.from_numpy(weight))
                assert score == pytest.approx(expected.score(wide, y, weight), rel=1e-5)
        rounded = torch.from_numpy(wide).bfloat16()
        from_array = quick(Selector).fit(rounded.float().numpy(), y)
        np.testing.assert_array_equal(quick(Selector).fit(rounded, y).scores_, from_array.scores_)


@pytest.mark.parametrize(
    "X", [torch.empty(9, 2, device="meta"), torch.ones(9, 2).to_sparse(), torch.ones(9, 2) * 1j]
)
def test_tensors_that_are_no_arrays_are_refused(X):
    with pytest.raises((TypeError, ValueError), match="Pass a dense tensor|complex"):
        quick(SELECTORS[-1]).fit(X)
