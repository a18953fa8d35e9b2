# SPDX-License-Identifier: BSD-3-Clause
"""Finding what would make the host wait for a GPU, without one."""

import sys

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from sparsefs.utils.device import to_device


class HostWaitsError(AssertionError):
    """Something would make the host wait for the device."""


class _NoReading(TorchDispatchMode):
    """Refuses operations whose result, or its shape, depends on numbers on the device."""

    TAGS = frozenset({torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape})

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        indices = args[1] if func.overloadpacket._qualified_op_name == "aten::index" else ()
        by_number = indices and all(i is None or i.dtype != torch.bool for i in indices)
        masks = func.overloadpacket._qualified_op_name.startswith("aten::index_put") and any(
            i is not None and i.dtype == torch.bool for i in args[1]
        )
        if masks or (self.TAGS & set(func.tags) and not by_number):
            raise HostWaitsError(str(func))
        return func(*args, **(kwargs or {}))


class _NoConverting(TorchFunctionMode):
    """Refuses what moves numbers between the device and the host, in either direction."""

    NAMES = frozenset({"numpy", "cpu", "tolist", "item", "__array__", "as_tensor", "tensor"})

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if getattr(func, "__name__", "") in self.NAMES:
            raise HostWaitsError(func.__name__)
        return func(*args, **(kwargs or {}))


_from_numpy = torch.from_numpy


def _from_numpy_in_to_device(array):
    """Only `to_device` sends arrays in a way for which nobody waits."""
    if sys._getframe(1).f_code is not to_device.__code__:
        raise HostWaitsError("from_numpy")
    return _from_numpy(array)


class no_waiting:  # noqa: N801
    """Context in which waiting for the device raises :class:`HostWaitsError`."""

    def __enter__(self):
        torch.from_numpy = _from_numpy_in_to_device
        self._modes = [_NoReading(), _NoConverting()]
        for mode in self._modes:
            mode.__enter__()

    def __exit__(self, *error):
        torch.from_numpy = _from_numpy
        for mode in reversed(self._modes):
            mode.__exit__(*error)
