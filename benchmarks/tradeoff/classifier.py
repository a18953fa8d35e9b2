# SPDX-License-Identifier: BSD-3-Clause
"""The classifier of the trade-off experiments: a network that `SparseTraining` keeps sparse."""

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from benchmarks.tradeoff.networks import layer_sizes, perceptron, residual_network

TOPOLOGIES = ("set", "rigl", "dense")
ROWS_AT_ONCE = 8192  # of a prediction


class SparseNetworkClassifier(ClassifierMixin, BaseEstimator):
    """Trained by stochastic gradient descent with momentum, in a plain torch loop.

    Parameters
    ----------
    network : {"mlp", "residual"}, default="mlp"
    n_layers, first_size, middle_size, last_size : int
        Hidden layers of the mlp; their sizes are interpolated between these three. One layer has
        the first size, two have the first and the last.
    image_shape : (channels, height, width), optional
        What a row of `X` is, for the residual network.
    width, n_blocks : int
        Channels of the residual network's first stage, and blocks of each of its three.
    topology : {"set", "rigl", "dense"}, default="rigl"
        "dense" is called no_prune in the original.
    sparsity : float, default=0.9
        Share of the weights that are absent; of no meaning if dense.
    init : {"erk", "uniform"}, default="erk"
        How the sparsity is shared between layers.
    update_every, update_until, drop_fraction : as in `sparsefs.modules.SparseTraining`
    learning_rate, momentum, weight_decay : float
    schedule : {"cosine", "constant"}, default="cosine"
        Of the learning rate; "cosine" ends at 0.
    dropout, label_smoothing : float, default=0
    epochs, batch_size : int
        An epoch leaves out the rows that do not fill a batch, other ones every time.
    scale : {"all", "features", None}, default="all"
        Standardise by one mean and deviation of all values, as for images, or by each feature's.
    random_state : int, optional

    Sizes, epochs and the interval may be floats, as a log-uniform distribution draws them; they are
    rounded.

    Attributes
    ----------
    classes_, n_features_in_ : as in scikit-learn
    network_ : torch.nn.Module
    costs_ : dict
        ``{"sparse", "dense"}: parameters, bytes, inference_flops (of a sample), training_flops``.
    density_, densities_ : of all layers, and of each
    n_steps_, n_updates_ : int
        Steps of the optimiser, and changes of the topology.
    diverged_ : bool
        Whether the loss was no number any more, and the training was broken off.
    """

    def __init__(
        self,
        network="mlp",
        *,
        n_layers=2,
        first_size=300,
        middle_size=200,
        last_size=100,
        image_shape=None,
        width=8,
        n_blocks=1,
        topology="rigl",
        sparsity=0.9,
        init="erk",
        update_every=100,
        update_until=0.75,
        drop_fraction=0.3,
        learning_rate=0.1,
        schedule="cosine",
        momentum=0.9,
        weight_decay=1e-4,
        dropout=0.0,
        label_smoothing=0.0,
        epochs=10,
        batch_size=100,
        scale="all",
        random_state=None,
    ):
        self.network = network
        self.n_layers = n_layers
        self.first_size = first_size
        self.middle_size = middle_size
        self.last_size = last_size
        self.image_shape = image_shape
        self.width = width
        self.n_blocks = n_blocks
        self.topology = topology
        self.sparsity = sparsity
        self.init = init
        self.update_every = update_every
        self.update_until = update_until
        self.drop_fraction = drop_fraction
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.epochs = epochs
        self.batch_size = batch_size
        self.scale = scale
        self.random_state = random_state

    def fit(self, X, y):
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, y = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y has one class only, the classifier needs at least two.")
        self._find_scale(X)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with torch.random.fork_rng(devices=[]):  # who calls keeps the generator's state
            torch.manual_seed(seed)
            self._train(torch.from_numpy(self._scaled(X)), torch.from_numpy(y), seed)
        return self

    def _train(self, X, y, seed):
        from sparsefs.modules import SparseTraining

        n, size = len(X), min(round(self.batch_size), len(X))
        per_epoch = n // size
        self.n_steps_ = n_steps = round(self.epochs) * per_epoch
        self.network_ = network = self._build()
        optimizer = torch.optim.SGD(
            network.parameters(),
            lr=self.learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            fused=True,
        )
        sparse = SparseTraining(
            network,
            optimizer,
            density=1.0 if self.topology == "dense" else 1 - self.sparsity,
            topology=self.topology,
            init=self.init,
            n_steps=n_steps,
            update_every=round(self.update_every),
            update_until=self.update_until,
            drop_fraction=self.drop_fraction,
            random_state=seed,
        )
        schedule = self._schedule(optimizer, n_steps)
        loss_of = torch.nn.CrossEntropyLoss(label_smoothing=self.label_smoothing)
        network.train()
        self.diverged_ = False
        for step in range(n_steps):
            place = step % per_epoch
            if place == 0:
                order = torch.randperm(n)
            rows = order[place * size : (place + 1) * size]
            loss = loss_of(network(X.index_select(0, rows)), y.index_select(0, rows))
            optimizer.zero_grad()
            loss.backward()
            if place == 0 and not loss.isfinite():
                self.diverged_ = True
                break  # it will not recover
            optimizer.step()
            schedule.step()
        network.eval()
        sparse.remove()
        self.costs_, self.n_updates_ = sparse.costs(), sparse.n_updates
        self.density_, self.densities_ = sparse.density, sparse.densities

    def _build(self):
        n_classes = len(self.classes_)
        if self.network == "residual":
            shape = tuple(self.image_shape)
            return residual_network(
                shape, round(self.width), self.n_blocks, n_classes, self.dropout
            )
        sizes = layer_sizes(self.n_layers, self.first_size, self.middle_size, self.last_size)
        return perceptron(self.n_features_in_, sizes, n_classes, self.dropout)

    def _schedule(self, optimizer, n_steps):
        if self.schedule == "constant":
            return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1)
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)

    def _find_scale(self, X):
        self._mean, self._deviation = np.float32(0), np.float32(1)
        if self.scale is not None:
            dim = {"all": None, "features": 0}[self.scale]
            # torch sums in double precision, without a copy in it.
            deviation, mean = torch.std_mean(torch.from_numpy(X), dim=dim, correction=0)
            self._mean = mean.numpy()
            self._deviation = torch.where(deviation > 0, deviation, 1).numpy()

    def _scaled(self, X):
        X = X - self._mean
        X /= self._deviation
        return X

    def predict(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        with torch.inference_mode():
            found = [
                self.network_(torch.from_numpy(self._scaled(X[start : start + ROWS_AT_ONCE])))
                for start in range(0, len(X), ROWS_AT_ONCE)
            ]
        return self.classes_[torch.cat(found).argmax(1).numpy()]
