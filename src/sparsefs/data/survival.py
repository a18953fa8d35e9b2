# SPDX-License-Identifier: BSD-3-Clause
"""Survival targets: whether the event was seen, and the time until it or until censoring."""

from __future__ import annotations

import numpy as np

_DTYPE = np.dtype([("event", bool), ("time", np.float64)])
_FORMS = (
    "Pass a structured array with a boolean field (the event) and a field of numbers (the time), "
    "as sksurv.util.Surv makes, or two columns with task='survival': zeros and ones (the event), "
    "and the time."
)


def from_fields(y: np.ndarray) -> np.ndarray:
    """Return a structured array with the fields event and time, whatever their names were.

    Raises
    ------
    ValueError
        If there are other fields.
    """
    kinds = {name: y.dtype[name].kind for name in y.dtype.names or ()}
    events = [name for name, kind in kinds.items() if kind == "b"]
    times = [name for name, kind in kinds.items() if kind in "iuf"]
    if len(kinds) != 2 or len(events) != 1 or len(times) != 1 or y.ndim != 1:
        raise ValueError(
            f"y is a structured array of shape {y.shape} with the fields {y.dtype.descr}. {_FORMS}"
        )
    return _of(y[events[0]], y[times[0]])


def from_columns(y: np.ndarray) -> np.ndarray:
    """Return the same from two columns, in any order; a structured array as it is.

    Raises
    ------
    ValueError
        If they are not one column of zeros and ones and one of other numbers.
    """
    if y.dtype.names is not None:
        return y
    if y.ndim != 2 or y.shape[1] != 2 or y.dtype.kind not in "biuf":
        raise ValueError(f"task='survival' needs events and times in y. {_FORMS}")
    event = np.isin(y, (0, 1)).all(axis=0)
    if event.all():
        raise ValueError(
            "Both columns of y contain only zeros and ones, so that either could be the event. "
            f"{_FORMS}"
        )
    if not event.any():
        raise ValueError(f"No column of y contains only zeros and ones (the event). {_FORMS}")
    return _of(y[:, event.argmax()], y[:, event.argmin()])


def _of(event, time):
    y = np.empty(len(event), dtype=_DTYPE)
    y["event"], y["time"] = event, time
    return y


def concordance(y: np.ndarray, risk: np.ndarray, sample_weight=None) -> float:
    """Return Harrell's concordance: the share of pairs in which the first to fail has more risk.

    Pairs are those in which the earlier time is that of an event. An event and a censoring at the
    same time are such a pair, two events are not. Equal risks count half.

    Parameters
    ----------
    y : structured ndarray of shape (n_samples,)
        With the fields event and time.
    risk : ndarray of shape (n_samples,)
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        A pair has the product of the weights.

    Returns
    -------
    float
        NaN if there is no such pair.
    """
    order = np.lexsort((y["event"], -y["time"]))  # those that an event is compared with come before
    event, time = y["event"][order], y["time"][order]
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)[order]
    differs = np.append(True, (time[1:] != time[:-1]) | (event[1:] != event[:-1]))
    first = np.maximum.accumulate(np.where(differs, np.arange(len(y)), 0))[event]
    levels, rank = np.unique(np.asarray(risk)[order], return_inverse=True)
    ours, won = rank[event], np.zeros(len(first))
    for bit in range(len(y).bit_length()):  # blocks of 2 ** bit rows, each sorted by the risk
        block = np.arange(len(y)) >> bit
        by = np.lexsort((rank, block))
        keys, sums = (block * len(levels) + rank)[by], np.append(0.0, np.cumsum(weight[by]))
        asked = (first >> bit) % 2 == 1  # the rows before the first are blocks, of the bits it has
        start = (first[asked] >> bit) - 1
        key = start * len(levels) + ours[asked]
        less, at_most = (sums[np.searchsorted(keys, key, side)] for side in ("left", "right"))
        won[asked] += (less + at_most) / 2 - sums[start << bit]
    total = float(weight[event] @ np.append(0.0, np.cumsum(weight))[first])
    return float(weight[event] @ won) / total if total > 0 else float("nan")
