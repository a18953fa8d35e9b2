# SPDX-License-Identifier: BSD-3-Clause
"""Kinds of values that are no real numbers, and what to do with them."""

from __future__ import annotations

import numpy as np

from ..utils.text import counted

_ADVICE = {
    "dates": "Subtract a date and divide by a day, for example (date - "
    "numpy.datetime64('2000-01-01')) / numpy.timedelta64(1, 'D').",
    "durations": "Divide them by a unit, for example duration / numpy.timedelta64(1, 'D').",
    "complex numbers": "Complex data not supported: take real and imaginary parts.",
}
# How the names of types begin, in lower case: those of numpy, pandas, polars, pyarrow and Python.
_BEGINNINGS = {
    "datetime": "dates",
    "timestamp": "dates",
    "date": "dates",
    "period": "dates",
    "timedelta": "durations",
    "duration": "durations",
    "time": "durations",  # of the day
    "complex": "complex numbers",
}


def on_host(values):
    """Return a tensor of torch as an array, a table of Arrow as a frame, anything else as it is."""
    library = type(values).__module__.partition(".")[0]
    if library == "pyarrow" and hasattr(values, "schema"):
        return values.to_pandas()
    if library != "torch" or not hasattr(values, "detach"):
        return values
    tensor = values.detach()
    if tensor.is_meta or "sparse" in str(tensor.layout):
        raise TypeError(
            f"Got a tensor of layout {tensor.layout} on the device {tensor.device}. Pass a dense "
            "tensor with data, or a scipy sparse matrix."
        )
    if str(tensor.dtype) == "torch.bfloat16" or "float8" in str(tensor.dtype):  # not of numpy
        tensor = tensor.float()
    return tensor.cpu().resolve_conj().resolve_neg().numpy()


def is_missing(label) -> bool:
    """Return whether a Python object stands for a missing value."""
    # pandas has missing values of its own, which compare with nothing.
    if type(label).__name__ in ("NoneType", "NAType", "NaTType"):
        return True
    return isinstance(label, float) and label != label


def refuse_other_kinds(values, name: str) -> None:
    """Refuse masked values, dates, durations and complex numbers, which numpy would convert.

    Parameters
    ----------
    values : object
        X, y or weights, in any container.
    name : str
        Of `values`, for the message.

    Raises
    ------
    ValueError, TypeError
        Names the columns, and says what to do.
    """
    if isinstance(values, (list, tuple)):
        values = _as_array(values)
    refuse_masked(values, name)
    columns: dict[str, list] = {}
    for column, kind in _columns_of_other_kinds(values):
        columns.setdefault(kind, []).append(column)
    for kind, names in columns.items():
        if len(np.shape(values)) < 2:
            raise ValueError(f"{name} holds neither text nor numbers, but {kind}. {_ADVICE[kind]}")
        error = ValueError if kind == "complex numbers" else TypeError
        of = "" if name == "X" else f" in {name}"
        raise error(f"Not numeric{of}: {name_columns(names)} ({kind}). {_ADVICE[kind]}")


def _as_array(values):
    if any(np.ma.isMaskedArray(row) for row in values):
        return np.ma.array(values)
    try:
        return np.asarray(values)
    except ValueError:  # rows of several lengths: scikit-learn says so
        return None


def refuse_masked(values, name: str) -> None:
    """Refuse an array of which a value is masked: numpy would drop the mask."""
    if not np.ma.isMaskedArray(values) or not np.ma.getmaskarray(values).any():
        return
    masked = np.ma.getmaskarray(values)
    n_masked = counted(int(masked.sum()), "masked value")
    if masked.ndim != 2:
        raise ValueError(f"{name} contains {n_masked}. Leave these rows out.")
    where = name_columns(np.flatnonzero(masked.any(axis=0)))
    raise ValueError(
        f"{name} contains {n_masked}, in {where}. Impute or remove them first: "
        f"{name}.astype(float).filled(numpy.nan) makes them NaN for sklearn.impute.SimpleImputer."
    )


def _columns_of_other_kinds(values):
    """Pairs of (name or number of a column, its kind)."""
    if hasattr(values, "columns") and hasattr(values, "dtypes"):  # a data frame
        known: dict = {}
        for number, (name, dtype) in enumerate(zip(values.columns, values.dtypes, strict=False)):
            if dtype not in known:
                known[dtype] = _kind(str(dtype))
            kind = known[dtype]
            if kind is None and str(dtype).lower().startswith("object"):
                column = values.iloc[:, number] if hasattr(values, "iloc") else values[name]
                kind = _kind_of_objects(np.asarray(column))
            if kind is not None:
                yield name, kind
        return
    kind = _kind(str(getattr(values, "dtype", "")))
    if kind is not None:
        yield from ((j, kind) for j in range((*np.shape(values), 1)[1]))
    elif isinstance(values, np.ndarray) and values.dtype.kind == "O":
        table = values.reshape(len(values), -1)
        for j in range(table.shape[1]):
            if (kind := _kind_of_objects(table[:, j])) is not None:
                yield j, kind


def _kind(type_name: str) -> str | None:
    start = type_name.lower()
    return next((kind for name, kind in _BEGINNINGS.items() if start.startswith(name)), None)


def _kind_of_objects(column) -> str | None:
    kinds = (_kind(one.__name__) for one in set(map(type, column)))
    return next((kind for kind in kinds if kind is not None), None)


def non_numeric_columns(X) -> list:
    """Names (or numbers) of the columns of `X` that are no real numbers."""
    if hasattr(X, "columns") and hasattr(X, "__getitem__"):
        columns = [(name, np.asarray(X[name])) for name in X.columns]
    else:
        X = np.asarray(X, dtype=object)
        if X.ndim != 2:
            return []
        columns = [(j, X[:, j]) for j in range(X.shape[1])]

    def is_numeric(column):
        if column.dtype.kind in "mMc":  # dates, durations, complex numbers
            return False
        try:
            column.astype(np.float64)
        except (TypeError, ValueError):
            return False
        return True

    return [name for name, column in columns if not is_numeric(column)]


def name_columns(columns, feature_names=None, most: int = 10) -> str:
    """Read like ``columns 'a', 'b' and 7 more``."""
    names = columns if feature_names is None else np.asarray(feature_names)[columns]
    shown = ", ".join(
        repr(getattr(name, "item", lambda name=name: name)()) for name in names[:most]
    )
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"
