# SPDX-License-Identifier: BSD-3-Clause
"""What y is, decided once by one rule, and encoded for a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_array

from ..distributed import ALONE, Ranks
from ..utils.text import listed
from ..utils.warning import warn_user
from .inputs import mean_one
from .kinds import is_missing, on_host, refuse_other_kinds
from .summary import Summary, power_of_two
from .survival import concordance, from_columns, from_fields

TASKS = ("auto", "classification", "multilabel", "regression", "survival")
_MOST_CLASSES = 10_000  # time and memory of a fit grow with them
_FEW_VALUES = 20  # so many different whole numbers are classes, whatever they are
_ADVICE = (
    "For several numbers per sample pass task='regression'; for several labels make y an array of "
    "zeros and ones, for example with sklearn.preprocessing.MultiLabelBinarizer; for events and "
    "times pass task='survival'."
)
_CONSTANT = "y is constant: there is nothing that features could explain."


@dataclass(frozen=True)
class Target:
    """A target in the form that a network learns.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression", "survival"}
        One class per sample; several labels per sample; one or several numbers per sample; the
        time until an event or until censoring.
    values : ndarray
        Class numbers of shape (n_samples,), int64; or (n_samples, n_outputs), float32, numbers
        with mean 0 and standard deviation 1; or (n_samples, 2), float32, events (zeros and ones)
        and ranks of the times.
    n_outputs : int
        Outputs that the network needs.
    classes : ndarray of shape (n_classes,), or None
    mean, scale : ndarray of shape (n_outputs,), or None
        Of numbers, before they were standardised; None where they were not, because the network
        learns the logarithm of their mean.
    """

    task: str
    values: np.ndarray
    n_outputs: int
    classes: np.ndarray | None = None
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None

    @classmethod
    def of(cls, y, task: str = "auto", sample_weight=None, ranks: Ranks = ALONE) -> Target:
        """Encode `y`, as the given task or as the one that :func:`task_of` finds.

        Numbers are standardised over all `ranks`.

        Raises
        ------
        ValueError
            If y is None or unusable, or does not suit the task.
        """
        y, named = _read(y)
        used = slice(None) if sample_weight is None else sample_weight > 0
        if task == "auto":
            task = _task_of(y[used], named)
        if y.dtype.names is not None and task != "survival":
            raise ValueError(f"y holds events and times: task={task!r} does not suit it.")
        ranks.agree(the_task=task, the_number_of_outputs=1 if y.ndim == 1 else y.shape[1])
        if task == "classification":
            return cls._of_classes(y, used, ranks)
        if task == "multilabel":
            return cls._of_labels(y.reshape(len(y), -1), used)
        if task == "survival":
            return cls._of_times(from_columns(y), used)
        if y.dtype.kind not in "biuf":
            raise ValueError("task='regression' needs a y of numbers, not text.")
        return cls._of_numbers(y, used, sample_weight, ranks)

    @classmethod
    def of_next(cls, y, task, sample_weight, weight: float, classes, known: dict | None):
        """Encode the `y` of the next rows of a stream.

        Parameters
        ----------
        y, task, sample_weight
            See :meth:`of`.
        weight : float
            Sum of the weights of these rows, as the user gave them.
        classes : array-like or None
            All classes of the stream.
        known : dict or None
            What is known of the rows before; None if there are none.

        Returns
        -------
        target : Target
            Numbers are standardised over all rows so far.
        known : dict
            What is known of all rows so far.
        """
        y, named = _read(y)
        used = slice(None) if sample_weight is None else sample_weight > 0
        if known is not None:
            task = known["task"]
        elif task == "auto":
            of_classes = classes is not None and y.ndim == 1
            task = "classification" if of_classes else _task_of(y[used], named)
        if task == "survival" or y.dtype.names is not None:
            raise ValueError("partial_fit does not support survival. Call fit with all rows.")
        if task == "classification":
            classes = _all_classes(y, used, classes, known)
            values = np.searchsorted(classes, y).clip(max=len(classes) - 1).astype(np.int64)
            return cls(task, values, len(classes), classes), {"task": task, "classes": classes}
        y = y.reshape(len(y), -1)
        n_outputs = y.shape[1] if known is None else known["n_outputs"]
        if y.shape[1] != n_outputs:
            raise ValueError(f"y has {y.shape[1]} columns, but had {n_outputs} in the first call.")
        now = {"task": task, "n_outputs": n_outputs}
        if task == "multilabel":
            if not np.isin(y[used], (0, 1)).all():
                raise ValueError(f"Labels must be zeros and ones. {_ADVICE}")
            return cls(task, y.astype(np.float32), n_outputs), now
        if y.dtype.kind not in "biuf":
            raise ValueError("task='regression' needs a y of numbers, not text.")
        y = y.astype(np.float64)
        summary = Summary.of(y, sample_weight)
        if known is not None:
            summary = known["summary"].merged(summary, known["weight"], weight)
            weight += known["weight"]
        mean, scale = summary.mean * summary.unit, np.sqrt(summary.variance) * summary.unit
        scale = np.where(scale > 0, scale, summary.unit)
        values = np.zeros(y.shape, dtype=np.float32)
        values[used] = (y[used] - mean) / scale
        target = cls(task, values, n_outputs, mean=mean, scale=scale)
        return target, {**now, "summary": summary, "weight": weight}

    @classmethod
    def _of_classes(cls, y, used, ranks):
        classes = _classes_in(y, used)
        ranks.agree(the_classes=classes.tolist())
        if len(classes) < 2:
            raise ValueError(
                "y has one class only, so no feature can tell classes apart: at least 2 "
                "classes are needed."
            )
        _refuse_many(classes)
        # Samples of weight 0 may be of further classes, which are never looked at.
        numbers = np.searchsorted(classes, y).clip(max=len(classes) - 1)
        return cls("classification", numbers.astype(np.int64), len(classes), classes)

    @classmethod
    def _of_labels(cls, y, used):
        if not np.isin(y[used], (0, 1)).all():
            raise ValueError(f"Labels must be zeros and ones. {_ADVICE}")
        if (y[used] == y[used][0]).all():
            raise ValueError(_CONSTANT)
        return cls("multilabel", y.astype(np.float32), y.shape[1])

    @classmethod
    def _of_numbers(cls, y, used, sample_weight, ranks):
        y = y.reshape(len(y), -1).astype(np.float64)
        weight = None if sample_weight is None else sample_weight[used]
        # Moments of y / unit neither overflow nor underflow.
        unit = ranks.max(np.abs(y[used]).max(axis=0))
        unit[unit == 0] = 1.0
        total = len(y[used]) if weight is None else weight.sum()
        mean = ranks.mean(np.average(y[used] / unit, axis=0, weights=weight), total)
        squares = np.average((y[used] / unit - mean) ** 2, axis=0, weights=weight)
        scale = np.sqrt(ranks.mean(squares, total))
        varies = scale > 1e-14  # what rounding the mean leaves to a constant is less
        if not varies.any():
            raise ValueError(_CONSTANT)
        mean, scale = mean * unit, np.where(varies, scale * unit, unit)
        values = np.zeros(y.shape, dtype=np.float32)
        values[used] = (y[used] - mean) / scale
        return cls("regression", values, y.shape[1], mean=mean, scale=scale)

    @classmethod
    def _of_times(cls, y, used):
        negative = np.flatnonzero(y["time"] < 0)
        if len(negative):
            raise ValueError(
                f"The time in y is negative in {_rows(negative)}: {y['time'][negative[0]]:g}."
            )
        rank = np.unique(y["time"], return_inverse=True)[1]
        values = np.column_stack([y["event"], rank]).astype(np.float32)
        if not y["event"][used].any():
            raise ValueError(
                f"y has no events: all {len(rank[used])} samples are censored (rows 0 to "
                f"{len(y) - 1}), so that features cannot explain any."
            )
        event, rank = values[used].T
        start = rank[event > 0].min()
        if not ((rank > start) | ((rank == start) & (event == 0))).any():
            raise ValueError("No sample in y outlasts an event, so there is nothing to compare.")
        return cls("survival", values, 1)

    @property
    def strata(self) -> np.ndarray | None:
        """Number of each sample's class, or whether it has an event; None for other tasks."""
        if self.task == "survival":
            return self.values[:, 0].astype(np.int64)
        return self.values if self.task == "classification" else None

    def as_means(self) -> Target:
        """Return the numbers as they were, for outputs that are logarithms of their means.

        Raises
        ------
        ValueError
            If there are no numbers, or negative ones.
        """
        if self.task != "regression" or self.mean is None or self.scale is None:
            raise ValueError(f"The loss needs task='regression', and the task is {self.task!r}.")
        values = (self.values * self.scale + self.mean).astype(np.float32)
        if (values < -1e-6 * self.scale).any():
            raise ValueError("The loss needs a y without negative numbers.")
        return replace(self, values=values.clip(min=0), mean=None, scale=None)

    def weights(self, class_weight, sample_weight, ranks: Ranks = ALONE) -> np.ndarray | None:
        """Sample weights times class weights, mean 1 over the samples whose weight is not 0."""
        if class_weight is None:
            return sample_weight
        if self.classes is None:
            raise ValueError(
                f"class_weight={class_weight!r} needs a y of classes, but the task is "
                f"{self.task!r}: pass sample_weight to fit instead."
            )
        weight = np.ones(len(self.values)) if sample_weight is None else sample_weight.copy()
        used = np.flatnonzero(weight)
        labels = self.classes[self.values[used]]
        if ranks.size > 1 and isinstance(class_weight, str):  # "balanced"
            counts = ranks.sum(np.bincount(self.values[used], minlength=len(self.classes)))
            balanced = counts.sum() / (len(counts) * counts)
            class_weight = dict(zip(self.classes.tolist(), balanced.tolist(), strict=True))
        try:
            weight[used] *= compute_sample_weight(class_weight, labels)
        except (ValueError, TypeError) as error:
            raise type(error)(f"class_weight is unusable: {error}") from error
        if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any()):
            raise ValueError(
                "class_weight must be finite, not negative, and not 0 for all classes."
            )
        return mean_one(weight, ranks)

    def score(self, y, output: np.ndarray, sample_weight=None) -> float:
        """Accuracy for classes and labels, R2 for numbers, concordance for times."""
        y = as_array(y, self.task)
        if self.task == "survival":
            return concordance(y, output[:, 0], sample_weight)
        if self.classes is not None:
            if y.ndim > 1:
                raise ValueError(f"y must be one class per sample. Got y of shape {y.shape}.")
            predicted = self.classes[output.argmax(axis=1)]
        elif self.task == "multilabel":
            predicted = (output > 0).astype(int)
        elif self.scale is None:
            predicted = np.exp(output)
        else:
            predicted = output * self.scale + self.mean
        if y.ndim == 1 and self.n_outputs == 1:
            predicted = predicted.ravel()
        if self.task != "regression":
            return float(accuracy_score(y, predicted, sample_weight=sample_weight))
        if y.dtype.kind in "biuf" and y.shape == predicted.shape:
            unit = unit_of(y, predicted)
            y, predicted = y / unit, predicted / unit
        return float(r2_score(y, predicted, sample_weight=sample_weight))


