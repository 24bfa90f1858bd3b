"""``control-pgm solve --inference linearly-solvable``: next states are chosen, at the price of their surprise."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from control_pgm.cli import inputs
from control_pgm.cli import solve_infinite as endless
from control_pgm.cli.bar import progress
from control_pgm.cli.options import INFINITE
from control_pgm.cli.output import array_text, deliver, json_text
from control_pgm.control import MDP
from control_pgm.control.linearly_solvable import (
    DesirabilitySolution,
    LinearlySolvable,
    passive_process,
    solve_linearly_solvable,
)
from control_pgm.errors import InvalidArgument
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

LINEAR = "linearly-solvable"
_ARRAYS = ("policy", "V")


def solve_passive(options: argparse.Namespace) -> bool:
    """Desirabilities and controlled dynamics u(s'|s)."""
    if options.show not in _ARRAYS:
        raise InvalidArgument(f"--show {options.show} without actions", allowed=", ".join(_ARRAYS))
    inputs.check_risk(options)
    mdp = inputs.process(options)
    objective = _objective(options, mdp)
    problem = passive_process(mdp)
    _check_final(problem, mdp, objective)
    solution = solve_linearly_solvable(
        problem,
        objective,
        temperature=1.0 if options.temperature is None else options.temperature,
        horizon=options.horizon if objective == "finite" else None,
        discount=mdp.discount if objective == "discounted" else None,
        progress=progress(options),
        **endless.chosen(options),
    )
    _deliver(solution, options)
    return True


def _objective(options: argparse.Namespace, mdp: MDP) -> str:
    """What is maximised, as --horizon, --average and the discount say."""
    if options.average:
        endless.check_undiscounted(mdp.discount, "--average")
    finite = isinstance(options.horizon, int)
    if finite:
        inputs.refuse(options, endless.OPTIONS, f"--horizon {options.horizon}", "it is for --horizon infinite")
        endless.check_undiscounted(mdp.discount, f"--inference {LINEAR} --horizon {options.horizon}")
    else:
        inputs.refuse(options, ("time",), "an infinite horizon", "all steps are alike")
    if options.average or finite:
        return "average" if options.average else "finite"
    return "discounted" if mdp.discount < 1.0 else "first-exit"


def _check_final(problem: LinearlySolvable, mdp: MDP, objective: str) -> None:
    """Refuse rewards that an objective would leave out."""
    if mdp.terminal_reward is not None and objective != "finite":
        raise InvalidArgument("a terminal reward, without a last step", remedy="give --horizon T")
    if objective in ("discounted", "average") and problem.final_reward.any():
        s = problem.states[int(np.argmax(problem.final_reward != 0))]
        raise InvalidArgument(
            f"rewards for entering the absorbing state {s!r} with --inference {LINEAR}, {objective}",
            allowed="rewards r(s)",
            remedy="give --horizon T, or --horizon infinite --discount 1",
        )
    paying = problem.absorbing & (problem.reward != 0)
    if objective == "first-exit" and paying.any():
        s = int(np.argmax(paying))
        raise InvalidArgument(
            f"the absorbing state {problem.states[s]!r} pays {problem.reward[s]:g} in every step for ever",
            allowed="absorbing states of reward 0",
            remedy="give --discount GAMMA, or --average",
        )


def _deliver(solution: DesirabilitySolution, options: argparse.Namespace) -> None:
    array = solution.V if options.show == "V" else _controlled(solution)
    name, t = ("V", "u(s'|s)")[options.show == "policy"], options.time or 0
    if "t" in array.dims and not 0 <= t < len(array):
        raise InvalidArgument(f"--time {t}", allowed=f"0 … {len(array) - 1}")

    def as_text(kind: str) -> str:
        if kind == "json":
            return json_text(_record(solution, options))
        if kind == "csv":
            return array_text(array, options.show, "csv")
        shown, caption = (array.sel(t=t), f"{name} at t={t}") if "t" in array.dims else (array, name)
        return f"{solution}\n\n{caption}\n{array_text(shown, name, 'table')}"

    deliver(as_text, options.format, options.out)


def _controlled(solution: DesirabilitySolution) -> LabelledArray:
    """u(s'|s), with an axis t where the horizon is finite."""
    if solution.objective != "finite":
        return solution.controlled()
    steps = [solution.controlled(t) for t in range(len(solution.matrices))]
    labels = {"t": Labels(range(len(steps))), **steps[0].coords}
    return LabelledArray(np.stack([step.values for step in steps]), ("t", *steps[0].dims), labels)


def _record(solution: DesirabilitySolution, options: argparse.Namespace) -> dict[str, Any]:
    """A solution for programs."""
    names = ("objective", "temperature", "iterations", "error_bound", "V", "rates")
    values = {name: getattr(solution, name) for name in names}
    return {
        "inference": LINEAR,
        "horizon": INFINITE if options.horizon is None else options.horizon,
        "states": list(solution.problem.states),
        **{name: value for name, value in values.items() if value is not None},
        "policy": _controlled(solution),
    }
