# SPDX-License-Identifier: BSD-3-Clause
"""Parts of docstrings that several selectors share."""

from __future__ import annotations

import re
from textwrap import indent

_SHARED = {
    "K": """\
K : int, float, "auto" or CrossValidatedK, default=50
    Number of features to keep, or their share if a float in (0, 1]. ``"auto"`` chooses K by
    cross-validation in `fit`; pass a :class:`CrossValidatedK` to change its settings.""",
    "columns": """\
missing : {"auto", "error"}, default="auto"
    What to do with missing values. ``"auto"``: numbers are estimated, and an input says where
    they are missing if y differs there; among texts and categories, a missing value is a value
    of its own, see :doc:`/tables`. Sparse matrices and files on disk must have none.
feature_groups : array-like of shape (n_features,), dict of str to list, list of lists, or None, \
default=None
    Groups of features that are selected together, such as pathways, sensors or columns made of
    one category: a label for every feature, or the names or indices of the features of each
    group. A feature in no group is one of its own. `K` then counts groups. A group has the sum
    of its importances, scaled so that large groups have no more chances than small ones.
keep : list of str or int, or None, default=None
    Names or indices of features that are always selected. The others are ranked given these.
    `K` counts them.
exclude : list of str or int, or None, default=None
    Features that are never selected, and that the training does not see.
feature_costs : array-like of shape (n_features,), dict of feature to float, or None, default=None
    Costs, such as prices or seconds: features are ranked by score per cost. A feature that is
    not in a dict costs 1.
budget : float or None, default=None
    Total cost of the selection. Features are taken in the order of their ranks, if what is left
    pays for them. `K` is then not used. It can be changed after the fit.
output : {"original", "encoded"}, default="original"
    What `transform` returns: the selected columns as they are, or their inputs, numbers without
    gaps: one for each category, for example.""",
    "scaling": """\
scaling : {"auto", "global", "feature", "minmax", "none"}, default="auto"
    ``"global"`` subtracts one mean and divides by one standard deviation of the whole table, so
    that features keep their relative spread. ``"feature"`` standardises every feature,
    ``"minmax"`` brings every feature to 0 to 1, and ``"none"`` uses X as it is. ``"auto"`` is
    ``"global"`` if the features seem to share a unit, and ``"feature"`` if their spreads differ
    more than a hundredfold.""",
    "target": """\
task : {"auto", "classification", "multilabel", "regression", "survival"}, default="auto"
    What y contains: one class per sample, several labels per sample, numbers, or the event and
    the time of a survival study. ``"auto"``
    decides from y, and warns if whole numbers could be classes or a quantity; see
    :doc:`/targets`.
loss : {"auto", "cross_entropy", "binary_cross_entropy", "squared_error", "cox"} or callable, \
default="auto"
    ``"auto"`` is cross-entropy for classes, binary cross-entropy for labels, squared error for
    numbers and Cox's partial likelihood for survival. Or any loss of torch's kind:
    ``torch.nn.HuberLoss()``, a function such as ``torch.nn.functional.poisson_nll_loss``, or your
    own; see :doc:`/targets`. It is tried on a few rows before the training.
class_weight : dict, "balanced" or None, default=None
    Weights of the classes; ``"balanced"`` gives all classes the same total weight.""",
    "held_out": """\
validation_fraction : float in (0, 1), default=0.1875
    Share of the samples to hold out.
n_iter_no_change : int, default=50
    Epochs without improvement after which the training stops.""",
    "jobs": """\
n_jobs : int or None, default=None
    Number of folds that are fitted at the same time if K is chosen; None means 1 unless in a
    ``joblib.parallel_config`` context, -1 means all processors. It does not change the result.""",
    "device": """\
device : str, default="auto"
    ``"auto"`` takes CUDA, then MPS, then the CPU; or a name such as ``"cuda:1"``.
verbose : int or bool, default=False
    Whether to show a progress bar.""",
    "stopping": """\
max_time : float or None, default=None
    Seconds after which the training ends with the epoch under way. The ranking so far is kept, a
    warning says how far it came, and `stopped_by_` and `n_iter_` tell. At least one epoch is
    trained. The time counts from the start of `fit`. With ``K="auto"`` every fold that chooses K
    has the same share of it, and the fit to all samples has what is left.
on_interrupt : {"raise", "keep"}, default="raise"
    What Ctrl-C does during the training. ``"raise"`` raises KeyboardInterrupt, and the selector
    is as it was before `fit`. ``"keep"`` ends with the epoch under way, as `max_time` does; a
    second Ctrl-C raises. While K is being chosen, Ctrl-C always raises.
checkpoint : path or None, default=None
    Folder for checkpoints, which is made if it is missing. The state of the training is written
    there after every epoch. If the process is killed, the same fit resumes after that epoch and
    gives the same result, bit for bit. Other data or parameters raise an error that names them.
    The files are removed when the fit is finished. They stay after an end by `max_time`, Ctrl-C
    or a callback, so that the next fit resumes there. A folder serves one fit at a time. Of
    several processes, the first one writes it, and their number may change.
    NeuroFSSelector and HyperSparseSelector do not support it. See :doc:`/large_data`.""",
    "connections_every": """\
connections_every : int or None, default=None
    Count the connections of every input neuron before the training, after every this many
    epochs, and at the end; see `connections_`. It does not change the result.""",
    "kernel": """\
kernel : {"auto", "csr", "masked"}, default="auto"
    Storage of sparse layers: compressed sparse rows, or a dense matrix with a mask. ``"auto"``
    chooses by shape, density and device.""",
    "scores_": """\
scores_ : ndarray of shape (n_features,), dtype float64
    Score of every feature, higher is better. Constant features have 0, or the lowest score if
    others are negative.""",
    "ranking_": """\
ranking_ : ndarray of shape (n_features,), dtype int64
    Rank of every feature, 1 is the best. Constant features come last.
support_ : ndarray of shape (n_features,), dtype bool
    Mask of the `K` best features.
K_ : int
    Number of selected features.
feature_importances_ : ndarray of shape (n_features,), dtype float64
    The scores, for scikit-learn's ``SelectFromModel`` and ``RFE``.
scaling_ : str
    The scaling that was used, as ``"auto"`` chose it.
path_ : KCurve
    Scores against K, see :class:`~sparsefs.evaluation.KCurve`; only if K was chosen by
    cross-validation.
n_features_in_ : int
    Number of features seen in `fit`.
feature_names_in_ : ndarray of shape (n_features,)
    Names of the features, if X had string column names.
n_iter_ : int
    Number of epochs trained.
stopped_by_ : {"max_time", "interrupt", "callback"} or None
    What ended the training before its last epoch; None if nothing did. `early_stopping` is part
    of the training.""",
    "history_": """\
history_ : dict of str to ndarray of shape (`n_iter_`,)
    ``"loss"``, ``"density"``, ``"connections_changed"`` and ``"seconds"`` of every epoch.""",
    "network_": """\
costs_ : dict of str to dict
    ``"parameters"``, ``"bytes"``, ``"inference_flops"`` (one sample) and ``"training_flops"``,
    each for the network (``"sparse"``) and for the same network fully connected (``"dense"``).
connections_ : dict of str to ndarray
    Only with `connections_every`: ``"epoch"`` of shape (n_counts,), the epochs trained before
    each count; and ``"counts"`` of shape (n_counts, n_features), int32, the connections of the
    input neuron of every feature.
network_ : FittedNetwork
    The trained network in numpy, used by `score`. Its ``columns`` are the features that it sees;
    constant features are left out. None for all.""",
}


def documented(cls):
    """Fill in the shared parts of a class's docstring: lines such as ``%(K)s``."""
    if cls.__doc__:  # python -OO leaves none

        def filled(match):
            return indent(_SHARED[match[2]], match[1])

        cls.__doc__ = re.sub(r"(?m)^( *)%\((\w+)\)s$", filled, cls.__doc__)
    return cls
