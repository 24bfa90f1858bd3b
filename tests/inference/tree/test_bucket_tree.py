"""Bucket trees: they cover their tables and have the running intersection property."""

from math import prod

import numpy as np
from hypothesis import given

from control_pgm.inference.tree.bucket_tree import bucket_tree
from tests.inference.graphs import random_problem
from tests.strategies import seeds, thorough


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
