"""Many problems at once give the answers of each on its own."""

import numpy as np
import pytest

from control_pgm import MDP, gridworld, solve, solve_many
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, InvalidModel

NAMES = ("policy", "Q", "V", "advantage", "state_marginals", "state_action_marginals")


def compare(many, singles, tolerance=1e-12):
    assert len(many) == len(singles)
    for k, single in enumerate(singles):
        for name in NAMES:
            got, want = getattr(many, name).values[k], getattr(single, name).values
            assert np.array_equal(np.isfinite(got), np.isfinite(want)), name
            finite = np.isfinite(want)
            scale = np.maximum(1.0, np.abs(want[finite]))
            assert np.abs(got[finite] - want[finite]).max(initial=0.0) <= tolerance * scale.max(initial=1.0), name
        assert abs(many.log_evidence[k] - single.log_evidence) <= tolerance * max(1.0, abs(single.log_evidence))
        assert abs(many.soft_value[k] - single.soft_value) <= tolerance * max(1.0, abs(single.soft_value))


def process(seed, form="sa", **options):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    transition = rng.dirichlet(np.full(n, 0.5), (n, m))
    reward = rng.normal(size=(n, m) if form == "sa" else (n, m, n))
    return MDP(transition, reward, reward_axes=form, **options), rng


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("horizon", [1, 3, 40])
def test_temperatures(seed, horizon):
    mdp, rng = process(seed, "sas" if seed % 2 else "sa", discount=0.9 if seed % 3 == 0 else 1.0)
    alphas = rng.uniform(0.05, 3.0, 5)
    compare(solve_many(mdp, horizon, temperatures=alphas), [solve(mdp, horizon, temperature=a) for a in alphas])


@pytest.mark.parametrize("seed", range(8))
def test_rewards_priors_and_first_states(seed):
    mdp, rng = process(seed)
    n, m = mdp.n_states, mdp.n_actions
    rewards = rng.normal(size=(4, n, m)) * 3
    priors = rng.dirichlet(np.ones(m), (4, n))
    starts = rng.dirichlet(np.ones(n), 4)
    many = solve_many(mdp, 25, rewards=rewards, action_priors=priors, initials=starts, temperatures=[0.2, 0.5, 1, 2])
    singles = [
        solve(MDP(mdp.transition, r, reward_axes="sa", initial=s), 25, action_prior=p, temperature=a)
        for r, p, s, a in zip(rewards, priors, starts, [0.2, 0.5, 1, 2], strict=True)
    ]
    compare(many, singles)


@pytest.mark.parametrize("options", [{"terminal_reward": True}, {"varying": True}, {"counting": True}])
def test_networks_whose_steps_differ(options):
    mdp, rng = process(3)
    n, m = mdp.n_states, mdp.n_actions
    if "terminal_reward" in options:
        mdp = MDP(mdp.transition, mdp.reward, terminal_reward=rng.normal(size=n))
    if "varying" in options:
        mdp = MDP(mdp.transition, rng.normal(size=(30, n, m)), reward_axes="tsa")
    priors = ["counting"] * 3 if "counting" in options else None
    many = solve_many(mdp, 30, temperatures=[0.3, 1.0, 2.0], action_priors=priors)
    prior = "counting" if priors else None
    compare(many, [solve(mdp, 30, temperature=a, action_prior=prior) for a in (0.3, 1.0, 2.0)])


def test_scales_that_drift_apart_by_millions_of_nats():
    mdp, _ = process(5)
    alphas = [1e-4, 1.0, 1e4]
    compare(solve_many(mdp, 200, temperatures=alphas), [solve(mdp, 200, temperature=a) for a in alphas], 1e-9)


def test_sparse_processes_share_their_transition():
    mdp = gridworld("S...\n.#..\n...G", slip=0.2, sparse=True)
    many = solve_many(mdp, 40, temperatures=[0.1, 0.3])
    compare(many, [solve(mdp, 40, temperature=a) for a in (0.1, 0.3)])


def test_one_of_many_is_a_full_solution():
    mdp, _ = process(1)
    many = solve_many(mdp, 6, temperatures=[0.5, 1.0])
    assert np.array_equal(many[1].policy.values, solve(mdp, 6, temperature=1.0).policy.values)
    assert repr(many).startswith("Solutions(2 × ")
    assert "problems" in str(many)
    assert (many.policy.dims, many.V.dims) == (("b", "t", "s", "a"), ("b", "t", "s"))


def test_wrong_batches_are_refused():
    mdp, _ = process(2)
    with pytest.raises(InvalidArgument, match=r"nothing to solve more .* temperatures=1 is one number; give"):
        solve_many(mdp, 3, temperatures=1)
    with pytest.raises(InvalidArgument, match="rewards has 1 items; allowed: 2, as temperatures has"):
        solve_many(mdp, 3, temperatures=[1.0, 2.0], rewards=[mdp.reward])
    with pytest.raises(InvalidModel, match="member 1 of the batch has other variables"):
        solve_many([mdp, MDP(np.full((9, 1, 9), 1 / 9), np.zeros((9, 1)))], 3)
    forbidden = np.full((mdp.n_states, mdp.n_actions), -np.inf)
    with pytest.raises(ImpossibleEvidence, match=r"problem 1 \(of 0 … 1\): .* slice 0"):
        solve_many(mdp, 3, rewards=[mdp.reward, forbidden])
