# SPDX-License-Identifier: BSD-3-Clause
"""Cross-validated search for several objectives: scores, and costs in features, bytes or FLOPs."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import clone
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.utils import get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_method_params, check_is_fitted

from ..data import RowTable
from ..data.inputs import table_on_disk
from ..data.kinds import on_host, refuse_masked
from ..evaluation.folds import strata_of, that_knows_the_task
from ..selectors.base import refuse_booleans
from ..utils.estimators import BaseSearchCV, with_callbacks
from ..utils.random import seed_of
from .choice import RULES, chosen, front_of, to_minimise
from .evaluation import Task
from .front import hypervolumes, non_dominated_layers
from .objectives import as_scorer, has_score, objectives_in, objectives_of
from .progress import SearchProgress
from .results import cv_results, warn_of_failures
from .samplers import ADAPTIVE, DESIGNS, make_sampler
from .space import Space
from .splits import routed_and_splits
from .study import found_in, study_of
from .trials import Trials

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..utils.typing import Data, Estimator, Floats, Ints, PathLike, RandomState, Splits


class ParetoSearchCV(BaseSearchCV):
    """Cross-validated search for several objectives at once: scores and costs.

    It tries parameters of a selector, or of a pipeline that contains one, and finds those that no
    other beats in every objective: the Pareto front. A rule chooses one of them, which is fitted
    to all data.

    Parameters
    ----------
    estimator : estimator
        It is cloned and stays as it is.
    param_space : dict or list of dict
        Names of parameters, and for each a list of choices, a distribution with a ``ppf``, such
        as the frozen ones of `scipy.stats`, or a :class:`~sparsefs.search.Conditional` that
        exists only if other parameters have certain values. With a list of dicts, each trial
        takes one at random, all with equal probability.
    objectives : str, or sequence or dict of them, default=("score", "n_features")
        Scores to maximise: ``"score"`` for the estimator's own, or names of scikit-learn's
        scorers. Costs to minimise: ``"n_features"``, ``"parameters"``, ``"bytes"``,
        ``"inference_flops"`` (of one sample), ``"training_flops"`` and ``"fit_time"`` (seconds).
        A dict gives names to scorers, which may then be callables ``scorer(estimator, X, y)``.
    sampler : {"random", "latin-hypercube", "sobol", "nsga2", "tpe", "gp"}, default="random"
        How to choose trials. The first three do not use results. The others are Optuna's
        (``pip install "sparsefs[optuna]"``): the genetic algorithm NSGA-II, the tree-structured
        Parzen estimator, and Gaussian processes.
    n_trials : int or None, default=50
        Trials, at most; None for no limit, then `max_seconds` must be given.
    max_seconds : float or None, default=None
        Begin no trial later than this. The number of trials then depends on the machine.
    batch_size : int or "auto", default="auto"
        Trials proposed at a time, before any of their results; with ``"nsga2"`` the population.
        ``"auto"`` is a tenth of `n_trials`, from 4 to 50, for ``"nsga2"``, and 1 for the others.
        Not used by samplers that do not use results.
    cv : int, cross-validation generator or iterable, default=None
        Folds, as in `GridSearchCV`: None is 5, and classes, or events, keep their shares, also
        where the estimator is a selector. All trials have the same.
    refit : {"one_standard_error", "knee"}, name of an objective, callable or False, \
            default="one_standard_error"
        Which trial to fit to all data. ``"one_standard_error"``: the cheapest whose score is
        within a standard error of the best. ``"knee"``: the one on the front that is farthest
        above its chord, the cost on a logarithmic scale. Both weigh the first score against the
        first cost in `objectives`. The name of an objective: the best in that one. A callable is
        given `cv_results_` and returns an index. False fits none.
    study : str, path-like or None, default=None
        File of the trials, written as they end. If it exists, the search resumes from it, with
        the result of an uninterrupted search. The file of another search, or what is no study, is
        refused and not changed. One search at a time can use a file.
    error_score : "raise" or nan, default=nan
        Whether to raise the error of a trial, or to record it and continue.
    return_train_score : bool, default=False
        Whether to score the training samples too.
    n_jobs : int or None, default=None
        Folds at the same time; None means 1 unless in a ``joblib.parallel_config`` context, -1
        all processors. Apart from times, the result does not depend on it.
    verbose : int or bool, default=0
        Whether to show a progress bar.
    random_state : int, RandomState instance or None, default=None
        Decides the trials. The estimator's ``random_state`` is not changed.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray or list
        An entry per trial: ``params``, and ``param_<name>``, masked if it does not exist; for
        every score ``mean_test_<name>``, ``std_test_<name>``, ``rank_test_<name>`` and
        ``split<i>_test_<name>``; for every cost the same without ``test_``, such as
        ``mean_n_features``; mean and std of ``fit_time`` and ``score_time`` in seconds;
        ``status``, ``"complete"`` or ``"failed"``, and ``error``, a str or None.
    pareto_front_ : ndarray of int
        Trials that no other dominates, the best in the first objective first.
    non_dominated_layers_ : list of ndarray of int
        The front, the front of the rest, and so on.
    hypervolume_ : ndarray of shape (n_trials,), dtype float64
        Share of a box that the trials up to each one dominate. In every objective, the box goes
        from the best mean of all trials to the worst, and a tenth of that distance beyond.
    best_index_, best_params_, best_score_, best_estimator_, refit_time_
        The trial that `refit` chooses; ``best_score_`` is its mean in the first score. Missing
        with ``refit=False``.
    objectives_ : dict of str to {"maximize", "minimize"}
        Objectives and their directions.
    scorer_ : callable or None
        Scorer of the first score, which `score` uses.
    n_splits_ : int
        Number of folds.
    n_features_in_, feature_names_in_, classes_
        As of ``best_estimator_``, if it has them.

    See Also
    --------
    sparsefs.ParetoDisplay : Draws the front.
    sparsefs.CrossValidatedK : Chooses the number of features alone, much faster: one fit of the
        selector per fold serves every number.

    Notes
    -----
    Costs are those of the fitted estimator. ``n_features`` is the number of features that its last
    selector selects; all features if it has no selector. The other costs, except ``fit_time``, are
    the sum of the ``costs_`` of its parts. Parts without ``costs_`` do not count.

    A proposal that repeats an earlier trial is not a trial. A search ends before `n_trials` if
    nothing new is proposed any more, for instance because all choices have been tried. If a fold
    fails, its whole trial has failed: it has no mean and is in no layer.

    References
    ----------
    Deb, K., Pratap, A., Agarwal, S. and Meyarivan, T. "A fast and elitist multiobjective genetic
    algorithm: NSGA-II." IEEE Transactions on Evolutionary Computation 6, 2002.

    Hastie, T., Tibshirani, R. and Friedman, J. "The elements of statistical learning." 2nd edition,
    section 7.10, 2009 (the rule of one standard error).

    Examples
    --------
    >>> from scipy.stats import randint
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.pipeline import Pipeline
    >>> from sklearn.svm import SVC
    >>> from sparsefs import NeuronAttributionSelector, ParetoSearchCV
    >>> X, y = load_digits(return_X_y=True)
    >>> fs = NeuronAttributionSelector(max_iter=5, random_state=0)
    >>> pipeline = Pipeline([("fs", fs), ("clf", SVC())])
    >>> space = {"fs__K": randint(1, 65), "clf__C": [1, 10]}
    >>> search = ParetoSearchCV(pipeline, space, n_trials=10, cv=3, random_state=0).fit(X, y)
    >>> search.best_params_["fs__K"] < 64, search.best_score_ > 0.9
    (True, True)
    >>> front = search.cv_results_["mean_n_features"][search.pareto_front_]
    >>> bool(front[0] > front[-1])  # the most accurate first
    True
    """

    pareto_front_: Ints
    non_dominated_layers_: list[Ints]
    objectives_: dict[str, str]

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "get_params", "set_params"])],
        "param_space": [dict, list, tuple],
        "objectives": [str, list, tuple, dict],
        "sampler": [StrOptions({*DESIGNS, *ADAPTIVE})],
        "n_trials": [Interval(Integral, 1, None, closed="left"), None],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "cv": ["cv_object"],
        "refit": [str, callable, "boolean"],
        "study": [str, os.PathLike, None],
        "error_score": [StrOptions({"raise"}), Real],
        "return_train_score": ["boolean"],
        "n_jobs": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Integral, None, -1, closed="right"),
            None,
        ],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Estimator,
        param_space: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        objectives: str | Sequence[str] | Mapping[str, Any] = ("score", "n_features"),
        sampler: Literal["random", "latin-hypercube", "sobol", "nsga2", "tpe", "gp"] = "random",
        n_trials: int | None = 50,
        max_seconds: float | None = None,
        batch_size: int | Literal["auto"] = "auto",
        cv: Splits = None,
        refit: str | Callable[..., Any] | bool = "one_standard_error",
        study: PathLike | None = None,
        error_score: float | Literal["raise"] = np.nan,
        return_train_score: bool = False,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: RandomState = None,
    ):
        self.estimator = estimator
        self.param_space = param_space
        self.objectives = objectives
        self.sampler = sampler
        self.n_trials = n_trials
        self.max_seconds = max_seconds
        self.batch_size = batch_size
        self.cv = list(cv) if isinstance(cv, Iterator) else cv  # which cannot be cloned or pickled
        self.refit = refit
        self.study = study
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags = deepcopy(get_tags(self.estimator).target_tags)
        tags.array_api_support = False
        return tags

    @with_callbacks
    def fit(self, X: Data, y: Data | None = None, **params: Any) -> Self:
        """Try parameters, find the front, and fit the trial that `refit` chooses.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data, as the estimator takes them.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target, as the estimator takes it.
        **params : dict
            Passed to the estimator's `fit`. ``groups`` (labels of samples that belong together) go
            to the splitter, and to the estimator if its `fit` takes them; if `cv` is a number or
            None, the folds keep groups whole. Parameters with an entry per sample, such as
            ``sample_weight``, are cut to the fold. With metadata routing enabled, estimator,
            scorers and splitter receive what they request.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        ImportError
            If the sampler needs Optuna and it is not installed.
        ValueError
            If a parameter or the study is unusable, a cost is not known for the estimator, or
            all trials have failed.
        OSError
            If the study cannot be read or written.
        """
        self._validate_params()
        refuse_booleans(self)
        space, objectives = self._checked()
        if y is None and get_tags(self).target_tags.required:
            name = type(self.estimator).__name__
            raise ValueError(f"{name} requires y to be passed, but the target y is None.")
        table_on_disk(X)  # a path is refused
        if isinstance(X, RowTable):
            raise TypeError(
                "ParetoSearchCV cuts X into folds, so X cannot be files on disk. Pass an array: "
                "X[:] reads all rows."
            )
        for name, values in {"y": y, **params}.items():
            refuse_masked(values, name)
        X, y = indexable(on_host(X), on_host(y))
        params = _check_method_params(X, params=params)
        estimator = that_knows_the_task(self.estimator, y, params.get("sample_weight"))
        routed, splits = routed_and_splits(self, X, y, strata_of(estimator, y), params)
        if not splits:
            raise ValueError("The 'cv' parameter gives no folds.")
        # A fold that cannot be scored fails, whatever error_score says of the trial.
        scorer, _ = self._get_scorers()
        task = Task(
            estimator,
            X,
            y,
            objectives,
            scorer,
            routed.estimator.fit,
            routed.scorer.score,
            bool(self.return_train_score),
            self.error_score != "raise",
            space.has_estimators,
        )
        progress = SearchProgress(self, X, y, params, len(splits))
        seed, batch = self._seed_and_batch()
        study = study_of(self, space, objectives, seed, batch, (X, y, params), splits)
        directions = {o.name: "minimize" if o.is_cost else "maximize" for o in objectives}
        sampler = make_sampler(
            self.sampler, space, list(directions.values()), self.n_trials, batch, seed
        )
        trials = Trials(
            task,
            splits,
            sampler,
            study,
            progress,
            name=self.sampler,
            batch=batch,
            n_trials=self.n_trials,
            max_seconds=self.max_seconds,
            n_jobs=self.n_jobs,
        )
        with study, progress:
            with warnings.catch_warnings():  # jobs in threads would leave the filters changed
                trials.run()
            results = cv_results(
                trials.records,
                [proposal.params for proposal in trials.proposals],
                space.names,
                objectives,
                len(splits),
            )
            progress.searched()
            warn_of_failures(results)
            fitted = {
                "cv_results_": results,
                "objectives_": directions,
                "n_splits_": len(splits),
                "multimetric_": False,
                "scorer_": next((o.scorer for o in objectives if not o.is_cost), None),
                "pareto_front_": front_of(results, objectives),
                "non_dominated_layers_": non_dominated_layers(to_minimise(results, objectives)),
            }
            if self.refit is not False:
                fitted |= self._refitted(results, objectives, X, y, routed.estimator.fit, progress)
        # Without those of an earlier fit, which may have refitted where this did not.
        kept = {n: v for n, v in vars(self).items() if n[-1:] != "_" or n[:1] == "_"}
        self.__dict__ = kept | fitted
        progress.ended()
        return self

    @available_if(has_score)
    def score(self, X: Data, y: Data | None = None, **params: Any) -> float:
        """Score the best estimator by the first score in `objectives`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        **params : dict
            Passed to the scorer.

        Returns
        -------
        float
        """
        return super().score(X, y, **params)

    @cached_property  # when it is asked for: with many objectives it takes longer than the rest
    def hypervolume_(self) -> Floats:
        """Share of the box around all means that the trials up to each one dominate, ndarray."""
        check_is_fitted(self)
        points = to_minimise(self.cv_results_, objectives_in(self.objectives_))
        best, worst = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
        # A little beyond the worst, or the ends of the front would count nothing. An objective in
        # which all trials are equal takes nothing from the volume.
        width = np.where(worst > best, 1.1 * (worst - best), 1.0)
        return hypervolumes(points, best + width) / width.prod()

    def _checked(self):
        """Space and objectives, checked together with the other parameters."""
        if self.n_trials is None:
            if self.max_seconds is None:
                raise ValueError("The 'n_trials' parameter may be None only with 'max_seconds'.")
            if self.sampler == "latin-hypercube":
                raise ValueError("sampler='latin-hypercube' needs 'n_trials': it is a design.")
        if self.error_score != "raise" and not np.isnan(self.error_score):
            raise ValueError(
                "The 'error_score' parameter must be 'raise' or nan, as a failed trial has no "
                f"values. Got {self.error_score!r}."
            )
        space = Space(self.param_space)
        space.check_names(self.estimator)
        objectives = objectives_of(self.objectives, self.estimator)
        names = [objective.name for objective in objectives]
        scored = any(not objective.is_cost for objective in objectives)
        if self.refit is True or (
            isinstance(self.refit, str) and self.refit not in (*RULES, *names)
        ):
            raise ValueError(
                f"The 'refit' parameter must be a callable, False, a rule ({', '.join(RULES)}) or "
                f"one of the objectives ({', '.join(names)}). Got {self.refit!r}."
            )
        if isinstance(self.refit, str) and self.refit in RULES and not scored:
            raise ValueError(
                f"refit={self.refit!r} needs a score among the objectives, which are {names}."
            )
        return space, objectives

    def _seed_and_batch(self):
        """Seed and batch size; open ones are taken from the study."""
        seed, batch = seed_of(self.random_state), 1
        if self.batch_size != "auto":
            batch = int(self.batch_size)
        else:
            if self.sampler == "nsga2":
                batch = min(50, max(4, (self.n_trials or 200) // 10))
            batch = max(1, found_in(self.study, "batch_size", batch))
        if self.random_state is None:
            seed = found_in(self.study, "seed", seed)
        return seed, batch

    def _refitted(self, results, objectives, X, y, fit_params, progress):
        index = chosen(self.refit, results, objectives)
        score = next((o for o in objectives if not o.is_cost), None)
        params = results["params"][index]
        best = clone(self.estimator).set_params(**clone(params, safe=False))
        started = time.perf_counter()
        with progress.refit(best):
            best.fit(X, **fit_params) if y is None else best.fit(X, y, **fit_params)
        fitted = {
            "best_index_": index,
            "best_params_": params,
            "best_estimator_": best,
            "refit_time_": time.perf_counter() - started,
        }
        if score is not None:
            fitted["best_score_"] = float(results[f"mean_{score.column}"][index])
        if hasattr(best, "feature_names_in_"):
            fitted["feature_names_in_"] = best.feature_names_in_
        return fitted

    def _get_scorers(self):
        """One scorer for all scores, to which the base class routes metadata."""
        scorers = {
            o.name: as_scorer(o.scorer)
            for o in objectives_of(self.objectives, self.estimator)
            if not o.is_cost
        }
        return _MultimetricScorer(scorers=scorers, raise_exc=True), None
