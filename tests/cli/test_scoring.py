# SPDX-License-Identifier: BSD-3-Clause
"""--estimator, --scoring, --cv, --jobs and --level."""

import numpy as np
import pandas as pd
import pytest

from .common import INFORMATIVE, numbers


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    frame = numbers(160)
    frame["amount"] = frame["alpha"] - frame["beta"]
    frame.to_csv(path, index=False)
    return path


def told(ran):
    return ran.json["held_out"]


@pytest.mark.parametrize(
    ("name", "called"),
    [("logistic", "logistic regression"), ("forest", "a random forest"), ("svc", "an SVC")],
)
def test_an_estimator_of_ones_own(table, select, name, called):
    command = (table, "--target", "label", "--exclude", "amount", "-K", 2, "--estimator", name)
    found = told(select(*command))
    assert found["estimator"] == called and found["metric"] == "accuracy"
    assert found["selected"] > 0.75 > found["guess"]["score"]


def test_lightgbm(table, select):
    pytest.importorskip("lightgbm", reason="needs lightgbm")
    found = told(select(table, "--target", "amount", "-K", 2, "--estimator", "lightgbm"))
    assert found["estimator"] == "LightGBM" and found["selected"] > 0.5


def test_a_scorer_of_ones_own(table, select):
    options = ("--exclude", "amount", "-K", 2, "--scoring", "balanced_accuracy")
    found = told(select(table, "--target", "label", *options))
    assert found["metric"] == "balanced_accuracy"
    assert found["guess"]["score"] == pytest.approx(0.5)


def test_losses_are_negative(table, select):
    options = ("--exclude", "label", "-K", 2, "--scoring", "neg_mean_absolute_error")
    found = told(select(table, "--target", "amount", *options))
    assert found["guess"]["label"] is None
    assert found["guess"]["score"] < found["random"]["mean"] < found["selected"] < 0


def test_the_scorer_chooses_K(table, select):
    command = (table, "--target", "label", "--exclude", "amount", "--cv", 3, "--jobs", 2)
    found = select(*command, "--scoring", "roc_auc", "--estimator", "logistic").json
    K = found["settings"]["K"]
    assert "cv=3" in K and "roc_auc" in K and "LogisticRegression" in K


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--scoring accurcy", "did you mean 'accuracy'"),
        ("--scoring f1", "pos_label"),
        ("--scoring neg_log_loss", "pass --estimator logistic"),
        ("--scoring r2", "--scoring r2"),
        ("--estimator tree", "invalid choice"),
        ("-K 2 --cv 3", "--cv is for -K auto"),
        ("-K 2 --level 0.1", "leave out -K"),
        ("--level 0.1 --budget 3", "leave out --budget"),
    ],
)
def test_what_does_not_fit_is_refused(table, refused, options, expected):
    assert expected in refused("select", table, "--target", "label", *options.split())


def test_scores_of_nothing_are_refused(table, refused):
    command = ("select", table, "--unsupervised", "--exclude", "label", "-K", 2)
    assert "--scoring needs a target" in refused(*command, "--scoring", "r2")


def test_a_level(table, select, command):
    options = ("--target", "label", "--exclude", "amount", "--level", 0.1)
    found = select(table, *options)
    assert set(found.names) == INFORMATIVE
    assert found.json["expected_false"] < 0.5
    assert all(feature["q_value"] <= 0.1 for feature in found.json["features"])
    printed = command("select", table, *options, "--set", "max_iter=20", "-q").out
    assert "q-value" in printed and "expected false selections" in printed


def test_a_level_that_nothing_reaches(tmp_path, table, command):
    frame = pd.read_csv(table).drop(columns=["alpha", "beta", "amount"])
    frame["label"] = np.random.default_rng(0).permutation(frame["label"])
    frame.to_csv(table, index=False)
    out = tmp_path / "out.csv"
    options = ("--level", 0.05, "--set", "max_iter=20", "-q", "--out", out)
    ran = command("select", table, "--target", "label", *options)
    assert ran.out.startswith("no feature was selected\n")
    assert "with 0 features" in ran.out and not out.exists()
    assert ran.status == 1 and "--out: no feature was selected" in ran.err


def test_above_noise(table, select):
    found = select(table, "--target", "label", "--exclude", "amount", "-K", "above_noise")
    assert set(found.names) <= INFORMATIVE
    assert found.json["settings"]["n_shadows"] == "auto"


def test_a_limit_of_time(table, select):
    options = ("--target", "label", "--exclude", "amount", "-K", 2, "--time-limit", 1e-9)
    ran = select(table, *options, "--method", "wast", "--set", "max_iter=5", quick=False)
    assert "Stopped after 1 of 5 epochs" in ran.err and len(ran.names) == 2
