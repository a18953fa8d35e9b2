# SPDX-License-Identifier: BSD-3-Clause
"""The page of questions: its code prints what stands there, and other claims of it hold."""

import json
import pickle
import re

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from sparsefs import (
    GradualPruningSelector,
    HyperSparseSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
)
from tests.docs.pages import DOCS, run_page

PAGE = (DOCS / "faq.rst").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300], y[:300]


def test_there_are_answers():
    questions = re.findall(r"(?m)^(.+)\n~+$", PAGE)
    assert len(questions) >= 20
    assert all(q.endswith("?") or "Is the selection bad" in q for q in questions)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_code_of_the_page(capsys):
    names = run_page("faq.rst", capsys)
    assert json.loads(names["kept"])["K"] == 5


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
    in_feet = X * np.exp2(np.arange(64) % 5)  # powers of two: nothing is rounded
    first = selector.fit(X, y).ranking_
    np.testing.assert_array_equal(selector.fit(in_feet, y).ranking_, first)


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
    selector = GradualPruningSelector(K=10, max_iter=10, random_state=0).fit(*digits)
    before = len(pickle.dumps(selector))
    del selector.network_
    assert len(pickle.dumps(selector)) < before / 2
    assert selector.transform(digits[0]).shape == (300, 10)
