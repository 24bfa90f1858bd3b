"""Variational inference for a given policy: the bound on the evidence, its gap, and both taken apart.

With q(tau) = p(s_0) prod_t pi(a_t|s_t) P(s_{t+1}|s_t,a_t), which keeps the true dynamics (Levine 2018, section 3),

    log p(O) = ELBO + KL(q ‖ p(tau|O)),
    ELBO     = E_q[sum_t (r_t − c_t)/alpha] − E_q[sum_t KL(pi(·|s_t) ‖ p(·|s_t))],

and, against the unnormalised p^(tau) = p(s_0) prod_t P(s_{t+1}|s_t,a_t) exp(r_t/alpha) of the derivation,

    −KL(q ‖ p^) = E_q[sum_t r_t/alpha] + E_q[sum_t H(pi(·|s_t))].

The dynamics cancel because q has those of the process; with any other q(s_{t+1}|s_t,a_t) a further term remains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.evaluation import Evaluation, evaluate
from control_pgm.control.mdp import MDP
from control_pgm.control.network import unroll
from control_pgm.control.policies import checked_policy
from control_pgm.display import number, text_table
from control_pgm.tables.labelled import LabelledArray


@dataclass(frozen=True, eq=False, repr=False)
class Bound:
    """The evidence lower bound of a policy, in nats; made by `variational_bound`.

    Attributes
    ----------
    log_evidence : float
        log p(O_{0:T−1}=1), of rewards shifted by c_t.
    expected_log_optimality : float
        E_q[sum_t (r_t − c_t)/alpha].
    divergence : float
        E_q[sum_t KL(pi ‖ p)] from the action prior.
    entropy : float
        E_q[sum_t H(pi)].
    expected_reward : float
        E_q[sum_t r_t], in units of reward.
    temperature : float
    """

    log_evidence: float
    expected_log_optimality: float
    divergence: float
    entropy: float
    expected_reward: float
    temperature: float

    @property
    def elbo(self) -> float:
        """E_q[sum (r − c)/alpha] − E_q[sum KL(pi ‖ p)] ≤ log p(O)."""
        return self.expected_log_optimality - self.divergence

    @property
    def gap(self) -> float:
        """KL(q ‖ p(tau|O)) = log p(O) − ELBO ≥ 0."""
        return self.log_evidence - self.elbo

    @property
    def negative_divergence(self) -> float:
        """−KL(q ‖ p^) = E[sum r]/alpha + E[sum H(pi)], p^ being unnormalised and without an action prior."""
        return self.expected_reward / self.temperature + self.entropy

    def __str__(self) -> str:
        lines: list[tuple[str, float]] = [
            ("E[sum (r − c)/alpha]", self.expected_log_optimality),
            ("− E[sum KL(pi ‖ p)]", 0.0 - self.divergence),
            ("= ELBO", self.elbo),
            ("+ KL(q ‖ p(tau|O))", self.gap),
            ("= log p(O)", self.log_evidence),
            ("E[sum r]/alpha", self.expected_reward / self.temperature),
            ("+ E[sum H(pi)]", self.entropy),
            ("= −KL(q ‖ p^)", self.negative_divergence),
        ]
        return text_table(["variational bound", "nats"], [[name, number(x, 8)] for name, x in lines])

    def __repr__(self) -> str:
        return f"Bound(elbo={number(self.elbo, 8)}, gap={number(self.gap, 8)})"


def variational_bound(
    mdp: MDP,
    policy: ArrayLike | LabelledArray,
    horizon: int | None = None,
    *,
    temperature: float = 1.0,
    action_prior: ArrayLike | str | None = None,
) -> Bound:
    """How close a policy comes to the exact posterior while it keeps the true dynamics.

    Parameters
    ----------
    mdp : MDP
    policy : array [t, s, a] or [s, a]
        Any policy; a stationary one needs ``horizon``.
    temperature, action_prior
        As for `unroll`.

    Returns
    -------
    Bound

    Raises
    ------
    InvalidArgument
        As `evaluate` does.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> mdp = gridworld("S.G", slip=0.2)
    >>> found = solve(mdp, 5, temperature=0.5, inference="variational")
    >>> bound = variational_bound(mdp, found.policy, temperature=0.5)
    >>> bool(abs(bound.elbo - found.elbo) < 1e-10), bool(bound.gap > 0)
    (True, True)
    """
    pi = checked_policy(mdp, policy, horizon)
    result: Evaluation = evaluate(mdp, pi, temperature=temperature, action_prior=action_prior)
    network = unroll(mdp, len(result.state_action_marginals), temperature=temperature, action_prior=action_prior)
    shift = float(np.sum(network.reward_shift))
    optimality = (result.expected_reward - shift) / temperature
    return Bound(
        network.infer().log_evidence,
        optimality,
        result.divergence,
        result.entropy,
        result.expected_reward,
        float(temperature),
    )
