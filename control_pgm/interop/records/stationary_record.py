"""Stationary solutions as records, and back: with discount or a sure end, and of average reward."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from control_pgm.control.infinite import AverageSolution, StationarySolution
from control_pgm.control.infinite.options import INFINITE_INFERENCES, SOFT
from control_pgm.interop.records.json_format import plain_number
from control_pgm.interop.records.label_codes import shortened
from control_pgm.interop.records.mdp_record import mdp_from, mdp_record
from control_pgm.interop.records.record import VERSION, Record, Source
from control_pgm.interop.records.solution_fields import prior_kind, read_labelled, read_prior
from control_pgm.tables.arrays import lock

STATIONARY = "control_pgm/stationary"
Stationary = StationarySolution | AverageSolution
_DISCOUNTED, _AVERAGE = "discounted", "average"
_ARRAYS = {  # by objective: name -> axes
    _DISCOUNTED: {"policy": "sa", "Q": "sa", "V": "s"},
    _AVERAGE: {
        "policy": "sa",
        "Q": "sa",
        "V": "s",
        "rates": "s",
        "state_marginals": "s",
        "state_action_marginals": "sa",
    },
}
_NUMBERS = {_DISCOUNTED: ("error_bound",), _AVERAGE: ("rate", "error_bound")}
_COUNTS = {_DISCOUNTED: (), _AVERAGE: ("period", "iterations")}
_FIELDS = ("format", "version", "mdp", "objective", "inference", "method", "temperature", "prior", "action_prior")
_OWN = {_DISCOUNTED: ("risk", "residuals"), _AVERAGE: ()}


def stationary_record(solution: Stationary) -> Record:
    """What to write of a stationary solution: all that it has."""
    objective = _DISCOUNTED if isinstance(solution, StationarySolution) else _AVERAGE
    fields: dict[str, Any] = {
        "format": STATIONARY,
        "version": VERSION,
        "objective": objective,
        "inference": solution.inference,
        "method": solution.method,
        "prior": prior_kind(solution.action_prior),
        **{name: plain_number(getattr(solution, name)) for name in _NUMBERS[objective]},
        **{name: int(getattr(solution, name)) for name in _COUNTS[objective]},
    }
    arrays = {name: np.asarray(getattr(solution, name)) for name in _ARRAYS[objective]}
    if solution.temperature is not None:
        fields["temperature"] = plain_number(solution.temperature)
    if isinstance(solution, StationarySolution):
        arrays["residuals"] = solution.residuals
        if solution.risk is not None:
            fields["risk"] = plain_number(solution.risk)
    if solution.action_prior is not None and not isinstance(solution.action_prior, str):
        arrays["action_prior"] = solution.action_prior
    return Record(fields, arrays, {"mdp": mdp_record(solution.mdp)})


def stationary_from(source: Source) -> Stationary:
    """The solution of a record.

    Raises
    ------
    InvalidFile
        Naming the file, the field and the place.
    TooLarge
        If an array would take more than the file's budget.
    """
    source.expect(STATIONARY)
    objective = source.text("objective", tuple(_ARRAYS))
    own = (*_ARRAYS[objective], *_NUMBERS[objective], *_COUNTS[objective], *_OWN[objective])
    source.only((*_FIELDS, *own))
    mdp = mdp_from(source.part("mdp"))
    inference = source.text("inference", tuple(dict.fromkeys(INFINITE_INFERENCES.values())))
    given: dict[str, Any] = {
        "mdp": mdp,
        "temperature": _temperature(source) if objective == _AVERAGE or inference in SOFT else None,
        "method": _word(source, "method"),
        "action_prior": read_prior(source, mdp),
        **{name: read_labelled(source, name, axes, mdp) for name, axes in _ARRAYS[objective].items()},
        **{name: source.number(name) for name in _NUMBERS[objective]},
        **{name: read_count(source, name) for name in _COUNTS[objective]},
    }
    if objective == _AVERAGE:
        return AverageSolution(**given)
    risk = source.number("risk") if "risk" in source.names else None
    residuals = lock(source.array("residuals", (None,), "float"))
    return StationarySolution(inference=inference, risk=risk, residuals=residuals, **given)


def _temperature(source: Source) -> float:
    """The temperature, in units of reward."""
    value = source.number("temperature")
    if not 0.0 < value < inf:
        raise source.error(f"temperature is {shortened(value)}", allowed="a number > 0, in units of reward")
    return value


def _word(source: Source, name: str) -> str:
    value = source.value(name)
    if not isinstance(value, str):
        raise source.error(f"{name} is {shortened(value)}", allowed="a string")
    return value


def read_count(source: Source, name: str) -> int:
    """A number of iterations, steps or the like."""
    value = source.value(name)
    if type(value) is not int or not 0 <= value < 2**63:
        raise source.error(f"{name} is {shortened(value)}", allowed="an integer ≥ 0")
    return value
