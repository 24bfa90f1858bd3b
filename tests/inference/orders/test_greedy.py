"""Greedy elimination in a window, against its definition recomputed at every step."""

from itertools import combinations
from math import inf, prod

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from networkx.algorithms.approximation import treewidth_min_fill_in

from control_pgm.inference.orders.cheapest import cheapest_order, greedy_order, neighbourhoods, reversed_order
from control_pgm.inference.orders.greedy import MinFill, MinWeight, greedy
from control_pgm.inference.tree.bucket_tree import bucket_tree
from tests.inference.graphs import grid, random_problem, ring, shuffled
from tests.strategies import seeds, thorough

RULES = {"min-fill": MinFill, "min-weight": MinWeight}


def naive_greedy(n, scopes, cards, rule, line, window, widest=inf):
    """Recompute every cost before every step; ties go to the first one along the line."""
    edges = {frozenset(pair) for scope in scopes for pair in combinations(scope, 2)}
    outside, inside, order = list(line), [], []

    def near(v):
        return {u for u in (*outside, *inside) if frozenset((u, v)) in edges and u != v}

    def cost(v):
        if rule == "min-weight":
            return cards[v] * prod(cards[u] for u in near(v))
        return sum(frozenset(pair) not in edges for pair in combinations(near(v), 2))

    while outside or inside:
        while outside and (len(inside) < window or all(len(near(v)) >= widest for v in inside)):
            inside.append(outside.pop(0))
        eligible = [v for v in inside if len(near(v)) < widest]
        if not eligible:
            return (*order, min(inside, key=lambda v: (len(near(v)), v)))
        v = min(eligible, key=lambda v: (cost(v), line.index(v)))
        edges |= {frozenset(pair) for pair in combinations(near(v), 2)}
        inside.remove(v)
        order.append(v)
    return tuple(order)


@pytest.mark.parametrize("rule", RULES)
@thorough
@given(seed=seeds)
def test_greedy_orders_follow_their_definition_at_every_step(rule, seed):
    n, scopes, cards = random_problem(seed)
    assert greedy_order(n, scopes, cards, rule) == naive_greedy(n, scopes, cards, rule, reversed_order(n), n)


@pytest.mark.parametrize("rule", RULES)
@thorough
@given(seed=seeds)
def test_a_window_and_a_widest_cluster_restrict_the_choice_at_every_step(rule, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 15))
    scopes = [tuple(rng.permutation(n)[:2].tolist()) for _ in range(rng.integers(1, 26))]
    cards, line, window = rng.integers(1, 5, n).tolist(), rng.permutation(n).tolist(), int(rng.integers(1, n + 1))
    for widest in (int(rng.integers(1, 6)), inf):
        steps = greedy(RULES[rule](neighbourhoods(n, scopes), cards), line, window, widest)
        assert tuple(v for v, _ in steps) == naive_greedy(n, scopes, cards, rule, line, window, widest)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("window", [9, 64])
def test_greedy_orders_follow_their_definition_in_longer_runs_too(rule, window):
    for n, scopes, cards in (grid(8, 8), shuffled(ring(6, 8), 0)):
        steps = greedy(RULES[rule](neighbourhoods(n, scopes), cards), reversed_order(n), window, inf)
        assert tuple(v for v, _ in steps) == naive_greedy(n, scopes, cards, rule, reversed_order(n), window)


def test_a_window_of_one_variable_follows_the_line():
    n, scopes, cards = grid(4, 5)
    line = np.random.default_rng(0).permutation(n).tolist()
    for graph in RULES.values():
        assert [v for v, _ in greedy(graph(neighbourhoods(n, scopes), cards), line, 1, inf)] == line


def test_min_fill_eliminates_a_loop_without_a_second_chord():
    loop = [(i, (i + 1) % 6) for i in range(6)]
    tree = bucket_tree(loop, greedy_order(6, loop, [2] * 6, "min-fill"))
    assert max(map(len, tree.scopes)) == 3


def test_min_weight_counts_entries_where_min_fill_counts_edges():
    chain = [(0, 1), (1, 2), (2, 3)]
    cards = [90, 2, 3, 50]
    assert greedy_order(4, chain, cards, "min-fill") == (3, 2, 1, 0)
    assert greedy_order(4, chain, cards, "min-weight") == (3, 2, 1, 0)
    square = [(0, 1), (1, 2), (2, 3), (3, 0)]  # every elimination adds one edge, but tables differ in size
    assert greedy_order(4, square, cards, "min-fill")[0] == 3
    assert greedy_order(4, square, cards, "min-weight")[0] == 2  # 3 · 2 · 50 entries, the fewest


@pytest.mark.parametrize("rule", RULES)
def test_the_order_depends_neither_on_the_order_of_tables_nor_of_their_axes(rule):
    for seed in range(20):
        n, scopes, cards = random_problem(seed)
        turned = [scope[::-1] for scope in scopes[::-1]]
        assert greedy_order(n, scopes, cards, rule) == greedy_order(n, turned, cards, rule)
        assert cheapest_order(n, scopes, cards) == cheapest_order(n, turned, cards)


def test_the_models_own_order_is_taken_backwards():
    assert reversed_order(4) == (3, 2, 1, 0)
    assert reversed_order(0) == ()


def test_min_fill_is_as_good_as_that_of_networkx():
    ours, theirs = [], []
    for seed in range(60):
        graph = nx.gnm_random_graph(14, 14 + seed % 20, seed=seed)
        scopes = [*graph.edges, *((v,) for v in graph)]
        tree = bucket_tree(scopes, greedy_order(14, scopes, [2] * 14, "min-fill"))
        ours.append(max(map(len, tree.scopes)) - 1)
        theirs.append(treewidth_min_fill_in(graph)[0])
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 1  # ties are broken in other ways there
    assert sum(ours) <= 1.02 * sum(theirs)
