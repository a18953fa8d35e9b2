# SPDX-License-Identifier: BSD-3-Clause
"""The report: what is in it, in which order."""

from __future__ import annotations


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
        once for each of five folds. False leaves it out.
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
    """
    raise NotImplementedError
