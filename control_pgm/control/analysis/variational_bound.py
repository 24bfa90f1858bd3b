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
from typing import Any

from numpy.typing import ArrayLike

from control_pgm.control.analysis.evaluation import evaluate
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.unroll import unroll_process
from control_pgm.control.network.unroll_arguments import check_schedule
from control_pgm.control.policies.checks import read_policy
from control_pgm.control.policies.sources import prior_of
from control_pgm.control.solutions.schedule import shift_in_nats
from control_pgm.display import number, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.keywords import keywords
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.frozen import Restored


@dataclass(frozen=True, eq=False, repr=False)
class Bound(Restored):
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
    rewards_in_nats : float
        E_q[sum_t r_t/alpha_t].
    temperatures : array
        alpha_t of each step, in units of reward.
    """

    log_evidence: float
    expected_log_optimality: float
    divergence: float
    entropy: float
    expected_reward: float
    rewards_in_nats: float
    temperatures: FloatArray

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
        """−KL(q ‖ p^) = E[sum r/alpha] + E[sum H(pi)], p^ being unnormalised and without an action prior."""
        return self.rewards_in_nats + self.entropy

    def __str__(self) -> str:
        lines: list[tuple[str, float]] = [
            ("E[sum (r − c)/alpha]", self.expected_log_optimality),
            ("− E[sum KL(pi ‖ p)]", 0.0 - self.divergence),
            ("= ELBO", self.elbo),
            ("+ KL(q ‖ p(tau|O))", self.gap),
            ("= log p(O)", self.log_evidence),
            ("E[sum r/alpha]", self.rewards_in_nats),
            ("+ E[sum H(pi)]", self.entropy),
            ("= −KL(q ‖ p^)", self.negative_divergence),
        ]
        alphas = dict.fromkeys(number(float(alpha)) for alpha in self.temperatures[[0, -1]])
        rows = [[name, number(x, 8)] for name, x in lines]
        return text_table([f"variational bound at temperature {' … '.join(alphas)}", "nats"], rows)

    def __repr__(self) -> str:
        return f"Bound(elbo={number(self.elbo, 8)}, gap={number(self.gap, 8)})"


@keywords
def variational_bound(
    mdp: MDP,
    policy: Any,
    horizon: int | None = None,
    *,
    temperature: ArrayLike | None = None,
    action_prior: ArrayLike | str | None = None,
) -> Bound:
    """How close a policy comes to the exact posterior while it keeps the true dynamics.

    Parameters
    ----------
    mdp : MDP
    policy : array [t, s, a] or [s, a], or whatever has a policy
        As for `evaluate`; a stationary one needs ``horizon``.
    temperature, action_prior
        As for `unroll`. Default those of a solution; other policies need a temperature, and the prior is uniform.

    Returns
    -------
    Bound

    Raises
    ------
    InvalidArgument
        As `evaluate` does; and if there is no temperature, of which the bound is a function.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> mdp = gridworld("S.G", slip=0.2)
    >>> found = solve(mdp, 5, temperature=0.5, inference="variational")
    >>> bound = variational_bound(mdp, found)
    >>> bool(abs(bound.elbo - found.elbo) < 1e-10), bool(bound.gap > 0)
    (True, True)
    """
    given = read_policy(mdp, policy, horizon)
    alphas = given.temperatures if temperature is None else check_schedule(temperature, given.horizon)
    if alphas is None:
        raise InvalidArgument(
            "no temperature given for the bound of a policy that has none",
            allowed="a finite number > 0, in units of reward",
            remedy="pass temperature=…, or the solution, which has its own",
        )
    prior = prior_of(mdp, given.source) if action_prior is None else action_prior
    result = evaluate(mdp, given.table, temperature=alphas, action_prior=prior)
    network = unroll_process(mdp, given.horizon, temperature=alphas, action_prior=prior)
    assert result.rewards_in_nats is not None  # there are temperatures
    return Bound(
        network.infer().log_evidence,
        result.rewards_in_nats - shift_in_nats(network),
        result.divergence,
        result.entropy,
        result.expected_reward,
        result.rewards_in_nats,
        alphas,
    )
