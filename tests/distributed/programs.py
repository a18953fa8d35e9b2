"""What the ranks of the tests run."""

import json
import os
import signal
import tempfile
import threading
import time
import warnings
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch.distributed as dist
from scipy import sparse
from sklearn.base import clone

from sparsefs import (
    EnsembleSelector,
    GradualPruningSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    WASTSelector,
)
from sparsefs.data import table
from sparsefs.distributed import ALONE
from sparsefs.importance import Importance
from sparsefs.topology import RandomGrow
from sparsefs.training.checkpoint import Checkpoint
from sparsefs.training.optimizers import Optimizer
from sparsefs.utils import device

SETTINGS = json.loads(os.environ.get("SPARSEFS_SETTINGS", "{}"))


def problem(n=240, d=30, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)).astype(np.float32) * rng.uniform(0.5, 5, d).astype(np.float32)
    X[:, 4] = 3.0  # constant
    X[:, 11] = np.exp(3 * X[:, 11] / X[:, 11].std())  # heavy tails
    X[:, 5] = X[:, 7] + 0.1 * rng.standard_normal(n)
    y = np.where(X[:, 7] / X[:, 7].std() + X[:, 9] / X[:, 9].std() > 0, "ill", "well")
    return X, y


def part(rank, size, *arrays):
    """Rows of one rank; the first ranks have more of them."""
    bounds = np.linspace(0, 1, size + 1) ** 1.3 * arrays[0].shape[0]
    rows = slice(*bounds.astype(int)[rank : rank + 2])
    return [None if array is None else array[rows] for array in arrays]


def full_batch_selectors():
    fixed = {"batch_size": 1000, "random_state": 3, "device": "cpu"}
    network = {**fixed, "K": 5}
    autoencoder = {**network, "noise_std": 0.0, "hidden_layer_sizes": 20}
    perceptron = {
        **network,
        "hidden_layer_sizes": (30, 10),
        "max_iter": 12,
        "early_stopping": False,
        "attribution_samples": None,
        "update_every": 2,
        "density": 0.3,
    }
    pruning = {**fixed, "K": 5, "noise_std": 0.0, "max_iter": 20}
    return {
        "pruning": GradualPruningSelector(**pruning),
        "pruning one network": GradualPruningSelector(**pruning, n_networks=1),
        "pruning closed form": GradualPruningSelector(**pruning),
        "pruning numbers": GradualPruningSelector(**pruning, redundancy="keep"),
        "pruning without y": GradualPruningSelector(**pruning, supervised=False),
        "pruning kept": GradualPruningSelector(**pruning, keep=[9, 12], exclude=[5]),
        "pruning adjusted": GradualPruningSelector(**pruning, adjust_for=[7]),
        "pruning closed form kept": GradualPruningSelector(**pruning, keep=[9]),
        "wast": WASTSelector(**autoencoder, max_iter=12),
        "wast excluded": WASTSelector(**autoencoder, max_iter=5, exclude=[0, 7], keep=[3]),
        "wast sparse": WASTSelector(**autoencoder, max_iter=5, kernel="csr", grow="random"),
        "wast wide": WASTSelector(**{**autoencoder, "hidden_layer_sizes": 4}, max_iter=3),
        "wast csr": WASTSelector(**autoencoder, max_iter=5),
        "wast remote": WASTSelector(**autoencoder, max_iter=5),
        "rigl remote": NeuronAttributionSelector(**perceptron, topology="rigl"),
        "pruning csr": GradualPruningSelector(**pruning),
        "quick": QuickSelectionSelector(**autoencoder, dropout=0.0, max_iter=12, density=0.3),
        "set": NeuronAttributionSelector(**perceptron),
        "rigl": NeuronAttributionSelector(**perceptron, topology="rigl", kernel="csr"),
        "weights": NeuronAttributionSelector(**perceptron, class_weight="balanced"),
        "numbers": NeuronAttributionSelector(**perceptron, task="regression"),
    }


