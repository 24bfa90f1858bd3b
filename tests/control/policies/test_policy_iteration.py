"""Soft policy iteration, the bound of a policy, and optimism: identities on random processes."""

import numpy as np
import pytest

from control_pgm import MDP, Factor, evaluate, gridworld, solve
from control_pgm.control.analysis.optimism import optimism_report
from control_pgm.control.analysis.variational_bound import variational_bound
from control_pgm.control.policies.policy_iteration import soft_policy_iteration
from control_pgm.errors import InvalidArgument, UnknownName
from tests.control.paths import all_paths


def process(seed, *, deterministic=False, **options):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 6)), int(rng.integers(2, 4))
    p = np.eye(n)[rng.integers(n, size=(n, m))] if deterministic else rng.dirichlet(np.full(n, 0.5), (n, m))
    form = ("sa", "sas")[seed % 2]
    reward = rng.normal(size=(n, m) if form == "sa" else (n, m, n))
    return MDP(p, reward, reward_axes=form, initial=rng.dirichlet(np.ones(n)), **options), rng


@pytest.mark.parametrize("seed", range(16))
def test_sweeps_never_lower_the_objective_and_end_at_the_optimum(seed):
    mdp, rng = process(seed, discount=(1.0, 0.9)[seed % 4 == 3])
    horizon, alpha = int(rng.integers(1, 9)), float(rng.uniform(0.1, 2))
    prior = rng.dirichlet(np.ones(mdp.n_actions), mdp.n_states)
    start = rng.dirichlet(np.ones(mdp.n_actions), (horizon, mdp.n_states))
    found = soft_policy_iteration(mdp, horizon, temperature=alpha, action_prior=prior, policy=start)
    assert (np.diff(found.objectives) >= -1e-12).all()
    assert found.converged
    assert len(found.objectives) <= horizon + 2
    best = solve(mdp, horizon, temperature=alpha, action_prior=prior, inference="variational")
    assert np.abs(found.policy.values - best.policy.values).max() <= 1e-10
    assert abs(found.objectives[-1] - best.soft_value) <= 1e-10


def test_each_sweep_makes_one_more_step_right():
    mdp, _ = process(4)
    best = solve(mdp, 6, inference="variational").policy.values
    found = soft_policy_iteration(mdp, 6)
    for k in range(1, len(found.objectives)):
        assert np.abs(found.policies.values[k][-k:] - best[-k:]).max() <= 1e-12


def test_arguments_out_of_range_are_named():
    mdp, _ = process(0)
    with pytest.raises(InvalidArgument, match="max_sweeps 0"):
        soft_policy_iteration(mdp, 3, max_sweeps=0)
    only_first = np.zeros(mdp.n_actions)
    only_first[0] = 1.0
    other = np.tile(np.roll(only_first, 1), (3, mdp.n_states, 1))
    with pytest.raises(InvalidArgument, match="where the prior is 0"):
        soft_policy_iteration(mdp, 3, action_prior=only_first, policy=other)


@pytest.mark.parametrize("seed", range(12))
def test_the_gap_is_the_divergence_step_by_step(seed):
    """KL(q ‖ p(tau|O)) from the posterior's own conditionals, by the chain rule along a trajectory."""
    mdp, rng = process(seed)
    horizon, alpha = 4, float(rng.uniform(0.3, 2))
    policy = rng.dirichlet(np.ones(mdp.n_actions), (horizon, mdp.n_states))
    bound = variational_bound(mdp, policy, temperature=alpha)
    exact = solve(mdp, horizon, temperature=alpha)
    belief, total = mdp.initial, 0.0
    total += float((belief * np.log(belief / exact.state_marginals.values[0])).sum())
    for t in range(horizon):
        joint = belief[:, None] * policy[t]
        total += float((joint * np.log(policy[t] / exact.policy.values[t])).sum())
        p = mdp.transition
        table = exact.posterior.conditional(f"s_{t + 1}", given=[f"s_{t}", f"a_{t}"]).array()
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(p > 0, np.log(p / table), 0.0)
        total += float((joint[:, :, None] * p * ratio).sum())
        belief = (joint[:, :, None] * p).sum(axis=(0, 1))
    assert abs(bound.gap - total) <= 1e-10
    assert bound.gap >= -1e-12


