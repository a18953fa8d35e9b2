# SPDX-License-Identifier: BSD-3-Clause
"""Bad input is refused before training, by a message that names the culprit."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.pipeline import make_pipeline

from sparsefs import CrossValidatedK, GradualPruningSelector, WASTSelector
from sparsefs.selectors.base import FitResult
from tests.selectors.common import (
    SELECTORS,
    SUPERVISED,
    UNSUPERVISED,
    classes,
    every_scoring,
    every_selector,
    every_supervised,
    every_supervised_scoring,
    fit,
    quick,
    takes,
    with_each,
)


def good():
    return np.random.default_rng(0).standard_normal((30, 12)).astype(np.float32)


def with_value(value, *places):
    X = good()
    for place in places:
        X[place] = value
    return X


def frame(**columns):
    data = pd.DataFrame(good(), columns=[f"f{j}" for j in range(12)])
    return data.assign(**columns)


# (what is passed, in words; parameters; X; further arguments of fit; words of the message)
DATES = np.datetime64("2026-01-01") + np.arange(30)
MASKED = np.ma.masked_equal(np.arange(30.0), 7)
CASES = [
    ("K of 0", {"K": 0}, good, {}, ["'K'"]),
    ("negative K", {"K": -3}, good, {}, ["'K'"]),
    ("K of 1.5", {"K": 1.5}, good, {}, ["'K'", "1.5"]),
    ("K of 0.0", {"K": 0.0}, good, {}, ["'K'"]),
    ("K as text", {"K": "ten"}, good, {}, ["'K'", "ten"]),
    ("K as bool", {"K": True}, good, {}, ["'K'", "True"]),
    ("K None", {"K": None}, good, {}, ["'K'"]),
    ("K NaN", {"K": float("nan")}, good, {}, ["'K'"]),
    ("density of 0", {"density": 0.0}, good, {}, ["'density'"]),
    ("density above 1", {"density": 1.2}, good, {}, ["'density'", "1.2"]),
    ("negative epochs", {"max_iter": -1}, good, {}, ["'max_iter'", "-1"]),
    ("no epochs", {"max_iter": 0}, good, {}, ["'max_iter'"]),
    ("float epochs", {"max_iter": 2.5}, good, {}, ["'max_iter'"]),
    ("batch of 0", {"batch_size": 0}, good, {}, ["'batch_size'"]),
    ("lam above 1", {"lam": 1.5}, good, {}, ["'lam'", "1.5"]),
    ("learning rate of 0", {"learning_rate_init": 0}, good, {}, ["'learning_rate_init'"]),
    ("momentum of 1", {"momentum": 1.0}, good, {}, ["'momentum'"]),
    ("negative penalty", {"alpha": -0.1}, good, {}, ["'alpha'"]),
    ("negative noise", {"noise_std": -0.1}, good, {}, ["'noise_std'"]),
    ("fraction above 1", {"drop_fraction": 1.1}, good, {}, ["'drop_fraction'"]),
    ("unknown solver", {"solver": "lbfgs"}, good, {}, ["'solver'", "adam", "sgd"]),
    ("unknown drop rule", {"drop": "smallest"}, good, {}, ["'drop'", "magnitude"]),
    ("unknown grow rule", {"grow": "gradient"}, good, {}, ["'grow'", "random"]),
    ("unknown ranking", {"ranking": "weight"}, good, {}, ["'ranking'", "strength"]),
    ("unknown scaling", {"scaling": "quantile"}, good, {}, ["'scaling'", "feature"]),
    ("unknown mixing", {"mixing": "product"}, good, {}, ["'mixing'"]),
    ("unknown decay", {"learning_rate": "cosine"}, good, {}, ["'learning_rate'", "linear"]),
    ("unknown kernel", {"kernel": "coo"}, good, {}, ["'kernel'", "csr"]),
    ("unknown update", {"update_every": "step"}, good, {}, ["'update_every'"]),
    ("a layer of text", {"hidden_layer_sizes": ["a"]}, good, {}, ["'hidden_layer_sizes'"]),
    ("layers as bool", {"hidden_layer_sizes": True}, good, {}, ["'hidden_layer_sizes'"]),
    ("no hidden neuron", {"hidden_layer_sizes": (0,)}, good, {}, ["'hidden_layer_sizes'"]),
    ("unknown device", {"device": "tpu"}, good, {}, ["'device'", "tpu"]),
    ("absent device", {"device": "cuda:99"}, good, {}, ["cuda:99"]),
    ("nonsense device", {"device": "cpu:x"}, good, {}, ["'device'", "cpu:x"]),
    ("epochs as bool", {"max_iter": True}, good, {}, ["'max_iter'", "True"]),
    ("infinite rate", {"learning_rate_init": 1e39}, good, {}, ["'learning_rate_init'"]),
    ("block grown at random", {"kernel": "block", "grow": "random"}, good, {}, ["grow='random'"]),
    ("unusable seed", {"random_state": "lucky"}, good, {}, ["'random_state'"]),
    *(
        (f"{name} of {len(str(size))} digits", {name: size}, good, {}, [name, "at most"])
        for name in ("hidden_layer_sizes", "n_networks", "max_iter", "batch_size", "K", "n_jobs")
        for size in (10**30, 10**400)
    ),
    ("a huge layer", {"hidden_layer_sizes": 10**18}, good, {}, ["hidden_layer_sizes", "at most"]),
    (
        "NaN",
        {"missing": "error"},
        lambda: with_value(np.nan, (0, 2), (1, 2), (4, 7)),
        {},
        ["3 NaN", "columns 2, 7"],
    ),
    ("inf", {}, lambda: with_value(-np.inf, (3, 5)), {}, ["1 inf", "column 5"]),
    (
        "NaN in CSR",
        {},
        lambda: sparse.csr_matrix(with_value(np.nan, (0, 2))),
        {},
        ["1 NaN", "column 2"],
    ),
    ("NaN in a frame", {"missing": "error"}, lambda: frame(f4=np.nan), {}, ["30 NaN", "'f4'"]),
    (
        "None among texts",
        {"missing": "error"},
        lambda: frame(f3=["blue", None, "red"] * 10),
        {},
        ["missing values in column 'f3'", "missing='auto'"],
    ),
    ("text cells", {}, lambda: [*good().astype(object).tolist()[:-1], ["x"] * 12], {}, ["'x'"]),
    ("a text among numbers", {}, lambda: frame(f3=[1.5] * 29 + ["?"]), {}, ["'f3'", "'?'"]),
    ("lists in a column", {}, lambda: frame(f3=[[1, 2]] * 30), {}, ["'f3'", "list"]),
    ("keep what is not there", {"keep": ["f3", "g"]}, frame, {}, ["'keep'", "'g'"]),
    ("keep twice", {"keep": [3, 3]}, good, {}, ["'keep'", "3 twice"]),
    ("exclude all", {"exclude": range(12)}, good, {}, ["'exclude'", "all columns"]),
    ("keep and exclude", {"keep": [1], "exclude": [1, 2]}, good, {}, ["'keep' and in 'exclude'"]),
    ("K below keep", {"keep": [1, 2, 3], "K": 2}, good, {}, ["K=2", "'keep'"]),
    ("groups too short", {"feature_groups": [0, 1]}, good, {}, ["'feature_groups'", "12"]),
    ("in two groups", {"feature_groups": [[1, 2], [2]]}, good, {}, ["feature_groups", "2 twice"]),
    ("a group of text", {"feature_groups": {"a": ["f99"]}}, frame, {}, ["'f99'"]),
    ("a cost of 0", {"feature_costs": [0.0] + [1] * 11}, good, {}, ["'feature_costs'"]),
    ("a cost of what is not there", {"feature_costs": {99: 2.0}}, good, {}, ["'feature_costs'"]),
    ("a budget too small", {"budget": 0.5}, good, {}, ["budget=0.5", "costs 1"]),
    (
        "masked values",
        {},
        lambda: np.ma.masked_less(good(), -2.5),
        {},
        ["masked value", "column", "filled(numpy.nan)"],
    ),
    ("masked weights", {}, good, {"sample_weight": MASKED}, ["sample_weight", "1 masked value"]),
    ("durations as weights", {}, good, {"sample_weight": DATES - DATES[0]}, ["sample_weight"]),
    ("a complex column", {}, lambda: frame(f2=1j), {}, ["complex"]),
    ("complex", {}, lambda: good() * 1j, {}, ["Complex data not supported"]),
    ("no rows", {}, lambda: good()[:0], {}, ["0 sample"]),
    ("no columns", {}, lambda: good()[:, :0], {}, ["0 feature"]),
    ("1-d", {}, lambda: good()[0], {}, ["1D array"]),
    ("3-d", {}, lambda: good()[None], {}, ["dim 3"]),
    ("short labels", {}, good, {"y": np.zeros(29)}, ["inconsistent numbers of samples"]),
    ("short weights", {}, good, {"sample_weight": np.ones(29)}, ["sample_weight.shape"]),
    ("negative weights", {}, good, {"sample_weight": -np.ones(30)}, ["sample_weight", "negative"]),
    ("all weights zero", {}, good, {"sample_weight": np.zeros(30)}, ["weight", "zero"]),
    ("text as weights", {}, good, {"sample_weight": ["a"] * 30}, ["sample_weight", "'a'"]),
    ("a number as labels", {}, good, {"y": 3}, ["y must have"]),
    ("NaN weights", {}, good, {"sample_weight": np.full(30, np.nan)}, ["sample_weight", "NaN"]),
]
UNSUPERVISED_CASES = [
    ("two hidden layers", {"hidden_layer_sizes": (9, 9)}, good, {}, ["'hidden_layer_sizes'"]),
]


def targets(*firsts):
    """Classes, but for the first ones."""
    y = np.arange(30) % 3
    return [*firsts, *y[len(firsts) :].tolist()]


NO_LOSS = ["task='regression'", "MultiLabelBinarizer"]  # the advice
SUPERVISED_CASES = [
    (name, params, good, {"y": y}, words)
    for name, params, y, words in [
        ("y NaN", {}, targets(np.nan, np.nan), ["y contains 2 NaN"]),
        ("y inf", {}, targets(np.inf), ["y contains 1 NaN or inf"]),
        ("y None", {}, targets(None), ["y contains 1 NaN"]),
        ("y NA", {}, pd.Series(targets(None), dtype="Int64"), ["y contains 1 NaN"]),
        ("y text or None", {}, ["a", None] * 15, ["y contains 15 NaN"]),
        ("y text or NA", {}, pd.Series(["a", None] * 15, dtype="string"), ["y contains 15 NaN"]),
        ("y categories or NA", {}, pd.Categorical(["a", None] * 15), ["y contains 15 NaN"]),
        ("y text and numbers", {}, np.array(targets("a"), object), ["mixes 1 text", "29 other"]),
        ("y bytes", {}, np.array([b"a", b"b"] * 15), ["y holds", "neither text nor numbers"]),
        ("y dates", {}, pd.date_range("2026-01-01", periods=30), ["y holds", "dates"]),
        ("y of masked values", {}, MASKED, ["y contains 1 masked value"]),
        ("y of durations", {}, list(DATES - DATES[0]), ["y holds", "durations"]),
        ("y of dicts", {}, [{}] * 30, ["y holds", "neither text nor numbers"]),
        ("y complex", {}, np.arange(30) * 1j, ["y holds", "complex"]),
        ("y 3-d", {}, np.zeros((30, 2, 2)), ["y is unusable", "dim 3"]),
        ("y of sets", {}, [["a"], ["a", "b"]] * 15, ["y is unusable", *NO_LOSS]),
        (
            "several classes",
            {},
            np.arange(60).reshape(30, 2) % 3,
            ["2 columns", *NO_LOSS],
        ),
        (
            "labels not 0 and 1",
            {},
            np.arange(60).reshape(30, 2) % 2 + 1,
            ["2 columns", *NO_LOSS],
        ),
        ("labels all the same", {}, np.ones((30, 2)), ["y is constant"]),
        ("one class", {}, ["a"] * 30, ["y has one class"]),
        ("one number", {}, np.full(30, 0.1), ["y is constant"]),
        ("one huge number", {}, np.full((30, 2), 1e300 / 3), ["y is constant"]),
        ("numbers as classes", {"task": "classification"}, good()[:, 0], ["fractions", "task="]),
        ("text as numbers", {"task": "regression"}, ["a", "b"] * 15, ["task='regression'", "text"]),
        (
            "three classes as labels",
            {"loss": "binary_cross_entropy"},
            targets(),
            ["Labels must be zeros and ones"],
        ),
        (
            "text as labels",
            {"loss": "binary_cross_entropy"},
            ["a", "b"] * 15,
            ["Labels must be zeros and ones"],
        ),
        ("unknown task", {"task": "ranking"}, targets(), ["'task'", "regression"]),
        (
            "task and loss that differ",
            {"task": "regression", "loss": "cross_entropy"},
            targets(),
            ["loss='cross_entropy'", "task='regression'"],
        ),
        ("unknown loss", {"loss": "hinge"}, targets(), ["'loss'", "cross_entropy"]),
        ("unknown class weight", {"class_weight": "even"}, targets(), ["'class_weight'"]),
        ("weight of no class", {"class_weight": {7: 1, 8: 1}}, targets(), ["class_weight"]),
        ("NaN class weight", {"class_weight": {0: np.nan}}, targets(), ["class_weight", "finite"]),
        ("negative class weight", {"class_weight": {0: -1}}, targets(), ["class_weight"]),
        ("text class weight", {"class_weight": {0: "a"}}, targets(), ["class_weight"]),
        ("one class of weight", {"class_weight": {0: 0, 1: 0}}, targets(), ["one class"]),
        ("no class of weight", {"class_weight": dict.fromkeys(range(3), 0)}, targets(), ["0 for"]),
        ("weighted numbers", {"class_weight": "balanced"}, good()[:, 0], ["class_weight"]),
        ("weighted labels", {"class_weight": "balanced"}, good()[:, :3] > 0, ["class_weight"]),
        ("unknown activation", {"activation": "softplus"}, targets(), ["'activation'", "relu"]),
        ("validation of 1", {"validation_fraction": 1.0}, targets(), ["'validation_fraction'"]),
        ("no patience", {"n_iter_no_change": 0}, targets(), ["'n_iter_no_change'"]),
    ]
]
GROUPS = [
    (SELECTORS, CASES),
    (UNSUPERVISED, UNSUPERVISED_CASES),
    (SUPERVISED, SUPERVISED_CASES),
]


@pytest.mark.parametrize(
    ("Selector", "params", "X", "fit_args", "words"),
    [
        pytest.param(Selector, *case[1:], id=f"{Selector.__name__}-{case[0]}")
        for selectors, cases in GROUPS
        for Selector in selectors
        for case in cases
        if set(case[1]) <= set(Selector().get_params())
    ],
)
def test_fit_refuses(Selector, params, X, fit_args, words, monkeypatch):
    monkeypatch.setattr(
        Selector, "_train", lambda *args: pytest.fail("training began on bad input")
    )
    selector = quick(Selector, **params)
    known = selector.get_params()
    numpy_state = np.random.get_state()[1].copy()
    with pytest.raises((ValueError, TypeError)) as error:
        fit(selector, X(), **fit_args)
    for word in words:
        assert word.lower() in str(error.value).lower()
    assert selector.get_params().keys() == known.keys()
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)
    assert not hasattr(selector, "scores_")


@pytest.mark.parametrize("n", [2**31 - 1, 10**18])
@pytest.mark.parametrize("name", ["hidden_layer_sizes", "n_networks"])
@every_selector
def test_networks_larger_than_the_memory_are_refused_before_they_are_made(Selector, name, n):
    if name == "hidden_layer_sizes" and (n > 2**31 or takes(Selector, "n_networks", 1)):
        return  # refused above; as many neurons as there is memory for
    if not takes(Selector, name, n):
        return
    with pytest.raises(ValueError, match=rf"needs [\d,]+ GiB of memory.*{name}={n}"):
        fit(quick(Selector, **{name: n}), good())


@every_selector
@pytest.mark.parametrize(
    ("X", "words"),
    [
        (lambda: good()[:, :-1], ["11 features", "12 features"]),
        (lambda: good()[0], ["1D array"]),
        (lambda: with_value(np.inf, (0, 0)), ["inf"]),
        (lambda: pd.DataFrame(good()).add_prefix("g"), ["feature names", "g0"]),
    ],
    ids=["fewer columns", "1-d", "inf", "other names"],
)
def test_transform_refuses(Selector, X, words):
    selector = fit(quick(Selector, K=12), frame())
    with pytest.raises((ValueError, TypeError)) as error:
        selector.transform(X())
    for word in words:
        assert word in str(error.value)


@every_selector
def test_K_made_unusable_after_fit_is_named(Selector):
    selector = fit(quick(Selector), good())
    for K in (0, True, np.True_, CrossValidatedK):
        with pytest.raises(ValueError, match="'K'"):
            selector.set_params(K=K).get_support()


@every_selector
def test_a_share_may_be_of_any_type_of_floats(Selector):
    for K in (0.5, np.float32(0.5), np.float16(0.5)):
        assert fit(quick(Selector, K=K), good()).K_ == 6


def test_messages_name_CrossValidatedK_as_it_is_imported():
    for K in ("x", CrossValidatedK):
        with pytest.raises(ValueError, match="'K'") as error:
            quick(WASTSelector, K=K).fit(good())
        assert "sparsefs.evaluation" not in str(error.value)


@pytest.mark.parametrize("Selector", [WASTSelector, GradualPruningSelector])
def test_the_warning_of_a_large_K_points_at_the_line_of_the_user(Selector):
    def lines(call):
        with pytest.warns(UserWarning, match="K=13 is greater") as caught:
            call()
        return {warning.filename for warning in caught}

    selector = quick(Selector, K=13)
    X, y = good(), classes(good())
    assert lines(lambda: selector.fit(X, y)) == {__file__}
    assert lines(lambda: make_pipeline(selector).fit(X, y)) == {__file__}
    selector.set_params(K=3).fit(X, y).set_params(K=13)
    assert lines(lambda: selector.transform(X)) == {__file__}
    assert lines(lambda: selector.K_) == {__file__}


@with_each("scaling", ["none"])
@pytest.mark.parametrize("max_iter", [2, 20])
@pytest.mark.parametrize("rate", [3e37, 3.4e38])  # Adam's first step is ten times as long
def test_diverging_training_says_why(Selector, scaling, max_iter, rate):
    setting = {"learning_rate_init": rate, "max_iter": max_iter, "batch_size": 30}
    with pytest.raises(FloatingPointError, match=r"learning_rate_init=3.*e\+3.*scaling"):
        fit(quick(Selector, **setting, scaling=scaling), 1e3 * good())


@every_selector
def test_scores_that_are_not_finite_are_refused(Selector, monkeypatch):
    result = FitResult(np.r_[1.0, np.inf, np.zeros(10)])
    monkeypatch.setattr(Selector, "_train", lambda self, *args: result)
    with pytest.raises(FloatingPointError, match="scores became infinite"):
        fit(quick(Selector), good())


@every_selector
def test_gpu_out_of_memory_names_batch_size_and_density(Selector, monkeypatch):
    def full(*args):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Selector, "_train", full)
    density = ", density=" if "density" in Selector().get_params() else ""
    with pytest.raises(MemoryError, match=f"batch_size=16{density}"):
        fit(quick(Selector), good())


@every_selector
def test_devices_that_are_not_there_are_refused_where_others_are(Selector, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match="device='cuda:2' is not available"):
        fit(quick(Selector, device="cuda:2"), good())


@every_supervised
def test_a_missing_y_is_named(Selector):
    with pytest.raises(ValueError, match="requires y to be passed"):
        quick(Selector).fit(good())


@every_scoring
@pytest.mark.parametrize(
    ("X", "fit_args", "words"),
    [
        (lambda: good()[:, :-1], {}, ["11 features", "12 features"]),
        (lambda: with_value(np.nan, (0, 2)), {}, ["1 NaN", "column 2"]),
        (good, {"sample_weight": np.zeros(30)}, ["sample_weight", "zero"]),
        (good, {"sample_weight": -np.ones(30)}, ["sample_weight", "negative"]),
        (good, {"sample_weight": np.ones(29)}, ["sample_weight"]),
    ],
    ids=["fewer columns", "NaN", "weights of 0", "negative weights", "short weights"],
)
def test_score_refuses(Selector, X, fit_args, words):
    selector = fit(quick(Selector), good())
    with pytest.raises((ValueError, TypeError)) as error:
        selector.score(X(), targets(), **fit_args)
    for word in words:
        assert word in str(error.value)


@every_supervised_scoring
@pytest.mark.parametrize(
    ("y", "words"),
    [
        (None, ["requires y"]),
        (targets()[:-1], ["inconsistent numbers of samples"]),
        (targets(np.nan), ["y contains 1 NaN"]),
        (np.zeros((30, 2)), ["y"]),
    ],
    ids=["no y", "short y", "y NaN", "y of two columns"],
)
def test_score_refuses_a_bad_y(Selector, y, words):
    selector = fit(quick(Selector), good())
    with pytest.raises((ValueError, TypeError)) as error:
        selector.score(good(), y)
    for word in words:
        assert word in str(error.value)
