"""The drawn part of a model: what it holds, and that a template tells it as well as the whole network does."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, TwoSliceTemplate, Variable, unroll
from control_pgm.models.network_layout import COLUMN
from control_pgm.models.outline import graph_outline, lane_of, limited, network_outline, slices_of
from control_pgm.problems.gridworld import gridworld

OUTCOME = gridworld("S.\nHG", slip=0.1)
EXPECTED = MDP(OUTCOME.transition, OUTCOME.reward)
TERMINAL = MDP(OUTCOME.transition, OUTCOME.reward, terminal_reward=np.zeros(4))
SLOW = MDP(np.stack([OUTCOME.transition] * 12), OUTCOME.reward)


def table(child, *parents):
    shape = [v.cardinality for v in (*parents, child)]
    return CPD(child, parents, np.full(shape, 1 / shape[-1]))


def hidden_markov(horizon):
    x, y, x1, y1 = (Variable(name, 2) for name in ("x", "y", "x'", "y'"))
    return TwoSliceTemplate([table(x), table(y, x)], [table(x1, x), table(y1, x1)]).unroll(horizon)


def waypoint(network, *times):
    """The network with a further variable at some times."""
    added = [table(Variable(f"W_{t}", 2, time=t, kind="waypoint"), network.variable(f"s_{t}")) for t in times]
    return network.extend(*added)


NETWORKS = {
    "r(s,a)": lambda: unroll(EXPECTED, 12),
    "r(s,a,s')": lambda: unroll(OUTCOME, 12),
    "short": lambda: unroll(OUTCOME, 3),
    "nine": lambda: unroll(OUTCOME, 9),
    "terminal": lambda: unroll(TERMINAL, 12),
    "counting": lambda: unroll(EXPECTED, 12, action_prior="counting"),
    "varying": lambda: unroll(SLOW, 12),
    "hidden Markov": lambda: hidden_markov(12),
    "waypoints": lambda: waypoint(unroll(EXPECTED, 30), 2, 17, 29),
    "twice extended": lambda: waypoint(waypoint(unroll(EXPECTED, 30), 2), 12),
    "soft evidence": lambda: unroll(EXPECTED, 12).extend(Factor([unroll(EXPECTED, 12).variable("s_2")], np.ones(4))),
}


def told(outline):
    return {
        "variables": {(v.name, v.time, v.kind, v.states) for v in outline.variables},
        "links": set(outline.links),
        "scopes": {node: tuple(v.name for v in scope) for node, scope in outline.scopes.items()},
        "columns": None if outline.columns is None else (list(outline.columns.times), outline.columns.visible),
        "gaps": None if outline.columns is None else outline.columns.gaps,
        "missing": outline.missing,
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_the_template_tells_what_the_whole_network_tells(name):
    network = NETWORKS[name]()
    whole = BayesianNetwork(network.cpds, network.factors)
    fresh = NETWORKS[name]()
    assert told(network_outline(fresh, width=COLUMN)) == told(network_outline(whole, width=COLUMN))
    assert fresh.slices == whole.slices or [*fresh.slices.times] == [*whole.slices.times]
    assert fresh.slices.lone_end == whole.slices.lone_end


@pytest.mark.parametrize(
    "make", [lambda: unroll(OUTCOME, 1000), lambda: hidden_markov(10**6), lambda: unroll(SLOW, 12)]
)
def test_unrolled_networks_are_not_walked_in_full(make):
    network = make()
    outline = network_outline(network, width=COLUMN)
    assert "cpds" not in network.__dict__
    assert len(outline.variables) < 40


def test_replaced_tables_fall_back_to_the_whole_network():
    network = unroll(EXPECTED, 20)
    lone = Variable("a_3", 4, time=3, kind="action")
    changed = network.replace(CPD(lone, [network.variable("s_2")], np.full((4, 4), 0.25)))
    links = network_outline(changed, width=COLUMN).links
    assert ("s_2", "a_3") in links
    assert ("s_2", "a_3") not in network_outline(network, width=COLUMN).links
    again = waypoint(changed, 10)
    assert again.irregular() == again.cpds


def test_hidden_variables_unlike_all_others_are_named():
    outline = network_outline(waypoint(unroll(EXPECTED, 40), 10, 11, 12, 13), width=COLUMN)
    assert outline.missing == {0: ("W_10", "W_11", "W_12", "…")}
    assert network_outline(waypoint(unroll(EXPECTED, 40), 2, 10), width=COLUMN).missing == {0: ()}
    assert network_outline(unroll(EXPECTED, 40), width=COLUMN).missing == {0: ()}


def test_variables_added_beyond_the_horizon_are_slices_of_their_own():
    network = unroll(EXPECTED, 3)
    late = table(Variable("s_7", 2, time=7, kind="state"), network.variable("s_3"))
    assert list(network.extend(late).slices.times) == [0, 1, 2, 3, 7]


def test_asked_variables_keep_their_slice():
    outline = network_outline(unroll(EXPECTED, 50), width=COLUMN, keep=["a_20"])
    assert 20 in outline.columns.visible
    assert [gap.hidden for gap in outline.columns.gaps] == [15, 27]


def test_models_without_times_have_no_slices():
    a, b = Variable("a", 2), Variable("b", 2)
    assert BayesianNetwork([table(a), table(b, a)]).slices is None
    timed = [Variable(f"x_{t}", 2, time=t) for t in range(2)]
    assert slices_of([*timed, a, b]) is None
    assert slices_of([*timed, a]).times == [0, 1]


def test_factor_graphs_keep_the_factors_that_touch_what_is_drawn():
    network = unroll(EXPECTED, 40)
    graph = FactorGraph.from_model(network, network.optimal)
    outline = graph_outline(graph, width=2.4)
    shown = set(outline.columns.visible)
    kept = {k for _, k in outline.scopes}
    for k, factor in enumerate(graph.factors):
        assert (k in kept) == any(v.time in shown for v in factor.variables)
    assert {v.name for v in outline.variables} == {v.name for k in kept for v in graph.factors[k].variables}
    for node, scope in outline.scopes.items():
        assert {(v.name, node) for v in scope} <= set(outline.links)


def test_too_many_variables_are_left_out_and_counted():
    v = [Variable(f"x{k}", 2) for k in range(50)]
    wide = BayesianNetwork([table(v[0]), *(table(x, v[0]) for x in v[1:])], [Factor(v[10:12], np.ones((2, 2)))])
    outline = limited(network_outline(wide, width=COLUMN), 11)
    assert [x.name for x in outline.variables] == [f"x{k}" for k in range(11)]
    assert outline.left_out == 39
    assert outline.links == tuple(("x0", f"x{k}") for k in range(1, 11))
    assert outline.scopes == {}, "a factor goes with the first of its variables"
    assert limited(outline, 11) is outline


def test_of_wide_slices_whole_rows_are_left_out():
    rows = [[Variable(f"{chr(97 + k)}_{t}", 2, time=t) for t in range(4)] for k in range(10)]
    chains = [table(row[0]) for row in rows] + [table(row[t + 1], row[t]) for row in rows for t in range(3)]
    outline = limited(network_outline(BayesianNetwork(chains), width=COLUMN), 12)
    assert {lane_of(v)[1] for v in outline.variables} == {"a", "b", "c"}
    assert len(outline.variables) == 12
    assert outline.left_out == 28
