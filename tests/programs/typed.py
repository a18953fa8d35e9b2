"""A program that uses the public API; ``mypy --strict`` accepts it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import sparsefs
from sparsefs import (
    ConnectionsDisplay,
    CrossValidatedK,
    DeepLassoSelector,
    EnsembleSelector,
    GradualPruningSelector,
    HyperSparseSelector,
    ImportanceDisplay,
    ImportanceImageDisplay,
    KCurveDisplay,
    KnockoffSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    ParetoDisplay,
    ParetoSearchCV,
    QuickSelectionSelector,
    StabilityDisplay,
    StabilitySelector,
    WASTSelector,
    open_shards,
)
from sparsefs.data import RowTable
from sparsefs.evaluation import KCurve, Stability, k_curve, repeated_selections, stability
from sparsefs.importance import AttributionImportance, AveragedImportance, ConnectionImportance
from sparsefs.modules import (
    AdaptiveRegularization,
    SparseTraining,
    layer_costs,
    module_costs,
    prunable_weights,
)
from sparsefs.regularization import HyperSparsePenalty, L1Penalty, check_penalty
from sparsefs.report import write_report
from sparsefs.search import Conditional, hypervolume, non_dominated_layers
from sparsefs.selectors.base import BaseSelector, FitResult
from sparsefs.topology import GradientGrow, ImportanceDrop, RandomGrow, UpdateSchedule

X: NDArray[np.float64] = np.random.default_rng(0).standard_normal((40, 12))
y = (X[:, 0] > 0).astype(int)
names: list[str] = [f"x{i}" for i in range(12)]

# Constructors, and the interface of scikit-learn.
wast = WASTSelector(K=5, scaling="feature", hidden_layer_sizes=(20,), random_state=0).fit(X)
wast = wast.set_params(K=4).set_output(transform="pandas").set_fit_request(sample_weight=True)
chosen: NDArray[np.int64] = wast.get_support(indices=True)
mask: NDArray[np.bool_] = wast.get_support() & wast.support_
scores: NDArray[np.float64] = wast.scores_ + wast.feature_importances_
ranks: NDArray[np.int64] = wast.ranking_
kept: list[str] = list(wast.get_feature_names_out(names))
size: int = wast.K_ + wast.n_iter_ + wast.n_features_in_ + wast.costs_["bytes"]["sparse"]
Xt = wast.transform(X)
back = wast.inverse_transform(Xt)
loss: float = wast.history_["loss"][-1] + wast.score(X)
params: dict[str, Any] = wast.get_params()
paper: QuickSelectionSelector = QuickSelectionSelector.from_paper(max_iter=3, update_every=2)
Xt = paper.fit_transform(X.tolist(), None, sample_weight=[1.0] * 40)
curve: KCurve = (
    GradualPruningSelector(K=CrossValidatedK("knee", cv=3, Ks=[1, 2, 4]), class_weight={0: 2})
    .fit(X, y.tolist(), groups=names * 4)
    .path_
)
spread: float = GradualPruningSelector("auto", task="classification").fit(X, y).scores_std_.max()


class Degree(AveragedImportance):
    def measure(self, network: Any, step: Any) -> NDArray[np.float64]:
        return np.asarray(network.layers[0].degree("in"), dtype=np.float64)


class Rounded:
    def gradients(self, weights: list[Tensor]) -> list[Tensor]:
        return [weight.tanh() for weight in weights]


def erk(shapes: Any, density: float) -> list[float]:
    return [density for _ in shapes]


attribution = NeuronAttributionSelector(
    importance=Degree("all"), topology=GradientGrow(), init=erk, loss=nn.HuberLoss(), device="cpu"
)
attribution = NeuronAttributionSelector(importance=AttributionImportance("last_epoch", every=2))
accuracy: float = attribution.fit(X, y).score(X, y)
outputs: NDArray[np.float32] = attribution.network_(X)
HyperSparseSelector(penalty=Rounded(), connections_every=1).fit(X, y).connections_["epoch"].max()
NeuroFSSelector(K=0.5, batch_size="auto", class_weight="balanced").fit(torch.zeros(4, 2), y)
error: float = DeepLassoSelector(lasso=0.1, early_stopping=True).fit(X, y).scores_.max()

# Around any selector.
ensemble = EnsembleSelector(wast, n_fits=3, combine="ranks").fit(X, sample_weight=np.ones(40))
agreement: float = ensemble.agreement_ + ensemble.scores_std_[0] + ensemble.K_
stable = StabilitySelector(wast, threshold=0.8, bound="unimodal", n_pairs=3).fit(X, y)
bound: float = stable.pfer_ + stable.q_ + stable.selection_frequencies_[stable.support_].sum()
knock = KnockoffSelector(wast, sampler=lambda X, rng: rng.permutation(X), adjust_for=[0])
leads: float = knock.fit(X, y).statistics_[0, 0] + knock.q_values_[knock.support_].sum()
space = {"K": [2, 3], "density": Conditional([0.1, 0.2], K=[2])}
search = ParetoSearchCV(wast, space, sampler="sobol", n_trials=4, cv=2, refit="knee").fit(X, y)
best: float = search.best_score_ + search.score(X, y) + search.hypervolume_[-1]
front: NDArray[np.int64] = search.pareto_front_
search.predict(X), search.best_params_["K"], search.cv_results_["params"]
volume: float = hypervolume([[1, 2], [2, 1]], reference=(3, 3))
layers: list[NDArray[np.int64]] = non_dominated_layers([[1, 2], [2, 1]])

# Evaluation, tables on disk, pictures and the report.
curve = k_curve(wast, X, y, Ks=range(1, 5), cv=3, task="classification", random_state=0)
K: int = curve.choose("best")
mean: NDArray[np.float64] = curve.mean - curve.se
selections: NDArray[np.bool_] = repeated_selections(wast, X, K=3, n_repeats=4, vary="half")
agreed: Stability = stability(selections, confidence=0.9)
table: RowTable = open_shards(Path("shards"), exclude=["label"])
wast.fit(table).transform(table[:10])
ImportanceDisplay.from_estimator(wast, n_features=5).plot(kind="bars", log_x=False)
ImportanceImageDisplay.from_estimator(wast, (3, 4), background=X.mean(axis=0)).ax_.set_title("a")
ConnectionsDisplay.from_estimator(attribution, epochs=[0, 1], image_shape=(3, 4))
KCurveDisplay.from_curve({"a": curve}, chosen={"a": K}).figure_.savefig("curve.pdf")
StabilityDisplay.from_estimator(wast, X, vary="seed", n_repeats=3)
StabilityDisplay.from_selections(selections, feature_names=names)
ParetoDisplay.from_estimator(search, x="n_features", hue="param_K").plot(log_y="auto")
write_report("report.html", wast, X, y, curve=False, held_out={"metric": "a", "selected": 0.5})

# Any torch module.
module = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
with SparseTraining(module, optimizer, 0.2, RandomGrow(), init="uniform", n_steps=9) as sparse:
    density: float = sparse.density + sparse.costs(torch.zeros(1, 12))["bytes"]["sparse"]
adaptive = AdaptiveRegularization(module, 0.1, penalty=L1Penalty(), apply="loss")
weights = list(prunable_weights(module).values())
check_penalty(HyperSparsePenalty(0.1), weights)
flops: int = module_costs(module, torch.zeros(1, 12))["inference_flops"]["dense"]
rows = [row["density"] for row in layer_costs(module, torch.zeros(1, 12))]
drop = ImportanceDrop("in"), UpdateSchedule("epoch", decay="cosine"), ConnectionImportance("degree")
sparsefs.evaluation.stability([[1, 0], [0, 1]])


class Own(BaseSelector):
    """A selector of the user's."""

    def __init__(self, K: int = 50, max_iter: int = 10) -> None:
        self.K = K
        self.max_iter = max_iter

    def _train(self, data: Any, rng: np.random.Generator, device: str, progress: Any) -> FitResult:
        return FitResult(np.ones(data.X.shape[1]))


def select(selector: BaseSelector, frame: pl.DataFrame, target: Sequence[int]) -> int:
    return selector.fit(frame, target).K_


select(Own(), pl.DataFrame({"a": [1, 2]}), (0, 1))
