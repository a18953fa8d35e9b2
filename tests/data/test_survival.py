# SPDX-License-Identifier: BSD-3-Clause
"""Events and times: how they are read and refused, and Harrell's concordance."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sparsefs.data.survival import concordance
from sparsefs.data.target import Target, as_array, strata, task_of, validation_split

EVENT = np.array([1, 0, 1, 0, 1, 0], dtype=bool)
TIME = np.array([3.5, 1, 2, 2, 9, 7])


def structured(event=EVENT, time=TIME, names=("event", "time")):
    y = np.empty(len(event), dtype=[(names[0], np.asarray(event).dtype), (names[1], float)])
    y[names[0]], y[names[1]] = event, time
    return y


def fields_swapped():
    y = np.empty(6, dtype=[("days", np.int32), ("dead", bool)])
    y["days"], y["dead"] = TIME * 2, EVENT
    return y


FORMS = {
    "structured": structured(),
    "other names": structured(names=("cens", "t")),
    "swapped fields": fields_swapped(),
    "record array": structured().view(np.recarray),
    "array": np.column_stack([EVENT, TIME]),
    "swapped array": np.column_stack([TIME, EVENT]),
    "list": [[bool(e), float(t)] for e, t in zip(EVENT, TIME, strict=True)],
    "frame": pd.DataFrame({"t": TIME, "died": EVENT}),
    "nullable frame": pd.DataFrame({"died": EVENT.astype(int), "t": TIME}).convert_dtypes(),
    "sparse": sparse.csr_matrix(np.column_stack([EVENT, TIME])),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_same_meaning(form):
    target = Target.of(FORMS[form], "survival")
    assert (target.task, target.n_outputs, target.classes) == ("survival", 1, None)
    np.testing.assert_array_equal(target.values, np.column_stack([EVENT, [2, 0, 1, 1, 4, 3]]))
    assert target.values.dtype == np.float32
    np.testing.assert_array_equal(target.strata, EVENT)
    np.testing.assert_array_equal(strata(FORMS[form], "survival"), EVENT)
    np.testing.assert_array_equal(as_array(FORMS[form], "survival")["event"], EVENT)


def test_structured_arrays_are_recognised():
    assert task_of(structured()) == "survival"
    assert Target.of(structured()).task == "survival"
    np.testing.assert_array_equal(strata(structured()), EVENT)
    assert task_of(np.column_stack([EVENT, TIME])) == "regression"


def test_only_the_order_of_the_times_counts():
    values = Target.of(structured()).values
    np.testing.assert_array_equal(values, Target.of(structured(time=1e9 * TIME + 1e15)).values)


def with_time(i, value):
    time = TIME.copy()
    time[i] = value
    return structured(time=time)


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        (with_time(3, -1), "auto", "negative in row 3: -1"),
        (with_time(4, np.nan), "auto", "1 NaN or inf values, in row 4"),
        (np.column_stack([EVENT, with_time(2, np.inf)["time"]]), "survival", "in row 2"),
        (structured(event=EVENT & False), "auto", "no events: all 6 samples"),
        (structured(time=np.where(EVENT, 10, 1)), "auto", "No sample in y outlasts an event"),
        (np.column_stack([EVENT, EVENT]), "survival", "either could be the event"),
        (np.column_stack([TIME, TIME]), "survival", "No column of y contains only zeros and ones"),
        (TIME, "survival", "needs events and times"),
        (np.column_stack([EVENT, TIME, TIME]), "survival", "needs events and times"),
        (np.array(["a", "b"] * 3), "survival", "needs events and times"),
        (structured(event=EVENT.astype(int)), "auto", "a boolean field"),
        (structured(), "classification", "'classification' does not suit"),
        (structured(), "regression", "'regression' does not suit"),
        (np.zeros(5, dtype=[("a", bool), ("b", bool)]), "auto", "a boolean field"),
        (np.zeros(5, dtype=[("a", bool), ("b", float), ("c", float)]), "auto", "a boolean field"),
    ],
)
def test_what_is_refused(y, task, message):
    with pytest.raises(ValueError, match=message):
        Target.of(y, task)


def test_samples_of_weight_zero_have_no_events():
    with pytest.raises(ValueError, match="no events"):
        Target.of(structured(), "auto", (~EVENT).astype(float))


def test_events_keep_their_share_in_the_validation_part():
    rng = np.random.default_rng(0)
    event = rng.random(200) < 0.1
    target = Target.of(structured(event, rng.random(200)))
    train, held_out = validation_split(target, np.arange(200), 0.25, rng)
    assert abs(event[held_out].sum() - event.sum() / 4) <= 1 and event[train].any()


def literal_concordance(y, risk, weight):
    right = total = 0.0
    for i in range(len(y)):
        for j in range(len(y)):
            earlier = y["time"][i] < y["time"][j]
            censored_then = y["time"][i] == y["time"][j] and not y["event"][j]
            if y["event"][i] and (earlier or censored_then):
                total += weight[i] * weight[j]
                won = 1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0
                right += weight[i] * weight[j] * won
    return right / total


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [2, 31, 32, 33, 100])
def test_concordance_is_that_of_the_double_loop(n, weighted):
    rng = np.random.default_rng(0)
    for n_values in (2, 5, 1000):
        event = rng.random(n) < 0.5
        event[0] = True
        y = structured(event, np.append(0, rng.integers(1, 1 + n_values, n - 1)))
        risk, weight = rng.integers(0, n_values, n), rng.random(n)
        expected = literal_concordance(y, risk, weight if weighted else np.ones(n))
        found = concordance(y, risk, weight if weighted else None)
        assert found == pytest.approx(expected, abs=1e-12)


def test_concordance_by_hand():
    y = structured()
    # 6 pairs, one of them an event and a censoring at time 2.
    assert concordance(y, -TIME) == 11 / 12 and concordance(y, TIME) == 1 / 12
    assert concordance(y, np.zeros(6)) == 0.5
    assert np.isnan(concordance(structured(event=EVENT & False), TIME))
