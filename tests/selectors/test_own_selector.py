# SPDX-License-Identifier: BSD-3-Clause
"""The selector that the tutorial writes (examples/own_selector.py) is one of the family."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.selectors.common import classes

PATH = Path(__file__).resolve().parents[2] / "examples" / "own_selector.py"
SPEC = importlib.util.spec_from_file_location("own_selector", PATH)
sys.modules["own_selector"] = MODULE = importlib.util.module_from_spec(SPEC)  # for pickle
SPEC.loader.exec_module(MODULE)
FirstLayerLassoSelector = MODULE.FirstLayerLassoSelector


def quick(**params):
    setting = {"hidden_layer_sizes": 16, "max_iter": 5, "device": "cpu", "random_state": 0}
    return FirstLayerLassoSelector(**{**setting, **params})


@parametrize_with_checks([quick(K=3, batch_size=1000)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_informative_features_are_found(task):
    X = np.random.default_rng(0).standard_normal((800, 40))
    z = X[:, :5].sum(axis=1)
    y = z > 0 if task == "classification" else z
    selector = FirstLayerLassoSelector(K=5, random_state=0, device="cpu").fit(X, y)
    assert set(selector.get_support(indices=True)) == set(range(5))
    assert selector._target.task == task


def test_the_penalty_makes_small_weights_smaller(wide):
    y = classes(wide)
    plain, lasso = (quick(lasso=weight, max_iter=30).fit(wide, y).scores_ for weight in (0.0, 0.1))
    assert np.median(lasso) < np.median(plain)


def test_it_chooses_K_and_weighs_samples(wide):
    y, weight = classes(wide), np.r_[np.zeros(20), np.ones(40)]
    selector = quick(K="auto").fit(wide, y, sample_weight=weight)
    assert 1 <= selector.K_ <= 40
    again = quick(K="auto").fit(wide[20:], y[20:])
    np.testing.assert_allclose(selector.scores_, again.scores_, rtol=1e-3)


def test_it_is_short():
    n_lines = sum(1 for line in PATH.read_text().splitlines() if line.strip())
    assert n_lines < 130
