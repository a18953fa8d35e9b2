"""Select features on several processes. Each reads its part of a folder of Parquet files.

torchrun --nproc-per-node 2 fit_parts.py tables
python fit_parts.py tables spark
python fit_parts.py tables ray
"""

import sys

from sparsefs import WASTSelector


def fit_part(job):
    """Fit the files of this process together with the other processes."""
    import torch.distributed as dist
    from pyarrow.dataset import dataset

    from sparsefs import open_table

    if not dist.is_initialized():  # Ray has done this
        dist.init_process_group("gloo")  # on GPUs "nccl", after torch.cuda.set_device
    parts = dataset(job["folder"])
    mine = parts.files[dist.get_rank() :: dist.get_world_size()]
    table = open_table(dataset(mine, filesystem=parts.filesystem), exclude=job["label"])
    return job["selector"].fit(table, table.column(job["label"]))


def with_spark(job):
    from pyspark.ml.torch.distributor import TorchDistributor
    from pyspark.sql import SparkSession

    SparkSession.builder.getOrCreate()
    return TorchDistributor(num_processes=2, local_mode=False, use_gpu=False).run(fit_part, job)


def with_ray(job):
    from ray.train import ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    return (
        TorchTrainer(
            fit_part,
            train_loop_config=job,
            torch_config=TorchConfig(backend="gloo"),
            scaling_config=ScalingConfig(num_workers=2),
        )
        .fit()
        .return_value
    )


if __name__ == "__main__":
    folder, *launcher = sys.argv[1:]
    fit = {"spark": with_spark, "ray": with_ray}[launcher[0]] if launcher else fit_part
    selector = WASTSelector(K=5, random_state=0, device="cpu")
    print(fit({"folder": folder, "label": "label", "selector": selector}).get_feature_names_out())
