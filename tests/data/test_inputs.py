# SPDX-License-Identifier: BSD-3-Clause
"""What of X is refused, and that the message names it."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.feature_selection import SelectKBest

from sparsefs import EnsembleSelector
from tests.selectors.common import SELECTORS, every_selector, fit, quick, with_each


@every_selector
@pytest.mark.parametrize(
    "X",
    [None, 3.0, {"a": [1.0]}, np.full((200, 30), 1j), sparse.csr_matrix(np.full((200, 30), 1j))],
    ids=["None", "number", "dict", "complex", "complex CSR"],
)
def test_an_X_that_is_no_table_is_named_in_few_words(Selector, X):
    with pytest.raises((ValueError, TypeError), match=r"\bX\b|column") as error:
        quick(Selector).fit(X, np.arange(200) % 2)
    assert len(str(error.value)) < 600


@pytest.mark.parametrize("y", [3, iter([0, 1] * 30)], ids=["number", "iterator"])
def test_ensembles_name_a_y_that_is_no_sequence(wide, y):
    with pytest.raises(TypeError, match="y must have one label or target per sample"):
        EnsembleSelector(SelectKBest()).fit(wide, y)


def test_ensembles_take_sparse_data_of_extended_precision():
    X = sparse.csr_matrix(np.random.default_rng(0).random((20, 3)).astype(np.longdouble))
    selector = EnsembleSelector(quick(SELECTORS[0], K=1), n_fits=1).fit(X, np.arange(20) % 2)
    assert selector.support_.sum() == 1


@pytest.mark.parametrize("X", [None, np.full((200, 30), 1j)], ids=["None", "complex"])
def test_ensembles_name_X_in_few_words(X):
    with pytest.raises((ValueError, TypeError), match=r"\bX\b|column") as error:
        EnsembleSelector(SelectKBest()).fit(X, np.arange(200) % 2)
    assert len(str(error.value)) < 600


def test_a_sparse_frame_whose_fill_value_is_not_zero_names_X(wide):
    X = pd.DataFrame(wide).astype(pd.SparseDtype(float, np.nan))
    with pytest.raises(ValueError, match="X is unusable: fill value"):
        EnsembleSelector(SelectKBest()).fit(X, np.arange(60) % 2)


@every_selector
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_values_whose_differences_overflow_are_refused_by_column(Selector, container, wide):
    X = wide.astype(np.float64)
    X[:2, 4] = 1.7e308, -1.7e308
    with pytest.raises(ValueError, match="differences overflow, in column 4"):
        fit(quick(Selector), container(X))
    X[:2, 4] = 8e307, -8e307
    fit(quick(Selector), container(X))


@with_each("scaling", ["none"])
def test_values_beyond_single_precision_need_a_scaling(Selector, scaling, wide):
    X = pd.DataFrame(wide.astype(np.float64), columns=[f"f{j}" for j in range(40)])
    X.loc[3, "f4"] = 1e39
    with pytest.raises(ValueError, match=r"beyond 3.4e\+38, which scaling='none'.*column 'f4'"):
        fit(quick(Selector, scaling=scaling), X)


@every_selector
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_the_smallest_numbers_there_are_can_be_scaled(Selector, container):
    X = np.random.default_rng(0).integers(0, 9, (20, 3)) * 5e-324
    assert np.isfinite(fit(quick(Selector), container(X)).scores_).all()


@every_selector
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_whatever_scikit_learn_assumes(
    Selector, wide, value
):
    weight = np.where(np.arange(60) == 3, value, 1.0)
    with config_context(assume_finite=True), pytest.raises(ValueError, match="sample_weight"):
        fit(quick(Selector), wide, sample_weight=weight)
