"""The other types of inference: `solve`, from the process on, against their backups by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from control_pgm import solve
from tests.benchmarks import handwritten_values, instances
from tests.benchmarks.handwritten_values import Values
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table, progress
from tests.benchmarks.timing import interleaved, milliseconds, ratio

SIZES = (10, 30, 100, 300, 1000)
HORIZONS = (100, 1000)
LARGEST = 10**9  # entries of the transition times T: beyond, only the first horizon is measured
HEADER = ("problem", "inference", "solve, ms", "by hand, ms", "solve / by hand", "quartiles", "largest difference")
NOTE = "Q and policies of all steps. solve builds the network first; by hand it is one loop over time."


def tables(seconds: float, sizes: Sequence[int] = SIZES, *, horizons: Sequence[int] = HORIZONS) -> list[Table]:
    """A row for every number of states, horizon and type."""
    rows = []
    for n in sizes:
        for horizon in horizons:
            if horizon > horizons[0] and n * n * 4 * horizon > LARGEST:
                continue
            instance = instances.dense(n, 4, horizon)
            rows += [_row(instance, name, seconds) for name in handwritten_values.WAYS]
    return [Table("Types of inference", HEADER, rows, NOTE)]


def _row(instance: Instance, name: str, seconds: float) -> list[str]:
    progress(f"{name}: {instance.label}")
    by_hand = partial(handwritten_values.WAYS[name], instance)
    times = interleaved({"solve": lambda: partial(solved, instance.fresh(), name), "hand": lambda: by_hand}, seconds)
    difference = np.abs(solved(instance, name)[0] - by_hand()[0]).max()
    ours, theirs = times["solve"], times["hand"]
    return [instance.label, name, milliseconds(ours), milliseconds(theirs), *ratio(ours, theirs), f"{difference:.0e}"]


def solved(instance: Instance, name: str) -> Values:
    """Q and policies by `solve`."""
    solution = solve(instance.mdp, instance.horizon, inference=name, risk=1.0 if name == "planning" else None)
    return solution.Q.values, solution.policy.values
