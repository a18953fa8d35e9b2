# SPDX-License-Identifier: BSD-3-Clause
"""The file of a study: what is no study stays as it is, and what is one is read strictly."""

import errno
import functools
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.metrics import make_scorer

from sparsefs import ParetoSearchCV
from sparsefs.search.texts import text_of
from tests.search.toy import Toy, X, y


def search(**settings):
    settings = {"n_trials": 4, "cv": 3, "refit": False, "random_state": 0} | settings
    space = {"quality": uniform(), "size": [1, 2, 3]}
    settings.setdefault("objectives", ("score", "parameters"))
    return ParetoSearchCV(Toy(), settings.pop("space", space), **settings)


@pytest.fixture(autouse=True)
def nothing_fitted():
    Toy.fits = []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.jsonl"


@pytest.fixture
def lines(path):
    """A finished study of four trials: five lines."""
    search(study=path).fit(X, y)
    Toy.fits = []
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    "content",
    [
        b"notes without a line end",
        b"a,b\n1,2\n3,4",
        pickle.dumps({"model": [1, 2]}) + b"\nmore",
        b'{"trial": 0}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\x00\n\x00",
        b"\n",
    ],
)
@pytest.mark.parametrize("random_state", [0, None])
def test_what_is_no_study_is_refused_and_not_changed(content, random_state, path):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"study: '.*study.jsonl' is not a study"):
        search(study=path, random_state=random_state).fit(X, y)
    assert path.read_bytes() == content


@pytest.mark.parametrize("begun", [b"", b'{"sparsefs_study": 1, "se'])
def test_a_study_whose_first_line_was_being_written_begins_anew(begun, path):
    path.write_bytes(begun)
    search(study=path).fit(X, y)
    assert len(path.read_text().splitlines()) == 5


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_and_a_directory_are_refused(path, tmp_path):
    os.mkfifo(path)
    for place in (path, tmp_path):
        with pytest.raises(ValueError, match="is not a file"):
            search(study=place, random_state=None).fit(X, y)


def test_a_study_in_no_folder_names_the_parameter_and_the_file(path):
    with pytest.raises(OSError, match=r"study: .*absent/a.jsonl"):
        search(study=path.parent / "absent" / "a.jsonl").fit(X, y)


def changed(line, **values):
    return json.dumps(json.loads(line) | values).encode() + b"\n"


FOLDS = [{"fit_time": 0.0, "score_time": 0.0, "test_score": 0.5, "parameters": 1.0}] * 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.replace(b"test_score", b"test_scor\xff"),
        lambda line: line[: len(line) // 2] + b"\n",
        lambda line: b"[1, 2]\n",
        lambda line: b"[" * 100_000 + b"\n",
        lambda line: b"\n",
        lambda line: changed(line, trial="2"),
        lambda line: changed(line, trial=-1),
        lambda line: changed(line, trial=True),
        lambda line: changed(line, params=None),
        lambda line: changed(line, error=3),
        lambda line: changed(line, folds=FOLDS[:2]),
        lambda line: changed(line, folds=[1, 2, 3]),
        lambda line: changed(line, folds=[FOLDS[0] | {"test_score": float("nan")}] * 3),
        lambda line: changed(line, folds=[FOLDS[0] | {"test_score": float("inf")}] * 3),
        lambda line: changed(line, folds=[FOLDS[0] | {"test_score": "0.5"}] * 3),
        lambda line: changed(line, folds=[FOLDS[0] | {"parameters": 10**400}] * 3),
        lambda line: changed(line, folds=[{"fit_time": 0.0, "score_time": 0.0}] * 3),
        lambda line: line.replace(b'"test_score": 0', b'"test_score": 1e999, "x": 0'),
    ],
)
def test_a_damaged_study_names_the_file_and_the_line(damage, path, lines):
    lines[3] = damage(lines[3])
    path.write_bytes(b"".join(lines))
    with pytest.raises(ValueError, match=r"study: '.*study.jsonl' is damaged: line 4 "):
        search(study=path, n_trials=6).fit(X, y)
    assert path.read_bytes() == b"".join(lines) and Toy.fits == []


