# SPDX-License-Identifier: BSD-3-Clause
"""
Writing a selector: Deep Lasso
==============================

A selector is a class with parameters and a ``_train`` method. The base class does the rest: it
checks the data, chooses K, keeps the fitted attributes, and passes scikit-learn's checks. This
one is Deep Lasso (Cherepanova et al., NeurIPS 2023). It trains a dense network of torch with a
group lasso on the gradient of the loss at the inputs, and scores a feature by the norm of that
gradient.
"""

from itertools import pairwise
from numbers import Real
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.utils._param_validation import Interval, StrOptions

from sparsefs.selectors.base import BaseSelector, FitResult
from sparsefs.training.batches import Batches
from sparsefs.training.scaling import Scaling

# %%
# The selector
# ------------
# Parameters, what they may be, and ``_train``. :doc:`/extending` says what the
# base class passes and expects.


class DeepLassoSelector(BaseSelector):
    """Supervised feature selection with Deep Lasso.

    Parameters
    ----------
    K : int, float, "auto" or CrossValidatedK, default=50
    lasso : float, default=0.1
        Weight of the penalty: the sum over the features of the norm of the gradient at them.
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSelector._parameter_constraints,
        **BaseSelector._supervised_constraints,
        "lasso": [Interval(Real, 0, None, closed="left")],
        "scaling": [StrOptions({"auto", "feature", "global"})],
    }
    _score_label = "norm of the gradient at the feature"

    def __init__(
        self,
        K=50,
        *,
        lasso=0.1,
        hidden_layer_sizes=(64, 64),
        max_iter=50,
        batch_size=64,
        learning_rate_init=0.002,
        scaling="auto",
        task="auto",
        loss="auto",
        class_weight=None,
        n_jobs=None,
        device="auto",
        verbose=False,
        random_state=None,
    ):
        self.K = K
        self.lasso = lasso
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.scaling = scaling
        self.task = task
        self.loss = loss
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def _learns_y(self):
        return True

    def _train(self, data, rng, device, progress):
        scaling = Scaling(
            data.X, self._scaling_of(data), data.sample_weight, data.summary
        )
        batches = Batches(
            data.X,
            scaling,
            self.batch_size,
            rng,
            device,
            data.sample_weight,
            data.target.values,
        )
        sizes = [data.X.shape[1], *self._hidden_sizes(), data.target.n_outputs]
        model = _perceptron(sizes, rng).to(device)
        optimizer = torch.optim.Adam(
            model.parameters(), self.learning_rate_init
        )

        def gradient_of(x, target, weight, keep_graph):
            """The loss of a batch, and its gradient at the inputs."""
            inputs = x.t().clone().requires_grad_()
            each = _LOSSES[data.target.task](model(inputs), target.t())
            loss = (each if weight is None else each * weight).mean()
            return loss, torch.autograd.grad(
                loss, inputs, create_graph=keep_graph
            )[0]

        def scores():
            squares = [
                gradient_of(*batch, False)[1].square().sum(0)
                for batch in batches
            ]
            return torch.stack(squares).sum(0).sqrt().cpu().numpy()

        progress.snapshot = lambda: FitResult(scores())
        history = []
        for _ in progress:
            losses = []
            for batch in batches:
                loss, gradient = gradient_of(*batch, True)
                optimizer.zero_grad()
                (loss + self.lasso * gradient.norm(dim=0).sum()).backward()
                optimizer.step()
                losses.append(loss.item())
            history.append(np.mean(losses))
            if not np.isfinite(history[-1]):
                raise FloatingPointError("The loss became infinite or NaN.")
        return FitResult(scores(), {"loss": np.array(history)})


def _perceptron(sizes, rng):
    """A dense network whose weights are drawn by `rng`: torch's global state stays as it is."""
    layers = []
    for n_in, n_out in pairwise(sizes):
        layer = torch.nn.utils.skip_init(torch.nn.Linear, n_in, n_out)
        weights = rng.standard_normal(
            (n_out, n_in), dtype=np.float32
        ) * np.sqrt(2 / n_in)
        layer.weight.data.copy_(torch.from_numpy(weights))
        layer.bias.data.zero_()
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


_LOSSES = {  # of every sample
    "classification": lambda output, target: F.cross_entropy(
        output, target, reduction="none"
    ),
    "multilabel": lambda output, target: F.binary_cross_entropy_with_logits(
        output, target, reduction="none"
    ).mean(1),
    "regression": lambda output, target: (output - target).square().mean(1),
}


# %%
# Six of 40 columns decide the class
# ----------------------------------
# The base class adds what a scikit-learn transformer has: pipelines, grid
# searches, names, sample weights, and ``K="auto"``.


def main():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 40))
    y = X[:, :6].sum(axis=1) > 0
    selector = DeepLassoSelector(K=6, random_state=0).fit(X, y)
    selected = selector.get_support(indices=True)
    print("selected:", selected, "(informative: 0 to 5)")


if __name__ == "__main__":
    main()
