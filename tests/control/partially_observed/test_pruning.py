"""Pruned sets of vectors: their maximum is that of all vectors, and none of them is superfluous."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from control_pgm.control.partially_observed.pruning import TOLERANCE, pruned
from tests.strategies import quick, seeds


@quick
@given(seeds, st.integers(1, 4), st.integers(1, 150), st.booleans())
def test_the_maximum_over_beliefs_stays(seed, n_states, n_vectors, rounded):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_vectors, n_states)) * 10.0 ** rng.integers(-3, 4)
    vectors = vectors.round() if rounded else vectors  # many ties and twins
    kept = pruned(vectors)
    beliefs = np.concatenate([np.eye(n_states), rng.dirichlet(np.full(n_states, 0.7), 500)])
    lost = (beliefs @ vectors.T).max(axis=1) - (beliefs @ vectors[kept].T).max(axis=1)
    assert lost.max() <= 2 * TOLERANCE * max(1.0, np.abs(vectors).max())
    assert len(set(kept.tolist())) == len(kept) >= 1


@quick
@given(seeds, st.integers(2, 100))
def test_with_two_states_the_vectors_kept_are_the_corners_of_the_convex_hull(seed, n_vectors):
    """Every vector of the upper envelope of random lines has an interval of beliefs at which it is the largest."""
    vectors = np.random.default_rng(seed).normal(size=(n_vectors, 2))
    grid = np.linspace(0.0, 1.0, 200_001)
    largest = set((np.stack([1 - grid, grid], axis=1) @ vectors.T).argmax(axis=1).tolist())
    assert largest <= set(pruned(vectors).tolist())
    assert len(pruned(vectors)) - len(largest) <= 1  # an interval shorter than the grid is wide


def test_vectors_below_a_mixture_of_others_are_left_out_although_none_dominates_them():
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.45, 0.45], [0.55, 0.55], [1.0, 0.0]])
    assert sorted(map(tuple, vectors[pruned(vectors)].tolist())) == [(0.0, 1.0), (0.55, 0.55), (1.0, 0.0)]
    assert pruned(vectors[:3]).tolist() == [0, 1]


def test_a_vector_that_ties_at_a_corner_only_is_left_out():
    vectors = np.array([[1.0, 0.0], [1.0, 0.5], [0.0, 1.0]])
    assert pruned(vectors).tolist() == [1, 2]
