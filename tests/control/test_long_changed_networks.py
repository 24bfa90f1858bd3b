"""Long networks with changed steps against a recursion over the tables of each step."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, Factor, TwoSliceTemplate, Variable, infer, solve, unroll
from control_pgm.control.solutions.weights import OPERATORS

S, A = 3, 2


class Steps:
    """The tables of every step, as arrays: what a recursion by hand needs to know of a network."""

    def __init__(self, rng, horizon, alpha, reward, transition, terminal):
        self.T, self.alpha = horizon, np.broadcast_to(alpha, (horizon,))
        self.reward = np.array(np.broadcast_to(reward, (horizon, S, A)))
        self.P = [transition if transition.ndim == 3 else transition[t] for t in range(horizon)]
        self.prior = [np.full((S, A), 1 / A)] * horizon
        self.factor = np.zeros((horizon + 1, S))  # logarithms of what is added on s_t
        if terminal is not None:
            self.factor[horizon] += terminal / self.alpha[-1]

    def log_posterior(self):
        """Rows of the policy, and log alpha_t + log beta_t normalised, of the exact posterior."""
        beta, policy = self.factor[self.T], []
        log_beta = [beta]
        for t in reversed(range(self.T)):
            with np.errstate(divide="ignore"):
                joint = np.log(self.P[t]) + log_beta[0]
                q = self.reward[t] / self.alpha[t] + np.logaddexp.reduce(joint, axis=2) + np.log(self.prior[t])
            v = np.logaddexp.reduce(q, axis=1)
            policy.insert(0, np.exp(q - v[:, None]))
            log_beta.insert(0, v + self.factor[t])
        return np.array(policy), np.array(log_beta)

    def marginals(self, start):
        _, log_beta = self.log_posterior()
        with np.errstate(divide="ignore"):
            forward = [np.log(start)]
            for t in range(self.T):
                weight = self.reward[t] / self.alpha[t] + np.log(self.prior[t]) + (forward[t] + self.factor[t])[:, None]
                forward.append(np.logaddexp.reduce(weight[:, :, None] + np.log(self.P[t]), axis=(0, 1)))
        both = np.array(forward) + log_beta
        return np.exp(both - np.logaddexp.reduce(both, axis=1, keepdims=True))

    def values(self, inference):
        """V_t and the policy under the true dynamics: a soft maximum over actions, or a hard one."""
        alpha = self.alpha[0]
        v, policy, values = alpha * self.factor[self.T], [], []
        values.append(v)
        for t in reversed(range(self.T)):
            q = self.reward[t] + self.P[t] @ values[0]
            if inference == "bellman":
                v = q.max(axis=1)
                best = (q >= v[:, None] - 1e-12).astype(float)
                rows = best / best.sum(axis=1, keepdims=True)
            else:
                v = alpha * np.logaddexp.reduce(np.log(self.prior[t]) + q / alpha, axis=1)
                rows = self.prior[t] * np.exp((q - v[:, None]) / alpha)
            policy.insert(0, rows)
            values.insert(0, v + alpha * self.factor[t])
        return np.array(values), np.array(policy)


def dynamics(network, t, table):
    return CPD(network.variable(f"s_{t + 1}"), [network.variable(f"s_{t}"), network.variable(f"a_{t}")], table)


def changed(seed, *, varying=True):
    """A network with random changes, and the tables of its steps."""
    rng = np.random.default_rng(seed)
    T = int(rng.integers(20, 70))
    varies = varying and rng.random() < 0.4
    reward = rng.normal(size=(T, S, A)) if varies else rng.normal(size=(S, A))
    several = varying and rng.random() < 0.3
    transition = rng.dirichlet(np.ones(S), (T, S, A) if several else (S, A))
    terminal = rng.normal(size=S) if rng.random() < 0.4 else None
    alpha = rng.uniform(0.3, 2.0, size=T) if varying and rng.random() < 0.3 else float(rng.uniform(0.3, 2.0))
    mdp = MDP(transition, reward, initial=[0.2, 0.5, 0.3], terminal_reward=terminal)
    network = unroll(mdp, T, temperature=alpha)
    steps = Steps(rng, T, alpha, reward, transition, terminal)
    many = rng.random() < 0.3
    for t in rng.choice(T, size=int(rng.integers(10, 20)) if many else int(rng.integers(0, 4)), replace=False):
        steps.P[t] = rng.dirichlet(np.ones(S), (S, A))
        network = network.replace(dynamics(network, t, steps.P[t]))
    for t in rng.choice(T + 1, size=int(rng.integers(0, 4)), replace=False):
        weights = rng.random(S) + 0.1
        steps.factor[t] += np.log(weights)
        network = network.extend(Factor([network.variable(f"s_{t}")], weights))
    for t in rng.choice(T, size=int(rng.integers(0, 3)), replace=False):
        steps.prior[t] = rng.dirichlet(np.ones(A), S)
        network = network.replace(CPD(network.variable(f"a_{t}"), [network.variable(f"s_{t}")], steps.prior[t]))
    return network, steps


@pytest.mark.parametrize("seed", range(40))
def test_the_posterior_of_changed_steps_is_that_of_their_tables(seed):
    network, steps = changed(seed)
    solution = solve(network)
    policy, _ = steps.log_posterior()
    assert np.abs(solution.policy.values - policy).max() <= 1e-12
    assert np.abs(solution.state_marginals.values - steps.marginals([0.2, 0.5, 0.3])).max() <= 1e-12
    t = seed % steps.T
    row = infer(network, network.optimal).conditional(f"a_{t}", given={f"s_{t}": 1}).array()
    assert np.abs(row - policy[t, 1]).max() <= 1e-12


@pytest.mark.parametrize("seed", range(40, 60))
def test_values_of_changed_steps_are_those_of_their_tables(seed):
    network, steps = changed(seed, varying=False)
    for inference in ("variational", "bellman"):
        assert inference in OPERATORS
        solution = solve(network, inference=inference)
        values, policy = steps.values(inference)
        assert np.abs(solution.V.values - values).max() <= 1e-11
        assert np.abs(solution.policy.values - policy).max() <= 1e-11


@pytest.mark.parametrize("seed", range(60, 80))
def test_evidence_on_some_slices_is_a_factor_on_them(seed):
    network, steps = changed(seed)
    rng = np.random.default_rng(seed)
    times = rng.choice(steps.T + 1, size=int(rng.integers(1, 6)), replace=False)
    seen = {int(t): int(rng.integers(S)) for t in times}
    for t, s in seen.items():
        steps.factor[t] = np.where(np.arange(S) == s, steps.factor[t], -np.inf)
    posterior = infer(network, {**network.optimal, **{f"s_{t}": s for t, s in seen.items()}})
    expected = steps.marginals([0.2, 0.5, 0.3])
    for t in range(steps.T + 1):
        assert np.abs(posterior.marginal(f"s_{t}").array() - expected[t]).max() <= 1e-12


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("primed", [True, False])
def test_a_filter_over_many_different_observations(missing, primed):
    """A hidden Markov model, some observations missing, against forward-backward by hand."""
    rng = np.random.default_rng(1)
    n, m, T = 4, 3, 200
    x, y, x1, y1 = Variable("x", n), Variable("y", m), Variable("x'", n), Variable("y'", m)
    start, move, emit = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n), n), rng.dirichlet(np.ones(m), n)
    see = [CPD(y1, [x1], emit)] if primed else [CPD(y, [x], emit)]
    template = TwoSliceTemplate(
        [CPD(x, [], start), *([CPD(y, [x], emit)] if primed else [])], [CPD(x1, [x], move), *see]
    )
    network = template.unroll(T)
    seen = rng.integers(m, size=T + 1)
    kept = rng.random(T + 1) >= missing
    kept[T] &= primed  # the last slice has a state alone
    posterior = infer(network, {f"y_{t}": int(seen[t]) for t in range(T + 1) if kept[t]})
    weights = np.where(kept[:, None], emit[:, seen].T, 1.0)
    forward, backward = [start * weights[0]], [np.ones(n)]
    for t in range(1, T + 1):
        forward.append((forward[-1] / forward[-1].sum()) @ move * weights[t])
    for t in range(T, 0, -1):
        message = move @ (backward[0] * weights[t])
        backward.insert(0, message / message.sum())
    for t in range(T + 1):
        both = forward[t] * backward[t]
        assert np.abs(posterior.marginal(f"x_{t}").array() - both / both.sum()).max() <= 1e-13
