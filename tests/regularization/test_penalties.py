import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sparsefs.regularization import HyperSparsePenalty, L1Penalty, L2Penalty
from sparsefs.regularization.magnitudes import order_statistic

SHAPES = [[(7,)], [(5, 4), (3,)], [(8, 3, 3, 3), (6, 8), (2, 6)], [(30, 20), (0, 4), ()]]
DENSITIES = [0.02, 0.1, 0.5, 1.0]
PENALTIES = [HyperSparsePenalty(0.1), L1Penalty(), L2Penalty()]


def random_weights(shapes, seed, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]


def as_leaves(weights):
    return [weight.clone().requires_grad_() for weight in weights]


def flat(tensors):
    return np.concatenate([tensor.detach().double().numpy().ravel() for tensor in tensors])


def literal_gradient(w, density):
    """The paper's formula, written out."""
    magnitudes = np.abs(w)
    s = np.arctanh(1 / np.sqrt(3)) / np.sort(magnitudes)[math.floor((1 - density) * len(w) + 1e-9)]
    with np.errstate(over="ignore"):
        slope = s / np.cosh(s * magnitudes) ** 2
    return np.sign(w) * slope * magnitudes.sum() / np.tanh(s * magnitudes).sum()


def literal_loss(weights, density):
    """The paper's loss, with a sort and one long vector."""
    magnitudes = torch.cat([weight.reshape(-1) for weight in weights]).abs()
    ordered = magnitudes.detach().sort().values
    s = math.atanh(1 / math.sqrt(3)) / ordered[math.floor((1 - density) * len(ordered) + 1e-9)]
    bounded = torch.tanh(s * magnitudes).sum()
    return (magnitudes * bounded / bounded.detach() - magnitudes).sum()


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("seed", [0, 1])
def test_hypersparse_gradient_is_the_papers(shapes, density, seed):
    weights = random_weights(shapes, seed)
    gradients = HyperSparsePenalty(density).gradients(weights)
    np.testing.assert_allclose(
        flat(gradients), literal_gradient(flat(weights), density), atol=1e-12
    )


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("density", DENSITIES)
def test_hypersparse_loss_passes_the_gradient_of_the_papers_loss(shapes, density):
    ours, theirs = (as_leaves(random_weights(shapes, 3)) for _ in range(2))
    HyperSparsePenalty(density)(ours).backward()
    literal_loss(theirs, density).backward()
    np.testing.assert_allclose(
        flat([weight.grad for weight in ours]),
        flat([weight.grad for weight in theirs]),
        atol=1e-12,
    )


