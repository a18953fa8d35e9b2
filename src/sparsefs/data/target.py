# SPDX-License-Identifier: BSD-3-Clause
"""What a supervised network learns: classes, labels or numbers, made out of any y."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array

from .inputs import mean_one

_KINDS = {
    "binary": "classes",
    "multiclass": "classes",
    "multilabel-indicator": "labels",
    "continuous": "numbers",
    "continuous-multioutput": "numbers",
}
_LOSSES = {
    "classes": "cross_entropy",
    "labels": "binary_cross_entropy",
    "numbers": "squared_error",
}
_ADVICE = (
    "For several numbers a sample use loss='squared_error'; for several labels make y an array "
    "of zeros and ones, for example with sklearn.preprocessing.MultiLabelBinarizer."
)
_CONSTANT = "y is constant: there is nothing that features could explain."


@dataclass
class Target:
    """A target in the form a loss takes.

    Attributes
    ----------
    kind : {"classes", "labels", "numbers"}
        One class a sample; several labels, each there or not; one or several numbers.
    values : ndarray
        Class numbers of shape (n_samples,), int64; or (n_samples, n_outputs), float32, numbers
        with mean 0 and standard deviation 1.
    loss : str or callable
    n_outputs : int
        Outputs the network needs.
    classes : ndarray of shape (n_classes,), or None
    mean, scale : ndarray of shape (n_outputs,), or None
        Of numbers, before they were standardised.
    """

    kind: str
    values: np.ndarray
    loss: Any
    n_outputs: int
    classes: np.ndarray | None = None
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None

    @classmethod
    def of(cls, y, loss, sample_weight=None) -> Target:
        """Encode `y`; a `loss` other than "auto" may overrule what its type suggests.

        Raises
        ------
        ValueError
            If y is None or unusable, or does not suit the loss.
        """
        y = as_array(y)
        used = slice(None) if sample_weight is None else sample_weight > 0
        kind = _kind(y[used], loss)
        if loss == "auto":
            loss = _LOSSES[kind]
        if kind == "classes":
            classes = np.unique(y[used])
            if len(classes) < 2:
                raise ValueError(
                    "y has one class only, so no feature can tell classes apart: at least 2 "
                    "classes are needed."
                )
            # Samples of weight 0 may be of further classes, but nobody looks at them.
            numbers = np.searchsorted(classes, y).clip(max=len(classes) - 1)
            return cls(kind, numbers.astype(np.int64), loss, len(classes), classes)
        y = y.reshape(len(y), -1)
        if kind == "labels":
            if not np.isin(y[used], (0, 1)).all():
                raise ValueError(f"Labels must be zeros and ones. {_ADVICE}")
            if (y[used] == y[used][0]).all():
                raise ValueError(_CONSTANT)
            return cls(kind, y.astype(np.float32), loss, y.shape[1])
        y = y.astype(np.float64)
        weight = None if sample_weight is None else sample_weight[used]
        # Moments of y / unit neither overflow nor underflow.
        unit = np.abs(y[used]).max(axis=0)
        unit[unit == 0] = 1.0
        mean = np.average(y[used] / unit, axis=0, weights=weight)
        scale = np.sqrt(np.average((y[used] / unit - mean) ** 2, axis=0, weights=weight))
        varies = scale > 1e-14  # what rounding the mean leaves to a constant is less
        if not varies.any():
            raise ValueError(_CONSTANT)
        mean, scale = mean * unit, np.where(varies, scale * unit, unit)
        values = np.zeros(y.shape, dtype=np.float32)
        values[used] = (y[used] - mean) / scale
        return cls(kind, values, loss, y.shape[1], mean=mean, scale=scale)

    def weights(self, class_weight, sample_weight) -> np.ndarray | None:
        """Sample weights times class weights, mean 1 over the samples whose weight is not 0."""
        if class_weight is None:
            return sample_weight
        if self.kind != "classes" or self.classes is None:
            raise ValueError(
                f"class_weight={class_weight!r} needs a y of classes. This y is taken as "
                f"{self.kind}: use sample_weight instead."
            )
        weight = np.ones(len(self.values)) if sample_weight is None else sample_weight.copy()
        used = np.flatnonzero(weight)
        labels = self.classes[self.values[used]]
        try:
            weight[used] *= compute_sample_weight(class_weight, labels)
        except (ValueError, TypeError) as error:
            raise type(error)(f"class_weight is unusable: {error}") from error
        if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any()):
            raise ValueError(
                "class_weight must be finite, not negative, and not 0 for all classes."
            )
        return mean_one(weight)

    def score(self, y, output: np.ndarray, sample_weight=None) -> float:
        """Accuracy of the outputs for classes and labels, R2 for numbers."""
        y = as_array(y)
        if self.kind == "classes" and y.ndim > 1:
            raise ValueError(f"y must be one class a sample. Got y of shape {y.shape}.")
        if self.kind == "classes" and self.classes is not None:
            predicted = self.classes[output.argmax(axis=1)]
        elif self.kind == "labels":
            predicted = (output > 0).astype(int)
        else:
            predicted = output * self.scale + self.mean
        if y.ndim == 1 and self.n_outputs == 1:
            predicted = predicted.ravel()
        metric = r2_score if self.kind == "numbers" else accuracy_score
        return float(metric(y, predicted, sample_weight=sample_weight))

    def without_values(self) -> Target:
        """What scoring needs of it, small enough to keep."""
        loss = self.loss if isinstance(self.loss, str) else None
        return Target(
            self.kind, self.values[:0], loss, self.n_outputs, self.classes, self.mean, self.scale
        )


def as_array(y):
    """Any y as an array of numbers or text; of one column as one of shape (n_samples,)."""
    if y is None:
        raise ValueError("This selector requires y to be passed, but the target y is None.")
    if sparse.issparse(y):
        y = y.toarray()
    try:
        y = check_array(y, ensure_2d=False, dtype=None, ensure_all_finite=False, input_name="y")
    except (ValueError, TypeError) as error:
        raise type(error)(f"y is unusable: {error} {_ADVICE}") from error
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    if y.dtype == object:
        y = _text_or_numbers(y)
    if y.dtype.kind not in "biufUO":
        raise ValueError(f"y holds what is neither text nor numbers: {y.dtype}.")
    if y.dtype.kind == "f":
        _refuse_missing(np.count_nonzero(~np.isfinite(y)))
    return y


def _text_or_numbers(y):
    _refuse_missing(sum(map(_is_missing, y.flat)))
    n_text = sum(isinstance(label, str) for label in y.flat)
    if n_text == y.size:
        return y
    if n_text:
        raise ValueError(f"y mixes {n_text} texts with {y.size - n_text} other values.")
    try:
        return y.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y holds what is neither text nor numbers: {error}.") from error


def _is_missing(label):
    # pandas has missing values of its own, which compare with nothing.
    if type(label).__name__ in ("NoneType", "NAType", "NaTType"):
        return True
    return isinstance(label, float) and label != label


def _refuse_missing(n_missing):
    if n_missing:
        raise ValueError(f"Input y contains {n_missing} NaN or inf values.")


def _kind(y, loss):
    numeric = y.dtype.kind in "biuf"
    # A loss of the user's own may say in an attribute that it learns numbers.
    if loss == "squared_error" or getattr(loss, "target", None) == "numbers":
        if not numeric:
            raise ValueError(f"loss={loss!r} needs a y of numbers, not text.")
        return "numbers"
    # Of one column the values decide. Each thrice, they draw no warning of many classes, which are
    # the user's business; filters must not change, as other threads may be fitting.
    type_ = type_of_target(np.repeat(np.unique(y), 3) if y.ndim == 1 else y, input_name="y")
    kind = _KINDS.get(type_)
    if kind is None:
        raise ValueError(f"y is of type {type_!r}, which no loss suits. {_ADVICE}")
    if loss == "binary_cross_entropy" and type_ == "binary":
        if not (numeric and np.isin(y, (0, 1)).all()):
            raise ValueError("loss='binary_cross_entropy' needs a y of zeros and ones.")
        return "labels"
    if isinstance(loss, str) and loss not in ("auto", _LOSSES[kind]):
        raise ValueError(
            f"loss={loss!r} does not suit a y of type {type_!r}: use {_LOSSES[kind]!r} or 'auto'."
        )
    unclear = type_ == "multiclass" and numeric and not isinstance(loss, str)
    if unclear and getattr(loss, "target", None) != "classes":
        raise ValueError(
            "y may hold classes or numbers: let the loss say which it learns, by an attribute "
            "`target` of 'classes' (class numbers, one output each) or 'numbers'."
        )
    if loss == "auto" and kind == "classes" and y.dtype.kind == "f":
        n_values = len(np.unique(y))
        if n_values > max(20, len(y) / 10):
            warnings.warn(
                f"y holds {n_values} different numbers in {len(y)} samples and is taken as "
                "continuous. Pass loss='squared_error' to say so, or loss='cross_entropy' if "
                "they are classes.",
                UserWarning,
                stacklevel=2,
            )
            return "numbers"
    return kind


def validation_split(target: Target, rows: np.ndarray, fraction: float, rng: np.random.Generator):
    """Split rows at random into (training, validation) rows, both ascending.

    Classes keep their shares, and each keeps at least one row for training.
    """
    rows = rng.permutation(rows)
    if target.kind == "classes":
        labels = target.values[rows]
        rows = rows[np.argsort(labels, kind="stable")]
        _, first_of_class = np.unique(target.values[rows], return_index=True)
        eligible = np.delete(rows, first_of_class)
    else:
        eligible = rows[1:]
    n_validation = min(round(fraction * len(rows)), len(eligible))
    # Evenly spaced in the order of the classes: every class gives its share.
    places = (np.arange(n_validation) + rng.random()) * len(eligible) / max(1, n_validation)
    validation = eligible[places.astype(np.int64)]
    return np.setdiff1d(rows, validation), np.sort(validation)
