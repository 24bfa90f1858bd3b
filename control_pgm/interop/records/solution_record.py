"""Solutions as records, and back.

Version 1 of the format held one temperature, and neither risk, value, plan and bounds nor the action prior.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solve_options import INFERENCES
from control_pgm.errors import ImpossibleEvidence, NotAvailable, TooLarge, UndefinedConditional
from control_pgm.interop.records.json_format import plain_number
from control_pgm.interop.records.label_codes import decode_label, encode_label, shortened
from control_pgm.interop.records.mdp_record import mdp_from, mdp_record
from control_pgm.interop.records.record import Record, Source
from control_pgm.interop.records.saved_solution import AXES, NUMBERS, SavedSolution
from control_pgm.interop.records.solution_fields import (
    prior_kind,
    read_horizon,
    read_labelled,
    read_prior,
    read_temperatures,
    read_truth,
)
from control_pgm.tables.arrays import lock

SOLUTION = "control_pgm/solution"
SOLUTION_VERSION = 2
_FIELDS_1 = ("format", "version", "mdp", "inference", "convention", "horizon", "temperature", "reward_shift")
_FIELDS = (*_FIELDS_1, "temperatures", "plan", "exact", "prior", "action_prior", "as_unrolled")
_NUMBERS_1 = ("log_evidence", "log_evidence_unshifted", "soft_value", "elbo", "gap")


# --- writing ----------------------------------------------------------------------------------------------------
def solution_record(solution: Solution) -> Record:
    """What to write of a solution: everything that its type of inference has."""
    network = solution.network
    fields: dict[str, Any] = {
        "format": SOLUTION,
        "version": SOLUTION_VERSION,
        "inference": solution.inference,
        "convention": solution.convention,
        "horizon": network.horizon,
        "prior": prior_kind(network.prior.given),
        "as_unrolled": network.as_unrolled,
    }
    arrays: dict[str, Any] = {name: available(solution, name) for name in (*AXES, "reward_shift")}
    if network.scheduled:
        arrays["temperatures"] = network.temperatures
    else:
        fields["temperature"] = plain_number(network.temperature)
    if fields["prior"] in ("sa", "tsa"):
        arrays["action_prior"] = network.prior.table
    numbers = {name: available(solution, name) for name in NUMBERS}
    fields.update({name: plain_number(x) for name, x in numbers.items() if x is not None})
    plan = available(solution, "plan")
    if plan is not None:
        fields["plan"] = [encode_label(label) for label in plan]
        fields["exact"] = bool(solution.exact)
    present = {name: np.asarray(array) for name, array in arrays.items() if array is not None}
    return Record(fields, present, {"mdp": mdp_record(network.mdp)})


def available(solution: Solution, name: str) -> Any:
    """A quantity of a solution, or None where this solution does not have it, or could not compute it."""
    if not hasattr(type(solution), name) and name not in vars(solution):
        return None
    try:
        return getattr(solution, name)
    except (NotAvailable, UndefinedConditional, ImpossibleEvidence, TooLarge):
        return None


# --- reading ----------------------------------------------------------------------------------------------------
def solution_from(source: Source) -> SavedSolution:
    """The solution of a record.

    Raises
    ------
    InvalidFile
        Naming the file, the field and the place.
    TooLarge
        If an array would take more than the file's budget.
    """
    version = source.expect(
        SOLUTION, {"control_pgm/mdp": "load reads decision processes"}, versions=(1, SOLUTION_VERSION)
    )
    source.only((*_FIELDS_1, *_NUMBERS_1, *AXES) if version == 1 else (*_FIELDS, *NUMBERS, *AXES))
    mdp = mdp_from(source.part("mdp"))
    horizon = read_horizon(source, mdp)
    temperatures = read_temperatures(source, horizon)
    values: dict[str, Any] = {
        name: read_labelled(source, name, axes, mdp, horizon) for name, axes in AXES.items() if name in source.names
    }
    if "reward_shift" in source.names:
        values["reward_shift"] = lock(source.array("reward_shift", (None,), "float"))
    if "temperature" in source.names:
        values["temperature"] = float(temperatures[0])
    values.update({name: source.number(name) for name in NUMBERS if name in source.names})
    if "plan" in source.names:
        values["plan"] = _plan(source, mdp, horizon)
    if "exact" in source.names:
        values["exact"] = read_truth(source, "exact")
    if version > 1:
        values["action_prior"] = read_prior(source, mdp, horizon)
        values["as_unrolled"] = read_truth(source, "as_unrolled")
    inference = source.text("inference", tuple(dict.fromkeys(INFERENCES.values())))
    convention = source.text("convention", ("mean", "sum"))
    return SavedSolution(mdp, horizon, temperatures, inference, convention, values, version)


def _plan(source: Source, mdp: MDP, horizon: int) -> tuple[Hashable, ...]:
    """The actions of an open-loop plan, as the process labels them."""
    plan = source.value("plan")
    if not isinstance(plan, list) or len(plan) != horizon:
        raise source.error(f"plan is {shortened(plan)}", allowed=f"a list of {horizon} actions")
    index_of = mdp.actions.index_of
    labels = [decode_label(value, f"{source.file}: plan[{t}]") for t, value in enumerate(plan)]
    for t, label in enumerate(labels):
        if label not in index_of:
            raise source.error(f"plan[{t}] is {shortened(plan[t])}", allowed="an action of the process")
    return tuple(mdp.actions[index_of[label]] for label in labels)
