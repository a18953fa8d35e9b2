# SPDX-License-Identifier: BSD-3-Clause
"""A fit that is killed again and again gives the result of one that nothing disturbs."""

import os
import signal

import numpy as np
import pytest

import sparsefs
from sparsefs.training.progress import Progress
from tests.faults.common import REPEATS, ended, forked, killed_after, moments, needs_posix

pytestmark = needs_posix
rng = np.random.default_rng(0)
X = rng.standard_normal((300, 30)).astype(np.float32)
y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
SETTINGS = {
    "WASTSelector": {"max_iter": 40, "hidden_layer_sizes": 150},
    "QuickSelectionSelector": {"max_iter": 40, "hidden_layer_sizes": 150},
    "NeuronAttributionSelector": {"max_iter": 40, "hidden_layer_sizes": (150, 20)},
    "DeepLassoSelector": {"max_iter": 40},
    "GradualPruningSelector": {"max_iter": 60, "batch_size": 64},
}


def selector(name, **params):
    return getattr(sparsefs, name)(K=3, random_state=0, device="cpu", **SETTINGS[name], **params)


def fit_and_tell(name, folder, last=None):
    """Fit, and tell in a file which epoch is under way; be killed at the beginning of `last`."""
    epochs = Progress.__iter__

    def told(self):
        for epoch in epochs(self):
            (folder / "under way").write_text(f"{epoch}.")
            if epoch == last:
                os.kill(os.getpid(), signal.SIGKILL)
            yield epoch

    Progress.__iter__ = told  # of this process only
    selector(name, checkpoint=folder / "checkpoint").fit(X, y)


def newest(folder):
    """Epochs in the newest checkpoint."""
    numbers = [int(path.stem.split("-")[1]) for path in folder.glob("checkpoint/epoch-*.npz")]
    return max(numbers, default=0)


def killed_fits(name, folder, seconds):
    """Kill processes after these seconds; whether no more than the epoch under way was lost."""
    n_killed, done = 0, 0
    for moment in seconds:
        n_killed += killed_after(moment, forked(fit_and_tell, name, folder)) == -signal.SIGKILL
        told = (folder / "under way").read_text() if done or newest(folder) else ""
        is_finished = told == f"{SETTINGS[name]['max_iter'] - 1}." and newest(folder) == 0
        if told.endswith(".") and not is_finished:
            assert int(told[:-1]) <= newest(folder) <= int(told[:-1]) + 1
        was_last = done >= SETTINGS[name]["max_iter"] - 1  # finished, and perhaps begun anew
        assert newest(folder) >= done or newest(folder) == 0 or was_last
        done = newest(folder)
    return n_killed


def ends_like(name, folder):
    whole, resumed = selector(name).fit(X, y), selector(name, checkpoint=folder / "checkpoint")
    resumed.fit(X, y)
    np.testing.assert_array_equal(resumed.scores_, whole.scores_)
    np.testing.assert_array_equal(resumed.history_["loss"], whole.history_["loss"])
    assert os.listdir(folder / "checkpoint") == ["lock"]
    return True


@pytest.mark.parametrize("name", ["GradualPruningSelector", "WASTSelector"])
def test_a_fit_that_is_killed_again_and_again(name, tmp_path):
    assert killed_fits(name, tmp_path, moments(4, 0.6)) > 0
    assert ends_like(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SETTINGS))
def test_fits_of_every_method_killed_at_ten_moments(name, tmp_path):
    for i, moment in enumerate(moments(10, 0.8, seed=1)):
        (folder := tmp_path / str(i)).mkdir()
        killed_fits(name, folder, [moment, moment / 2])  # two in a row
        assert ends_like(name, folder)


@pytest.mark.parametrize("name", ["GradualPruningSelector", "WASTSelector"])
def test_a_torn_file_falls_back_to_the_one_before(name, tmp_path):
    for i in range(3 * REPEATS):
        (folder := tmp_path / str(i)).mkdir()
        assert ended(forked(fit_and_tell, name, folder, 2 + i)) == -signal.SIGKILL
        assert newest(folder) == 2 + i
        path = max(folder.glob("checkpoint/epoch-*.npz"))
        os.truncate(path, np.random.default_rng(i).integers(path.stat().st_size))
        with pytest.warns(UserWarning, match="damaged"):
            assert ends_like(name, folder)


def test_a_full_disk_is_an_error_and_the_fit_resumes(tmp_path):
    def limited():
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        selector("WASTSelector", checkpoint=tmp_path / "checkpoint").fit(X, y)

    assert ended(forked(limited)) != 0
    assert ends_like("WASTSelector", tmp_path)
