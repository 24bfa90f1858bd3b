"""Many problems at once: solve_many at B temperatures against a loop of solve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import control_pgm
from control_pgm import solve
from tests.benchmarks import engine, instances
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table, left_out, progress
from tests.benchmarks.timing import again, interleaved, milliseconds, ratio

SIZES = (10, 30, 100, 1000)
BATCH = 64
TITLE = "many problems at once"
HEADER = ("problem", "solve_many, ms per problem", "solve, ms per problem", "gain", "quartiles")


def tables(seconds: float, sizes: Sequence[int] = SIZES, *, batch: int = BATCH) -> list[Table]:
    """A row for every number of states."""
    solve_many = getattr(control_pgm, "solve_many", None)
    if solve_many is None:
        return [left_out(TITLE, "control_pgm has no solve_many")]
    rows = [_row(solve_many, instances.dense(n, 4, 100 if n < 1000 else 20), batch, seconds) for n in sizes]
    note = f"B = {batch} temperatures from 0.5 to 2; building and reading all policies and marginals included."
    return [Table(TITLE, HEADER, rows, note)]


def _row(solve_many: Callable[..., Any], instance: Instance, batch: int, seconds: float) -> list[str]:
    progress(f"{TITLE}: {instance.label}")
    temperatures = np.linspace(0.5, 2.0, batch)

    def together() -> object:
        many = solve_many(instance.mdp, instance.horizon, temperatures=temperatures)
        return np.asarray(many.policy), np.asarray(many.state_action_marginals), many.log_evidence

    def one_by_one() -> object:
        solutions = (solve(instance.mdp, instance.horizon, temperature=float(alpha)) for alpha in temperatures)
        return [engine.read(solution) for solution in solutions]

    times = interleaved({"many": again(together), "loop": again(one_by_one)}, seconds)
    many, loop = times["many"] / batch, times["loop"] / batch
    return [instance.label, milliseconds(many), milliseconds(loop), *ratio(loop, many)]
