"""TikZ and DOT: read back by a parser, escaped, elided, the same for the same model."""

import re

import pydot
import pytest

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, gridworld, unroll
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.interop.formats.dot import to_dot
from control_pgm.interop.formats.tikz import tex_label, to_tikz
from tests.strategies import random_factor_graph, random_network

NASTY = ['say "hi"', "back\\slash", "a{b}c$d&e#f%g_h^i~j", "line\nbreak", "]; }", "<b>", "ß→x", "\\input{x}"]


def edges_of(model):
    """The edges of a model as pairs of names; factors are numbered."""
    if isinstance(model, FactorGraph):
        return sorted((name, f"f{k}") for k, factor in enumerate(model.factors) for name in factor.scope)
    pairs = [(parent.name, cpd.child.name) for cpd in model.cpds for parent in cpd.parents]
    return sorted([*pairs, *((name, f"f{k}") for k, factor in enumerate(model.factors) for name in factor.scope)])


def parsed(text):
    """(labels by key, edges by label) of a DOT text, as pydot reads it."""
    (graph,) = pydot.graph_from_dot_data(text)
    labels = {}
    for node in graph.get_nodes():
        key = node.get_name().strip('"')
        if key not in ("graph", "node"):
            label = (node.get("label") or '""')[1:-1]
            labels[key] = label.replace('\\"', '"').replace("\\\\", "\\") or key
    edges = [(labels[e.get_source().strip('"')], labels[e.get_destination().strip('"')]) for e in graph.get_edges()]
    return labels, sorted(edges), graph


def tikz_parts(text):
    """(label by key, edges by key) of the lines of a TikZ picture."""
    nodes = dict(re.findall(r"^  \\node\[[^]]*\] \((\w+)\) at \(-?[\d.]+, -?[\d.]+\) \{(.*)\};$", text, re.MULTILINE))
    ends = re.findall(r"^  \\draw(?:\[->\])? \((\w+)\) .*?\((\w+)\);$", text, re.MULTILINE)
    return nodes, ends


def balanced(text):
    """Whether every brace that is not escaped is closed."""
    depth = 0
    for letter in re.sub(r"\\\\|\\[{}]", "", text):
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize("seed", range(25))
def test_dot_holds_exactly_the_nodes_and_edges_of_a_network(seed):
    for model in (random_network(seed), random_factor_graph(seed)):
        labels, edges, graph = parsed(to_dot(model))
        assert {name for name in labels.values() if not name.startswith("f")} == set(model.variables)
        assert edges == edges_of(model)
        assert graph.get_type() == ("digraph" if isinstance(model, BayesianNetwork) else "graph")


@pytest.mark.parametrize("seed", range(25))
def test_tikz_holds_exactly_the_nodes_and_edges_of_a_network(seed):
    for model in (random_network(seed), random_factor_graph(seed)):
        nodes, ends = tikz_parts(to_tikz(model))
        plain = {key: key if key.startswith("f") else re.sub(r"[${}_]", "", label) for key, label in nodes.items()}
        assert sorted((plain[a], plain[b]) for a, b in ends) == edges_of(model)


@pytest.mark.parametrize("name", NASTY)
def test_any_name_is_escaped(name):
    variable = Variable(name, 2)
    model = BayesianNetwork([CPD(variable, [], [0.5, 0.5])])
    labels, edges, _ = parsed(to_dot(model))
    assert list(labels.values()) == [name.replace("\n", " ")]
    assert not edges
    text = to_tikz(model)
    assert balanced(text)
    assert len(text.splitlines()) == len(to_tikz(BayesianNetwork([CPD(Variable("x", 2), [], [0.5, 0.5])])).splitlines())
    assert not re.search(r"(?<!\\)[&#%_^~$]|\\(?!text|[{}&#%_$])", tex_label(name))


def test_symbols_become_formulas():
    assert [tex_label(name) for name in ("s_12", "x", "rain_today")] == ["$s_{12}$", "$x$", r"rain\_today"]


@pytest.mark.parametrize("write", [to_dot, to_tikz])
def test_long_networks_are_elided_unless_all_is_asked_for(write):
    network = unroll(gridworld("S.G"), 40)
    short, full = write(network), write(network, full=True)
    assert "33 slices left out" in short
    assert "left out" not in full
    assert len(short) < len(full) / 4
    shown = {name for name in network.variables if re.search(rf'"{name}"|\{{{re.escape(tex_label(name))}\}}', short)}
    assert {network.variables[name].time for name in shown if name[0] == "a"} == {0, 1, 2, 3, 4, 38, 39}
    assert write(unroll(gridworld("S.G"), 40)) == short


@pytest.mark.parametrize("write", [to_dot, to_tikz])
def test_only_what_is_drawn_is_made_of_a_very_long_network(write):
    network = unroll(gridworld("S.G"), 1_000_000)
    assert "999993 slices left out" in write(network)
    assert "cpds" not in vars(network)


def test_every_edge_of_a_long_network_is_there_when_asked_for():
    network = unroll(gridworld("S.G\n.#H"), 30)
    _, edges, _ = parsed(to_dot(network, full=True))
    assert edges == edges_of(network)


def test_evidence_is_shaded():
    rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    assert to_tikz(net).count("[obs") == 0
    assert to_tikz(net, {"wet": "yes"}).count("[obs") == 1
    assert to_dot(net, {"wet": "yes"}).count("fillcolor") == 1
    control = unroll(gridworld("S.G"), 3)
    assert to_tikz(control).count("[obs") == to_dot(control).count("fillcolor") == 3
    with pytest.raises(UnknownName, match="'snow'"):
        to_dot(net, {"snow": "yes"})
    with pytest.raises(UnknownName, match="'maybe'"):
        to_tikz(net, {"wet": "maybe"})


@pytest.mark.parametrize("write", [to_dot, to_tikz])
def test_other_objects_are_refused(write):
    with pytest.raises(InvalidArgument, match=r"MDP cannot be drawn.*unroll"):
        write(gridworld("S.G"))


def test_tikz_is_a_document_with_one_picture():
    x = Variable("x", 2)
    text = to_tikz(FactorGraph([Factor([x], [1, 2])]))
    assert text.startswith("\\documentclass{standalone}\n")
    for part in (r"\usetikzlibrary{bayesnet}", r"\begin{tikzpicture}", r"\end{tikzpicture}", r"\node[factor]"):
        assert text.count(part) == 1
    assert text.endswith("\\end{document}\n")
