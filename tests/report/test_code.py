# SPDX-License-Identifier: BSD-3-Clause
"""The program in a report selects the same features again."""

import subprocess
import sys

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_regression
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparsefs import (
    CrossValidatedK,
    GradualPruningSelector,
    NeuronAttributionSelector,
    StabilitySelector,
    WASTSelector,
)
from sparsefs.report._code import program
from tests.report.pages import report


def run(page, folder):
    """Names that the program of a page prints."""
    (folder / "again.py").write_text(page.block("code"))
    done = subprocess.run(
        [sys.executable, "again.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def written(selector, **options):
    settings = {"with_y": True, "target_name": None, "source": None, "preparation": ()} | options
    return program(selector, (3, 2), **settings)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True, as_frame=True)
    return X[:200], y[:200]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_program_of_a_file(suffix, digits, tmp_path):
    X, y = digits
    table = X.assign(digit=y)
    if suffix == ".parquet":
        table.to_parquet(tmp_path / f"digits{suffix}")
    else:
        sep = "," if suffix == ".csv" else "\t"
        table.to_csv(tmp_path / f"digits{suffix}", sep=sep, index=False)
    selector = GradualPruningSelector(K=7, max_iter=5, random_state=3).fit(X, y)
    page = report(
        tmp_path, selector, X, y, source=f"digits{suffix}", target_name="digit", title="A title"
    )
    assert run(page, tmp_path) == selector.get_feature_names_out().tolist()


@pytest.mark.slow
def test_program_of_data_in_memory(digits, tmp_path):
    X, _ = digits
    selector = WASTSelector(K=5, max_iter=2, random_state=1).fit(sparse.csr_matrix(X))
    page = report(tmp_path, selector, sparse.csr_matrix(X), preparation=["Counted."])
    joblib.dump(sparse.csr_matrix(X), tmp_path / "data.joblib")
    assert run(page, tmp_path) == selector.get_feature_names_out().tolist()
    assert "# Preparation: Counted." in page.block("code")


@pytest.mark.slow
def test_program_of_arrays_in_a_file(tmp_path):
    X, y = make_regression(100, 10, random_state=0)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    selector = SelectKBest(f_regression, k=4).fit(X, y)
    page = report(tmp_path, selector, X, y, source="data.npz")
    assert "SelectKBest(k=4, score_func=f_regression)" in page.block("code")
    assert run(page, tmp_path) == selector.get_feature_names_out().tolist()


@pytest.mark.slow
def test_data_of_another_shape_are_refused(digits, tmp_path):
    X, y = digits
    X.assign(digit=y)[:50].to_csv(tmp_path / "digits.csv", index=False)
    selector = SelectKBest(k=4).fit(X, y)
    page = report(tmp_path, selector, X, y, source="digits.csv", target_name="digit")
    with pytest.raises(AssertionError, match=r"\(50, 64\)"):
        run(page, tmp_path)


def test_code_of_the_user_is_shown_as_it_is(digits, tmp_path):
    X, y = digits
    page = report(tmp_path, SelectKBest(k=4).fit(X, y), X, y, code="print(1 < 2)\n")
    assert page.block("code") == "print(1 < 2)\n"


def test_prepared_data_are_not_read_from_their_source():
    text = written(SelectKBest(), source="a.csv", target_name="y", preparation=["Scaled."]).text
    assert "read_csv" not in text and 'joblib.load("data.joblib")' in text


@pytest.mark.parametrize(
    "selector",
    [
        GradualPruningSelector(K=CrossValidatedK("knee", cv=KFold(3, shuffle=True), Ks=[1, 2])),
        NeuronAttributionSelector(class_weight={"a": 2, "b": 1.5}, hidden_layer_sizes=(5,)),
        StabilitySelector(make_pipeline(StandardScaler(), ExtraTreesClassifier(7)), q=3),
        WASTSelector(K=0.5, lam=np.float64(0.25), hidden_layer_sizes=np.array([3])),
    ],
    ids=lambda s: type(s).__name__,
)
def test_settings_come_back(selector):
    made = written(selector)
    assert not made.to_fill_in
    start = made.text.index("selector = ")
    imports = made.text[: made.text.index("#")]
    names = {}
    exec(imports + made.text[start : made.text.index("\nselector.fit")], names)
    ours, again = selector.get_params(), names["selector"].get_params()
    assert type(names["selector"]) is type(selector)
    assert list(ours) == list(again)
    ours = {k: v.item() if isinstance(v, np.generic) else v for k, v in ours.items()}
    assert {k: repr(v) for k, v in ours.items()} == {k: repr(v) for k, v in again.items()}


def test_what_no_code_makes_is_marked(digits, tmp_path):
    X, y = digits
    selector = SelectKBest(lambda X, y: np.arange(X.shape[1]), k=3).fit(X, y)
    page = report(tmp_path, selector, X, y)
    assert "once score_func is filled in" in page.text
    assert "score_func = ...  # fill in: <function" in page.block("code")
    compile(page.block("code"), "again.py", "exec")


def test_state_of_a_generator_is_marked():
    made = written(WASTSelector(random_state=np.random.RandomState(0)))
    assert made.to_fill_in == ["random_state"]
