"""Models as NetworkX graphs and back; the only place that imports networkx, on first use."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from control_pgm.errors import InvalidModel
from control_pgm.models.cpd import CPD
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

if TYPE_CHECKING:
    import networkx as nx


class _DirectedModel(Protocol):
    @property
    def cpds(self) -> tuple[CPD, ...]: ...

    @property
    def factors(self) -> tuple[Factor, ...]: ...


def _attributes(variable: Variable, observed: Collection[str]) -> dict[str, Any]:
    return {
        "kind": variable.kind,
        "time": variable.time,
        "states": tuple(variable.states),
        "observed": variable.name in observed,
    }


def as_digraph(network: _DirectedModel, observed: Collection[str] = ()) -> nx.DiGraph[Any]:
    """The directed graph of a network; nodes carry kind, time, states, observed and cpd.

    Further factors are nodes ("factor", k), children of their scope.
    """
    import networkx as nx

    graph: nx.DiGraph[Any] = nx.DiGraph()
    for cpd in network.cpds:
        graph.add_node(cpd.child.name, **_attributes(cpd.child, observed), cpd=cpd)
    graph.add_edges_from((p.name, cpd.child.name) for cpd in network.cpds for p in cpd.parents)
    for k, factor in enumerate(network.factors):
        graph.add_node(("factor", k), kind="factor", factor=factor, observed=True)
        graph.add_edges_from((name, ("factor", k)) for name in factor.scope)
    return graph


def as_bipartite(
    factors: Iterable[Factor], variables: Iterable[Variable], observed: Collection[str] = ()
) -> nx.Graph[Any]:
    """The factor graph; variable nodes are names, factor nodes are ("factor", k) and carry factor."""
    import networkx as nx

    graph: nx.Graph[Any] = nx.Graph()
    for variable in variables:
        graph.add_node(variable.name, bipartite="variable", **_attributes(variable, observed))
    for k, factor in enumerate(factors):
        node = ("factor", k)
        graph.add_node(node, bipartite="factor", factor=factor, scope=factor.scope)
        graph.add_edges_from((name, node) for name in factor.scope)
    return graph


def tables_of_digraph(graph: nx.DiGraph[Any]) -> tuple[list[CPD], list[Factor]]:
    """CPDs and further factors of a directed graph.

    Nodes carry ``cpd``, or ``states`` and ``table`` with axes (*predecessors, node), or ``factor``.
    """
    if not getattr(graph, "is_directed", bool)():
        raise InvalidModel("a Bayesian network needs a directed graph", remedy="use FactorGraph.from_networkx instead")
    factors = [data["factor"] for _, data in graph.nodes(data=True) if "factor" in data]
    nodes = {node: data for node, data in graph.nodes(data=True) if "factor" not in data}
    return [_cpd(graph, node, data, nodes) for node, data in nodes.items()], factors


def _cpd(graph: nx.DiGraph[Any], node: Any, data: dict[str, Any], nodes: dict[Any, dict[str, Any]]) -> CPD:
    parents = list(graph.predecessors(node))
    if "cpd" in data:
        cpd: CPD = data["cpd"]
        if {p.name for p in cpd.parents} != set(parents):
            raise InvalidModel(
                f"node {node!r} carries {cpd!r} but has the parents {parents!r}",
                remedy="change the edges and the cpd together",
            )
        return cpd
    if "table" not in data:
        raise InvalidModel(f"node {node!r} has no table", remedy="give it the attribute table, (*predecessors, node)")
    return CPD(_variable(node, data), [_variable(p, nodes[p]) for p in parents], data["table"])


def factors_of_bipartite(graph: nx.Graph[Any]) -> tuple[list[Factor], list[Variable]]:
    """Factors, and their variables in the order of the nodes, from a bipartite graph.

    Factor nodes carry ``factor``, or ``table`` and ``scope`` (neighbours in order).
    """
    factors = []
    for node, data in graph.nodes(data=True):
        if isinstance(data.get("factor"), Factor):
            factors.append(data["factor"])
        elif "table" in data:
            scope = data.get("scope", tuple(graph.neighbors(node)))
            if set(scope) != set(graph.neighbors(node)):
                raise InvalidModel(
                    f"factor node {node!r} has scope {tuple(scope)!r} but neighbours {list(graph.neighbors(node))!r}"
                )
            factors.append(Factor([_variable(name, graph.nodes[name]) for name in scope], data["table"]))
    if not factors:
        raise InvalidModel(
            "the graph has no factor nodes", remedy="factor nodes carry table and scope, variable nodes carry states"
        )
    mentioned = {variable.name: variable for factor in factors for variable in factor.variables}
    ordered = [mentioned.pop(node) for node in map(str, graph.nodes) if node in mentioned]
    return factors, [*ordered, *mentioned.values()]


def _variable(node: Any, data: dict[str, Any]) -> Variable:
    if "states" not in data:
        raise InvalidModel(
            f"node {node!r} has no states", remedy="give it the attribute states, an int or a list of labels"
        )
    return Variable(str(node), data["states"], time=data.get("time"), kind=data.get("kind", ""))
