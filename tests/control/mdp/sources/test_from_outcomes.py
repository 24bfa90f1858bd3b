"""Processes given outcome by outcome, with dense and with sparse tables."""

import numpy as np
import pytest

from control_pgm import MDP
from control_pgm.control.mdp.sources.from_outcomes import LARGEST_DENSE
from control_pgm.errors import InvalidModel, TooLarge
from tests.control.comparison import difference

CASINO = [
    ("in", "play", 0.25, "in", 3.0),
    ("in", "play", 0.25, "in", -1.0),
    ("in", "play", 0.5, "out", -1.0),
    ("in", "leave", 1.0, "out", 0.0),
    ("out", "play", 1.0, "out", 0.0),
    ("out", "leave", 0.5, "out", 0.0),
    ("out", "leave", 0.5, "out", 0.0),
]


@pytest.mark.parametrize("sparse", [True, False])
def test_outcomes_add_up(sparse):
    mdp = MDP.from_outcomes(CASINO, sparse=sparse)
    assert mdp.sparse is sparse
    assert mdp.states == ("in", "out")
    assert mdp.actions == ("play", "leave")
    assert mdp.transition.tolist() == [[[0.5, 0.5], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]]
    assert difference(mdp.reward, [[0.0, 0.0], [0.0, 0.0]]) <= 1e-15
    assert mdp.rewards.values[:, 0, 0, 0].tolist() == [-1.0, 3.0]
    assert mdp.rewards.weights[:, 0, 0, 0].tolist() == [0.5, 0.5]
    assert mdp.rewards.weights[:, 0, 0, 1].tolist() == [1.0, 0.0]
    assert mdp.rewards.weights.sum(axis=0).tolist() == np.ones((2, 2, 2)).tolist()


@pytest.mark.parametrize("sparse", [True, False])
def test_pairs_without_outcomes_are_unavailable(sparse):
    listed = [("a", "x", 1.0, "b", 1.0), ("b", "y", 1.0, "b", 0.0)]
    mdp = MDP.from_outcomes(listed, sparse=sparse)
    assert mdp.available.tolist() == [[True, False], [False, True]]
    assert mdp.reward.tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_an_outcome_of_probability_zero_may_pay_anything():
    listed = [*CASINO, ("in", "leave", 0.0, "in", -np.inf), ("out", "play", 0.0, "in", 1e9)]
    for sparse in (True, False):
        mdp = MDP.from_outcomes(listed, sparse=sparse)
        assert difference(mdp.transition, MDP.from_outcomes(CASINO).transition) == 0
        assert difference(mdp.reward, np.zeros((2, 2))) <= 1e-15


def test_available_may_leave_out_pairs_that_have_outcomes():
    only = {"in": ["leave"]}
    thin, thick = (MDP.from_outcomes(CASINO, sparse=sparse, available=only) for sparse in (True, False))
    assert difference(thin.transition, thick.transition) == 0
    assert difference(thin.reward, thick.reward) == 0
    assert thin.reward_table.weights.sum(axis=0).tolist() == [1.0] * thin.table.nnz


def walk(n):
    """A random walk on n states: up pays 1, down −1."""
    steps = [(s, s_next) for s in range(n) for s_next in (max(s - 1, 0), min(s + 1, n - 1))]
    return [(s, "go", 0.5, s_next, float(s_next - s)) for s, s_next in steps]


def test_large_tables_are_sparse_by_default():
    few = int(LARGEST_DENSE**0.5)
    assert not MDP.from_outcomes(walk(few)).sparse
    mdp = MDP.from_outcomes(walk(few + 1))
    assert mdp.sparse
    assert mdp.table.nnz == 2 * (few + 1)
    assert mdp.reward[:, 0].tolist() == [0.5, *[0.0] * (few - 1), -0.5]


def test_dense_tables_that_do_not_fit_are_refused_before_they_are_made():
    with pytest.raises(TooLarge, match=r"scipy\.sparse"):
        MDP.from_outcomes(walk(60_000), sparse=False)


@pytest.mark.parametrize("sparse", [True, False])
def test_errors_name_the_pair(sparse):
    with pytest.raises(InvalidModel, match=r"sums to 0\.5.*s='in', a='play'"):
        MDP.from_outcomes(CASINO[:2] + CASINO[3:], sparse=sparse)
    with pytest.raises(InvalidModel, match=r"reward is inf at s='in', a='leave', s'='out'"):
        MDP.from_outcomes([*CASINO[:3], ("in", "leave", 1.0, "out", np.inf), *CASINO[4:]], sparse=sparse)


@pytest.mark.parametrize(
    "outcomes",
    [[[(0, 0, 1.0, 0, 0.0)] * 900], [(0, 0, "p" * 900, 0, 0)], [(0, 0, 1, 0, "r" * 900)]],
    ids=["row", "probability", "reward"],
)
def test_errors_quote_the_beginning_of_what_is_long(outcomes):
    with pytest.raises(InvalidModel, match="…") as caught:
        MDP.from_outcomes(outcomes)
    assert len(str(caught.value)) < 320


def test_outcomes_may_miss_one_by_rounding_as_rows_of_a_transition_may():
    mdp = MDP.from_outcomes([("home", "stay", float(np.nextafter(1.0, 2.0)), "home", 0.0)])
    assert mdp.n_states == 1
