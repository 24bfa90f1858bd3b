"""The evidence as a function of rewards: convexity, shaping, and learning rewards from demonstrations."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

from control_pgm import MDP, evaluate, solve
from tests.control.comparison import TIGHT, difference
from tests.control.instances import rows
from tests.control.paths import all_paths
from tests.control.small import KINDS

HORIZON = 3
each_seed = pytest.mark.parametrize("seed", range(6))
each_type = pytest.mark.parametrize("options", KINDS, ids=str)


def slope(f, h=1e-2):
    """f'(0) by differences over six points; the error is of order h**6."""
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    return sum(w * (f(k * h) - f(-k * h)) for k, w in weights.items()) / h


def curvature(f, h=1e-2):
    """f''(0) by differences over seven points; the error is of order h**6."""
    weights = {1: 3 / 2, 2: -3 / 20, 3: 1 / 90}
    return (sum(w * (f(k * h) + f(-k * h)) for k, w in weights.items()) - 49 / 18 * f(0.0)) / h**2


# --- convexity --------------------------------------------------------------------------------------------------------
def two_rewards(seed):
    """A function from rewards to log-evidence, two rewards, the process of the first, and the temperature."""
    rng = np.random.default_rng(seed)
    axes, shape = (("tsa", (HORIZON, 3, 2)), ("tsas", (HORIZON, 3, 2, 3)))[seed % 2]
    p, alpha = rows(rng, 3, 2, 3), float(rng.uniform(0.3, 2.0))
    one, two = rng.normal(size=(2, *shape))

    def process(reward):
        return MDP(p, reward, reward_axes=axes)

    def log_evidence(reward):
        return solve(process(reward), HORIZON, temperature=alpha).log_evidence_unshifted

    return log_evidence, one, two, process(one), alpha


@each_seed
def test_log_evidence_is_convex_in_rewards(seed):
    log_evidence, one, two, _, _ = two_rewards(seed)
    ends = np.array([log_evidence(one), log_evidence(two)])
    for share in (0.05, 0.25, 0.5, 0.9):
        weights = np.array([1 - share, share])
        assert log_evidence(weights[0] * one + weights[1] * two) < weights @ ends - 1e-3


@each_seed
def test_log_evidence_is_linear_along_constants(seed):
    log_evidence, one, _, _, alpha = two_rewards(seed)
    for constant in (-7.0, 0.3, 20.0):
        assert abs(log_evidence(one + constant) - log_evidence(one) - HORIZON * constant / alpha) <= 10 * TIGHT


@each_seed
def test_the_curvature_of_log_evidence_is_the_variance_of_the_return(seed):
    """Along a direction d: slope E[sum d]/alpha and curvature Var[sum d]/alpha², over all optimal trajectories."""
    log_evidence, one, two, mdp, alpha = two_rewards(seed)
    ways = all_paths(mdp, HORIZON)
    weights = ways.chance * np.exp(ways.total(one) / alpha)
    weights /= weights.sum()
    along = ways.total(two) / alpha
    mean = weights @ along

    def moved(share):
        return log_evidence(one + share * two)

    assert abs(slope(moved) - mean) <= 1e-10
    assert abs(curvature(moved) - weights @ (along - mean) ** 2) <= 1e-8


# --- shaping ----------------------------------------------------------------------------------------------------------
def shaped(seed, *, deterministic=False, from_expectation=False):
    """A process, the same with the potential's differences as further reward, and the potential."""
    rng = np.random.default_rng(seed)
    p = np.eye(4)[rng.integers(4, size=(4, 3))] if deterministic else rows(rng, 4, 3, 4, zeros=0.3)
    r, end, potential = rng.normal(size=(4, 3, 4)), rng.normal(size=4), 2 * rng.normal(size=4)
    gained = potential - potential[:, None, None]
    if from_expectation:
        gained = (p * gained).sum(axis=2, keepdims=True)
    plain = MDP(p, r, reward_axes="sas", terminal_reward=end, initial=0)
    other = MDP(p, r + gained, reward_axes="sas", terminal_reward=end - potential, initial=0)
    return plain, other, potential


