# SPDX-License-Identifier: BSD-3-Clause
"""All rows behind the page on choosing a selector, within a number of minutes; resumes.

Methods that run on every split come first, then those that are thinned. Every step gets a share
of the minutes that are left, and leaves what it does not need to the next. In a step the loop over
splits is outside, small sets and cheap methods come first: an early end leaves whole splits.
"""

import argparse
import time

from benchmarks import accuracy, methods, mixed_tables, reseeded

FULL = [name for name in accuracy.METHODS if not methods.METHODS[name].thinned]
THINNED = [name for name in accuracy.METHODS if name not in FULL]
STEPS = [  # (module, arguments, share of the time that is left)
    (accuracy, ["--methods", *FULL], 0.6),
    (reseeded, [], 0.15),
    (mixed_tables, ["--methods", *FULL], 0.5),
    (accuracy, ["--as-published", "--methods", *FULL], 0.4),
    (accuracy, ["--methods", *THINNED], 0.7),
    (mixed_tables, ["--methods", *THINNED], 1),
]


def add_arguments(parser):
    parser.add_argument("--minutes", type=float, default=60)


def file_of(arguments):
    return "accuracy"


def run(arguments):
    end = time.monotonic() + 60 * arguments.minutes
    for module, options, share in STEPS:
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
        left = max(0, end - time.monotonic()) / 60
        module.run(parser.parse_args([*options, "--minutes", str(share * left)]))
