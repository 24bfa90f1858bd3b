"""Dense random processes: solve and the engine against the recursion by hand."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks import instances
from tests.benchmarks.comparison import compare
from tests.benchmarks.handwritten_dense import WAYS
from tests.benchmarks.report import Table

SIZES = (3, 10, 30, 100, 300, 1000)
ACTIONS = (4, 8)
HORIZONS = (100, 1000)


def tables(
    seconds: float, sizes: Sequence[int] = SIZES, actions: Sequence[int] = ACTIONS, horizons: Sequence[int] = HORIZONS
) -> list[Table]:
    """A row for every number of states, number of actions and horizon."""
    problems = (instances.dense(n, m, horizon) for n in sizes for m in actions for horizon in horizons)
    return compare("dense transitions", problems, WAYS, seconds)
