# SPDX-License-Identifier: BSD-3-Clause
"""Every method has a page with the same parts, whose code runs and which leaves no setting out."""

import inspect
import re

import pytest
import torch

import sparsefs
from tests.docs.pages import DOCS, run_page

PAGES = {
    "gradual_pruning": sparsefs.GradualPruningSelector,
    "hyper_sparse": sparsefs.HyperSparseSelector,
    "neuron_attribution": sparsefs.NeuronAttributionSelector,
    "neurofs": sparsefs.NeuroFSSelector,
    "quick_selection": sparsefs.QuickSelectionSelector,
    "wast": sparsefs.WASTSelector,
}
# Of all methods, with the same meaning.
COMMON = {
    "connections_every",
    "n_replicas",
    "n_jobs",
    "kernel",
    "device",
    "verbose",
    "random_state",
}
SECTIONS = ["The idea", "The formulas", "Settings", "Example", "When it fails", r"References?"]

pages = pytest.mark.parametrize("name", PAGES)


def text(name):
    return (DOCS / "methods" / f"{name}.rst").read_text(encoding="utf-8")


def test_every_selector_has_a_page():
    from sparsefs.selectors.base import BaseSelector

    exported = {getattr(sparsefs, name) for name in sparsefs.__all__}
    methods = {c for c in exported if isinstance(c, type) and issubclass(c, BaseSelector)}
    assert set(PAGES.values()) == methods
    assert {path.stem for path in (DOCS / "methods").glob("*.rst")} == {*PAGES, "index"}


@pages
def test_page_has_the_parts_of_every_page(name):
    for section in SECTIONS:
        assert re.search(rf"(?m)^{section}\n-+$", text(name)), section


@pages
def test_page_lists_every_setting_with_its_default(name):
    rows = dict(re.findall(r"(?m)^   \* - ``(\w+)``\n((?:     .*\n)+)", text(name)))
    parameters = inspect.signature(PAGES[name]).parameters
    assert set(parameters) - COMMON <= set(rows)
    for parameter, row in rows.items():
        default = parameters[parameter].default
        if isinstance(default, str):
            assert f'``"{default}"``' in row, parameter
        elif isinstance(default, bool):
            assert str(default) in row, parameter
        elif isinstance(default, float) and not float(default).is_integer():
            assert f"{default:.10f}".rstrip("0") in row, parameter
        elif isinstance(default, int | float):
            assert re.search(rf"\b{default:.0f}\b", row), parameter


@pytest.mark.slow
@pages
def test_code_of_the_page_runs(name, capsys):
    with torch.random.fork_rng():  # one page seeds torch
        assert run_page(f"methods/{name}.rst", capsys)
