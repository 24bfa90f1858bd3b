"""Edges on loops, against the 2-core of networkx."""

import networkx as nx
import numpy as np

from control_pgm.models.layout.loops import edges_on_loops


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
        assert edges_on_loops(scopes, range(len(scopes))) == core(scopes)


def test_only_the_factors_asked_for_are_told():
    scopes = [["x", "y"], ["x", "y"], ["y", "z"]]
    assert edges_on_loops(scopes, [1, 2]) == {("x", 1), ("y", 1)}
