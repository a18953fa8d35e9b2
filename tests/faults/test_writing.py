# SPDX-License-Identifier: BSD-3-Clause
"""A file that is being written when something happens is the old one or the new one."""

import errno
import os
import signal

import numpy as np
import pytest

from sparsefs.utils.files import replacing
from tests.faults.common import (
    REPEATS,
    ended,
    forked,
    interrupted_after,
    killed_after,
    moments,
    needs_posix,
)

pytestmark = needs_posix
SIZE = 200_000


def write_for_ever(path):
    while True:
        for letter in (b"a", b"b"):
            with replacing(path) as file, open(file, "wb") as part:
                for _ in range(SIZE // 1000):
                    part.write(1000 * letter)


def is_whole(path):
    content = path.read_bytes()
    return len(content) == SIZE and content in (SIZE * b"a", SIZE * b"b")


def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path):
    path = tmp_path / "out.csv"
    path.write_bytes(SIZE * b"a")
    for seconds in moments(20, 0.02):
        assert killed_after(seconds, forked(write_for_ever, path)) == -signal.SIGKILL
        assert is_whole(path)


def test_a_writer_that_is_interrupted_leaves_a_whole_file_and_no_other(tmp_path):
    path = tmp_path / "out.csv"
    path.write_bytes(SIZE * b"a")
    for seconds in moments(20, 0.02, seed=1):
        with pytest.raises(KeyboardInterrupt), interrupted_after(seconds):
            write_for_ever(path)
        assert is_whole(path) and os.listdir(tmp_path) == ["out.csv"]


def limited(path, n_bytes):
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    write_for_ever(path)


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "out.csv"
    path.write_bytes(SIZE * b"a")
    for n_bytes in np.random.default_rng(0).integers(0, SIZE, 5 * REPEATS):
        assert ended(forked(limited, path, int(n_bytes))) == errno.EFBIG
        assert is_whole(path) and os.listdir(tmp_path) == ["out.csv"]