def fit_one(name, selector, rank, size):
    size_of = {"wast wide": (50, 4200), "pruning closed form": (60, 130)}
    X, y = problem(*size_of.get(name.removesuffix(" kept"), ()))
    weight = None
    if name in ("weights", "wast", "pruning", "pruning closed form", "pruning kept"):
        weight = np.random.default_rng(1).integers(0, 4, len(X)).astype(float)
    if "numbers" in name:
        y = X[:, 7] * 1e3 + 5e4
    if name == "wast excluded":
        X[::5, 0] = np.nan  # not looked at
    if "csr" in name:
        X = sparse.csr_matrix(np.where(X > 0, X, 0))
    device._CPU_IS_REMOTE = "remote" in name  # the code for GPUs
    selector.fit(*part(rank, size, X, y, weight))
    device._CPU_IS_REMOTE = False
    return {
        "scores": selector.scores_,
        "loss": selector.history_["loss"],
        "moved": selector.history_["connections_changed"],
        "ranking": selector.ranking_,
    }


def full_batches(rank, size):
    return {
        name: fit_one(name, selector, rank, size)
        for name, selector in full_batch_selectors().items()
    }


def drawn_batches(rank, size):
    """Mean rank of the two features that decide, over seeds, with all that is random."""
    found = {}
    for name, selector in {
        "wast": WASTSelector(lam=0.5, hidden_layer_sizes=20, max_iter=3, batch_size=16),
        "pruning": GradualPruningSelector(max_iter=20, batch_size=64),
        "quick": QuickSelectionSelector(hidden_layer_sizes=20, max_iter=3, batch_size=16),
        "attribution": NeuronAttributionSelector(
            hidden_layer_sizes=(30,), max_iter=15, batch_size=16, density=0.3, n_iter_no_change=5
        ),
    }.items():
        X, y = problem()
        selector.set_params(K=5, random_state=1)
        selector.fit(*part(rank, size, X, y))
        found[name] = selector.scores_
    found |= on_disk(rank, size)
    return found


def on_disk(rank, size):
    """Fits of memmaps that are read in chunks."""
    found = {}
    table.BUFFER_BYTES = table.CHUNK_BYTES = 2000
    X, y = part(rank, size, *problem())
    with tempfile.NamedTemporaryFile() as file:
        file.write(X.tobytes())
        file.flush()
        X = np.memmap(file.name, np.float32, "r", shape=X.shape)
        for name, selector in {
            "wast on disk": WASTSelector(lam=0.5, hidden_layer_sizes=20, max_iter=3, batch_size=16),
            "pruning on disk": GradualPruningSelector(max_iter=20, batch_size=64),
        }.items():
            found[name] = selector.set_params(K=5, random_state=1).fit(X, y).scores_
    table.BUFFER_BYTES = table.CHUNK_BYTES = 2**27
    return found


def distributed():
    """A selector of each method that processes can fit together, and how long it trains."""
    common = {"K": 5, "random_state": 1, "device": "cpu"}
    autoencoder = {**common, "hidden_layer_sizes": 20, "max_iter": 6, "batch_size": 16}
    return {
        "wast": WASTSelector(**autoencoder),
        "quick": QuickSelectionSelector(**autoencoder),
        "attribution": NeuronAttributionSelector(
            **{**autoencoder, "density": 0.3, "attribution_every": 1}
        ),
        "pruning": GradualPruningSelector(**common, max_iter=20, batch_size=64),
    }


class Follower:
    """A callback that looks at the result of every epoch, and may ask for an end."""

    def __init__(self, last=None, interrupts=False):
        self.last, self.interrupts, self.seen = last, interrupts, []

    def setup(self, estimator, context):
        pass

    teardown = on_fit_task_begin = setup

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name != "epoch":
            return False
        self.seen.append(fitted_estimator.scores_)
        if self.interrupts and len(self.seen) == self.last:
            signal.raise_signal(signal.SIGINT)
        return len(self.seen) == self.last and not self.interrupts


def _ended(selector, rank, size):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        selector.fit(*part(rank, size, *problem()))
    said = [str(w.message) for w in caught if "Stopped" in str(w.message)]
    return {
        "scores": selector.scores_,
        "end": (selector.stopped_by_, selector.n_iter_),
        "said": said[0] if said else "",
    }


