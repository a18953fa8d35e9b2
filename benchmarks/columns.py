# SPDX-License-Identifier: BSD-3-Clause
"""Columns of any kind: tables as they are, gaps, groups of columns, models with a limit of columns.

``tables``: a quarter of the columns of real tables, selected from the table as pandas reads it, or
after one's own median and one-hot encoding (then a quarter as many features as there are columns);
AUC or R2 of LightGBM on the selection. ``gaps``: 30 % of the cells of a set are removed at random;
columns are selected with the gaps, or after imputing the median or by nearest neighbours, and an
SVC is trained on the cells imputed by neighbours. ``groups``: 10 of 200 groups of 5 columns say
something of a target, each by a sum of its columns or by their squares; share that is found by as
many selections, compared with the group lasso of skglm. ``limit``: wide sets, of which 500, 100 or
50 columns are selected for a model that takes no more; accuracy of LightGBM and of an SVC, and the
processor's seconds in which LightGBM is trained and predicts.
"""

import functools
import importlib
import time

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from benchmarks import data, evaluation, grid, methods, others, table_data
from benchmarks.formatting import numbers, show
from benchmarks.isolated import Job
from benchmarks.results import Results
from sparsefs import GradualPruningSelector

KEY = ["problem", "of", "method", "seed"]
LIMITS, EVERY = (500, 100, 50), "all"
WIDE = (
    *("pcmac", "relathe", "basehock", "christensen"),
    *("gravier", "prostate_ge", "arcene", "tox_171"),
)
COLUMNS = [
    *("status", "cpu_seconds", "score", "score_50"),
    *(f"{what}_{K}" for what in ("lightgbm", "svc", "seconds") for K in (EVERY, *LIMITS)),
]
GAPS, MOST_SAMPLES, KS = 0.3, 2000, (20, 50)
SETS = ("isolet_1560", "coil20", "lung_small", "tox_171", "prostate_ge")
N_GROUPS, SIZE, N_TRUE = 200, 5, 10
GROUPS = {f"{kind} {n}": (kind, n) for kind in ("sums", "squares") for n in (200, 1000)}
PROBLEMS = {
    "tables": (tuple(table_data.TABLES), ("as it is", "median and one-hot")),
    "gaps": (SETS, ("as it is", "median", "nearest neighbours", "no gaps")),
    "groups": (tuple(GROUPS), ("groups", "best column", "group lasso")),
    "limit": (WIDE, (methods.ALL, "GradualPruning", "LightGBM gain", "F-test")),
}


def add_arguments(parser):
    parser.add_argument("--problems", nargs="+", default=[*PROBLEMS], choices=PROBLEMS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(1000, 1010))
    grid.add_arguments(parser)


def run(arguments):
    grid.say_what_is_tuning(arguments.seeds)
    with grid.Grid(arguments) as fits:
        for seed in arguments.seeds:
            results = Results(grid.file_of_seed("columns", seed), KEY)
            for problem in arguments.problems:
                of, compared = PROBLEMS[problem]
                for one in of:
                    for method in compared:
                        if method == "group lasso" and importlib.util.find_spec("skglm") is None:
                            continue
                        identity = dict(zip(KEY, (problem, one, method, seed), strict=True))
                        fits.fill(results, identity, COLUMNS, f"{__name__}:job", identity)
    for file in dict.fromkeys(grid.file_of_seed("columns", s) for s in arguments.seeds):
        summarise(Results(file, KEY), arguments.problems)


def job(problem, of, method, seed):
    return globals()[f"{problem}_job"](of, method, seed)


def flagship(K, seed, **params):
    return GradualPruningSelector(K=K, random_state=seed, device="cpu", **params)


# Tables.


def tables_job(name, method, seed):
    from lightgbm import LGBMClassifier, LGBMRegressor

    X, y = table_data.frame(name)
    is_classes = table_data.EVERY[name].task == "classification"
    y = np.unique(y, return_inverse=True)[1] if is_classes else y
    rows, test_rows = train_test_split(
        np.arange(len(y)), test_size=0.2, stratify=y if is_classes else None, random_state=seed
    )
    rows, test_rows = rows[: table_data.MOST_ROWS], test_rows[: table_data.MOST_ROWS]
    K = max(1, round(X.shape[1] / 4))
    texts = X.columns[[kind.kind not in "iufb" for kind in X.dtypes]]
    X = X.astype(dict.fromkeys(texts, object))
    if method == "as it is":
        train, test = X.iloc[rows], X.iloc[test_rows]
    else:
        encode = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(texts)),
            remainder=SimpleImputer(strategy="median"),
        )
        train, test = encode.fit_transform(X.iloc[rows]), encode.transform(X.iloc[test_rows])

    def score(selector):
        chosen = selector.get_support(indices=True)
        parts = []
        for part in (train, test):
            if method == "as it is":
                part = part.iloc[:, chosen]
                categories = {c: X[c].astype("category").dtype for c in part.columns if c in texts}
                parts.append(part.astype(categories))
            else:
                parts.append(part[:, chosen])
        model = (LGBMClassifier if is_classes else LGBMRegressor)(n_jobs=1, verbose=-1)
        model.fit(parts[0], y[rows])
        if is_classes:
            return {"score": roc_auc_score(y[test_rows], model.predict_proba(parts[1])[:, 1])}
        return {"score": r2_score(y[test_rows], model.predict(parts[1]))}

    return Job(lambda: flagship(K, seed).fit(train, y[rows]), 0, score)


# Gaps.


