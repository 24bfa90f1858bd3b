"""``control-pgm solve`` without a last step: with discount or a sure end (--horizon infinite), or on --average."""

from __future__ import annotations

import argparse
from typing import Any

import control_pgm.control.infinite as infinite
import control_pgm.interop as interop
from control_pgm.cli import inputs
from control_pgm.cli.bar import progress
from control_pgm.cli.output import array_text, deliver, json_text, show
from control_pgm.control.infinite import AverageSolution, StationarySolution
from control_pgm.control.infinite.options import INFINITE_INFERENCES
from control_pgm.control.solve_options import DEFAULT
from control_pgm.errors import InvalidArgument

WHOLE = (".json", ".npz")  # files that keep a whole solution
OPTIONS = ("method", "tolerance", "max_iterations")  # of solutions without a last step
_NEEDS_DISCOUNT = ("posterior", "planning")
_ARRAYS = ("policy", "Q", "V", "advantage")
_STATIONARY = ("inference", "temperature", "risk", "method", "iterations", "residual", "error_bound")
_AVERAGE = ("temperature", "rate", "rates", "period", "method", "iterations", "error_bound")


def solve_infinite(options: argparse.Namespace) -> bool:
    """The stationary policy and its values, with discount or where episodes surely end."""
    _refuse_time(options)
    if options.show not in _ARRAYS:
        raise InvalidArgument(
            f"--show {options.show} with --horizon infinite", allowed=", ".join(_ARRAYS), remedy="--average has them"
        )
    inference = options.inference or DEFAULT
    if inference not in INFINITE_INFERENCES:
        raise InvalidArgument(
            f"--horizon infinite with --inference {inference}",
            allowed=", ".join(INFINITE_INFERENCES),
            remedy="give --horizon T, the number of actions",
        )
    inputs.check_risk(options)
    mdp = inputs.process(options)
    if inference in _NEEDS_DISCOUNT and mdp.discount == 1.0:
        raise InvalidArgument(
            f"--horizon infinite with --inference {inference} and discount 1: endless optimality has no evidence",
            allowed="a discount below 1",
            remedy="give --discount GAMMA, or --average, or --inference variational",
        )
    solution = infinite.solve_infinite(
        mdp,
        inference=inference,
        temperature=options.temperature,
        risk=options.risk,
        progress=progress(options),
        **chosen(options),
    )
    record = {"objective": "discounted", "discount": mdp.discount, **_record(solution, (*_STATIONARY, *_ARRAYS))}
    _deliver(solution, record, options)
    return True


def solve_average(options: argparse.Namespace) -> bool:
    """The posterior of a process that goes on for ever."""
    _refuse_time(options)
    if options.inference not in (None, "posterior"):
        raise InvalidArgument(f"--average with --inference {options.inference}", allowed="posterior")
    inputs.check_risk(options)
    mdp = inputs.process(options)
    check_undiscounted(mdp.discount, "--average")
    alpha = 1.0 if options.temperature is None else options.temperature
    solution = infinite.solve_average(mdp, temperature=alpha, progress=progress(options), **chosen(options))
    names = (*_AVERAGE, *_ARRAYS, "state_marginals", "state_action_marginals")
    _deliver(solution, {"objective": "average", "inference": "posterior", **_record(solution, names)}, options)
    return True


def chosen(options: argparse.Namespace) -> dict[str, Any]:
    """How to iterate, as far as that was said."""
    return {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}


def check_undiscounted(discount: float, where: str) -> None:
    """Refuse a discount, the process's own or another, where it has no meaning."""
    if discount < 1.0:
        raise InvalidArgument(
            f"{where} with discount {discount:g}, which ends the process",
            allowed="discount 1",
            remedy="give --discount 1, or --horizon infinite without --average",
        )


def _refuse_time(options: argparse.Namespace) -> None:
    inputs.refuse(options, ("time",), "an infinite horizon", "all steps are alike")


def _record(solution: StationarySolution | AverageSolution, names: tuple[str, ...]) -> dict[str, Any]:
    """A solution for programs."""
    values = {name: getattr(solution, name) for name in names}
    record = {"horizon": "infinite", "states": list(solution.mdp.states), "actions": list(solution.mdp.actions)}
    return record | {name: value for name, value in values.items() if value is not None}


def _deliver(
    solution: StationarySolution | AverageSolution, record: dict[str, Any], options: argparse.Namespace
) -> None:
    if options.out is not None and options.out.suffix.lower() in WHOLE:
        show(f"wrote {interop.save_solution(solution, options.out, progress=progress(options))}")
        return
    array = getattr(solution, options.show)

    def as_text(kind: str) -> str:
        if kind == "json":
            return json_text(record)
        if kind == "csv":
            return array_text(array, options.show, "csv")
        return f"{solution}\n\n{options.show}\n{array_text(array, options.show, 'table')}"

    deliver(as_text, options.format, options.out)
