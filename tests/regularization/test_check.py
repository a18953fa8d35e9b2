# SPDX-License-Identifier: BSD-3-Clause
"""What is found wrong with a penalty before a training."""

import pytest
import torch

from sparsefs.regularization import (
    HyperSparsePenalty,
    L1Penalty,
    L2Penalty,
    Penalty,
    check_penalty,
)


class Custom:
    """Not a subclass: an object with the two methods, as given."""

    def __init__(self, gradients=None, value=None):
        self._value = value
        if gradients is not None:
            self.gradients = gradients

    def __call__(self, weights):
        return self._value(weights)


def weights():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(3, 2, generator=generator), torch.randn(4, 3, generator=generator)]


@pytest.mark.parametrize("apply", ["gradient", "loss"])
@pytest.mark.parametrize("penalty", [L1Penalty(), L2Penalty(), HyperSparsePenalty(0.3)])
def test_penalties_of_the_library_pass_and_weights_stay(penalty, apply):
    given = [weight.requires_grad_() for weight in weights()]
    check_penalty(penalty, given, apply)
    for weight, before in zip(given, weights()):
        assert torch.equal(weight, before)
        assert weight.grad is None


def test_only_the_method_that_is_used_is_needed():
    check_penalty(Custom(gradients=lambda weights: [w.sign() for w in weights]), weights())
    check_penalty(lambda weights: weights[0].square().sum(), weights(), "loss")  # of some weights


@pytest.mark.parametrize("penalty", [None, 0.1, "l1", Penalty, L1Penalty, Custom()])
def test_an_object_without_gradients_is_no_penalty(penalty):
    with pytest.raises(ValueError, match="'penalty' parameter must be"):
        check_penalty(penalty, weights())


@pytest.mark.parametrize(
    ("gradients", "message"),
    [
        (lambda ws: ws[0], "list of 2 tensors.* got Tensor"),
        (lambda ws: ws[:1], "list of 2 tensors.* got 1"),
        (lambda ws: None, "list of 2 tensors.* got NoneType"),
        (lambda ws: [w.numpy() for w in ws], "gradient 0 .* must be a tensor, got ndarray"),
        (lambda ws: [ws[0], ws[1].t()], r"gradient 1 .* shape \(4, 3\) .* got \(3, 4\)"),
        (lambda ws: [w.sum() for w in ws], r"gradient 0 .* shape \(3, 2\) .* got \(\)"),
        (lambda ws: [w > 0 for w in ws], "gradient 0 .* floating point .* got torch.bool"),
        (lambda ws: [ws[0], ws[1] / 0], "gradient 1 .* has 12 values that are not finite"),
        (lambda ws: [ws[0].sqrt(), ws[1]], "gradient 0 .* not finite"),
    ],
)
def test_wrong_gradients_are_named(gradients, message):
    with pytest.raises(ValueError, match=f"^The 'penalty' parameter: .*{message}"):
        check_penalty(Custom(gradients), weights())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda ws: 1.5, "one finite number, got 1.5"),
        (lambda ws: ws[0].abs(), "one finite number"),
        (lambda ws: ws[0].sum() / 0, "one finite number"),
        (lambda ws: ws[0].detach().sum(), "cannot be differentiated"),
        (lambda ws: (ws[1] * 0).abs().sqrt().sum(), "gradient 1 .* not finite"),
    ],
)
def test_wrong_values_are_named(value, message):
    with pytest.raises(ValueError, match=f"^The 'penalty' parameter: .*{message}"):
        check_penalty(Custom(value=value), weights(), "loss")
