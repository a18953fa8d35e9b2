# SPDX-License-Identifier: BSD-3-Clause
"""Samplers of trials: designs of the unit cube, and Optuna's samplers."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from contextlib import contextmanager
from itertools import count, islice
from typing import Protocol

import numpy as np
from scipy.stats import qmc

from .space import Proposal, Space

DESIGNS = ("random", "latin-hypercube", "sobol")
ADAPTIVE = ("nsga2", "tpe", "gp")


class Sampler(Protocol):
    """Protocol of samplers: they propose trials and are told the results in the same order."""

    def propose(self, n: int) -> list[Proposal]:
        """Return the next `n` trials, or fewer if a design is used up."""

    def tell(self, values: Sequence[Sequence[float] | None]) -> None:
        """Take the objectives of all trials since the last call, None for failed ones."""


def make_sampler(
    name: str, space: Space, directions: Sequence[str], n_trials: int | None, batch: int, seed: int
) -> Sampler:
    """Return the sampler of a name.

    Parameters
    ----------
    name : str
    space : Space
    directions : sequence of {"maximize", "minimize"}
        Of the objectives.
    n_trials : int or None
        Trials of the whole search; a Latin hypercube is a design for a number of trials.
    batch : int
        Trials that are proposed at a time.
    seed : int
        Decides the proposals together with the results of earlier ones.
    """
    if name in DESIGNS:
        return _Design(name, space, n_trials, seed)
    return _Optuna(name, space, directions, batch, seed)


class _Design:
    """Points that do not depend on earlier results."""

    def __init__(self, name, space, n_trials, seed):
        self._space = space
        d = len(space.dimensions)
        rng = np.random.default_rng(seed)
        if name == "latin-hypercube":
            self._rows = iter(_seeded(qmc.LatinHypercube, d, rng).random(n_trials))
        elif name == "sobol":
            # One at a time: of more, their number would have to be a power of two.
            engine = _seeded(qmc.Sobol, d, rng)
            self._rows = (engine.random(1)[0] for _ in count())
        else:
            self._rows = (rng.random(d) for _ in count())

    def propose(self, n):
        return [self._space.at(row) for row in islice(self._rows, n)]

    def tell(self, values):
        pass


def _seeded(engine, d, rng):
    # SciPy 1.15 renamed the argument.
    name = "rng" if "rng" in inspect.signature(engine).parameters else "seed"
    return engine(d, **{name: rng})


class _Optuna:
    """Samplers of Optuna, used through ask and tell: Optuna runs no part of the search."""

    def __init__(self, name, space, directions, batch, seed):
        optuna = _import_optuna(name)
        self._optuna = optuna
        self._space = space
        seed %= 2**32
        make = {
            "nsga2": lambda: optuna.samplers.NSGAIISampler(
                population_size=max(2, batch), seed=seed
            ),
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
            "gp": lambda: optuna.samplers.GPSampler(seed=seed),
        }
        with self._quiet():
            self._study = optuna.create_study(directions=list(directions), sampler=make[name]())
        self._asked = []

    def propose(self, n):
        with self._quiet():
            return [self._ask() for _ in range(n)]

    def _ask(self):
        trial = self._study.ask()
        self._asked.append(trial)

        def coordinate(dimension):
            n = dimension.n_choices
            if n is None:
                return float(trial.suggest_float(dimension.key, 0, 1))
            return int(trial.suggest_categorical(dimension.key, range(n)))

        return self._space.walk(coordinate)

    def tell(self, values):
        with self._quiet():
            for trial, of_trial in zip(self._asked, values, strict=True):
                if of_trial is None:
                    self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
                else:
                    self._study.tell(trial, [float(value) for value in of_trial])
        self._asked = []

    @contextmanager
    def _quiet(self):
        """Optuna reports every study and trial to stderr; errors pass."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        try:
            logging.set_verbosity(logging.ERROR)
            yield
        finally:
            logging.set_verbosity(before)


def _import_optuna(name):
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            f"sampler={name!r} needs Optuna: pip install 'sparsefs[optuna]'. Samplers without "
            f"Optuna: {', '.join(map(repr, DESIGNS))}."
        ) from error
    return optuna
