"""Factor graphs: a product of non-negative tables, with no direction and no normalisation."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from control_pgm.errors import InvalidModel, unknown
from control_pgm.models.loops import edges_on_loops
from control_pgm.models.networkx_graphs import as_bipartite, factors_of_bipartite
from control_pgm.models.svg import factor_graph_picture
from control_pgm.models.virtual_evidence import likelihood_factor
from control_pgm.tables.factor import Factor, contract, same_states_error
from control_pgm.tables.frozen import Restored
from control_pgm.tables.variable import Variable, by_time

if TYPE_CHECKING:
    import networkx as nx


class Model(Protocol):
    """What inference needs of a model: variables in the order declared, tables, groups of names, further factors."""

    @property
    def variables(self) -> Mapping[str, Variable]: ...

    @property
    def tables(self) -> tuple[Factor, ...]: ...

    @property
    def groups(self) -> Mapping[str, Collection[str]]: ...

    def extend(self, *factors: Factor) -> Model: ...


@dataclass(frozen=True, eq=False, init=False, repr=False)
class FactorGraph(Restored):
    """p(x) ∝ prod_k phi_k(x_k).

    Parameters
    ----------
    factors : iterable of Factor
    variables : iterable of Variable, optional
        The order of the variables, which numbers them in files: all of them, each once. Left out, it is the order of
        time and then that in which the factors mention them.

    Raises
    ------
    InvalidModel
        If there is no factor, one name occurs with different states, or ``variables`` are not those of the factors.

    Examples
    --------
    >>> x, y = Variable("x", 2), Variable("y", 2)
    >>> graph = FactorGraph([Factor([x, y], [[2, 1], [1, 2]]), Factor([x], [1, 3])])
    >>> graph.is_tree
    True
    """

    factors: tuple[Factor, ...]
    _declared: tuple[Variable, ...]  # as given; empty if no order was

    def __init__(self, factors: Iterable[Factor], variables: Iterable[Variable] | None = None) -> None:
        if isinstance(factors, Factor) or not isinstance(factors, Iterable):
            raise InvalidModel(f"{_called(factors)} is no list of Factors", allowed="FactorGraph([factor, …])")
        self.__dict__["factors"] = tuple(factors)
        if not self.factors:
            raise InvalidModel("a factor graph needs at least one factor")
        for factor in self.factors:
            if not isinstance(factor, Factor):
                raise InvalidModel(f"{factor!r} is no Factor", allowed="a list of Factors")
        self.__dict__["_declared"] = () if variables is None else _declared(variables, self.factors)
        for factor in self.factors:
            for variable in factor.variables:
                if (first := self.variables[variable.name]) != variable:
                    raise same_states_error(first, variable)

    @classmethod
    def from_networkx(cls, graph: nx.Graph[Any]) -> FactorGraph:
        """From a bipartite graph: variable nodes carry ``states``, factor nodes ``table`` and ``scope``."""
        return FactorGraph(*factors_of_bipartite(graph))

    @classmethod
    def from_model(
        cls, model: Model, evidence: Mapping[str, Hashable | Mapping[Any, float]] | None = None
    ) -> FactorGraph:
        """The factor graph of a network: its tables, sliced at the evidence, whose likelihoods are factors."""
        observed: dict[str, Hashable] = {}
        likelihoods: list[Factor] = []
        for name, value in (evidence or {}).items():
            if name not in model.variables:
                raise unknown(name, model.variables, what="variable")
            if isinstance(value, Mapping):
                likelihoods.append(likelihood_factor(model.variables[name], value))
            else:
                observed[name] = value
        tables = (*model.tables, *likelihoods)
        return FactorGraph(
            [factor.condition({n: observed[n] for n in factor.scope if n in observed}) for factor in tables],
            [variable for name, variable in model.variables.items() if name not in observed],
        )

    @property
    def tables(self) -> tuple[Factor, ...]:
        """The factors, under the name that every model has."""
        return self.factors

    @property
    def groups(self) -> Mapping[str, Collection[str]]:
        """name -> the variables that it stands for in a query; none."""
        return {}

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """name -> variable, in the order declared; where none was, by time and then by first mention."""
        if self._declared:
            return {variable.name: variable for variable in self._declared}
        found: dict[str, Variable] = {}
        for factor in self.factors:
            for variable in factor.variables:
                found.setdefault(variable.name, variable)
        return {v.name: v for v in by_time(found.values())}

    @property
    def graph(self) -> nx.Graph[Any]:
        """A fresh bipartite ``networkx.Graph``; see `as_bipartite` for its attributes."""
        return as_bipartite(self.factors, self.variables.values())

    def extend(self, *factors: Factor) -> FactorGraph:
        """The graph with further factors, whose new variables come last."""
        declared = dict(self.variables)
        for factor in factors:
            for variable in factor.variables if isinstance(factor, Factor) else ():
                declared.setdefault(variable.name, variable)
        return FactorGraph((*self.factors, *factors), declared.values())

    @cached_property
    def is_tree(self) -> bool:
        """Whether the bipartite graph has no loop (a forest counts): sum-product on it is then exact."""
        return not self.loops

    @cached_property
    def loops(self) -> tuple[tuple[str, int], ...]:
        """The edges (variable, factor index) that lie on a loop: what is left after stripping leaves repeatedly.

        Edges on a path between two loops are left too, as in the usual 2-core.
        """
        return tuple(sorted(edges_on_loops(self.factors), key=lambda edge: (edge[1], edge[0])))

    def absorbed(self) -> FactorGraph:
        """The same product with every factor multiplied into one that contains its scope.

        The short loops of an unrolled decision process vanish: several tables over parts of (s, a, s') become one.
        """
        order = sorted(range(len(self.factors)), key=lambda k: (-len(self.factors[k].scope), k))
        holders: list[list[Factor]] = []
        touching: dict[str, list[int]] = {}
        for k in order:
            factor = self.factors[k]
            scope = set(factor.scope)
            near = touching.get(factor.scope[0], []) if scope else range(min(1, len(holders)))
            home = next((h for h in near if scope <= set(holders[h][0].scope)), None)
            if home is not None:
                holders[home].append(factor)
                continue
            for name in factor.scope:
                touching.setdefault(name, []).append(len(holders))
            holders.append([factor])
        products = [contract(group, group[0].variables) if len(group) > 1 else group[0] for group in holders]
        return FactorGraph(products, self.variables.values())

    def _repr_svg_(self) -> str:
        """The picture that notebooks show."""
        return factor_graph_picture(self)

    _repr_html_ = _repr_svg_  # inside the page, where titles show under the pointer and are read aloud

    def __repr__(self) -> str:
        return f"FactorGraph({len(self.variables)} variables, {len(self.factors)} factors)"


def _called(value: object) -> str:
    """How an error names what is no list: a single factor by its scope, all else by its type."""
    return f"the single factor over {value.scope!r}" if isinstance(value, Factor) else type(value).__name__


def _declared(variables: Iterable[Variable], factors: Iterable[Factor]) -> tuple[Variable, ...]:
    """The variables in the order given, if they are those of the factors."""
    given = tuple(variables)
    names = {v.name for v in given if isinstance(v, Variable)}
    if len(names) < len(given):
        raise InvalidModel("variables of a factor graph are no Variables, or one is given twice", allowed="each once")
    mentioned = {v.name for factor in factors for v in factor.variables}
    for name in [*mentioned - names, *names - mentioned]:
        where = "no factor mentions" if name in names else "factors mention, but variables do not"
        raise InvalidModel(
            f"{name!r} is a variable that {where}",
            allowed="all variables of the factors, each once",
            remedy=f"add a factor of ones over {name!r}" if name in names else "",
        )
    return given
