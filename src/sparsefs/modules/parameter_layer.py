# SPDX-License-Identifier: BSD-3-Clause
"""Layer interface of a torch module's weight, for the rules that drop and grow connections."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..networks import DenseSlots

_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # by their bytes


class ParameterLayer(DenseSlots):
    """A weight (n_outputs, n_inputs, *kernel) as a matrix with a row for every output neuron.

    A column stands for an input neuron of a linear layer, or for an input channel and a place in
    the kernel of a convolution. torch runs and trains the layer; this class says which connections
    exist, and rules rewire them, see :class:`sparsefs.topology.RewirableLayer`. Positions do not
    depend on the strides of the weight.

    Parameters
    ----------
    name : str
    weight : Parameter of shape (n_outputs, ...)
        Trained by `optimizer`; set to 0 where there is no connection.
    exists : ndarray of shape (n_outputs, ...), dtype bool
        Where there are connections.
    optimizer : torch.optim.Optimizer

    Attributes
    ----------
    gradient : Tensor of the weight's shape, or None
        Of the last step, in all possible connections.
    n_places : int
        At how many places the step computed the weight's gradient, samples times output pixels.
    extra_flops : int
        Of gradients in connections that do not exist; rules may add their own.
    """

    seen = None  # the module's activations are not kept

    def __init__(self, name: str, weight: nn.Parameter, exists: np.ndarray, optimizer):
        self.name = name
        self.parameter = weight
        self.shape = (len(weight), weight.numel() // max(1, len(weight)))
        self.n_connections = int(np.count_nonzero(exists))
        self.extra_flops = self.n_places = 0
        self.gradient: Tensor | None = None
        self._optimizer = optimizer
        self._exists: np.ndarray | None = None
        self._bits = torch.empty_like(weight, dtype=_INTEGERS[weight.itemsize], requires_grad=False)
        self._bits.copy_(torch.from_numpy(exists)).neg_()
        self._looked_at = np.zeros(self.shape[0], dtype=bool)
        self.apply_mask()
        for tensor in self._states().values():
            _clear(tensor, self.bits)

    @property
    def bits(self) -> Tensor:
        """All bits set where there is a connection, else none; for numbers of the weight's size."""
        like = self.parameter.device, _INTEGERS[self.parameter.itemsize]
        if (self._bits.device, self._bits.dtype) != like:  # the module was moved
            self._bits = self._bits.to(*like)
        return self._bits

    @torch.no_grad()
    def apply_mask(self) -> None:
        """Set the weight to 0 where there is no connection."""
        _clear(self.parameter, self.bits)

    @torch.no_grad()
    def mask_gradient(self, keep_dense: bool) -> None:
        """Set the gradient to 0 where there is no connection, and maybe keep a copy as it was."""
        gradient = self.parameter.grad
        if keep_dense:
            earlier, self.gradient = self.gradient, None if gradient is None else gradient.clone()
            if earlier is not None and self.gradient is not None:
                # Masked before in this step: there is only what was accumulated since. But what is
                # not finite is of a step that a gradient scaler has left out.
                _clear(earlier, ~self.bits)
                self.gradient += torch.where(earlier.isfinite().all(), earlier, 0)
        if gradient is not None:
            _clear(gradient, self.bits)

    def _states(self) -> dict[str, Tensor]:
        """The optimiser's tensors that hold a number for every weight."""
        state = self._optimizer.state.get(self.parameter, {})
        return {
            name: tensor
            for name, tensor in state.items()
            if isinstance(tensor, Tensor) and tensor.shape == self.parameter.shape
        }

    # What rules see: flat, and views of the same memory where the weight is contiguous.

    @property
    def device(self) -> torch.device:
        return self.parameter.device

    @property
    def values(self) -> Tensor:  # type: ignore[override]
        return self.parameter.detach().reshape(-1)

    @property
    def buffers(self) -> dict[str, Tensor]:
        return {name: tensor.reshape(-1) for name, tensor in self._states().items()}

    @property
    def exists(self) -> np.ndarray:  # type: ignore[override]
        if self._exists is None:
            self._exists = (self.bits != 0).reshape(-1).cpu().numpy()
        return self._exists

    @property
    def mask(self) -> Tensor:  # type: ignore[override]
        return (self.bits != 0).reshape(self.shape)

    def slot_values(self) -> np.ndarray:
        return self.values.to(_at_least_float32(self.values)).cpu().numpy()

    def dense_grad(self, rows: slice = slice(None)) -> Tensor:
        gradient = self._last_gradient()[rows].reshape(-1, self.shape[1])
        self.look_at(rows)
        return gradient.to(_at_least_float32(gradient), copy=True)  # rules write to it

    def dense_grad_of_inputs(self, cols: slice) -> Tensor:
        gradient = self._last_gradient().reshape(self.shape)[:, cols].t()
        self.look_at(slice(None))
        return gradient.to(_at_least_float32(gradient)).clone(memory_format=torch.contiguous_format)

    def _last_gradient(self):
        if self.gradient is None:
            raise RuntimeError(f"{self.name}: the last step has computed no gradient.")
        return self.gradient

    def look_at(self, rows: slice) -> None:
        """Count the gradients in free positions of these rows, once a step."""
        new = np.zeros_like(self._looked_at)
        new[rows] = True
        new &= ~self._looked_at
        self._looked_at |= new
        n = int(np.count_nonzero(new))
        if n == 0:
            return
        if n == self.shape[0]:  # the usual case, in which the host need not look
            n_taken = self.n_connections
        else:
            n_taken = int(np.count_nonzero(self.exists.reshape(self.shape)[new]))
        self.extra_flops += 2 * (n * self.shape[1] - n_taken) * self.n_places

    def end_step(self) -> int:
        """Forget the step's gradient; return the operations that were counted for it."""
        n, self.extra_flops, self.gradient = self.extra_flops, 0, None
        self._looked_at[:] = False
        return n

    @torch.no_grad()
    def keep(self, exists: Tensor) -> None:
        """Have connections where `exists` holds, as many as now, without asking the device."""
        bits = -exists.view(self.parameter.shape).to(self.bits.dtype)
        stays = self.bits & bits
        for tensor in (self.parameter, *self._states().values()):
            _clear(tensor, stays)
        self.bits.copy_(bits)
        self._exists = None

    @torch.no_grad()
    def rewire(self, removed, added_rows, added_cols):
        added = added_rows * self.shape[1] + added_cols
        self.exists[removed], self.exists[added] = False, True
        self.n_connections += len(added) - len(removed)
        self.bits[self._index(removed)] = 0
        changed = self._index(np.concatenate([removed, added]))
        for tensor in (self.parameter, *self._states().values()):
            tensor[changed] = 0
        self.bits[self._index(added)] = -1

    def _index(self, positions):
        places = np.unravel_index(np.asarray(positions, dtype=np.int64), self.parameter.shape)
        return tuple(torch.from_numpy(place).to(self.device) for place in places)


def _clear(tensor: Tensor, bits: Tensor) -> None:
    """Set numbers to 0 where no bit is set, infinity and NaN too, which a factor of 0 would not.

    As fast as multiplication; on the CPU `masked_fill_` takes many times as long.
    """
    integer = _INTEGERS[tensor.itemsize]
    tensor.view(integer).bitwise_and_(bits.to(integer))


def _at_least_float32(tensor: Tensor) -> torch.dtype:
    return torch.promote_types(tensor.dtype, torch.float32)
