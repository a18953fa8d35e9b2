# SPDX-License-Identifier: BSD-3-Clause
"""The processes of a fit: what they sum, compare and gather, and what happens when one is lost.

Importing this module does not import torch.
"""

from __future__ import annotations

import os
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch
    from typing_extensions import Self

TIMEOUT = 20.0  # seconds that ranks wait for each other
_AWAKE = 0.005  # seconds of these in which a rank lets others compute, but does not sleep
_GRACE = 5.0  # seconds that a rank has to say that it is there when another one is lost
_LOST = "lost"  # what it says then
_yield = getattr(os, "sched_yield", lambda: time.sleep(0))  # Windows has no such function
_depth: ContextVar[int] = ContextVar("depth", default=0)  # of fits within fits


class LostRankError(RuntimeError):
    """Another rank of the fit has failed, has died or does not answer."""


class Ranks:
    """The processes that fit together, each with rows of its own.

    This class is one process alone: sums are what they are sums of, and nothing is sent. Code that
    sums over rows asks it, and need not know how many processes there are.

    As a context manager it tells the other ranks when this one fails, so that none waits. Fits
    within it are of this process alone unless they are given a group: those that choose K, or of a
    meta-estimator that only some ranks fit.

    Attributes
    ----------
    size, rank : int
        Number of processes, and the number of this one, from 0.
    """

    size = 1
    rank = 0

    @classmethod
    def of(cls, process_group: Any) -> Ranks:
        """Return the ranks of a parameter `process_group`.

        Parameters
        ----------
        process_group : "auto", None, ProcessGroup or Ranks
            ``"auto"`` is torch's default group if there is one; None is this process alone.

        Raises
        ------
        ValueError
            If it is something else.
        LostRankError
            If not all of its ranks call this within `TIMEOUT` seconds.
        """
        if isinstance(process_group, Ranks):
            return process_group
        process_group = shared_by(process_group)
        if process_group is None:
            return ALONE
        import torch.distributed as dist
        from torch.distributed.distributed_c10d import _get_default_store

        members = ",".join(map(str, dist.get_process_group_ranks(process_group)))
        store = dist.PrefixStore(f"sparsefs/{members}/{_n_fits[members]}", _get_default_store())
        _n_fits[members] += 1
        return Group(store, process_group.rank(), process_group.size(), process_group)

    def __enter__(self) -> Self:
        _depth.set(_depth.get() + 1)
        return self

    def __exit__(self, kind, error, traceback) -> None:
        _depth.set(_depth.get() - 1)

    # numpy arrays and numbers

    def sum(self, values: Any) -> Any:
        """Return the sums over the ranks, of a number or an array."""
        return values

    def max(self, values: Any) -> Any:
        """Return the largest of all ranks, of a number or an array."""
        return values

    def mean(self, values: Any, weight: float) -> Any:
        """Return the mean over the ranks, of which this one has a weight."""
        return values

    def any(self, flag: Any) -> bool:
        """Whether a condition holds on any rank."""
        return bool(self.max(int(flag)))

    def broadcast(self, number: int) -> int:
        """Return the whole number of rank 0."""
        return number

    def counts(self, number: int) -> np.ndarray:
        """Return the whole number of every rank, (size,), int64."""
        return np.array([number], dtype=np.int64)

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of all ranks, one after the other."""
        return rows

    def of_first(self, content: bytes) -> bytes:
        """Return the bytes of rank 0."""
        return content

    def texts(self, text: str) -> list[str]:
        """Return the text of every rank."""
        return [text]

    def agree(self, **values: Any) -> None:
        """Refuse ranks that differ in what a fit needs to be the same.

        Parameters
        ----------
        **values
            What is compared, by its name in the message. Compared as text.

        Raises
        ------
        ValueError
            On all ranks; names those that differ.
        """

    def same(self, what: str, *arrays: np.ndarray) -> None:
        """Refuse ranks whose arrays are not the same bit for bit, see :meth:`agree`.

        Arrays that were passed to :meth:`remember` since the last call count, too.
        """

    def same_soon(self, what: str) -> None:
        """Do the same without waiting: the next call that communicates raises the error."""

    def remember(self, *arrays: np.ndarray) -> None:
        """Take arrays for the next call of :meth:`same`; nothing is sent."""

    # torch

    def sum_(self, *tensors: torch.Tensor) -> None:
        """Replace tensors by their sums over the ranks, all at once."""

    # random streams

    def local(self, rng: np.random.Generator) -> np.random.Generator:
        """Return a generator for what each rank draws for its own rows, such as noise."""
        return rng

    def every_epoch(self, rng: np.random.Generator, device: Any = None) -> Any:
        """Return a generator like :meth:`local`, which several ranks restart in every epoch.

        What it draws then follows from the number of the epoch, so that a checkpoint needs nothing
        of it. With a `device` it is one of torch.
        """
        return rng

    def begin(self, epoch: int) -> None:
        """Restart the generators of :meth:`every_epoch`; `epoch` counts from 0."""

    def own(self, places: np.ndarray, n: int) -> np.ndarray:
        """Return those of some places among the rows of all ranks that are among this one's.

        It has `n` rows. Ranks that draw the same places thus share out what one process draws.
        """
        return places


ALONE = Ranks()


def shared_by(process_group: Any) -> Any:
    """Return the torch group of a parameter `process_group`; None is one process.

    Nothing is sent. A ValueError says what the parameter may be.
    """
    auto = isinstance(process_group, str) and process_group == "auto"
    if process_group is None or (auto and _depth.get()):
        return None
    import torch.distributed as dist

    available = dist.is_available()
    if auto:
        if not available or not dist.is_initialized():
            return None
        process_group = dist.group.WORLD
    elif not available or not isinstance(process_group, dist.ProcessGroup):
        raise ValueError(
            "The 'process_group' parameter of fit must be 'auto', None or a "
            f"torch.distributed.ProcessGroup. Got {process_group!r}."
        )
    return None if process_group.size() == 1 else process_group


_n_fits: Counter[str] = Counter()  # of every group


class Group(Ranks):
    """Several processes that fit together once.

    Numbers go through a gloo group of its own, so that a rank that dies or waits too long is an
    error after `TIMEOUT` seconds, whatever the timeout of the user's group. Tensors on a GPU go
    through the user's group if that is of nccl.

    Parameters
    ----------
    store : torch.distributed.Store
        Where they find each other; used for this fit only.
    rank, size : int
    process_group : torch.distributed.ProcessGroup or None, default=None
        Of the same ranks.
    """

    def __init__(self, store: Any, rank: int, size: int, process_group: Any = None):
        from torch.distributed import ProcessGroupGloo

        self.size, self.rank, self._digest = size, rank, 0
        self._compared: tuple[str, torch.Tensor, Any] | None = None  # on its way
        self._store, self._process_group, self._pg = store, process_group, None
        self._restarted: list[tuple[Any, int]] = []  # generators and their seeds
        try:
            self._pg = ProcessGroupGloo(store, rank, size, timedelta(seconds=TIMEOUT))
        except RuntimeError as error:
            raise self._lost(error) from error

    def __exit__(self, kind, error, traceback) -> None:
        super().__exit__(kind, error, traceback)
        if error is not None and not isinstance(error, LostRankError):
            self._tell(f"{kind.__name__}: {error}")
        self._pg = None  # closes the connections

    def sum(self, values: Any) -> Any:
        return self._reduced(values, "SUM")

    def max(self, values: Any) -> Any:
        return self._reduced(values, "MAX")

    def mean(self, values: Any, weight: float) -> Any:
        return self.sum(np.multiply(values, weight)) / self.sum(float(weight))

    def broadcast(self, number: int) -> int:
        return int(self.counts(number)[0])

    def counts(self, number: int) -> np.ndarray:
        return self.sum(self._among_others(number))

    def gather(self, rows: np.ndarray) -> np.ndarray:
        parts = self._bytes(np.ascontiguousarray(rows).tobytes())
        return np.frombuffer(b"".join(parts), dtype=rows.dtype).reshape(-1, *rows.shape[1:]).copy()

    def of_first(self, content: bytes) -> bytes:
        import torch
        from torch.distributed import BroadcastOptions

        n = self.broadcast(len(content))
        sent = torch.frombuffer(bytearray(content.ljust(n + 1, b"\0")), dtype=torch.uint8)[: n + 1]
        self._wait(self._start("broadcast", [sent], BroadcastOptions()))
        return sent.numpy().tobytes()[:n]

    def texts(self, text: str) -> list[str]:
        return [part.decode() for part in self._bytes(text.encode())]

    def agree(self, **values: Any) -> None:
        texts = [f"{value}" for value in values.values()]
        theirs = [text.split("\0") for text in self.texts("\0".join(texts))]
        for what, each in zip(values, zip(*theirs, strict=True), strict=True):
            # With as many on each side, rank 0 is right.
            usual, _ = Counter(each).most_common(1)[0]
            culprits = [rank for rank, text in enumerate(each) if text != usual]
            if culprits:
                raise ValueError(
                    f"{_listed(culprits)} {'differ' if len(culprits) > 1 else 'differs'} from the "
                    f"other ranks in {what.replace('_', ' ')}: {_short(each[culprits[0]])} instead "
                    f"of {_short(usual)}. All ranks must pass the same columns, classes and "
                    "parameters."
                )

    def same(self, what: str, *arrays: np.ndarray) -> None:
        self.remember(*arrays)
        self.same_soon(what)
        self._refuse_others()

    def same_soon(self, what: str) -> None:
        import torch

        self._refuse_others()
        each = torch.from_numpy(self._among_others(self._digest))
        self._compared, self._digest = (what, each, self._start_allreduce(each, "SUM")), 0

    def _refuse_others(self):
        """Wait for what :meth:`same_soon` has sent."""
        if self._compared is None:
            return
        (what, sent, started), self._compared = self._compared, None
        self._wait(started)
        each = sent.numpy()
        if (each != each[0]).any():
            raise RuntimeError(
                f"{_listed(np.flatnonzero(each != each[0]).tolist())} came to other {what} than "
                "rank 0. All ranks must have the same versions of torch, numpy and sparsefs, and "
                "processors of the same kind; rules of your own must use the generator that they "
                "are given."
            )

    def remember(self, *arrays: np.ndarray) -> None:
        for array in arrays:
            self._digest = zlib.crc32(array.tobytes(), self._digest)

    def sum_(self, *tensors: torch.Tensor) -> None:
        import torch
        import torch.distributed as dist

        given = self._process_group
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        if flat.is_cuda and given is not None and "nccl" in dist.get_backend(given):
            self._refuse_others()
            dist.all_reduce(flat, group=given)
        else:
            self._allreduce(flat, "SUM")
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view(tensor.shape))

    def local(self, rng: np.random.Generator) -> np.random.Generator:
        return np.random.default_rng([int(rng.integers(2**63)), self.rank])

    def every_epoch(self, rng: np.random.Generator, device: Any = None) -> Any:
        import torch

        seed = int(rng.integers(2**63))
        generator = np.random.default_rng([seed, self.rank])
        restarted = generator if device is None else torch.Generator(device)
        self._restarted.append((restarted, seed))
        return restarted

    def begin(self, epoch: int) -> None:
        for generator, seed in self._restarted:
            fresh = np.random.default_rng([seed, self.rank, epoch + 1])
            if isinstance(generator, np.random.Generator):
                generator.bit_generator.state = fresh.bit_generator.state
            else:
                generator.manual_seed(int(fresh.integers(2**63)))

    def own(self, places: np.ndarray, n: int) -> np.ndarray:
        places = places - self.counts(n)[: self.rank].sum()
        return places[(places >= 0) & (places < n)]

    def _reduced(self, values, operation):
        import torch

        array = np.array(values)  # a copy
        kind = np.float64 if array.dtype.kind == "f" else np.int64
        tensor = torch.from_numpy(np.atleast_1d(array.astype(kind)))
        self._allreduce(tensor, operation)
        return tensor.numpy() if array.ndim else tensor.numpy()[0].item()

    def _among_others(self, number):
        """A whole number at the place of this rank, and 0 at those of the others."""
        each = np.zeros(self.size, dtype=np.int64)
        each[self.rank] = number
        return each

    def _allreduce(self, tensor, operation):
        self._refuse_others()
        self._wait(self._start_allreduce(tensor, operation))

    def _start_allreduce(self, tensor, operation):
        from torch.distributed import AllreduceOptions, ReduceOp

        options = AllreduceOptions()
        options.reduceOp = getattr(ReduceOp, operation)
        return self._start("allreduce", [tensor], options)

    def _bytes(self, mine: bytes) -> list[bytes]:
        """Return the bytes of every rank."""
        import torch

        lengths = self.counts(len(mine))
        longest = max(1, int(lengths.max()))
        padded = torch.frombuffer(bytearray(mine.ljust(longest, b"\0")), dtype=torch.uint8)
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        self._wait(self._start("allgather", [parts], [padded]))
        return [p.numpy().tobytes()[:n] for p, n in zip(parts, lengths, strict=True)]

    def _start(self, name, *args):
        try:
            return [getattr(self._pg, name)(*args)]
        except RuntimeError as error:
            raise self._lost(error) from error

    def _wait(self, started):
        try:
            # A core that sleeps takes longer to wake up than most messages take.
            sleep_from = time.perf_counter() + _AWAKE
            while not started[0].is_completed() and time.perf_counter() < sleep_from:
                _yield()
            started.pop().wait()  # a name for it would keep the connections open in `_lost`
        except RuntimeError as error:
            raise self._lost(error) from error

    def _tell(self, text: str) -> None:
        with suppress(RuntimeError):  # who keeps the store may be gone
            self._store.set(f"end/{self.rank}", text)

    def _lost(self, error: RuntimeError) -> LostRankError:
        """Find out who is lost: those that do not say that they are there, or why they failed."""
        self._tell(_LOST)
        was_met = self._pg is not None
        # Closes the connections, so that those who wait for this rank notice.
        self._pg = self._compared = None
        others = {rank for rank in range(self.size) if rank != self.rank}
        ends: dict[int, str] = {}
        deadline = time.monotonic() + _GRACE
        try:
            while len(ends) < len(others) and time.monotonic() < deadline:
                for rank in sorted(others - set(ends)):
                    if self._store.check([f"end/{rank}"]):
                        ends[rank] = self._store.get(f"end/{rank}").decode()
                time.sleep(0.05)
        except RuntimeError:
            return LostRankError(
                "Rank 0 is lost, or the process that holds the group's store: it has died, or its "
                f"machine cannot be reached. ({_short(str(error))})"
            )
        failed = {rank: text for rank, text in ends.items() if text != _LOST}
        if failed:
            rank = min(failed)
            return LostRankError(f"Rank {rank} failed, so all ranks end the fit. {failed[rank]}")
        silent = sorted(others - set(ends))
        if silent:
            return LostRankError(
                f"{_listed(silent)} {_have(silent)} died, or {_have(silent)} been stuck for "
                f"{TIMEOUT:.0f} s. ({_short(str(error))})"
                if was_met
                else f"{_listed(silent)} {_have(silent)} not called 'fit' within {TIMEOUT:.0f} s. "
                "All ranks of a process group must call it at about the same time. Pass "
                "process_group=None to fit this process alone."
            )
        return LostRankError(f"The ranks have lost each other: {_short(str(error))}")


def _listed(ranks: Sequence[int]) -> str:
    if len(ranks) == 1:
        return f"Rank {ranks[0]}"
    return f"Ranks {', '.join(map(str, ranks[:-1]))} and {ranks[-1]}"


def _have(ranks: Sequence[int]) -> str:
    return "have" if len(ranks) > 1 else "has"


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]} ..."
