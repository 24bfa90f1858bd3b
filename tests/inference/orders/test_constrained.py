"""Orders of sums and maxima: what must come first does, what fits fits, and small graphs against all orders."""

from itertools import permutations
from math import prod

import numpy as np
import pytest

from control_pgm.inference.orders.constrained import constrained_order, relaxed_order
from control_pgm.inference.tree.bucket_tree import bucket_tree

SEEDS = range(60)


def random_scopes(seed, n):
    """Scopes of a random graph over n variables, their cardinalities, and some variables to maximise."""
    rng = np.random.default_rng(seed)
    scopes = [tuple(int(v) for v in rng.permutation(n)[: rng.integers(1, 4)]) for _ in range(n + 2)]
    scopes += [(v,) for v in range(n)]
    cards = [int(k) for k in rng.integers(1, 4, n)]
    return scopes, cards, {v for v in range(n) if rng.random() < 0.5}


def entries(scopes, order, cards):
    return bucket_tree(scopes, order).entries(cards)


def bytes_of(scopes, order, cards):
    """All messages in both directions, and twice the largest cluster, of 8 bytes a number."""
    tree = bucket_tree(scopes, order)
    separators = sum(prod(cards[v] for v in scope) for scope in tree.separators)
    return 8 * (2 * separators + 2 * max(prod(cards[v] for v in scope) for scope in tree.scopes))


@pytest.mark.parametrize("seed", SEEDS)
def test_sums_come_first_and_the_cost_is_that_of_the_tree(seed):
    n = 6 + seed % 5
    scopes, cards, maximised = random_scopes(seed, n)
    found = constrained_order(n, scopes, cards, maximised, 1e12)
    assert sorted(found.order) == list(range(n))
    assert {*found.order[n - len(maximised) :]} == maximised
    assert found.entries == entries(scopes, found.order, cards)
    assert found.bytes == bytes_of(scopes, found.order, cards)


def test_orders_are_close_to_the_best_of_all_constrained_ones():
    n, ratios = 6, []
    for seed in SEEDS:
        scopes, cards, maximised = random_scopes(seed, n)
        summed = [v for v in range(n) if v not in maximised]
        costs = [entries(scopes, a + b, cards) for a in permutations(summed) for b in permutations(maximised)]
        ratios.append(constrained_order(n, scopes, cards, maximised, 1e12).entries / min(costs))
    assert min(ratios) >= 1.0
    assert max(ratios) <= 1.6
    assert np.mean(ratios) <= 1.1


def test_beyond_the_limit_the_first_such_cluster_is_named():
    scopes = [(k, 5) for k in range(5)]
    found = constrained_order(6, scopes, [10] * 6, range(5), 8e5)
    assert found.order == ()
    assert found.beyond == (5, 0, 1, 2, 3, 4)
    assert found.bytes > 8e5
    assert constrained_order(6, scopes, [10] * 6, range(5), 1e9).beyond == ()


def test_many_variables_with_a_single_state_are_too_many_axes():
    found = constrained_order(60, [(k, 59) for k in range(59)], [1] * 60, range(59), 1e12)
    assert len(found.beyond) == 60


@pytest.mark.parametrize("seed", SEEDS)
def test_putting_off_keeps_to_the_budget_and_ends_in_a_constrained_order(seed):
    n = 6 + seed % 5
    scopes, cards, maximised = random_scopes(seed, n)
    base = [int(v) for v in np.random.default_rng(seed).permutation(n)]
    strict = relaxed_order(base, scopes, cards, maximised, 1, 1e12)
    loose = relaxed_order(base, scopes, cards, maximised, 10**9, 1e12)
    for found in (strict, loose):
        assert sorted(found.order) == list(range(n))
        assert found.entries == entries(scopes, found.order, cards)
        assert [v for v in found.order if v not in maximised] == [v for v in base if v not in maximised]
    assert {*loose.order[n - len(maximised) :]} == maximised


def chain(horizon, states, choices):
    """The scopes of a decision process: state 2t, choice 2t + 1, and the two with the next state."""
    scopes = [(2 * t, 2 * t + 1, 2 * t + 2) for t in range(horizon)]
    return scopes, [states if v % 2 == 0 else choices for v in range(2 * horizon + 1)]


@pytest.mark.parametrize("delay", range(4))
def test_in_a_decision_process_the_budget_is_a_delay(delay):
    """Choices are maximised before the state of so many steps earlier is summed: as if they were told that one."""
    horizon, states, choices = 8, 5, 2
    scopes, cards = chain(horizon, states, choices)
    base = list(range(2 * horizon, -1, -1))
    budget = states * choices * states * choices**delay
    found = relaxed_order(base, scopes, cards, range(1, 2 * horizon, 2), budget, 1e12)
    place = {v: i for i, v in enumerate(found.order)}
    for t in range(delay + 1, horizon):
        state = 2 * (t - delay)
        assert place[state + 2] < place[2 * t + 1] < place[state]
    assert max(prod(cards[v] for v in scope) for scope in bucket_tree(scopes, found.order).scopes) <= budget


def test_a_relaxed_order_beyond_the_memory_limit_is_told():
    scopes, cards = chain(8, 5, 2)
    found = relaxed_order(list(range(16, -1, -1)), scopes, cards, range(1, 16, 2), 10**6, 1000)
    assert found.order == ()
    assert found.beyond