def test_a_trial_whose_line_was_removed_is_repeated(path, lines):
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    made = search(study=path).fit(X, y)
    assert len(Toy.fits) == 3
    whole = search().fit(X, y)
    np.testing.assert_array_equal(
        made.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize("missing", [1, 2, 30])
def test_a_last_line_that_was_being_written(missing, path, lines):
    path.write_bytes(b"".join(lines)[:-missing])
    search(study=path).fit(X, y)
    assert len(Toy.fits) == (0 if missing == 1 else 3)  # only the line end: nothing is lost
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [record.get("trial") for record in records] == [None, 0, 1, 2, 3]


def test_values_that_json_does_not_have_are_found_again(path):
    made = search(space={"kind": [float("nan"), float("inf"), "a"]}, n_trials=3, study=path)
    made.fit(X, y)
    Toy.fits = []
    clone(made).fit(X, y)
    assert Toy.fits == []


def test_a_study_in_use_is_refused(path):
    class Nested(Toy):
        def fit(self, X, y=None):
            search(study=path).fit(X, y)

    made = ParetoSearchCV(Nested(), {"size": [1]}, study=path, error_score="raise", cv=2)
    with pytest.raises(ValueError, match="is in use by another search"):
        made.fit(X, y)
    with pytest.raises(ValueError, match="belongs to another search"):  # it was given back
        search(study=path).fit(X, y)


def test_a_study_that_is_removed_during_the_search_is_an_error(path):
    class Removes(Toy):
        def fit(self, X, y=None):
            path.unlink(missing_ok=True)
            return super().fit(X, y)

    with pytest.raises(ValueError, match="was removed or replaced"):
        ParetoSearchCV(Removes(), {"size": [1, 2]}, study=path, cv=2).fit(X, y)


class FullDisk:
    """A file of which only the first bytes of the second write still fit."""

    def __init__(self, file):
        self.file, self.n = file, 0

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, content):
        self.n += 1
        if self.n == 2:
            return self.file.write(content[:10])
        if self.n > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(content)


def test_a_full_disk_leaves_whole_lines_and_names_the_file(path, monkeypatch):
    from sparsefs.search import study

    monkeypatch.setattr(study, "open", lambda *a, **k: FullDisk(open(*a, **k)), raising=False)  # noqa: SIM115
    monkeypatch.setattr(study, "lock", lambda file: True)
    with pytest.raises(OSError, match=r"study: No space left.*study.jsonl") as raised:
        search(study=path).fit(X, y)
    assert raised.value.errno == errno.ENOSPC
    (about,) = path.read_bytes().splitlines(keepends=True)
    assert about.endswith(b"\n")


def test_a_cost_that_is_no_number_fails_its_trial(path):
    class Free(Toy):
        def fit(self, X, y=None):
            super().fit(X, y)
            self.costs_["parameters"]["sparse"] = float("nan")
            return self

    made = ParetoSearchCV(
        Free(), {"size": [1]}, study=path, cv=2, objectives=("score", "parameters")
    )
    for _ in range(2):
        with pytest.raises(ValueError, match=r"All 1 trials failed.*'parameters' is nan"):
            made.fit(X, y)


# texts by which searches are compared


def at(p):
    return lambda estimator, X, y: p


def nested(p):
    return (lambda X: [v + 1 for v in X]) if p else (lambda X: [v + 2 for v in X])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (at(0.1), at(0.9)),
        (lambda X, p=1: p, lambda X, p=2: p),
        (lambda X, *, p=1: p, lambda X, *, p=2: p),
        (lambda X: (lambda v: v + 1)(X), lambda X: (lambda v: v + 2)(X)),
        (functools.partial(at(1), 2), functools.partial(at(1), 3)),
        (make_scorer(lambda y, p: 0.0), make_scorer(lambda y, p: 1.0)),
        ({"a": at(1)}, {"a": at(2)}),
        (frozenset({1, 2}), frozenset({1, 3})),
    ],
)
def test_what_acts_differently_has_another_text(first, second):
    assert text_of(first) != text_of(second)
    assert text_of(first) == text_of(first)


def test_the_text_of_a_set_is_sorted():
    assert text_of({"b", "c", "a"}) == text_of(frozenset("cab")) == "{'a', 'b', 'c'}"


@pytest.mark.slow
def test_texts_do_not_depend_on_the_seed_of_hashes():
    program = """
from sparsefs.search.texts import text_of
names = {"alpha", "beta", "gamma", "delta"}
print(text_of(lambda x: x in {"alpha", "beta", "gamma", "delta"}))
print(text_of(names), text_of({"a": names}), text_of(frozenset(names)))
"""
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1 and texts.pop()
