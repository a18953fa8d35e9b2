"""Runs a program of `programs.py` as one rank of a group, and keeps what it returns or raises.

python -m tests.distributed.worker PROGRAM RANK SIZE DIRECTORY
"""

import pickle
import sys
import time
from pathlib import Path

import torch.distributed as dist

from tests.distributed import programs

name, rank, size, directory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
dist.init_process_group(
    "gloo", init_method=(directory / "store").as_uri(), rank=rank, world_size=size
)
started = time.monotonic()
try:
    result = getattr(programs, name)(rank, size)
except Exception as error:
    result = f"{type(error).__name__} after {time.monotonic() - started:.0f} s: {error}"
(directory / f"{rank}.pkl").write_bytes(pickle.dumps(result))
