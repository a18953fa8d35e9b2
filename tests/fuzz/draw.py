# SPDX-License-Identifier: BSD-3-Clause
"""X, y and weights in every form that users have them in, drawn from a `random.Random`.

Of everything that is drawn, `plain` is the same content in the simplest form. `verdict` says what
has to happen: FINE must fit, UNSURE may be refused, and any other str is a pattern that the message
of the refusal must contain.
"""

from __future__ import annotations

import decimal
import fractions
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import torch
from scipy import sparse

from tests.shards import as_memmap, write_npy, write_parquet

FINE, UNSURE = "fine", "unsure"
_X, _Y, _W = r"\bX\b|column|feature|sample|array|matrix", r"\by\b", "sample_weight"


@dataclass
class Drawn:
    value: Any
    plain: Any
    verdict: str
    says: str
    tame: bool = True  # results may be compared up to rounding
    exact: bool | None = True  # bit by bit what `plain` is; None if `plain` is something else


def _grid(g, n, d):
    return np.round(g.standard_normal((n, d)) * 64) / 64  # exact in half precision


def _with(column, values):
    def make(g, n, d):
        X = _grid(g, n, d)
        X[:, column % d] = values if np.ndim(values) == 0 else X[:, 0]
        return X

    return make


# name: (values of shape (n, d) from a Generator, verdict, whether rounding is harmless)
VALUES = {
    "normal": (_grid, FINE, True),
    "zeros": (lambda g, n, d: _grid(g, n, d) * (g.random((n, d)) < 0.4), FINE, True),
    "one constant": (_with(0, 2.0), FINE, True),
    "counts": (lambda g, n, d: g.integers(0, 6, (n, d)) * 1.0, FINE, False),
    "binary": (lambda g, n, d: g.integers(0, 2, (n, d)) * 1.0, FINE, False),
    "all constant": (lambda g, n, d: np.full((n, d), 3.0), FINE, False),
    "duplicates": (_with(-1, [0]), FINE, False),
    "huge": (lambda g, n, d: _grid(g, n, d) * 1e300, FINE, False),
    "very large": (lambda g, n, d: g.choice([-5e305, 0.0, 5e305], (n, d)), FINE, False),
    "tiny": (lambda g, n, d: _grid(g, n, d) * 1e-300, FINE, False),
    "denormal": (lambda g, n, d: g.integers(0, 9, (n, d)) * 5e-324, FINE, False),
    "offset": (lambda g, n, d: g.integers(0, 9, (n, d)) + 2.0**33, FINE, False),
    "units": (lambda g, n, d: _grid(g, n, d) * 10.0 ** (np.arange(d) % 9 * 4 - 16), FINE, False),
    "nan": (_with(1, np.nan), UNSURE, False),  # an estimator of others may refuse it
    "inf": (_with(1, -np.inf), "inf.*column", False),
    "largest": (_with(1, 1.7e308), "column", False),
}
DTYPES = [*["f8", "f4"] * 2, "f2", "g", ">f8", ">f4", ">i4"]
DTYPES += ["i1", "i2", "i4", "i8", "u1", "u2", "u8", "?"]


def _strided(A):
    wide = np.zeros((2 * len(A), 2 * A.shape[1]), A.dtype)
    wide[::2, 1::2] = A
    return wide[::2, 1::2]


def _read_only(A):
    A = A.copy()
    A.flags.writeable = False
    return A


def _names(A, make=lambda j: f"f{j}"):
    return [make(j) for j in range(A.shape[1])]


def _frame(A, make=lambda j: f"f{j}"):
    return pd.DataFrame(A, columns=_names(A, make))


def _nullable(A, missing=False):
    frame = _frame(A).convert_dtypes()
    frame.iloc[0, 0] = pd.NA if missing else frame.iloc[0, 0]
    return frame


def _arrow(A):
    return pd.DataFrame(
        {k: pd.array(list(c), pd.ArrowDtype(pa.array(c).type)) for k, c in zip(_names(A), A.T)}
    )


def _not_half(A):
    return "f4" if A.dtype == "f2" else A.dtype  # which scipy does not have


