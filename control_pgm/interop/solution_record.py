"""Solutions as records, and back.

Version 1 of the format held one temperature, and neither risk, value, plan and bounds nor the action prior.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import inf
from typing import Any

import numpy as np

from control_pgm.control.mdp import MDP
from control_pgm.control.priors import Prior
from control_pgm.control.solution import Solution
from control_pgm.control.solve_options import INFERENCES
from control_pgm.errors import ImpossibleEvidence, NotAvailable, TooLarge, UndefinedConditional
from control_pgm.interop.json_format import plain_number
from control_pgm.interop.label_codes import decode_label, encode_label, shortened
from control_pgm.interop.mdp_record import mdp_from, mdp_record
from control_pgm.interop.saved_solution import AXES, NUMBERS, SavedSolution
from control_pgm.interop.source import Record, Source
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled import LabelledArray
from control_pgm.tables.variable import Labels

FORMAT = "control_pgm/solution"
VERSION = 2
_PRIORS = ("uniform", "counting", "sa", "tsa")  # what p(a|s) is, or the axes of its table
_FIELDS_1 = ("format", "version", "mdp", "inference", "convention", "horizon", "temperature", "reward_shift")
_FIELDS = (*_FIELDS_1, "temperatures", "plan", "exact", "prior", "action_prior", "as_unrolled")
_NUMBERS_1 = ("log_evidence", "log_evidence_unshifted", "soft_value", "elbo", "gap")


# --- writing ----------------------------------------------------------------------------------------------------
def solution_record(solution: Solution) -> Record:
    """What to write of a solution: everything that its type of inference has."""
    network = solution.network
    fields: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "inference": solution.inference,
        "convention": solution.convention,
        "horizon": network.horizon,
        "prior": _kind(network.prior),
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


def _kind(prior: Prior) -> str:
    if prior.counting:
        return "counting"
    if prior.uniform:
        return "uniform"
    return "tsa" if prior.varying else "sa"


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
    version = source.expect(FORMAT, {"control_pgm/mdp": "load reads decision processes"}, versions=(1, VERSION))
    source.only((*_FIELDS_1, *_NUMBERS_1, *AXES) if version == 1 else (*_FIELDS, *NUMBERS, *AXES))
    mdp = mdp_from(source.part("mdp"))
    horizon = _horizon(source, mdp)
    temperatures = _temperatures(source, horizon)
    values: dict[str, Any] = {
        name: _labelled(source, name, axes, mdp, horizon) for name, axes in AXES.items() if name in source.names
    }
    if "reward_shift" in source.names:
        values["reward_shift"] = lock(source.array("reward_shift", (None,), "float"))
    if "temperature" in source.names:
        values["temperature"] = float(temperatures[0])
    values.update({name: source.number(name) for name in NUMBERS if name in source.names})
    if "plan" in source.names:
        values["plan"] = _plan(source, mdp, horizon)
    if "exact" in source.names:
        values["exact"] = _truth(source, "exact")
    if version > 1:
        values["action_prior"] = _prior(source, mdp, horizon)
        values["as_unrolled"] = _truth(source, "as_unrolled")
    inference = source.text("inference", tuple(dict.fromkeys(INFERENCES.values())))
    convention = source.text("convention", ("mean", "sum"))
    return SavedSolution(mdp, horizon, temperatures, inference, convention, values, version)


def _horizon(source: Source, mdp: MDP) -> int:
    horizon = source.value("horizon")
    if type(horizon) is not int or not 1 <= horizon < 2**31:
        raise source.error(f"horizon is {shortened(horizon)}", allowed="an integer ≥ 1")
    if mdp.time_steps not in (None, horizon):
        raise source.error(
            f"horizon is {horizon}", allowed=f"{mdp.time_steps}, the number of time steps that the process has"
        )
    return horizon


def _temperatures(source: Source, horizon: int) -> FloatArray:
    """alpha_t of each step, from the one temperature or the schedule of the file."""
    scheduled = "temperatures" in source.names
    if scheduled == ("temperature" in source.names):
        raise source.error(
            f"temperature and temperatures are {'both there' if scheduled else 'both missing'}",
            allowed="temperature, a number, or temperatures, one for each step",
        )
    given = source.array("temperatures", (horizon,), "float") if scheduled else np.array([source.number("temperature")])
    for t, alpha in enumerate(given.tolist()):
        if not 0.0 < alpha < inf:
            place = f"temperatures[{t}]" if scheduled else "temperature"
            raise source.error(f"{place} is {alpha}", allowed="a finite number > 0, in units of reward")
    return np.broadcast_to(lock(given), (horizon,))


def _labelled(source: Source, name: str, axes: str, mdp: MDP, horizon: int) -> LabelledArray:
    sizes = {"t": horizon, "T": horizon + 1, "s": mdp.n_states, "a": mdp.n_actions}
    values = source.array(name, tuple(sizes[axis] for axis in axes), "bool" if name == "defined" else "float")
    labels = {"t": Labels(range(sizes[axes[0]])), "s": mdp.states, "a": mdp.actions}
    dims = tuple(axes.lower())
    return LabelledArray(lock(values), dims, {dim: labels[dim] for dim in dims})


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


def _prior(source: Source, mdp: MDP, horizon: int) -> FloatArray | str | None:
    """The action prior as `unroll` takes it."""
    kind = source.text("prior", _PRIORS)
    if (kind in ("sa", "tsa")) != ("action_prior" in source.names):
        raise source.error(f"prior is {kind!r}", allowed="'sa' or 'tsa' with the array action_prior, others without")
    if kind in ("uniform", "counting"):
        return None if kind == "uniform" else kind
    sizes = {"t": horizon, "s": mdp.n_states, "a": mdp.n_actions}
    return lock(source.array("action_prior", tuple(sizes[axis] for axis in kind), "float"))


def _truth(source: Source, name: str) -> bool:
    value = source.value(name)
    if type(value) is not bool:
        raise source.error(f"{name} is {shortened(value)}", allowed="true or false")
    return value
