# SPDX-License-Identifier: BSD-3-Clause
"""Devices, scratch memory, threads and torch's other settings.

Reading a number from a GPU stops the host until all queued work is done. The GPU then idles while
the host prepares the next step. So what a step computes stays on the device, counts included, and
is read once per epoch or once at the end.
"""

from __future__ import annotations

import math
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch

# Tests set it: the CPU then takes the paths on which the host never waits.
_CPU_IS_REMOTE = False


def is_remote(device: torch.device | str) -> bool:
    """Return whether reading from a device makes the host wait."""
    return _CPU_IS_REMOTE or torch.device(device).type != "cpu"


def free_memory(device: torch.device | str) -> float:
    """Return the free bytes of a GPU; infinity for the CPU."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return float("inf")


def wide(tensor: torch.Tensor) -> torch.Tensor:
    """Convert to the type for sums over a training: float64 if the device has it."""
    return tensor.float() if tensor.device.type == "mps" else tensor.double()


def to_device(numbers: np.ndarray | torch.Tensor, device: torch.device | str) -> torch.Tensor:
    """Send numbers to a device; to a GPU from pinned memory, so that the host does not wait."""
    tensor = torch.from_numpy(numbers) if isinstance(numbers, np.ndarray) else numbers
    if torch.device(device).type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def to_host(numbers) -> np.ndarray:
    """Return an array of numbers from any device; the host waits for a GPU."""
    return numbers.cpu().numpy() if isinstance(numbers, torch.Tensor) else np.asarray(numbers)


def resolve_device(name: str) -> str:
    """Return the name of the device to use: that of "auto", or a name that is available."""
    n_devices = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    if name == "auto":
        return next(kind for kind, n in n_devices.items() if n)
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in n_devices:
        raise ValueError(
            "The 'device' parameter must be 'auto', 'cpu', 'cuda', 'cuda:<n>' or 'mps'. "
            f"Got {name!r}."
        )
    if (device.index or 0) >= n_devices[device.type]:
        raise ValueError(f"device={name!r} is not available on this machine.")
    return name


@dataclass(eq=False)
class Scratch:
    """Memory that a training step writes to again and again.

    Batches of wide data are tens of megabytes. If they were allocated anew, every step would pay
    their page faults, and the heap would grow by fragments.

    Parameters
    ----------
    device : torch.device or str, default="cpu"
    """

    device: torch.device | str = "cpu"
    _memory: torch.Tensor | None = field(default=None, init=False)

    def __call__(self, *shape: int) -> torch.Tensor:
        """Return a contiguous float32 tensor; it overwrites the one of the call before."""
        size = math.prod(shape)
        if self._memory is None or size > len(self._memory):
            self._memory = torch.empty(size, dtype=torch.float32, device=self.device)
        return self._memory[:size].view(shape)


@contextmanager
def default_settings():
    """Run torch on one thread, without the caller's default device, autocast and grad mode.

    All of them change what a training computes. Torch keeps them per thread, so other threads do
    not notice. The default type, which all threads share, is not touched: tensors name theirs.
    """
    with ExitStack() as stack:
        stack.enter_context(single_threaded())
        stack.enter_context(torch.inference_mode(False))  # also undoes no_grad
        for kind in ("cpu", "cuda", "mps"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        # Only where necessary: a default device slows every call of torch.
        if torch.empty(0).device.type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield


_lock = threading.Lock()
_n_users = 0
_found = 1
_inside = threading.local()


@contextmanager
def single_threaded():
    """Run torch on one thread, and restore the number of threads afterwards.

    The sums of a fit are then made in the same order, whatever else is running. Several fits may
    overlap in threads of one process. Torch keeps the setting per thread, and gives a new thread
    the latest setting, which may be ours: a thread that finds 1 while another fit runs restores
    the number which that fit found. Contexts nest.
    """
    global _n_users, _found
    if getattr(_inside, "yes", False):
        yield
        return
    entered = False
    try:  # before anything is set: an interrupt may come after any call
        with _lock:
            found = torch.get_num_threads()
            if _n_users and found == 1:
                found = _found
            _found = found
            _n_users += 1
            entered = True
        torch.set_num_threads(1)
        _inside.yes = True
        yield
    finally:
        _inside.yes = False
        if entered:
            with _lock:
                _n_users -= 1
                torch.set_num_threads(found)
