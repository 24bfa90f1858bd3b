"""The shape of factor graphs, and which factors absorbing multiplies together."""

import numpy as np

from control_pgm import MDP, Factor, FactorGraph, unroll
from control_pgm.problems.gridworld import gridworld
from control_pgm.viz.graphs.absorbing import homes, skeleton

OUTCOME = gridworld("S.\nHG", slip=0.1)
TERMINAL = MDP(OUTCOME.transition, OUTCOME.reward, terminal_reward=np.zeros(4))


def test_homes_are_the_groups_that_absorbing_makes():
    net = unroll(TERMINAL, 3, action_prior="counting").extend(
        Factor([unroll(TERMINAL, 3).variable("s_2")], [1.0, 2.0, 3.0, 4.0])
    )
    graph = FactorGraph.from_model(net, net.optimal)
    absorbed = graph.absorbed()
    groups = homes(graph, absorbed)
    assert sorted(k for group in groups for k in group) == list(range(len(graph.factors)))
    for factor, group in zip(absorbed.factors, groups, strict=True):
        product = graph.factors[group[0]]
        for k in group[1:]:
            product = product * graph.factors[k]
        assert factor.allclose(product)


def test_skeleton_has_the_same_shape():
    net = unroll(OUTCOME, 3)
    graph = FactorGraph.from_model(net, net.optimal)
    assert skeleton(graph).loops == graph.loops
    assert [f.scope for f in skeleton(graph).absorbed().factors] == [f.scope for f in graph.absorbed().factors]
