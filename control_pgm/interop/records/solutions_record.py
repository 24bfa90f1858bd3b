"""Solutions of many problems as records, and back: one file with labelled arrays, and what each problem has of its own.

The process of the first problem is written whole. Of the others there are, in the list ``own`` and the part ``rows``,
the fields and arrays in which they differ, so that what all share is written once.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.unroll import unroll_process
from control_pgm.control.solutions.parts import ARRAYS, NUMBERS, Stored
from control_pgm.control.solutions_of_many import Solutions, named
from control_pgm.control.solve_options import INFERENCES, check_risk
from control_pgm.errors import ControlPGMError, InvalidArgument
from control_pgm.interop.records.label_codes import decode_label, encode_label, shortened
from control_pgm.interop.records.mdp_record import mdp_from, mdp_record
from control_pgm.interop.records.record import VERSION, Kind, Record, Shape, Source
from control_pgm.interop.records.solution_fields import PRIORS, prior_kind
from control_pgm.tables.arrays import FloatArray, lock

SOLUTIONS = "control_pgm/solutions"
_FIELDS = ("format", "version", "mdp", "rows", "own", "inference", "varying", "horizons", "priors", "plans")
_VECTORS = ("temperatures", "risks", "action_priors")


# --- writing ----------------------------------------------------------------------------------------------------
def solutions_record(solutions: Solutions) -> Record:
    """What to write of many solutions.

    Raises
    ------
    InvalidArgument
        If a process has tables of another form than the first; names the problem.
    """
    networks = solutions.networks
    records = [mdp_record(network.mdp) for network in _distinct(networks)]
    places = {id(network.mdp): k for k, network in enumerate(_distinct(networks))}
    members = [records[places[id(network.mdp)]] for network in networks]
    fields: dict[str, Any] = {
        "format": SOLUTIONS,
        "version": VERSION,
        "inference": solutions.inference,
        "varying": list(solutions.varying),
        "horizons": list(solutions.horizons),
        "priors": [prior_kind(network.prior.given) for network in networks],
        "own": _own(members),
    }
    plans = solutions.available("plans")
    if plans is not None:
        fields["plans"] = [[encode_label(label) for label in plan] for plan in plans]
    arrays: dict[str, Any] = {name: solutions.available(name) for name in (*ARRAYS, *NUMBERS)}
    arrays |= {"temperatures": solutions.temperatures, "risks": np.array(solutions.risks) if solutions.risks else None}
    arrays["action_priors"] = _stacked_priors(networks)
    present = {name: np.asarray(array) for name, array in arrays.items() if array is not None}
    return Record(fields, present, {"mdp": members[0], "rows": Record({}, _rows(members))})


def _distinct(networks: Sequence[ControlNetwork]) -> list[ControlNetwork]:
    """One network for each process."""
    return list({id(network.mdp): network for network in networks}.values())


def _own(members: Sequence[Record]) -> list[dict[str, Any]]:
    """The fields in which each process differs from the first, whose arrays must have the same names and shapes."""
    first, found = members[0], []
    shapes = {name: array.shape for name, array in first.arrays.items()}
    for k, record in enumerate(members):
        if record is not first and (
            record.fields.keys() != first.fields.keys()
            or {name: array.shape for name, array in record.arrays.items()} != shapes
        ):
            raise InvalidArgument(
                f"the process of {named(k, len(members))} has tables of another form than that of problem 0",
                allowed="processes whose tables differ in numbers, for one file",
                remedy=f"save them one by one: solutions[{k}].save(path)",
            )
        found.append({name: value for name, value in record.fields.items() if value != first.fields[name]})
    return found


def _rows(members: Sequence[Record]) -> dict[str, NDArray[Any]]:
    """The arrays in which some process differs from the first, those of all processes stacked."""
    first = members[0]
    differing = [
        name
        for name, array in first.arrays.items()
        if any(m is not first and not np.array_equal(m.arrays[name], array, equal_nan=True) for m in members)
    ]
    return {name: np.stack([record.arrays[name] for record in members]) for name in differing}


def _stacked_priors(networks: Sequence[ControlNetwork]) -> FloatArray | None:
    """The action priors that are tables, [problem, t, s, a]; one step of those that do not vary, NaN beyond."""
    tables = [network.prior.table for network in networks if _is_table(network)]
    if not tables:
        return None
    tables = [table if table.ndim == 3 else table[None] for table in tables]
    stacked = np.full((len(tables), max(map(len, tables)), *tables[0].shape[1:]), np.nan)
    for k, table in enumerate(tables):
        stacked[k, : len(table)] = table
    return stacked


def _is_table(network: ControlNetwork) -> bool:
    return prior_kind(network.prior.given) in ("sa", "tsa")


# --- reading ----------------------------------------------------------------------------------------------------
def solutions_from(source: Source) -> Solutions:
    """The solutions of a record, with networks made once more.

    Raises
    ------
    InvalidFile
        Naming the file, the field and the place.
    TooLarge
        If an array would take more than the file's budget.
    """
    source.expect(SOLUTIONS)
    source.only((*_FIELDS, *_VECTORS, *ARRAYS, *NUMBERS))
    inference = source.text("inference", tuple(dict.fromkeys(INFERENCES.values())))
    horizons = [_horizon(source, k, value) for k, value in enumerate(_list(source, "horizons"))]
    n = len(horizons)
    mdps = _processes(source, n)
    longest = max(horizons)
    sizes = {"t": longest, "T": longest + 1, "s": mdps[0].n_states, "a": mdps[0].n_actions}
    arrays = {
        name: lock(source.array(name, (n, *(sizes[axis] for axis in axes)), "float"))
        for name, axes in ARRAYS.items()
        if name in source.names
    }
    figures = {name: lock(source.array(name, (n,), "float")) for name in NUMBERS if name in source.names}
    plans = _plans(source, mdps[0], horizons) if "plans" in source.names else None
    varying = tuple(str(word) for word in _list(source, "varying", least=0))
    networks = _networks(source, mdps, horizons)
    part = Stored(range(n), inference, arrays, figures, plans)
    return Solutions(networks, inference, _risks(source, inference, n), varying, (part,))


class _Member(Source):
    """The process of one problem: that of the first, with the values and rows of its own."""

    def __init__(
        self, base: Source, rows: Source, own: dict[str, Any], at: tuple[int, int], read: dict[str, NDArray[Any]]
    ) -> None:
        super().__init__(base.file, {**base.fields, **own}, base.budget, base.prefix)
        self._base, self._rows, self._read = base, rows, read
        self._k, self._count = at

    @property
    def names(self) -> Set[str]:
        """Those of the first process."""
        return self._base.names

    def array(self, name: str, shape: Shape, kind: Kind) -> NDArray[Any]:
        """The row of this problem, or what all problems share; each is read once."""
        stacked = name in self._rows.names
        if name not in self._read:
            whole = (self._count, *shape) if stacked else shape
            self._read[name] = (self._rows if stacked else self._base).array(name, whole, kind)
        return np.asarray(self._read[name][self._k] if stacked else self._read[name])

    def part(self, name: str) -> Source:
        """A part of the first process."""
        return self._base.part(name)


def _processes(source: Source, n: int) -> list[MDP]:
    """The process of each problem; those that do not differ from the first are the same object."""
    base, rows, own = source.part("mdp"), source.part("rows"), _list(source, "own")
    rows.only(tuple(base.names))
    if len(own) != n or not all(isinstance(fields, dict) and fields.keys() <= base.fields.keys() for fields in own):
        raise source.error(f"own is {shortened(own)}", allowed=f"{n} objects with fields of mdp")
    read: dict[str, NDArray[Any]] = {}
    made = [mdp_from(_Member(base, rows, own[0], (0, n), read))]
    for k in range(1, n):
        member = _Member(base, rows, own[k], (k, n), read)
        same = own[k] == own[0] and all(
            np.array_equal(read[name][k], read[name][0]) for name in rows.names & read.keys()
        )
        made.append(made[0] if same else mdp_from(member))
    return made


def _networks(source: Source, mdps: Sequence[MDP], horizons: Sequence[int]) -> list[ControlNetwork]:
    n = len(mdps)
    kinds = _list(source, "priors")
    if len(kinds) != n or any(kind not in PRIORS for kind in kinds):
        raise source.error(f"priors is {shortened(kinds)}", allowed=f"{n} of {', '.join(PRIORS)}")
    alphas = source.array("temperatures", (n,), "float")
    where = [k for k, kind in enumerate(kinds) if kind in ("sa", "tsa")]
    sizes = len(where), None, mdps[0].n_states, mdps[0].n_actions
    tables = dict(zip(where, source.array("action_priors", sizes, "float"), strict=True)) if where else {}
    found = []
    for k, (mdp, horizon, kind) in enumerate(zip(mdps, horizons, kinds, strict=True)):
        prior: Any = {"uniform": None, "counting": "counting"}.get(kind)
        if k in tables:
            prior = tables[k][0] if kind == "sa" else tables[k][:horizon]
        try:
            found.append(unroll_process(mdp, horizon, temperature=float(alphas[k]), action_prior=prior))
        except ControlPGMError as error:
            raise source.error(f"{named(k, n)}: {error.what}", allowed=error.allowed, remedy=error.remedy) from None
    return found


def _list(source: Source, name: str, *, least: int = 1) -> list[Any]:
    value = source.value(name)
    if not isinstance(value, list) or len(value) < least:
        raise source.error(f"{name} is {shortened(value)}", allowed="a list with one entry for each problem")
    return value


def _horizon(source: Source, k: int, value: Any) -> int:
    if type(value) is not int or not 1 <= value < 2**31:
        raise source.error(f"horizons[{k}] is {shortened(value)}", allowed="an integer ≥ 1")
    return value


def _risks(source: Source, inference: str, n: int) -> tuple[float, ...]:
    if (inference == "planning") != ("risks" in source.names):
        raise source.error(f"inference is {inference!r}", allowed="'planning' with risks, others without")
    given = source.array("risks", (n,), "float").tolist() if inference == "planning" else []
    try:
        return tuple(map(check_risk, given))
    except InvalidArgument as error:
        raise source.error(error.what, allowed=error.allowed) from None


def _plans(source: Source, mdp: MDP, horizons: Sequence[int]) -> list[tuple[Hashable, ...]]:
    plans, found = _list(source, "plans"), []
    for k, (plan, horizon) in enumerate(zip(plans, horizons, strict=False)):
        if not isinstance(plan, list) or len(plan) != horizon or len(plans) != len(horizons):
            raise source.error(
                f"plans[{k}] is {shortened(plan)}", allowed=f"a list of {horizon} actions, one plan each"
            )
        labels = [decode_label(value, f"{source.file}: plans[{k}][{t}]") for t, value in enumerate(plan)]
        for t, label in enumerate(labels):
            if label not in mdp.actions.index_of:
                raise source.error(f"plans[{k}][{t}] is {shortened(plan[t])}", allowed="an action of the process")
        found.append(tuple(mdp.actions[mdp.actions.index_of[label]] for label in labels))
    if len(found) != len(horizons):
        raise source.error(f"{len(found)} plans", allowed=f"{len(horizons)}, one for each problem")
    return found
