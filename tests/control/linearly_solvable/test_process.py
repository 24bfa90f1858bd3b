"""Passive dynamics on entry: what is read, what is refused, and the decision process that they amount to."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm.control.linearly_solvable import LinearlySolvable
from control_pgm.errors import InvalidModel

WALK = [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]]


def test_what_is_given_is_kept_and_locked():
    own = np.array(WALK)
    process = LinearlySolvable(own, [0, -1, 0], states=["a", "b", "c"], final_reward=[0, 0, 2])
    own[:] = 7.0
    assert process.passive.toarray().tolist() == WALK
    assert process.absorbing.tolist() == [True, False, True]
    assert process.states == ("a", "b", "c")
    for array in (process.passive.data, process.reward, process.final_reward):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    assert repr(process) == "LinearlySolvable(3 states, 2 of them absorbing)"


def test_sparse_and_dense_dynamics_are_the_same():
    dense, other = LinearlySolvable(WALK, [0, -1, 0]), LinearlySolvable(sparse.coo_array(WALK), [0, -1, 0])
    assert (dense.passive != other.passive).nnz == 0


def test_the_decision_process_chooses_next_states():
    process = LinearlySolvable(WALK, [0, -1, 0], final_reward=[-5, 0, 2], states=["a", "b", "c"])
    mdp = process.as_mdp()
    assert mdp.transition[1].tolist()[0] == [1, 0, 0]
    assert mdp.transition[1].tolist()[2] == [0, 0, 1]
    assert mdp.available.tolist() == (np.array(WALK) > 0).tolist()
    assert mdp.terminal_reward.tolist() == [-5, 0, 2]
    assert mdp.actions == mdp.states == ("a", "b", "c")
    ending = process.as_mdp(first_exit=True, discount=0.5)
    assert ending.reward.tolist() == [[0, 0, 0], [-6, 0, 1], [0, 0, 0]]
    assert ending.terminal_reward is None
    assert ending.discount == 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[0.5, 0.4], [0, 1]], [0, 0]), ["sums to 0.9", "s=0", "1e-9"]),
        (([[1.5, -0.5], [0, 1]], [0, 0]), ["-0.5", "s=0", "s'=1"]),
        (([[np.nan, 1], [0, 1]], [0, 0]), ["nan", "s=0", "s'=0"]),
        (([[1, 0]], [0, 0]), ["(1, 2)", "(S, S)"]),
        (("rows", [0, 0]), ["not an array of numbers"]),
        (([[1, 0], [0, 1]], [0]), ["reward", "(1,)", "(2,)"]),
        (([[1, 0], [0, 1]], [0, np.inf]), ["reward is inf", "s=1", "−inf forbids"]),
        (([[1, 0], [0, 1]], ["x", "y"]), ["reward", "array of numbers"]),
    ],
)
def test_what_is_wrong_is_named(arguments, words):
    with pytest.raises(InvalidModel) as error:
        LinearlySolvable(*arguments)
    for word in words:
        assert word in str(error.value), str(error.value)
    with pytest.raises(InvalidModel, match=r"final_reward is nan at s=1"):
        LinearlySolvable(np.eye(2), [0, 0], final_reward=[0, np.nan])
    with pytest.raises(InvalidModel, match=r"3 states are named, but the dynamics have 2"):
        LinearlySolvable(np.eye(2), [0, 0], states=["a", "b", "c"])
