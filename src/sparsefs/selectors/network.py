# SPDX-License-Identifier: BSD-3-Clause
"""What selectors of sparse networks share: autoencoders without labels, perceptrons with them."""

from __future__ import annotations

import math
from itertools import pairwise
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..data.inputs import TrainingData, check_length, checked_weight
from ..data.target import validation_split
from ..distributed import ALONE
from ..training.progress import settings_in_words
from ..utils.arithmetic import default_errors
from ..utils.checks import check_memory
from .base import FLOAT32_MAX, BaseSelector, FitResult
from .connections import ConnectionRecord
from .fitted_network import FittedNetwork

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..networks import FeedForward
    from ..training.batches import Batches
    from ..training.progress import Progress
    from ..utils.typing import Data, Ints

_SMALL = 200  # samples; below, the papers take smaller batches


class NetworkSelector(BaseSelector):
    """Base of the selectors that train one sparse network.

    A method builds the network and its other parts in ``_train``, and hands them to
    :meth:`_trained`. Further parameters are `alpha`, `kernel` and `connections_every`.
    """

    alpha: float
    kernel: Any
    connections_every: int | None

    network_: FittedNetwork
    connections_: dict[str, Ints]

    _paper: ClassVar[dict[str, Any]] = {}  # the paper's values
    _paper_variants: ClassVar[dict[str, dict[str, Any]]] = {}  # and those of its variants
    _paper_default: ClassVar[str | None] = None

    _parameter_constraints: ClassVar[dict] = {
        **BaseSelector._parameter_constraints,
        "scaling": [StrOptions({"auto", "global", "feature", "minmax", "none"})],
        "alpha": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
        "connections_every": [Interval(Integral, 1, None, closed="left"), None],
        "kernel": [StrOptions({"auto", "csr", "block", "masked"})],
    }

    @classmethod
    def from_paper(cls, variant: str | None = None, **params: Any) -> Self:
        """Return a selector with the settings of the paper.

        Parameters
        ----------
        variant : str or None, default=None
            Which of the paper's settings, where it has several: see the Notes of the class.
        **params
            Parameters to set differently.

        Returns
        -------
        selector : object of this class

        Raises
        ------
        ValueError
            If there is no such variant.
        """
        name = cls._paper_default if variant is None else variant
        if name is not None and name not in cls._paper_variants:
            raise ValueError(
                f"variant must be one of {list(cls._paper_variants)}. Got {variant!r}."
                if cls._paper_variants
                else f"{cls.__name__} has no variants. Got variant={variant!r}."
            )
        chosen = {} if name is None else cls._paper_variants[name]
        return cls(**{**cls._paper, **chosen, **params})

    def _fitted_scaling(self, data):
        """How the inputs are scaled, by what they share of their features."""
        from ..training.scaling import Scaling

        how = self._scaling_of(data)
        return Scaling(data.X, how, data.sample_weight, data.summary, data.share)

    def _make_network(
        self, data, sizes, densities, activations, rng, device, **options
    ) -> FeedForward:
        """A network of randomly placed connections; ``densities(shapes)`` are its layers'.

        `sizes` is None where a layer has a neuron per feature. Constant features have none: their
        connections go to the others. Raises ValueError if a layer has no connections.
        """
        from ..networks import FeedForward
        from ..topology import sample_positions

        def filled(n_features):
            return [n_features if size is None else size for size in sizes]

        widths = filled(len(data.varying))
        shapes = [shape[::-1] for shape in pairwise(filled(data.X.shape[1]))]
        densities = densities(shapes)
        # A number, a gradient, up to two moments and two indices each.
        n_bytes = sum(24 * d * math.prod(shape) for d, shape in zip(densities, shapes, strict=True))
        settings = settings_in_words(self, "hidden_layer_sizes", "density", "epsilon")
        check_memory(n_bytes, settings)
        positions, n_left_out = [], 0
        for shape, (n_in, n_out), density in zip(shapes, pairwise(widths), densities, strict=True):
            n_possible, n_with_constants = n_in * n_out, math.prod(shape)
            density = min(1.0, density * (n_with_constants / n_possible))
            positions.append(sample_positions((n_out, n_in), density, rng))
            n_left_out += n_with_constants - n_possible
        network = FeedForward.from_positions(
            widths, positions, activations, rng=rng, kernel=self.kernel, device=device, **options
        )
        network.n_left_out = n_left_out
        if any(layer.n_connections == 0 for layer in network.layers):
            raise ValueError(
                "A layer of the network has no connections "
                f"({settings_in_words(self, 'density')}, shapes "
                f"{[layer.shape for layer in network.layers]}): raise the density."
            )
        return network

    def _trained(
        self,
        data: TrainingData,
        progress: Progress,
        network: FeedForward,
        batches: Batches,
        loss,
        optimizer,
        *,
        importance,
        scores=None,
        columns=None,
        after_epoch=(),
        stopping=None,
        **parts,
    ) -> FitResult:
        """Train a network and return the result.

        ``scores()`` gives the scores of the features, by default the importance's; ``columns()``
        the features that the network sees, by default those that vary; `stopping` is an
        EarlyStopping or None.
        """
        from ..networks.costs import network_costs
        from ..training.loop import train

        if columns is None and data.columns is not None:

            def columns():
                return data.columns

        def snapshot(**further) -> FitResult:
            if scores is None:
                own = importance.scores(network)
                # What is averaged over samples is so over those of all ranks.
                values = data.of_all(data.ranks.mean(own, batches.weight_here))
            else:
                values = scores()
            if data.share is not None:
                # Else noise in many inputs would have a larger sum than noise in one.
                values = values * np.sqrt(data.share)
            fitted = FittedNetwork.of(network, batches.scaling, columns() if columns else None)
            return FitResult(values, network=fitted, **further)

        if data.ranks.size > 1:
            for layer in network.layers:
                layer.sum_ranks = data.ranks.sum_
        progress.snapshot, record = snapshot, None
        if self.connections_every is not None:
            every = int(self.connections_every)
            record = ConnectionRecord(network, every, data.X.shape[1], columns)
            after_epoch = (*after_epoch, record.after_epoch)
        if stopping is not None:
            after_epoch = (*after_epoch, stopping.after_epoch)
        progress.keep(
            network=network,
            optimizer=optimizer,
            importance=importance,
            record=record,
            stopping=stopping,
        )
        history = train(
            network,
            batches,
            loss,
            optimizer,
            epochs=progress,
            importance=importance,
            after_epoch=after_epoch,
            **parts,
        )
        extras = {} if record is None else {"connections_": record.ended(len(history["loss"]))}
        if stopping is not None:
            stopping.restore()
        widths = [layer.shape[0] for layer in network.layers]
        if batches.targets is None:  # the outputs are the features
            widths[-1] = data.X.shape[1]
        costs = network_costs(
            list(zip(widths, [data.X.shape[1], *widths[:-1]], strict=True)),
            [layer.n_connections for layer in network.layers],
            n_bytes=sum(layer.n_bytes for layer in network.layers),
            n_buffers=len(network.layers[0].buffers),
            n_samples_seen=progress.rows_before + len(history["loss"]) * batches.n_samples,
            training_flops=network.training_flops,
            n_biases=sum(layer.shape[0] for layer in network.layers),
        )
        return snapshot(history=history, costs=costs, extras=extras)

    def _checked_for_network(self, X):
        """X as ``network_`` takes it, refused where `fit` would refuse it."""
        check_is_fitted(self)
        if not hasattr(self, "network_"):
            raise NotFittedError(
                f"This {type(self).__name__} has no 'network_' any more, which this method needs. "
                "Call 'fit' again."
            )
        return self._inputs_of(X)


