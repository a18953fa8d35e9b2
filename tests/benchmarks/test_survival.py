# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark of survival: its data and rankings, and a small run without scikit-survival."""

import numpy as np
import pytest
import torch
from benchmarks import survival
from benchmarks.__main__ import main
from tools.datasets import available

from sparsefs.training.cox import CoxLoss
from tests.benchmarks.rows import rows_of


def test_the_univariate_ranking_is_by_the_score_statistic():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 60))
    time = rng.exponential(np.exp(-2 * X[:, 7]))
    y = survival.survival(rng.random(90) < 0.7, time)
    target = torch.from_numpy(np.stack([y["event"].astype(float), y["time"]]))

    def statistic(x, h=1e-3):
        """Of numerical derivatives of the likelihood."""
        low, middle, high = (CoxLoss()(torch.tensor(b * x)[None], target)[0] for b in (-h, 0, h))
        return ((high - low) / (2 * h)) ** 2 / ((high - 2 * middle + low) / h**2)

    expected = np.argsort([-statistic(x) for x in survival.standardised(X).T])
    np.testing.assert_array_equal(survival.univariate(X, y, 0), expected)
    assert expected[0] == 7


@pytest.mark.skipif(not available(), reason="no data sets")
def test_a_small_run(folder, monkeypatch, capsys):
    monkeypatch.setattr(survival, "HAS_SKSURV", False)
    name = "simulated on gravier"
    main(
        [
            "survival",
            "--sets",
            name,
            "aids",
            "--methods",
            "univariate Cox",
            "random",
            "--seeds",
            "0",
        ]
    )
    rows = rows_of(folder, "survival_tuning")
    assert [row["method"] for row in rows] == ["univariate Cox", "random"]
    assert {row["set"] for row in rows} == {name}
    assert name in capsys.readouterr().out
