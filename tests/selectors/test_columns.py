# SPDX-License-Identifier: BSD-3-Clause
"""What is selected of X: the same for every container, and only the selected columns count."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, f_classif, r_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sparsefs import EnsembleSelector, StabilitySelector, open_shards
from tests.selectors.common import SELECTORS, classes, every_selector, fit, quick

NAMES = [f"g{j}" for j in range(6)]
META = [
    EnsembleSelector(SelectKBest(f_classif, k=2), n_fits=1),
    StabilitySelector(SelectKBest(f_classif), q=2, n_pairs=2, threshold=0.6),
]

SELECTORS_OF_TWO = [*(quick(Selector, K=2) for Selector in SELECTORS), *META]


def data():
    X = np.random.default_rng(0).standard_normal((60, 6))
    return (
        X + 3 * np.eye(6)[4] * (classes(X)[:, None] == 1) + np.eye(6)[1] * classes(X)[:, None] * 3
    )


def saved(X, folder):
    np.save(folder / "X.npy", X)
    return open_shards(folder / "X.npy")


# How X is passed, and what the output is set to.
CONTAINERS = {
    "array": (lambda X, _: X, "default"),
    "float32": (lambda X, _: X.astype(np.float32), "default"),
    "objects": (lambda X, _: X.astype(object), "default"),
    "array to pandas": (lambda X, _: X, "pandas"),
    "CSR": (lambda X, _: sparse.csr_array(X), "default"),
    "CSC": (lambda X, _: sparse.csc_array(X), "default"),
    "pandas": (lambda X, _: pd.DataFrame(X, columns=NAMES), "default"),
    "pandas to pandas": (lambda X, _: pd.DataFrame(X, columns=NAMES), "pandas"),
    "pandas to polars": (lambda X, _: pd.DataFrame(X, columns=NAMES), "polars"),
    "nullable": (lambda X, _: pd.DataFrame(X, columns=NAMES).convert_dtypes(), "pandas"),
    "polars": (lambda X, _: pl.DataFrame(X, schema=NAMES), "default"),
    "polars to polars": (lambda X, _: pl.DataFrame(X, schema=NAMES), "polars"),
    "polars to pandas": (lambda X, _: pl.DataFrame(X, schema=NAMES), "pandas"),
    "files": (saved, "default"),
}


def fitted(selector, container, tmp_path):
    """A selector of two features that knows names if the container has them."""
    convert, output = CONTAINERS[container]
    named = hasattr(convert(data(), tmp_path), "columns")
    X = pd.DataFrame(data(), columns=NAMES) if named else data()
    selector = selector.fit(X, classes(data()))
    assert selector.get_support().sum() == 2
    return (
        selector.set_output(transform=output),
        (lambda X: convert(X, tmp_path)),
        NAMES if named else range(6),
    )


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("selector", SELECTORS_OF_TWO, ids=lambda s: type(s).__name__)
def test_only_selected_columns_must_be_finite(selector, container, tmp_path):
    if hasattr(selector, "missing"):
        selector.set_params(missing="error")
    selector, convert, names = fitted(selector, container, tmp_path)
    support = selector.get_support()
    X = data()
    X[3, ~support] = np.nan
    X[5, ~support] = np.inf
    found = selector.transform(convert(X))
    found = found.toarray() if sparse.issparse(found) else np.asarray(found)
    np.testing.assert_allclose(found.astype(float), X[:, support], rtol=1e-6)
    for value, words in ((np.nan, "1 NaN and 0 inf"), (-np.inf, "0 NaN and 1 inf")):
        X = data()
        X[3, np.flatnonzero(support)[1]] = value
        column = repr(names[np.flatnonzero(support)[1]])
        with pytest.raises(ValueError, match=f"{words} values, in column {column}"):
            selector.transform(convert(X))


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
@pytest.mark.parametrize("selector", META, ids=["E", "S"])
def test_text_is_refused_in_selected_columns_only(selector, library, output):
    X = library.DataFrame(dict(zip(NAMES, data().T)))
    selector.set_output(transform=output).fit(X, classes(data()))
    if not hasattr(selector, "feature_names_in_"):
        pytest.skip("this scikit-learn reads no names from such frames")
    used, unused = (
        selector.get_feature_names_out()[0],
        sorted({*NAMES} - {*selector.get_feature_names_out()})[0],
    )
    text = dict(zip(NAMES, data().T))
    found = selector.transform(library.DataFrame(text | {unused: ["blue"] * 60}))
    np.testing.assert_array_equal(np.asarray(found), data()[:, selector.get_support()])
    assert np.asarray(found).dtype == np.float64
    with pytest.raises(ValueError, match=f"not numeric in column '{used}'"):
        selector.transform(library.DataFrame(text | {used: ["blue"] * 60}))


def test_what_a_part_of_the_estimator_takes_is_left_to_the_next_step():
    X = data()
    X[3] = np.nan
    for selector in (
        EnsembleSelector(make_pipeline(SimpleImputer(), LogisticRegression()), K=2, n_fits=1),
        EnsembleSelector(RFE(LogisticRegression()), K=2, n_fits=1),
    ):
        takes = "pipeline" in str(selector).lower()
        selector.fit(X if takes else data(), classes(X))
        if takes:
            assert np.isnan(selector.transform(X)[3]).all()
        else:
            with pytest.raises(ValueError, match="2 NaN"):
                selector.transform(X)


@every_selector
def test_scikit_learns_meta_selectors_find_importances(Selector):
    X, y = data(), classes(data())
    selector = fit(quick(Selector, K=2), X)
    assert (selector.feature_importances_ >= 0).all()
    np.testing.assert_array_equal(selector.feature_importances_, selector.scores_)
    around = SelectFromModel(quick(Selector, K=2), threshold=-np.inf, max_features=2).fit(X, y)
    np.testing.assert_array_equal(around.get_support(), selector.get_support())
    assert RFE(quick(Selector, K=2), n_features_to_select=4).fit(X, y).support_.sum() == 4


def test_importances_are_never_negative():
    X = data()
    y = X[:, 4] - X[:, 1]
    selector = EnsembleSelector(SelectKBest(r_regression), n_fits=1)
    assert not hasattr(selector, "feature_importances_")
    selector.fit(X, y)
    assert selector.scores_.min() < 0 == selector.feature_importances_.min()
    order = np.argsort(selector.feature_importances_)
    np.testing.assert_array_equal(order, np.argsort(selector.scores_))
    assert SelectFromModel(META[1]).fit(X, classes(X)).get_support(indices=True).tolist() == [1, 4]
