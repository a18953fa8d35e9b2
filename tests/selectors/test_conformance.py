# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's own checks, with nothing skipped and nothing expected to fail."""

import warnings

import pytest
import sklearn
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from tests.selectors.common import SELECTORS, every_selector, quick

# K=3 makes the checks that compare selections compare something on their narrow data.
INSTANCES = [Selector() for Selector in SELECTORS] + [quick(S, K=3) for S in SELECTORS]


@pytest.mark.filterwarnings("ignore:K=50 is greater:UserWarning")
@parametrize_with_checks(INSTANCES)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore:K=50 is greater:UserWarning")
@every_selector
def test_check_estimator_skips_nothing(Selector):
    with warnings.catch_warnings():
        warnings.simplefilter("error", SkipTestWarning)
        results = check_estimator(Selector())
    assert len(results) > 50
    assert {result["status"] for result in results} == {"passed"}


def test_supported_scikit_learn():
    major, minor = map(int, sklearn.__version__.split(".")[:2])
    assert (1, 6) <= (major, minor)
