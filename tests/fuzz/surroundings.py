# SPDX-License-Identifier: BSD-3-Clause
"""The world around a fit: what users set globally, what must be as before, what is a container."""

from __future__ import annotations

import os
import pickle
import random
import warnings
from contextlib import contextmanager
from unittest import mock

import joblib
import numpy as np
import sklearn
import torch
from scipy import sparse

from sparsefs.data import RowTable
from sparsefs.training.progress import Progress


@contextmanager
def _set(set_, value, before):
    set_(value)
    try:
        yield
    finally:
        set_(before)


@contextmanager
def _cut_small():
    with (
        mock.patch("sparsefs.data.table.CHUNK_BYTES", 60),
        mock.patch("sparsefs.data.table.BUFFER_BYTES", 300),
    ):
        yield


@contextmanager
def _strict_warnings():
    with warnings.catch_warnings():
        for category in (RuntimeWarning, FutureWarning, DeprecationWarning):
            warnings.simplefilter("error", category)
        yield


SURROUNDINGS = {
    "default dtype float64": lambda: _set(torch.set_default_dtype, torch.float64, torch.float32),
    "default device meta": lambda: _set(torch.set_default_device, "meta", None),
    "with torch.device": lambda: torch.device("meta"),
    "np.errstate(all='raise')": lambda: np.errstate(all="raise"),
    "torch.inference_mode": torch.inference_mode,
    "torch.no_grad": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "deterministic": lambda: _set(torch.use_deterministic_algorithms, True, False),
    "two threads": lambda: _set(torch.set_num_threads, 2, torch.get_num_threads()),
    "warnings are errors": _strict_warnings,
    "assume_finite": lambda: sklearn.config_context(assume_finite=True),
    "output is pandas": lambda: sklearn.config_context(transform_output="pandas"),
    "threads of joblib": lambda: joblib.parallel_config("threading", n_jobs=2),
    "small chunks": _cut_small,
}


def global_state():
    """What a fit must leave as it was, by name."""
    return {
        "numpy's generator": pickle.dumps(np.random.get_state()),
        "Python's generator": random.getstate(),
        "torch's generator": torch.get_rng_state().tolist(),
        "torch's threads": torch.get_num_threads(),
        "torch's default dtype": torch.get_default_dtype(),
        "torch's default device": torch.get_default_device(),
        "torch's gradient mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "torch's determinism": torch.are_deterministic_algorithms_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "warning filters": list(warnings.filters),
        "numpy's error state": np.geterr(),
        "numpy's printing": np.get_printoptions(),
        "scikit-learn's settings": sklearn.get_config(),
        "environment": dict(os.environ),
        "files in the working directory": sorted(os.listdir()),
    }


def contents(data):
    """What a container of the user's holds, to see whether it was changed."""
    if sparse.issparse(data):
        parts = {k: v for k, v in vars(data).items() if isinstance(v, (np.ndarray, dict, list))}
        return repr((type(data), data.shape, {k: _bytes(v) for k, v in sorted(parts.items())}))
    if isinstance(data, np.ma.MaskedArray):
        return repr((_bytes(data.data), _bytes(data.mask)))
    if hasattr(data, "columns") and hasattr(data, "dtypes"):
        return repr((list(data.columns), list(data.dtypes), np.asarray(data).tolist()))
    if isinstance(data, RowTable):
        return repr(_bytes(data[:]))
    return repr(_bytes(data))


def _bytes(value):
    if isinstance(value, np.ndarray) and value.dtype != object:
        flags = value.flags.c_contiguous, value.flags.writeable
        return value.shape, value.dtype.str, flags, value.tobytes()
    return value


@contextmanager
def epochs_counted():
    """Count the epochs that begin, in any training: an error later than that is a late one."""
    counts, original = [], Progress.__iter__

    def counted(self):
        for epoch in original(self):
            counts.append(epoch)
            yield epoch

    with mock.patch.object(Progress, "__iter__", counted):
        yield counts
