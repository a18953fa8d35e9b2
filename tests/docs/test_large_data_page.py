# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on data larger than memory runs and finds what it should."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "large_data.rst").read_text()
BLOCKS = re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", PAGE)
PRINTED = [
    "(2000, 10)",
    "NpyTable(shape=(2000, 64), dtype=float32)\n[7] (2000, 1)",
    "['gene7']",
]


@pytest.mark.parametrize(("block", "printed"), list(zip(BLOCKS, PRINTED, strict=True)))
@pytest.mark.parametrize("streamed", [False, True])
def test_code_of_the_page(block, printed, streamed, tmp_path, monkeypatch, capsys):
    if "parquet" in block:
        pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    if streamed:
        monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", 2**16)
    monkeypatch.chdir(tmp_path)
    exec(re.sub(r"(?m)^   ", "", block), {})
    assert capsys.readouterr().out.startswith(printed)
