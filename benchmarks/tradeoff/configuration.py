# SPDX-License-Identifier: BSD-3-Clause
"""The experiments of one data set, as its TOML file in ``configs`` says.

``[data]``: where the rows come from. ``[settings.NAME]``: parameters of the classifier, the first
setting being the default. ``[reproduction]``, ``[evaluation]`` and ``[search]``: what is varied.
In ``[search.space]`` a list is a choice, ``{uniform = [low, high]}``, ``{loguniform = ...}`` and
``{integer = ...}`` are distributions, ends included; every further key of such a table is a
condition: ``topology = ["set", "rigl"]`` says that the parameter exists only with these values.
"""

import dataclasses
import inspect
from pathlib import Path

from scipy import stats

from benchmarks.tradeoff.classifier import SparseNetworkClassifier

FOLDER = Path(__file__).parent / "configs"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
PARAMETERS = frozenset(inspect.signature(SparseNetworkClassifier).parameters)
DISTRIBUTIONS = {
    "uniform": lambda low, high: stats.uniform(low, high - low),
    "loguniform": stats.loguniform,
    "integer": lambda low, high: stats.randint(low, high + 1),
}


@dataclasses.dataclass
class Configuration:
    name: str
    title: str
    data: dict
    settings: dict
    reproduction: dict
    evaluation: dict
    search: dict

    def parameters(self, setting=None):
        """Those of the classifier in a setting, by default in the first."""
        return dict(self.settings[setting or self.default_setting])

    @property
    def default_setting(self):
        return next(iter(self.settings))

    def space(self, max_epochs=None):
        """The search space for `ParetoSearchCV`, with at most so many epochs."""
        return {
            name: _distribution(_capped(entry, max_epochs) if name == "epochs" else entry)
            for name, entry in self.search["space"].items()
        }


def load(name):
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib

    with (FOLDER / f"{name}.toml").open("rb") as file:
        configuration = Configuration(name=name, **tomllib.load(file))
    for parameters in (
        *configuration.settings.values(),
        configuration.search["fixed"],
        configuration.search["space"],
    ):
        if not PARAMETERS >= parameters.keys():
            unknown = ", ".join(sorted(parameters.keys() - PARAMETERS))
            raise ValueError(f"{name}.toml names unknown parameters: {unknown}")
    return configuration


def _distribution(entry):
    """A list of choices or a frozen distribution, conditional where the entry has conditions."""
    if isinstance(entry, list):
        return entry
    kind, bounds = next((k, v) for k, v in entry.items() if k in (*DISTRIBUTIONS, "choice"))
    found = bounds if kind == "choice" else DISTRIBUTIONS[kind](*bounds)
    conditions = {name: values for name, values in entry.items() if name != kind}
    if not conditions:
        return found
    from sparsefs.search import Conditional

    return Conditional(found, **conditions)


def _capped(entry, most):
    if most is None or isinstance(entry, list):
        return entry
    (kind, (low, high)) = next(iter(entry.items()))
    return {kind: [low, max(min(high, most), low + 1)]}
