"""``control-pgm solve``: a number of steps, and hidden states; no last step, and no actions, in files of their own."""

from __future__ import annotations

import argparse
from typing import Any

import control_pgm.control as control
import control_pgm.control.infinite as infinite
import control_pgm.interop as interop
from control_pgm.cli import inputs
from control_pgm.cli import solve_infinite as endless
from control_pgm.cli import solve_linear as linear
from control_pgm.cli.bar import progress
from control_pgm.cli.options import INFINITE
from control_pgm.cli.output import array_text, csv_text, deliver, json_text, show
from control_pgm.control import Solution
from control_pgm.control.partially_observed import AlphaVectors, BeliefSolution, StationaryBeliefSolution
from control_pgm.control.solve_options import DEFAULT, has_temperature
from control_pgm.errors import InvalidArgument
from control_pgm.interop.records.solution_record import available

ARRAYS = ("policy", "Q", "V", "advantage", "state_marginals")
_OBSERVED = ("average", "temperature", "risk", "evidence")  # options of processes whose states are observed
_NUMBERS = ("risk", "log_evidence", "soft_value", "plan", "lower", "upper")


def solve(options: argparse.Namespace) -> bool:
    """Policy, values, marginals, evidence."""
    if options.average and options.horizon not in (None, INFINITE):
        raise InvalidArgument(f"--average with --horizon {options.horizon}", remedy="leave one of the two out")
    if options.horizon is None and not options.average:
        raise InvalidArgument("no --horizon", allowed=f"a whole number ≥ 1, or the word {INFINITE}; or --average")
    if inputs.hides_states(options):
        return _solve_hidden(options)
    if options.inference == linear.LINEAR:
        inputs.refuse(options, ("evidence",), f"--inference {linear.LINEAR}")
        return linear.solve_passive(options)
    if options.average or options.horizon == INFINITE:
        inputs.refuse(options, ("evidence",), "an infinite horizon", "no step of it has a number")
    if options.average:
        return endless.solve_average(options)
    if options.horizon == INFINITE:
        return endless.solve_infinite(options)
    return _solve(options)


def _solve(options: argparse.Namespace) -> bool:
    inputs.refuse(options, endless.OPTIONS, f"--horizon {options.horizon}", "it is for --horizon infinite")
    solution = inputs.solution(options, inputs.process(options))
    if options.out is not None and options.out.suffix.lower() in endless.WHOLE:
        inputs.refuse(options, ("time",), f"--out {options.out.name}", "files keep all steps")
        show(f"wrote {interop.save_solution(solution, options.out, progress=progress(options))}")
        return True

    array, t = getattr(solution, options.show), options.time or 0
    if not 0 <= t < len(array):
        raise InvalidArgument(f"--time {t}", allowed=f"0 … {len(array) - 1}")

    def as_text(kind: str) -> str:
        if kind == "json":
            return json_text(_record(solution))
        if kind == "csv":
            return array_text(array, options.show, "csv")
        return f"{solution}\n\n{options.show} at t={t}\n{array_text(array.sel(t=t), options.show, 'table')}"

    deliver(as_text, options.format, options.out)
    return True


def _record(solution: Solution) -> dict[str, Any]:
    """The whole solution for programs; what its type of inference does not have is left out."""
    network = solution.network
    record: dict[str, Any] = {
        "inference": solution.inference,
        "horizon": network.horizon,
        "states": list(network.mdp.states),
        "actions": list(network.mdp.actions),
    }
    if has_temperature(solution.inference):
        record["temperature"] = network.temperatures if network.scheduled else network.temperature
        record["reward_shift"] = solution.reward_shift
    values = {name: available(solution, name) for name in (*_NUMBERS, *ARRAYS)}
    return record | {name: value for name, value in values.items() if value is not None}


# --- hidden states --------------------------------------------------------------------------------------------------
def _solve_hidden(options: argparse.Namespace) -> bool:
    """Values and actions of beliefs."""
    where = f"{options.input!r}, whose states are hidden"
    inputs.refuse(options, _OBSERVED, where)
    if options.show != "policy":
        raise InvalidArgument(f"--show {options.show} with {where}", remedy="leave --show out: alpha vectors are shown")
    pomdp, inference = inputs.partially_observable(options), options.inference or DEFAULT
    if options.horizon == INFINITE:
        inputs.refuse(options, ("time",), "an infinite horizon", "all steps are alike")
        chosen = endless.chosen(options)
        _deliver(infinite.solve_infinite(pomdp, inference=inference, progress=progress(options), **chosen), options)
        return True
    inputs.refuse(options, endless.OPTIONS, f"--horizon {options.horizon}")
    _deliver(control.solve(pomdp, options.horizon, inference=inference, progress=progress(options)), options)
    return True


def _deliver(solution: BeliefSolution | StationaryBeliefSolution, options: argparse.Namespace) -> None:
    steps, t = _steps(solution), options.time or 0
    if not 0 <= t < len(steps):
        raise InvalidArgument(f"--time {t}", allowed=f"0 … {len(steps) - 1}")

    def as_text(kind: str) -> str:
        if kind == "json":
            return json_text(_belief_record(solution))
        if kind == "csv":
            header = ["t", "action", *map(str, solution.pomdp.states)]
            rows = [[k, *row] for k, vectors in enumerate(steps) for row in _rows(vectors)]
            return csv_text(header, rows)
        where = f" at t={t}" if isinstance(solution, BeliefSolution) else ""
        return f"{solution}\n\nalpha vectors{where}\n{steps[t]}"

    deliver(as_text, options.format, options.out)


def _steps(solution: BeliefSolution | StationaryBeliefSolution) -> tuple[AlphaVectors, ...]:
    return solution.alpha_vectors if isinstance(solution, BeliefSolution) else (solution.alpha_vectors,)


def _rows(vectors: AlphaVectors) -> list[list[Any]]:
    return [[str(a), *row] for a, row in zip(vectors.actions, vectors.values.tolist(), strict=True)]


def _belief_record(solution: BeliefSolution | StationaryBeliefSolution) -> dict[str, Any]:
    """The whole solution for programs."""
    pomdp = solution.pomdp
    found: dict[str, Any] = {"inference": "bellman", "states": pomdp.states, "actions": pomdp.actions}
    found |= {"observations": pomdp.observations, "discount": pomdp.discount, "initial": pomdp.initial}
    if isinstance(solution, BeliefSolution):
        found |= {"horizon": solution.horizon, "value": solution.value()}
    else:
        found |= {"horizon": "infinite", "lower": solution.lower(), "upper": solution.upper()}
    vectors = [{"actions": step.actions, "vectors": step.values} for step in _steps(solution)]
    return found | {"action": solution.action(), "alpha_vectors": vectors}
