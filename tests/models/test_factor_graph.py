"""Factor graphs: loops, absorption, evidence."""

from math import log

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, infer
from control_pgm.errors import InvalidModel, UnknownName
from tests.oracles import Brute
from tests.strategies import quick, random_evidence, random_factor_graph, random_network, seeds, thorough

X, Y, Z = Variable("x", 2), Variable("y", 3), Variable("z", 2)


@thorough
@given(seed=seeds)
def test_a_tree_is_a_graph_without_cycles_and_loops_are_its_two_core(seed):
    graph = random_factor_graph(seed)
    bipartite = nx.Graph()
    for k, factor in enumerate(graph.factors):
        bipartite.add_node(("factor", k))
        bipartite.add_edges_from((name, ("factor", k)) for name in factor.scope)
    assert graph.is_tree == nx.is_forest(bipartite)
    core = nx.k_core(bipartite, 2)
    expected = {(a, b[1]) if isinstance(a, str) else (b, a[1]) for a, b in core.edges}
    assert set(graph.loops) == expected
    assert list(graph.loops) == sorted(graph.loops, key=lambda edge: (edge[1], edge[0]))


@thorough
@given(seed=seeds)
def test_absorbing_contained_factors_keeps_the_product(seed):
    graph = random_factor_graph(seed)
    absorbed = graph.absorbed()
    scopes = [set(f.scope) for f in absorbed.factors]
    assert not any(a <= b for i, a in enumerate(scopes) for j, b in enumerate(scopes) if i != j and a)
    names = list(graph.variables)
    before, after = (Brute(g.tables).log_joint(names) for g in (graph, absorbed))
    assert np.array_equal(np.isneginf(before), np.isneginf(after))
    seen = ~np.isneginf(before)
    assert np.abs(before[seen] - after[seen]).max(initial=0.0) < 1e-12


@quick
@given(seed=seeds)
def test_the_factor_graph_of_a_network_has_its_evidence_sliced_away(seed):
    network = random_network(seed)
    evidence = random_evidence(seed, network)
    graph = FactorGraph.from_model(network, evidence)
    assert not set(graph.variables) & set(evidence)
    assert len(graph.factors) == len(network.tables)
    brute, sliced = Brute(network.tables, evidence).log_evidence, Brute(graph.tables).log_evidence
    assert brute == sliced or abs(brute - sliced) < 1e-12


def test_variables_come_by_time_and_then_by_first_mention():
    late, early, never = Variable("late", 2, time=2), Variable("early", 2, time=0), Variable("never", 2)
    graph = FactorGraph([Factor([late, early], np.ones((2, 2))), Factor([never], [1, 1])])
    assert list(graph.variables) == ["never", "early", "late"]


def test_short_loops_within_one_scope_vanish_by_absorption():
    graph = FactorGraph([Factor([X, Z], [[1, 2], [3, 4]]), Factor([X], [1, 2]), Factor([Z, X], [[1, 1], [0, 1]])])
    assert not graph.is_tree
    (only,) = graph.absorbed().factors
    assert graph.absorbed().is_tree
    assert only.array("x", "z").tolist() == [[1.0, 0.0], [6.0, 8.0]]


def test_constants_are_absorbed_too():
    graph = FactorGraph([Factor([], 3.0), Factor([X], [1, 2]), Factor([], 2.0)]).absorbed()
    assert [f.array().tolist() for f in graph.factors] == [[6.0, 12.0]]
    assert FactorGraph([Factor([], 3.0), Factor([], 2.0)]).absorbed().factors[0].value({}) == 6.0


def test_extending_makes_a_new_graph():
    graph = FactorGraph([Factor([X], [1, 2])])
    more = graph.extend(Factor([X, Y], np.ones((2, 3))))
    assert (len(graph.factors), len(more.factors)) == (1, 2)
    assert abs(infer(more).log_evidence - log(9)) < 1e-15
    assert repr(more) == "FactorGraph(2 variables, 2 factors)"


def test_a_graph_needs_a_factor_and_one_meaning_per_name():
    with pytest.raises(InvalidModel, match="at least one factor"):
        FactorGraph([])
    with pytest.raises(InvalidModel, match=r"'x' occurs with 2 states.*and with 3 states.*the same Variable"):
        FactorGraph([Factor([X], [1, 2]), Factor([Variable("x", 3)], [1, 2, 3])])


@pytest.mark.parametrize(
    ("given", "named"), [(Factor([Variable("x", 2)], [1, 2]), r"the single factor over \('x',\)"), (3, "int")]
)
def test_a_graph_is_made_from_a_list(given, named):
    with pytest.raises(InvalidModel, match=rf"^{named} is no list of Factors; allowed: FactorGraph\(\[factor, …\]\)$"):
        FactorGraph(given)


def test_evidence_on_what_does_not_exist_is_an_error():
    net = BayesianNetwork([CPD(X, [], [0.5, 0.5])])
    with pytest.raises(UnknownName, match="variable 'w' does not exist; allowed: 'x'"):
        FactorGraph.from_model(net, {"w": 0})
    with pytest.raises(UnknownName, match="state of 'x': 7 does not exist; allowed: 0 … 1"):
        FactorGraph.from_model(net, {"x": 7})
