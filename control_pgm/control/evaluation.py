"""Running a policy through the true dynamics: exactly, by occupancies, or by sampled trajectories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.mdp import MDP
from control_pgm.control.network import ControlNetwork
from control_pgm.control.policies import checked_policy
from control_pgm.control.priors import Prior, parse_prior
from control_pgm.control.solution import Solution
from control_pgm.control.temperatures import check_single
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument, UndefinedConditional
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled import LabelledArray
from control_pgm.tables.variable import Labels


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """What a policy gets under the true dynamics.

    Attributes
    ----------
    expected_reward : float
        E[sum_t r_t], the terminal reward included, in units of reward.
    entropy : float
        E[sum_t H(pi(·|s_t))], in nats.
    divergence : float
        E[sum_t KL(pi(·|s_t) ‖ p(·|s_t))] from the action prior, in nats.
    objective : float
        expected_reward − temperature · divergence: what variational inference maximises. With a uniform prior over n
        actions it is expected_reward + temperature · entropy − T · temperature · log n.
    temperature : float
        alpha of the objective, in units of reward.
    state_marginals : LabelledArray [t, s]
        p(s_t | pi), T+1 rows.
    state_action_marginals : LabelledArray [t, s, a]
        p(s_t, a_t | pi).
    terminated : LabelledArray [t]
        p(discount has ended the process before t | pi).
    """

    expected_reward: float
    entropy: float
    divergence: float
    objective: float
    temperature: float
    state_marginals: LabelledArray
    state_action_marginals: LabelledArray
    terminated: LabelledArray

    def _rows(self) -> list[list[str]]:
        return [
            ["expected reward", number(self.expected_reward, 8)],
            ["entropy", f"{number(self.entropy, 8)} nats"],
            ["divergence from the prior", f"{number(self.divergence, 8)} nats"],
            ["temperature", number(self.temperature)],
            ["objective", number(self.objective, 8)],
        ]

    def __str__(self) -> str:
        return text_table(["under the true dynamics", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["under the true dynamics", ""], self._rows())

    def __repr__(self) -> str:
        return f"Evaluation(expected_reward={number(self.expected_reward, 8)}, objective={number(self.objective, 8)})"


def evaluate(
    mdp: MDP,
    policy: ArrayLike | LabelledArray | Solution,
    horizon: int | None = None,
    *,
    temperature: float | None = None,
    action_prior: ArrayLike | str | None = None,
) -> Evaluation:
    """Evaluate any policy exactly under the true dynamics.

    Parameters
    ----------
    mdp : MDP
    policy : array [t, s, a] or [s, a], or Solution
        pi(a|s); a stationary one needs ``horizon``. Rows that are never reached may be NaN. A solution stands for its
        policy, and for the temperature and the action prior of its network.
    horizon : int, optional
        The number of actions; default the length of ``policy``.
    temperature, action_prior
        As for `unroll`: for the divergence and the objective. Default those of a solution; otherwise 1 and uniform.

    Raises
    ------
    InvalidArgument
        If the policy has another shape or rows that are no distributions; names t and s.
    UndefinedConditional
        If a state is reached at which the policy is NaN; names t and s.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> mdp = gridworld("S.G", slip=0.1)
    >>> policy = solve(mdp, 4, inference="bellman").policy
    >>> round(evaluate(mdp, policy).expected_reward, 4)
    0.9963
    >>> causal = solve(mdp, 4, temperature=0.5, inference="variational")
    >>> abs(evaluate(mdp, causal).objective - causal.soft_value) < 1e-12
    True
    """
    prior = None
    if isinstance(policy, Solution):
        network, policy = policy.network, policy.policy
        temperature = _temperature(network) if temperature is None else temperature
        prior = _prior(network) if action_prior is None else None
    pi = checked_policy(mdp, policy, horizon)
    alpha = check_single(1.0 if temperature is None else temperature, "an objective in units of reward")
    if prior is None:
        prior = parse_prior(mdp, action_prior, len(pi))
    occupancy, terminated = occupancies(mdp, pi)
    joint = occupancy[:-1, :, None] * np.where(np.isnan(pi), 0.0, pi)
    rewards = np.broadcast_to(mdp.reward, pi.shape)
    expected = float(_weighted(joint, rewards))
    if mdp.terminal_reward is not None:
        expected += float(_weighted(occupancy[-1], mdp.terminal_reward))
    log_pi = np.log(pi, out=np.zeros(pi.shape), where=pi > 0)
    entropy = 0.0 - float(_weighted(joint, log_pi))  # no −0.0 where nothing is random
    divergence = float(_weighted(joint, log_pi - _log_weights(prior, pi.shape)))
    objective = expected - alpha * divergence if divergence < np.inf else -np.inf
    times, later = Labels(range(len(pi))), Labels(range(len(pi) + 1))
    return Evaluation(
        expected,
        entropy,
        divergence,
        objective,
        alpha,
        LabelledArray(lock(occupancy), ("t", "s"), {"t": later, "s": mdp.states}),
        LabelledArray(lock(joint), ("t", "s", "a"), {"t": times, "s": mdp.states, "a": mdp.actions}),
        LabelledArray(lock(terminated), ("t",), {"t": later}),
    )


def _temperature(network: ControlNetwork) -> float:
    """The one temperature of a network."""
    if network.scheduled:
        raise InvalidArgument(
            "the objective of a solution under a schedule of temperatures",
            allowed="one temperature for all steps, in units of reward",
            remedy="pass temperature=…, or solution.policy in place of the solution",
        )
    return network.temperature


def _prior(network: ControlNetwork) -> Prior:
    """The action prior of a network, unless other tables were put in its place."""
    for t in range(0 if network.as_unrolled else network.horizon):
        cpd, prior = network.cpd(f"a_{t}"), network.prior.at(t)
        table = cpd.array()[: len(prior)] if cpd.parents else cpd.array()
        if not set(cpd.scope) <= {f"s_{t}", f"a_{t}"} or not np.allclose(table, prior, rtol=0.0, atol=1e-12):
            raise InvalidArgument(
                f"the action prior of a network in which {cpd.child.name!r} was replaced",
                remedy="pass action_prior=…, or solution.policy in place of the solution",
            )
    return network.prior


def _log_weights(prior: Prior, shape: tuple[int, ...]) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.broadcast_to(np.log(prior.measure), shape)


def _weighted(weights: FloatArray, values: FloatArray) -> float:
    """sum weights · values, where weight 0 outweighs any value."""
    with np.errstate(invalid="ignore"):
        total = float((weights * values).sum())
    if not np.isnan(total):
        return total
    counts = weights > 0  # some weight 0 has met an infinite value
    return float((weights[counts] * np.broadcast_to(values, weights.shape)[counts]).sum())


def occupancies(mdp: MDP, policy: FloatArray) -> tuple[FloatArray, FloatArray]:
    """p(s_t | pi) with T+1 rows, and the mass that discount has ended before each t. NaN rows must not be reached."""
    belief = np.zeros((len(policy) + 1, mdp.n_states))
    belief[0] = mdp.initial
    for t, pi in enumerate(policy):
        undefined = np.isnan(pi).any(axis=1)
        if (belief[t][undefined] > 0).any():
            s = int(np.argmax(undefined & (belief[t] > 0)))
            raise UndefinedConditional(
                f"the policy is undefined (NaN) at t={t}, s={mdp.states[s]!r}, which it reaches with probability "
                f"{belief[t, s]:.3g} under the true dynamics",
                remedy="optimality is impossible from there: fill in what to do, such as the prior",
            )
        if undefined.any():
            pi = np.where(undefined[:, None], 0.0, pi)
        flow = (belief[t][:, None] * pi).reshape(-1)
        belief[t + 1] = mdp.discount * (flow @ mdp.matrix_at(t))
    return belief, 1.0 - belief.sum(axis=1) if mdp.discount < 1.0 else np.zeros(len(belief))
