# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's own checks, with nothing skipped and nothing expected to fail."""

import warnings

import pytest
import sklearn
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sparsefs import GradualPruningSelector, WASTSelector
from tests.selectors.common import AFFORDABLE, NOT_RANDOM, SELECTORS, every_selector, quick


def comparable(Selector, **mode):
    return quick(Selector, K=3, batch_size=64, **NOT_RANDOM.get(Selector.__name__, {}), **mode)


WITHOUT_LABELS = comparable(GradualPruningSelector, supervised=False)
OF_COLUMNS = [
    comparable(Selector, **mode)
    for Selector in (GradualPruningSelector, WASTSelector)
    for mode in (
        {"missing": "error"},
        {"keep": [0], "output": "encoded"},
        {"exclude": [0]},
        {"feature_groups": [[0]], "feature_costs": {0: 2.0}, "budget": 3.0},
    )
]


# K=3 makes the checks that compare selections compare something on their narrow data. Only in
# one batch with all samples is a weight of 2 the same as a sample twice.
@parametrize_with_checks(
    [*(comparable(Selector) for Selector in SELECTORS), WITHOUT_LABELS, *OF_COLUMNS]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:K=50 is greater:UserWarning")
@pytest.mark.parametrize("mode", [{}, {"supervised": False}], ids=["default", "no labels"])
@every_selector
def test_check_estimator_skips_nothing(Selector, mode):
    if not set(mode) <= set(Selector().get_params()):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error", SkipTestWarning)
        results = check_estimator(Selector(**AFFORDABLE.get(Selector.__name__, {}), **mode))
    assert len(results) > 50
    assert {result["status"] for result in results} == {"passed"}


def test_supported_scikit_learn():
    major, minor = map(int, sklearn.__version__.split(".")[:2])
    assert (1, 6) <= (major, minor)
