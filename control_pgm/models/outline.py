"""Outline of a model for drawing: its slices, the variables in them, and the tables that touch them.

Everything after this uses the drawn part alone, so that the picture of a long network costs that of a short one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from control_pgm.layout.columns import Columns, columns
from control_pgm.layout.placing import Link, Node
from control_pgm.layout.rows import lane_of
from control_pgm.models.cpd import CPD
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

_NAMED = 3  # hidden variables of a gap that are named

F = TypeVar("F", bound=Factor)


@dataclass(frozen=True)
class Slices:
    """The slices of a model.

    Attributes
    ----------
    times : in order.
    lone_end : whether the last is no slice of its own but the end of the one before it, as s_T is.
    """

    times: Sequence[int]
    lone_end: bool

    @classmethod
    def of(cls, times: Sequence[int], first: Iterable[Variable], last: Iterable[Variable]) -> Slices:
        """Told from the variables of the first and of the last slice."""
        return cls(times, {lane_of(v) for v in last} < {lane_of(v) for v in first})


@dataclass(frozen=True, eq=False)
class Outline:
    """What of a model is drawn.

    Attributes
    ----------
    variables : those of the slices drawn, those without a time, and those in other slices that edges lead to.
    links : (parent, child), or (variable, factor) in a factor graph.
    scopes : ("factor", k) -> the variables of factor k.
    columns : the slices; None for a model without times.
    missing : number of a gap -> names of hidden variables unlike any that is drawn.
    left_out : how many variables of the slices drawn there is no room for.
    """

    variables: tuple[Variable, ...]
    links: tuple[Link, ...]
    scopes: Mapping[Node, tuple[Variable, ...]]
    columns: Columns | None
    missing: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    left_out: int = 0


class Directed(Protocol):
    """What is asked of a Bayesian network."""

    @property
    def factors(self) -> tuple[Factor, ...]: ...

    @property
    def slices(self) -> Slices | None: ...

    def variable(self, name: str) -> Variable: ...

    def touching(self, times: Collection[int] | None) -> tuple[CPD, ...]: ...

    def irregular(self) -> Iterable[CPD]: ...


class Undirected(Protocol):
    """What is asked of a factor graph."""

    @property
    def factors(self) -> tuple[Factor, ...]: ...

    @property
    def variables(self) -> Mapping[str, Variable]: ...


def network_outline(network: Directed, *, width: float, max_slices: int = 8, keep: Iterable[str] = ()) -> Outline:
    """The part of a Bayesian network that is drawn, in columns of the given width; see `columns`.

    ``keep`` names variables whose slices are drawn in any case.
    """
    slices, drawn = network.slices, None
    if slices is not None:
        times = [network.variable(name).time for name in keep]
        kept = [time for time in times if time is not None]
        drawn = columns(slices.times, width=width, max_slices=max_slices, keep=kept, lone_end=slices.lone_end)
    cpds = network.touching(drawn.visible if drawn else None)
    scopes = _scopes(network.factors, drawn)
    variables = _distinct([*(v for cpd in cpds for v in cpd.variables), *(v for s in scopes.values() for v in s)])
    links = tuple([(parent.name, cpd.child.name) for cpd in cpds for parent in cpd.parents])
    missing = {} if drawn is None else _missing(variables, (cpd.child for cpd in network.irregular()), drawn)
    return Outline(variables, links, scopes, drawn, missing)


def graph_outline(graph: Undirected, *, width: float, max_slices: int = 8) -> Outline:
    """The part of a factor graph that is drawn, in columns of the given width."""
    variables = tuple(graph.variables.values())
    slices, drawn = slices_of(variables), None
    if slices is not None:
        drawn = columns(slices.times, width=width, max_slices=max_slices, lone_end=slices.lone_end)
    scopes = _scopes(graph.factors, drawn)
    if drawn is not None and drawn.gaps:
        mentioned = {v.name for scope in scopes.values() for v in scope}
        variables = tuple([v for v in variables if v.name in mentioned])
    links = tuple([(v.name, node) for node, scope in scopes.items() for v in scope])
    return Outline(variables, links, scopes, drawn)


def limited(outline: Outline, room: int) -> Outline:
    """The outline with at most ``room`` variables drawn: the first ones, and of slices the first rows."""
    columns = outline.columns
    drawn = [v for v in outline.variables if columns is None or v.time is None or v.time in columns.visible]
    if len(drawn) <= room:
        return outline
    kept = {v.name for v in drawn[:room]}
    if columns is not None:
        rows = list(dict.fromkeys(lane_of(v) for v in drawn))
        first = set(rows[: max(room // len(columns.visible), 1)])
        kept = {v.name for v in outline.variables if lane_of(v) in first}
    variables = tuple([v for v in outline.variables if v.name in kept])
    scopes = {node: scope for node, scope in outline.scopes.items() if all(v.name in kept for v in scope)}
    links = tuple([link for link in outline.links if all(end in kept or end in scopes for end in link)])
    left_out = len(drawn) - sum(v.name in kept for v in drawn)
    return replace(outline, variables=variables, scopes=scopes, links=links, left_out=left_out)


def slices_of(variables: Iterable[Variable]) -> Slices | None:
    """The slices of a model's variables; None where no more than half of them have a time."""
    every = list(variables)
    known = [v.time for v in every if v.time is not None]
    if 2 * len(known) <= len(every):
        return None
    times = sorted(set(known))
    ends: dict[int, list[Variable]] = {times[0]: [], times[-1]: []}
    for v in every:
        if v.time in ends:
            ends[v.time].append(v)
    return Slices.of(times, ends[times[0]], ends[times[-1]])


def touching(factors: Iterable[F], times: Collection[int] | None) -> tuple[F, ...]:
    """The factors that mention a variable of these times, or one without a time; all of them if times is None."""
    if times is None:
        return tuple(factors)
    asked = {None, *times}
    return tuple([factor for factor in factors if _touches(factor, asked)])


def _touches(factor: Factor, times: Set[int | None]) -> bool:
    return not times.isdisjoint([v.time for v in factor.variables])


def _scopes(factors: Sequence[Factor], drawn: Columns | None) -> dict[Node, tuple[Variable, ...]]:
    """("factor", k) -> variables, of the factors that touch what is drawn."""
    times = None if drawn is None else {None, *drawn.visible}
    return {("factor", k): f.variables for k, f in enumerate(factors) if times is None or _touches(f, times)}


def _distinct(variables: Sequence[Variable]) -> tuple[Variable, ...]:
    """Each variable once, by its name."""
    found: dict[str, Variable] = {}
    for v in variables:
        found.setdefault(v.name, v)
    return tuple(found.values())


def _missing(shown: Iterable[Variable], others: Iterable[Variable], drawn: Columns) -> dict[int, tuple[str, ...]]:
    """Per gap, up to three hidden variables unlike all that are drawn."""
    if not drawn.gaps:
        return {}
    known = {lane_of(v) for v in shown if v.time is None or v.time in drawn.visible}
    alone = [(v.name, v.time) for v in others if v.time is not None and lane_of(v) not in known]
    found: dict[int, tuple[str, ...]] = {}
    for k, gap in enumerate(drawn.gaps):
        names = [name for name, time in alone if gap.after < time < gap.before]
        found[k] = (*names[:_NAMED], *["…"] * (len(names) > _NAMED))
    return found
