# SPDX-License-Identifier: BSD-3-Clause
"""Checkpoints: files from which a fit that was killed goes on, bit for bit.

A file holds what changes while a method trains, see :class:`~sparsefs.utils.state.Stateful`. All
else follows from data and parameters, and is made anew. It is an ``.npz`` of plain arrays, and a
description of them in JSON: nothing in it is run.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import zipfile
from itertools import zip_longest
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import sparse

from .._version import __version__
from ..distributed import ALONE, Ranks
from ..utils.files import lock, replacing
from ..utils.state import Stateful
from ..utils.text import counted
from ..utils.warning import warn_user

if TYPE_CHECKING:
    from ..data.inputs import TrainingData

_N_KEPT = 2  # files: if the newest is torn, there is the one before
_IRRELEVANT = {"K", "budget", "output", "n_jobs", "verbose", "device", "random_state"}
_IRRELEVANT |= {"max_time", "on_interrupt", "checkpoint"}  # for what is trained
_RANGES = "size and ranges of X"  # the same however the rows are distributed


class Checkpoint:
    """A folder of checkpoints of one fit, which no other fit uses at the same time.

    ``fit.json`` says which fit it is, ``epoch-*.npz`` are the checkpoints of its training, and
    ``fold-*`` what is done of the folds that choose K.

    At the end of an epoch, what changes is the same on all ranks of a fit, or follows from the
    number of the epoch. So rank 0 alone reads and writes the folder.

    Parameters
    ----------
    folder : path
        Made if it is missing.
    ranks : Ranks, default=ALONE
        The processes that fit together.
    """

    asked_by = "'checkpoint'"

    def __init__(self, folder, ranks: Ranks = ALONE):
        self.folder = Path(folder)
        self._ranks = ranks
        self._of = self.folder / "fit.json"
        self._found: dict[str, Any] | None = None  # in it
        self._seed, self._device = 0, "cpu"
        self._lock: Any = None

    def __enter__(self) -> Checkpoint:
        if self._ranks.rank:
            return self
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.folder / "lock", "a")
        except OSError as error:
            raise ValueError(
                f"checkpoint={str(self.folder)!r} is not a folder that can be written: "
                f"{error.strerror}."
            ) from error
        if not lock(self._lock):
            self._lock.close()
            raise ValueError(
                f"checkpoint={str(self.folder)!r} is in use by another fit. Pass another folder."
            )
        for torn in self.folder.glob(".sparsefs-*"):  # a process was killed as it wrote
            torn.unlink()
        if self._of.exists() and (self._files() or any(self.folder.glob("fold-*"))):
            try:
                self._found = json.loads(self._of.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ValueError(f"{str(self._of)!r} is damaged. Delete its folder.") from error
        else:
            self.clear()
        return self

    def __exit__(self, *error) -> None:
        if self._lock is not None:
            self._lock.close()

    def seed(self, drawn: int, given: bool) -> int:
        """Return the seed of the fit: `drawn`, or that of the checkpoint if none was given."""
        self._seed = drawn if given or self._found is None else self._found["seed"]
        return self._seed

    def begin(self, estimator, data: TrainingData, groups, device: str) -> None:
        """Say whose checkpoints these are, and refuse those of another fit.

        Raises
        ------
        ValueError
            If parameters or data differ; it says which.
        """
        self._device = device
        if self._ranks.size > 1:
            self._ranks.agree(the_kind_of_device=torch.device(device).type)
        here = {"device": device, **_of_data(data, groups, not isinstance(estimator.K, Real))}
        each = [json.loads(text) for text in self._ranks.texts(json.dumps(here))]
        if self._ranks.rank:
            return
        fit = {
            "sparsefs": __version__,
            "random_state": str(self._seed),
            **_of_parameters(estimator),
        }
        if self._found is None:
            found = {"seed": self._seed, "fit": fit, "all": _of_all(data), "ranks": each}
            with replacing(self._of) as new:
                new.write_text(json.dumps(found), encoding="utf-8")
            return
        different = _differences(self._found["fit"], fit)
        then, now = self._found["all"], _of_all(data)
        if len(each) == len(self._found["ranks"]):
            for rank, facts in enumerate(zip(self._found["ranks"], each, strict=True)):
                different += _differences(*facts, f" of rank {rank}" if len(each) > 1 else "")
        else:  # the same rows, otherwise distributed: their moments are rounded otherwise
            then, now = ({_RANGES: facts[_RANGES]} for facts in (then, now))
        different += _differences(then, now)
        if different:
            raise ValueError(
                f"checkpoint={str(self.folder)!r} is of another fit. Different are: "
                f"{', '.join(different)}. Pass what it was, or another folder, or delete this one."
            )

    def load(self, parts: dict[str, Any]) -> int:
        """Bring the parts of a training to where they were; return how many epochs are done."""
        ranks = self._ranks
        found, content = None, b""
        for path in reversed([] if ranks.rank else self._files()):
            try:
                found = _read(path)
            except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
                warn_user(f"The checkpoint {str(path)!r} is damaged, and is not used.")
                continue
            content = path.read_bytes() if ranks.size > 1 else b""
            break
        content = ranks.of_first(content)
        if content and found is None:
            found = _read(io.BytesIO(content))
        if found is None:
            return 0
        _decoded(found["parts"], found["arrays"], self._device, parts)
        n_epochs, n_then = found["n_epochs"], found["n_ranks"]
        if n_then != ranks.size and ranks.rank == 0:
            then = counted(n_then, "process", "processes")
            warn_user(
                f"The checkpoint {str(self.folder)!r} is of {then}, and this fit has {ranks.size}. "
                f"It resumes after epoch {n_epochs}, with other batches, noise and held-out rows."
            )
        return n_epochs

    def save(self, n_epochs: int, parts: dict[str, Any]) -> None:
        """Write the parts of a training after so many epochs."""
        self._compare(parts.get("importance"))
        if self._ranks.rank:
            return
        arrays: list[np.ndarray] = []
        content = {
            "n_epochs": n_epochs,
            "n_ranks": self._ranks.size,
            "parts": _encoded(parts, arrays),
        }
        text = np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)
        with replacing(self.folder / f"epoch-{n_epochs:09d}.npz") as new:
            np.savez(new, *arrays, content=text)
        for path in self._files()[:-_N_KEPT]:
            path.unlink()

    def clear(self) -> None:
        """Remove the checkpoints: the fit is finished."""
        if self._ranks.rank:
            return
        self._of.unlink(missing_ok=True)  # without it, the rest counts for nothing
        for path in [*self._files(), *self.folder.glob("fold-*.json")]:
            path.unlink()
        for path in self.folder.glob("fold-*"):
            shutil.rmtree(path)

    def _compare(self, importance):
        """Refuse an importance of the user's whose state differs between ranks: one is kept."""
        if self._ranks.size > 1 and importance is not None:
            arrays: list[np.ndarray] = []
            text = json.dumps(_encoded(importance, arrays))
            self._ranks.same("importances", np.frombuffer(text.encode(), np.uint8), *arrays)

    def _files(self):
        return sorted(self.folder.glob("epoch-*.npz"))


