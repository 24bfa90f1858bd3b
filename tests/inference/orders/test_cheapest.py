"""The cheapest elimination orders, against the best of all orders and elimination slice by slice."""

import os
import subprocess
import sys
from functools import lru_cache
from itertools import combinations, pairwise
from math import log2, prod

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from control_pgm.inference.orders.cheapest import (
    Limits,
    candidates,
    cheapest_order,
    greedy_order,
    neighbourhoods,
    reversed_order,
    width_bound,
)
from control_pgm.inference.orders.greedy import MinFill, MinWeight
from control_pgm.inference.tree.bucket_tree import bucket_tree
from tests.inference.graphs import grid, path, random_dag, random_problem, random_template, ring, shuffled, with_hub
from tests.operations import executed_lines
from tests.strategies import quick, seeds, thorough

RULES = {"min-fill": MinFill, "min-weight": MinWeight}


# --- oracles ----------------------------------------------------------------------------------------------------------
def best_of_all_orders(n, scopes, cards):
    """The fewest entries, and the smallest width, over all orders, by recursion over sets of eliminated variables."""
    neighbours = neighbourhoods(n, scopes)

    def near(v, gone):
        found, stack = {v}, [v]
        while stack:
            for u in neighbours[stack.pop()] - found:
                found.add(u)
                if u in gone:
                    stack.append(u)
        return found - gone - {v}

    @lru_cache(None)
    def best(gone):
        left = [v for v in range(n) if v not in gone]
        if not left:
            return 0, 0
        steps = [(near(v, gone), best(gone | {v}), v) for v in left]
        return (
            min(cards[v] * prod(cards[u] for u in beside) + entries for beside, (entries, _), v in steps),
            min(max(len(beside), width) for beside, (_, width), _ in steps),
        )

    return best(frozenset())


