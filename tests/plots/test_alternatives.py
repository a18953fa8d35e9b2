# SPDX-License-Identifier: BSD-3-Clause
"""AlternativesDisplay: selected features and what could stand for them, in blocks."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest

from sparsefs import AlternativesDisplay


def table(n_samples=80):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((n_samples, 8))).add_prefix("g")
    X["copy of g0"] = -X["g0"] + 0.1 * rng.standard_normal(n_samples)
    X["$copy of g1"] = X["g1"] + 0.1 * rng.standard_normal(n_samples)
    return X, X["g0"] + X["g1"] > 0


def test_copies_are_neighbours_and_selected_names_are_bold():
    X, y = table()
    selector = SelectKBest(k=2).fit(X[["g0", "g1", *X.columns[2:]]], y)
    selector.get_support = lambda: np.isin(X.columns, ["g0", "g1"])
    display = AlternativesDisplay.from_estimator(selector, X)
    names = display.feature_names.tolist()
    assert sorted(names) == sorted(["g0", "g1", "copy of g0", "$copy of g1"])
    assert abs(names.index("g0") - names.index("copy of g0")) == 1
    expected = X[names].corr().to_numpy()
    np.testing.assert_allclose(display.correlations, expected, atol=1e-12)
    np.testing.assert_allclose(display.image_.get_array(), np.abs(expected), atol=1e-12)
    weights = [label.get_fontweight() for label in display.ax_.get_yticklabels()]
    assert weights == ["bold" if name in ("g0", "g1") else "normal" for name in names]
    texts = [text.get_text() for text in display.ax_.texts]
    assert "1.00" in texts and len(texts) == 16
    display.figure_.canvas.draw()  # a name with a dollar is no formula


def test_own_axes_names_and_many_features():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 80))
    _, ax = plt.subplots()
    selector = SelectKBest(k=70).fit(X, np.arange(60) % 2)
    display = AlternativesDisplay.from_estimator(selector, X, ax=ax, cmap="Greys")
    assert display.ax_ is ax and len(display.feature_names) == 50 and display.selected.all()
    assert not ax.texts and display.feature_names[0].startswith("x")
    one = AlternativesDisplay.from_estimator(SelectKBest(k=1).fit(X, np.arange(60) % 2), X)
    assert one.correlations.shape == (1, 1)


def test_nothing_to_draw():
    X, y = table()
    with pytest.raises(NotFittedError):
        AlternativesDisplay.from_estimator(SelectKBest(), X)
    with pytest.raises(ValueError, match="No feature is selected"):
        AlternativesDisplay.from_estimator(SelectKBest(k=0).fit(X, y), X)
