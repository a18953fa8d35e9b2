# SPDX-License-Identifier: BSD-3-Clause
"""`partial_fit`: selectors that learn from a stream of rows, call by call."""

from __future__ import annotations

import copy
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils.metaestimators import available_if

from ..data.encoding import as_numbers
from ..data.inputs import (
    TrainingData,
    check_length,
    checked_weight,
    usable_weight,
    validated_table,
)
from ..data.layout import Layout
from ..data.target import Target
from ..distributed.group import shared_by
from ..training.progress import Progress, now
from ..utils.arithmetic import default_errors
from ..utils.random import seed_of
from ..utils.warning import warn_user
from .base import earlier_fit_kept, take_fit
from .network import NetworkSelector

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..utils.typing import Data


class StreamSelector(NetworkSelector):
    """Base of the selectors with `partial_fit`, whose parts all say what changes in them.

    Between two calls the network, the optimiser and the importance are plain arrays in the private
    attribute `_stream_`, as in a checkpoint. A call builds the parts, restores their state, and
    trains an epoch. So the stream survives pickling, and calls that fail.
    """

    _no_stream: ClassVar[dict[str, Any]] = {  # parameters that must have these values
        "checkpoint": None,
        "max_time": None,
        "on_interrupt": "raise",
        "connections_every": None,
    }
    # How parameters are read that need an end of the training, or rows that are held out.
    _in_stream: ClassVar[dict[str, Any]] = {"learning_rate": "constant", "early_stopping": False}

    def _is_given_a_number(self):
        if not isinstance(self.K, Real):
            raise AttributeError(
                f"K={self.K!r} is not supported by partial_fit. Pass a number: set_params(K=...) "
                "changes it after any call."
            )
        return True

    @available_if(_is_given_a_number)
    def partial_fit(
        self,
        X: Data,
        y: Data | None = None,
        classes: Data | None = None,
        sample_weight: Data | None = None,
    ) -> Self:
        """Train one pass over the next rows of a stream, and rank the features anew.

        Every call takes up the network, the optimiser and the importance where the last one left
        them. They are kept when the selector is pickled. If a call fails, the selector is as it was
        before. `fit` forgets the stream. See :ref:`streams`.

        Parameters
        ----------
        X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)
            The next rows, numbers without missing values. Features are scaled by all rows so far.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target of supervised methods; not survival.
        classes : array-like of shape (n_classes,) or None, default=None
            All classes that `y` may contain, in the first call. None takes the classes of the
            first call's `y`. Other classes raise an error.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights. Samples of weight 0 are left out.

        Returns
        -------
        self : object
            The selector, fitted to the rows so far: `n_samples_seen_` of them. `history_` and
            `n_iter_` are those of this call.

        Raises
        ------
        ValueError
            If a parameter or the data are unusable in a stream.
        FloatingPointError
            If the loss stops being finite.
        """
        started = now()
        with default_errors(), earlier_fit_kept(self):
            self._validate_params()
            _check_stream(self)
            before = getattr(self, "_stream_", None)
            if before is None and hasattr(self, "ranking_"):
                warn_user(
                    "This selector was fitted by 'fit', which keeps no state of the training: "
                    "partial_fit begins anew with these rows."
                )
            take_fit(self, _next_fit(self, X, y, classes, sample_weight, before, started))
        return self


def _check_stream(selector) -> None:
    """Refuse parameters that a stream cannot follow."""
    if shared_by("auto") is not None:
        raise ValueError(
            "partial_fit does not support process groups. Call it in one process, in "
            "'with sparsefs.distributed.ALONE:'."
        )
    selector._refuse_unless(selector._no_stream, "by partial_fit")
    if isinstance(getattr(selector, "class_weight", None), str):
        raise ValueError(
            "class_weight='balanced' is not supported by partial_fit, as the next rows are not "
            "known. Pass a dict, for example of sklearn.utils.class_weight.compute_class_weight."
        )


