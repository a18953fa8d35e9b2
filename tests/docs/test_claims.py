# SPDX-License-Identifier: BSD-3-Clause
"""What pages say beside their code: settings and names are complete, claims hold."""

import inspect
import pickle
import re

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import sparsefs
from sparsefs import (
    GradualPruningSelector,
    HyperSparseSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
)
from sparsefs.cli.names import BUNDLED, OURS, RIVALS
from sparsefs.networks import make_sparse_linear
from sparsefs.selectors.stopping_parameters import StoppingParameters
from sparsefs.selectors.table_parameters import TableParameters
from sparsefs.topology import sample_positions
from tests.docs.pages import DOCS, blocks


def text_of(page):
    return (DOCS / page).read_text(encoding="utf-8")


# Methods.


METHODS = {
    "deep_lasso": sparsefs.DeepLassoSelector,
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
    "n_jobs",
    "kernel",
    "device",
    "verbose",
    "random_state",
    *TableParameters.__dataclass_fields__,  # on the page about tables
    *StoppingParameters.__dataclass_fields__,  # on the page about large data
}
SECTIONS = ["The idea", "The formulas", "Settings", "Example", "When it fails", r"References?"]

pages = pytest.mark.parametrize("name", METHODS)


def test_every_selector_has_a_page():
    from sparsefs.selectors.base import BaseSelector

    exported = {getattr(sparsefs, name) for name in sparsefs.__all__}
    methods = {c for c in exported if isinstance(c, type) and issubclass(c, BaseSelector)}
    assert set(METHODS.values()) == methods
    assert {path.stem for path in (DOCS / "methods").glob("*.rst")} == {*METHODS, "index"}


@pages
def test_page_has_the_parts_of_every_page(name):
    for section in SECTIONS:
        assert re.search(rf"(?m)^{section}\n-+$", text_of(f"methods/{name}.rst")), section


@pages
def test_page_lists_every_setting_with_its_default(name):
    page = text_of(f"methods/{name}.rst")
    rows = dict(re.findall(r"(?m)^   \* - ``(\w+)``\n((?:     .*\n)+)", page))
    parameters = inspect.signature(METHODS[name]).parameters
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


# The command line.


def test_the_page_names_every_option_and_method():
    page = text_of("command_line.rst")
    for name in ("digits", *OURS, *RIVALS):
        assert f"``{name}``" in page
    assert set(BUNDLED) >= {"digits"}
    options = ("out", "report", "refit", "no-score", "test-size", "task", "keep", "missing")
    for option in (*options, "exclude", "feature-groups", "feature-costs", "budget", "save"):
        assert f"--{option}" in page


# Performance.


@pytest.mark.parametrize(
    ("kernel", "bytes_of"), [("csr", [4, 8, 12]), ("block", [4, 17, 12]), ("masked", [4, 4, 0])]
)
@pytest.mark.parametrize("shape", [(100, 3000), (3000, 100), (50, 10_000)])
def test_bytes_of_the_page(kernel, bytes_of, shape):
    rows = dict(re.findall(r"\* - (\S.*)\n((?:     - .*\n){3})", text_of("performance.rst")))
    column = ["csr", "block", "masked"].index(kernel)
    names = ["weight", "position", "transpose, if needed"]
    assert [int(rows[n].split("-")[1 + column]) for n in names] == bytes_of

    rng = np.random.default_rng(0)
    layer = make_sparse_linear(
        shape,
        sample_positions(shape, 0.1, rng),
        bound=0.1,
        rng=rng,
        kernel=kernel,
        filled_side="in" if shape[1] > shape[0] else "out",
    )
    weight, place, transpose = bytes_of
    per_neuron = 20 * sum(shape)
    slots = len(layer.values)
    assert 0 <= layer.n_bytes - (weight + place) * slots <= per_neuron
    if transpose:
        before = layer.n_bytes
        layer.refresh()
        assert abs(layer.n_bytes - before - transpose * slots) <= per_neuron


# Large data.


@pytest.mark.parametrize(
    "code",
    [
        text
        for kind, text in blocks("large_data.rst")
        if kind == "python" and "checkpoint" not in text and "partial_fit" not in text
    ],
)
def test_data_larger_than_the_buffer_are_selected_from(code, tmp_path, monkeypatch, capsys):
    if "parquet" in code:
        pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", 2**16)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    printed = capsys.readouterr().out
    assert printed.startswith(
        ("(2000, 10)", "NpyTable(shape=(2000, 64)", "['gene7']", "BatchTable(")
    )
    assert "NpyTable" not in printed or "[7] (2000, 1)" in printed


# Questions.


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300], y[:300]


def test_there_are_answers():
    questions = re.findall(r"(?m)^(.+)\n~+$", text_of("faq.rst"))
    assert len(questions) >= 20
    assert all(q.endswith("?") or "Is the selection bad" in q for q in questions)


@pytest.mark.parametrize(
    "selector",
    [
        GradualPruningSelector(max_iter=10),
        NeuronAttributionSelector(max_iter=3, hidden_layer_sizes=30),
        HyperSparseSelector(max_iter=8, fine_tune_epochs=2, hidden_layer_sizes=30),
        QuickSelectionSelector(max_iter=3, hidden_layer_sizes=50),
    ],
    ids=lambda selector: type(selector).__name__,
)
def test_units_do_not_matter(selector, digits):
    X, y = digits
    selector.set_params(random_state=0, K=10)
    factors = np.exp2(np.arange(64) % 20)  # powers of two: nothing is rounded
    first = selector.fit(X * factors, y).ranking_
    np.testing.assert_array_equal(selector.fit(X / factors, y).ranking_, first)


def test_global_state_and_threads_do_not_decide(digits):
    selector = GradualPruningSelector(K=10, max_iter=10, random_state=0)
    first = selector.fit(*digits).scores_
    threads, state = torch.get_num_threads(), np.random.get_state()
    try:
        torch.set_num_threads(2)
        np.random.seed(1)
        np.testing.assert_array_equal(selector.fit(*digits).scores_, first)
    finally:
        torch.set_num_threads(threads)
        np.random.set_state(state)


def test_fewer_networks_compute_half(digits):
    eight, four = (
        GradualPruningSelector(K=10, max_iter=10, n_networks=n, random_state=0).fit(*digits)
        for n in (8, 4)
    )
    ratio = four.costs_["training_flops"]["sparse"] / eight.costs_["training_flops"]["sparse"]
    assert ratio == pytest.approx(0.5, abs=0.05)


def test_pickles_become_small_without_the_network(digits):
    selector = NeuronAttributionSelector(K=10, max_iter=2, random_state=0).fit(*digits)
    before = len(pickle.dumps(selector))
    del selector.network_
    assert len(pickle.dumps(selector)) < before / 2
    assert selector.transform(digits[0]).shape == (300, 10)
