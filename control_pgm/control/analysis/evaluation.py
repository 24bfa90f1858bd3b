"""Running a policy through the true dynamics: exactly, by occupancies, or by sampled trajectories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.priors import Prior, parse_prior
from control_pgm.control.network.unroll_arguments import check_schedule, varies
from control_pgm.control.policies.checks import read_policy
from control_pgm.control.policies.occupancy import occupancies
from control_pgm.control.solutions.labelled_results import LabelledResults
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import NotAvailable
from control_pgm.keywords import keywords
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(LabelledResults):
    """What a policy gets under the true dynamics.

    Attributes
    ----------
    expected_reward : float
        E[sum_t r_t], the terminal reward included, in units of reward.
    entropy : float
        E[sum_t H(pi(·|s_t))], in nats.
    divergence : float
        E[sum_t KL(pi(·|s_t) ‖ p(·|s_t))] from the action prior, in nats.
    temperatures : array or None
        alpha_t of each step, in units of reward; None where no temperature was given. ``.temperature`` is the single
        one.
    rewards_in_nats : float or None
        E[sum_t r_t/alpha_t], the terminal reward in units of the last step; None without a temperature.
    state_marginals : LabelledArray [t, s]
        p(s_t | pi), T+1 rows.
    state_action_marginals : LabelledArray [t, s, a]
        p(s_t, a_t | pi).
    terminated : LabelledArray [t]
        p(discount has ended the process before t | pi); 0 where the process has its own terminal state.
    of_changed_network : bool
        Whether the policy is the solution of a network with replaced or added tables. They do not count here: all
        figures are those of the process. Marginals under the network's own dynamics are the solution's.
    """

    expected_reward: float
    entropy: float
    divergence: float
    temperatures: FloatArray | None
    rewards_in_nats: float | None
    state_marginals: LabelledArray
    state_action_marginals: LabelledArray
    terminated: LabelledArray
    of_changed_network: bool = False

    @property
    def temperature(self) -> float:
        """alpha of all steps, in units of reward.

        Raises
        ------
        NotAvailable
            If no temperature was given, or a schedule.
        """
        if self.temperatures is None:
            raise _no_temperature("temperature")
        if varies(self.temperatures):
            raise NotAvailable("a schedule of temperatures is no single temperature", remedy="see .temperatures")
        return float(self.temperatures[0])

    @property
    def objective(self) -> float:
        """expected_reward − temperature · divergence, in units of reward: what variational inference maximises.

        With a uniform prior over n actions it is expected_reward + temperature · entropy − T · temperature · log n.

        Raises
        ------
        NotAvailable
            If no temperature was given, or a schedule, under which rewards and divergences have no common unit.
        """
        if self.temperatures is None:
            raise _no_temperature("objective")
        if varies(self.temperatures):
            raise NotAvailable(
                "a schedule of temperatures leaves the objective without a unit of reward",
                remedy="see .objective_in_nats, which variational inference maximises then",
            )
        return self.expected_reward - self.temperature * self.divergence if self.divergence < np.inf else -np.inf

    @property
    def objective_in_nats(self) -> float:
        """E[sum_t r_t/alpha_t] − divergence: what variational inference maximises, under a schedule as well.

        Raises
        ------
        NotAvailable
            If no temperature was given.
        """
        if self.rewards_in_nats is None:
            raise _no_temperature("objective_in_nats")
        return self.rewards_in_nats - self.divergence if self.divergence < np.inf else -np.inf

    def _arrays(self) -> Mapping[str, LabelledArray]:
        return {name: getattr(self, name) for name in ("state_action_marginals", "state_marginals", "terminated")}

    def _rows(self) -> list[list[str]]:
        return [
            ["expected reward", number(self.expected_reward, 8)],
            ["entropy", f"{number(self.entropy, 8)} nats"],
            ["divergence from the prior", f"{number(self.divergence, 8)} nats"],
            *self._objective_rows(),
            *([["replaced and added tables", "do not count"]] if self.of_changed_network else []),
        ]

    def _objective_rows(self) -> list[list[str]]:
        if self.temperatures is None:
            return [["objective", "none: no temperature was given"]]
        if not varies(self.temperatures):
            return [["temperature", number(self.temperature)], ["objective", number(self.objective, 8)]]
        first, last = (number(float(alpha)) for alpha in self.temperatures[[0, -1]])
        return [["temperatures", f"{first} … {last}"], ["objective", f"{number(self.objective_in_nats, 8)} nats"]]

    def __str__(self) -> str:
        return text_table(["under the true dynamics", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["under the true dynamics", ""], self._rows())

    def __repr__(self) -> str:
        name, value = self._objective_rows()[-1]
        return f"Evaluation(expected_reward={number(self.expected_reward, 8)}, {name}={value})"


def _no_temperature(name: str) -> NotAvailable:
    return NotAvailable(
        f"no {name}: the policy was evaluated without a temperature",
        remedy="evaluate(mdp, policy, temperature=…), or pass the solution, which has its own",
    )


@keywords
def evaluate(
    mdp: MDP,
    policy: Any,
    horizon: int | None = None,
    *,
    temperature: ArrayLike | None = None,
    action_prior: ArrayLike | str | None = None,
) -> Evaluation:
    """Evaluate any policy exactly under the true dynamics.

    Parameters
    ----------
    mdp : MDP
        Its dynamics and rewards are the true ones, also for the policy of a network in which others were put in their
        place or added: what is printed says that these do not count.
    policy : array [t, s, a] or [s, a], or whatever has a policy
        pi(a|s): an array; a labelled array or a data frame (actions as columns, states or (t, s) as rows), which are
        read by their labels; a solution of any type, with or without a last step, saved or not, or the path of its
        file, which stands for its policy and for the temperature and the action prior of its network. A stationary one
        needs ``horizon``. Rows that are never reached may be NaN.
    horizon : int, optional
        The number of actions; default the length of ``policy``.
    temperature, action_prior
        As for `unroll`: for the divergence and the objective. Default those of a solution. For other policies the prior
        is uniform, and without a temperature there is no objective.

    Raises
    ------
    InvalidArgument
        If the policy has another shape or rows that are no distributions; names t and s.
    UndefinedConditional
        If a state is reached at which the policy is NaN; names t and s.
    NotAvailable
        If the action prior of a solution's network was replaced: pass ``action_prior``.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> mdp = gridworld("S.G", slip=0.1)
    >>> policy = solve(mdp, 4, inference="bellman").policy
    >>> evaluate(mdp, policy)
    Evaluation(expected_reward=0.9963, objective=none: no temperature was given)
    >>> causal = solve(mdp, 4, temperature=0.5, inference="variational")
    >>> abs(evaluate(mdp, causal).objective - causal.soft_value) < 1e-12
    True
    """
    given = read_policy(mdp, policy, horizon)
    pi = given.table
    alphas = given.temperatures if temperature is None else check_schedule(temperature, len(pi))
    prior = given.prior if action_prior is None else parse_prior(mdp, action_prior, len(pi))
    occupancy, terminated = occupancies(mdp, pi)
    joint = occupancy[:-1, :, None] * np.where(np.isnan(pi), 0.0, pi)
    rewards = np.broadcast_to(mdp.reward, pi.shape)
    end = 0.0 if mdp.terminal_reward is None else _weighted(occupancy[-1], mdp.terminal_reward)
    expected = _weighted(joint, rewards) + end
    log_pi = np.log(pi, out=np.zeros(pi.shape), where=pi > 0)
    entropy = 0.0 - _weighted(joint, log_pi)  # no −0.0 where nothing is random
    divergence = _weighted(joint, log_pi - _log_weights(prior, pi.shape))
    times, later = Labels(range(len(pi))), Labels(range(len(pi) + 1))
    return Evaluation(
        expected,
        entropy,
        divergence,
        alphas,
        None if alphas is None else _in_nats(joint, rewards, alphas, expected, end),
        LabelledArray(lock(occupancy), ("t", "s"), {"t": later, "s": mdp.states}),
        LabelledArray(lock(joint), ("t", "s", "a"), {"t": times, "s": mdp.states, "a": mdp.actions}),
        LabelledArray(lock(terminated), ("t",), {"t": later}),
        given.of_changed_network,
    )


def _in_nats(joint: FloatArray, rewards: FloatArray, alphas: FloatArray, expected: float, end: float) -> float:
    """E[sum_t r_t/alpha_t] from E[sum_t r_t], of which ``end`` is the terminal reward's."""
    if not varies(alphas):
        return expected / float(alphas[0])
    return _weighted(joint / alphas[:, None, None], rewards) + end / float(alphas[-1])