def _next_fit(selector, X, y, classes, sample_weight, before, started) -> dict[str, Any]:
    """Train on the next rows, and return the fitted attributes."""
    from ..training.checkpoint import Stream
    from ..utils.device import default_settings, resolve_device

    device = resolve_device(selector.device)
    stream: Any = Stream(selector, device, before and before["training"])
    data, known = _next_data(selector, X, y, classes, sample_weight, before or {})
    trained = copy.copy(selector)
    vars(trained).pop("_skl_callbacks", None)  # they follow a fit, which has an end
    for name in set(selector._in_stream) & set(selector.get_params()):
        setattr(trained, name, selector._in_stream[name])
    if before is not None:
        trained.scaling = before["scaling"]  # what "auto" was for the first rows
    seed = seed_of(selector.random_state) if before is None else before["seed"]
    common = trained._common_attributes(data, seed, None, None)

    def attributes(result):
        return common | result.attributes(data)

    n_calls, n_steps, n_samples = 0, 0, data.n_rows
    if before is not None:
        n_calls, n_steps = before["training"]["n_calls"], before["training"]["n_steps"]
        n_samples += before["n_samples"]
    rng = np.random.default_rng(seed)
    progress = Progress(trained, n_calls + 1, data, attributes, started, stream, rng)
    progress.steps_before, progress.rows_before = n_steps, n_samples - data.n_rows
    with default_settings(), progress:
        fitted = attributes(trained._train(data, rng, device, progress))
        training = stream.kept()
    fitted["_stream_"] = {
        **known,
        "seed": seed,
        "scaling": common["scaling_"],
        "training": training,
        "n_samples": n_samples,
    }
    return {**fitted, "n_samples_seen_": n_samples, "stopped_by_": None}


def _next_data(selector, X, y, classes, sample_weight, before):
    """The next rows, summarised with those before, and what is known of the rows so far."""
    table = validated_table(selector, X, reset=not before)
    names = getattr(selector, "feature_names_in_", None)
    try:
        X = as_numbers(table, np.arange(table.shape[1]) if names is None else names)
    except ValueError as error:
        raise ValueError(
            f"{str(error).partition(', but')[0].rstrip('.')}. partial_fit needs columns of "
            "numbers: encode texts, categories and dates first."
        ) from error
    if y is not None:
        check_length(table, y)
    weight, total = checked_weight(sample_weight, table), float(table.shape[0])
    if sample_weight is not None:
        with np.errstate(over="ignore"):
            total = float(usable_weight(sample_weight, table).sum())
    if not np.isfinite(total + before.get("weight", 0.0)):
        raise ValueError("sample_weight adds up to infinity. Divide all weights by a constant.")
    target = known = None
    if selector._learns_y():
        target, weight, known = _next_target(selector, y, weight, total, classes, before)
    layout = Layout.of(selector, names, table.shape[1])
    data = TrainingData.of(X, y, target, weight, names, layout=layout, table=table)
    summary = data.summary
    if before:
        summary = before["summary"].merged(summary, before["weight"], total)
        total += before["weight"]
    # The network sees all columns: one that is constant so far may vary later.
    data = replace(
        data,
        summary=summary,
        constant=(summary.used_low == summary.used_high) | layout.excluded,
        varying=np.flatnonzero(~layout.excluded),
        shared_unit=summary.share_unit,
    )
    return data, {"summary": summary, "weight": total, "target": known}


def _next_target(selector, y, weight, total, classes, before):
    """The target, the sample weights times the class weights, and what is known of y."""
    from ..training.losses import learns_logarithm, task_for

    task = task_for(selector.loss, selector.task)
    target, known = Target.of_next(y, task, weight, total, classes, before.get("target"))
    if selector.class_weight is not None:
        every = [] if target.classes is None else target.classes.tolist()
        weight = target.weights({**dict.fromkeys(every, 1.0), **selector.class_weight}, weight)
    return target.as_means() if learns_logarithm(selector.loss) else target, weight, known
