# SPDX-License-Identifier: BSD-3-Clause
"""Data sets by name: real ones, rows of them, and generated ones."""

from functools import partial

import numpy as np
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from tools.datasets import available, is_sparse, load, official_n_train
from tools.datasets import shape as _shape_of_file

ROWS = {"mnist": 10_000, "fashion_mnist": 10_000}
WHOLE_MNIST = "mnist_60000"
IMAGES = {
    *("coil20", "orl", "usps", "yale", "warpar10p", "warppie10p", "orlraws10p"),
    *("mnist", WHOLE_MNIST, "fashion_mnist"),
}
# Every real set, the small ones first; isolet_1560 is the first fifth of isolet.
SETS_OF = {
    "genes": (
        *("colon", "lymphoma", "prostate_ge", "tox_171", "nci9", "glioma", "lung_small", "khan"),
        *("west", "gravier", "sorlie", "christensen"),
    ),
    "images": (
        *("warpar10p", "yale", "orl", "warppie10p", "orlraws10p", "coil20", "usps"),
        *("fashion_mnist", "mnist"),
    ),
    "text": ("relathe", "pcmac", "basehock", "dexter", "news20"),
    "speech and spectra": ("arcene", "isolet_1560", "isolet"),
    "other": ("madelon", "dorothea"),
}
SETS = (
    *("lung_small", "sorlie", "colon", "khan", "yale", "glioma", "christensen", "warpar10p"),
    *("west", "lymphoma", "orl", "gravier", "warppie10p", "nci9", "prostate_ge", "isolet_1560"),
    *("tox_171", "orlraws10p", "madelon", "coil20", "arcene", "usps", "isolet", "relathe"),
    *("pcmac", "basehock", "dexter", "fashion_mnist", "mnist", "dorothea", "news20"),
)
OFFICIAL = ("arcene", "dexter", "madelon", "dorothea", "isolet", "fashion_mnist", "mnist")
# Sets of the papers' tables. Those without an official split, and usps, are on random splits there.
AS_PUBLISHED = (
    *("prostate_ge", "coil20", "arcene", "usps", "isolet", "basehock", "fashion_mnist", "mnist"),
)


def n_selected(name):
    """How many features the papers select."""
    return 20 if name == "madelon" else 50


def kind_of(name):
    """What WAST's paper sets its `lam` by."""
    return "images" if name in IMAGES else "other"


def dataset(name):
    """(X, y) with X float32 and y encoded as 0, 1, ..."""
    if name in GENERATED:
        return GENERATED[name]()
    if name == WHOLE_MNIST:
        X, y = load("mnist") if available() else digits_like(60_000)
        return X[:60_000], y[:60_000]
    X, y = load(name, ROWS.get(name))
    return X, np.unique(y, return_inverse=True)[1]


def split(name, seed):
    """X_train, X_test, y_train, y_test: stratified 80/20, or the official test rows of mnist."""
    if name == WHOLE_MNIST and available():
        X, y = load("mnist")
        return X[:60_000], X[60_000:], y[:60_000], y[60_000:]
    X, y = dataset(name)
    return train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)


def shape(name):
    return GENERATED[name]()[0].shape if name in GENERATED else _shape_of_file(name)


def is_csr(name):
    return name == "wide_csr" if name in GENERATED else is_sparse(name)


def whole_split(name, seed):
    """As `split`, of all rows, also where there is an official split: those are merged."""
    X, y = _whole(name)
    return train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)


def published_split(name, seed):
    """As `split`, with the set's own test rows where the papers' tables have these."""
    if name not in OFFICIAL:
        return whole_split(name, seed)
    X, y = _whole(name)
    n = official_n_train(name)
    return X[:n], X[n:], y[:n], y[n:]


def _whole(name):
    X, y = GENERATED[name]() if name in GENERATED else load(name)
    return X, np.unique(y, return_inverse=True)[1]


def tiny():
    """Nothing to learn from; to try whether a benchmark runs."""
    X, y = make_classification(150, 60, n_informative=8, random_state=0)
    return X.astype(np.float32), y


def digits_like(n=10_000):
    """The shape, the range and the share of zeros of mnist, for a machine that has no data."""
    rng = np.random.default_rng(0)
    ink = rng.random((10, 784)) < 0.2
    y = rng.integers(10, size=n)
    X = ink[y] * rng.integers(0, 256, size=(n, 784), dtype=np.uint8)
    return X.astype(np.float32), y


def wide(n=200, d=1_000_000):
    """Dense rows of float32, two classes that ten columns tell apart."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n, d), dtype=np.float32), np.arange(n) % 2
    X[:, :10] += 2 * y[:, None]
    return X, y


def wide_csr(n=20_000, d=1_000_000, n_nonzero=100):
    """Sparse rows of float32, two classes that ten columns tell apart."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    columns = rng.integers(10, d, size=(n, n_nonzero), dtype=np.int32)
    columns[:, 0] = rng.integers(10, size=n) // 2 + 5 * y
    values = rng.random(columns.size, dtype=np.float32) + 0.5
    starts = np.arange(0, columns.size + 1, n_nonzero, dtype=np.int32)
    X = sparse.csr_matrix((values, columns.ravel(), starts), shape=(n, d))
    X.sum_duplicates()
    return X, y


GENERATED = {
    "tiny": tiny,
    "digits_like": digits_like,
    "wide": wide,
    "wide_csr": wide_csr,
    "few_60": partial(wide, 60, 10_000),
    "few_200": partial(wide, 200, 300_000),
}


def n_bytes(X):
    """Bytes of a dense or CSR matrix."""
    arrays = (X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,)
    return sum(array.nbytes for array in arrays)
