"""QuantEcon's backward induction: half of the job, by a package that knows that the problem is a decision process."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from control_pgm import solve
from tests.benchmarks import engine, instances
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table, left_out, progress
from tests.benchmarks.timing import Maker, again, interleaved, ratio

SIZES = (10, 30, 100, 300, 1000)
HORIZON = 100
TITLE = "QuantEcon, backward induction"
OURS = {"optimum": "solve to the optimum", "pass": "engine's backward pass"}
HEADER = (
    "problem",
    "QuantEcon, µs",
    *(cell for name in OURS.values() for cell in (f"{name}, µs", "theirs / ours", "quartiles", "faster")),
    "largest difference",
)
NOTE = (
    "Per step and backward only: the optimum's values and policies, prepared beforehand. solve does the same from the "
    "process on, building its network; the engine's pass sends the posterior's messages."
)


def tables(seconds: float, sizes: Sequence[int] = SIZES) -> list[Table]:
    """A row for every number of states."""
    if find_spec("quantecon") is None:
        return [left_out(TITLE, "quantecon is not installed")]
    rows = [_row(instances.dense(n, 4, HORIZON), seconds) for n in sizes]
    return [Table(TITLE, HEADER, rows, NOTE)]


def _row(instance: Instance, seconds: float) -> list[str]:
    progress(f"{TITLE}: {instance.label}")
    induction = _quantecon(instance)
    values, _ = _optimum(instance)
    makers: dict[str, Maker] = {
        "quantecon": again(induction),
        "optimum": lambda: partial(_optimum, instance.fresh()),
        "pass": again(engine.backward(engine.build(instance))),
    }
    times = {name: 1e6 * seconds_ / instance.horizon for name, seconds_ in interleaved(makers, seconds).items()}
    theirs = times["quantecon"]
    cells = [f"{np.median(theirs):.3g}"]
    for name in OURS:
        ours = times[name]
        faster = "QuantEcon" if np.median(theirs / ours) < 1.0 else "control_pgm"
        cells += [f"{np.median(ours):.3g}", *ratio(theirs, ours), faster]
    return [instance.label, *cells, f"{np.abs(values - induction()[0]).max():.0e}"]


def _quantecon(instance: Instance) -> Any:
    from quantecon.markov import DiscreteDP, backward_induction

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a discount of 1 is fine where the horizon is finite
        process = DiscreteDP(instance.reward, instance.transition, 1.0)
    return partial(backward_induction, process, instance.horizon)


def _optimum(instance: Instance) -> tuple[Any, Any]:
    solution = solve(instance.mdp, instance.horizon, inference="bellman")
    return solution.V.values, solution.policy.values
