"""Wrong processes and policies are refused with what to do: nothing else escapes."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP, evaluate, gridworld, solve
from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidModel
from tests.control.small import KINDS, MDP2, STEPS
from tests.control.test_mdp_errors import NAMES, P, R, named


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"transition": P + 0j}, ["transition", "complex128"]),
        ({"transition": sparse.csr_array(P.reshape(4, 2) + 0j)}, ["transition", "complex128"]),
        ({"transition": [sparse.csr_array(P.reshape(4, 2))] * 2}, ["transition", "one matrix of shape (S·A, S)"]),
        ({"reward": R + 0j}, ["reward", "complex128"]),
        ({"reward": [["0", "1"], ["2", "3"]]}, ["reward", "an array of str"]),
        ({"reward": [10**400, 0]}, ["reward", "too large"]),
        ({"available": [[True], [True, False]]}, ["rows of available differ in length", "{state: [actions]}"]),
        ({"discount": 10**400}, ["discount 1000", "0 to 1"]),
        ({"initial": {"home": 10**400}}, ["initial['home']", "a probability"]),
        ({"initial": {"home": "1"}}, ["initial['home'] is '1'", "a probability"]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_arrays_of_a_process_are_real_numbers(arguments, words):
    with pytest.raises(ControlPGMError) as error:
        MDP(**{"transition": P, "reward": R, **NAMES, **arguments})
    named(error, words)


@pytest.mark.parametrize("t", [2, -1, "x", None, 1.0, True])
def test_a_step_that_the_tables_do_not_have_is_named(t):
    mdp = MDP(np.stack([P, P]), R)
    for read in (mdp.transition_at, mdp.matrix_at, mdp.dynamics_at):
        with pytest.raises(InvalidArgument, match=r"time .*; allowed: 0 … 1"):
            read(t)


@pytest.mark.parametrize(
    "outcome",
    [(["in"], "a", 1, "in", 0), ("in", ["a"], 1, "in", 0), ("in", "a", 1, ["in"], 0), ("in", "a", 10**400, "in", 0)],
)
def test_outcomes_without_usable_labels_or_numbers_are_named(outcome):
    with pytest.raises(InvalidModel, match="outcome 0"):
        MDP.from_outcomes([outcome])
    with pytest.raises(InvalidArgument, match="sparse 'yes'"):
        MDP.from_outcomes([("in", "a", 1, "in", 0)], sparse="yes")


def test_a_policy_is_an_array_and_its_horizon_a_count():
    with pytest.raises(InvalidArgument, match=r"the policy is not an array.*solution\.policy"):
        evaluate(MDP2, solve(MDP2, 3).network)
    for horizon in (0, 3.0, "3", True):
        with pytest.raises(InvalidArgument, match=r"horizon .*integer"):
            evaluate(MDP2, STEPS, horizon)


def test_progress_must_be_something_to_call():
    for kind in KINDS:
        with pytest.raises(InvalidArgument, match="progress 5; allowed: a function"):
            solve(MDP2, 3, progress=5, **kind)


def test_a_grid_too_strange_to_draw_says_so():
    for options in ({"slip": 10**400}, {"step_reward": 10**400}, {"rewards": {"G": 10**400}}, {"sparse": "yes"}):
        with pytest.raises(InvalidArgument, match=next(iter(options))):
            gridworld("S.G", **options)
