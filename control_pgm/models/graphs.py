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


class _Directed(Protocol):
    @property
    def cpds(self) -> tuple[CPD, ...]: ...


def _attributes(variable: Variable, observed: Collection[str]) -> dict[str, Any]:
    return {
        "kind": variable.kind,
        "time": variable.time,
        "states": tuple(variable.states),
        "observed": variable.name in observed,
    }


def as_digraph(network: _Directed, observed: Collection[str] = ()) -> nx.DiGraph[Any]:
    """The directed graph of a network; nodes carry kind, time, states, observed and cpd."""
    import networkx as nx

    graph: nx.DiGraph[Any] = nx.DiGraph()
    for cpd in network.cpds:
        graph.add_node(cpd.child.name, **_attributes(cpd.child, observed), cpd=cpd)
    graph.add_edges_from((p.name, cpd.child.name) for cpd in network.cpds for p in cpd.parents)
    return graph


def as_bipartite(factors: Iterable[Factor], observed: Collection[str] = ()) -> nx.Graph[Any]:
    """The factor graph; variable nodes are names, factor nodes are ("factor", k) and carry factor."""
    import networkx as nx

    graph: nx.Graph[Any] = nx.Graph()
    for k, factor in enumerate(factors):
        node = ("factor", k)
        graph.add_node(node, bipartite="factor", factor=factor, scope=factor.scope)
        for variable in factor.variables:
            graph.add_node(variable.name, bipartite="variable", **_attributes(variable, observed))
            graph.add_edge(variable.name, node)
    return graph


def cpds_of_digraph(graph: nx.DiGraph[Any]) -> list[CPD]:
    """CPDs from a directed graph whose nodes carry ``cpd``, or ``states`` and ``table`` (*predecessors, node)."""
    if not graph.is_directed():
        raise InvalidModel("a Bayesian network needs a directed graph", remedy="use FactorGraph.from_networkx instead")
    if all("cpd" in data for _, data in graph.nodes(data=True)):
        return [data["cpd"] for _, data in graph.nodes(data=True)]
    variables = {node: _variable(node, data) for node, data in graph.nodes(data=True)}
    cpds = []
    for node, data in graph.nodes(data=True):
        if "table" not in data:
            raise InvalidModel(
                f"node {node!r} has no table", remedy="give it the attribute table, axes (*predecessors, node)"
            )
        cpds.append(CPD(variables[node], [variables[p] for p in graph.predecessors(node)], data["table"]))
    return cpds


def factors_of_bipartite(graph: nx.Graph[Any]) -> list[Factor]:
    """Factors from a bipartite graph: nodes with ``factor``, or with ``table`` and ``scope`` (neighbours in order)."""
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
    return factors


def _variable(node: Any, data: dict[str, Any]) -> Variable:
    if "states" not in data:
        raise InvalidModel(
            f"node {node!r} has no states", remedy="give it the attribute states, an int or a list of labels"
        )
    return Variable(str(node), data["states"], time=data.get("time"), kind=data.get("kind", ""))