def _read(path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        content = json.loads(file["content"].tobytes())
        return {**content, "arrays": [file[f"arr_{i}"] for i in range(len(file.files) - 1)]}


# Of values: plain ones as they are in JSON, all others as {kind: content}.


def _encoded(value: Any, arrays: list[np.ndarray]) -> Any:
    def number(array):
        arrays.append(np.asarray(array))
        return len(arrays) - 1

    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        return {"array": number(value)}
    if isinstance(value, np.generic):
        return {"scalar": number(value)}
    if isinstance(value, torch.Tensor):
        remote = value.device.type != "cpu"
        return {"tensor": number(value.detach().cpu().numpy()), "remote": remote}
    if isinstance(value, np.random.Generator):
        return {"rng": value.bit_generator.state}
    if isinstance(value, torch.Generator):
        return {"generator": number(value.get_state().numpy())}
    if isinstance(value, dict):
        return {"dict": [[key, _encoded(one, arrays)] for key, one in value.items()]}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_encoded(one, arrays) for one in value]}
    return {"part": type(value).__name__, "state": _encoded(value.state(), arrays)}


def _decoded(node: Any, arrays: list[np.ndarray], device: str, like: Any = None) -> Any:
    """The value; `like` is what is there, whose parts and generators are changed in place."""
    if not isinstance(node, dict):
        return node
    if "part" in node:
        if like is None:
            kind = Stateful._kinds[node["part"]]
            like = kind.__new__(kind)
            like.load_state(_decoded(node["state"], arrays, device))
        else:
            like.load_state(_decoded(node["state"], arrays, device, like.state()))
    elif "dict" in node:
        like = like if isinstance(like, dict) else {}
        new = {key: _decoded(one, arrays, device, like.get(key)) for key, one in node["dict"]}
        like.clear()
        like.update(new)
    elif "list" in node:
        old = like if isinstance(like, list) else []
        pairs = zip_longest(node["list"], old[: len(node["list"])])
        like = [_decoded(one, arrays, device, there) for one, there in pairs]
    elif "tuple" in node:
        like = tuple(_decoded(one, arrays, device) for one in node["tuple"])
    elif "rng" in node:
        like.bit_generator.state = node["rng"]
    elif "generator" in node:
        like.set_state(torch.from_numpy(arrays[node["generator"]]))
    elif "tensor" in node:
        like = torch.from_numpy(arrays[node["tensor"]]).clone()
        like = like.to(device) if node["remote"] else like
    elif "scalar" in node:
        like = arrays[node["scalar"]][()]
    else:
        like = arrays[node["array"]]
    return like


