# SPDX-License-Identifier: BSD-3-Clause
import numpy as np

from sparsefs import WASTSelector
from sparsefs.networks.costs import network_costs


def test_counts_by_hand():
    costs = network_costs(
        [(20, 100), (100, 20)],
        [200, 300],
        n_bytes=5000,
        n_buffers=1,
        n_samples_seen=1000,
        training_flops=3_000_000,
    )
    assert costs == {
        "parameters": {"sparse": 500 + 120, "dense": 4000 + 120},
        "bytes": {"sparse": 5000, "dense": 4 * 2 * 4120},
        "inference_flops": {"sparse": 1000, "dense": 8000},
        "training_flops": {"sparse": 3_000_000, "dense": 24_000_000},
    }


def test_costs_of_a_fit_follow_density():
    X = np.random.default_rng(0).standard_normal((64, 500)).astype(np.float32)
    fits = {
        density: WASTSelector(K=5, density=density, kernel="csr", max_iter=2, device="cpu").fit(X)
        for density in (0.01, 0.1)
    }
    for density, selector in fits.items():
        n = 2 * round(density * 500 * 200)
        costs = selector.costs_
        assert costs["parameters"] == {"sparse": n + 700, "dense": 200_700}
        assert costs["inference_flops"] == {"sparse": 2 * n, "dense": 400_000}
        assert costs["training_flops"]["sparse"] == 6 * n * 2 * 64
    assert fits[0.01].costs_["bytes"]["sparse"] < fits[0.1].costs_["bytes"]["sparse"] / 4
    assert fits[0.1].costs_["bytes"]["sparse"] < fits[0.1].costs_["bytes"]["dense"]
