"""The message rules on arrays: products of all others, scaling, damping, and the distance of two messages."""

from math import inf, log

import numpy as np
import pytest

from control_pgm import Factor, FactorGraph, Variable
from control_pgm.errors import ImpossibleEvidence
from control_pgm.inference.loopy.bethe_graph import bethe_graph
from control_pgm.inference.loopy.messages import batches, damped, distance, scaled, sums_of_others
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.problem import pose
from tests.inference.loopy_textbook import random_loops, random_tree

X, Y, Z = Variable("x", 2), Variable("y", 3), Variable("z", 2)
GRAPH = bethe_graph(pose(FactorGraph([Factor([X, Y], np.ones((2, 3))), Factor([], 2.0), Factor([Z, X], np.eye(2))])))


@pytest.mark.parametrize("degree", [1, 2, 3, 6])
def test_sums_of_others_leave_out_the_own_even_if_it_is_minus_infinity(degree):
    rng = np.random.default_rng(degree)
    logs = np.where(rng.random((4, degree, 5)) < 0.3, -inf, rng.standard_normal((4, degree, 5)))
    found = sums_of_others(logs)
    for i in range(degree):
        others = np.delete(logs, i, axis=1).sum(axis=1)
        assert np.allclose(found[:, i], others, rtol=0, atol=1e-14)
    assert np.array_equal(sums_of_others(logs[0]), found[0])


def test_messages_are_scaled_to_sum_or_maximum_one():
    logs = np.array([[-1e5, -1e5 + log(3)], [-inf, 7.0]])
    assert np.allclose(np.exp(scaled(GRAPH, [0, 3], logs, "sum")), [[0.25, 0.75], [0, 1]], rtol=0, atol=1e-11)
    assert np.allclose(np.exp(scaled(GRAPH, [0, 3], logs, "max")), [[1 / 3, 1], [0, 1]], rtol=0, atol=1e-11)
    with pytest.raises(ImpossibleEvidence, match="no state of 'z' has positive weight"):
        scaled(GRAPH, [0, 2], np.array([[0.0, 0.0], [-inf, -inf]]), "sum")


def test_distance_is_in_nats_knows_zeros_and_does_not_count_rounding():
    old = np.array([[0.0, -1.0], [-inf, 0.0], [-inf, 0.0], [-1e6, 0.0], [0.0, -2.0]])
    new = np.array([[0.5, -1.0], [-inf, 0.0], [-3.0, 0.0], [-1e6 * (1 + 1e-15), 0.0], [0.0, -2.0 - 1e-9]])
    found = distance(new, old)
    assert found[:4].tolist() == [0.5, 0.0, inf, 0.0]
    assert abs(found[4] - 1e-9) < 1e-15
    assert distance(old, new).tolist() == found.tolist()
    assert distance(new[2], old[2]) == inf


@pytest.mark.parametrize("share", [0.25, 0.9])
def test_damping_mixes_in_the_domain_asked_for_and_keeps_new_zeros(share):
    new, old = np.log([0.2, 0.8]), np.log([0.6, 0.4])
    found = np.exp(damped(new, old, LoopyOptions(damping=share)))
    assert np.allclose(found, [0.2 ** (1 - share) * 0.6**share, 0.8 ** (1 - share) * 0.4**share], rtol=0, atol=1e-15)
    found = np.exp(damped(new, old, LoopyOptions(damping=share, damping_domain="linear")))
    assert np.allclose(found, (1 - share) * np.exp(new) + share * np.exp(old), rtol=0, atol=1e-15)
    for domain in ("log", "linear"):
        mixed = damped(np.array([-inf, 0.0]), old, LoopyOptions(damping=share, damping_domain=domain))
        assert mixed[0] == -inf
        assert np.isfinite(mixed[1])


def test_the_edges_of_the_bethe_graph_are_numbered_table_by_table():
    assert (GRAPH.n_edges, GRAPH.length) == (4, 9)
    assert [GRAPH.name(k) for k in range(3)] == ["phi_0(x, y)", "phi_1()", "phi_2(z, x)"]
    names = [GRAPH.problem.names[v] for v in GRAPH.variable_of]
    assert names == ["x", "y", "z", "x"]
    assert list(GRAPH.table_of) == [0, 0, 2, 2]
    assert [list(GRAPH.edges_at(k)) for k in range(3)] == [[0, 1], [], [2, 3]]
    assert [GRAPH.axis(e) for e in range(4)] == [0, 1, 0, 1]
    assert GRAPH.edges_hearing(0) == [2]
    assert GRAPH.edges_hearing(3) == [1]
    assert GRAPH.edges_hearing(1) == []
    assert GRAPH.elements([0, 3]).tolist() == [[0, 1], [7, 8]]
    assert [GRAPH.slot(e) for e in range(4)] == [slice(0, 2), slice(2, 5), slice(5, 7), slice(7, 9)]
    assert GRAPH.star_of[GRAPH.problem.index["x"]].tolist() == [[0, 1], [7, 8]]


def test_trees_are_told_from_loops_as_the_factor_graph_tells_them():
    for seed in range(40):
        for model in (random_tree(seed), random_loops(seed, n=3 + seed % 4)):
            speaking = FactorGraph(
                f.marginal(*(v.name for v in f.variables if v.cardinality > 1)) for f in model.factors
            )
            assert bethe_graph(pose(model)).is_tree == speaking.is_tree
    one = Variable("one", 1)
    around = FactorGraph([Factor([X, one], [[1], [2]]), Factor([X, one], [[3], [4]])])
    assert not around.is_tree
    assert bethe_graph(pose(around)).is_tree  # a variable with a single state closes no loop


def test_a_batch_is_the_contraction_of_each_of_its_tables():
    rng = np.random.default_rng(0)
    variables = [Variable(f"v{i}", n) for i, n in enumerate([2, 3, 2, 2, 3, 2])]
    tables = [rng.random((2, 3, 2)) for _ in range(2)]
    factors = [Factor(variables[:3], tables[0]), Factor(variables[3:], tables[1]), Factor([variables[0]], [1, 2])]
    graph = bethe_graph(pose(FactorGraph(factors)))
    heard = rng.standard_normal(graph.length)
    for by in ("sum", "max"):
        found = {}
        for batch in batches(graph, range(graph.n_edges), by):
            found |= dict(zip(batch.edges.tolist(), batch.contract(heard), strict=True))
        assert sorted(found) == list(range(7))
        for k in range(2):
            said = [np.exp(heard[graph.slot(3 * k + i)]) for i in range(3)]
            for i in range(3):
                weights = tables[k].copy()
                for j in {0, 1, 2} - {i}:
                    weights *= said[j].reshape([-1 if axis == j else 1 for axis in range(3)])
                rest = tuple({0, 1, 2} - {i})
                expected = weights.sum(axis=rest) if by == "sum" else weights.max(axis=rest)
                assert np.allclose(np.exp(found[3 * k + i]), expected, rtol=0, atol=1e-13)
        assert np.allclose(np.exp(found[6]), [1, 2], rtol=0, atol=1e-15)
