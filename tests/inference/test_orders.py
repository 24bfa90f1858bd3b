"""Elimination orders and bucket trees, against the definitions recomputed at every step and the best of all orders."""

import os
import subprocess
import sys
from functools import lru_cache
from itertools import combinations, pairwise
from math import inf, log2, prod
from time import process_time

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from networkx.algorithms.approximation import treewidth_min_fill_in

from control_pgm.inference.clusters import bucket_tree
from control_pgm.inference.orders import (
    Limits,
    candidates,
    cheapest_order,
    greedy_order,
    neighbourhoods,
    reversed_order,
    width_bound,
)
from control_pgm.inference.template_order import MinFill, MinWeight, find_line, greedy
from tests.strategies import quick, seeds, thorough

RULES = {"min-fill": MinFill, "min-weight": MinWeight}


# --- problems ---------------------------------------------------------------------------------------------------------
def random_problem(seed, n=9):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, n + 1))
    scopes = [tuple(rng.permutation(n)[: rng.integers(0, 4)].tolist()) for _ in range(rng.integers(1, 12))]
    return n, scopes, rng.integers(1, 5, n).tolist()


def grid(width, length):
    """Variables numbered row by row."""
    pairs = [(v, v + width) for v in range(width * (length - 1))]
    pairs += [(v, v + 1) for v in range(width * length) if (v + 1) % width]
    return width * length, pairs, [2] * (width * length)


def unrolled(parents, slices, states):
    """A template; ``parents[i]`` of variable i are pairs (j, whether in the same slice)."""
    k = len(parents)
    scopes = [(i,) for i in range(k)]
    for t in range(1, slices):
        for i, above in enumerate(parents):
            scopes.append((*[(t - (not same)) * k + j for j, same in above], t * k + i))
    return k * slices, scopes, list(states) * slices


def ring(size, slices):
    """x_i' depends on x_{i−1}, x_i, x_{i+1} of a closed ring."""
    parents = [sorted({((i + d) % size, False) for d in (-1, 0, 1)}) for i in range(size)]
    return unrolled(parents, slices, [2] * size)


def path(size, slices):
    """x_i' depends on x_i and on x_{i−1}' within the slice."""
    return unrolled([[(i, False)] + [(i - 1, True)] * (i > 0) for i in range(size)], slices, [2] * size)


def random_template(seed, size, slices):
    """Up to three parents in the slice before, sometimes one in the same slice."""
    rng = np.random.default_rng([seed, size])
    parents = []
    for i in range(size):
        before = [(int(j), False) for j in rng.permutation(size)[: rng.integers(1, 4)]]
        beside = [(int(rng.integers(i)), True)] if i and rng.random() < 0.4 else []
        parents.append(before + beside)
    return unrolled(parents, slices, rng.choice([2, 2, 3, 4, 10], size).tolist())


def with_hub(problem):
    """A further variable, the first one, in every table."""
    n, scopes, cards = problem
    return n + 1, [(0, *[v + 1 for v in scope]) for scope in scopes], [3, *cards]


def shuffled(problem, seed):
    """The same problem with other numbers for the variables."""
    n, scopes, cards = problem
    new = np.random.default_rng(seed).permutation(n).tolist()
    states = [0] * n
    for v, number in enumerate(new):
        states[number] = cards[v]
    return n, [tuple(new[v] for v in scope) for scope in scopes], states


def random_dag(seed, n, parents=3):
    rng = np.random.default_rng(seed)
    above = [sorted(set(rng.integers(0, max(v, 1), min(v, rng.integers(0, parents + 1))).tolist())) for v in range(n)]
    return n, [(*above[v], v) for v in range(n)], rng.integers(2, 4, n).tolist()


# --- oracles ----------------------------------------------------------------------------------------------------------
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


# --- greedy orders ----------------------------------------------------------------------------------------------------
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


def test_a_line_follows_a_chain_from_the_end_with_the_lower_number():
    for seed in range(10):
        new = np.random.default_rng(seed).permutation(60).tolist()
        line = find_line(neighbourhoods(60, pairwise(new)), 50)
        assert line.order in (tuple(new), tuple(new[::-1]))
        assert line.reach == 1
        assert line.order.index(0) < 30


def displacement(problem, size, seed):
    """How far variables of a shuffled problem lie from their slice, along the line through it, in slices."""
    n, scopes, _ = problem
    new = np.random.default_rng(seed).permutation(n)
    line = find_line(neighbourhoods(n, [tuple(new[list(scope)].tolist()) for scope in scopes]), 50)
    slices = np.empty(n, dtype=int)
    slices[new] = np.arange(n) // size
    along = slices[list(line.order)]
    along = along if along[0] < along[-1] else along.max() - along
    return np.abs(along - np.arange(n) // size)


def test_a_line_through_a_long_grid_puts_row_after_row():
    assert displacement(grid(5, 40), 5, 3).max() <= 2


@pytest.mark.parametrize(("size", "seed"), [(6, 0), (6, 1), (6, 3), (10, 3)])
def test_a_line_through_a_template_puts_slice_after_slice(size, seed):
    far = displacement(random_template(seed, size, 40), size, seed)
    assert far.max() <= 1
    assert far.mean() < 0.05


def test_lines_leave_hubs_out_and_lay_components_end_to_end():
    chains = [*pairwise(range(1, 101)), *pairwise(range(101, 201))]
    line = find_line(neighbourhoods(201, [*chains, *((0, v) for v in range(1, 201))]), 50)
    assert line.hubs == (0,)
    assert set(line.order[:100]) in ({*range(1, 101)}, {*range(101, 201)})
    assert line.order == tuple(range(1, 201))


def test_a_bushy_graph_has_no_line():
    n, scopes, _ = random_dag(0, 3000)
    assert find_line(neighbourhoods(n, scopes), 50) is None
    assert find_line(neighbourhoods(255, [((v - 1) // 2, v) for v in range(1, 255)]), 8) is None
    tail = [*scopes, *pairwise(range(2999, 6000))]  # long, but bushy at one end
    assert find_line(neighbourhoods(6000, tail), 50) is None


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
    [(20_000, [(v, 19_999) for v in range(19_999)], [3] * 20_000), with_hub(grid(3, 5_000)), random_dag(0, 20_000)],
    ids=["star", "static variable", "no order fits"],
)
def test_hubs_and_hopeless_graphs_take_no_quadratic_time(problem):
    start = process_time()
    cheapest_order(*problem)
    assert process_time() - start < 10  # about 0.5 s; quadratic time would be minutes


def test_orders_do_not_depend_on_the_hash_seed():
    code = (
        "from tests.inference.test_orders import *;"
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


# --- bucket trees -----------------------------------------------------------------------------------------------------
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