def endings(rank, size):
    """How fits end early: by time, and by what only some ranks see."""
    found = {}
    for name, selector in distributed().items():
        callback = Follower() if rank == 1 else Follower(3) if rank == 2 else None
        if callback is not None:
            selector.set_callbacks(callback)
        found[name] = _ended(selector, rank, size)
        found[name]["seen"] = None if callback is None else callback.seen
    wast = distributed()["wast"].set_params(max_time=1e-9)
    found["time"] = _ended(wast, rank, size)
    for name, ends, interrupts in (("interrupt", 1, [1]), ("both", 2, [1]), ("other", 2, [2])):
        wast = distributed()["wast"].set_params(on_interrupt="keep")
        if 1 <= rank <= ends:
            wast.set_callbacks(Follower(2, interrupts=rank in interrupts))
        found[name] = _ended(wast, rank, size)
    return found


def _small():
    X, y = problem(n=60, d=12)
    return WASTSelector(K=3, hidden_layer_sizes=5, max_iter=2, random_state=0), X, y


class RanksOwnGrowth(RandomGrow):
    """Draws other connections on each rank, as it must not."""

    def __init__(self, rank):
        self.rank = rank

    def __call__(self, layer, dropped, importance, rng):
        return super().__call__(layer, dropped, importance, np.random.default_rng(self.rank))


