"""Solutions as records, and what reading one gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.control.mdp import MDP
from control_pgm.control.solution import Solution
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import ImpossibleEvidence, NotAvailable, UndefinedConditional
from control_pgm.interop.json_format import plain_number
from control_pgm.interop.label_codes import shortened
from control_pgm.interop.mdp_record import mdp_from, mdp_record
from control_pgm.interop.source import VERSION, Record, Source
from control_pgm.tables.arrays import lock
from control_pgm.tables.labelled import LabelledArray
from control_pgm.tables.variable import Labels

FORMAT = "control_pgm/solution"
AXES = {  # T: one time more than there are actions
    "policy": "tsa",
    "Q": "tsa",
    "V": "Ts",
    "advantage": "tsa",
    "defined": "ts",
    "log_backward": "Ts",
    "log_backward_action": "tsa",
    "log_forward": "Ts",
    "state_marginals": "Ts",
    "state_action_marginals": "tsa",
    "terminated": "T",
}
NUMBERS = ("log_evidence", "log_evidence_unshifted", "soft_value", "elbo", "gap")
_FIELDS = ("format", "version", "mdp", "inference", "convention", "horizon", "temperature", *NUMBERS)


@dataclass(frozen=True, eq=False, repr=False)
class SavedSolution:
    """The numbers of a `Solution`, as `load_solution` reads them: no network and no messages to ask further.

    The arrays and numbers of a solution are attributes by the same names (``.policy``, ``.V``, ``.log_evidence``),
    labelled as before. What the type of inference did not have raises `NotAvailable`.

    Attributes
    ----------
    mdp : MDP
    horizon : int
    temperature : float
    inference : str
    convention : str
    arrays : mapping
        Name -> `LabelledArray`.
    numbers : mapping
        Name -> float.
    """

    mdp: MDP
    horizon: int
    temperature: float
    inference: str
    convention: str
    arrays: Mapping[str, Any]
    numbers: Mapping[str, float]

    def __getattr__(self, name: str) -> Any:
        for values in (self.__dict__.get("arrays", {}), self.__dict__.get("numbers", {})):
            if name in values:
                return values[name]
        if name in (*AXES, *NUMBERS, "reward_shift"):
            raise NotAvailable(f"the saved solution, inference={self.inference!r}, has no {name}")
        raise AttributeError(name)

    def _rows(self) -> list[list[str]]:
        sizes = f"{self.mdp.n_states}, {self.mdp.n_actions}, {self.horizon}"
        rows = [["inference", self.inference], ["states, actions, horizon", sizes]]
        rows += [["temperature", number(self.temperature)]]
        return rows + [[name.replace("_", " "), number(x, 8)] for name, x in self.numbers.items()]

    def __str__(self) -> str:
        return text_table(["saved solution", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["saved solution", ""], self._rows())

    def __repr__(self) -> str:
        return f"SavedSolution({self.mdp!r}, horizon {self.horizon}, inference={self.inference!r})"


def solution_record(solution: Solution) -> Record:
    """What to write of a solution: everything that its type of inference has."""
    network = solution.network
    numbers = {name: _available(solution, name) for name in NUMBERS}
    arrays = {name: _available(solution, name) for name in (*AXES, "reward_shift")}
    fields = {
        "format": FORMAT,
        "version": VERSION,
        "inference": solution.inference,
        "convention": solution.convention,
        "horizon": network.horizon,
        "temperature": plain_number(network.temperature),
        **{name: plain_number(x) for name, x in numbers.items() if x is not None},
    }
    present = {name: np.asarray(array) for name, array in arrays.items() if array is not None}
    return Record(fields, present, {"mdp": mdp_record(network.mdp)})


def _available(solution: Solution, name: str) -> Any:
    """A quantity of a solution, or None where this solution does not have it."""
    try:
        return getattr(solution, name)
    except (NotAvailable, UndefinedConditional, ImpossibleEvidence):
        return None


def solution_from(source: Source) -> SavedSolution:
    """The solution of a record.

    Raises
    ------
    InvalidFile
        Naming the file, the field and the place.
    TooLarge
        If an array would take more than the file's budget.
    """
    source.expect(FORMAT, {"control_pgm/mdp": "load reads decision processes"})
    source.only((*_FIELDS, *AXES, "reward_shift"))
    mdp = mdp_from(source.part("mdp"))
    horizon = source.value("horizon")
    if type(horizon) is not int or not 1 <= horizon < 2**31:
        raise source.error(f"horizon is {shortened(horizon)}", allowed="an integer ≥ 1")
    arrays: dict[str, Any] = {
        name: _labelled(source, name, axes, mdp, horizon) for name, axes in AXES.items() if name in source.names
    }
    if "reward_shift" in source.names:
        arrays["reward_shift"] = lock(source.array("reward_shift", (None,), "float"))
    return SavedSolution(
        mdp,
        horizon,
        source.number("temperature"),
        _word(source, "inference"),
        _word(source, "convention"),
        arrays,
        {name: source.number(name) for name in NUMBERS if name in source.names},
    )


def _labelled(source: Source, name: str, axes: str, mdp: MDP, horizon: int) -> LabelledArray:
    sizes = {"t": horizon, "T": horizon + 1, "s": mdp.n_states, "a": mdp.n_actions}
    values = source.array(name, tuple(sizes[axis] for axis in axes), "bool" if name == "defined" else "float")
    labels = {"t": Labels(range(sizes[axes[0]])), "s": mdp.states, "a": mdp.actions}
    dims = tuple(axes.lower())
    return LabelledArray(lock(values), dims, {dim: labels[dim] for dim in dims})


def _word(source: Source, name: str) -> str:
    value = source.value(name)
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= 40:
        raise source.error(f"{name} is {shortened(value)}", allowed="a word of at most 40 letters")
    return value
