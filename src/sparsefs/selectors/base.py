# SPDX-License-Identifier: BSD-3-Clause
"""The scikit-learn side of every selector, once for all methods."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from contextlib import contextmanager
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectorMixin
from sklearn.utils._param_validation import (
    Interval,
    RealNotInt,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import (
    check_is_fitted,
    validate_data,
)

from ..data import RowTable
from ..data.inputs import (
    check_finite,
    check_length,
    check_table,
    checked_weight,
    name_columns,
    non_numeric_columns,
    table_on_disk,
    working_dtype,
)
from ..data.summary import Summary
from ..evaluation.choice import CrossValidatedK
from ..utils.estimators import earlier_fit_kept, refuse_booleans
from ..utils.random import seed_of
from ._ranking import averaged, ranked
from ._replicas import train_replicas, trains_together
from .connections import ConnectionRecord
from .fitted_network import FittedNetwork
from .progress import CallbackSupportMixin, Watch, with_callbacks

if TYPE_CHECKING:
    from ..data.target import Target
    from ..networks import FeedForward
    from ..training.batches import Scaling


# Parameters that may make a training diverge.
_BEHIND_DIVERGENCE = (
    *("learning_rate_init", "solver", "scaling"),
    *("weight_decay", "noise_std", "component_weight"),
)
FLOAT32_MAX = float(np.finfo(np.float32).max)  # training is in float32


class TrainingData(NamedTuple):
    """What a method is given to train on.

    Attributes
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
        float32 or float64, finite.
    y : object or None
        As passed by the user.
    target : Target or None
        `y` as the network is to learn it; None for unsupervised methods.
    sample_weight : ndarray of shape (n_samples,), float64, or None
        Not negative; mean 1 over the samples whose weight is not 0.
    summary : Summary
        Of X and `sample_weight`.
    """

    X: Any
    y: Any
    target: Target | None
    sample_weight: np.ndarray | None
    summary: Summary


class BaseSelector(SelectorMixin, CallbackSupportMixin, BaseEstimator, ABC):
    """Base of all selectors: validation, ranking, the choice of K, fitted state.

    A method implements :meth:`_train`, which trains one network, and declares its parameters in
    ``__init__`` and ``_parameter_constraints``; the parameters below must be among them. After
    :meth:`fit`, everything on the selector is numpy or plain Python.

    Parameters
    ----------
    K, max_iter, batch_size, scaling, hidden_layer_sizes, learning_rate_init, alpha, \
