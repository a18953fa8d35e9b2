# SPDX-License-Identifier: BSD-3-Clause
"""What holds for every case. A check yields a sentence for every violation."""

from __future__ import annotations

import copy
import pickle
import re
import traceback
import warnings

import numpy as np
from sklearn.base import clone

from sparsefs.data import RowTable
from tests.fuzz.cases import DIMENSIONS
from tests.fuzz.draw import FINE, UNSURE

_ALLOWED = (ValueError, TypeError, FloatingPointError)
_NAMED = r"\bX\b|\by\b|column|feature|sample|class|label|learning rate|score|density|\bK\b|fold"


def verdicts(case):
    """Of the selector and the data; others' estimators may take more, or less."""
    found = [case.subject.verdict, *(part.verdict for part in (case.X, case.y, case.weight))]
    if case.subject.foreign:
        found[1:] = [FINE if v == FINE else UNSURE for v in found[1:]]
        found[0] = UNSURE if found[0] == FINE else found[0]
    return found


def refused_as_it_should(case, outcome):
    """What is unusable is refused; the message names it."""
    reasons = [verdict for verdict in verdicts(case) if verdict not in (FINE, UNSURE)]
    error = outcome.error
    if reasons and error is None:
        yield f"was fitted, and should be refused for {reasons}"
    elif set(verdicts(case)) == {FINE} and error is not None:
        yield f"was refused: {error!r}"
    elif error is not None and (not case.subject.foreign or _is_ours(error)):
        names = [*reasons]
        several = UNSURE in verdicts(case) or len(case.subject.params) > 1
        if several or not reasons:  # it may be something else
            params = {**case.subject.make().get_params(), **case.subject.params}
            names += [_NAMED, *map(re.escape, params)]
        if not re.search("|".join(names), str(error), re.DOTALL):
            yield f"the message does not say {reasons or 'what is wrong'}: {error!r}"


def _is_ours(error):
    """Whether an error comes from the library, and not from an estimator of the user's."""
    return "/sparsefs/" in traceback.extract_tb(error.__traceback__)[-1].filename


def errors_are_of_the_user(case, outcome):
    """An error is of an allowed type, and comes before the training."""
    error = outcome.error
    if error is None or (case.subject.foreign and not _is_ours(error)):
        return
    exact = type(error)
    if not isinstance(error, _ALLOWED) or issubclass(exact, (UnicodeError, AttributeError)):
        yield f"{exact.__name__}: {error}"
    late = outcome.n_epochs and case.subject.kind == "selector" and not _chooses(case)
    if late and not isinstance(error, FloatingPointError):
        yield f"came after {outcome.n_epochs} epochs: {error!r}"
    if len(str(error)) > 1500:
        yield f"a message of {len(str(error))} characters: {error!r}"


def _chooses(case):
    return not isinstance(case.subject.make().get_params().get("K", 1), (int, float))


def nothing_else_is_changed(case, outcome):
    """Global state and the user's data are as before."""
    changed = set(outcome.changed)
    if case.subject.kind == "search":
        changed -= {"numpy's generator"}  # scikit-learn's, which have no seed
    if changed:
        yield f"changed: {sorted(changed)}"


def warnings_are_for_the_user(case, outcome):
    """No warning is of an internal kind."""
    for w in outcome.warnings:
        internal = not issubclass(w.category, UserWarning) or "torch" in w.filename
        if internal and (not case.subject.foreign or "/sparsefs/" in w.filename):
            yield f"{w.category.__name__} in {w.filename.split('/')[-1]}:{w.lineno}: {w.message}"


def fitted_attributes_agree(case, outcome):
    """Scores, ranking, support, transform and K say the same."""
    fitted = outcome.fitted
    if fitted is None:
        return
    if case.subject.kind == "curve":
        yield from _curve(case, fitted)
        return
    if case.subject.kind == "search":
        yield from _search(case, fitted)
        return
    scores, ranking, d = fitted.scores_, fitted.ranking_, case.X.plain.shape[1]
    if scores.shape != (d,) or not np.isfinite(scores).all():
        yield f"scores_ {scores}"
    if sorted(ranking) != list(range(1, d + 1)):
        yield f"ranking_ {ranking}"
        return
    used = slice(None)
    w = case.weight.plain
    if w is not None and not w.all():
        used = w > 0
    rows = case.X.plain[used]
    varying = (rows != rows[:1]).any(axis=0) | (case.subject.kind != "selector")
    order = np.argsort(ranking)
    if (np.diff(scores[order][varying[order]]) > 0).any():
        yield f"scores_ {scores} do not agree with ranking_ {ranking}"
    last = (np.diff(varying[order].astype(int)) <= 0).all() and not scores[~varying].any()
    if not last and case.weight.exact is not None:
        yield f"constant features are not last: {ranking}, {scores}"
    mask, K = fitted.get_support(), fitted.get_params().get("K")
    if case.subject.kind == "stability":
        by_rate = fitted.control == "fdr"
        chosen = fitted.q_values_ <= fitted.level if by_rate else scores >= fitted.threshold_
        n = int(chosen.sum())
    else:
        n = _number(K, d) or int(fitted.K_)
    if mask.sum() != n or not np.array_equal(mask, ranking <= n) or (fitted.support_ != mask).any():
        yield f"K={K!r}: support {mask} of ranking {ranking}, expected {n}"
    out = outcome.transformed
    expected = case.X.plain[:, mask]
    is_plain = case.X.verdict == FINE  # of other kinds, `plain` is something else
    same_values = not is_plain or np.array_equal(out.astype(float), expected)
    several = not is_plain and fitted.get_params().get("output") == "encoded"  # inputs of a date
    if not several and (out.shape != expected.shape or not same_values):
        yield f"transform gives {out}, not {expected}"
    for name in ("history_", "costs_"):
        for key, value in getattr(fitted, name, {}).items():
            value = list(value.values()) if isinstance(value, dict) else value
            if not np.isfinite(value).all():
                yield f"{name}[{key!r}] is {value}"