def _message(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def refusals(rank, size):
    """What all ranks say if one of them differs."""
    found = {}
    selector, X, y = _small()
    odd = rank == 1
    found["columns"] = _message(lambda: selector.fit(X[:, : 11 if odd else 12]))
    found["type"] = _message(lambda: selector.fit(X.astype(float) if odd else X))
    other = WASTSelector(**{**selector.get_params(), "lam": 0.3 if odd else 0.1})
    found["parameter"] = _message(lambda: other.fit(X))
    broken = X.copy()
    broken[3, 2] = np.nan
    found["missing"] = _message(
        lambda: selector.set_params(missing="error").fit(broken if odd else X)
    )
    wrong = WASTSelector(K=-1 if odd else 3, hidden_layer_sizes=5, max_iter=2)
    found["own parameter"] = _message(lambda: wrong.fit(X))
    learner = NeuronAttributionSelector(K=3, hidden_layer_sizes=5, max_iter=2)
    labels = np.where(y == "ill", "unwell", y) if odd else y
    found["classes"] = _message(lambda: learner.fit(X, labels))
    found["weights"] = _message(lambda: selector.fit(X, sample_weight=np.ones(60) if odd else None))
    found["few rows"] = _message(
        lambda: WASTSelector(batch_size=8, max_iter=1).fit(X[: 2 if odd else 60])
    )
    drifting = NeuronAttributionSelector(
        K=3, density=0.5, max_iter=2, update_every="batch", topology=RanksOwnGrowth(rank)
    )
    found["drift"] = _message(lambda: drifting.fit(X, y))
    unmoved = WASTSelector(K=3, hidden_layer_sizes=5, max_iter=1, drop_fraction=0.0)
    found["unmoved"] = _message(lambda: unmoved.fit(X))
    found["afterwards"] = _message(lambda: selector.fit(X))
    if odd:
        own = WASTSelector(K="auto", hidden_layer_sizes=5, max_iter=1, n_jobs=None)
        found["alone, K"] = _message(lambda: own.fit(X, y, process_group=None))
        with ALONE:
            found["alone, meta"] = _message(lambda: EnsembleSelector(selector, n_fits=2).fit(X, y))
    found["alone"] = _message(lambda: selector.fit(X[: 30 + rank], process_group=None))
    return found


def unsupported(rank, size):
    """Refusals on all ranks."""
    from sparsefs import DeepLassoSelector, HyperSparseSelector, NeuroFSSelector

    _, X, y = _small()
    found = {
        type(other).__name__: _message(lambda other=other: other.fit(X, y))
        for other in (NeuroFSSelector(K=3), HyperSparseSelector(), DeepLassoSelector())
    }
    found["stream"] = _message(lambda: WASTSelector(K=3).partial_fit(X, y))
    found["auto"] = _message(lambda: WASTSelector(K="auto").fit(X, y))
    found["shadows"] = _message(lambda: GradualPruningSelector(K=3, n_shadows=9).fit(X, y))
    gaps = X.copy()
    gaps[0, 0] = np.nan
    found["gaps"] = _message(lambda: WASTSelector(K=3, exclude=[1]).fit(gaps))
    return found


class BrokenOffError(Exception):
    pass


def _broken_off(step, fit):
    """Run a fit, and break it off in the step of a number; None lets it finish."""
    update, left = Optimizer.update, [np.inf if step is None else step]

    def broken(self, parameters):
        left[0] -= 1
        if left[0] < 0:
            raise BrokenOffError
        update(self, parameters)

    Optimizer.update = broken
    try:
        return _message(fit)
    finally:
        Optimizer.update = update


class OwnImportance(Importance):
    """Mean size of the inputs of the rows of each rank, which a checkpoint must not lose."""

    joins = True

    def __init__(self):
        self.total = 0.0

    def before_update(self, network, step):
        self.total = self.total + step.x.abs().mean(1).numpy().astype(float)

    def join(self, mean):
        if self.joins:
            self.total = mean(self.total)

    def state(self):
        return {"total": self.total}

    def load_state(self, state):
        self.total = state["total"]

    def scores(self, network):
        return self.total


class UnjoinedImportance(OwnImportance):
    joins = False


def resumable():
    """Fits that a checkpoint keeps: (selector, kind of data, steps of the breaks)."""
    short = distributed()
    wast, attribution, pruning = short["wast"], short["attribution"], short["pruning"]
    return {
        **{name: (one, "array") for name, one in short.items()},
        "wast csr": (clone(wast), "csr"),
        "attribution once": (clone(attribution).set_params(average_over="last_iteration"), "array"),
        "attribution rigl": (clone(attribution).set_params(topology="rigl"), "array"),
        "own": (clone(attribution).set_params(importance=OwnImportance()), "array"),
        "pruning without y": (clone(pruning).set_params(supervised=False), "csr"),
        "wast on disk": (clone(wast), "table"),
        "quick on disk": (clone(short["quick"]), "table"),
        "pruning on disk": (clone(pruning), "table"),
    }


def _data(kind, rank, size, folder):
    X, y = part(rank, size, *problem())
    if kind == "csr":
        X = sparse.csr_matrix(np.where(X > 0, X, 0))
    elif kind == "table":
        X.tofile(file := Path(folder) / f"X {rank} of {size}")
        X = np.memmap(file, np.float32, "r", shape=X.shape)
    return X, y


def breaks(rank, size):
    """Fits that fail on one rank and then on the other, and resume: with and without breaks."""
    found = {}
    table.BUFFER_BYTES = table.CHUNK_BYTES = 3000  # 25 rows
    for name, (selector, kind) in resumable().items():
        folder = Path(SETTINGS["folder"]) / name
        if rank == 0:
            folder.mkdir()
        dist.barrier()
        X, y = _data(kind, rank, size, folder)
        whole = clone(selector).fit(X, y)
        selector.set_params(checkpoint=str(folder / "checkpoint"))
        said = []
        for culprit, step in ((size - 1, 37), (0, 23)):
            step = step if rank == culprit else None
            said.append(_broken_off(step, lambda s=selector, X=X, y=y: s.fit(X, y)))
        first = sorted(path.name for path in folder.glob("checkpoint/*.npz")) if rank == 0 else []
        selector.fit(X, y)
        dist.barrier()
        found[name] = {
            "said": said,
            "files": first,
            "left": os.listdir(folder / "checkpoint"),
            **{f"{n} whole": v for n, v in _learnt(whole).items()},
            **_learnt(selector),
        }
    return found


def _learnt(selector):
    history = {name: v for name, v in selector.history_.items() if name != "seconds"}
    return {"scores": selector.scores_, "costs": selector.costs_, "history": history}


def other_sizes(rank, size):
    """Fits that resume in one process, or in more than before."""
    found = {}
    X, y = problem()
    for name, selector in distributed().items():
        mine = part(rank, size, X, y)
        for way in ("fewer", "more"):
            folder = Path(SETTINGS["folder"]) / f"{name} {way}"
            one = clone(selector)
            alone, together = (
                lambda one=one: one.fit(X, y, process_group=None) if rank == 0 else None,
                lambda one=one, mine=mine: one.fit(*mine),
            )
            first, second = (together, alone) if way == "fewer" else (alone, together)
            first()
            dist.barrier()
            loss = one.history_["loss"] if rank == 0 else None
            one.set_params(checkpoint=str(folder))
            said = _broken_off(45 if rank == 0 else None, first)
            dist.barrier()
            done = _newest(folder)
            dist.barrier()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                second()
            dist.barrier()
            found[name, way] = {
                "said": said,
                "done": done,
                "first loss": loss,
                "warned": [str(w.message) for w in caught if "resumes" in str(w.message)],
                **({} if way == "fewer" and rank else _learnt(one)),
            }
    return found


def _newest(folder):
    return max((int(path.stem.split("-")[1]) for path in folder.glob("epoch-*.npz")), default=0)


def foreign_folders(rank, size):
    """Checkpoints that cannot be used, or not the newest of them."""
    folder = Path(SETTINGS["folder"]) / "checkpoint"
    selector = distributed()["wast"]
    X, y = part(rank, size, *problem())
    whole = clone(selector).fit(X)
    selector.set_params(checkpoint=str(folder))
    found = {"first": _broken_off(50 if rank == 1 else None, lambda: selector.fit(X))}
    other = X.copy()
    other[0, 0] += rank == 1
    found["data"] = _message(lambda: selector.fit(other))
    found["rows"] = "ValueError: "
    if rank == 0:
        found["rows"] = _message(lambda: selector.fit(problem()[0][1:], process_group=None))
    dist.barrier()
    with Checkpoint(folder) if rank == 0 else nullcontext():
        dist.barrier()
        found["in use"] = _message(lambda: selector.fit(X))
    dist.barrier()
    if rank == 0:
        newest = max(folder.glob("epoch-*.npz"))
        os.truncate(newest, newest.stat().st_size // 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        selector.fit(X)
    found["torn"] = [str(w.message) for w in caught if "damaged" in str(w.message)]
    found["same"] = bool((selector.scores_ == whole.scores_).all())
    learner = distributed()["attribution"].set_params(importance=UnjoinedImportance())
    learner.set_params(checkpoint=str(folder))
    found["not joined"] = _message(lambda: learner.fit(X, y))
    return found


def killed(rank, size):
    """Some ranks are killed at a moment after the first checkpoint, if the settings say so."""
    selector, (X, y) = distributed()[SETTINGS["name"]], part(rank, size, *problem())
    selector.set_params(max_iter=100, checkpoint=SETTINGS.get("folder"))

    def kill():
        while not any(Path(SETTINGS["folder"]).glob("epoch-*.npz")):
            time.sleep(0.01)
        time.sleep(SETTINGS["moment"])
        os.kill(os.getpid(), signal.SIGKILL)

    if rank in SETTINGS["killed"]:
        threading.Thread(target=kill, daemon=True).start()
    return _learnt(selector.fit(X, y))


def death(rank, size):
    """The last rank dies in the middle of a training."""
    selector, X, _ = _small()
    selector.set_params(max_iter=10**6)
    if rank == size - 1:
        threading.Timer(1.0, os._exit, [1]).start()
    selector.fit(X)


def death_of_first(rank, size):
    """Rank 0 dies."""
    return death(size - 1 - rank, size)


def absence(rank, size):
    """Rank 1 does not call `fit`."""
    from sparsefs.distributed import group

    group.TIMEOUT, group._GRACE = 3.0, 1.0
    selector, X, _ = _small()
    if rank != 1:
        selector.fit(X)
