"""Elimination orders and bucket trees, against the definitions recomputed at every step."""

from itertools import combinations
from math import prod

import numpy as np
import pytest
from hypothesis import given

from control_pgm.inference.clusters import bucket_tree
from control_pgm.inference.orders import greedy_order, reversed_order
from tests.strategies import seeds, thorough


def random_problem(seed, n=9):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, n + 1))
    scopes = [tuple(rng.permutation(n)[: rng.integers(0, 4)].tolist()) for _ in range(rng.integers(1, 12))]
    return n, scopes, rng.integers(1, 5, n).tolist()


def naive_order(n, scopes, cards, rule):
    """Recompute every cost before every step; ties go to the highest index."""
    edges = {frozenset(pair) for scope in scopes for pair in combinations(scope, 2)}
    left, order = set(range(n)), []
    while left:
        near = {v: {u for u in left if frozenset((u, v)) in edges and u != v} for v in left}

        def cost(v, near=near, edges=edges):
            if rule == "min-weight":
                return cards[v] * prod(cards[u] for u in near[v])
            return sum(frozenset(pair) not in edges for pair in combinations(near[v], 2))

        v = min(left, key=lambda v: (cost(v), -v))
        edges |= {frozenset(pair) for pair in combinations(near[v], 2)}
        left.discard(v)
        order.append(v)
    return tuple(order)


@pytest.mark.parametrize("rule", ["min-fill", "min-weight"])
@thorough
@given(seed=seeds)
def test_greedy_orders_follow_their_definition_at_every_step(rule, seed):
    n, scopes, cards = random_problem(seed)
    assert greedy_order(n, scopes, cards, rule) == naive_order(n, scopes, cards, rule)


def test_min_fill_eliminates_a_loop_without_a_second_chord():
    ring = [(i, (i + 1) % 6) for i in range(6)]
    tree = bucket_tree(ring, greedy_order(6, ring, [2] * 6, "min-fill"))
    assert max(map(len, tree.scopes)) == 3


def test_min_weight_counts_entries_where_min_fill_counts_edges():
    path = [(0, 1), (1, 2), (2, 3)]
    cards = [90, 2, 3, 50]
    assert greedy_order(4, path, cards, "min-fill") == (3, 2, 1, 0)
    assert greedy_order(4, path, cards, "min-weight") == (3, 2, 1, 0)
    square = [(0, 1), (1, 2), (2, 3), (3, 0)]  # every elimination adds one edge, but tables differ in size
    assert greedy_order(4, square, cards, "min-fill")[0] == 3
    assert greedy_order(4, square, cards, "min-weight")[0] == 2  # 3 · 2 · 50 entries, the fewest


@pytest.mark.parametrize("rule", ["min-fill", "min-weight"])
def test_the_order_depends_neither_on_the_order_of_tables_nor_of_their_axes(rule):
    for seed in range(20):
        n, scopes, cards = random_problem(seed)
        shuffled = [scope[::-1] for scope in scopes[::-1]]
        assert greedy_order(n, scopes, cards, rule) == greedy_order(n, shuffled, cards, rule)


def test_the_models_own_order_is_taken_backwards():
    assert reversed_order(4) == (3, 2, 1, 0)
    assert reversed_order(0) == ()


@thorough
@given(seed=seeds)
def test_a_bucket_tree_covers_its_tables_and_has_running_intersection(seed):
    n, scopes, cards = random_problem(seed)
    order = tuple(np.random.default_rng(seed).permutation(n).tolist())
    tree = bucket_tree(scopes, order)
    assert tree.order == order
    assert all(tree.order[tree.position[v]] == v for v in range(n))
    assert sorted(k for own in tree.factors for k in own) == [k for k, scope in enumerate(scopes) if scope]
    for i, v in enumerate(order):
        assert v in tree.scopes[i]
        assert set(tree.separators[i]) == set(tree.scopes[i]) - {v}
        assert all(set(scopes[k]) <= set(tree.scopes[i]) for k in tree.factors[i])
        parent = tree.parents[i]
        assert (parent < 0) == (not tree.separators[i])
        if parent >= 0:
            assert parent > i
            assert set(tree.separators[i]) <= set(tree.scopes[parent])
            assert i in tree.children[parent]
    for v in range(n):
        holders = {i for i, scope in enumerate(tree.scopes) if v in scope}
        tops = [i for i in holders if tree.parents[i] not in holders]
        assert tops == [tree.position[v]]  # connected: one top only, the cluster that eliminates v
    assert tree.entries(cards) == sum(prod(cards[v] for v in scope) for scope in tree.scopes)


def test_a_tree_whose_clusters_all_lie_within_tables_is_called_fill_free():
    chain = [(0, 1), (1, 2), (2, 3)]
    assert bucket_tree(chain, (3, 2, 1, 0)).fill_free
    assert not bucket_tree(chain, (1, 2, 3, 0)).fill_free
    assert not bucket_tree([(0, 1), (1, 2), (2, 0)], (2, 1, 0)).fill_free
