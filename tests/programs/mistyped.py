"""Mistakes: ``mypy --strict`` reports every line that says so, and no other."""

import numpy as np
import torch
from torch import nn

import sparsefs
from sparsefs import (
    CrossValidatedK,
    DeepLassoSelector,
    EnsembleSelector,
    GradualPruningSelector,
    HyperSparseSelector,
    KnockoffSelector,
    ImportanceDisplay,
    NeuroFSSelector,
    NeuronAttributionSelector,
    ParetoSearchCV,
    QuickSelectionSelector,
    StabilityDisplay,
    StabilitySelector,
    WASTSelector,
    open_shards,
)
from sparsefs.evaluation import k_curve, repeated_selections, stability
from sparsefs.importance import AttributionImportance, ConnectionImportance
from sparsefs.modules import AdaptiveRegularization, SparseTraining, prunable_weights
from sparsefs.regularization import HyperSparsePenalty
from sparsefs.report import write_report
from sparsefs.search import hypervolume
from sparsefs.topology import ImportanceDrop, UpdateSchedule

X = np.zeros((40, 12))
y = [0, 1] * 20
module = nn.Sequential(nn.Linear(12, 8), nn.Linear(8, 2))
optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
wast = WASTSelector()

WASTSelector(K="autoo")  # error
WASTSelector(k=5)  # error
WASTSelector(5, 0.2)  # error
WASTSelector(scaling="features")  # error
WASTSelector(hidden_layer_sizes="200")  # error
WASTSelector(max_iter="10")  # error
WASTSelector(device=0)  # error
WASTSelector(random_state="0")  # error
WASTSelector(density=None)  # error
QuickSelectionSelector(update_every="epochs")  # error
NeuronAttributionSelector(topology="sett")  # error
NeuronAttributionSelector(importance="atribution")  # error
NeuronAttributionSelector(init="erdos")  # error
NeuroFSSelector(task="classify")  # error
NeuroFSSelector(class_weight="balance")  # error
DeepLassoSelector(lasso="auto")  # error
HyperSparseSelector(penalty="l3")  # error
HyperSparseSelector(penalty=3)  # error
GradualPruningSelector(loss="mse")  # error
GradualPruningSelector(scores_std_=X)  # error
CrossValidatedK("bestt")  # error
CrossValidatedK(target="Y")  # error
EnsembleSelector(WASTSelector)  # error
EnsembleSelector(wast, combine="mean")  # error
EnsembleSelector(wast, K="auto")  # error
StabilitySelector(wast, bound="worst")  # error
StabilitySelector(wast, n_pairs=None)  # error
KnockoffSelector(wast, sampler="gauss")  # error
ParetoSearchCV(wast, {"K": [2]}, sampler="grid")  # error
ParetoSearchCV(wast, "K")  # error

sparsefs.WastSelector  # error

wast.fit()  # error
wast.fit("table.csv")  # error
wast.fit(X, y, weights=y)  # error
wast.transform()  # error
wast.transform(None)  # error
wast.score_  # error
wast.scores  # error
wast.scores_std_  # error
wast.fit(X).rank_  # error
wast.get_support(index=True)  # error
wast.set_output(transform="panda")  # error
wast.K_ = "a"  # error
text: str = wast.scores_  # error
WASTSelector.from_paper("images").lamb  # error
WASTSelector.from_paper(3)  # error
NeuroFSSelector().fit(X, y).score(X)  # error
EnsembleSelector(wast).fit(X, y, y)  # error
StabilitySelector(wast).fit(X).K_  # error
ParetoSearchCV(wast, {}).fit(X).pareto_  # error

k_curve(wast, X, y, Ks=3)  # error
k_curve(wast, X, y, task="autoo")  # error
k_curve("wast", X, y)  # error
k_curve(wast, X, y).choose("kneee")  # error
k_curve(wast, X, y).ks  # error
repeated_selections(wast, X, vary="seeds")  # error
stability(selections=None)  # error
stability([[1, 0]], level=0.9)  # error
hypervolume([[1, 2]])  # error
open_shards(3)  # error
open_shards("folder").rows  # error
ImportanceDisplay.from_estimator(wast).plot(kind="bar")  # error
ImportanceDisplay.from_estimator()  # error
StabilityDisplay.from_estimator(wast, X, vary="seeds")  # error
write_report("report.html", wast)  # error
write_report(wast, X, y)  # error
write_report("report.html", wast, X, curve=True)  # error
AttributionImportance("last")  # error
ConnectionImportance("degrees")  # error
ImportanceDrop("inn")  # error
UpdateSchedule("batches")  # error
HyperSparsePenalty()  # error
SparseTraining(module, optimizer, topology="riggle")  # error
SparseTraining(module, optimizer, drop_decay="linear")  # error
AdaptiveRegularization(module, 0.1, penalty="l0")  # error
prunable_weights(optimizer)  # error
sparsefs.evaluations  # error
sparsefs.evaluation.k_curves  # error