def _number(K, d):
    if isinstance(K, (int, np.integer)):
        return min(K, d)
    return max(1, round(K * d)) if isinstance(K, (float, np.floating)) else None


def _curve(case, curve):
    if (np.diff(curve.Ks) <= 0).any() or curve.scores.shape[0] != len(curve.Ks):
        yield f"Ks {curve.Ks}, scores {curve.scores}"
    if not np.isfinite(curve.scores).all():
        yield f"scores {curve.scores}"
    if any(sorted(ranking) != list(range(1, len(ranking) + 1)) for ranking in curve.rankings):
        yield f"rankings {curve.rankings}"
    if curve.choose("best") not in curve.Ks:
        yield f"chose {curve.choose('best')} of {curve.Ks}"


def _search(case, search):
    results = search.cv_results_
    done = [status == "complete" for status in results["status"]]
    if not set(search.pareto_front_) <= set(np.flatnonzero(done)):
        yield f"the front {search.pareto_front_} has trials that are not complete: {done}"
    if not np.isfinite(search.hypervolume_).all():
        yield f"hypervolume_ {search.hypervolume_}"
    for params, n, complete in zip(results["params"], results["mean_n_features"], done):
        if complete and n != _number(*params.values(), case.X.plain.shape[1]):
            yield f"{n} features with {params}"


def the_same_again(case, outcome):
    """The same seed, a clone and a refit give the same scores; a pickle selects the same."""
    state = case.subject.make().get_params().get("random_state", 0)
    if outcome.fitted is None or state is None:
        return
    difference = outcome.differs(case.attempt(), exact=True)
    if difference:
        yield f"two fits differ: {difference}"
    if case.subject.kind == "curve":
        return
    loaded = pickle.loads(pickle.dumps(outcome.fitted))
    if hasattr(loaded, "support_") and (loaded.support_ != outcome.fitted.support_).any():
        yield "the pickle selects others"
    copied, drawn = (
        re.sub(" at 0x[0-9A-Fa-f]*", "", repr(e))
        for e in (clone(outcome.fitted), case.subject.make())
    )
    if copied != drawn:
        yield f"the clone of the fitted is {copied}"


def the_form_does_not_matter(case, outcome):
    """Plain data in plain surroundings give the same, and are refused for the same."""
    plain = DIMENSIONS
    parts = case.X, case.y, case.weight
    if set(verdicts(case)) - {FINE, UNSURE} or {p.verdict for p in parts} - {FINE, UNSURE}:
        return
    other_content = any(part.exact is None for part in parts)
    on_disk = isinstance(case.X.value, RowTable) and case.subject.kind != "selector"
    may_fail = case.subject.foreign or on_disk or any(part.verdict == UNSURE for part in parts)
    state = case.subject.make().get_params().get("random_state", 0)
    if other_content or state is None or (outcome.error is not None and may_fail):
        return
    exact = all(part.exact for part in parts)
    if case.subject.foreign:
        exact = None
    if not exact and not (case.subject.tame and case.X.tame and case.y.tame):
        exact = None
    if case.surroundings == "small chunks":
        exact = None  # rows are shuffled otherwise
    twin = case.attempt(plain)
    difference = outcome.differs(twin, exact)
    if difference:
        alone = [d for d in plain if not case.attempt((d,)).differs(twin, exact)]
        yield f"depends on {alone or 'several forms'}: {difference}"


def K_may_follow(case, outcome):
    """`set_params(K=...)` changes the selection without a fit."""
    fitted, d = copy.copy(outcome.fitted), case.X.plain.shape[1]
    if case.subject.kind not in ("selector", "ensemble") or fitted is None:
        return
    for K in (1, d, 0.5, d + 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            n = int(fitted.set_params(K=K).get_support().sum())
        if n != _number(K, d):
            yield f"set_params(K={K}) selects {n} of {d}"


def an_earlier_fit_is_kept(case, outcome):
    """A fit that fails leaves what the earlier fit has found."""
    fitted = outcome.fitted
    if fitted is None or not hasattr(fitted, "scores_"):
        return
    found = {k: copy.copy(v) for k, v in vars(fitted).items() if k.endswith("_")}
    X, y, weights = case.data(DIMENSIONS)
    bad = np.full((len(X), 1), np.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted.fit(bad, y, **weights)
            if case.subject.kind == "selector":
                yield "a later fit to inf did not fail"
            return
        except (ValueError, TypeError):
            pass
    for name, value in found.items():
        now = getattr(fitted, name, None)
        if isinstance(value, np.ndarray) and not np.array_equal(now, value):
            yield f"{name} was {value}, and is {now} after a fit that failed"


CHECKS = (
    refused_as_it_should,
    errors_are_of_the_user,
    nothing_else_is_changed,
    warnings_are_for_the_user,
    fitted_attributes_agree,
    the_same_again,
    the_form_does_not_matter,
    K_may_follow,
    an_earlier_fit_is_kept,
)