def _classes_in(y, used) -> np.ndarray:
    if y.ndim > 1:
        raise ValueError(f"task='classification' needs one class per sample. {_ADVICE}")
    if not _is_whole(y[used]):
        raise ValueError(
            "task='classification' needs classes, and y holds numbers with fractions "
            "(continuous). Pass task='regression'."
        )
    return np.unique(y[used])


def _refuse_many(classes):
    if len(classes) > _MOST_CLASSES:
        raise ValueError(
            f"y has {len(classes):,} classes, and at most {_MOST_CLASSES:,} are supported: the "
            "network has an output for each. If y is a quantity, pass task='regression'. If it "
            "names the rows, choose another target. Else join classes that are rare."
        )


def _all_classes(y, used, classes, known) -> np.ndarray:
    """Return the classes of a stream, and refuse a y that is of others."""
    here = _classes_in(y, used)
    given = here if classes is None else np.unique(_read(classes)[0])
    if known is None:
        if len(given) < 2:
            raise ValueError(
                f"The first call of partial_fit knows one class only, {given.tolist()}. Pass "
                "'classes' with all classes of the stream."
            )
        _refuse_many(given)
        known = {"classes": given}
    elif classes is not None and given.tolist() != known["classes"].tolist():
        raise ValueError(
            f"classes={given.tolist()} is not the same as in the first call of partial_fit: "
            f"{known['classes'].tolist()}."
        )
    unknown = [repr(c) for c in here.tolist() if c not in set(known["classes"].tolist())]
    if unknown:
        raise ValueError(
            f"y contains {listed(unknown, 5)}, not among the classes of the stream, "
            f"{known['classes'].tolist()}. Pass 'classes' with all classes in the first call of "
            "partial_fit."
        )
    return known["classes"]