@each_type
@each_seed
def test_shaping_by_a_potential_leaves_every_policy_and_takes_it_from_the_values(seed, options):
    plain, other, potential = shaped(seed)
    before, after = (solve(mdp, 4, **options) for mdp in (plain, other))
    assert difference(after.policy, before.policy) <= TIGHT
    if options["inference"] == "marginal-map":
        assert after.plan == before.plan
        assert abs(after.value - before.value + potential[0]) <= 10 * TIGHT
    else:
        assert difference(after.V, before.V.values - potential) <= 10 * TIGHT
        assert difference(after.Q, before.Q.values - potential[:, None]) <= 10 * TIGHT


def averages_rewards(options):
    """Whether nothing but the expected reward of a step counts."""
    return options["inference"] in ("variational", "bellman")


@pytest.mark.parametrize("options", [k for k in KINDS if averages_rewards(k)], ids=str)
@each_seed
def test_shaping_by_an_expectation_does_the_same_where_rewards_are_averaged(seed, options):
    plain, other, potential = shaped(seed, from_expectation=True)
    before, after = (solve(mdp, 4, **options) for mdp in (plain, other))
    assert difference(after.policy, before.policy) <= TIGHT
    assert difference(after.V, before.V.values - potential) <= 10 * TIGHT


@each_seed
def test_shaping_by_an_expectation_breaks_the_posterior_unless_nothing_is_left_to_chance(seed):
    for deterministic in (True, False):
        plain, other, potential = shaped(seed, deterministic=deterministic, from_expectation=True)
        before, after = solve(plain, 4), solve(other, 4)
        moved = difference(after.policy, before.policy)
        assert moved <= TIGHT if deterministic else moved > 0.05
        utility = [solve(mdp, 4, inference="planning", risk=1.0).V.values for mdp in (plain, other)]
        gap = difference(utility[1], utility[0] - potential)
        assert gap <= 10 * TIGHT if deterministic else gap > 0.05


# --- learning rewards from demonstrations -----------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Learner:
    """A world whose reward is theta · f(s,a,s'), and how likely demonstrations are as theta varies."""

    transition: np.ndarray
    features: np.ndarray  # [feature, s, a, s']
    initial: np.ndarray
    theta: np.ndarray
    alpha: float

    def mdp(self, theta):
        return MDP(self.transition, np.tensordot(theta, self.features, 1), reward_axes="sas", initial=self.initial)

    def solve(self, theta, inference):
        return solve(self.mdp(theta), HORIZON, inference=inference, temperature=self.alpha)

    @cached_property
    def paths(self):
        return all_paths(self.mdp(self.theta), HORIZON)

    @cached_property
    def features_of_paths(self):
        """f(tau) as [feature, path]."""
        return np.array([self.paths.total([f] * HORIZON) for f in self.features])

    def log_exact(self, theta):
        """log p(tau | O) of every path: the chain rule over what the posterior says of each step (Ziebart 2008)."""
        exact = self.solve(theta, "posterior")
        after = [exact.posterior.conditional(f"s_{t + 1}", given=[f"s_{t}", f"a_{t}"]).array() for t in range(HORIZON)]
        start = np.log(exact.state_marginals.values[0][self.paths.states[0]])
        with np.errstate(divide="ignore"):
            return start + self.paths.total(np.log(exact.policy.values)) + self.paths.total(np.log(after))

    def log_causal(self, theta):
        """sum_t log pi(a_t | s_t) of every path, for the policy that keeps the dynamics (Ziebart 2010)."""
        return self.paths.total(np.log(self.solve(theta, "variational").policy.values))

    def gradient(self, log_likelihood, theta):
        """By differences, [feature, path]."""
        return np.array([slope(lambda h, unit=unit: log_likelihood(theta + h * unit)) for unit in np.eye(len(theta))])

    def believed_features(self, theta):
        """E[f | O], from the posterior's marginals."""
        posterior = self.solve(theta, "posterior").posterior
        triples = sum(posterior.marginal(f"s_{t}", f"a_{t}", f"s_{t + 1}").array() for t in range(HORIZON))
        return np.tensordot(self.features, triples, 3)

    def caused_features(self, theta):
        """E[f] of the variational policy run through the true dynamics."""
        policy = self.solve(theta, "variational").policy
        pairs = evaluate(self.mdp(theta), policy).state_action_marginals.values.sum(axis=0)
        return np.tensordot(self.features, pairs[:, :, None] * self.transition, 3)


