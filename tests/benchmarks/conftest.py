# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the benchmarks' tests."""

import pytest
from benchmarks.results import Results


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the benchmarks write their rows."""
    monkeypatch.setattr(Results, "folder", tmp_path)
    return tmp_path
