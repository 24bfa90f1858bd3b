"""Solutions of linearly solvable processes as records, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from control_pgm.control.linearly_solvable import DesirabilitySolution, LinearlySolvable
from control_pgm.errors import ControlPGMError
from control_pgm.interop.records.json_format import plain_number
from control_pgm.interop.records.label_codes import encode_label
from control_pgm.interop.records.mdp_record import read_csr, read_labels
from control_pgm.interop.records.record import VERSION, Record, Source
from control_pgm.interop.records.stationary_record import read_count
from control_pgm.tables.arrays import lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

DESIRABILITY = "control_pgm/desirability"
_OBJECTIVES = ("first-exit", "finite", "discounted", "average")
_FIELDS = ("format", "version", "states", "objective", "temperature", "error_bound", "iterations")
_PARTS = ("data", "indices", "indptr")
_ROUNDING = 1e-12


def desirability_record(solution: DesirabilitySolution) -> Record:
    """What to write of a solution: all that it has. The rows of u(s'|s) of all steps are one matrix."""
    problem = solution.problem
    fields: dict[str, Any] = {
        "format": DESIRABILITY,
        "version": VERSION,
        "states": [encode_label(label) for label in problem.states],
        "objective": solution.objective,
        "temperature": plain_number(solution.temperature),
        "error_bound": plain_number(solution.error_bound),
        "iterations": int(solution.iterations),
    }
    arrays: dict[str, NDArray[Any]] = {"reward": problem.reward, "final_reward": problem.final_reward}
    arrays["V"] = solution.V.values
    if solution.rates is not None:
        arrays["rates"] = solution.rates.values
    controlled = sparse.csr_array(sparse.vstack(solution.matrices))
    for name, matrix in (("passive", problem.passive), ("controlled", controlled)):
        arrays |= {f"{name}_{part}": getattr(matrix, part) for part in _PARTS}
    return Record(fields, arrays)


def desirability_from(source: Source) -> DesirabilitySolution:
    """The solution of a record.

    Raises
    ------
    InvalidFile
        Naming the file, the field and the place.
    TooLarge
        If an array would take more than the file's budget.
    """
    source.expect(DESIRABILITY)
    matrices = [f"{name}_{part}" for name in ("passive", "controlled") for part in _PARTS]
    source.only((*_FIELDS, "reward", "final_reward", "V", "rates", *matrices))
    objective = source.text("objective", _OBJECTIVES)
    if ("rates" in source.names) != (objective == "average"):
        raise source.error(f"rates with objective {objective!r}", allowed="there for 'average', and only for that")
    problem = _problem(source)
    states, n = problem.states, problem.n_states
    temperature = source.number("temperature")
    if not 0.0 < temperature < np.inf:
        raise source.error(f"temperature is {temperature}", allowed="a finite number > 0, in units of reward")
    values = source.array("V", (None, n) if objective == "finite" else (n,), "float")
    steps = len(values) - 1 if objective == "finite" else 1
    if steps < 1:
        raise source.error(f"V has {len(values)} rows", allowed="T + 1, one for each time")
    controlled = read_csr(source, "controlled", (steps * n, n))
    times = {"t": Labels(range(len(values)))} if objective == "finite" else {}
    labels = {**times, "s": states}
    rates = None
    if objective == "average":
        rates = LabelledArray(lock(source.array("rates", (n,), "float")), ("s",), {"s": states})
    return DesirabilitySolution(
        problem,
        objective,
        temperature,
        LabelledArray(lock(values), tuple(labels), labels),
        rates,
        tuple(controlled[t * n : (t + 1) * n] for t in range(steps)),
        source.number("error_bound"),
        read_count(source, "iterations"),
    )


def _problem(source: Source) -> LinearlySolvable:
    states = read_labels(source, "states")
    n = len(states)
    passive = read_csr(source, "passive", (n, n))
    rewards = {name: source.array(name, (n,), "float") for name in ("reward", "final_reward")}
    try:
        problem = LinearlySolvable(passive, rewards["reward"], final_reward=rewards["final_reward"], states=states)
    except ControlPGMError as error:
        raise source.error(error.what, allowed=error.allowed, remedy=error.remedy) from None
    if problem.passive.nnz == passive.nnz and np.abs(problem.passive.data - passive.data).max() <= _ROUNDING:
        lock(passive.data)
        problem.__dict__["passive"] = passive  # rows are divided by their sums; what was written has been already
    return problem
