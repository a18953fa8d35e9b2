# SPDX-License-Identifier: BSD-3-Clause
"""Names that arguments take; nothing here imports a library."""

OURS = {
    "gradual-pruning": "GradualPruningSelector",
    "wast": "WASTSelector",
    "quick-selection": "QuickSelectionSelector",
    "neuron-attribution": "NeuronAttributionSelector",
    "neurofs": "NeuroFSSelector",
    "hyper-sparse": "HyperSparseSelector",
}
RIVALS = {
    "f-test": "F-test of one feature at a time",
    "mutual-information": "mutual information of one feature at a time",
    "l1": "linear model with an L1 penalty",
    "extra-trees": "importances of 500 extremely randomised trees",
    "rfe": "recursive elimination by a linear model, a tenth at a time",
    "variance": "features of most variance",
    "random": "features at random",
    "all": "all features",
}
BUNDLED = {  # of scikit-learn: function, what the rows are
    "iris": "flowers of three species, by the sizes of their leaves",
    "wine": "wines of three growers, by their chemistry",
    "breast_cancer": "tumours, malignant or benign, by their cells' shape",
    "digits": "handwritten digits of 8 x 8 pixels",
    "diabetes": "progress of the disease in a year, a number",
}
