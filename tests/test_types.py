"""The public API has types: what mypy says of programs that use it, right and wrong."""

import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sparsefs

PROGRAMS = Path(__file__).parent / "programs"
PARTS = ["data", "evaluation", "importance", "meta", "modules", "networks", "plots"]
PARTS += ["regularization", "report", "search", "selectors", "topology"]
CONSTANTS = {"DROP", "GROW", "INIT"}
SPECIAL = {"__init__", "__call__", "__getitem__", "__len__", "__enter__"}


def functions_of(value):
    """The public functions of ours in a class, or the function itself."""
    members = vars(value).items() if inspect.isclass(value) else [("", value)]
    for name, member in members:
        if name.startswith("_") and name not in SPECIAL:
            continue
        member = getattr(member, "fget", None) or getattr(member, "__func__", member)
        member = inspect.unwrap(getattr(member, "func", member))
        if inspect.isfunction(member) and member.__module__.startswith("sparsefs."):
            yield member


def untyped(function):
    signature = inspect.signature(function)
    yield from (
        p.name
        for p in signature.parameters.values()
        if p.annotation is p.empty and p.name not in ("self", "cls")
    )
    is_maker = function.__name__ == "__init__" and len(signature.parameters) > 1
    if signature.return_annotation is signature.empty and not is_maker:
        yield "return"


@pytest.mark.parametrize("part", PARTS)
def test_every_public_function_has_types(part):
    module = importlib.import_module(f"sparsefs.{part}")
    public = {getattr(module, name) for name in module.__all__ if name not in CONSTANTS}
    public |= {base for value in public for base in getattr(value, "__mro__", ())}
    found = {f for value in public for f in functions_of(value)}
    assert not [(f.__qualname__, name) for f in found for name in untyped(f)]


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """Messages of ``mypy --strict`` for the programs: (file, line) to text."""
    pytest.importorskip("mypy", reason="mypy, of the extra dev, is not installed")
    folder = tmp_path_factory.mktemp("mypy")
    source = Path(sparsefs.__file__).parents[1]
    installed = source.name in ("site-packages", "dist-packages")
    options = ["--strict", "--config-file=", "--follow-imports=silent", f"--cache-dir={folder}"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *map(str, sorted(PROGRAMS.glob("*.py")))],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | ({} if installed else {"MYPYPATH": str(source)}),
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"(?m)(\w+)\.py:(\d+): error: (.*)$", done.stdout)
    return {(name, int(line)): text for name, line, text in found}


@pytest.mark.slow
def test_a_strict_program_that_is_right_has_no_error(reported):
    assert {place: text for place, text in reported.items() if place[0] == "typed"} == {}


@pytest.mark.slow
def test_every_mistake_is_an_error(reported):
    lines = (PROGRAMS / "mistyped.py").read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# error")}
    assert marked
    assert {line for name, line in reported if name == "mistyped"} == marked
