"""What is read from a decision process, against sums over its outcomes."""

from math import exp, log

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP
from control_pgm.control.infinite.process import action_measure, outcome_weights, transition_matrix
from control_pgm.errors import InvalidArgument
from tests.control.comparison import TIGHT, difference
from tests.control.infinite.samples import random_mdp, weights


@pytest.mark.parametrize("form", ["s", "sa", "sas"])
@pytest.mark.parametrize("weight", [0.3, 2.0, -1.5])
def test_weights_of_outcomes_are_expectations_of_exponentials(form, weight):
    for seed in range(5):
        mdp = random_mdp(seed, form=form, some=True)
        expected = np.where(mdp.available[:, :, None], weights(mdp, weight), 0.0).reshape(-1, mdp.n_states)
        found = outcome_weights(mdp, weight)
        x = np.random.default_rng(seed).random(mdp.n_states)
        with np.errstate(divide="ignore"):
            assert difference(found.times(np.log(x)), np.log(expected @ x)) <= TIGHT


@pytest.mark.parametrize("weight", [0.5, -0.5])
def test_several_rewards_of_one_outcome_are_averaged_as_exponentials(weight):
    outcomes = [("in", "buy", 0.25, "out", 2.0), ("in", "buy", 0.75, "out", 0.0), ("out", "buy", 1.0, "out", 0.0)]
    found = outcome_weights(MDP.from_outcomes(outcomes), weight)
    assert difference(found.times(np.zeros(2)), [log(0.25 * exp(2.0 / weight) + 0.75), 0.0]) <= TIGHT


def test_what_is_forbidden_has_no_weight_or_with_fear_of_it_an_infinite_one():
    mdp = MDP([[[0.5, 0.5]], [[0.0, 1.0]]], [[[0.0, -np.inf]], [[-np.inf, 0.0]]], reward_axes="sas")
    assert difference(outcome_weights(mdp, 1.0).times(np.zeros(2)), [log(0.5), 0.0]) <= TIGHT
    assert difference(outcome_weights(mdp, -1.0).times(np.zeros(2)), [np.inf, 0.0]) <= TIGHT


def test_sparse_and_dense_processes_have_the_same_weights():
    for seed in range(10):
        dense = random_mdp(seed, some=True)
        rows = dense.transition.reshape(-1, dense.n_states)
        other = MDP(sparse.csr_array(rows), dense.rewards.values[0], reward_axes="sas", available=dense.available)
        x = np.random.default_rng(seed).normal(size=dense.n_states)
        assert difference(outcome_weights(other, 0.7).times(x), outcome_weights(dense, 0.7).times(x)) <= TIGHT
        assert difference(transition_matrix(other).toarray(), rows) <= 1e-15


def test_rewards_that_would_overflow_are_named():
    with pytest.raises(InvalidArgument, match=r"reward of 1000 overflows in units of 1e-12.*raise the temperature"):
        outcome_weights(MDP([[[1.0]]], [[1000.0]]), 1e-12)


def test_counted_actions_weigh_one_but_an_ended_process_counts_once():
    chain = np.eye(2)[[[0, 1, 1], [1, 1, 1]]]
    mdp = MDP(chain, np.zeros((2, 3)), states=["on", "terminal"], available={"on": [0, 1]}, discount=0.9)
    assert difference(action_measure(mdp, "counting"), [[1, 1, 0], [1 / 3, 1 / 3, 1 / 3]]) <= TIGHT
    assert difference(action_measure(mdp, None), [[0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]]) <= TIGHT


def test_a_prior_that_varies_with_time_is_refused():
    with pytest.raises(InvalidArgument, match=r"shape \(1, 1, 1\), without a horizon.*\(1,\) or \(1, 1\)"):
        action_measure(MDP([[[1.0]]], [[0.0]]), np.ones((1, 1, 1)))
