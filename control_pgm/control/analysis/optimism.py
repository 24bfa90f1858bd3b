"""Optimism: what the exact posterior believes, against what its policy gets in the true world.

The posterior conditions the dynamics too: p(s'|s,a,O) ∝ P(s'|s,a) p(O_t|s,a,s') beta_{t+1}(s') believes in luck (Levine
2018, section 2.3). How much is a divergence, which the posterior over trajectories splits into three:

    KL(p(tau|O) ‖ p(tau)) = KL(p(s_0|O) ‖ p(s_0)) + E[sum_t KL(pi_t ‖ p(a|s))] + E[sum_t KL(p(s'|s,a,O) ‖ P(s'|s,a))],

expectations under p(tau|O); the whole is E[sum_t log p(O_t|…)] − log p(O).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.analysis.evaluation import evaluate
from control_pgm.control.analysis.hitting import believed, check_event, happens
from control_pgm.control.mdp.checks import index
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.unroll import unroll_process
from control_pgm.control.network.unroll_arguments import check_horizon, check_single
from control_pgm.control.solutions.posterior import PosteriorSolution
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solve import solve
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.keywords import keywords
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.frozen import Restored


@dataclass(frozen=True)
class Outlook:
    """What is expected of one policy: reward, and the chance of the event (NaN if none was given)."""

    expected_reward: float
    chance: float


@dataclass(frozen=True, eq=False, repr=False)
class OptimismReport(Restored):
    """Belief beside reality; made by `optimism_report`.

    Attributes
    ----------
    believed : Outlook
        What the exact posterior expects of its own policy, luck included.
    gets : Outlook
        What that policy gets under the true dynamics.
    variational, optimal : Outlook
        What the best policies with and without entropy get, which keep the true dynamics.
    start, policy, dynamics : float
        The three divergences of the posterior from the prior, in nats (see the module); `dynamics` is the optimism.
    temperature : float
        alpha, in units of reward.
    """

    believed: Outlook
    gets: Outlook
    variational: Outlook
    optimal: Outlook
    start: float
    policy: float
    dynamics: float
    temperature: float

    def _rows(self) -> list[list[str]]:
        named = {
            "posterior believes": self.believed,
            "its policy gets": self.gets,
            "variational gets": self.variational,
            "optimal gets": self.optimal,
        }
        chance = [] if np.isnan(self.believed.chance) else [1]
        return [
            [name, number(o.expected_reward, 6), *([number(o.chance, 6)] if chance else [])]
            for name, o in named.items()
        ]

    def _header(self) -> list[str]:
        return ["", "reward"] if np.isnan(self.believed.chance) else ["", "reward", "chance of the event"]

    def __str__(self) -> str:
        divergences = [
            ["KL of the start", number(self.start, 6)],
            ["KL of the policy", number(self.policy, 6)],
            ["KL of the dynamics", number(self.dynamics, 6)],
        ]
        below = text_table([f"posterior against prior, temperature {number(self.temperature)}", "nats"], divergences)
        return f"{text_table(self._header(), self._rows())}\n\n{below}"

    def _repr_html_(self) -> str:
        return html_table(self._header(), self._rows())

    def __repr__(self) -> str:
        return (
            f"OptimismReport(believes {number(self.believed.expected_reward, 6)}, gets "
            f"{number(self.gets.expected_reward, 6)}, KL of the dynamics {number(self.dynamics, 6)} nats, "
            f"temperature {number(self.temperature)})"
        )


@keywords
def optimism_report(
    problem: MDP | Solution,
    horizon: int | None = None,
    *,
    temperature: float | None = None,
    action_prior: ArrayLike | str | None = None,
    event: Iterable[Hashable] | None = None,
) -> OptimismReport:
    """Compare what the exact posterior believes with what can be had.

    Parameters
    ----------
    problem : MDP or Solution
        Without discount: a process that has ended forgets what it was paid. A solution stands for its process, and for
        the horizon, the temperature and the action prior of its network, which must be as it was unrolled.
    horizon : int
        May be left out for a solution.
    temperature, action_prior
        As for `unroll`, 1 and uniform by default; not for a solution, which has its own.
    event : iterable of state labels, optional
        States whose being reached within T steps is the event, such as the goal. Cells in which episodes of an
        environment end count when they are entered.

    Raises
    ------
    InvalidArgument
        If the process has discount < 1, the temperature is a schedule, or nothing ever enters a state of the event.
    UnknownName
        If a state of the event does not exist.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> report = optimism_report(gridworld("S.G", slip=0.5), 4, temperature=0.1, event=["(0,2)"])
    >>> report.believed.chance > report.gets.chance, report.dynamics > 0
    (True, True)
    """
    network = _network(problem, horizon, temperature, action_prior)
    mdp, horizon = network.mdp, network.horizon
    states = None if event is None else _event(mdp, event)
    exact = solve(network)
    assert isinstance(exact, PosteriorSolution)
    soft = solve(network, inference="variational")
    best = solve(mdp, horizon, inference="bellman")
    reward, log_optimality = _believed(network, exact)
    start = _divergence(exact.state_marginals.values[0], mdp.initial)
    policy = _policy_divergence(network, exact)
    # A difference of larger numbers: what rounding leaves below zero is none.
    dynamics = max(0.0, log_optimality - exact.log_evidence - start - policy)
    hopes = Outlook(reward, np.nan if states is None else believed(exact, states))
    gets, soft_gets, best_gets = (
        Outlook(_expected(mdp, s), np.nan if states is None else happens(mdp, s.policy, states))
        for s in (exact, soft, best)
    )
    return OptimismReport(hopes, gets, soft_gets, best_gets, start, policy, dynamics, network.temperature)


def _network(
    problem: MDP | Solution, horizon: int | None, temperature: float | None, action_prior: ArrayLike | str | None
) -> ControlNetwork:
    """The network whose posterior is compared."""
    mdp = problem.mdp if isinstance(problem, Solution) else problem
    if isinstance(mdp, MDP) and mdp.discount < 1.0:
        raise InvalidArgument(
            f"optimism of a process with discount {mdp.discount:g}",
            allowed="discount 1",
            remedy="model the end of the process as a state of its own",
        )
    if not isinstance(problem, Solution):
        alpha = check_single(1.0 if temperature is None else temperature, "a report in units of reward")
        return unroll_process(problem, check_horizon(problem, horizon), temperature=alpha, action_prior=action_prior)
    network = problem.network
    if temperature is not None or action_prior is not None:
        raise InvalidArgument(
            "temperature and action_prior with a solution, which has its own", remedy="pass its process: solution.mdp"
        )
    if horizon not in (None, network.horizon):
        raise InvalidArgument(f"horizon {horizon} of a solution of horizon {network.horizon}", remedy="leave it out")
    if network.scheduled or not network.as_unrolled:
        why = "a schedule of temperatures" if network.scheduled else "replaced or added tables"
        raise InvalidArgument(f"optimism of a network with {why}", allowed="one as it was unrolled, at one temperature")
    return network


def _event(mdp: MDP, event: Any) -> list[int]:
    if isinstance(event, str) or not isinstance(event, Iterable):
        raise InvalidArgument(f"event {event!r}", allowed="a list of state labels", remedy=f"pass event=[{event!r}]")
    states = [index(mdp.states, label, "state of the event:") for label in event]
    check_event(mdp, states)
    return states


def _expected(mdp: MDP, solution: Solution) -> float:
    """E[sum_t r_t] under the true dynamics. From where a policy is undefined every way on has a reward of −inf."""
    policy = np.where(np.isnan(solution.policy), mdp.uniform_prior, solution.policy)
    return evaluate(mdp, policy).expected_reward


def _believed(network: ControlNetwork, exact: PosteriorSolution) -> tuple[float, float]:
    """E[sum_t r_t | O] and E[sum_t log p(O_t=1|…) | O].

    An outcome with several rewards believes in them in proportion to w_k exp(r_k/alpha).
    """
    mdp, alpha = network.mdp, network.temperature
    reward = optimality = 0.0
    pairs = exact.state_action_marginals.values
    for t in range(network.horizon):
        rewards = mdp.rewards.at(t)
        joint = pairs[t]
        if rewards.on_outcome:
            joint = exact.posterior.marginal(f"s_{t}", f"a_{t}", f"s_{t + 1}").array()
        logs = rewards.log_optimality(joint > 0, float(network.reward_shift[t]), alpha)
        used = joint > 0
        optimality += float((joint[used] * logs[used]).sum())
        reward += float((joint * _tilted(rewards.values, rewards.weights, alpha))[used].sum())
    if mdp.terminal_reward is not None:
        last = exact.state_marginals.values[-1]
        used = last > 0
        reward += float((last[used] * mdp.terminal_reward[used]).sum())
        optimality += float((last[used] * (mdp.terminal_reward[used] - network.reward_shift[-1])).sum()) / alpha
    return reward, optimality


def _tilted(values: FloatArray, weights: FloatArray | None, alpha: float) -> FloatArray:
    """sum_k r_k p(k | s, a, s', O=1)."""
    if weights is None:
        return np.where(np.isneginf(values[0]), 0.0, values[0])
    with np.errstate(divide="ignore"):
        logs = np.log(weights) + values / alpha
    top = logs.max(axis=0)
    shares = np.exp(logs - np.where(np.isneginf(top), 0.0, top))
    total = shares.sum(axis=0)
    mean = (shares * np.where(shares > 0, values, 0.0)).sum(axis=0)
    return np.asarray(np.divide(mean, total, out=np.zeros(total.shape), where=total > 0))


def _divergence(p: FloatArray, q: FloatArray) -> float:
    used = p > 0
    return float((p[used] * np.log(p[used] / q[used])).sum())


def _policy_divergence(network: ControlNetwork, exact: PosteriorSolution) -> float:
    """E[sum_t KL(pi_t(·|s_t) ‖ p(·|s_t)) | O]."""
    pairs, pi = exact.state_action_marginals.values, exact.policy.values
    weights = np.broadcast_to(network.prior.measure, pi.shape)
    used = pairs > 0
    return float((pairs[used] * np.log(pi[used] / weights[used])).sum())