def learner(seed, *, deterministic=False):
    """A small world; a deterministic one starts in state 0, so that nothing at all is left to chance."""
    rng = np.random.default_rng(seed)
    p = np.eye(3)[rng.integers(3, size=(3, 2))] if deterministic else rows(rng, 3, 2, 3)
    start = np.eye(3)[0] if deterministic else rows(rng, 3)
    return Learner(p, rng.normal(size=(2, 3, 2, 3)), start, rng.normal(size=2), float(rng.uniform(0.4, 1.5)))


def demonstrator(seed):
    """A random policy [t,s,a]."""
    return rows(np.random.default_rng(100 + seed), HORIZON, 3, 2)


@each_seed
def test_the_likelihood_of_demonstrations_under_the_posterior_matches_its_features(seed):
    """d log p(tau|O) / d theta = (f(tau) − E[f|O])/alpha for every single demonstration."""
    world = learner(seed)
    assert abs(np.exp(world.log_exact(world.theta)).sum() - 1) <= TIGHT
    found = world.gradient(world.log_exact, world.theta)
    surplus = world.features_of_paths - world.believed_features(world.theta)[:, None]
    assert difference(found, surplus / world.alpha) <= 1e-10


@each_seed
def test_the_causal_likelihood_of_demonstrations_matches_the_features_of_the_variational_policy(seed):
    """d E[sum_t log pi(a_t|s_t)] / d theta = (E[f] − E_pi[f])/alpha, demonstrations drawn in the true dynamics."""
    world = learner(seed)
    drawn = world.paths.drawn_by(demonstrator(seed))
    assert abs(drawn.sum() - 1) <= TIGHT
    each = world.gradient(world.log_causal, world.theta)
    caused = world.caused_features(world.theta)
    assert difference(each @ drawn, (world.features_of_paths @ drawn - caused) / world.alpha) <= 1e-10
    single = (world.features_of_paths - caused[:, None]) / world.alpha
    assert difference(each, single) > 0.1  # luck of a single demonstration is no evidence about rewards


@each_seed
def test_the_two_kinds_of_features_are_those_of_two_sets_of_trajectories(seed):
    """Who maximises entropy in the true dynamics has the causal features; only optimal paths have the believed ones."""
    world = learner(seed)
    drawn = world.paths.drawn_by(world.solve(world.theta, "variational").policy.values)
    assert difference(world.features_of_paths @ drawn, world.caused_features(world.theta)) <= TIGHT
    optimal = world.paths.chance * np.exp(world.theta @ world.features_of_paths / world.alpha)
    believed = world.features_of_paths @ (optimal / optimal.sum())
    assert difference(believed, world.believed_features(world.theta)) <= TIGHT
    assert difference(believed, world.features_of_paths @ drawn) > 0.02
    assert np.abs(world.gradient(world.log_exact, world.theta) @ drawn).max() > 0.02  # would unlearn the true rewards


@each_seed
def test_the_two_gradients_agree_where_nothing_is_left_to_chance(seed):
    """Every single path has the same likelihood and the same gradient under both."""
    world = learner(seed, deterministic=True)
    assert difference(world.log_exact(world.theta), world.log_causal(world.theta)) <= TIGHT
    exact, causal = (world.gradient(f, world.theta) for f in (world.log_exact, world.log_causal))
    assert difference(exact, causal) <= 1e-10
    assert np.abs(exact).max() > 0.01
