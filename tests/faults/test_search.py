# SPDX-License-Identifier: BSD-3-Clause
"""A search that is killed, interrupted, or finds the disk full, goes on where it was."""

import errno
import json
import os
import signal

import numpy as np
import pytest

from sparsefs import ParetoSearchCV
from tests.faults.common import (
    REPEATS,
    ended,
    forked,
    interrupted_after,
    killed_after,
    moments,
    needs_posix,
)
from tests.search.toy import Toy, X, y

pytestmark = needs_posix
N_TRIALS = 12


def search(study, sampler="random"):
    return ParetoSearchCV(
        Toy(seconds=0.002),
        # An interrupt in a distribution of scipy may leave numpy's errstate changed.
        {"quality": np.linspace(0, 1, 30).tolist(), "size": [*range(1, 60)]},
        objectives=("score", "parameters"),
        sampler=sampler,
        n_trials=N_TRIALS,
        cv=2,
        refit=False,
        study=study,
        random_state=0,
    ).fit(X, y)


@pytest.fixture(scope="module")
def whole():
    """Scores of a search that nothing disturbs."""
    return {s: scores(search(None, s)) for s in ("random", "sobol")}


def scores(made):
    return made.cv_results_["mean_test_score"]


def trials_on(path):
    """Numbers of the trials on file, of which every line must be whole but the last."""
    *lines, _ = path.read_bytes().split(b"\n")
    numbers = [json.loads(line).get("trial") for line in lines]
    assert numbers[:1] in ([], [None])
    assert numbers[1:] == [*range(len(numbers) - 1)]
    return len(numbers)


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_a_search_that_is_killed_again_and_again(sampler, tmp_path, whole):
    path = tmp_path / "study.jsonl"
    n_before = 0
    for seconds in moments(4, 0.08):
        killed_after(seconds, forked(search, path, sampler))
        n_after = trials_on(path) if path.exists() else 0
        assert n_after >= n_before  # no row is lost
        n_before = n_after
    np.testing.assert_array_equal(scores(search(path, sampler)), whole[sampler])
    assert trials_on(path) == 1 + N_TRIALS


def test_a_search_that_is_interrupted_again_and_again(tmp_path, whole):
    path = tmp_path / "study.jsonl"
    n_before = 0
    for seconds in moments(6, 0.08, seed=1):
        try:
            with interrupted_after(seconds):
                search(path)
        except KeyboardInterrupt:
            pass
        n_after = trials_on(path) if path.exists() else 0
        assert n_after >= n_before
        n_before = n_after
    np.testing.assert_array_equal(scores(search(path)), whole["random"])
    assert trials_on(path) == 1 + N_TRIALS


def limited(path, n_bytes):
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    search(path)


def test_a_disk_that_fills_up_at_any_byte(tmp_path, whole):
    search(tmp_path / "whole")
    size = (tmp_path / "whole").stat().st_size
    path = tmp_path / "study.jsonl"
    for n_bytes in np.sort(np.random.default_rng(0).integers(1, size - 50, 6 * REPEATS)):
        assert ended(forked(limited, path, int(n_bytes))) == errno.EFBIG
        content = path.read_bytes()
        assert len(content) <= n_bytes and content[-1:] in (b"", b"\n")
    np.testing.assert_array_equal(scores(search(path)), whole["random"])


def test_two_searches_with_one_study(tmp_path, whole):
    for repeat in range(3 * REPEATS):
        path = tmp_path / f"{repeat}.jsonl"
        statuses = sorted(map(ended, [forked(search, path) for _ in range(3)]))
        assert statuses[0] == 0 and set(statuses) <= {0, 3}  # 3: told that it is in use
        assert trials_on(path) == 1 + N_TRIALS
        np.testing.assert_array_equal(scores(search(path)), whole["random"])


def test_a_killed_search_leaves_no_other_file_and_no_lock(tmp_path):
    path = tmp_path / "study.jsonl"
    assert killed_after(0.02, forked(search, path)) == -signal.SIGKILL
    search(path)
    assert os.listdir(tmp_path) == ["study.jsonl"]
