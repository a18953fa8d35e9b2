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
RIVALS = (  # of sparsefs.evaluation.rivals
    *("f-test", "mutual-information", "mrmr", "l1", "extra-trees", "random-forest", "rfe"),
    *("variance", "random", "all"),
)
BUNDLED = {  # of scikit-learn: function, what the rows are
    "iris": "flowers of three species, by the sizes of their leaves",
    "wine": "wines of three growers, by their chemistry",
    "breast_cancer": "tumours, malignant or benign, by their cells' shape",
    "digits": "handwritten digits of 8 x 8 pixels",
    "diabetes": "progress of the disease in a year, a number",
}
