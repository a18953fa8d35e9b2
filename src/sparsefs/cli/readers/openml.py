# SPDX-License-Identifier: BSD-3-Clause
"""Reader of data sets of openml.org (scikit-learn)."""

from __future__ import annotations

from ..data import Data
from ..errors import CommandError, InputError, needing


def read(name, arguments) -> Data:
    """Download a data set by name, ``NAME@VERSION`` or number; scikit-learn keeps a copy."""
    with needing("reading OpenML", "cli"):
        import pandas  # noqa: F401
    from sklearn.datasets import fetch_openml

    name, _, version = name.partition("@")
    which = {"data_id": int(name)} if name.isdigit() else {"name": name}
    if version:
        which["version"] = int(version) if version.isdigit() else version
    try:
        found = fetch_openml(**which, as_frame=True, parser="auto")
    except ValueError as error:
        raise InputError(f"openml:{name}: {error}") from error
    except OSError as error:  # URLError among them
        raise CommandError(
            f"openml:{name} could not be downloaded ({error}); `sparsefs datasets` lists data sets "
            "that need no download"
        ) from error
    frame = found.frame
    frame.columns = [str(column) for column in frame.columns]
    default = str(found.target_names[0]) if len(found.target_names) == 1 else None
    return Data(frame, list(frame.columns), default, f"openml:{found.details['name']}")
