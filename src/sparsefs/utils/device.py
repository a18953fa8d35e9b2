# SPDX-License-Identifier: BSD-3-Clause
"""Working on a device without making the host wait for it.

Reading a number from a GPU stops the host until all that was queued is done, and the GPU then has
nothing to do while the host prepares the next step. So what a step computes stays on the device,
counts included, and is read once per epoch or once at the end.
"""

from __future__ import annotations

import numpy as np
import torch

# Tests set it: the CPU then takes the paths that spare the host waiting.
_CPU_IS_REMOTE = False


def is_remote(device: torch.device | str) -> bool:
    """Whether reading from a device makes the host wait."""
    return _CPU_IS_REMOTE or torch.device(device).type != "cpu"


def free_memory(device: torch.device | str) -> float:
    """Bytes that can still be taken there; of the CPU's nothing is said."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return float("inf")


def wide(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers in the type for sums over a training: float64, where the device has it."""
    return tensor.float() if tensor.device.type == "mps" else tensor.double()


def to_device(numbers: np.ndarray | torch.Tensor, device: torch.device | str) -> torch.Tensor:
    """Send numbers to a device; to a GPU from pinned memory, for which nobody waits."""
    tensor = torch.from_numpy(numbers) if isinstance(numbers, np.ndarray) else numbers
    if torch.device(device).type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def to_host(numbers) -> np.ndarray:
    """An array of the numbers, wherever they are; on a GPU the host waits for them."""
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
