# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the page on many machines: what was measured, and a model that goes beyond it."""

import math

import numpy as np

from benchmarks import distributed, traffic
from benchmarks.formatting import numbers, short

CORES = 16  # of a machine of the model, each as fast as the one measured
LATENCY = 50e-6  # seconds of a message, each way
DISK = 1e9  # bytes a second that a machine reads
GIGABIT = 1e9 / 8
# Rows, columns, connections of a column, rows of a step and machine.
TABLES_OF_MODEL = ((10**9, 10**4, 80, 1000), (10**6, 10**7, 11, 100))
MACHINES = (1, 16, 256)
NETWORKS = (1, 10, 100)  # gigabits a second


def speed(results):
    return distributed.HEADER, list(distributed.lines_of_speed(results))


def launchers(results):
    header = ["Rows x columns of each process", "torchrun, s", "fit_dask, s", "fit_dask / torchrun"]
    return header, list(distributed.lines_of_launchers(results))


def messages(results):
    return traffic.HEADER, list(traffic.lines_of_traffic(results))


def less(results):
    return ["Data set", *traffic.WAYS], list(traffic.lines_of_accuracy(results))


def model(speeds, growth):
    """Hours of an epoch, and the share of the time that the machines compute."""
    header = ["Table", "Machines", "Rows a step", "Hours an epoch"]
    header += [f"{network} Gbit/s" for network in NETWORKS]
    lines = []
    rates = rates_of(speeds, growth)
    for (n, d, per_column, n_step), rate in zip(TABLES_OF_MODEL, rates, strict=True):
        if rate is None:
            continue
        for machines in MACHINES:
            alone, sending = step(d, d * per_column, n_step, rate, machines)
            hours = [n / (n_step * machines) * (alone + sent) / 3600 for sent in sending]
            shares = [f"{100 * alone / (alone + sent):.0f} %" for sent in sending]
            table = f"{n:,} x {d:,}" if machines == MACHINES[0] else ""
            rows = f"{n_step * machines:,}"
            lines.append([table, machines, rows, short(hours[1]), *shares])
    return header, lines


def step(n_columns, n_connections, n_rows, rate, machines):
    """Seconds of a step: of reading and computing; of sending, for each network."""
    alone = n_rows * (n_connections / (rate * CORES) + 4 * n_columns / DISK)
    if machines == 1:
        return alone, [0.0] * len(NETWORKS)
    n_bytes = 4 * n_connections
    rounds = 2 * math.ceil(math.log2(machines)) * LATENCY
    ring = 2 * (machines - 1) / machines * n_bytes / GIGABIT
    return alone, [rounds + ring / network for network in NETWORKS]


def rates_of(speeds, growth):
    """Connections times rows that one core trains in a second: in a block, and one by one."""
    block = numbers(speeds.where(what="speed", method="WAST", processes="1"), "found")
    wide = growth.where(method="WAST", axis="connections", value="1000000")
    n = [float(row["n_connections"]) / float(row["epoch_s"]) for row in wide]
    return (
        2 * np.median(block) * 80 * 500 if len(block) else None,  # the fits are of two epochs
        np.median(n) * 200 if n else None,
    )


TABLES = {
    "scale_speed": (speed, "distributed"),
    "scale_launchers": (launchers, "distributed"),
    "scale_messages": (messages, "traffic"),
    "scale_model": (model, "distributed", "scaling"),
    "scale_less": (less, "traffic"),
}