class AutoencoderSelector(NetworkSelector):
    """Base of the selectors that train a denoising autoencoder with one hidden layer.

    A method puts its parts together in ``_train`` by :meth:`_train_autoencoder`.
    """

    update_every: Any
    update_until: float
    noise_std: float

    _one_hidden_layer: ClassVar[bool] = True

    _parameter_constraints: ClassVar[dict] = {
        **NetworkSelector._parameter_constraints,
        "drop_fraction": [Interval(Real, 0, 1, closed="both")],
        "update_every": [
            StrOptions({"batch", "epoch"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "update_until": [Interval(Real, 0, 1, closed="both")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "noise_std": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
    }

    def score(self, X: Data, y: Any = None, sample_weight: Data | None = None) -> float:
        """Return the negative mean squared reconstruction error of X; higher is better.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,) or None, default=None

        Returns
        -------
        float
            In the units of the scaled data, averaged over samples and features.
        """
        X = self._checked_for_network(X)
        weight = checked_weight(sample_weight, X)
        errors = []
        with default_errors():
            for block in self.network_.blocks(X):
                error = self.network_.output(block) - self.network_.scaled(block)
                errors.append(np.square(error, dtype=np.float64).mean(axis=1))
        return -float(np.average(np.concatenate(errors), weights=weight))

    def _train_autoencoder(
        self,
        data,
        rng,
        device,
        progress,
        *,
        density,
        output_activation,
        importance,
        rewirings,
        loss,
        optimizer,
        lowers_rate=False,
        filled_sides=None,
        dropout_rate=0.0,
    ) -> FitResult:
        """Train on `data` with the parts of a method; ``optimizer(decay_steps=...)`` makes one."""
        from .. import topology as topo
        from ..training.batches import make_batches
        from ..training.noise import Dropout, NoisePool

        network = self._make_network(
            data,
            [None, *self._hidden_sizes(), None],
            lambda shapes: topo.uniform_densities(shapes, density),
            ["logistic", output_activation],
            rng,
            device,
            filled_sides=filled_sides,
        )
        scaling = self._fitted_scaling(data)
        batches = make_batches(
            data.X,
            scaling,
            int(self.batch_size),
            rng,
            device,
            data.sample_weight,
            columns=data.columns,
            ranks=data.ranks,
        )
        if dropout_rate:
            network.dropout = Dropout(dropout_rate, data.ranks.every_epoch(rng), device)
        schedule = topo.UpdateSchedule(
            self.update_every, self.update_until, start=progress.steps_before
        )
        noise_rng = data.ranks.every_epoch(rng) if self.noise_std else rng
        return self._trained(
            data,
            progress,
            network,
            batches,
            loss,
            optimizer(decay_steps=int(self.max_iter) * len(batches) if lowers_rate else None),
            importance=importance,
            topology=topo.Topology(rewirings, schedule, rng, data.ranks),
            noise=NoisePool(self.noise_std, noise_rng, device) if self.noise_std else None,
        )


class PerceptronSelector(NetworkSelector):
    """Base of the selectors that train a multi-layer perceptron to predict y.

    Further parameters are `activation`, `task`, `loss` and `class_weight`.
    """

    activation: Any
    early_stopping: bool  # of those that hold samples out
    validation_fraction: float
    n_iter_no_change: int

    _small_batch: ClassVar[int] = 32  # what batch_size="auto" is for few samples

    _parameter_constraints: ClassVar[dict] = {
        **NetworkSelector._parameter_constraints,
        **BaseSelector._supervised_constraints,
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions({"relu", "tanh", "logistic"})],
        "kernel": [StrOptions({"auto", "csr", "masked"})],
    }
    # The further parameters of methods that hold samples out.
    _early_stopping_constraints: ClassVar[dict] = {
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    }

    def score(self, X: Data, y: Data, sample_weight: Data | None = None) -> float:
        """Return how well the network itself predicts y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            All features, not the selected ones.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,) or None, default=None

        Returns
        -------
        float
            Accuracy for classes, share of the samples with all labels right for several labels,
            R2 (the mean over the outputs) for numbers, Harrell's concordance for survival.
        """
        X = self._checked_for_network(X)
        check_length(X, y)
        weight = checked_weight(sample_weight, X)
        with default_errors():
            return self._target.score(y, self.network_(X), weight)

    def _perceptron(self, data, densities, rng, device, fan_in="dense"):
        """A network from the features to the outputs; ``densities(shapes)`` are its layers'."""
        hidden = self._hidden_sizes()
        return self._make_network(
            data,
            [None, *hidden, data.target.n_outputs],
            densities,
            [self.activation] * len(hidden) + ["identity"],
            rng,
            device,
            fan_in=fan_in,
        )

    def _held_out(self, data, network, loss, rng, device):
        """The rows to train on, batches of those held out, and what stops the training on them.

        Without early stopping all rows are trained on, and watched; nothing stops the training.
        """
        from ..training.early_stopping import EarlyStopping
        from ..training.loop import evaluate

        if not self.early_stopping:
            return data.rows, self._batches(data, None, device), None
        rows, held_out = validation_split(
            data.target, data.rows, self.validation_fraction, data.ranks.local(rng)
        )
        # So few samples that none that counts is held out: watch the training samples.
        weight = data.sample_weight
        counts = len(held_out) and (weight is None or weight[held_out].astype("f4").any())
        watched = self._batches(data, None, device, held_out if counts else rows)
        patience = int(self.n_iter_no_change)
        return (
            rows,
            watched,
            EarlyStopping(network, lambda: evaluate(network, watched, loss, data.ranks), patience),
        )

    def _batches(self, data, rng, device, rows=None):
        """Batches of some rows, by default all, shuffled by `rng` if there is one."""
        from ..training.batches import make_batches

        size = self.batch_size
        if size == "auto":
            size = self._small_batch if data.n_rows < _SMALL else 100
        scaling = self._fitted_scaling(data)
        return make_batches(
            data.X,
            scaling,
            int(size),
            rng,
            device,
            data.sample_weight,
            targets=data.target.values,
            rows=data.rows if rows is None else rows,
            even=True,
            columns=data.columns,
            ranks=ALONE if rng is None else data.ranks,
        )