def unit_of(*arrays):
    """Powers of two, per output, by which squares of the arrays neither overflow nor underflow."""
    low = np.minimum.reduce([array.min(axis=0) for array in arrays])
    high = np.maximum.reduce([array.max(axis=0) for array in arrays])
    return power_of_two(low, high)


def task_of(y, warn: bool = True) -> str:
    """Decide what y is.

    Text, booleans and categories are classes; a structured array is events and times; several
    columns of zeros and ones are labels, other several columns are numbers, and so is a column with
    fractions. Whole numbers are classes if there are at most 20 different ones, or if they run from
    0 or 1 without large gaps and are about equally frequent, as codes of classes are. Otherwise
    they are a quantity, such as ages, years, counts or prices. The container of y makes no
    difference: a nullable integer, a Python integer in an object array and a float without
    fractions are whole numbers.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    warn : bool, default=True

    Returns
    -------
    {"classification", "multilabel", "regression", "survival"}

    Warns
    -----
    UserWarning
        Where whole numbers could be either, unless `warn` is false.
    """
    return _task_of(*_read(y), warn)


def strata(y, task: str = "auto") -> np.ndarray | None:
    """Return the number of each sample's class, or whether it has an event, (n_samples,).

    None if y contains neither. The `task` is known, or :func:`task_of` finds it.
    """
    if y is None:
        return None
    y, named = _read(y)
    if task == "survival" or y.dtype.names is not None:
        return from_columns(y)["event"].astype(np.int64)
    if y.ndim > 1 or "classification" not in (task, _task_of(y, named, warn=False)):
        return None
    return np.unique(y, return_inverse=True)[1]


