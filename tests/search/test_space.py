# SPDX-License-Identifier: BSD-3-Clause
"""Search spaces: values, conditions, and errors that name the parameter."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import expon, loguniform, randint, uniform
from sklearn.svm import SVC

from sparsefs.search import Conditional
from sparsefs.search.samplers import ADAPTIVE, DESIGNS, make_sampler
from sparsefs.search.space import Space


def draw(space, n=200, sampler="random", seed=0):
    space = Space(space)
    n = min(n, 14) if sampler == "gp" else n  # the first ten are random, each further one is slow
    made = make_sampler(sampler, space, ["minimize", "maximize"], n, 10, seed)
    proposals = []
    while len(proposals) < n:
        batch = made.propose(min(10, n - len(proposals)))
        made.tell([[len(p.params), 1.0] for p in batch])
        proposals += batch
    return proposals


def params(*args, **kwargs):
    return [proposal.params for proposal in draw(*args, **kwargs)]


ADAPTIVE_ONES = [
    pytest.param(name, marks=pytest.mark.slow if name == "gp" else ()) for name in ADAPTIVE
]
every_sampler = pytest.mark.parametrize("sampler", [*DESIGNS, *ADAPTIVE_ONES])


@every_sampler
def test_values_are_of_the_space_and_plain(sampler):
    space = {
        "share": uniform(0.1, 0.4),
        "rate": loguniform(1e-4, 1),
        "n": randint(1, 6),
        "kind": ["a", "b", None],
        "size": np.array([8, 16]),
    }
    seen = params(space, n=30, sampler=sampler)
    assert all(list(p) == list(space) for p in seen)
    assert all(0.1 <= p["share"] <= 0.5 and type(p["share"]) is float for p in seen)
    assert all(1e-4 <= p["rate"] <= 1 for p in seen)
    assert {p["n"] for p in seen} <= set(range(1, 6))
    assert all(type(p["n"]) is int and type(p["size"]) is int for p in seen)
    assert {p["kind"] for p in seen} == {"a", "b", None}


@every_sampler
def test_proposals_follow_from_the_seed(sampler):
    space = {"a": uniform(), "b": [1, 2, 3]}
    first, again, other = (params(space, n=20, sampler=sampler, seed=s) for s in (3, 3, 4))
    assert first == again
    assert first != other


@every_sampler
def test_proposals_leave_the_global_random_state(sampler):
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    params({"a": uniform()}, n=12, sampler=sampler)
    assert (np.random.get_state()[1] == before).all()


@every_sampler
def test_a_parameter_exists_where_its_conditions_hold(sampler):
    space = {
        "fraction": Conditional(uniform(), density=[0.1], topology=["set", "rigl"]),
        "density": Conditional([0.1, 0.5], topology=["set", "rigl"]),
        "topology": ["set", "rigl", "dense"],
    }
    seen = params(space, n=60, sampler=sampler)
    for p in seen:
        assert ("density" in p) == (p["topology"] != "dense")
        assert ("fraction" in p) == (p.get("density") == 0.1)
    assert {len(p) for p in seen} == {1, 2, 3}


@pytest.mark.parametrize(
    ("condition", "choices"),
    [
        (2, [2, 3]),
        (range(2, 3), [2, 3]),
        (np.array([2]), [2, 3]),
        ({2: None}.keys(), [2, 3]),
        ("two", ["two", "three"]),
        ((2, 2), [(2, 2), (3, 3)]),
        ([(2, 2)], [(2, 2), (3, 3)]),
        (2, [2, None, SVC()]),
    ],
)
def test_a_condition_may_be_one_value_or_several(condition, choices):
    seen = params({"a": Conditional([1], b=condition), "b": choices}, n=20)
    assert all(("a" in p) == (p["b"] is choices[0]) for p in seen)
    assert {"a" in p for p in seen} == {True, False}


def test_a_condition_may_name_values_of_a_distribution():
    seen = params({"a": Conditional([1], n=range(3, 9)), "n": randint(1, 6)}, n=40)
    assert all(("a" in p) == (p["n"] >= 3) for p in seen)


@every_sampler
def test_of_several_spaces_a_trial_takes_one(sampler):
    seen = params([{"a": [1, 2]}, {"a": uniform(5, 1), "b": [0]}], n=40, sampler=sampler)
    assert {tuple(p) for p in seen} == {("a",), ("a", "b")}
    assert all((p["a"] in (1, 2)) == ("b" not in p) for p in seen)


def test_a_latin_hypercube_has_a_point_in_every_slice():
    values = sorted(p["a"] for p in params({"a": uniform()}, n=50, sampler="latin-hypercube"))
    assert (np.floor(np.array(values) * 50) == np.arange(50)).all()


def test_a_sobol_sequence_goes_on_where_it_stopped():
    few, more = (params({"a": uniform(), "b": uniform()}, n=n, sampler="sobol") for n in (10, 32))
    assert more[:10] == few
    # and is even: each of 32 slices has one of 32 points, in every dimension
    for name in ("a", "b"):
        assert len({int(p[name] * 32) for p in more}) == 32


def test_unbounded_distributions_give_finite_values():
    space = Space({"a": expon()})
    assert all(0 <= space.at(np.array([u])).params["a"] < 50 for u in (0.0, 0.5, 1.0))


def test_equal_parameters_have_one_identity():
    proposals = draw({"n": randint(1, 4), "clf": [SVC(), SVC(C=2)], "x": ["a", "b"]}, n=60)
    by_value = {}
    for proposal in proposals:
        p = proposal.params
        by_value.setdefault((p["n"], p["clf"].C, p["x"]), set()).add(proposal.identity)
    assert len(by_value) == 12
    assert all(len(identities) == 1 for identities in by_value.values())


@pytest.mark.slow
def test_the_text_of_a_space_is_the_same_in_every_process():
    program = (
        "from scipy.stats import loguniform; from sparsefs.search import Conditional;"
        "from sparsefs.search.space import Space; from math import sin;"
        "print(Space({'a': loguniform(1, 9), 'f': [sin, lambda x: x, None],"
        "             'b': Conditional([1], f=[None])}))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(texts) == 1
    assert "loguniform(1, 9)" in texts.pop()


@pytest.mark.parametrize(
    ("space", "error", "message"),
    [
        ({}, ValueError, "no dict may be empty"),
        ([], ValueError, "no dict may be empty"),
        ([{"a": [1]}, {}], ValueError, "no dict may be empty"),
        ({"a": []}, ValueError, "'a' has no choices"),
        ({"a": "linear"}, ValueError, r"'a' is a str; a single choice is \['linear'\]"),
        ({"a": 3}, TypeError, "'a' must be a list of choices or have a 'ppf'"),
        ({"a": {1, 2}}, TypeError, "'a' must be a list of choices"),
        ({"a": iter([1, 2])}, TypeError, "'a' must be a list of choices"),
        ({"a": {1: 2}}, TypeError, "'a' must be a list of choices"),
        ({"a": randint(5, 1)}, ValueError, "'a' has a distribution without values"),
        (
            {"a": Conditional([1], b=[2, 20]), "b": [1, 2]},
            ValueError,
            "'a' depends on a value that 'b' never has",
        ),
        ({"a": Conditional([1], b=2)}, ValueError, r"'a' depends on \['b'\]"),
        (
            {"a": Conditional([1], b=2), "b": Conditional([2], a=1)},
            ValueError,
            r"\['a', 'b'\] depend on each other",
        ),
    ],
)
def test_what_is_no_space_is_refused(space, error, message):
    with pytest.raises(error, match=message):
        Space(space)


def test_a_condition_is_needed():
    with pytest.raises(ValueError, match="Conditional needs a condition"):
        Conditional([1, 2])
