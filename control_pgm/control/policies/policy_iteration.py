"""Soft policy iteration: evaluate a policy under the true dynamics, improve it; every sweep is recorded.

    evaluate   Q^pi_t(s,a) = E[r_t | s,a] + gamma E_P[V^pi_{t+1}(s')],
               V^pi_t(s)   = sum_a pi(a|s) (Q^pi_t(s,a) − alpha log pi(a|s)/p(a|s)),
    improve    pi'(a|s)   ∝ p(a|s) exp(Q^pi_t(s,a)/alpha)

(Haarnoja et al. 2018, section 4.1; Levine 2018, section 3.) No sweep lowers the objective E[sum r] − alpha E[sum KL].
Over a finite horizon the last step is right after the first sweep and each further sweep makes one more step right, so
that T sweeps reach the optimum, which is that of ``solve(inference="variational")``.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.arguments import as_float, is_count
from control_pgm.control.mdp.checks import step
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.priors import Prior, parse_prior
from control_pgm.control.network.unroll_arguments import check_horizon, check_single, varies
from control_pgm.control.policies.backup import expected_next, soft_policy
from control_pgm.control.policies.checks import Policy, drawn_action, read_policy
from control_pgm.control.policies.sources import prior_of
from control_pgm.display import number, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.keywords import keywords
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.frozen import Restored
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

_MAX_PRINTED = 12


@dataclass(frozen=True, eq=False, repr=False)
class PolicyIteration(Restored):
    """Every sweep of soft policy iteration.

    Attributes
    ----------
    policies : LabelledArray [sweep, t, s, a]
        The policy before the first sweep, and after each.
    objectives : tuple of float
        E[sum r] − alpha E[sum KL(pi ‖ p)] of each, in units of reward; never falling. −inf while a policy cannot avoid
        what is forbidden, or is not yet defined where it leads.
    converged : bool
        Whether the last sweep changed no probability by more than the tolerance.
    mdp : MDP
    temperature : float
        alpha, in units of reward.
    action_prior : array, "counting" or None
        As `unroll` takes it.
    """

    policies: LabelledArray
    objectives: tuple[float, ...]
    converged: bool
    mdp: MDP
    temperature: float
    action_prior: FloatArray | str | None

    @property
    def inference(self) -> str:
        """The type of inference whose optimum it approaches: "variational"."""
        return "variational"

    @property
    def temperatures(self) -> FloatArray:
        """The temperature of every step."""
        return np.array([self.temperature])

    @property
    def policy(self) -> LabelledArray:
        """The policy after the last sweep."""
        return self.policies.sel(sweep=len(self.objectives) - 1)  # type: ignore[no-any-return]

    def action(self, state: Hashable, t: int, rng: np.random.Generator | int) -> Hashable:
        """Draw an action from the policy after the last sweep; ``rng`` is a generator, or a seed for a single draw."""
        return drawn_action(self.policy, state, rng, step(t, len(self.policy)))

    def __str__(self) -> str:
        rows = [[str(k), number(value, 10)] for k, value in enumerate(self.objectives)]
        if len(rows) > _MAX_PRINTED:
            rows = [*rows[: _MAX_PRINTED - 2], ["…", "…"], rows[-1]]
        return text_table(["sweep", f"objective at temperature {number(self.temperature)}"], rows)

    def __repr__(self) -> str:
        state = "converged" if self.converged else "NOT converged"
        return (
            f"PolicyIteration({len(self.objectives) - 1} sweeps, {state}, temperature {number(self.temperature)}, "
            f"objective={number(self.objectives[-1], 8)})"
        )


@keywords
def soft_policy_iteration(
    mdp: MDP,
    horizon: int | None = None,
    *,
    temperature: float | None = None,
    action_prior: ArrayLike | str | None = None,
    policy: Any = None,
    tolerance: float = 1e-12,
    max_sweeps: int | None = None,
    progress: Progress | None = None,
) -> PolicyIteration:
    """Improve a policy until it changes no more.

    Parameters
    ----------
    mdp : MDP
    horizon : int, optional
        The number of actions T; default the length of ``policy``.
    temperature, action_prior
        As for `unroll`. Default those of ``policy``, if it is a solution; otherwise 1 and uniform.
    policy : array [t, s, a] or [s, a], or whatever has a policy, optional
        Where to begin, as for `evaluate`; default the action prior.
    tolerance : float
        The largest change of a probability that counts as none.
    max_sweeps : int, optional
        Default T + 1, which is always enough.
    progress : callable, optional
        Called with (done, total, what) after each sweep; total is ``max_sweeps`` until the last call. See `solve`.

    Raises
    ------
    InvalidArgument
        If an argument is out of range, or the first policy takes an action to which the prior gives no weight.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> mdp = gridworld("S.G", slip=0.2)
    >>> found = soft_policy_iteration(mdp, 5, temperature=0.5)
    >>> best = solve(mdp, 5, temperature=0.5, inference="variational")
    >>> bool(abs(found.policy - best.policy).max() < 1e-12), len(found.objectives) <= 7
    (True, True)
    """
    check_progress(progress)
    given = None if policy is None else read_policy(mdp, policy, horizon)
    steps = check_horizon(mdp, horizon) if given is None else given.horizon
    alpha = check_single(_temperature(given) if temperature is None else temperature, "soft policy iteration")
    if given is not None and action_prior is None:
        action_prior = prior_of(mdp, given.source)
    prior = parse_prior(mdp, action_prior, steps)
    sweeps = steps + 1 if max_sweeps is None else max_sweeps
    if not is_count(sweeps):
        raise InvalidArgument(f"max_sweeps {max_sweeps!r}", allowed="an integer ≥ 1")
    if not 0.0 <= as_float(tolerance) < np.inf:
        raise InvalidArgument(f"tolerance {tolerance!r}", allowed="a finite number ≥ 0")
    report = Reporter(progress, sweeps, "sweeps")
    policies, objectives, converged = [_start(mdp, given, prior, steps)], [], False
    while len(policies) <= sweeps and not converged:
        report.at(len(policies) - 1)
        improved, objective = _sweep(mdp, policies[-1], prior, alpha)
        converged = _same(improved, policies[-1], tolerance)
        policies.append(improved)
        objectives.append(objective)
    report.end(len(policies) - 1)
    objectives.append(_sweep(mdp, policies[-1], prior, alpha)[1])
    names = {"sweep": Labels(range(len(policies))), "t": Labels(range(steps)), "s": mdp.states, "a": mdp.actions}
    table = LabelledArray(lock(np.stack(policies)), tuple(names), names)
    return PolicyIteration(table, tuple(objectives), converged, mdp, alpha, prior.given)


def _temperature(given: Policy | None) -> Any:
    """That of the policy to begin with; 1, as for `solve`, where it has none."""
    if given is None or given.temperatures is None:
        return 1.0
    return given.temperatures if varies(given.temperatures) else float(given.temperatures[0])


def _start(mdp: MDP, given: Policy | None, prior: Prior, steps: int) -> FloatArray:
    pi = np.broadcast_to(prior.table, (steps, *prior.table.shape[-2:])) if given is None else given.table
    weights = np.broadcast_to(prior.table, pi.shape)
    outside = (np.nan_to_num(pi) > 0) & (weights == 0)
    if outside.any():
        t, s, a = (int(i) for i in np.argwhere(outside)[0])
        raise InvalidArgument(
            f"the first policy takes a={mdp.actions[a]!r} at t={t}, s={mdp.states[s]!r}, where the prior is 0",
            allowed="actions of positive prior: their divergence is infinite",
        )
    return pi


def _same(new: FloatArray, old: FloatArray, tolerance: float) -> bool:
    """Whether no probability has changed by more, and none became defined."""
    defined = ~np.isnan(old)
    if not np.array_equal(defined, ~np.isnan(new)):
        return False
    return bool(np.abs(new - old).max(where=defined, initial=0.0) <= tolerance)


def _sweep(mdp: MDP, pi: FloatArray, prior: Prior, alpha: float) -> tuple[FloatArray, float]:
    """pi' ∝ p exp(Q^pi/alpha) at every step, Q^pi being evaluated backwards, and the objective of pi."""
    value = np.zeros(mdp.n_states) if mdp.terminal_reward is None else np.array(mdp.terminal_reward)
    result = np.empty(pi.shape)
    rewards = np.broadcast_to(mdp.reward, pi.shape)
    for t in range(len(pi) - 1, -1, -1):
        weights = prior.measure_at(t)
        later = mdp.discount * expected_next(mdp.matrix_at(t), value) if mdp.discount > 0 else 0.0
        q = np.where(weights > 0, rewards[t] + later, -np.inf)
        best = np.where(np.isneginf(q).all(axis=1), -np.inf, 0.0)
        result[t] = soft_policy(q, best, weights, alpha)
        value = _evaluated(pi[t], q, weights, alpha)
    starts = mdp.initial > 0
    return result, float(mdp.initial[starts] @ value[starts])


def _evaluated(pi: FloatArray, q: FloatArray, weights: FloatArray, alpha: float) -> FloatArray:
    """V^pi(s) = sum_a pi (Q − alpha log pi/p); −inf where the policy is undefined."""
    used = pi > 0
    log_ratio = np.log(np.where(used, pi, 1.0)) - np.log(np.where(used, weights, 1.0))
    terms = np.where(used, pi * (np.where(used, q, 0.0) - alpha * log_ratio), 0.0)
    return np.where(np.isnan(pi).any(axis=1), -np.inf, terms.sum(axis=1))