def _doubled(A):
    X = sparse.csr_matrix(A)
    parts = np.stack([X.data, 0 * X.data], 1).ravel(), np.repeat(X.indices, 2), X.indptr * 2
    return sparse.csr_matrix(parts, shape=X.shape)


def _long_index(A):
    X = sparse.csr_array(A)
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def _explicit_zeros(A):
    rows, cols = np.indices(A.shape)
    return sparse.coo_matrix((A.ravel(), (rows.ravel(), cols.ravel())), shape=A.shape)


def _folder():
    return Path(tempfile.mkdtemp()) / "X"


def _shards(write):
    def opened(A):
        from sparsefs import open_shards

        return open_shards(write(_folder(), A, n_files=2))

    return opened


def _reader(A):
    return torch.from_numpy(A.copy())


# Of an array; what cannot hold its type is replaced by the array itself.
CONTAINERS = {
    "array": lambda A: A,
    "fortran": np.asfortranarray,
    "strided": _strided,
    "reversed": lambda A: A[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": _read_only,
    "list": lambda A: A.tolist(),
    "tuple of arrays": tuple,
    "object": lambda A: A.astype(object),
    "masked, nothing masked": np.ma.masked_array,
    "tensor": _reader,
    "memmap": lambda A: as_memmap(_folder(), A),
    "npy shards": _shards(write_npy),
    "parquet shards": _shards(write_parquet),
    "pandas": _frame,
    "pandas, int names": lambda A: _frame(A, lambda j: 10 * j),
    "pandas, object": lambda A: _frame(A).astype(object),
    "pandas, nullable": _nullable,
    "pandas, Arrow": _arrow,
    "pandas, sparse": lambda A: _frame(A).astype(pd.SparseDtype(_not_half(A), 0)),
    "pandas, odd index": lambda A: _frame(A).set_index(np.full(len(A), 7)),
    "polars": lambda A: pl.DataFrame(dict(zip(_names(A), A.T))),
    **{
        f"{form}_{kind}": getattr(sparse, f"{form}_{kind}")
        for form in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")
        for kind in ("matrix", "array")
    },
    "csr, long index": _long_index,
    "csr, duplicate entries": _doubled,
    "coo, explicit zeros": _explicit_zeros,
}
# Rows are stored one after the other; others may be summed in another order.
_IN_ROWS = {"array", "read-only", "list", "tuple of arrays", "object", "masked, nothing masked"}
_IN_ROWS |= {"memmap", "npy shards", "parquet shards"}
ODD_CONTAINERS = {
    "pandas, duplicate names": (lambda A: _frame(A, lambda j: "f"), UNSURE),
    "pandas, mixed names": (lambda A: _frame(A, lambda j: j or "a"), UNSURE),
    "pandas, sparse of NaN": (lambda A: _frame(A).astype(pd.SparseDtype(float, np.nan)), UNSURE),
    "arrow table": (lambda A: pa.table(dict(zip(_names(A), A.T))), UNSURE),
    "np.matrix": (np.matrix, "matrix"),
    "masked": (lambda A: np.ma.masked_array(A, np.eye(*A.shape)), "mask|missing"),
    "pandas, missing": (lambda A: _nullable(A, missing=True), UNSURE),
    "text": (lambda A: _frame(A).astype({"f0": str}).assign(f0="x"), UNSURE),
    "text array": (lambda A: np.full(A.shape, "x"), UNSURE),
    "dates": (lambda A: _frame(A).assign(f0=np.datetime64("2020-01-01")), UNSURE),
    "date array": (lambda A: np.zeros(A.shape, "M8[s]"), UNSURE),
    "durations": (lambda A: np.zeros(A.shape, "m8[s]"), UNSURE),
    "complex": (lambda A: A + 1j, "omplex|column"),
    "complex csr": (lambda A: sparse.csr_matrix(A + 1j), "omplex|column"),
    "one dimension": (lambda A: A[:, 0], "1D|dimension|2D"),
    "three dimensions": (lambda A: A[:, :, None], "dim"),
    "ragged": (lambda A: [[0.0], *A.tolist(), [1.0, 2.0, 3.0]], _X),
    "path": (lambda A: "X.npy", "path"),
    "None": (lambda A: None, _X + "|None"),
    "number": (lambda A: 3.0, _X),
    "dict": (lambda A: {"a": list(A)}, _X + "|dict"),
    "set": (lambda A: {1.0, 2.0}, _X + "|set"),
    "no rows": (lambda A: A[:0], "sample"),
    "no columns": (lambda A: A[:, :0], "feature"),
}


def draw_X(r, odd) -> Drawn:
    g = np.random.default_rng(r.getrandbits(32))
    n, d = r.choice([2, 3, 5, 8, 12, 12, 20, 20]), r.choice([1, 2, 4, 6, 6, 10])
    kinds = [kind for kind in VALUES if odd or VALUES[kind][1] == FINE]
    kind = r.choice(["normal", "zeros", "one constant"] * 5 + kinds)
    make, verdict, tame = VALUES[kind]
    A = make(g, n, d)
    if verdict == FINE and r.random() < 0.04:
        n = r.choice([1, 130])
        A = np.resize(A, (n, d))
    dtype = r.choice(DTYPES)
    with np.errstate(all="ignore"):
        cast = A.astype(dtype)
        if not np.array_equal(cast.astype(float), A, equal_nan=True):
            cast = A
    A = cast
    form = r.choice(["array"] * 10 + list(CONTAINERS))
    if odd and verdict == FINE:
        form = r.choice(list(ODD_CONTAINERS))
        convert, verdict = ODD_CONTAINERS[form]
    else:
        convert = CONTAINERS[form]
    try:
        with np.errstate(all="ignore"):
            value = convert(A)
    except (TypeError, ValueError, NotImplementedError, KeyError, pa.ArrowException):
        value, form, verdict = A, "array", UNSURE if form in ODD_CONTAINERS else verdict
    # In what precision the library reads it.
    in_float32 = form in ("pandas", "pandas, int names", "polars") and A.dtype == "f4"
    own = getattr(value, "dtype", A.dtype if in_float32 else None)
    small = isinstance(own, np.dtype) and (own == "f4" or (own.kind in "biu" and own.itemsize < 3))
    plain = np.ascontiguousarray(A, dtype=np.float32 if small else np.float64)
    exact = form in _IN_ROWS
    tame = tame and n >= 5 and d > 1 and verdict == FINE
    return Drawn(value, plain, verdict, f"{kind} {A.dtype} {n}x{d} as {form}", tame, exact)


# Text and integers, numbers, several columns: y by its content, and then its containers.
def _classes(g, n, k):
    return g.permutation(np.arange(n) % k)


Y_VALUES = {
    "classes": lambda g, n: _classes(g, n, 2),
    "three classes": lambda g, n: _classes(g, n, 3),
    "text": lambda g, n: np.array(["a", "b", "c d"])[_classes(g, n, 3)],
    "booleans": lambda g, n: _classes(g, n, 2) == 1,
    "negative": lambda g, n: _classes(g, n, 2) * 2 - 1,
    "large": lambda g, n: _classes(g, n, 2) + 2**60,
    "float classes": lambda g, n: _classes(g, n, 3) * 1.0,
    "one member": lambda g, n: np.append(_classes(g, n - 1, 2), 5),
    "numbers": lambda g, n: g.standard_normal(n),
    "large numbers": lambda g, n: g.standard_normal(n) * 1e300,
    "small numbers": lambda g, n: g.standard_normal(n) * 1e-300,
    "halves": lambda g, n: np.arange(n) / 2 - 0.5,
    "several numbers": lambda g, n: g.standard_normal((n, 2)),
    "labels": lambda g, n: np.stack([np.arange(n) % 2, np.arange(n) % 3 == 0], 1).astype(int),
}
_SERIES = {
    "int32": lambda y: y.astype("i4"),
    ">": lambda y: y.astype(y.dtype.newbyteorder(">")),
    "strided": lambda y: np.repeat(y, 2, axis=0)[::2],
    "read-only": _read_only,
    "list": lambda y: y.tolist(),
    "tuple": lambda y: tuple(y.tolist()),
    "object": lambda y: y.astype(object),
    "masked, nothing masked": np.ma.masked_array,
    "tensor": _reader,
    "sparse": sparse.csr_matrix,
    "column": lambda y: y.reshape(len(y), -1),
    "pandas": pd.Series,
    "pandas, odd index": lambda y: pd.Series(y, index=np.full(len(y), 7)),
    "pandas, nullable": lambda y: pd.Series(y).convert_dtypes(
        convert_integer=False, convert_floating=False
    ),
    "pandas, Int64": lambda y: pd.Series(y).convert_dtypes(),
    "pandas, Arrow": lambda y: pd.Series(y).convert_dtypes(dtype_backend="pyarrow"),
    "pandas, object": lambda y: pd.Series(y, dtype=object),
    "pandas, category": lambda y: pd.Series(y).astype("category"),
    "index": pd.Index,
    "polars": lambda y: pl.Series("y", y),
    "polars, category": lambda y: pl.Series("y", y).cast(pl.Categorical),
    "frame": lambda y: pd.DataFrame(y).rename(columns=str),
    "frame, duplicate names": lambda y: pd.DataFrame(y).rename(columns=lambda c: "y"),
    "polars frame": lambda y: pl.DataFrame(
        y.reshape(len(y), -1), schema=_names(np.atleast_2d(y.T).T)
    ),
    "Decimal": lambda y: np.vectorize(decimal.Decimal, otypes=[object])(y),
    "Fraction": lambda y: np.vectorize(fractions.Fraction, otypes=[object])(y),
    "arrow": pa.array,
    "iterable": lambda y: (v for v in y),
}
_LOOSE = {"Decimal", "Fraction", "iterable", "arrow", "sparse", "pandas, category"}
_LENGTHS = ("too short", "too long", "number")  # refused by all, also by those that ignore y
BAD_Y = {
    "too short": (lambda y: y[:-1], _Y + "|inconsistent"),
    "too long": (lambda y: np.concatenate([y, y[:1]]), _Y + "|inconsistent"),
    "number": (lambda y: 3, _Y),
    "None": (lambda y: None, _Y),
    "nan": (lambda y: np.where(np.arange(len(y)) == 1, np.nan, 1.0 * np.arange(len(y))), _Y),
    "inf": (lambda y: np.where(np.arange(len(y)) == 1, np.inf, 1.0 * np.arange(len(y))), _Y),
    "NA": (lambda y: pd.Series([pd.NA, *range(len(y) - 1)], dtype="Int64"), _Y),
    "None inside": (lambda y: np.array([None, *["a"] * (len(y) - 1)], dtype=object), _Y),
    "mixed": (lambda y: ["a", 1] * (len(y) // 2) + ["a"] * (len(y) % 2), _Y),
    "masked": (lambda y: np.ma.masked_array(np.arange(len(y)), np.arange(len(y)) == 1), _Y),
    "one class": (lambda y: ["a"] * len(y), _Y),
    "constant": (lambda y: np.full(len(y), 0.5), _Y),
    "complex": (lambda y: np.arange(len(y)) + 1j, _Y),
    "dates": (lambda y: np.arange(len(y)).astype("M8[D]"), _Y),
    "durations": (lambda y: np.arange(len(y)).astype("m8[D]"), _Y),
    "bytes": (lambda y: np.array([b"a", b"b"] * len(y))[: len(y)], UNSURE),
    "text columns": (lambda y: np.array([["a", "b"]] * len(y)), _Y),
    "three dimensions": (lambda y: np.zeros((len(y), 2, 2)), _Y + "|dim"),
    "objects": (lambda y: np.array([{} for _ in range(len(y))], dtype=object), _Y),
    "integer columns": (lambda y: np.arange(3 * len(y)).reshape(-1, 3), _Y),
}


def draw_y(r, n, learns, odd) -> Drawn:
    g = np.random.default_rng(r.getrandbits(32))
    if not (learns or odd) and r.random() < 0.6:
        return Drawn(None, None, FINE, "None")
    kind = r.choice(["classes", "three classes", "numbers"] * 3 + list(Y_VALUES))
    plain = Y_VALUES[kind](g, n)
    few = len(np.unique(plain)) < 2 or n < 3
    if odd:
        form = r.choice(list(BAD_Y))
        bad, verdict = BAD_Y[form]
        if not (learns or form in _LENGTHS):
            verdict = UNSURE
        return Drawn(bad(plain), None, verdict, f"{kind}: {form}", exact=None)
    verdict = UNSURE if few else FINE
    form = r.choice(["array"] * 12 + list(_SERIES))
    try:
        with np.errstate(all="ignore"):
            value = plain if form == "array" else _SERIES[form](plain)
    except (TypeError, ValueError, ArithmeticError, pa.ArrowException, pl.exceptions.PolarsError):
        value, form = plain, "array"
    if form == "int32" and (plain.dtype.kind not in "i" or "large" in kind):
        value, form = plain, "array"
    if form in _LOOSE and not (form == "pandas, category" and plain.dtype.kind != "f"):
        verdict = UNSURE
    return Drawn(value, plain, verdict, f"{kind} as {form}", not few, form not in _LOOSE)


WEIGHTS = {
    "ones": (lambda g, n: np.ones(n), FINE),
    "random": (lambda g, n: g.random(n) + 0.1, FINE),
    "some zero": (lambda g, n: (np.arange(n) % 4 > 0) * 1.0, FINE),
    "list": (lambda g, n: [1.0] * n, FINE),
    "integers": (lambda g, n: g.integers(1, 4, n), FINE),
    "pandas": (lambda g, n: pd.Series(g.random(n) + 1, index=np.full(n, 3)), FINE),
    "nullable": (lambda g, n: pd.Series([1, 2] * n, dtype="Int64")[:n], FINE),
    "polars": (lambda g, n: pl.Series([1.0, 2.0] * n)[:n], FINE),
    "booleans": (lambda g, n: np.arange(n) > 0, FINE),
    "huge": (lambda g, n: g.random(n) * 1e300, FINE),
    "tiny": (lambda g, n: g.random(n) * 1e-300, FINE),
    "spread": (lambda g, n: 10.0 ** g.integers(-300, 300, n), UNSURE),
    "float32": (lambda g, n: g.random(n, dtype=np.float32) + 0.5, FINE),
    "number": (lambda g, n: 2.0, UNSURE),
    "column": (lambda g, n: np.ones((n, 1)), UNSURE),
    "all zero": (lambda g, n: np.zeros(n), _W),
    "negative": (lambda g, n: np.append(np.ones(n - 1), -1.0), _W),
    "nan": (lambda g, n: np.append(np.ones(n - 1), np.nan), _W),
    "inf": (lambda g, n: np.append(np.ones(n - 1), np.inf), _W),
    "NA": (lambda g, n: pd.Series([pd.NA] + [1] * (n - 1), dtype="Int64"), _W),
    "too long": (lambda g, n: np.ones(n + 1), _W),
    "matrix": (lambda g, n: np.ones((n, 2)), _W),
    "text": (lambda g, n: ["a"] * n, _W),
    "complex": (lambda g, n: np.ones(n) + 1j, _W),
    "dates": (lambda g, n: np.zeros(n, "M8[s]"), _W),
    "masked": (lambda g, n: np.ma.masked_array(np.ones(n), np.arange(n) == 0), _W),
}


def draw_weights(r, n, odd) -> Drawn:
    g = np.random.default_rng(r.getrandbits(32))
    if not odd and r.random() < 0.6:
        return Drawn(None, None, FINE, "None")
    forms = [form for form in WEIGHTS if (WEIGHTS[form][1] == FINE) != odd]
    form = r.choice(forms if odd else ["ones", "some zero", "random"] * 4 + forms)
    make, verdict = WEIGHTS[form]
    value = make(g, n)
    if verdict != FINE:
        return Drawn(value, None, verdict, form, exact=None)
    plain = np.asarray(value, dtype=np.float64)
    exact = (plain != 0).all() and not (plain == 1).all()
    # Weights of zero may leave one class.
    verdict, plain = FINE if plain.all() else UNSURE, None if (plain == 1).all() else plain
    return Drawn(value, plain, verdict, form, exact=bool(exact))
