"""Bayesian networks: conditional tables over an acyclic graph, and factors added to them."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from control_pgm.errors import InvalidModel, unknown
from control_pgm.models.cpd import CPD
from control_pgm.models.networkx_graphs import as_digraph, tables_of_digraph
from control_pgm.models.outline import Slices, slices_of, touching
from control_pgm.models.svg import network_picture
from control_pgm.tables.factor import Factor, same_states_error
from control_pgm.tables.frozen import Restored
from control_pgm.tables.variable import Variable

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, eq=False, init=False, repr=False)
class BayesianNetwork(Restored):
    """A product of CPDs, one per variable, and possibly of further factors (soft evidence).

    Parameters
    ----------
    cpds : iterable of CPD
        One per variable; their order is that of `variables`, and parents need not come first.
    factors : iterable of Factor, optional
        Non-negative weights that are no CPDs, such as the likelihood of an uncertain observation.

    Raises
    ------
    InvalidModel
        On a missing or second CPD, one name with different states, or a cycle (which is named).

    Examples
    --------
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]]), CPD(rain, [], [0.7, 0.3])])
    >>> net.topological
    ('rain', 'wet')
    """

    cpds: tuple[CPD, ...]
    factors: tuple[Factor, ...]
    topological: tuple[str, ...]  # the names, parents before children; by time, then as given, where that is free

    def __init__(self, cpds: Iterable[CPD], factors: Iterable[Factor] = ()) -> None:
        if not isinstance(cpds, Iterable) or not isinstance(factors, Iterable):
            raise InvalidModel(f"{cpds!r} is no list of CPDs", allowed="BayesianNetwork([cpd, …], factors=[…])")
        self.__dict__.update(cpds=tuple(cpds), factors=tuple(factors))
        self._validate()

    @classmethod
    def from_networkx(cls, graph: nx.DiGraph[Any]) -> BayesianNetwork:
        """From a directed graph whose nodes carry ``cpd``, or ``states`` and ``table`` (*predecessors, node)."""
        return BayesianNetwork(*tables_of_digraph(graph))

    # --- looking ------------------------------------------------------------------------------------------------
    @property
    def tables(self) -> tuple[Factor, ...]:
        """All factors of the joint distribution: the CPDs, then the added factors."""
        return (*self.cpds, *self.factors)

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """name -> variable, in the order of the CPDs as given, which numbers them in files; see `topological`."""
        return {cpd.child.name: cpd.child for cpd in self.cpds}

    @cached_property
    def _cpd_of(self) -> Mapping[str, CPD]:
        return {cpd.child.name: cpd for cpd in self.cpds}

    def cpd(self, name: str) -> CPD:
        """The CPD of a variable."""
        try:
            return self._cpd_of[name]
        except (KeyError, TypeError):
            raise unknown(name, self.variables, what="variable") from None

    def variable(self, name: str) -> Variable:
        """The variable of a name."""
        return self.cpd(name).child

    @property
    def graph(self) -> nx.DiGraph[Any]:
        """A fresh ``networkx.DiGraph``; nodes carry kind, time, states, observed and cpd."""
        return as_digraph(self, self.observed)

    @property
    def observed(self) -> Mapping[str, Any]:
        """Evidence that belongs to the model itself; none for a plain network."""
        return {}

    @property
    def groups(self) -> Mapping[str, Collection[str]]:
        """name -> the variables that it stands for in a query, such as "O=1"; none for a plain network."""
        return {}

    @property
    def slices(self) -> Slices | None:
        """The times of the variables; None where most have none."""
        return slices_of(cpd.child for cpd in self.cpds)

    def touching(self, times: Collection[int] | None) -> tuple[CPD, ...]:
        """The CPDs that mention a variable of these times, slice by slice; all, parents before children, for None."""
        return touching((self._cpd_of[name] for name in self.topological), times)

    def irregular(self) -> tuple[CPD, ...]:
        """The CPDs that need not have one like them in the first slices: all of them, as far as is known."""
        return self.cpds

    # --- building -----------------------------------------------------------------------------------------------
    def replace(self, cpd: CPD, *more: CPD) -> Self:
        """The network with another CPD for ``cpd.child``; of several CPDs at once, one for each child."""
        new: dict[str, CPD] = {}
        for given in (cpd, *more):
            if not isinstance(given, CPD):
                raise InvalidModel(f"{given!r} is not a CPD", remedy="use .extend(factor) to add a factor")
            new[self.cpd(given.child.name).child.name] = given
        return self._with([new.get(old.child.name, old) for old in self.cpds], self.factors)

    def extend(self, *items: CPD | Factor) -> Self:
        """The network with further CPDs (new variables) and factors (weights on existing ones)."""
        cpds = [item for item in items if isinstance(item, CPD)]
        factors = [item for item in items if not isinstance(item, CPD)]
        return self._with([*self.cpds, *cpds], [*self.factors, *factors])

    def _with(self, cpds: Sequence[CPD], factors: Sequence[Factor]) -> Self:
        new = copy(self)
        for cached in ("variables", "_cpd_of"):
            new.__dict__.pop(cached, None)
        new.__dict__.update(cpds=tuple(cpds), factors=tuple(factors))
        new._validate()
        return new

    def _validate(self) -> None:
        variables: dict[str, Variable] = {}
        for cpd in self.cpds:
            if not isinstance(cpd, CPD):
                raise InvalidModel(f"{cpd!r} is not a CPD", remedy="pass further factors as factors=[…] or .extend(…)")
            if cpd.child.name in variables:
                raise InvalidModel(
                    f"variable {cpd.child.name!r} has two CPDs", allowed="one", remedy="use .replace(cpd) to change one"
                )
            variables[cpd.child.name] = cpd.child
        for factor in self.tables:
            if not isinstance(factor, Factor):
                raise InvalidModel(
                    f"{factor!r} is no table", allowed="CPDs for new variables, Factors on existing ones"
                )
            for v in factor.variables:
                known = variables.get(v.name)
                if known is None:
                    raise InvalidModel(
                        f"{factor!r} mentions {v.name!r}, which has no CPD", remedy=f"add p({v.name} | …)"
                    )
                if known is not v and known != v:
                    raise same_states_error(known, v)
        self.__dict__["topological"] = _topological(self.cpds)

    def _repr_svg_(self) -> str:
        """The picture that notebooks show."""
        return network_picture(self)

    _repr_html_ = _repr_svg_  # inside the page, where titles show under the pointer and are read aloud

    def __repr__(self) -> str:
        more = f" and {len(self.factors)} further factors" if self.factors else ""
        return f"{type(self).__name__}({len(self.cpds)} variables{more})"


def _topological(cpds: Sequence[CPD]) -> tuple[str, ...]:
    """Kahn's algorithm; ready nodes leave in the order of (time, position), so slices stay together."""
    children: dict[str, list[int]] = {}
    waiting = [len(cpd.parents) for cpd in cpds]
    rank = [(-1 if cpd.child.time is None else cpd.child.time, k) for k, cpd in enumerate(cpds)]
    for k, cpd in enumerate(cpds):
        for parent in cpd.parents:
            children.setdefault(parent.name, []).append(k)
    ready = [rank[k] for k, n in enumerate(waiting) if n == 0]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        name = cpds[heapq.heappop(ready)[1]].child.name
        order.append(name)
        for k in children.get(name, ()):
            waiting[k] -= 1
            if waiting[k] == 0:
                heapq.heappush(ready, rank[k])
    if len(order) < len(cpds):
        raise InvalidModel(f"the network has the cycle {_cycle(cpds, set(order))}", allowed="an acyclic graph")
    return tuple(order)


def _cycle(cpds: Sequence[CPD], done: set[str]) -> str:
    """One cycle, as 'a → b → a', found by walking from parent to parent among the nodes left over."""
    parent_left = {c.child.name: next((p.name for p in c.parents if p.name not in done), "") for c in cpds}
    path = [next(c.child.name for c in cpds if c.child.name not in done)]
    while path.count(path[-1]) < 2:
        path.append(parent_left[path[-1]])
    loop = path[path.index(path[-1]) :]
    return " → ".join(reversed(loop))