# Of a fit: texts that differ where the fits do.


def _of_parameters(estimator) -> dict[str, str]:
    parameters = estimator.get_params(deep=False)
    found = {n: _described(v) for n, v in sorted(parameters.items()) if n not in _IRRELEVANT}
    # The folds depend on how K is chosen, the training does not depend on K.
    return found | {"K": "a number" if isinstance(estimator.K, Real) else _described(estimator.K)}


def _of_data(data: TrainingData, groups, scores_y: bool) -> dict[str, str]:
    """X by its first rows, the others by all values."""
    X, y = data.X, None if data.target is None else data.target.values
    first = X[: max(1, 2**20 // X.shape[1])]
    values = [first.data, first.indices, first.indptr] if sparse.issparse(first) else [first]
    return {
        "X": f"{X.shape} {X.dtype} {_digest(*values)}",
        "y": _described(data.y if y is None and scores_y else y),
        "sample_weight": _described(data.sample_weight),
        "groups": _described(groups),
    }


def _of_all(data: TrainingData) -> dict[str, str]:
    """X by all its rows."""
    ranges = (data.summary.used_low, data.summary.used_high)
    digest = _digest(*(np.asarray(one, dtype=np.float64) + 0.0 for one in ranges))  # no -0
    return {
        _RANGES: f"{data.n_rows} x {data.X.shape[1]} {digest}",
        "moments of X": _digest(*vars(data.summary).values()),
    }


def _differences(then: dict[str, str], now: dict[str, str], of: str = "") -> list[str]:
    return [
        f"{name}{of} ({_short(then.get(name))} then, {_short(now.get(name))} now)"
        for name in dict.fromkeys([*now, *then])
        if then.get(name) != now.get(name)
    ]


def _described(value: Any) -> str:
    if hasattr(value, "__array__"):
        value = np.asarray(value)
        digest = _digest(value if value.dtype != object else np.array(repr(value.tolist())))
        return f"{value.shape} {value.dtype} {digest}"
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))  # addresses of functions and objects


def _digest(*arrays) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _short(text: str | None) -> str:
    return "nothing" if text is None else text if len(text) <= 60 else f"{text[:56]} ..."


class Stream:
    """What a checkpoint holds, in memory: the training between two calls of `partial_fit`.

    Parameters
    ----------
    estimator : estimator
    device : str
    kept : dict or None
        What :meth:`kept` has returned after the call before; None in the first call.

    Raises
    ------
    ValueError
        If parameters or device are others than in the call before; it says which.
    """

    asked_by = "partial_fit"
    # Steps after which what was learnt counts half. Gradients alone do not shrink the weights of
    # features that were informative and no longer are.
    half_life = 100

    def __init__(self, estimator, device: str, kept: dict[str, Any] | None):
        self._settings = {"sparsefs": __version__, "device": device, **_of_parameters(estimator)}
        self._settings.pop("learning_rate_init", None)  # users may lower it
        self._device, self._before = device, kept
        for name, then in ({} if kept is None else kept["settings"]).items():
            if self._settings[name] != then:
                raise ValueError(
                    f"{name} is {_short(self._settings[name])}, but was {_short(then)} in the "
                    "first call of partial_fit. Set it back, or clone the selector to begin anew."
                )

    def load(self, parts: dict[str, Any]) -> int:
        """Bring the parts of a training to where they were; return how many calls there were."""
        # The history is that of each call: it would grow without end.
        self._parts = {name: part for name, part in parts.items() if name != "history"}
        if self._before is None:
            return 0
        # Copies: a call that fails leaves what was kept as it was.
        arrays = [array.copy() for array in self._before["arrays"]]
        _decoded(self._before["parts"], arrays, self._device, self._parts)
        share = 0.5 ** (self._before["n_steps_of_call"] / self.half_life)
        for part in parts.values():
            if hasattr(part, "forget"):
                part.forget(share)
        return self._before["n_calls"]

    def kept(self) -> dict[str, Any]:
        """Return what the next call needs, in plain arrays.

        Raises
        ------
        FloatingPointError
            If a weight, or another part of the state, is infinite or NaN.
        """
        arrays: list[np.ndarray] = []
        parts = _encoded(self._parts, arrays)
        if not all(np.isfinite(array).all() for array in arrays):
            raise FloatingPointError("The weights became infinite or NaN.")
        before = self._before or {"n_calls": 0, "n_steps": 0}
        n_steps = self._parts["optimizer"].n_steps
        return {
            "settings": self._settings,
            "parts": parts,
            "arrays": arrays,
            "n_calls": before["n_calls"] + 1,
            "n_steps": n_steps,
            "n_steps_of_call": n_steps - before["n_steps"],
        }
