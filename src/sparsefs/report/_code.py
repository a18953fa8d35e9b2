# SPDX-License-Identifier: BSD-3-Clause
"""Python program that repeats a selection, written from a fitted selector."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

_MOST_NUMBERS = 10_000  # of an array in the program
_READERS = {
    ".csv": "pd.read_csv({path!r})",
    ".tsv": 'pd.read_csv({path!r}, sep="\\t")',
    ".parquet": "pd.read_parquet({path!r})",
}


class NotWritableError(ValueError):
    """Value that cannot be written as code."""


@dataclass
class Program:
    """A program and the gaps that its reader must fill in.

    Attributes
    ----------
    text : str
    to_fill_in : list of str
        Parameters that cannot be written as code.
    """

    text: str
    to_fill_in: list[str] = field(default_factory=list)


def program(selector, shape, *, with_y: bool, target_name, source, preparation) -> Program:
    """Write the program.

    Parameters
    ----------
    selector : estimator
        Fitted.
    shape : tuple of (int, int)
        Shape of X.
    with_y : bool
        Whether the fit used a y.
    target_name : str or None
        Column of y in the source.
    source : str or None
        Path of the data. The program reads a .csv, .tsv, .parquet or .npz file.
    preparation : sequence of str
        Steps before the fit, which the program cannot repeat.
    """
    imports: set[str] = set()
    reading = _reading(imports, with_y, target_name, source, preparation)
    return program_after(reading, imports, selector, shape, with_y=with_y)


def program_after(reading, imports, selector, shape, *, with_y: bool) -> Program:
    """Write the program, given the lines that make X and y, and their imports."""
    imports = set(imports)
    missing: dict[str, Any] = {}
    call = _call(selector, imports, missing, "")
    lines = [f"{name} = ...  # fill in: {_one_line(value)}" for name, value in missing.items()]
    y = ", y" if with_y else ""
    blocks = [
        "\n".join(_import_lines(imports)),
        "\n".join(reading),
        f"assert X.shape == {tuple(map(int, shape))}, X.shape  # as in the original fit",
        "\n".join([*lines, f"selector = {call}", f"selector.fit(X{y})"]),
        'print(*selector.get_feature_names_out(), sep="\\n")',
    ]
    text = "\n\n".join(blocks) + "\n"
    return Program(text.replace("\n\nassert", "\nassert"), list(missing))


def is_default(selector: Any, name: str, value: Any) -> bool:
    """Return whether a parameter, or ``part__name`` of a part, has its default value."""
    owner, _, name = name.rpartition("__")
    part = selector.get_params(deep=True)[owner] if owner else selector
    return _is_default(type(part), name, value)


def _is_default(kind, name, value):
    parameter = inspect.signature(kind.__init__).parameters.get(name)
    if parameter is None or parameter.default is parameter.empty:
        return False
    default = parameter.default
    return default is value or (type(default) is type(value) and repr(default) == repr(value))


def _reading(imports, with_y, target_name, source, preparation):
    suffix = PurePath(source).suffix.lower() if source else ""
    if not preparation and suffix == ".npz":
        imports.add("import numpy as np")
        pair = 'X, y = data["X"], data["y"]' if with_y else 'X = data["X"]'
        return [f"data = np.load({source!r})", pair]
    if not preparation and suffix in _READERS and (not with_y or target_name is not None):
        imports.add("import pandas as pd")
        reading = [f"X = {_READERS[suffix].format(path=source)}"]
        return [*reading, f"y = X.pop({target_name!r})"] if with_y else reading
    imports.add("import joblib")
    what = "(X, y)" if with_y else "X"
    return [
        "# The data were in memory. Save them once, in the program that has them:",
        f'#     joblib.dump({what}, "data.joblib")',
        *(f"# Preparation: {_one_line_of(step)}" for step in preparation),
        f'{what.strip("()")} = joblib.load("data.joblib")',
    ]


def _one_line(value):
    return _one_line_of(repr(value))


def _one_line_of(text):
    return " ".join(str(text).split())


def _import_lines(imports):
    """Sort the imports: modules, names from modules, names from this library."""
    taken: dict[str, list[str]] = {}
    for line in sorted(imports):
        module, _, name = line.removeprefix("from ").partition(" import ")
        if line.startswith("from "):
            taken.setdefault(module, []).append(name)
    modules = sorted(taken, key=lambda module: (module.startswith("sparsefs"), module))
    return [
        *sorted(line for line in imports if line.startswith("import ")),
        *(f"from {module} import {', '.join(taken[module])}" for module in modules),
    ]


def _call(part, imports, missing, prefix):
    """Write the call that makes an object, without the parameters that have their default."""
    kind = type(part)
    arguments = []
    for name, value in _parameters(part).items():
        if _is_default(kind, name, value):
            continue
        try:
            written = _written(value, imports, missing, f"{prefix}{name}_")
        except NotWritableError:
            written = f"{prefix}{name}"
            missing[written] = value
        arguments.append(f"{name}={written}")
    return f"{_imported(kind, imports)}({', '.join(arguments)})"


def _parameters(part):
    if hasattr(part, "get_params") and not inspect.isclass(part):
        return part.get_params(deep=False)
    # Like scikit-learn's splitters, which keep each parameter under its name.
    names = [
        name
        for name, parameter in inspect.signature(type(part).__init__).parameters.items()
        if name != "self"
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if type(part).__init__ is object.__init__ or not all(hasattr(part, name) for name in names):
        raise NotWritableError
    return {name: getattr(part, name) for name in names}


def _written(value, imports, missing, prefix):
    if value is None or isinstance(value, bool | int | str | bytes):
        return repr(value)
    if isinstance(value, np.generic):
        return _written(value.item(), imports, missing, prefix)
    if isinstance(value, float):
        return repr(value) if np.isfinite(value) else f'float("{value}")'
    if isinstance(value, range | slice):
        return repr(value)
    if isinstance(value, np.ndarray):
        if value.size > _MOST_NUMBERS or value.dtype.kind not in "biufU":
            raise NotWritableError
        imports.add("import numpy as np")
        return f"np.array({value.tolist()!r}, dtype={value.dtype.str!r})"
    if type(value) in (list, tuple, set):
        inside = [_written(one, imports, missing, prefix) for one in value]
        if type(value) is list:
            return f"[{', '.join(inside)}]"
        if type(value) is tuple:
            return f"({', '.join(inside)}{',' if len(inside) == 1 else ''})"
        return f"{{{', '.join(inside)}}}" if inside else "set()"
    if type(value) is dict:
        pairs = [
            f"{_written(k, imports, missing, prefix)}: {_written(v, imports, missing, prefix)}"
            for k, v in value.items()
        ]
        return "{" + ", ".join(pairs) + "}"
    if inspect.isclass(value) or inspect.isroutine(value):
        return _imported(value, imports)
    if isinstance(value, np.random.RandomState | np.random.Generator):
        raise NotWritableError  # its state has changed since the fit
    return _call(value, imports, missing, prefix)


def _imported(thing, imports):
    """Return the name of a class or function, and import it from the shortest path."""
    name, parts = thing.__name__, (getattr(thing, "__module__", None) or "").split(".")
    if parts == ["builtins"]:
        return name
    for end in range(1, len(parts) + 1):
        module = ".".join(parts[:end])
        if module != "__main__" and getattr(sys.modules.get(module), name, None) is thing:
            imports.add(f"from {module} import {name}")
            return name
    raise NotWritableError
