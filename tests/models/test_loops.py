"""Edges on loops, against the 2-core of networkx."""

import networkx as nx
import numpy as np

from control_pgm import Factor, Variable
from control_pgm.models.loops import edges_on_loops


def factors(scopes):
    return [Factor([Variable(name, 2) for name in scope], np.ones((2,) * len(scope))) for scope in scopes]


def core(scopes):
    graph = nx.Graph((name, k) for k, scope in enumerate(scopes) for name in scope)
    return {(a, b) if isinstance(a, str) else (b, a) for a, b in nx.k_core(graph, 2).edges}


def test_random_graphs_have_the_edges_of_their_core():
    rng = np.random.default_rng(0)
    for _ in range(200):
        n = int(rng.integers(1, 12))
        scopes = [
            [f"x{v}" for v in rng.permutation(n)[: rng.integers(0, min(n, 3) + 1)]] for _ in range(rng.integers(1, 14))
        ]
        assert set(edges_on_loops(factors(scopes))) == core(scopes)


def test_long_chains_are_stripped_and_long_rings_are_not():
    chain = [[f"x{i}", f"x{i + 1}"] for i in range(3000)]
    assert edges_on_loops(factors(chain)) == []
    ring = [*chain, ["x3000", "x0"]]
    found = edges_on_loops(factors([*ring, ["x5", "y"]]))
    assert set(found) == {(name, k) for k, pair in enumerate(ring) for name in pair}


def test_only_the_factors_asked_for_are_told():
    scopes = factors([["x", "y"], ["x", "y"], ["y", "z"]])
    assert edges_on_loops(scopes, [1, 2]) == [("x", 1), ("y", 1)]
