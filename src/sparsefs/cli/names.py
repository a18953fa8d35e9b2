# SPDX-License-Identifier: BSD-3-Clause
"""Names of methods and data sets. Importing this imports no library."""

OURS = {
    "gradual-pruning": "GradualPruningSelector",
    "wast": "WASTSelector",
    "quick-selection": "QuickSelectionSelector",
    "neuron-attribution": "NeuronAttributionSelector",
    "neurofs": "NeuroFSSelector",
    "hyper-sparse": "HyperSparseSelector",
    "deep-lasso": "DeepLassoSelector",
}
RIVALS = (  # of sparsefs.evaluation.rivals
    *("f-test", "mutual-information", "mrmr", "l1", "extra-trees", "random-forest"),
    *("lightgbm", "rfe", "cox", "variance", "random", "all"),
)
DEFAULT = ("gradual-pruning", "l1", "rfe", "mrmr", "f-test", "extra-trees", "random", "all")
DEFAULT_SURVIVAL = ("gradual-pruning", "cox", "random", "all")
DEFAULT_UNSUPERVISED = ("gradual-pruning", "wast", "variance", "random", "all")
BUNDLED = {  # come with scikit-learn: sklearn.datasets.load_NAME
    "iris": "species of iris, from the sizes of petals and sepals",
    "wine": "growers of wine, from a chemical analysis",
    "breast_cancer": "benign and malignant tumours, from the shapes of cell nuclei",
    "digits": "handwritten digits, images of 8 x 8 pixels",
    "diabetes": "progression of diabetes after one year (regression)",
}