def _task_of(y, named: bool, warn: bool = True) -> str:
    if named:
        if y.ndim > 1:
            raise ValueError(f"y holds text in several columns. {_ADVICE}")
        return "classification"
    if y.dtype.names is not None:
        return "survival"
    if y.ndim > 1:
        return _task_of_columns(y)
    if y.dtype.kind == "b":
        return "classification"
    if not _is_whole(y):
        return "regression"
    values, counts = np.unique(y, return_counts=True)
    if len(values) <= _FEW_VALUES:
        return "classification"
    span = int(values[-1]) - int(values[0]) + 1
    coded = values[0] in (0, 1) and len(values) >= 0.9 * span and counts.mean() >= 2
    if coded and counts.max() <= 2 * counts.min():
        return "classification"
    classes = coded and counts.min() >= counts.mean() / 10
    task, reading, other = (
        ("classification", "classes", "regression")
        if classes
        else ("regression", "a quantity", "classification")
    )
    if warn:
        warn_user(
            f"y holds {len(values)} different whole numbers in {len(y)} samples and is taken as "
            f"{reading}. Pass task={task!r} to confirm, or task={other!r}."
        )
    return task


def _task_of_columns(y):
    if np.isin(y, (0, 1)).all():
        return "multilabel"
    if not _is_whole(y):
        return "regression"
    raise ValueError(f"y holds whole numbers in {y.shape[1]} columns. {_ADVICE}")


def _is_whole(y) -> bool:
    """Whether y has no fractions. Floats from 2**53 on cannot have any, so they do not count."""
    if y.dtype.kind != "f":
        return True
    y = y.astype(np.promote_types(y.dtype, np.float64))
    return bool(((y == np.rint(y)) & (np.abs(y) < 2**53)).all())


def as_array(y, task: str = "auto") -> np.ndarray:
    """Return any y as an array of numbers or text; one column becomes one dimension.

    Events and times become a structured array with these two fields.
    """
    y = _read(y)[0]
    return from_columns(y) if task == "survival" else y


