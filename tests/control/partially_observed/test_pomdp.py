"""Partially observable processes: their checks, and their filter beside inference in the hidden Markov network."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from control_pgm import (
    CPD,
    POMDP,
    BayesianNetwork,
    Variable,
    belief_update,
    evaluate,
    infer,
    optimal_policy,
    passive_process,
    simulate,
    soft_policy_iteration,
    solve,
    solve_average,
    solve_many,
    tiger,
    unroll,
)
from control_pgm.errors import (
    ImpossibleEvidence,
    InvalidArgument,
    InvalidModel,
    NotAvailable,
    UnknownKeyword,
    UnknownName,
)
from tests.control.partially_observed.processes import pomdps, random_pomdp
from tests.strategies import quick

STAY, NOISY, PAID = np.tile(np.eye(2)[:, None], (1, 2, 1)), [[0.8, 0.2], [0.2, 0.8]], [[1.0, 0.0], [0.0, 1.0]]


def refused(error, match, transition=STAY, observation=NOISY, reward=PAID, **options):
    with pytest.raises(error, match=match):
        POMDP(transition, observation, reward, **options)


def test_tables_and_labels():
    pomdp = tiger()
    assert repr(pomdp) == "POMDP(2 states, 3 actions, 2 observations, discount 0.95)"
    assert pomdp.states == ("tiger-left", "tiger-right")
    assert pomdp.observations == ("hear-left", "hear-right")
    assert (pomdp.n_states, pomdp.n_actions, pomdp.n_observations) == (2, 3, 2)
    assert pomdp.initial.tolist() == [0.5, 0.5]
    assert pomdp.joint.shape == (3, 2, 2, 2)
    assert pomdp.joint.sum(axis=(1, 3)).tolist() == [[1.0, 1.0]] * 3
    assert "hear-left" in str(pomdp)
    assert "<table" in pomdp._repr_html_()


def test_observations_that_do_not_depend_on_the_action_are_given_once():
    pomdp = POMDP(STAY, NOISY, PAID)
    assert pomdp.observation.tolist() == [NOISY, NOISY]


def test_a_reward_of_three_axes_is_of_the_next_state_whatever_the_numbers_of_states_and_actions():
    reward = np.arange(8.0).reshape(2, 2, 2)
    assert POMDP(STAY, NOISY, reward).reward.tolist() == [[0.0, 2.0], [5.0, 7.0]]


def test_a_sparse_transition_and_the_rewards_of_an_mdp_are_taken():
    pomdp = POMDP(csr_array(STAY.reshape(4, 2)), NOISY, PAID)
    assert np.array_equal(pomdp.transition, STAY)
    again = POMDP(pomdp.mdp.transition, NOISY, pomdp.mdp.rewards)
    assert again.reward.tolist() == PAID


def test_data_are_frozen_and_do_not_follow_the_arrays_that_they_came_from():
    observation = np.array([NOISY, NOISY])
    pomdp = POMDP(STAY, observation, PAID)
    observation[:] = 0.5
    assert pomdp.observation[0].tolist() == NOISY
    for made in (pomdp, copy.deepcopy(pomdp), pickle.loads(pickle.dumps(pomdp))):
        for array in (made.transition, made.observation, made.reward, made.initial, made.joint):
            with pytest.raises(ValueError, match="read-only"):
                array.flat[0] = 2.0
    with pytest.raises(AttributeError):
        pomdp.observation = observation


@pytest.mark.parametrize(
    ("given", "expected"), [(None, [0.5, 0.5]), ("x", [1, 0]), ({"y": 1.0}, [0, 1]), ([0.25, 0.75], [0.25, 0.75])]
)
def test_initial_beliefs(given, expected):
    assert POMDP(STAY, NOISY, PAID, initial=given, states=["x", "y"]).initial.tolist() == expected


def test_what_does_not_fit_is_refused_by_name():
    named = {"states": ["x", "y"], "actions": ["go", "stop"], "observations": ["on", "off"]}
    refused(
        InvalidModel, r"P\(o\|a,s'\) sums to 0\.9 over o at a='go', s'='y'", observation=[NOISY[0], [0.2, 0.7]], **named
    )
    refused(
        InvalidModel, r"P\(o\|a,s'\) is -0\.2 at a='go', s'='x', o='off'", observation=[[1.2, -0.2], NOISY[1]], **named
    )
    refused(InvalidModel, r"P\(o\|a,s'\) is nan", observation=[[np.nan, 1.0], NOISY[1]], **named)
    refused(InvalidModel, r"P\(s'\|s,a\) sums to 0\.5 over s' at s='x', a='go'", transition=STAY * 0.5, **named)
    refused(InvalidModel, r"the observation table has shape \(3, 2, 2\); allowed: \(2, 2, O\)", observation=[NOISY] * 3)
    refused(InvalidModel, r"the observation table has shape \(2, 0\)", observation=np.empty((2, 0)))
    refused(InvalidModel, "the observation table is not an array of numbers", observation=[[1.0], [0.5, 0.5]])
    refused(InvalidModel, "3 observations are named, but the observation table has 2", observations=3)
    refused(InvalidModel, "the POMDP's observations has the state 'on' twice", observations=["on", "on"])
    refused(InvalidModel, "the reward is -inf at s='x', a='stop'.*a large cost", reward=[[1, -np.inf], [0, 0]], **named)
    refused(InvalidModel, r"reward of shape \(2, 2, 2, 2\) fits no form", reward=np.zeros((2, 2, 2, 2)))
    refused(InvalidModel, r"reward of shape \(3,\) fits no form|does not fit", reward=[1.0, 2.0, 3.0])
    refused(InvalidModel, "vary over 3 time steps", transition=np.stack([STAY] * 3))
    refused(InvalidModel, r"initial sums to 0\.9", initial=[0.5, 0.4])
    refused(UnknownName, "initial state 'z'", initial="z", **named)
    refused(InvalidArgument, "discount 1.5", discount=1.5)
    refused(UnknownKeyword, "'gamma'.*discount", gamma=0.9)


@quick
@given(pomdps(), st.integers(0, 2**32 - 1))
def test_the_filter_is_the_posterior_of_the_hidden_markov_network(pomdp, seed):
    """The actions of the network are observed with probability one; every belief is a marginal given the history."""
    rng = np.random.default_rng(seed)
    state = rng.choice(pomdp.n_states, p=pomdp.initial)
    actions, observations = rng.integers(pomdp.n_actions, size=3), []
    variables = [Variable(f"s_{t}", pomdp.n_states) for t in range(4)]
    cpds = [CPD(variables[0], [], pomdp.initial)]
    seen = [Variable(f"o_{t}", pomdp.n_observations) for t in range(3)]
    for t, a in enumerate(actions):
        state = rng.choice(pomdp.n_states, p=pomdp.transition[state, a])
        observations.append(int(rng.choice(pomdp.n_observations, p=pomdp.observation[a, state])))
        cpds += [CPD(variables[t + 1], [variables[t]], pomdp.transition[:, a])]
        cpds += [CPD(seen[t], [variables[t + 1]], pomdp.observation[a])]
    beliefs = pomdp.filter(actions.tolist(), observations)
    network = BayesianNetwork(cpds)
    for t in range(4):
        posterior = infer(network, {f"o_{k}": observations[k] for k in range(t)})
        assert np.abs(posterior.marginal(f"s_{t}").array() - beliefs.values[t]).max() < 1e-12
    posterior = infer(network, {f"o_{k}": observations[k] for k in range(2)})
    p = pomdp.observation_probabilities(beliefs.values[2], int(actions[2])).values
    assert np.abs(posterior.marginal("o_2").array() - p).max() < 1e-12


def test_an_update_is_one_step_of_the_filter():
    pomdp = random_pomdp(5, 3, 2, 2)
    once = belief_update(pomdp, None, 1, 0)
    assert np.array_equal(once.values, pomdp.filter([1], [0]).values[1])
    again = belief_update(pomdp, once, 0, 1)
    assert np.array_equal(again.values, pomdp.filter([1, 0], [0, 1]).values[2])
    assert np.array_equal(pomdp.filter([0], [1], belief=once).values[1], again.values)


def test_an_impossible_observation_is_named_with_those_that_are_possible():
    pomdp = POMDP(STAY, np.eye(2), PAID, initial=0, observations=["zero", "one"])
    with pytest.raises(ImpossibleEvidence, match=r"observation 'one' after action 1 is impossible.*allowed: 'zero'"):
        belief_update(pomdp, None, 1, "one")
    with pytest.raises(ImpossibleEvidence, match="'one' after action 0 at t=1") as caught:
        pomdp.filter([0, 0], ["zero", "one"])
    assert (caught.value.time, caught.value.variable) == (1, "o_1")


def test_calls_that_do_not_fit_are_refused():
    pomdp = tiger()
    with pytest.raises(UnknownName, match=r"action 'listn'.*did you mean 'listen'"):
        belief_update(pomdp, None, "listn", "hear-left")
    with pytest.raises(UnknownName, match="observation 'hear'"):
        belief_update(pomdp, None, "listen", "hear")
    with pytest.raises(UnknownName, match="action 'jump'"):
        pomdp.observation_probabilities(None, "jump")
    with pytest.raises(InvalidArgument, match="2 actions with 1 observations"):
        pomdp.filter(["listen", "listen"], ["hear-left"])
    with pytest.raises(InvalidArgument, match="actions 'listen'"):
        pomdp.filter("listen", ["hear-left"])
    with pytest.raises(InvalidArgument, match="MDP has no beliefs"):
        belief_update(pomdp.mdp, None, "listen", "hear-left")


def test_functions_of_observed_states_say_that_these_are_hidden():
    pomdp, solution = tiger(), solve(tiger(), 3, inference="bellman")
    for call in (
        lambda: unroll(pomdp, 3),
        lambda: evaluate(pomdp, solution),
        lambda: simulate(pomdp, solution, 3, 0),
        lambda: solve_many(pomdp, 3),
        lambda: solve_average(pomdp),
        lambda: soft_policy_iteration(pomdp, 3),
        lambda: passive_process(pomdp),
    ):
        with pytest.raises(InvalidArgument, match=r"POMDP .*allowed: an MDP.*states are hidden.*inference='bellman'"):
            call()
    with pytest.raises(NotAvailable, match=r"no policy over states, which are hidden; \.action\(belief\)"):
        optimal_policy(pomdp, 3)
