# SPDX-License-Identifier: BSD-3-Clause
"""Parts of the user's own: the code of the documentation, clone, pickle and grid search."""

import importlib.util
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sparsefs import NeuronAttributionSelector

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "extending.rst").read_text()


def example(name):
    """A script of the examples as a module that pickle can find."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def snippets():
    """The code blocks of the page, each as a namespace after it has run."""
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", PAGE)
    spaces = {}
    for block in blocks:
        exec(re.sub(r"(?m)^   ", "", block), space := {})
        spaces |= {name: value for name, value in space.items() if name[0] != "_"}
    return spaces


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300], y[:300]


def quick(**params):
    return NeuronAttributionSelector(
        K=10, hidden_layer_sizes=(30, 20), max_iter=4, update_every=1, random_state=0, **params
    )


def own(kind):
    if kind == "topology":
        return example("own_growth_rule").StrongInputGrow()
    return example("own_importance").TaylorImportance()


def others():
    return {"topology": ["set", "rigl"], "importance": ["attribution", "strength"]}


kinds = pytest.mark.parametrize("kind", ["topology", "importance"])


@kinds
@pytest.mark.parametrize("kernel", ["csr", "masked"])
def test_a_part_of_ones_own_has_its_way(kind, kernel, digits):
    mine = quick(**{kind: own(kind)}, kernel=kernel).fit(*digits)
    for name in others()[kind]:
        theirs = quick(**{kind: name}, kernel=kernel).fit(*digits)
        assert (mine.scores_ != theirs.scores_).any()
    assert mine.history_["connections_changed"].min() > 0
    assert len(set(mine.history_["density"])) == 1


@kinds
def test_a_part_of_ones_own_stays_as_it_was(kind, digits):
    part = own(kind)
    before = dict(vars(part))
    first = quick(**{kind: part}).fit(*digits).scores_
    assert vars(part) == before
    np.testing.assert_array_equal(quick(**{kind: part}).fit(*digits).scores_, first)


@kinds
def test_clones_do_the_same(kind, digits):
    selector = quick(**{kind: own(kind)})
    copy = clone(selector)
    assert getattr(copy, kind) is not getattr(selector, kind)
    np.testing.assert_array_equal(copy.fit(*digits).scores_, selector.fit(*digits).scores_)


@kinds
def test_a_fitted_selector_can_be_pickled(kind, digits):
    selector = quick(**{kind: own(kind)}).fit(*digits)
    copy = pickle.loads(pickle.dumps(selector))
    np.testing.assert_array_equal(copy.transform(digits[0]), selector.transform(digits[0]))
    np.testing.assert_array_equal(copy.fit(*digits).scores_, selector.scores_)


@kinds
def test_a_grid_search_compares_it_with_the_built_in_ones(kind, digits):
    grid = {f"neuronattributionselector__{kind}": [*others()[kind], own(kind)]}
    model = make_pipeline(quick(), GaussianNB())
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(*digits)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(search.cv_results_["mean_test_score"]) == 3


def test_a_growth_rule_may_use_what_an_importance_says_of_a_layer(digits):
    seen = []

    class Told(example("own_importance").TaylorImportance):
        def of_layer(self, i):
            return i

    def rule(layer, dropped, importance, rng):
        seen.append(importance)
        return example("own_growth_rule").StrongInputGrow()(layer, dropped, importance, rng)

    quick(topology=rule, importance=Told()).fit(*digits)
    assert set(seen) >= {0, 1}


def test_a_growth_rule_that_errs_is_told_so(digits):
    from sparsefs.topology import growth_at

    def first_ones(layer, dropped, importance, rng):
        return growth_at(layer, dropped, np.arange(len(dropped)))

    with pytest.raises(ValueError, match="must be free"):
        quick(topology=first_ones).fit(*digits)


def test_the_taylor_importance_is_weight_times_gradient():
    """Against automatic differentiation, in a network without hidden layers."""
    import torch

    from sparsefs.importance import Step
    from sparsefs.networks import FeedForward
    from tests.layers import dense

    rng = np.random.default_rng(0)
    network = FeedForward.from_positions(
        [5, 3], [np.array([0, 3, 4, 8, 13])], ["identity"], rng=rng, kernel="csr"
    )
    x = torch.from_numpy(rng.standard_normal((5, 4)).astype(np.float32))
    weight = torch.from_numpy(dense(network.layers[0])[0]).requires_grad_()
    ((weight @ x + network.layers[0].bias) ** 3).sum().backward()
    network.backward(3 * network.forward(x) ** 2)
    importance = own("importance")
    importance.before_update(network, Step(1, 0, x, x, None, None))
    expected = (weight * weight.grad).abs().sum(0).detach().numpy()
    np.testing.assert_allclose(importance.scores(network), expected, rtol=1e-4)


def test_the_code_of_the_page_runs(capsys):
    expected = {
        "DegreeImportance",
        "SmallestDrop",
        "dense_output",
        "RoundedL1",
        "quantile_loss",
        "GradientGrownSelector",
        "TextTable",
    }
    assert expected <= set(snippets())
    assert capsys.readouterr().out.endswith(" 5000\n")


def test_the_tables_of_the_page_give_their_rows():
    found = snippets()
    np.testing.assert_array_equal(found["own_batches"][:], found["numbers"])
    assert (found["own_table"].shape, found["selected"].shape) == ((150, 20), (150, 5))


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (lambda s: s["DegreeImportance"]("last_epoch", every=10), "importance"),
        (lambda s: s["dense_output"], "init"),
        (lambda s: s["quantile_loss"], "loss"),
    ],
    ids=["importance", "init", "loss"],
)
def test_the_parts_of_the_page_fit(part, param, digits):
    X, y = digits
    task = "regression" if param == "loss" else "auto"
    selector = quick(**{param: part(snippets())}, task=task).fit(X, y)
    assert np.isfinite(selector.scores_).all()
    assert selector.scores_.std() > 0


def test_the_selector_of_the_page_keeps_the_contract(digits):
    selector = snippets()["selector"]  # the page's last one
    first = selector.scores_
    assert selector.get_support().sum() == selector.K == 20
    again = clone(selector).set_params(K=5).fit(digits[0])
    assert again.transform(digits[0]).shape == (300, 5)
    np.testing.assert_array_equal(clone(selector).fit(load_digits().data).scores_, first)
    assert selector.history_["connections_changed"][:-1].min() > 0
    theirs = selector.__class__.__base__(**selector.get_params()).fit(load_digits().data)
    assert (theirs.scores_ != first).any()