def _read(y) -> tuple[np.ndarray, bool]:
    """An array of y, and whether its values are names: text or categories."""
    if y is None:
        raise ValueError("This selector requires y to be passed, but the target y is None.")
    y = on_host(y)
    refuse_other_kinds(y, "y")
    if sparse.issparse(y):
        y = y.toarray()
    if isinstance(y, np.ndarray) and y.dtype.names is not None:
        y = from_fields(y)
        _refuse_missing(~np.isfinite(y["time"]))
        return y, False
    columns = getattr(y, "columns", None)
    if columns is not None and hasattr(y, "dtypes"):  # a data frame
        # By position in pandas, where names may repeat.
        parts = [
            _of_series(y.iloc[:, i] if hasattr(y, "iloc") else y[name])
            for i, name in enumerate(columns)
        ]
        array, categories = _stacked([part for part, _ in parts]), any(c for _, c in parts)
    else:
        array, categories = _of_series(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array.ravel()
    if array.dtype.kind not in "biufUO":
        raise ValueError(f"y holds neither text nor numbers: {array.dtype}.")
    if array.dtype.kind == "f":
        _refuse_missing(~np.isfinite(array))
    return array, categories or array.dtype.kind in "UO"


def _stacked(parts):
    """Columns side by side, in a type that keeps the digits of all of them."""
    if any(part.dtype.kind in "UO" for part in parts):
        parts = [part.astype(object) for part in parts]
    return np.column_stack(parts)


def _of_series(y):
    """An array of the values, and whether the container calls them categories."""
    dtype = getattr(y, "dtype", None)
    categories = "categor" in str(dtype).lower() or "enum" in str(dtype).lower()
    if isinstance(dtype, np.dtype) or dtype is None:
        return _checked(y), False
    # A type of pandas or polars: a missing value must not turn integers into floats.
    missing = getattr(y, "isna", getattr(y, "is_null", None))
    if missing is not None:
        _refuse_missing(np.asarray(missing()))
    return _checked(np.asarray(y.to_numpy())), categories


def _checked(y):
    try:
        if isinstance(y, (list, tuple)) and np.asarray(y).dtype.kind == "U":
            y = np.asarray(y, dtype=object)  # numpy makes text of the numbers among text
        y = check_array(y, ensure_2d=False, dtype=None, ensure_all_finite=False, input_name="y")
    except (ValueError, TypeError) as error:
        raise type(error)(f"y is unusable: {error} {_ADVICE}") from error
    return _of_objects(y) if y.dtype == object else y


def _of_objects(y):
    """Python objects as text or numbers; whole numbers stay whole, however large they are."""
    _refuse_missing(np.reshape([is_missing(label) for label in y.flat], y.shape))
    n_text = sum(isinstance(label, str) for label in y.flat)
    if n_text == y.size:
        return y
    if n_text:
        raise ValueError(f"y mixes {n_text} texts with {y.size - n_text} other values.")
    if all(isinstance(label, (bool, np.bool_)) for label in y.flat):
        return y.astype(bool)
    whole = all(isinstance(label, Integral) for label in y.flat)
    try:
        return y.astype(np.int64 if whole else np.float64)
    except OverflowError as error:
        raise ValueError("y holds whole numbers beyond 64 bits: pass them as text.") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"y holds neither text nor numbers: {error}.") from error


def _refuse_missing(missing):
    if missing.any():
        rows = np.unique(np.nonzero(missing)[0])
        raise ValueError(
            f"Input y contains {np.count_nonzero(missing)} NaN or inf values, in {_rows(rows)}."
        )


def _rows(rows) -> str:
    return f"row{'s' if len(rows) > 1 else ''} {listed(rows, 5)}"


def validation_split(target: Target, rows: np.ndarray, fraction: float, rng: np.random.Generator):
    """Split rows at random into (training, validation) rows, both ascending.

    Classes, and events, keep their shares, and each class keeps at least one row for training.
    """
    rows, classes = rng.permutation(rows), target.strata
    if classes is not None:
        rows = rows[np.argsort(classes[rows], kind="stable")]
        _, first_of_class = np.unique(classes[rows], return_index=True)
        eligible = np.delete(rows, first_of_class)
    else:
        eligible = rows[1:]
    n_validation = min(round(fraction * len(rows)), len(eligible))
    # Evenly spaced in the order of the classes: every class gives its share.
    places = (np.arange(n_validation) + rng.random()) * len(eligible) / max(1, n_validation)
    validation = eligible[places.astype(np.int64)]
    return np.setdiff1d(rows, validation), np.sort(validation)
