"""Starts the ranks of a test as processes on this machine."""

import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def results(program, size, seconds=180, **settings):
    """What each rank of a program returned or raised; None for those that died.

    The program finds the settings in `programs.SETTINGS`.
    """
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "tests.distributed.worker", program]
        settings = json.dumps(settings)
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "SPARSEFS_SETTINGS": settings}
        processes = [
            subprocess.Popen([*command, str(rank), str(size), directory], cwd=ROOT, env=environment)
            for rank in range(size)
        ]
        try:
            for process in processes:
                process.wait(seconds)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        files = [Path(directory) / f"{rank}.pkl" for rank in range(size)]
        return [pickle.loads(f.read_bytes()) if f.exists() else None for f in files]
