"""Slippery grids: solve and the engine against the recursion by hand, all on sparse transitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.benchmarks import instances
from tests.benchmarks.comparison import compare
from tests.benchmarks.handwritten_sparse import WAYS
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table

SIZES = (32, 100, 300)  # the grid's side
HUGE = 1000
HORIZON, HORIZON_OF_HUGE = 100, 20


def tables(seconds: float, sizes: Sequence[int] = SIZES, *, horizon: int = HORIZON, huge: bool = False) -> list[Table]:
    """Two rows for every side of the grid: r(s,a) and r(s,a,s')."""
    return compare("sparse transitions", _problems(sizes, horizon, huge), WAYS, seconds)


def _problems(sizes: Sequence[int], horizon: int, huge: bool) -> Iterator[Instance]:
    for on_outcome in (False, True):
        for side in sizes:
            yield instances.grid(side, horizon, on_outcome=on_outcome)
        if huge:
            yield instances.grid(HUGE, HORIZON_OF_HUGE, on_outcome=on_outcome)
