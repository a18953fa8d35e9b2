# SPDX-License-Identifier: BSD-3-Clause
"""A selector that is told its scores, and what tests ask of pictures."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin


class Told(SelectorMixin, BaseEstimator):
    """Selects the K columns of the highest scores."""

    def __init__(self, scores=(), K=2):
        self.scores = scores
        self.K = K

    def fit(self, X=None, y=None):
        """Take over the scores."""
        self.scores_ = np.asarray(self.scores, dtype=float)
        self.n_features_in_ = len(self.scores_)
        order = np.argsort(-self.scores_, kind="stable")
        self.ranking_ = np.empty(len(order), dtype=int)
        self.ranking_[order] = np.arange(1, len(order) + 1)
        return self

    def _get_support_mask(self):
        return self.ranking_ <= self.K


def labels(display):
    """Texts of the legend."""
    return [text.get_text() for text in display.legend_.get_texts()]


def inside_the_page(figure, *artists):
    """Whether artists are on the figure, after it is laid out."""
    figure.canvas.draw()
    page = figure.bbox
    boxes = [artist.get_window_extent() for artist in artists]
    return all(
        page.x0 - 1 <= box.x0
        and box.x1 <= page.x1 + 1
        and page.y0 - 1 <= box.y0
        and box.y1 <= page.y1 + 1
        for box in boxes
    )
