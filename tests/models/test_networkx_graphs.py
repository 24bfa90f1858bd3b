"""Models as NetworkX graphs and back."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, infer
from control_pgm.errors import InvalidModel
from tests.strategies import quick, random_factor_graph, random_network, seeds

X, Y = Variable("x", ["a", "b"], time=1, kind="state"), Variable("y", 2)


@pytest.fixture
def network():
    return BayesianNetwork([CPD(X, [], [0.3, 0.7]), CPD(Y, [X], [[0.9, 0.1], [0.4, 0.6]])])


def test_a_network_becomes_a_directed_graph_with_its_attributes(network):
    graph = network.graph
    assert sorted(graph.edges) == [("x", "y")]
    node = graph.nodes["x"]
    assert (node["kind"], node["time"], node["states"], node["observed"]) == ("state", 1, ("a", "b"), False)
    assert node["cpd"] is network.cpd("x")


def test_a_graph_is_made_afresh_so_that_changing_it_changes_no_model(network):
    network.graph.remove_node("x")
    assert sorted(network.graph) == ["x", "y"]


@quick
@given(seed=seeds)
def test_networks_survive_the_journey(seed):
    network = random_network(seed, soft=False)
    twin = BayesianNetwork.from_networkx(network.graph)
    assert {c.child.name: c.parents for c in twin.cpds} == {c.child.name: c.parents for c in network.cpds}
    assert nx.is_directed_acyclic_graph(network.graph)


@quick
@given(seed=seeds)
def test_factor_graphs_survive_the_journey(seed):
    graph = random_factor_graph(seed)
    twin = FactorGraph.from_networkx(graph.graph)
    assert twin.factors == graph.factors
    assert all(
        graph.graph.has_edge(name, ("factor", k)) for k, factor in enumerate(graph.factors) for name in factor.scope
    )


def test_tables_and_states_on_nodes_make_a_network():
    graph = nx.DiGraph()
    graph.add_node("child", states=["no", "yes"], table=[[[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]] * 2)
    graph.add_node("p", states=2, table=[0.25, 0.75], time=0, kind="state")
    graph.add_node("q", states=3, table=[0.2, 0.3, 0.5])
    graph.add_edges_from([("p", "child"), ("q", "child")])
    net = BayesianNetwork.from_networkx(graph)
    assert net.cpd("child").scope == ("p", "q", "child")
    assert (net.variable("p").time, net.variable("p").kind) == (0, "state")
    assert abs(infer(net).marginal("child").value({"child": "yes"}) - (0.02 + 0.15 + 0.4)) < 1e-15


def test_tables_and_states_on_a_bipartite_graph_make_a_factor_graph():
    graph = nx.Graph()
    graph.add_node("x", states=2)
    graph.add_node("y", states=["a", "b", "c"])
    graph.add_node("f", table=[[1, 2], [3, 4], [5, 6]], scope=("y", "x"))
    graph.add_edges_from([("x", "f"), ("y", "f")])
    found = FactorGraph.from_networkx(graph)
    assert found.factors[0].scope == ("y", "x")
    assert np.abs(infer(found).marginal("x").array() - np.array([9, 12]) / 21).max() < 1e-15


def digraph(**nodes):
    graph = nx.DiGraph()
    for name, data in nodes.items():
        graph.add_node(name, **data)
    return graph


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.Graph([("x", "y")]), "needs a directed graph; use FactorGraph.from_networkx"),
        (digraph(x={"states": 2}), "node 'x' has no table; give it the attribute table"),
        (digraph(x={"table": [1.0]}), "node 'x' has no states; give it the attribute states, an int or a list"),
    ],
)
def test_a_directed_graph_without_its_attributes_is_refused(graph, message):
    with pytest.raises(InvalidModel, match=message):
        BayesianNetwork.from_networkx(graph)


def test_a_bipartite_graph_without_its_attributes_is_refused():
    graph = nx.Graph([("x", "f")])
    with pytest.raises(InvalidModel, match="no factor nodes; factor nodes carry table and scope, variable nodes carry"):
        FactorGraph.from_networkx(graph)
    graph.nodes["f"].update(table=[1, 2])
    with pytest.raises(InvalidModel, match="node 'x' has no states; give it the attribute states"):
        FactorGraph.from_networkx(graph)
    graph.nodes["x"].update(states=2)
    graph.nodes["f"].update(scope=("x", "y"))
    with pytest.raises(InvalidModel, match=r"factor node 'f' has scope \('x', 'y'\) but"):
        FactorGraph.from_networkx(graph)


def test_an_empty_graph_is_no_model():
    with pytest.raises(InvalidModel, match="no factor nodes"):
        FactorGraph.from_networkx(nx.Graph())


def test_a_factor_is_carried_by_its_node():
    factor = Factor([Y], [1, 2])
    assert FactorGraph([factor]).graph.nodes["factor", 0]["factor"] is factor
