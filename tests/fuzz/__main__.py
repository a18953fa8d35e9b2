# SPDX-License-Identifier: BSD-3-Clause
"""Run many cases (``--cases 5000``), or one (``--seed 7``), and print what should not be."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor


def run(seed, checks=None):
    """Return (case as text, "fit" or "refusal", [(name of the check, violation)], seconds)."""
    from tests.fuzz.cases import Case
    from tests.fuzz.checks import CHECKS

    started, here, found = time.perf_counter(), os.getcwd(), []
    folder = tempfile.mkdtemp()
    before, tempfile.tempdir = tempfile.tempdir, folder
    work = tempfile.mkdtemp()
    try:
        os.chdir(work)
        case = Case.of(seed)
        outcome = case.attempt()
        for check in CHECKS:
            try:
                found += [(check.__name__, text) for text in check(case, outcome)]
            except Exception:
                found.append((check.__name__, f"fails itself: {traceback.format_exc()}"))
    finally:
        os.chdir(here)
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
    kind = "fit" if outcome.error is None else "refusal"
    return str(case), outcome, kind, found, time.perf_counter() - started


def _quietly(seed):
    case, _, kind, found, seconds = run(seed)
    return seed, case, kind, found, seconds


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0, help="first seed")
    parser.add_argument("--seed", type=int, help="this case only, with what it raises")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    if options.seed is not None:
        case, outcome, _, found, _ = run(options.seed)
        print(case)
        if outcome.error is not None:
            traceback.print_exception(outcome.error)
        for name, text in found:
            print(f"{name}: {text}")
        raise SystemExit(bool(found))
    seeds = range(options.start, options.start + options.cases)
    kinds, violations, slowest = Counter(), Counter(), (0.0, None)
    with ProcessPoolExecutor(options.jobs) as pool:
        for seed, case, kind, found, seconds in pool.map(_quietly, seeds, chunksize=20):
            kinds[kind] += 1
            slowest = max(slowest, (seconds, seed))
            violations.update({name for name, _ in found})
            if found:
                print(f"\npython -m tests.fuzz --seed {seed}\n  {case}", flush=True)
            for name, text in found:
                print(f"  {name}: {text}", flush=True)
    print(
        f"\n{len(seeds)} cases: {kinds['fit']} fits, {kinds['refusal']} refusals. "
        f"Slowest: {slowest[0]:.1f} s, seed {slowest[1]}."
    )
    for name, n in violations.most_common():
        print(f"{n:6d} cases violate {name}")
    raise SystemExit(bool(violations))


if __name__ == "__main__":
    main()
