"""Programs that start the processes of a fit."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sparsefs import WASTSelector

from .programs import problem
from .ranks import ROOT

LAUNCHER = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.mark.slow
def test_program_of_the_documentation_runs_under_torchrun():
    done = subprocess.run(
        [sys.executable, *LAUNCHER, ROOT / "docs" / "fit_ranks.py"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip("[] \n").split()) == 5


@pytest.mark.slow
def test_workers_of_dask_find_what_one_process_finds():
    distributed = pytest.importorskip("distributed")
    import dask.array as da

    from sparsefs.distributed import fit_dask

    X, y = problem()
    selector = WASTSelector(
        K=5, batch_size=1000, noise_std=0.0, hidden_layer_sizes=20, max_iter=4, random_state=0
    )
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
