# SPDX-License-Identifier: BSD-3-Clause
"""Training on a device for which the host must not wait, acted out on the CPU."""

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.datasets import load_digits

from sparsefs.training import loop
from sparsefs.utils import device as _device
from tests.no_waiting import HostWaitsError, no_waiting
from tests.selectors.common import SELECTORS, classes, fit, quick, takes, with_parameter

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture
def remote(monkeypatch):
    """The CPU counts as a device for which the host must not wait."""
    monkeypatch.setattr(_device, "_CPU_IS_REMOTE", True)


SETTINGS = {
    "WASTSelector": [{}, {"drop": "magnitude", "grow": "random"}, {"rank_by": "strength"}],
    "NeuronAttributionSelector": [
        {"update_every": 1, "attribution_every": 1, "attribution_samples": 3},
        {"update_every": 1, "topology": "rigl", "importance": "strength"},
        {"topology": "dense", "early_stopping": False, "average_over": "last_iteration"},
    ],
}
each_setting = pytest.mark.parametrize(
    ("Selector", "setting"),
    [
        (S, setting)
        for S in SELECTORS
        if takes(S, "kernel", "masked")
        for setting in SETTINGS.get(S.__name__, [{}])
    ],
)


@pytest.mark.parametrize(
    "read",
    [
        lambda t: float(t.sum()),
        lambda t: t.sum().item(),
        lambda t: bool((t > 0).any()),
        lambda t: t.numpy(),
        lambda t: np.asarray(t),
        lambda t: t.cpu(),
        lambda t: t.tolist(),
        lambda t: t.nonzero(),
        lambda t: t[t > 0],
        lambda t: t.masked_select(t > 0),
        lambda t: t.long().bincount(),
        lambda t: t.unique(),
        lambda t: torch.from_numpy(np.ones(3)),
        lambda t: torch.tensor([1.0, 2.0]),
    ],
)
def test_waiting_is_noticed(read):
    with pytest.raises(HostWaitsError), no_waiting():
        read(torch.ones(3))
    with no_waiting():
        ones = torch.ones(3)
        ones[torch.zeros(2, dtype=torch.int64)].sum()
        ones[1:].add_(1).masked_fill_(ones[1:] > 0, 2)


@each_setting
@pytest.mark.parametrize("weighted", [False, True])
def test_no_step_makes_the_host_wait(Selector, setting, weighted, wide, remote, monkeypatch):
    train, n_steps, started = loop.train, [], []

    def guarded(network, batches, *args, **kwargs):
        class Guarded:
            """Batches of which the first of an epoch may wait: the rows are sent then."""

            n_samples, scaling = batches.n_samples, batches.scaling
            ranks, shares = batches.ranks, batches.shares

            def __len__(self):
                return len(batches)

            def __iter__(self):
                started.append(self.guarded_steps())
                return started[-1]

            def guarded_steps(self):
                steps = iter(batches)
                batch = next(steps)
                while batch is not None:
                    n_steps.append(1)
                    last = sum(n_steps) % len(self) == 0
                    if last:  # what is due after an epoch may wait
                        yield batch
                        batch = next(steps, None)
                    else:
                        with no_waiting():
                            yield batch
                            batch = next(steps, None)

        try:
            return train(network, Guarded(), *args, **kwargs)
        finally:
            for steps in started:  # a step that failed has not left `no_waiting`
                steps.close()

    monkeypatch.setattr(loop, "train", guarded)
    selector = quick(Selector, kernel="masked", **setting)
    weight = np.linspace(0.5, 1.5, 60) if weighted else None
    fit(selector, wide, sample_weight=weight)
    assert sum(n_steps) > 6
    assert np.isfinite(selector.history_["loss"]).all()


@each_setting
def test_results_are_those_of_the_host(Selector, setting, monkeypatch):
    X, y = load_digits(return_X_y=True)
    X, y = X[:400], y[:400]
    expected, got = (quick(Selector, kernel="masked", batch_size=32, **setting) for _ in range(2))
    fit(expected, X, y)
    monkeypatch.setattr(_device, "_CPU_IS_REMOTE", True)
    fit(got, X, y)
    draws = setting.get("grow") == "random" or Selector.__name__ in (
        "QuickSelectionSelector", "NeuronAttributionSelector",
    )  # fmt: skip
    if draws and setting.get("topology", "set") == "set":
        # Connections grow elsewhere.
        assert got.score(X, y) == pytest.approx(expected.score(X, y), abs=0.1)
        assert np.corrcoef(got.scores_, expected.scores_)[0, 1] > 0.7
        return
    np.testing.assert_allclose(got.scores_, expected.scores_, rtol=1e-4)
    for name in ("loss", "connections_changed", "density"):
        np.testing.assert_allclose(got.history_[name], expected.history_[name], rtol=1e-4)
    for name in ("parameters", "bytes", "inference_flops"):
        assert got.costs_[name] == expected.costs_[name]


@with_parameter("kernel")
def test_random_state_alone_decides(Selector, wide, remote):
    one, again = (fit(quick(Selector, kernel="masked"), wide) for _ in range(2))
    np.testing.assert_array_equal(one.scores_, again.scores_)
    other = fit(quick(Selector, kernel="masked", random_state=1), wide)
    assert not np.array_equal(one.scores_, other.scores_)


@with_parameter("kernel")
def test_every_kernel_and_container_works(Selector, wide, remote):
    expected = fit(quick(Selector, kernel="csr"), wide).scores_
    got = fit(quick(Selector, kernel="csr"), sparse.csr_matrix(wide)).scores_
    np.testing.assert_allclose(got, expected, rtol=1e-3)


@with_parameter("kernel")
def test_a_loss_that_is_not_finite_is_an_error(Selector, wide, remote):
    selector = quick(Selector, kernel="masked", learning_rate_init=1e30, max_iter=20)
    with pytest.raises(FloatingPointError, match=r"learning_rate_init"):
        fit(selector, wide)


@needs_cuda
@each_setting
def test_a_fit_on_cuda(Selector, setting):
    X, y = load_digits(return_X_y=True)
    on_cpu, on_cuda = (
        fit(quick(Selector, kernel="masked", **setting).set_params(device=device), X, y)
        for device in ("cpu", "cuda")
    )
    assert on_cuda.score(X, y) == pytest.approx(on_cpu.score(X, y), abs=0.1)
    assert np.corrcoef(on_cuda.scores_, on_cpu.scores_)[0, 1] > 0.7


@needs_cuda
@each_setting
def test_cuda_itself_sees_no_waiting(Selector, setting, wide, monkeypatch):
    train = loop.train

    def guarded(network, batches, *args, **kwargs):
        steps = iter(batches)
        first = [next(steps) for _ in range(1)]

        class Guarded:
            n_samples, scaling = batches.n_samples, batches.scaling
            ranks, shares = batches.ranks, batches.shares

            def __len__(self):
                return len(batches)

            def __iter__(self):
                yield first[0]
                torch.cuda.set_sync_debug_mode("error")
                try:
                    yield from steps
                finally:
                    torch.cuda.set_sync_debug_mode("default")

        kwargs["epochs"].n = 1
        return train(network, Guarded(), *args, **kwargs)

    monkeypatch.setattr(loop, "train", guarded)
    fit(quick(Selector, kernel="masked", **setting).set_params(device="cuda"), wide, classes(wide))
