"""Selects features on several processes: torchrun --nproc-per-node 2 fit_ranks.py"""

import torch.distributed as dist
from sklearn.datasets import load_digits

from sparsefs import WASTSelector

dist.init_process_group("gloo")  # on GPUs "nccl", after torch.cuda.set_device
rank, size = dist.get_rank(), dist.get_world_size()

X, _ = load_digits(return_X_y=True)
mine = X[rank::size]  # read your own rows instead: each process a part of the files

selector = WASTSelector(K=5, random_state=0, device="cpu").fit(mine)
if rank == 0:
    print(selector.get_support(indices=True))
dist.destroy_process_group()
