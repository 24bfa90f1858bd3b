"""Clocks: competitors in turn, medians, and the quartiles of their paired ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter

import numpy as np

from control_pgm.tables.arrays import FloatArray

Job = Callable[[], object]
Maker = Callable[[], Job]  # prepares a job; only the job is timed
MIN_ROUNDS = 5


def interleaved(makers: Mapping[str, Maker], seconds: float, *, min_rounds: int = MIN_ROUNDS) -> dict[str, FloatArray]:
    """Seconds of every job, round by round; all jobs run once in each round, after one round to warm up.

    Every round begins with the next job, so that none always follows the same neighbour. There are at least
    ``min_rounds`` rounds, and as many as begin within ``seconds``.
    """
    names = list(makers)
    for name in names:
        clock(makers[name])
    times: dict[str, list[float]] = {name: [] for name in names}
    stop = perf_counter() + seconds
    rounds = 0
    while rounds < min_rounds or perf_counter() < stop:
        first = rounds % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(clock(makers[name]))
        rounds += 1
    return {name: np.array(values) for name, values in times.items()}


def clock(make: Maker) -> float:
    """Seconds of one job."""
    job = make()
    start = perf_counter()
    kept = job()
    elapsed = perf_counter() - start
    del kept  # giving its memory back is not part of the job
    return elapsed


def median(make: Maker, repeats: int = MIN_ROUNDS) -> float:
    """The median of a few runs in seconds, after one to warm up."""
    clock(make)
    return float(np.median([clock(make) for _ in range(repeats)]))


def again(job: Job) -> Maker:
    """The same job every time, with whatever it keeps."""
    return lambda: job


def fastest(times: Mapping[str, FloatArray]) -> str:
    """The name of the job with the smallest median."""
    return min(times, key=lambda name: float(np.median(times[name])))


def milliseconds(times: FloatArray | float) -> str:
    """The median in milliseconds, to three digits or more."""
    value = 1e3 * float(np.median(times))
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def ratio(first: FloatArray, second: FloatArray) -> list[str]:
    """The median of the paired ratios and their quartiles, as two cells."""
    low, middle, high = np.quantile(first / second, [0.25, 0.5, 0.75])
    return [f"{middle:.2f}", f"{low:.2f}–{high:.2f}"]
