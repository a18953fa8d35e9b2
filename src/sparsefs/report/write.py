# SPDX-License-Identifier: BSD-3-Clause
"""The report: its sections and their order."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..utils.files import check_writable, replacing
from ._code import program
from ._html import count, printable
from ._notes import notes
from ._page import page
from ._redundancy import Redundancy
from ._scores import Scores, checked
from ._sections import (
    SIZES,
    answer,
    cost,
    data,
    features,
    importance,
    number_of_features,
    redundancy,
    reproduce,
    samples,
)
from ._statistics import ColumnFacts
from ._subject import Subject

if TYPE_CHECKING:
    from ..evaluation import Chance, KCurve
    from ..utils.typing import Data, Estimator, Names, PathLike


def write_report(
    path: PathLike,
    selector: Estimator,
    X: Data,
    y: Data | None = None,
    *,
    curve: KCurve | Literal[False] | None = None,
    chance: Chance | Literal[False] | None = None,
    feature_names: Names | None = None,
    target_name: str | None = None,
    title: str | None = None,
    source: PathLike | None = None,
    source_size: Mapping[str, int] | None = None,
    preparation: Sequence[str] = (),
    code: str | None = None,
    held_out: Mapping[str, Any] | None = None,
    command: str | None = None,
) -> None:
    """Write a report of a selection to one HTML file.

    The report shows the selected features and their score in tables and pictures, and ends with a
    program that repeats the selection. The file is self-contained: it loads no other file and
    works offline.

    Parameters
    ----------
    path : str or path-like
        File to write. An existing file is replaced when the report is complete.
    selector : estimator
        Fitted: a selector of this library, or any estimator with ``get_support`` and one of
        ``scores_``, ``ranking_``, ``feature_importances_`` or ``coef_``.
    X : {array-like, sparse matrix, RowTable} of shape (n_samples, n_features)
        The X of the fit. A sparse X stays sparse; a RowTable is read block by block.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        The target. For an unsupervised selector it only describes the features and scores the
        selection, and the report says so.
    curve : KCurve, False or None, default=None
        Score against the number of features (:func:`sparsefs.evaluation.k_curve`). None takes the
        curve of a selector with ``K="auto"``. For other selectors it computes one, which fits the
        selector five times (20 times if it trains towards K, such as NeuroFS). False leaves the
        curve out, and so does None for files on disk.
    chance : Chance, False or None, default=None
        Scores of random features (:func:`sparsefs.evaluation.random_subsets`). None computes them
        on the folds of the curve, if the report computes the curve and has no `held_out`. False
        leaves them out.
    feature_names : array-like of shape (n_features,) or None, default=None
        None takes the names of the selector or of X, or x0, x1, ...
    target_name : str or None, default=None
        Name of `y`. None takes the name of the Series, if `y` is one.
    title : str or None, default=None
        Heading. None takes the numbers of features and the name of the source.
    source : str, path-like or None, default=None
        Path or name of the data. The program in the report reads the path if it ends in .csv,
        .tsv, .parquet or .npz.
    source_size : dict or None, default=None
        Size of the whole table, if X contains only some rows or columns of it: ``"n_rows"``,
        ``"n_columns"`` and ``"n_missing"``, the number of missing values. The report shows it next
        to the size of X.
    preparation : sequence of str, default=()
        Steps of the preparation of the data, a sentence per step.
    code : str or None, default=None
        Complete Python program that repeats the selection. None writes one.
    held_out : dict or None, default=None
        Scores on rows that neither the selection nor the choice of K used: ``"metric"``, its
        name; ``"selected"``, the score of the selected features; and optionally ``"interval"``,
        the lower and upper end of its confidence interval, ``"all"``, the score of all features,
        ``"n_samples"``, the number of rows, ``"n_splits"``, the number of splits that the scores
        are the mean of, and ``"estimator"``, its name. Without an interval, Wilson's is computed
        for an accuracy on `n_samples` rows of one split. The report shows these scores first, in
        place of those of the curve.
    command : str or None, default=None
        Command line that made the selection.

    Raises
    ------
    OSError
        If the file cannot be written. An existing file is then as it was.
    NotFittedError
        If the selector is not fitted.
    ValueError
        If X, y, `feature_names`, `curve`, `chance`, `held_out` or `source_size` are unusable or
        do not fit each other.

    Warns
    -----
    UserWarning
        If columns look like identifiers or like copies of the target, or share a name.

    See Also
    --------
    sparsefs.evaluation.k_curve : Scores against the number of features.

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
    check_writable(path)
    preparation = [printable(step) for step in preparation]
    source = None if source is None else printable(os.fspath(source))
    held_out = None if held_out is None else checked(held_out)  # before the slow part
    if source_size is not None and set(source_size) != set(SIZES):
        raise ValueError(
            f"The 'source_size' parameter of write_report must be a dict of {', '.join(SIZES)}. "
            f"Got {source_size!r}."
        )
    subject = Subject.of(selector, X, y, feature_names, target_name)
    scores = Scores.of(subject, curve, held_out, chance)
    columns = ColumnFacts.of(subject.X, subject.others)
    doubts = subject.doubts()
    for doubt in doubts:
        warnings.warn(doubt, UserWarning, stacklevel=2)
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
    top = answer(subject, scores, notes(subject, scores, columns, found, doubts), source)
    sections = [
        features(subject, scores, columns),
        samples(subject, found),
        number_of_features(subject, scores),
        redundancy(subject, found),
        importance(subject),
        data(subject, columns, source, preparation, source_size),
        cost(subject, scores),
        reproduce(subject, code, command, to_fill_in),
    ]
    text = page(printable(title), top, sections)
    with replacing(path) as file:
        # A command line may have the bytes of a file name that is no text.
        file.write_bytes(text.encode(errors="replace"))
