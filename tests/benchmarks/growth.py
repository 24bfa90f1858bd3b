"""How the time of solve and of the engine grows with the horizon, with states, actions and non-zeros."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import log

import numpy as np

from control_pgm.errors import TooLarge
from tests.benchmarks import engine, instances
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table, progress
from tests.benchmarks.timing import Maker, again, interleaved, milliseconds

SIZES = (10, 30, 100, 300, 1000)
HORIZONS = (10, 100, 1000, 10_000)
ACTIONS = (2, 4, 8, 16, 32)
SIDES = (10, 32, 100, 300)
NOTE = "Power: the exponent of growth since the row before; 1 is linear. Engine: both passes and reading alone."


def tables(
    seconds: float,
    sizes: Sequence[int] = SIZES,
    *,
    horizons: Sequence[int] = HORIZONS,
    actions: Sequence[int] = ACTIONS,
    sides: Sequence[int] = SIDES,
) -> list[Table]:
    """Four tables, each in one quantity."""
    return [
        _growth("T", "S=30, A=4", ((t, instances.dense(30, 4, t)) for t in horizons), seconds, _steps),
        _growth("S", "A=4, T=100", ((n, instances.dense(n, 4, 100)) for n in sizes), seconds, _entries),
        _growth("A", "S=100, T=100", ((m, instances.dense(100, m, 100)) for m in actions), seconds, _entries),
        _growth("non-zeros", "slippery grids, T=100", _grids(sides), seconds, _entries),
    ]


def _grids(sides: Sequence[int]) -> Iterable[tuple[int, Instance]]:
    problems = (instances.grid(side, 100) for side in sides)
    return ((problem.non_zeros, problem) for problem in problems)


def _steps(instance: Instance) -> tuple[str, float]:
    """What the time is shared among, and how many of these there are per unit of time."""
    return "µs per step", 1e-6 * instance.horizon


def _entries(instance: Instance) -> tuple[str, float]:
    """The same for entries of the transition, once per step."""
    return "ns per entry and step", 1e-9 * instance.horizon * instance.non_zeros


def _growth(
    quantity: str,
    fixed: str,
    problems: Iterable[tuple[int, Instance]],
    seconds: float,
    share: Callable[[Instance], tuple[str, float]],
) -> Table:
    rows: list[list[str]] = []
    before: tuple[int, float, float] | None = None
    unit = ""
    for amount, instance in problems:
        progress(f"growth in {quantity}: {instance.label}")
        try:
            whole, running = _times(instance, seconds)
        except TooLarge as error:
            progress(f"refused: {error}")
            rows.append([f"{amount:,}", "too large", "", "", "", "", ""])
            continue
        unit, parts = share(instance)
        cells = [f"{amount:,}"]
        for k, time in ((1, whole), (2, running)):
            power = f"{log(time / before[k]) / log(amount / before[0]):.2f}" if before else ""
            cells += [milliseconds(time), f"{time / parts:.3g}", power]
        rows.append(cells)
        before = (amount, whole, running)
    header = (quantity, "solve, ms", unit, "power", "engine, ms", unit, "power")
    return Table(f"growth in {quantity} ({fixed})", header, rows, NOTE)


def _times(instance: Instance, seconds: float) -> tuple[float, float]:
    """Seconds of the whole solution, and of both passes and reading alone."""
    makers: dict[str, Maker] = {
        "solve": lambda: partial(engine.whole, instance.fresh()),
        "engine": again(engine.prepared(engine.build(instance))),
    }
    times = interleaved(makers, seconds)
    return float(np.median(times["solve"])), float(np.median(times["engine"]))
