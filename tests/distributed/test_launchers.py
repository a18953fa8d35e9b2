"""Programs that start the processes of a fit."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from sparsefs import WASTSelector
from tests.engines import on_engine

from .programs import problem
from .ranks import ROOT

LAUNCHER = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def full_batches():
    """A selector whose scores do not depend on the number of processes."""
    return WASTSelector(
        K=5, batch_size=1000, noise_std=0.0, hidden_layer_sizes=20, max_iter=4, random_state=0
    )


@pytest.fixture
def parts(tmp_path):
    """A folder of Parquet files, each with some rows of the problem."""
    pd = pytest.importorskip("pandas", reason="Parquet needs pandas")
    X, y = problem()
    frame = pd.DataFrame(X).add_prefix("gene").assign(label=y)
    for i in range(4):
        frame[i::4].to_parquet(tmp_path / f"part-{i}.parquet")
    return tmp_path


@pytest.mark.slow
def test_program_of_the_documentation_runs_under_torchrun(parts):
    done = subprocess.run(
        [sys.executable, *LAUNCHER, ROOT / "docs" / "fit_parts.py", parts],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    # Unbuffered, one process may print its line before the other ends its own.
    one, other = re.findall(r"\[(.*?)\]", done.stdout, re.DOTALL)
    assert one == other
    assert len(one.split()) == 5


def launch(engine, job):
    import fit_parts  # of the documentation

    return getattr(fit_parts, f"with_{engine}")(job)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["spark", "ray"])
def test_program_of_the_documentation_finds_what_one_process_finds(engine, parts):
    selector = full_batches().set_params(device="cpu")
    job = {"folder": str(parts), "label": "label", "selector": selector}
    found = on_engine(engine, launch, engine, job)
    selector.fit(*problem())
    np.testing.assert_allclose(found.scores_, selector.scores_, rtol=1e-4)
    np.testing.assert_array_equal(found.ranking_, selector.ranking_)
    assert found.feature_names_in_[7] == "gene7"


@pytest.mark.slow
def test_workers_of_dask_find_what_one_process_finds():
    distributed = pytest.importorskip("distributed")
    import dask.array as da

    from sparsefs.distributed import fit_dask

    X, y = problem()
    selector = full_batches()
    expected = selector.fit(X).scores_
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        table, target = da.from_array(X, chunks=(60, 10)), da.from_array(y, chunks=60)
        assert fit_dask(selector, table, target, client=client) is selector
        np.testing.assert_allclose(selector.scores_, expected, rtol=1e-4)
        with pytest.raises(ValueError, match="y has 2 partitions and X has 4"):
            fit_dask(selector, table, da.from_array(y, chunks=120), client=client)
        with pytest.raises(ValueError, match="The 'K' parameter of WASTSelector"):
            fit_dask(WASTSelector(K=-1), table, client=client)
