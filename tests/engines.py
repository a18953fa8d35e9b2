"""Ray and Spark on this machine, in processes of their own: a hang becomes an error."""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MARK = "SPARSEFS_TEST_ENGINE"


def on_engine(engine, function, *arguments, seconds=300):
    """What a function returns in a new process with Ray or Spark, which may not leave others."""
    psutil = pytest.importorskip("psutil", reason="needs psutil, which comes with dask")
    if not find_spec({"ray": "ray", "spark": "joblibspark"}[engine]):
        pytest.skip(f"needs the extra {engine}")
    if engine == "spark" and not (shutil.which("java") or "JAVA_HOME" in os.environ):
        pytest.skip("Spark needs Java")
    mark = uuid.uuid4().hex
    # Ray's sockets are files in this folder, whose name must be short.
    with tempfile.TemporaryDirectory(dir=None if os.name == "nt" else "/tmp") as folder:
        call = Path(folder) / "call.pkl"
        call.write_bytes(pickle.dumps((function, arguments)))
        paths = [str(ROOT), str(ROOT / "docs"), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            MARK: mark,
            "HOME": folder,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PYSPARK_PYTHON": sys.executable,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",  # 15, the default, starves them next to other tests
            "SPARK_LOCAL_IP": "127.0.0.1",
        }

        def started():
            found = psutil.process_iter(["environ"])
            return [one for one in found if (one.info["environ"] or {}).get(MARK) == mark]

        try:
            done = subprocess.run(
                [sys.executable, "-m", "tests.engines", engine, folder],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            deadline = time.monotonic() + 15
            while started() and time.monotonic() < deadline:
                time.sleep(0.2)
            left = [" ".join(one.cmdline()) for one in started()]
            assert not left, left
        finally:
            for one in started():
                one.kill()
        return pickle.loads((Path(folder) / "result.pkl").read_bytes())


@contextmanager
def ray(folder):
    import ray
    from ray.util.joblib import register_ray

    register_ray()
    # Numbers of slots, not of cores: two workers and those that start them.
    with ray.init(num_cpus=4, include_dashboard=False, _temp_dir=folder):
        yield


@contextmanager
def spark(folder):
    from joblibspark import register_spark
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.local.dir": folder}
    with SparkSession.builder.master("local[2]").config(map=settings).getOrCreate():
        register_spark()
        yield


if __name__ == "__main__":
    engine, folder = sys.argv[1:]
    function, arguments = pickle.loads((Path(folder) / "call.pkl").read_bytes())
    with {"ray": ray, "spark": spark}[engine](folder):
        result = function(*arguments)
    (Path(folder) / "result.pkl").write_bytes(pickle.dumps(result))
