# SPDX-License-Identifier: BSD-3-Clause
"""
Writing a selector: a lasso on the first layer
==============================================

A selector is a class with parameters and a ``_train`` method. The base class does the rest: it
checks the data, chooses K, keeps the fitted attributes, and passes scikit-learn's checks. This
one trains a dense network of torch with a group lasso on the weights of each feature, and scores a
feature by the norm of these weights.
"""

from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions

from sparsefs.selectors.base import BaseSelector, FitResult
from sparsefs.training.batches import Batches
from sparsefs.training.scaling import Scaling

# %%
# The selector
# ------------
# Parameters, what they may be, and ``_train``. :doc:`/extending` says what the
# base class passes and expects.


@dataclass(eq=False, repr=False)
class FirstLayerLassoSelector(BaseSelector):
    """Supervised feature selection with a group lasso on the first layer.

    Parameters
    ----------
    K : int, float, "auto" or CrossValidatedK, default=50
    lasso : float, default=0.03
        Weight of the penalty: the sum over the features of the norm of their weights.
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSelector._parameter_constraints,
        **BaseSelector._supervised_constraints,
        "lasso": [Interval(Real, 0, None, closed="left")],
        "scaling": [StrOptions({"auto", "feature", "global"})],
    }
    _score_label = "norm of the weights of the feature"

    K: Any = 50
    _: KW_ONLY
    lasso: float = 0.03
    hidden_layer_sizes: Any = (64, 64)
    max_iter: int = 50
    batch_size: int = 64
    learning_rate_init: float = 0.002
    scaling: str = "auto"
    task: str = "auto"
    loss: Any = "auto"
    class_weight: Any = None
    n_jobs: Any = None
    device: str = "auto"
    verbose: int = False
    random_state: Any = None

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
        loss = self._loss(data)

        def sizes_of_features():
            return model[0].weight.norm(dim=0)

        def result(**further):
            scores = sizes_of_features().detach().cpu().numpy()
            return FitResult(scores, **further)

        progress.snapshot, history = result, []
        for _ in progress:
            losses = []
            for x, target, weight in batches:
                output = model(x.t()).t()
                # The library's losses return their value and their gradient.
                value, gradient = loss(output.detach().clone(), target, weight)
                penalty = self.lasso * sizes_of_features().sum()
                optimizer.zero_grad()
                torch.autograd.backward([output, penalty], [gradient, None])
                optimizer.step()
                losses.append(float(value))
            history.append(np.mean(losses))
            if not np.isfinite(history[-1]):
                raise FloatingPointError("The loss became infinite or NaN.")
        return result(history={"loss": np.array(history)})


def _perceptron(sizes, rng):
    """A dense network whose weights are drawn by `rng`: torch's global state stays as it is."""
    layers = []
    for n_in, n_out in pairwise(sizes):
        layer = torch.nn.utils.skip_init(torch.nn.Linear, n_in, n_out)
        weights = rng.normal(0, np.sqrt(2 / n_in), (n_out, n_in))
        layer.weight.data.copy_(torch.from_numpy(weights))
        layer.bias.data.zero_()
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


# %%
# Six of 40 columns decide the class
# ----------------------------------
# The base class adds what a scikit-learn transformer has: pipelines, grid
# searches, names, sample weights, any loss, and ``K="auto"``.


def main():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 40))
    y = X[:, :6].sum(axis=1) > 0
    selector = FirstLayerLassoSelector(K=6, random_state=0).fit(X, y)
    selected = selector.get_support(indices=True)
    print("selected:", selected, "(informative: 0 to 5)")


if __name__ == "__main__":
    main()
