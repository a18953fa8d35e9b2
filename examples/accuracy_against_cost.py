# SPDX-License-Identifier: BSD-3-Clause
"""
Accuracy against cost
=====================

How many pixels, and how much training, does it take to recognise digits? A
search over a selector and an SVC looks for high accuracy, few features and few
operations. It finds the trials that no other trial beats in all three.
"""

from scipy.stats import loguniform, randint
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from sparsefs import NeuronAttributionSelector, ParetoDisplay, ParetoSearchCV
from sparsefs.search import Conditional

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, random_state=0
)

pipeline = Pipeline(
    [
        (
            "fs",
            NeuronAttributionSelector(hidden_layer_sizes=100, random_state=0),
        ),
        ("clf", SVC()),
    ]
)
sparse = ["set", "rigl"]
space = {
    "fs__K": randint(4, 51),
    "fs__topology": [*sparse, "dense"],
    # A dense network has no density, so the parameter exists for sparse ones only.
    "fs__density": Conditional(loguniform(0.02, 0.5), fs__topology=sparse),
    "fs__max_iter": randint(1, 11),
    "clf__C": loguniform(0.1, 100),
}
search = ParetoSearchCV(
    pipeline,
    space,
    objectives=["accuracy", "n_features", "training_flops"],
    n_trials=40,
    random_state=0,
)
search.fit(X_train, y_train)

# %%
# This is the front. The search chooses the cheapest trial that is as accurate
# as the best, within one standard error.

results = search.cv_results_
print("accuracy  features  training MFLOPs  topology  density")
for i in search.pareto_front_:
    params = results["params"][i]
    print(
        f"{results['mean_test_accuracy'][i]:8.3f}",
        f"{results['mean_n_features'][i]:9.0f}",
        f"{results['mean_training_flops'][i] / 1e6:16.1f}",
        f" {params['fs__topology']:8s}",
        f"{params.get('fs__density', 1):8.2f}",
        " <- chosen" if i == search.best_index_ else "",
    )
print(
    f"accuracy of the chosen trial on new samples: {search.score(X_test, y_test):.3f}"
)

# %%
# The plots show two of the three objectives at a time. Sparse networks need a
# fraction of the operations; the dense network is as accurate. Fewer than
# about 25 features cost accuracy, more hardly improve it.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print("Install matplotlib (pip install 'sparsefs[plot]') for the plots.")
else:
    ParetoDisplay.from_estimator(search, hue="fs__topology")
    ParetoDisplay.from_estimator(
        search, x="training_flops", hue="fs__topology"
    )
    plt.show()
