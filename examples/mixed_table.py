# SPDX-License-Identifier: BSD-3-Clause
"""
A table of numbers, text and dates, before gradient boosting
============================================================

Sales of 3,000 days and shops: numbers with gaps, categories, a date, and 200
columns that say nothing. The selector takes the table as it is and keeps whole
columns, so that boosted trees get fewer of them, and models with a limit of
columns get the best ones.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split

from sparsefs import GradualPruningSelector, ImportanceDisplay

rng = np.random.default_rng(0)
n = 3000
X = pd.DataFrame(rng.standard_normal((n, 200))).add_prefix("noise ")
X["price"] = rng.gamma(4, 5, n)
X["day"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(
    rng.integers(0, 365, n), "D"
)
X["town"] = pd.Categorical(rng.choice(["Rome", "Oslo", "Kyiv", "Bern"], n))
X["product"] = pd.Categorical(rng.choice([f"item {i}" for i in range(80)], n))
X["rain"] = np.where(rng.random(n) < 0.2, np.nan, rng.gamma(1, 3, n))

popularity = rng.standard_normal(80)
weekend = X["day"].dt.day_of_week >= 5
y = popularity[X["product"].cat.codes] + 2 * weekend - X["price"] / 10
y += np.where(X["town"] == "Rome", 1.0, 0.0) - 0.2 * X["rain"].fillna(3)
y += rng.standard_normal(n)

# %%
# Select five columns
# -------------------
# The category ``product`` has 80 values and counts as one column, as does the
# date, of which the weekday matters.

rows, test_rows = train_test_split(np.arange(n), random_state=0)
train, test = X.iloc[rows], X.iloc[test_rows]
selector = GradualPruningSelector(K=5, random_state=0).set_output(
    transform="pandas"
)
selected = selector.fit_transform(train, y.iloc[rows])
print(selected.head(3))

ImportanceDisplay.from_estimator(selector, n_features=10)
plt.show()

# %%
# Train on the selection
# ----------------------
# The columns are those of the table, so that the model treats categories in its
# own way. Dates become numbers, which trees can split.


def numbered(table):
    days = table["day"]
    return table.assign(day=days.dt.day_of_year, weekday=days.dt.day_of_week)


for name, columns in (
    ("all columns", X.columns),
    ("selected columns", selected.columns),
):
    model = HistGradientBoostingRegressor(
        categorical_features="from_dtype", random_state=0
    )
    model.fit(numbered(train[columns]), y.iloc[rows])
    score = model.score(numbered(test[columns]), y.iloc[test_rows])
    print(f"{name}: R2 {score:.2f} with {len(columns)} columns")