def slice_by_slice(problem, size, rule, forwards):
    """The entries of the order that eliminates one slice after another, greedily within each."""
    n, scopes, cards = problem
    graph = RULES[rule](neighbourhoods(n, scopes), cards)
    order = []
    for t in range(n // size)[:: 1 if forwards else -1]:
        left = set(range(t * size, (t + 1) * size))
        while left:
            v = min(left, key=lambda v: (graph.cost(v), -v))
            graph.eliminate(v)
            left.remove(v)
            order.append(v)
    return bucket_tree(scopes, order).entries(cards)


# --- the cheapest of several ------------------------------------------------------------------------------------------
@thorough
@given(seed=seeds)
def test_candidates_cost_what_their_bucket_trees_cost_and_get_ever_cheaper(seed):
    n, scopes, cards = random_problem(seed, n=12)
    edges = sum(map(len, neighbourhoods(n, scopes))) // 2
    found = list(candidates(n, scopes, cards))
    assert found[0].rule == "reverse topological"
    assert found[0].order == reversed_order(n)
    for order in found:
        tree = bucket_tree(scopes, order.order)
        assert sorted(order.order) == list(range(n))
        assert order.entries == tree.entries(cards)
        assert order.fill_free == (sum(map(len, tree.separators)) == edges)
        assert order.beyond == ()
    assert all(earlier.entries > later.entries for earlier, later in pairwise(found))
    assert cheapest_order(n, scopes, cards) == found[-1]
    assert not any(order.fill_free for order in found[:-1])


def test_the_cheapest_order_is_no_dearer_than_any_that_is_asked_for():
    for seed in range(40):
        problem = random_dag(seed, 25, parents=2)
        n, scopes, cards = problem
        orders = [reversed_order(n), *(greedy_order(*problem, rule) for rule in RULES)]
        found = cheapest_order(*problem)
        if not any(order.fill_free for order in candidates(*problem)):
            assert found.entries <= min(bucket_tree(scopes, order).entries(cards) for order in orders)


def test_the_cheapest_order_is_nearly_the_best_of_all_orders():
    ratios = []
    for seed in range(150):
        n, scopes, _ = random_problem(seed, n=7)
        cards = np.random.default_rng([seed, 2]).integers(2, 5, n).tolist()
        entries, width = best_of_all_orders(n, scopes, cards)
        found = cheapest_order(n, scopes, cards)
        assert found.entries >= entries
        if found.fill_free:
            assert max(map(len, bucket_tree(scopes, found.order).scopes)) == width + 1
        ratios.append(found.entries / entries)
    assert max(ratios) < 1.5
    assert np.mean(ratios) < 1.1


def test_a_graph_that_needs_no_edge_keeps_the_models_own_order():
    for problem in (grid(1, 30), with_hub(grid(1, 30)), (4, [(0, 1, 2), (1, 2, 3)], [2, 3, 4, 5])):
        assert [found.rule for found in candidates(*problem)] == ["reverse topological"]


def test_a_loop_of_ties_keeps_the_models_own_order():
    loop = [(i, (i + 1) % 8) for i in range(8)]
    assert cheapest_order(8, loop, [2] * 8).rule == "reverse topological"


def test_no_variables_at_all_are_eliminated_at_once():
    assert cheapest_order(0, [()], []).order == ()
    assert cheapest_order(2, [], [3, 4]).entries == 7


# --- sweeps -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [ring, path])
@pytest.mark.parametrize("slices", [*range(5, 16), 20, 30, 40, 50])
def test_ten_variables_a_slice_make_clusters_of_little_more_than_a_slice(make, slices):
    n, scopes, cards = make(10, slices)
    tree = bucket_tree(scopes, cheapest_order(n, scopes, cards).order)
    assert max(map(len, tree.scopes)) <= 14


def test_a_ring_without_names_in_order_is_still_far_better_than_greedy():
    n, scopes, cards = shuffled(ring(10, 40), 1)
    widest = {rule: max(map(len, bucket_tree(scopes, greedy_order(n, scopes, cards, rule)).scopes)) for rule in RULES}
    found = bucket_tree(scopes, cheapest_order(n, scopes, cards).order)
    assert max(map(len, found.scopes)) <= 16
    assert widest["min-weight"] >= 22


def test_sweeps_are_as_good_as_elimination_slice_by_slice():
    lost = []
    for size in (4, 6, 8, 10):
        for seed in range(5):
            problem = random_template(seed, size, 20)
            ways = [(rule, forwards) for rule in RULES for forwards in (False, True)]
            known = min(slice_by_slice(problem, size, *way) for way in ways)
            lost += [log2(cheapest_order(*p).entries / known) for p in (problem, shuffled(problem, seed))]
    assert np.mean(lost) < -0.6  # bits: better on average
    assert max(lost) < 1.5


def test_a_static_variable_does_not_spoil_a_sweep():
    for seed in range(3):
        problem = random_template(seed, 6, 30)
        plain, static = (cheapest_order(*shuffled(p, seed)).entries for p in (problem, with_hub(problem)))
        assert static < 3 * 1.3 * plain  # it has three states, and is in every cluster


# --- limits -----------------------------------------------------------------------------------------------------------
def test_a_cluster_beyond_the_limits_is_named_and_the_search_ends_where_all_orders_have_one():
    clique = 60, list(combinations(range(60), 2)), [1] * 60
    (found,) = candidates(*clique)
    assert found.beyond == tuple(range(60))
    assert found.order == ()
    clique = 12, list(combinations(range(12), 2)), [10] * 12
    assert cheapest_order(*clique).entries == sum(10**k for k in range(1, 13))
    (found,) = candidates(*clique, Limits(entries=10**11))
    assert found.beyond == tuple(range(12))


@thorough
@given(seed=seeds)
def test_orders_keep_the_limits_or_name_a_cluster_that_does_not(seed):
    n, scopes, cards = random_problem(seed, n=12)
    limits = Limits(variables=3, entries=23)
    found = list(candidates(n, scopes, cards, limits))

    def fits(cluster):
        return len(cluster) <= limits.variables and prod(cards[v] for v in cluster) <= limits.entries

    for order in found:
        if order.beyond:
            assert not fits(order.beyond)
        else:
            assert all(map(fits, bucket_tree(scopes, order.order).scopes))
    within = [order for order in found if order.order]
    best = cheapest_order(n, scopes, cards, limits)
    assert bool(best.beyond) == (not within)
    if within:
        assert best.entries == min(order.entries for order in within)


def test_the_widest_table_is_that_of_a_hub_only_if_it_must_be():
    for hub in (0, 1999):
        star = [(v, hub) for v in range(2000) if v != hub]
        found = cheapest_order(2000, star, [3] * 2000)
        assert found.entries == 1999 * 9 + 3


@quick
@given(seed=seeds)
def test_the_bound_on_the_width_is_kept_by_every_order(seed):
    n, scopes, cards = random_problem(seed, n=7)
    width = best_of_all_orders(n, scopes, cards)[1]
    assert width_bound(neighbourhoods(n, scopes), n) <= width


def test_the_bound_on_the_width_of_well_known_graphs():
    known = {
        1: nx.balanced_tree(2, 5),
        2: nx.cycle_graph(9),
        3: nx.grid_2d_graph(3, 3),
        4: nx.octahedral_graph(),
        6: nx.complete_graph(7),
    }
    for width, graph in known.items():
        numbered = nx.convert_node_labels_to_integers(graph)
        assert width_bound(neighbourhoods(len(numbered), numbered.edges), 50) in (width - (width == 3), width)
        assert width_bound(neighbourhoods(len(numbered), numbered.edges), 1) == 1


# --- size and repetition ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "problem",
    [
        lambda n: (n, [(v, n - 1) for v in range(n - 1)], [3] * n),
        lambda n: with_hub(grid(3, n // 4)),
        lambda n: random_dag(0, n),
    ],
    ids=["star", "static variable", "no order fits"],
)
def test_hubs_and_hopeless_graphs_take_no_quadratic_work(problem):
    few, many = (executed_lines(lambda n=n: cheapest_order(*problem(n))) for n in (500, 4000))
    assert few > 500
    assert many < 16 * few  # 8 if linear, 64 if quadratic


def test_orders_do_not_depend_on_the_hash_seed():
    code = (
        "from tests.inference.orders.test_cheapest import *;"
        "problems = [random_problem(s, 12) for s in range(20)] + [shuffled(ring(5, 12), 1), with_hub(grid(4, 9))];"
        "print([list(candidates(*p)) for p in problems])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": s}, capture_output=True, check=True
        ).stdout
        for s in ("0", "1", "2")
    }
    assert len(outputs) == 1
