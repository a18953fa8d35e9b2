# SPDX-License-Identifier: BSD-3-Clause
"""A fit that is interrupted, or finds no memory, leaves the earlier fit and all global state."""

import pickle
import random
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone

import sparsefs
from sparsefs.cli.names import OURS
from tests.faults.common import interrupted_after, moments, needs_posix

pytestmark = needs_posix
rng = np.random.default_rng(0)
X = rng.standard_normal((150, 12)).astype(np.float32)
y = (X[:, 0] + X[:, 1] > 0).astype(int)


def global_state():
    return (
        random.getstate(),
        pickle.dumps(np.random.get_state()),
        torch.get_rng_state().tolist(),
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        np.geterr(),
        list(warnings.filters),
        warnings.showwarning,
    )


def seconds_of_a_fit(selector):
    started = time.perf_counter()
    clone(selector).fit(X[::-1], y[::-1])
    return time.perf_counter() - started


def interrupt_fits(selector, n):
    selector.fit(X, y)
    before, state = pickle.loads(pickle.dumps(vars(selector))), global_state()
    shortest = min(seconds_of_a_fit(selector) for _ in range(3))  # later ones may be faster
    n_interrupted = 0
    for seconds in moments(n, 0.8 * shortest):
        try:
            with interrupted_after(seconds):
                selector.fit(X[::-1], y[::-1])
        except KeyboardInterrupt:
            n_interrupted += 1
            assert global_state() == state
            for name, value in before.items():
                assert pickle.dumps(vars(selector)[name]) == pickle.dumps(value), name
        else:
            selector.fit(X, y)
            before = pickle.loads(pickle.dumps(vars(selector)))
    assert n_interrupted
    selector.fit(X, y)
    np.testing.assert_array_equal(selector.ranking_, before["ranking_"])
    np.testing.assert_array_equal(selector.scores_, before["scores_"])


def selector_of(name):
    return getattr(sparsefs, OURS[name])(K=3, max_iter=30, random_state=0)


@pytest.mark.parametrize("name", ["gradual-pruning", "wast"])
def test_an_interrupted_fit_leaves_everything_as_it_was(name):
    interrupt_fits(selector_of(name), 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(OURS))
def test_fits_of_every_selector_interrupted_at_many_moments(name):
    interrupt_fits(selector_of(name), 12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ensemble", "stability"])
def test_fits_of_many_fits_interrupted(kind):
    inner = selector_of("gradual-pruning").set_params(max_iter=5)
    made = {
        "ensemble": sparsefs.EnsembleSelector(inner, random_state=0),
        "stability": sparsefs.StabilitySelector(inner, n_pairs=3, random_state=0),
    }[kind]
    interrupt_fits(made, 4)


@pytest.mark.parametrize("moment", [0, 1])
def test_an_interrupt_while_torch_is_set_up_or_reset_leaves_its_threads(moment, monkeypatch):
    from sparsefs.utils import device

    n_threads, calls = torch.get_num_threads(), []

    def set_and_interrupt(n):
        calls.append(n)
        set_num_threads(n)
        if len(calls) - 1 == moment:
            raise KeyboardInterrupt

    set_num_threads = torch.set_num_threads
    torch.set_num_threads(n_threads + 1)
    try:
        monkeypatch.setattr(torch, "set_num_threads", set_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            selector_of("wast").fit(X)
        assert torch.get_num_threads() == n_threads + 1
        assert device._n_users == 0
    finally:
        set_num_threads(n_threads)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("name", ["GradualPruningSelector", "WASTSelector"])
def test_a_fit_without_memory_is_a_clear_error_and_leaves_the_earlier_fit(name):
    program = f"""
import resource
import numpy as np
import sparsefs
rng = np.random.default_rng(0)
small = rng.standard_normal((100, 10)).astype(np.float32)
big = np.tile(rng.standard_normal(30000).astype(np.float32), (500, 1))
big[::2] += 1
y = np.arange(500) % 2
np.ones((300, 300)) @ np.ones((300, 300))  # the libraries take their memory at the first use
selector = sparsefs.{name}(K=3, max_iter=1, random_state=0).fit(small, y[:100])
before = selector.ranking_
for extra in (10, 25, 45, 70):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (extra << 20), -1))
    try:
        selector.fit(big, y)
        print("fitted")
    except MemoryError as error:
        print("refused", error)
        assert str(error) and selector.ranking_ is before, (error, selector.ranking_)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    selector.fit(small, y[:100])
    assert (selector.ranking_ == before).all()
    before = selector.ranking_
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "refused" in ran.stdout