def policy_values(mdp: MDP, policy: Any) -> FloatArray:
    """E[sum_{k≥t} r_k | s_t=s] of a policy [t, s, a] under the true dynamics, shape (T+1, S), in units of reward.

    NaN where the policy is undefined, or may lead to where it is.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> always_right = np.tile([0.0, 0.0, 1.0, 0.0], (2, 3, 1))
    >>> policy_values(gridworld("S.G", slip=0.2), always_right)[0].round(2).tolist()
    [0.64, 0.96, 0.0]
    """
    pi = read_policy(mdp, policy, None).table
    values = np.zeros((len(pi) + 1, mdp.n_states))
    if mdp.terminal_reward is not None:
        values[-1] = mdp.terminal_reward
    for t in reversed(range(len(pi))):
        known = np.isfinite(values[t + 1]) | np.isneginf(values[t + 1])
        matrix, onward = mdp.matrix_at(t), np.where(known, values[t + 1], 0.0)
        rewards = mdp.reward[t] if mdp.time_steps else mdp.reward
        lost = (matrix @ (~known).astype(np.float64)).reshape(pi[t].shape) > 0
        forbidden = (matrix @ np.isneginf(onward).astype(np.float64)).reshape(pi[t].shape) > 0
        next_values = (matrix @ np.where(np.isneginf(onward), 0.0, onward)).reshape(pi[t].shape)
        q = np.where(forbidden, -np.inf, rewards + mdp.discount * next_values)
        used = pi[t] > 0
        values[t] = np.where(used, pi[t] * np.where(used, q, 0.0), 0.0).sum(axis=1)
        values[t][np.isnan(pi[t]).any(axis=1) | (used & lost).any(axis=1)] = np.nan
    return values


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
