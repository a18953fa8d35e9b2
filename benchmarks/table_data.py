# SPDX-License-Identifier: BSD-3-Clause
"""Tables as people have them, as numbers, with or without columns of noise.

One column stays one column, so that K counts the columns of the user: text becomes the mean target
of its category, for a training row that of the other folds, which linear models and trees can use
alike. Dates become days, missing numbers the median. A quantity to
predict is standardised. All of it is learned on the training rows. Rows without a target are left
out. Columns are shuffled, so that no method wins by the order of those that it scores the same.

The noise is that of Cherepanova et al., NeurIPS 2023: normal numbers, mixtures of a column with
normal numbers, or products of two columns, as a share of all columns.
"""

import functools
from typing import NamedTuple

import numpy as np
from sklearn import datasets
from sklearn.model_selection import KFold, train_test_split
from tools.datasets import load_table

MOST_ROWS = 4000  # of either part
N_FOLDS = 5
MORE_ROWS = 10  # that draw the mean of a category to the overall mean


class Table(NamedTuple):
    target: str
    task: str = "classification"
    without: tuple = ()
    dates: tuple = ()


TABLES = {
    "attrition": Table("Attrition"),
    "mlc_churn": Table("churn"),
    "spambase": Table("spam"),
    "adult": Table("income"),
    "ames": Table("Sale_Price", "regression"),
    "hotel_rates": Table("avg_price_per_room", "regression", dates=("arrival_date",)),
    "pollution": Table("pm2.5", "regression", without=("No",)),
}
BUILT_IN = {  # of scikit-learn
    "wine": Table("target"),
    "breast_cancer": Table("target"),
    "diabetes": Table("target", "regression"),
}
EVERY = {**TABLES, **BUILT_IN}
# Columns of noise for d real ones.
KINDS = ("random", "corrupted", "second-order")
SHARES = (0.5, 0.75)
NOISE = {
    "none": 0,
    **{f"{kind} {share}": share / (1 - share) for kind in KINDS for share in SHARES},
    "random x 10": 10,
}


class Parts(NamedTuple):
    X: np.ndarray
    X_test: np.ndarray
    y: np.ndarray
    y_test: np.ndarray
    real: np.ndarray  # of the columns, as booleans


@functools.lru_cache(maxsize=2)
def frame(name):
    """Columns without the target, and the target."""
    table = EVERY[name]
    if name in BUILT_IN:
        found = getattr(datasets, f"load_{name}")(as_frame=True).frame
    else:
        found = load_table(name)
    found = found[found[table.target].notna()].drop(columns=list(table.without))
    for column in table.dates:
        days = found[column].astype("datetime64[s]") - np.datetime64("2000-01-01")
        found[column] = days.dt.days
    return found.drop(columns=table.target), found[table.target].to_numpy()


def shape(name):
    """(rows, columns) that a selection sees at most, without noise."""
    rows, columns = frame(name)[0].shape
    return min(rows, MOST_ROWS), columns


def parts(name, noise, seed):
    """Training and test rows of a split 80/20, at most so many of each."""
    X, y = frame(name)
    task = EVERY[name].task
    if task == "classification":
        y = np.unique(y, return_inverse=True)[1]
    rows, test_rows = train_test_split(
        np.arange(len(y)),
        test_size=0.2,
        stratify=y if task == "classification" else None,
        random_state=seed,
    )
    rows, test_rows = rows[:MOST_ROWS], test_rows[:MOST_ROWS]
    X, X_test = encoded(X.iloc[rows], X.iloc[test_rows], y[rows])
    y, y_test = y[rows], y[test_rows]
    if task == "regression":
        y, y_test = ((part - y.mean()) / y.std() for part in (y, y_test))
    rng = np.random.default_rng(seed)
    real = X.shape[1]
    both = with_noise(np.vstack([X, X_test]), noise, rng)
    order = rng.permutation(both.shape[1])
    X, X_test = np.split(both[:, order].astype(np.float32), [len(X)])
    return Parts(X, X_test, y, y_test, order < real)


def encoded(X, X_test, y):
    """Arrays of the training rows, which are shuffled already, and the test rows."""
    columns, test_columns = [], []
    for name in X:
        column, test = X[name], X_test[name]
        if column.dtype.kind in "iufb":
            middle = column.median()
            columns.append(column.fillna(middle).to_numpy(float))
            test_columns.append(test.fillna(middle).to_numpy(float))
            continue
        column, test = column.astype(object).fillna(""), test.astype(object).fillna("")
        values = np.empty(len(column))
        for others, fold in KFold(N_FOLDS).split(column):
            values[fold] = means(column.iloc[others], y[others], column.iloc[fold])
        columns.append(values)
        test_columns.append(means(column, y, test))
    return np.column_stack(columns), np.column_stack(test_columns)


def means(categories, y, wanted):
    """Mean target of the wanted categories, as if each had some more rows with the overall mean."""
    names, codes = np.unique(categories, return_inverse=True)
    sums = np.bincount(codes, y) + MORE_ROWS * y.mean()
    found = dict(zip(names, sums / (np.bincount(codes) + MORE_ROWS), strict=True))
    return np.array([found.get(category, y.mean()) for category in wanted])


def with_noise(X, noise, rng):
    """X and, behind it, columns of noise."""
    n, d = X.shape
    n_noise = round(d * NOISE[noise])
    drawn = rng.integers(d, size=(2, n_noise))
    if noise.startswith("random"):
        columns = rng.standard_normal((n, n_noise))
    elif noise.startswith("corrupted"):
        normal = rng.standard_normal((n, n_noise)) * X[:, drawn[0]].std(axis=0)
        columns = 0.5 * X[:, drawn[0]] + 0.5 * normal
    else:
        columns = X[:, drawn[0]] * X[:, drawn[1]]
    return np.hstack([X, columns])