@pytest.mark.parametrize("seed", range(12))
def test_the_terms_of_the_bound_are_sums_over_all_trajectories(seed):
    """−KL(q ‖ p^), with p^(tau) = p(s_0) prod_t P(s_{t+1}|s_t,a_t) exp(r_t/alpha), the ELBO, and the gap."""
    mdp, rng = process(seed)
    horizon, alpha = 3, float(rng.uniform(0.3, 2))
    policy = rng.dirichlet(np.ones(mdp.n_actions), (horizon, mdp.n_states))
    bound = variational_bound(mdp, policy, temperature=alpha)
    paths = all_paths(mdp, horizon)
    q, returns = paths.drawn_by(policy), paths.total([mdp.rewards.values[0]] * horizon)
    unnormalised = paths.chance * np.exp(returns / alpha)
    assert abs(bound.negative_divergence + q @ np.log(q / unnormalised)) <= 1e-12
    shift = horizon * mdp.rewards.values.max()
    p = paths.chance * float(mdp.n_actions) ** -horizon * np.exp((returns - shift) / alpha)  # p(tau, O=1)
    assert abs(bound.elbo + q @ np.log(q / p)) <= 1e-12
    assert abs(bound.gap - q @ np.log(q / (p / p.sum()))) <= 1e-12


@pytest.mark.parametrize("seed", range(12))
def test_entropy_and_divergence_from_a_uniform_prior_differ_by_a_constant(seed):
    """E[sum r] + alpha E[sum H(pi)] = alpha ELBO + sum c + T alpha log n, for the best policy and for any other."""
    mdp, rng = process(seed)
    horizon, alpha = 3, float(rng.uniform(0.3, 2))
    best = solve(mdp, horizon, temperature=alpha, inference="variational")
    shift, counted = horizon * mdp.rewards.values.max(), horizon * alpha * np.log(mdp.n_actions)
    paths = all_paths(mdp, horizon)
    returns = paths.total([mdp.rewards.values[0]] * horizon)
    other = rng.dirichlet(np.ones(mdp.n_actions), (horizon, mdp.n_states))
    elbos = best.elbo, variational_bound(mdp, other, temperature=alpha).elbo
    for policy, elbo in zip((best.policy.values, other), elbos, strict=True):
        q, surprise = paths.drawn_by(policy), -paths.total(np.log(policy))
        assert abs(q @ (returns + alpha * surprise) - (alpha * elbo + shift + counted)) <= 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_is_tight_for_deterministic_dynamics_and_the_posterior_policy(seed):
    mdp, _ = process(seed, deterministic=True)
    start = MDP(mdp.transition, mdp.rewards.values[0], reward_axes=mdp.rewards.axes, initial=0)
    exact = solve(start, 5)
    assert abs(variational_bound(start, exact).gap) <= 1e-11


def test_the_bound_prints_the_derivation_line_by_line():
    mdp, _ = process(1)
    text = str(variational_bound(mdp, solve(mdp, 3)))
    for line in ("= ELBO", "= log p(O)", "= −KL(q ‖ p^)"):
        assert line in text


@pytest.mark.parametrize("seed", range(12))
def test_the_dynamics_of_the_posterior_diverge_as_reported(seed):
    mdp, rng = process(seed)
    horizon, alpha = 4, float(rng.uniform(0.2, 0.5))
    report = optimism_report(mdp, horizon, temperature=alpha)
    exact = solve(mdp, horizon, temperature=alpha)
    total = 0.0
    for t in range(horizon):
        joint = exact.posterior.marginal(f"s_{t}", f"a_{t}", f"s_{t + 1}").array()
        table = exact.posterior.conditional(f"s_{t + 1}", given=[f"s_{t}", f"a_{t}"]).array()
        used = joint > 0
        total += float((joint[used] * np.log(table[used] / mdp.transition[used])).sum())
    assert abs(report.dynamics - total) <= 1e-10
    paid = alpha * (report.start + report.policy + report.dynamics)
    assert abs(report.believed.expected_reward - paid - exact.soft_value) <= 1e-10
    assert report.believed.expected_reward >= report.gets.expected_reward - 1e-12
    assert (
        report.optimal.expected_reward >= max(report.gets.expected_reward, report.variational.expected_reward) - 1e-12
    )


def test_belief_in_luck_is_told_beside_what_happens():
    report = optimism_report(gridworld("S.G\n.H.", slip=0.4), 6, temperature=0.05, event=["(0,2)"])
    assert report.believed.chance > 0.99 > report.gets.chance
    assert report.optimal.chance >= report.gets.chance - 1e-12
    text = str(report)
    assert "posterior believes" in text
    assert "KL of the dynamics" in text
    with pytest.raises(InvalidArgument, match="discount"):
        optimism_report(MDP([[[1.0]]], [[0.0]], discount=0.9), 2)
    with pytest.raises(UnknownName, match=r"state of the event: 'nowhere' does not exist"):
        optimism_report(gridworld("S.G"), 2, event=["nowhere"])


