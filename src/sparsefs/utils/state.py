# SPDX-License-Identifier: BSD-3-Clause
"""What a part of a training must keep so that the training can go on in another process."""

from __future__ import annotations

from typing import Any, ClassVar


class Stateful:
    """Part of a training that says what changes in it.

    The rest is what ``__init__`` makes of the same arguments. A state holds numbers, arrays,
    tensors, generators, None, further parts, and lists, tuples and dicts of these.
    """

    _changes: ClassVar[tuple[str, ...]] = ()  # attributes
    _kinds: ClassVar[dict[str, type[Stateful]]] = {}  # all such classes, by their names

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        Stateful._kinds[cls.__name__] = cls

    def state(self) -> dict[str, Any]:
        """Return what changes in the course of a training; nothing is copied."""
        return {name: getattr(self, name) for name in self._changes}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` has returned."""
        vars(self).update(state)
