# SPDX-License-Identifier: BSD-3-Clause
"""The report: what is in it, in which order."""

from __future__ import annotations

import os
from pathlib import Path

from ._code import program
from ._html import count
from ._notes import notes
from ._page import page
from ._pictures import check_matplotlib
from ._redundancy import Redundancy
from ._scores import Scores, checked
from ._sections import (
    answer,
    cost,
    data,
    features,
    importance,
    number_of_features,
    redundancy,
    reproduce,
)
from ._statistics import ColumnFacts
from ._subject import Subject, printable


def write_report(
    path,
    selector,
    X,
    y=None,
    *,
    curve=None,
    feature_names=None,
    target_name=None,
    title=None,
    source=None,
    preparation=(),
    code=None,
    held_out=None,
    command=None,
):
    """Explain a selection in one HTML file.

    The file needs nothing besides itself: no network, no other file. It says what was selected and
    how good that is, in tables that a reader can sort and search and in pictures, and ends with
    what is needed to do the same again. Pictures need matplotlib: ``pip install "sparsefs[plot]"``.

    Parameters
    ----------
    path : str or path-like
        File to write; one that exists is replaced.
    selector : estimator
        Fitted: a selector of this library, or any estimator with ``get_support`` that ranks
        features by ``scores_``, ``ranking_``, ``feature_importances_`` or ``coef_``.
    X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)
        What it was fitted to. A sparse X stays sparse; of a RowTable only what is shown is kept.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        The target. An unsupervised selector has not seen it; the report then uses it to describe
        the features, and says so.
    curve : KCurve, False or None, default=None
        Score against the number of features (:func:`sparsefs.evaluation.k_curve`). None takes that
        of ``K="auto"`` if the selector has one, and otherwise computes it, which fits the selector
        once for each of five folds (one that trains towards K, as NeuroFS, four times). False
        leaves it out, as None does if X is files on disk.
    feature_names : array-like of shape (n_features,) or None, default=None
        None is the names that the selector or X has, or else x0, x1, ...
    target_name : str or None, default=None
        What `y` is called; None is its name if it has one.
    title : str or None, default=None
        Heading; None makes one.
    source : str, path-like or None, default=None
        Where the data are from. The code of the report reads a path that ends in .csv, .tsv,
        .parquet or .npz.
    preparation : sequence of str, default=()
        What was done to the data before, a sentence for each step.
    code : str or None, default=None
        Complete Python program that does the same. None makes one.
    held_out : dict or None, default=None
        Scores on rows that neither the selection nor the choice of K has seen: ``"metric"``, a
        name; ``"selected"``, the score with the selected features; and, where known, ``"all"``,
        the score with all features, ``"n_samples"``, the number of rows, and ``"estimator"``, a
        name. They come first in the report, before those of the curve.
    command : str or None, default=None
        Command line that made the selection.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    NotFittedError
        If the selector is not fitted.
    ValueError
        If X, y, `feature_names`, `curve` or `held_out` do not suit each other or the selector.

    See Also
    --------
    sparsefs.evaluation.k_curve : The scores against the number of features.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsefs import GradualPruningSelector
    >>> from sparsefs.report import write_report
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> selector = GradualPruningSelector(K=8, random_state=0).fit(X, y)
    >>> path = Path(tempfile.mkdtemp()) / "report.html"
    >>> write_report(path, selector, X, y, curve=False)
    >>> "8 of 30 features" in path.read_text(encoding="utf-8")
    True
    """
    check_matplotlib()
    preparation = [printable(step) for step in preparation]
    source = None if source is None else printable(os.fspath(source))
    held_out = None if held_out is None else checked(held_out)  # before anything takes long
    subject = Subject.of(selector, X, y, feature_names, target_name)
    scores = Scores.of(subject, curve, held_out)
    columns = ColumnFacts.of(subject.X)
    found = Redundancy.of(subject)
    to_fill_in = []
    if code is None:
        made = program(
            selector,
            subject.X.shape,
            with_y=subject.target is not None,
            target_name=None if subject.target is None else subject.target.name,
            source=source,
            preparation=preparation,
        )
        code, to_fill_in = made.text, made.to_fill_in
    if title is None:
        title = f"{count(subject.K)} of {count(subject.n_features)} features"
        title += f" of {os.path.basename(source) or source}" if source else ""
    sections = [
        answer(subject, scores, notes(subject, scores, columns, found), source),
        features(subject, scores),
        number_of_features(subject, scores),
        redundancy(subject, found),
        importance(subject),
        data(subject, columns, source, preparation),
        cost(subject, scores),
        reproduce(subject, code, command, to_fill_in),
    ]
    Path(path).write_text(page(printable(title), sections), encoding="utf-8")