connections_every, n_replicas, n_jobs, kernel, device, verbose, random_state
        See a method, for example :class:`sparsefs.WASTSelector`.
    """

    _one_hidden_layer: ClassVar[bool] = False
    _nested_ranking: ClassVar[bool] = True  # whether one ranking serves every K
    _watch: Watch  # while a copy of the selector trains as a replica
    _record: ConnectionRecord | None = None  # while it trains
    _together: ClassVar[list[np.random.Generator]] = []  # of replicas that train as one network

    _parameter_constraints: ClassVar[dict] = {
        "K": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
            StrOptions({"auto"}),
            CrossValidatedK,
        ],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "scaling": [StrOptions({"global", "feature", "minmax", "none"})],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, FLOAT32_MAX, closed="neither")],
        "alpha": [Interval(Real, 0, FLOAT32_MAX, closed="left")],
        "connections_every": [Interval(Integral, 1, None, closed="left"), None],
        "n_replicas": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Integral, None, -1, closed="right"),
            None,
        ],
        "kernel": [StrOptions({"auto", "csr", "block", "masked"})],
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    @with_callbacks
    def fit(self, X, y=None, sample_weight=None):
        """Train the network and rank the features.

        Parameters
        ----------
        X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)
            Training data: ndarray, memmap, DataFrame, any scipy sparse format, or files on disk
            opened by :func:`sparsefs.open_shards`. float32 and float64 are taken as they are;
            integers of up to 16 bits and booleans are converted to float32, other types to
            float64. Sparse data stay sparse; a batch at a time is made dense. Memmaps and
            shards are read piece by piece where they are larger than 128 MiB.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target of supervised methods: classes of any kind, numbers, several numbers, or
            several labels (zeros and ones). Ignored by unsupervised methods.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights. Samples of weight 0 are left out.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        ValueError
            If a parameter or the data are unusable; the message names the parameter or the
            column.
        FloatingPointError
            If the loss stops being finite.
        """
        self._validate_params()
        device = _resolve_device(self.device)
        with earlier_fit_kept(self):
            X = self._validate_X(X)
            if y is not None:
                check_length(X, y)
            weight = checked_weight(sample_weight, X)
            target, weight = self._validate_target(y, weight)
            summary = Summary.of(X, weight)
            check_finite(X, summary, getattr(self, "feature_names_in_", None))
            constant = summary.used_low == summary.used_high
            data = TrainingData(X, y, target, weight, summary)
            seed, choice = seed_of(self.random_state), self._choice_of_K()
            if choice is None:
                self.__dict__.pop("path_", None)
                self._n_selected(warn=True)
            else:
                from ..evaluation.path import k_path

                self.path_ = k_path(self, choice, data, seed)
                choice._warn_of_end(self.path_, self.n_features_in_)

            from ..utils.device import single_threaded

            watch = Watch(
                self,
                int(self.max_iter),
                1 if trains_together(self, X, device) else self._n_replicas(),
                X=X,
                y=y,
                metadata={"sample_weight": data.sample_weight},
            )
            with single_threaded(), _translated_errors(self), watch:
                fitted = train_replicas(self, watch, data, constant, device, seed)
        fitted["_K_fitted"] = self.K
        # An earlier fit may have had replicas, labels or a record.
        for name in ("scores_std_", "_target", "connections_"):
            self.__dict__.pop(name, None)
        self.__dict__.update(fitted)
        watch.ended(fitted)
        return self

    def transform(self, X):
        """Reduce X to the selected features.

        Parameters
        ----------
        X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)

        Returns
        -------
        ndarray or sparse matrix of shape (n_samples, n_selected_features)
            In the type of X. Of a RowTable only the selected columns are read, so that the
            result is all there is in memory.
        """
        if not isinstance(X, RowTable):
            table_on_disk(X)  # a path is refused
            return super().transform(X)
        check_is_fitted(self)
        check_table(self, X, reset=False)
        columns = self.get_support(indices=True)
        selected = np.empty((len(X), len(columns)), dtype=X.dtype)
        for rows, block in X.blocks(columns=columns):
            selected[rows] = block
        names = columns if X.column_names is None else X.column_names[columns]
        check_finite(selected, Summary.of(selected), names)
        return selected

    @abstractmethod
    def _train(
        self, data: TrainingData, constant: np.ndarray, rng: np.random.Generator, device: str
    ) -> None:
        """Train on `data` and call :meth:`_set_scores` and :meth:`_set_training`."""

    def _validate_target(self, y, sample_weight) -> tuple[Target | None, np.ndarray | None]:
        """The target to learn, and the weights of the samples; unsupervised methods have none."""
        return None, sample_weight

    def _set_scores(self, scores: np.ndarray, constant: np.ndarray) -> None:
        if not np.isfinite(scores).all():
            raise FloatingPointError("The scores became infinite or NaN in the last epoch.")
        if self._together:
            self.__dict__.update(averaged(scores, constant))
        else:
            self.__dict__.update(ranked(scores, constant))

    @property
    def _score_label(self) -> str:
        """What `scores_` are, for the axis of a picture."""
        of_one = self._score_label_of_one()
        return f"{of_one}, 1 = mean feature" if self._n_replicas() > 1 else of_one

    def _score_label_of_one(self) -> str:
        """The same of the scores of a single network."""
        return "score"

    def _n_replicas(self) -> int:
        return int(self.n_replicas)

    def _replicas_as_one(self) -> bool:
        """Whether the parts of the method can train all replicas as one network."""
        return False

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = [sizes] if np.ndim(sizes) == 0 else list(sizes)
        too_many = self._one_hidden_layer and len(sizes) > 1
        if not sizes or too_many or any(not isinstance(n, Integral) or n < 1 for n in sizes):
            raise ValueError(
                f"The 'hidden_layer_sizes' parameter of {type(self).__name__} must be a positive "
                f"int or a sequence of {'one' if self._one_hidden_layer else 'them'}. Got "
                f"{self.hidden_layer_sizes!r}."
            )
        return [int(n) for n in sizes]

    def _make_network(self, sizes, densities, activations, rng, device, **options) -> FeedForward:
        """A network of randomly placed connections; ``densities(shapes)`` are its layers'.

        Raises ValueError if no feature reaches it, or it reaches no output.
        """
        return self._make_one(sizes, densities, activations, rng, device, **options)

    def _make_one(self, sizes, densities, activations, rng, device, kernel=None, **options):
        from ..networks import FeedForward
        from ..topology import sample_positions

        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        positions = [
            sample_positions(*layer, rng) for layer in zip(shapes, densities(shapes), strict=True)
        ]
        network = FeedForward.from_positions(
            sizes,
            positions,
            activations,
            rng=rng,
            kernel=kernel or self.kernel,
            device=device,
            **options,
        )
        if any(layer.n_connections == 0 for layer in network.layers):
            raise ValueError(
                f"A layer of the network has no connections ({_settings(self, 'density')}, shapes "
                f"{[layer.shape for layer in network.layers]}): raise the density."
            )
        return network

    def _set_training(
        self,
        network: FeedForward,
        scaling: Scaling,
        history: dict,
        n_samples: int,
        columns=None,
        n_epochs=None,
    ) -> None:
        """Keep what the training has left; `columns` are the features that `network` sees.

        Of several networks it is what the first has left, which stopped after `n_epochs`.
        """
        from ..networks.costs import network_costs

        training_flops = network.training_flops
        n_samples_seen = len(history["loss"]) * n_samples * max(1, len(self._together))
        if self._together:
            history = {n: e[:n_epochs, 0] if e.ndim == 2 else e for n, e in history.items()}
        self.history_ = {name: values[:n_epochs] for name, values in history.items()}
        self.n_iter_ = len(self.history_["loss"])
        if self._record is not None:
            self.connections_ = self._record.until(self.n_iter_)
            del self._record
        network = one_of(network)
        n_inputs = self.n_features_in_
        shapes = [layer.shape for layer in network.layers]
        self.costs_ = network_costs(
            [(shapes[0][0], n_inputs), *shapes[1:]],
            [layer.n_connections for layer in network.layers],
            n_bytes=sum(layer.n_bytes for layer in network.layers),
            n_buffers=len(network.layers[0].buffers),
            n_samples_seen=n_samples_seen,
            training_flops=training_flops,
        )
        self.network_ = FittedNetwork.of(network, scaling, columns)

    def _epochs(self, data: TrainingData, constant, scores, network, scaling, columns=None):
        """Numbers of the epochs, watched.

        ``scores()`` gives the scores as they stand, ``columns()`` the features that `network`
        sees; None for all.
        """

        def fitted():
            seen = None if columns is None else columns()
            now = FittedNetwork.of(one_of(network), scaling, seen)
            rank = averaged if self._together else ranked
            return {"network_": now} | rank(scores(), constant)

        if self.connections_every is None:
            return self._watched(data, fitted)
        every = int(self.connections_every)
        self._record = ConnectionRecord(network, every, self.n_features_in_, columns)
        return self._watched(data, fitted, self._record.after_epoch)

    def _watched(self, data: TrainingData, fitted, after_epoch=None):
        """Numbers of the epochs; ``fitted()`` gives what the method itself would set now.

        ``after_epoch(n_epochs, is_last)`` may look on.
        """

        def state():
            common = {"_K_fitted": self.K}
            if hasattr(self, "path_"):
                common["path_"] = self.path_
            if data.target is not None:
                common["_target"] = data.target.without_values()
            return common | fitted()

        return self._watch.epochs(state, after_epoch)

    def _checked_for_network(self, X):
        """X as ``network_`` takes it, refused where `fit` would refuse it."""
        check_is_fitted(self)
        if not hasattr(self, "network_"):
            raise NotFittedError(
                f"This {type(self).__name__} has no 'network_' any more, which this method needs. "
                "Call 'fit' again."
            )
        X = self._validate_X(X, reset=False)
        check_finite(X, Summary.of(X), getattr(self, "feature_names_in_", None))
        return X

    def _validate_params(self):
        super()._validate_params()
        refuse_booleans(self)
        self._hidden_sizes()
        choice = self._choice_of_K()
        if choice is not None:
            choice._validate_params()

    def _validate_X(self, X, reset=True):
        table = table_on_disk(X)
        if table is not None:
            check_table(self, table, reset)
            return table[:] if table.fits_in_buffer() else table
        dtype = getattr(X, "dtype", None)
        in_float32 = isinstance(dtype, np.dtype) and working_dtype(dtype) == np.float32
        try:
            validated = validate_data(
                self,
                X,
                reset=reset,
                accept_sparse="csr",
                dtype=[np.float32, np.float64] if in_float32 else [np.float64, np.float32],
                # Checked later, where the columns are named.
                ensure_all_finite=False,
            )
        except (ValueError, TypeError) as error:
            culprits = [] if sparse.issparse(X) else non_numeric_columns(X)
            if not culprits:
                raise
            # A library's own message can be a page long; the first line says what it is.
            reason = str(error).split("\n")[0][:200].rstrip(". ")
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(
                f"Not numeric: {name_columns(culprits)}. Encode or drop them first, for example "
                f"with sklearn.preprocessing.OrdinalEncoder. ({reason})"
            ) from error
        X = validated
        if sparse.issparse(X) and not X.has_canonical_format:
            X = X.copy()  # the user's matrix is not ours to tidy
            X.sum_duplicates()
        return X

    def _choice_of_K(self) -> CrossValidatedK | None:
        """How K is chosen; None where it is given."""
        if isinstance(self.K, Real):
            return None
        if not self._nested_ranking:
            raise ValueError(
                f"{type(self).__name__} trains towards K, so one ranking does not serve every K: "
                f"K={self.K!r} is not possible. Choose K with sklearn.model_selection.GridSearchCV "
                "over a pipeline of the selector and an estimator."
            )
        return CrossValidatedK() if isinstance(self.K, str) else self.K

    def _settings_of_parts(self, target: Target | None) -> dict[str, Any]:
        """Parameters of copies that are fitted to a part of the data: what all of y has settled."""
        return {}

    def _n_selected(self, warn: bool) -> int:
        choice = self._choice_of_K()
        if choice is not None:
            if not hasattr(self, "path_"):
                raise NotFittedError(
                    f"K={self.K!r} needs the scores of a path, and this {type(self).__name__} was "
                    "fitted with a given K. Call 'fit' again."
                )
            return choice._choose(self.path_)
        if isinstance(self.K, Integral):
            if warn and self.K > self.n_features_in_:
                warnings.warn(
                    f"K={self.K} is greater than n_features={self.n_features_in_}. All the "
                    "features are kept.",
                    UserWarning,
                    stacklevel=3,
                )
            return min(int(self.K), self.n_features_in_)
        return max(1, round(self.K * self.n_features_in_))

    def _get_support_mask(self):
        check_is_fitted(self, "ranking_")
        constraints = {"K": self._parameter_constraints["K"]}
        validate_parameter_constraints(constraints, {"K": self.K}, type(self).__name__)
        return self.ranking_ <= self._n_selected(warn=self.K != self._K_fitted)

    @property
    def support_(self):
        """Mask of the selected features, ndarray of shape (n_features,), bool."""
        return self._get_support_mask()

    @property
    def K_(self):
        """Number of selected features, int; chosen by cross-validation with ``K="auto"``."""
        return int(self._get_support_mask().sum())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = False
        return tags


def one_of(network):
    """The first of several networks that train as one."""
    return network.replica(0) if hasattr(network, "replica") else network


def _resolve_device(name):
    import torch

    n_devices = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    if name == "auto":
        return next(kind for kind, n in n_devices.items() if n)
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in n_devices:
        raise ValueError(
            "The 'device' parameter must be 'auto', 'cpu', 'cuda', 'cuda:<n>' or 'mps'. "
            f"Got {name!r}."
        )
    if (device.index or 0) >= n_devices[device.type]:
        raise ValueError(f"device={name!r} is not available on this machine.")
    return name


@contextmanager
def _translated_errors(selector):
    """Say in the selector's terms what went wrong in the middle of a training."""
    import torch

    try:
        yield
    except FloatingPointError as error:
        raise FloatingPointError(
            f"{error} The learning rate may be too high or the data badly scaled "
            f"({_settings(selector, *_BEHIND_DIVERGENCE)})."
        ) from error
    except torch.OutOfMemoryError as error:
        raise MemoryError(
            "The GPU ran out of memory. Reduce the batches or the density "
            f"({_settings(selector, 'batch_size', 'density')}), or use device='cpu'."
        ) from error


def _settings(selector, *names):
    known = selector.get_params()
    return ", ".join(f"{name}={known[name]!r}" for name in names if name in known)