def test_several_rewards_of_one_outcome_are_believed_by_their_weight():
    lottery = [("in", "buy", 0.5, "out", 4.0), ("in", "buy", 0.5, "out", -1.0), ("out", "buy", 1.0, "out", 0.0)]
    report = optimism_report(MDP.from_outcomes(lottery, initial="in"), 1, temperature=1.0)
    share = np.exp(4.0) / (np.exp(4.0) + np.exp(-1.0))
    assert abs(report.believed.expected_reward - (4 * share - (1 - share))) <= 1e-12
    assert report.gets.expected_reward == 1.5


def _ending_with_terminal_state():
    transition = np.zeros((2, 2, 2))
    transition[:, :, 1] = 1.0
    return MDP(transition, np.zeros((2, 2)), states=["go", "terminal"], discount=0.5, initial="go", reward_axes="sa")


def test_bound_of_counted_actions_agrees_with_the_network_where_the_process_has_a_terminal_state():
    mdp = _ending_with_terminal_state()
    best = solve(mdp, 3, inference="variational", action_prior="counting")
    bound = variational_bound(mdp, best)
    assert bound.gap > -1e-12
    assert abs(bound.elbo - best.elbo) < 1e-12
    objective = evaluate(mdp, best).objective
    assert abs(objective - best.soft_value) < 1e-12
    assert abs(soft_policy_iteration(mdp, 3, action_prior="counting").objectives[-1] - best.soft_value) < 1e-12


def test_soft_policy_iteration_recovers_from_a_first_policy_that_runs_into_what_is_forbidden():
    mdp = MDP(np.ones((1, 2, 1)), [[0.0, -np.inf]], reward_axes="sa")
    found = soft_policy_iteration(mdp, 2)
    best = solve(mdp, 2, inference="variational")
    assert abs(found.objectives[-1] - best.soft_value) < 1e-12
    grid = gridworld("S.G\n.H.", slip=0.1, rewards={"H": -np.inf})
    wanted = solve(grid, 6, temperature=0.2, inference="variational").soft_value
    assert abs(soft_policy_iteration(grid, 6, temperature=0.2).objectives[-1] - wanted) < 1e-12


def test_soft_policy_iteration_goes_on_from_a_solution_at_its_temperature():
    mdp = gridworld("S.G\n.H.", slip=0.3)
    prior = [0.1, 0.2, 0.3, 0.4]
    posterior = solve(mdp, 5, temperature=0.2, action_prior=prior)
    best = solve(mdp, 5, temperature=0.2, action_prior=prior, inference="variational")
    found = soft_policy_iteration(mdp, policy=posterior)
    assert abs(found.objectives[-1] - best.soft_value) <= 1e-12
    assert "temperature 0.2" in str(found)
    assert "temperature 0.2" in repr(found)
    assert found.action("(0,0)", 0, 3) == best.action("(0,0)", 0, 3)
    other = soft_policy_iteration(mdp, policy=posterior, temperature=0.5, action_prior=np.full(4, 0.25))
    assert abs(other.objectives[-1] - solve(mdp, 5, temperature=0.5, inference="variational").soft_value) <= 1e-12


def test_optimism_is_reported_of_a_solution_at_its_temperature():
    mdp = gridworld("S.G\n.H.", slip=0.3)
    prior = [0.1, 0.2, 0.3, 0.4]
    found = solve(mdp, 5, temperature=0.2, action_prior=prior)
    own, told = optimism_report(found), optimism_report(mdp, 5, temperature=0.2, action_prior=prior)
    assert (own.dynamics, own.believed.expected_reward) == (told.dynamics, told.believed.expected_reward)
    assert own.temperature == 0.2
    assert "temperature 0.2" in str(own)
    assert "temperature 0.2" in repr(own)
    net = found.network
    for wrong, words in (
        (lambda: optimism_report(found, temperature=1.0), "which has its own"),
        (lambda: optimism_report(found, 4), "horizon 4 of a solution of horizon 5"),
        (lambda: optimism_report(solve(mdp, 2, temperature=[0.3, 0.2])), "a schedule of temperatures"),
        (lambda: optimism_report(solve(net.extend(Factor([net.variable("s_2")], np.ones(6))))), "replaced or added"),
    ):
        with pytest.raises(InvalidArgument, match=words):
            wrong()