@pytest.mark.parametrize("penalty", PENALTIES, ids=lambda penalty: type(penalty).__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_closed_form_and_autograd_agree(penalty, dtype):
    leaves = as_leaves(random_weights(SHAPES[2], 4, dtype))
    penalty(leaves).backward()
    gradients = penalty.gradients(leaves)
    for leaf, gradient in zip(leaves, gradients):
        assert gradient.dtype == dtype and gradient.shape == leaf.shape
        assert not gradient.requires_grad
        torch.testing.assert_close(gradient, leaf.grad)


@settings(deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.integers(1, 60),
        elements=st.one_of(
            st.floats(-(2.0**100), 2.0**100, width=32),
            st.sampled_from([0.0, 1.0, -1.0, 2.0**-140, 2.0**-100]),
        ),
    ),
    st.floats(0.001, 1),
)
def test_whatever_the_weights_all_is_finite_and_the_two_ways_agree(array, density):
    leaf = torch.from_numpy(array).requires_grad_()
    penalty = HyperSparsePenalty(density)
    value = penalty([leaf])
    value.backward()
    (gradient,) = penalty.gradients([leaf])
    assert value == 0
    assert torch.isfinite(gradient).all()
    scale = max(1.0, gradient.abs().max().item())
    torch.testing.assert_close(gradient, leaf.grad, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("density", DENSITIES)
def test_equal_weights_share_one_gradient(density):
    # s * |w| = artanh(1 / sqrt(3)): sech^2 is 2/3, tanh 1/sqrt(3).
    s = math.atanh(1 / math.sqrt(3)) / 0.2
    (gradient,) = HyperSparsePenalty(density).gradients([torch.full((10,), -0.2)])
    torch.testing.assert_close(gradient, torch.full((10,), -s * 2 / 3 * 0.2 * math.sqrt(3)))


def test_one_weight():
    (gradient,) = HyperSparsePenalty(0.5).gradients([torch.tensor(5.0)])
    expected = math.atanh(1 / math.sqrt(3)) * 2 / 3 * math.sqrt(3)
    torch.testing.assert_close(gradient, torch.tensor(expected))


@pytest.mark.parametrize("weight", [torch.zeros(10), torch.tensor([0.0] * 9 + [1.0])])
def test_a_quantile_of_zero_leaves_nothing_to_do(weight):
    leaf = weight.requires_grad_()
    penalty = HyperSparsePenalty(0.5)
    penalty([leaf]).backward()
    assert not leaf.grad.any()
    assert not penalty.gradients([leaf])[0].any()


def test_zero_weights_have_no_gradient_beside_others():
    (gradient,) = HyperSparsePenalty(0.5).gradients([torch.tensor([0.0, 1.0, -2.0, 3.0])])
    assert gradient[0] == 0 and gradient[1] > 0 > gradient[2]


def test_small_weights_are_pulled_and_large_ones_left():
    gradients = HyperSparsePenalty(0.1).gradients([torch.linspace(0.01, 1, 100) ** 4])[0]
    assert (gradients[:50] > 1).all()
    assert gradients[0] == gradients.max()
    outlier = HyperSparsePenalty(0.1).gradients([torch.tensor([0.1] * 99 + [1e6])])[0][-1]
    assert outlier == 0


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize(("density", "below"), [(0.1, 0.9), (0.3, 0.7), (0.07, 0.93), (1.0, 0.0)])
def test_quantile_against_a_sort(shapes, density, below):
    weights = random_weights(shapes, 5, torch.float32)
    ordered = np.sort(np.abs(flat(weights)))
    index = math.floor(round(below * len(ordered), 9))
    assert HyperSparsePenalty(density).quantile(weights) == ordered[index]


@pytest.mark.parametrize(("density", "n", "below"), [(0.1, 10, 9), (0.07, 100, 93), (0.3, 10, 7)])
def test_quantile_is_free_of_rounding_errors(density, n, below):
    assert HyperSparsePenalty(density).quantile([torch.arange(n, dtype=torch.float32)]) == below


@given(
    hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-9, 9, width=32)),
    st.data(),
)
def test_order_statistic_against_a_sort(array, data):
    k = data.draw(st.integers(0, len(array) - 1))
    cut = data.draw(st.integers(0, len(array)))
    before = array.copy()
    weights = [torch.from_numpy(array[:cut]), torch.from_numpy(array[cut:])]
    assert order_statistic(weights, k) == np.sort(np.abs(array))[k]
    np.testing.assert_array_equal(array, before)


def test_order_statistic_of_mixed_types_and_layouts():
    weights = [
        torch.arange(12.0).reshape(3, 4).t(),
        torch.tensor([0.25], dtype=torch.float64),
        torch.ones(1, 2, 2, 2).contiguous(memory_format=torch.channels_last),
    ]
    ordered = np.sort(flat(weights))
    assert [order_statistic(weights, k) for k in range(len(ordered))] == list(ordered)


def test_values_of_l1_and_l2():
    weights = random_weights(SHAPES[2], 6)
    w = flat(weights)
    assert L1Penalty()(weights).item() == pytest.approx(np.abs(w).sum())
    assert L2Penalty()(weights).item() == pytest.approx((w**2).sum() / 2)


@pytest.mark.parametrize("penalty", PENALTIES, ids=lambda penalty: type(penalty).__name__)
def test_weights_and_their_gradients_are_left_alone(penalty):
    leaves = as_leaves(random_weights(SHAPES[1], 7))
    before = flat(leaves)
    penalty(iter(leaves))
    for gradient in penalty.gradients(iter(leaves)):
        gradient.zero_()
    np.testing.assert_array_equal(flat(leaves), before)
    assert all(leaf.grad is None for leaf in leaves)


@pytest.mark.parametrize("density", [0, -0.1, 1.5, math.nan, True, "0.5", None])
def test_density_is_checked(density):
    with pytest.raises(ValueError, match="density must be"):
        HyperSparsePenalty(density)


@pytest.mark.parametrize("weights", [[], [torch.zeros(0)], [torch.arange(3)], [np.ones(3)]])
def test_weights_are_checked(weights):
    for use in (L1Penalty(), L1Penalty().gradients, HyperSparsePenalty(0.5).quantile):
        with pytest.raises(ValueError, match="weights must"):
            use(weights)
