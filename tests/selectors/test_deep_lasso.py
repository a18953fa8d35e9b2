# SPDX-License-Identifier: BSD-3-Clause
"""What is particular to DeepLassoSelector."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import sparse

from sparsefs import DeepLassoSelector
from sparsefs.importance import Step
from sparsefs.networks import FeedForward
from sparsefs.topology import sample_positions
from sparsefs.training.input_gradients import InputGradientLasso
from sparsefs.training.losses import LOSSES, TorchLoss
from tests.selectors.common import classes, first_ten_informative, fit, quick

SIZES = [9, 7, 6, 3]


def of_each_sample(task, output, target):
    """The literal losses."""
    if task == "classification":
        return F.cross_entropy(output.t(), target, reduction="none")
    if task == "multilabel":
        return F.binary_cross_entropy_with_logits(output, target, reduction="none").mean(0)
    return (output - target).square().mean(0)


def literal(layers, x, target, weight, task):
    """Sizes of the inputs, and the gradients of loss and penalty, by autograd in float64."""
    weights = [layer.values.new_zeros(layer.shape).double() for layer in layers]
    for dense, layer in zip(weights, layers, strict=True):
        dense[layer.rows, layer.cols] = layer.values.double()
    parameters = [p.requires_grad_() for p in (*weights, *(x.bias.double() for x in layers))]
    x = x.double().requires_grad_()
    output = x
    for i in range(len(layers)):
        output = parameters[i] @ (output.relu() if i else output) + parameters[len(layers) + i]
    target = target if target.dtype == torch.int64 else target.double()
    each = of_each_sample(task, output, target)
    weight = torch.ones_like(each) if weight is None else weight.double()
    (derivative,) = torch.autograd.grad(each.sum(), x, create_graph=True)
    sizes = (derivative.square() * weight).mean(1).sqrt()
    of_loss = torch.autograd.grad((each * weight).mean(), parameters, retain_graph=True)
    of_penalty = torch.autograd.grad(sizes.sum(), parameters, materialize_grads=True)
    return sizes.detach(), of_loss, of_penalty


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("kernel", "density"), [("masked", 1.0), ("masked", 0.6), ("csr", 0.6)])
# Of Cox's loss, the samples of a batch depend on each other: see test_survival.py.
@pytest.mark.parametrize("name", [*(name for name in LOSSES if name != "cox"), "torch"])
def test_the_closed_form_is_autograd_twice(name, kernel, density, weighted):
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    task = {"cross_entropy": "classification", "binary_cross_entropy": "multilabel"}.get(name, "")
    pairs = list(pairwise(SIZES))
    positions = [sample_positions((n_out, n_in), density, rng) for n_in, n_out in pairs]
    activations = ["relu", "relu", "identity"]
    network = FeedForward.from_positions(SIZES, positions, activations, rng=rng, kernel=kernel)
    x = torch.randn(9, 20, generator=generator)
    shape = (20,) if task == "classification" else (3, 20)
    target = torch.randint(0, 2, shape, generator=generator)
    target = target if task == "classification" else target.float()
    weight = torch.rand(20, generator=generator) + 0.1 if weighted else None
    loss = TorchLoss(torch.nn.MSELoss(), weighted) if name == "torch" else LOSSES[name]()
    watched = [(x, target, weight)]

    class Watched(list):
        n_samples = 20

    lasso = InputGradientLasso(0.7, Watched(watched), loss)
    sizes, of_loss, of_penalty = literal(network.layers, x, target, weight, task)
    _, grad = loss(network.forward(x), target, weight)
    gradients = network.backward(grad)
    lasso.add_gradients(network, gradients, Step(1, 0, x, target, weight, loss))
    expected = [a + 0.7 * b for a, b in zip(of_loss, of_penalty, strict=True)]
    for i, layer in enumerate(network.layers):
        assert of_penalty[i].abs().max() > 0.01
        at = torch.from_numpy(layer.rows).long(), torch.from_numpy(layer.cols).long()
        exists = torch.ones(len(layer.rows)) if layer.exists is None else layer.exists
        wanted = expected[i][at] * torch.as_tensor(exists)
        torch.testing.assert_close(gradients[i][0].double(), wanted, rtol=1e-4, atol=2e-6)
        bias = gradients[i][1].double()
        torch.testing.assert_close(bias, expected[3 + i], rtol=1e-4, atol=2e-6)
    np.testing.assert_allclose(lasso.scores(network), sizes, rtol=1e-5)


def test_a_step_and_the_scores_are_the_literal_ones(wide):
    y = classes(wide)
    setting = {"max_iter": 1, "batch_size": 60, "alpha": 0.0, "lasso": 0.5, "scaling": "feature"}

    def layers_of(rate):
        selector = quick(DeepLassoSelector, learning_rate_init=rate, **setting).fit(wide, y)
        return selector, [layer_of(selector.network_, i) for i in range(2)]

    (still, before), (_, after) = layers_of(1e-30), layers_of(0.01)
    columns = still.network_.columns
    x = wide[:, columns].astype(float)
    x = torch.from_numpy(((x - x.mean(0)) / x.std(0)).T.astype("f4"))
    sizes, of_loss, of_penalty = literal(before, x, torch.from_numpy(y), None, "classification")
    np.testing.assert_allclose(still.scores_[columns], sizes, rtol=1e-4)
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        gradient = (of_loss[i] + 0.5 * of_penalty[i]).ravel()
        clear = gradient.abs() > 1e-4  # Adam's first step is the sign of the gradient
        assert clear.float().mean() > 0.5
        assert (gradient.sign() != of_loss[i].ravel().sign())[clear].any()
        moved = (new.values - old.values)[clear].double()
        torch.testing.assert_close(moved, -0.01 * gradient.sign()[clear], rtol=1e-3, atol=1e-6)


def layer_of(network, i):
    weights = np.asarray(network.weights[i])
    rows, cols = np.indices(weights.shape).reshape(2, -1)
    return SimpleNamespace(
        shape=weights.shape,
        rows=rows,
        cols=cols,
        values=torch.from_numpy(weights.ravel().copy()),
        bias=torch.from_numpy(network.biases[i].copy()).view(-1, 1),
    )


@pytest.mark.parametrize("setting", [{}, {"early_stopping": True}, {"density": 0.3}])
def test_informative_features_are_found(setting):
    for seed in range(3):
        X, y = first_ten_informative(seed)
        selector = DeepLassoSelector(K=10, random_state=seed, device="cpu", **setting).fit(X, y)
        assert selector.support_[:10].sum() >= 8


def test_numbers_and_labels_have_features_too():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 30))
    y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2] + X[:, 3]])
    for target in (y, y > 0):
        selector = DeepLassoSelector(K=4, random_state=0, device="cpu").fit(X, target)
        assert set(selector.get_support(indices=True)) == {0, 1, 2, 3}


def test_the_penalty_takes_the_influence_of_noise():
    X, y = first_ten_informative(0)
    setting = {"K": 10, "random_state": 0, "device": "cpu"}
    shares = []
    for lasso in (0.0, 0.1, 0.5):
        scores = DeepLassoSelector(lasso=lasso, **setting).fit(X, y).scores_
        shares.append(np.median(scores[10:]) / np.median(scores[:10]))
    assert shares[2] < shares[1] < shares[0]


def test_early_stopping_scores_on_the_held_out_samples(wide):
    rng = np.random.default_rng(0)
    y = rng.permutation(classes(wide))
    stopping = quick(DeepLassoSelector, early_stopping=True).fit(wide, y)
    assert len(stopping.history_["validation_loss"]) == stopping.n_iter_
    assert "validation_loss" not in quick(DeepLassoSelector).fit(wide, y).history_


@pytest.mark.parametrize("early_stopping", [False, True])
def test_csr_and_float64_give_the_same(early_stopping, wide):
    selector = quick(DeepLassoSelector, early_stopping=early_stopping, lasso=0.3, max_iter=10)
    X = np.where(np.abs(wide) > 1, wide, 0).astype("f4")
    y, weight = classes(X), np.linspace(0.5, 2, 60)
    dense = selector.fit(X, y, sample_weight=weight).scores_
    for other in (sparse.csr_array(X), X.astype(float)):
        found = selector.fit(other, y, sample_weight=weight).scores_
        np.testing.assert_allclose(found, dense, rtol=1e-3)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_weight_that_single_precision_rounds_to_0_does_not_count(early_stopping, wide):
    y, tiny = classes(wide), np.r_[np.full(20, 1e-60), np.ones(40)]
    selector = quick(DeepLassoSelector, early_stopping=early_stopping, batch_size=60)
    assert np.isfinite(fit(selector, wide, y, sample_weight=tiny).scores_).all()


def test_batches_of_any_size_have_the_same_penalty():
    """The root mean square of a batch does not shrink with the batch."""
    X, y = first_ten_informative(0)
    setting = {"lasso": 0.5, "max_iter": 30, "random_state": 0, "device": "cpu"}
    found = [
        DeepLassoSelector(batch_size=n, **setting).fit(X, y).scores_[10:].mean() for n in (50, 100)
    ]
    none = DeepLassoSelector(**{**setting, "lasso": 0.0}).fit(X, y).scores_[10:].mean()
    assert max(found) < 0.75 * none
    assert 0.6 < found[0] / found[1] < 1.6
