# SPDX-License-Identifier: BSD-3-Clause
"""Fits within a fit, reported to the callbacks of scikit-learn >= 1.9."""

from __future__ import annotations

from typing import Any, NamedTuple


class Report(NamedTuple):
    """Place of an inner fit in the fit around it; picklable.

    Attributes
    ----------
    context : CallbackContext or None
        None without callbacks.
    owner : estimator or None
        Whose fit is around it.
    """

    context: Any = None
    owner: Any = None

    def of(self, estimator, X, y, fit_params: dict):
        """Return a context manager for the fit of `estimator`."""
        return _Reported(self, estimator, X, y, fit_params)


class _Reported:
    def __init__(self, report: Report, estimator, X, y, fit_params):
        self._context, self._propagation = report.context, None
        if report.context is not None:
            self._seen = seen(report.owner, X, y, fit_params)
            self._propagation = report.context.propagate_callback_context(estimator)

    def __enter__(self):
        if self._propagation is not None:
            self._propagation.__enter__()
            self._context.call_on_fit_task_begin(**self._seen)

    def __exit__(self, *error):
        if self._propagation is not None:
            self._propagation.__exit__(*error)
            self._context.call_on_fit_task_end(**self._seen)


def seen(estimator, X, y, fit_params: dict) -> dict[str, Any]:
    """Return what callbacks may ask to see of a fit."""
    weight = fit_params.get("sample_weight")
    metadata = None if weight is None else {"sample_weight": weight}
    return {"estimator": estimator, "X": X, "y": y, "metadata": metadata}


class InnerFits:
    """Fit of a meta-estimator that fits `n` clones.

    Attributes
    ----------
    reports : list of Report
    """

    def __init__(self, estimator, X, y, fit_params: dict, n: int):
        self._fit: Any = None
        self.reports = [Report()] * n
        if getattr(estimator, "_skl_callbacks", None):
            self._seen = seen(estimator, X, y, fit_params)
            self._fit = estimator._init_callback_context(max_subtasks=n, sequential_subtasks=False)
            self._fit.call_on_fit_task_begin(**self._seen)
            # Before the fits begin, as none must be made while another is being pickled.
            contexts = [self._fit.subcontext(task_name="clone", task_id=i) for i in range(n)]
            self.reports = [Report(context, estimator) for context in contexts]

    def ended(self, fitted: dict) -> None:
        """Tell the callbacks the fitted attributes."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(**self._seen, reconstruction_attributes=fitted)
