# SPDX-License-Identifier: BSD-3-Clause
"""The bounds on false selections: against figures by hand, and against what is possible at most."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from sparsefs.meta.error_control import error_control, pfer_bound


def control(q=None, threshold=None, pfer=None, p=1000, n_pairs=50, bound="worst_case"):
    return error_control(q, threshold, pfer, n_features=p, n_pairs=n_pairs, bound=bound)


def test_the_bound_by_hand():
    # q^2 / ((2 * threshold - 1) * p)
    assert control(q=10, threshold=0.6) == (10, 0.6, pytest.approx(100 / (0.2 * 1000)))
    assert control(q=20, threshold=0.75) == (20, 0.75, pytest.approx(400 / (0.5 * 1000)))
    assert control(q=20, threshold=1.0).pfer == pytest.approx(0.4)


def test_the_unimodal_bound_by_hand():
    # 1 / (2 * (2 * 0.7 - 1 - 1 / 100)) times q^2 / p
    low = control(q=20, threshold=0.7, bound="unimodal").pfer
    assert low == pytest.approx(0.4 / (2 * 0.39))
    # 4 * (1 - 0.9 + 1 / 100) / (1 + 1 / 50) times q^2 / p
    high = control(q=20, threshold=0.9, bound="unimodal").pfer
    assert high == pytest.approx(0.4 * 4 * 0.11 / 1.02)


@pytest.mark.parametrize(
    ("given_two", "third"),
    [
        ({"q": 10, "threshold": 0.6}, ("pfer", 0.5)),
        ({"q": 10, "pfer": 0.5}, ("threshold", 0.6)),
        ({"threshold": 0.6, "pfer": 0.5}, ("q", 10)),
    ],
)
def test_two_decide_the_third(given_two, third):
    assert getattr(control(**given_two), third[0]) == pytest.approx(third[1])


def test_what_is_left_open():
    assert control() == control(threshold=0.75, pfer=1)
    assert control().q == 22  # sqrt(0.5 * 1000)
    assert control(q=7) == control(q=7, threshold=0.75)
    assert control(pfer=3) == control(threshold=0.75, pfer=3)
    assert control(threshold=0.9) == control(threshold=0.9, pfer=1)


def test_thresholds_are_frequencies_there_can_be():
    assert control(q=5, threshold=0.75, n_pairs=25).threshold == 38 / 50
    assert control(q=5, threshold=0.501, n_pairs=10).threshold == 11 / 20
    assert control(q=5, threshold=0.5 + 1e-12, n_pairs=10).threshold == 11 / 20
    assert control(q=5, threshold=0.6, n_pairs=50).threshold == 0.6
    assert control(q=5, threshold=0.9, n_pairs=1).threshold == 1


@given(
    p=st.integers(1, 400),
    n_pairs=st.integers(1, 60),
    threshold=st.floats(0.5, 1, exclude_min=True),
    pfer=st.floats(0.01, 50),
    bound=st.sampled_from(["worst_case", "unimodal"]),
)
def test_what_is_found_keeps_the_bound_and_nothing_better_does(p, n_pairs, threshold, pfer, bound):
    settings = {"p": p, "n_pairs": n_pairs, "bound": bound}
    try:
        found = control(threshold=threshold, pfer=pfer, **settings)
    except ValueError:
        assert control(q=1, threshold=threshold, **settings).pfer > pfer
        return
    assert 1 <= found.q <= p
    assert found.pfer == control(q=found.q, threshold=found.threshold, **settings).pfer <= pfer
    if found.q < p:
        assert control(q=found.q + 1, threshold=threshold, **settings).pfer > pfer
    # From q and pfer back to a threshold that is no higher.
    back = control(q=found.q, pfer=pfer, **settings)
    assert back.threshold <= found.threshold
    assert back.pfer <= pfer


@pytest.mark.parametrize("n_pairs", [4, 7, 10])
@pytest.mark.parametrize("theta", [0.1, 0.3, 0.5])
def test_no_unimodal_distribution_exceeds_its_bound(n_pairs, theta):
    """The most likely a feature is selected, by linear programming over all distributions.

    The share of pairs of which both halves take it, a multiple of 1 / n_pairs, has mean
    theta^2 at most, and is 2 * threshold - 1 at least where the feature is selected.
    """
    p = 1000
    values = np.arange(n_pairs + 1) / n_pairs
    intervals = [(a, b) for a in range(n_pairs + 1) for b in range(a, n_pairs + 1)]
    # A unimodal distribution is a mixture of uniform ones on intervals that contain the mode.
    uniform = np.array([(np.arange(n_pairs + 1) >= a) & (np.arange(n_pairs + 1) <= b)
                        for a, b in intervals]).astype(float)  # fmt: skip
    uniform /= uniform.sum(axis=1, keepdims=True)
    q = int(theta * p)
    for n_times in range(n_pairs + 1, 2 * n_pairs + 1):
        selected = values >= (n_times - n_pairs) / n_pairs - 1e-12
        worst = 0.0
        for mode in range(n_pairs + 1):
            these = uniform[[a <= mode <= b for a, b in intervals]]
            result = linprog(
                -these @ selected,
                A_ub=(these @ values)[None],
                b_ub=[theta**2],
                A_eq=np.ones((1, len(these))),
                b_eq=[1],
            )
            if result.success:
                worst = max(worst, -result.fun)
        assert pfer_bound(q, n_times, p, n_pairs, "unimodal") >= p * worst * (1 - 1e-7)
        assert pfer_bound(q, n_times, p, n_pairs, "worst_case") >= p * worst * (1 - 1e-7)


def test_the_unimodal_bound_is_never_the_looser_one():
    q, n_times = np.meshgrid(np.arange(1, 101), np.arange(51, 101))
    worst = pfer_bound(q, n_times, 100, 50, "worst_case")
    unimodal = pfer_bound(q, n_times, 100, 50, "unimodal")
    assert (unimodal <= worst).all()
    assert (unimodal[:, 70:] == worst[:, 70:]).all()  # beyond 1 / sqrt(3) it does not hold
    assert (unimodal[20:, :20] < 0.8 * worst[20:, :20]).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"q": 5, "threshold": 0.6, "pfer": 1.0}, ["'q'", "'threshold'", "'pfer'", "None"]),
        ({"q": 30, "pfer": 0.1, "p": 100}, ["pfer=0.1", "q=30", "n_features=100", "9"]),
        ({"pfer": 0.001, "p": 10}, ["pfer=0.001", "threshold=0.75", "n_features=10", "0.2"]),
        ({"p": 1}, ["pfer=1", "n_features=1"]),
        ({"q": 11, "p": 10}, ["q=11", "n_features=10"]),
    ],
)
def test_what_cannot_be_kept_is_refused(arguments, words):
    with pytest.raises(ValueError, match="q|pfer") as error:
        control(**arguments)
    assert all(word in str(error.value) for word in words)