@functools.lru_cache(maxsize=1)
def with_gaps(name, seed):
    """Whole, with gaps, imputed by neighbours; the target; training and test rows."""
    X, y = data.dataset(name)[:2]
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(X))[:MOST_SAMPLES])
    X, y = X[some], y[some]
    gaps = np.where(rng.random(X.shape) < GAPS, np.nan, X)
    rows = train_test_split(np.arange(len(X)), test_size=0.3, stratify=y, random_state=seed)
    imputer = KNNImputer(keep_empty_features=True).fit(gaps[rows[0]])
    return X, gaps, imputer.transform(gaps), y, rows


def gaps_job(name, method, seed):
    X, gaps, imputed, y, (rows, test_rows) = with_gaps(name, seed)
    table = {"as it is": gaps, "median": gaps, "nearest neighbours": imputed, "no gaps": X}[method]

    def fit():
        train = table[rows]
        if method == "median":
            train = SimpleImputer(strategy="median", keep_empty_features=True).fit_transform(train)
        return flagship(50, seed).fit(train, y[rows])

    def score(selector):
        found = []
        for K in KS:
            chosen = selector.set_params(K=K).get_support()
            scaler = StandardScaler().fit(imputed[rows][:, chosen])
            parts = (scaler.transform(imputed[r][:, chosen]) for r in (rows, test_rows))
            train, test = parts
            found.append(SVC().fit(train, y[rows]).score(test, y[test_rows]))
        return dict(zip(("score", "score_50"), found, strict=True))

    return Job(fit, table.nbytes, score)


# Groups.


def made_of_groups(name, seed):
    kind, n = GROUPS[name]
    rng = np.random.default_rng([seed, n])
    X = rng.standard_normal((n, N_GROUPS * SIZE))
    labels = rng.permutation(np.repeat(np.arange(N_GROUPS), SIZE))
    signal = np.zeros(n)
    for group in range(N_TRUE):
        columns = X[:, labels == group]
        if kind == "squares":
            columns = columns**2 - 1
        signal += columns @ rng.standard_normal(SIZE)
    return X, signal + signal.std() / np.sqrt(2) * rng.standard_normal(n), labels


def groups_job(name, method, seed):
    X, y, labels = made_of_groups(name, seed)

    def fit():
        """Ten groups."""
        if method == "groups":
            selector = flagship(N_TRUE, seed, feature_groups=labels, task="regression").fit(X, y)
            return np.unique(labels[selector.get_support()])
        if method == "best column":
            ranking = flagship(N_TRUE, seed, task="regression").fit(X, y).ranking_
            best = np.array([ranking[labels == group].min() for group in range(N_GROUPS)])
            return np.argsort(best)[:N_TRUE]
        return first_of_group_lasso(X, y, labels)

    return Job(fit, X.nbytes, lambda found: {"score": np.mean(found < N_TRUE)})


def first_of_group_lasso(X, y, labels):
    """The first ten groups along the path."""
    from skglm import GroupLasso

    members = [np.flatnonzero(labels == group).tolist() for group in range(N_GROUPS)]
    y = y - y.mean()
    largest = max(np.linalg.norm(X[:, some].T @ y) for some in members) / len(y)
    for alpha in largest * np.geomspace(1, 0.01, 40):
        coefficients = GroupLasso(members, alpha=alpha).fit(X, y).coef_
        norms = np.array([np.linalg.norm(coefficients[some]) for some in members])
        if np.count_nonzero(norms) >= N_TRUE:
            break
    return np.argsort(-norms)[:N_TRUE]


# Models with a limit of columns.


def limit_job(name, method, seed):
    parts = data.split(name, seed)
    X, _, y, _ = parts
    importlib.import_module("lightgbm")  # no part of a fit

    def report(scores):
        found = {}
        for K in (EVERY,) if method == methods.ALL else LIMITS:
            chosen = None if K == EVERY else evaluation.best(scores, K)
            scaled = train, test, y, y_test = evaluation.standardised(parts, chosen)
            started = time.process_time()
            model = others.light_gbm(len(y), "classification", seed).fit(train, y)
            found[f"lightgbm_{K}"] = 100 * model.score(test, y_test)
            found[f"seconds_{K}"] = time.process_time() - started
            found[f"svc_{K}"] = evaluation.accuracies(scaled, seed, ["svc"])["svc"]
        return {name: round(value, 3) for name, value in found.items()}

    return Job(lambda: methods.METHODS[method](X, y, LIMITS, seed), X.nbytes, report)


def mean(rows, column, digits=1):
    found = numbers(rows, column)
    return f"{np.mean(found):.{digits}f}" if len(found) else "-"


def means(results, problem):
    """A line for each set, a column for each method; mean scores in percent."""
    of, compared = PROBLEMS[problem]
    lines = []
    for one in of:
        line = [one]
        for method in compared:
            rows = results.where(problem=problem, of=one, method=method, status="ok")
            columns = ["score", "score_50"] if problem == "gaps" else ["score"]
            found = [np.mean(numbers(rows, c)) for c in columns if rows]
            line.append(" / ".join(f"{100 * value:.1f}" for value in found) or "-")
        lines.append(line)
    return ["", *compared], lines


def limit_means(results):
    """A line for each number of columns and method: means over all sets."""
    lines = []
    for K in (EVERY, *LIMITS):
        for method in PROBLEMS["limit"][1]:
            rows = results.where(problem="limit", method=method, status="ok")
            if (K == EVERY) == (method == methods.ALL):
                accuracy = [mean(rows, f"{what}_{K}") for what in ("lightgbm", "svc")]
                seconds = [mean(rows, column, 2) for column in ("cpu_seconds", f"seconds_{K}")]
                lines.append([K, method if K != EVERY else "-", *accuracy, *seconds])
    header = ["Columns", "selected by", "LightGBM", "SVC", "select (s)", "LightGBM (s)"]
    return header, lines


def summarise(results, problems):
    for problem in problems:
        table = limit_means(results) if problem == "limit" else means(results, problem)
        show(*table, title=problem)
