# SPDX-License-Identifier: BSD-3-Clause
"""The folders are those of the picture, and import what lies below them only."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS

PACKAGE = DOCS.parent / "src" / "sparsefs"
# Each line may import from the lines above it, a folder also from itself; hints may name anything.
LINES = [
    {"utils"},
    {"distributed"},
    {"data"},
    {"networks"},
    {"topology", "importance", "regularization"},
    {"training"},
    {"modules"},
    {"evaluation"},
    {"selectors"},
    {"meta", "search"},
    {"plots"},
    {"report"},
    {"cli"},
]
ALLOWED = {
    folder: set().union(*LINES[:place], {folder})
    for place, line in enumerate(LINES)
    for folder in line
}
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def imported_folders(path):
    """Folders of ours that a file imports when it is loaded or run."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["sparsefs", *path.relative_to(PACKAGE).parent.parts]
    hints = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            hints |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or id(node) in hints:
            continue
        base = package[: len(package) - node.level + 1] if node.level else []
        module = [*base, *(node.module.split(".") if node.module else [])]
        if module[:1] != ["sparsefs"]:
            continue
        names = [module[1]] if len(module) > 1 else [alias.name for alias in node.names]
        yield from (name for name in names if name in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_go_one_way(folder):
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        assert set(imported_folders(path)) <= ALLOWED[folder], path


def test_picture_shows_the_folders():
    drawn = (DOCS / "images" / "architecture.svg").read_text(encoding="utf-8")
    assert sorted(re.findall(r">(\w+)/</text>", drawn)) == FOLDERS


def test_picture_is_that_of_its_script():
    script = DOCS / "images" / "architecture.py"
    names = {"__file__": str(script), "__name__": "picture"}
    exec(compile(script.read_text(encoding="utf-8"), script, "exec"), names)
    assert Path(script).with_suffix(".svg").read_text(encoding="utf-8") == names["SVG"]


def imports(folder):
    """(file, imported top-level package) of a folder at the root of the repository."""
    for path in sorted((DOCS.parent / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            yield from ((path, name.partition(".")[0]) for name in names)


def test_benchmarks_and_tests_share_tools_only():
    mine = Path(__file__).parent
    for path, package in [*imports("benchmarks"), *imports("tools"), *imports("tests")]:
        assert package != "tests" or mine in path.parents, path
        assert package != "benchmarks" or "benchmarks" in path.relative_to(DOCS.parent).parts, path
