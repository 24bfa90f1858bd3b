"""The posterior of a process that goes on for ever: average reward, policy and occupancies from a leading eigenpair.

With M(s,s') = sum_a p(a|s) P(s'|s,a) e^{r/alpha} backward messages obey beta_t = M beta_{t+1}, so that far from the end

    alpha log beta_t(s) ≈ (T − t) rho + V(s),     V = alpha log sum_a p(a|s) e^{Q/alpha},
    Q(s,a) = alpha log sum_s' P(s'|s,a) e^{(r + V(s'))/alpha} − rho,     pi = p(a|s) e^{(Q − V)/alpha},

where e^{rho/alpha} is the leading eigenvalue and e^{V/alpha} the right eigenvector (Perron and Frobenius; Todorov
2006). rho is the soft average reward: alpha log E e^{return/alpha} grows by it in every step. The left eigenvector is
the forward message; left times right gives p(s|O), the share of time that an optimal trajectory spends in s.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.infinite.growth.communicating_classes import period
from control_pgm.control.infinite.growth.growth import Growth, growth
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.control.infinite.growth.occupancy import occupancy
from control_pgm.control.infinite.process import action_measure, check_stationary, checked_limit, outcome_weights
from control_pgm.control.infinite.stationary import by_pair, by_state, labelled_difference
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.priors import parse_prior
from control_pgm.control.network.unroll_arguments import check_single
from control_pgm.control.policies.backup import soft_policy
from control_pgm.control.policies.checks import drawn_action
from control_pgm.control.saving import Savable
from control_pgm.control.solutions.labelled_results import WithPolicy
from control_pgm.control.solve_options import DEFAULT, check_digits
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import ImpossibleEvidence, InvalidArgument
from control_pgm.keywords import keywords
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.labelled_array import LabelledArray

EIGEN_METHODS = {"newton": 1_000, "power": 100_000}  # name -> default number of iterations


@dataclass(frozen=True, eq=False, repr=False)
class AverageSolution(Savable, WithPolicy):
    """The limit of the posterior far from the end; made by `solve_average`.

    Arrays are labelled and read-only.

    Attributes
    ----------
    mdp : MDP
    temperature : float
        alpha, in units of reward.
    rate : float
        rho from the initial distribution: the soft average reward of a step, in units of reward.
    rates : LabelledArray [s]
        rho from each state; they differ where not all states can reach the same best part of the process. −inf where
        every trajectory is forbidden in the end.
    policy : LabelledArray [s, a]
        p(a|s, all future optimal); NaN where the rate is −inf.
    Q, V : LabelledArray [s, a] and [s]
        Relative values in units of reward: V_t(s) of horizon T is (T − t) rate(s) + V(s) in the limit. Q − V has the
        usual meaning. −inf where the rate is −inf, and Q = −inf for actions after which less is earned for ever.
    state_marginals : LabelledArray [s]
        p(s|O): the share of time spent in s, long after the start and long before the end.
    state_action_marginals : LabelledArray [s, a]
        p(s,a|O), likewise.
    period : int
        1, or the length of the cycle in which policies of finite horizons go round where the part of the process that
        matters is periodic; the values are then those of a horizon drawn at random from one period.
    error_bound : float
        Proved: no rate is further from the exact one, in units of reward.
    iterations : int
    method : str
        "newton" or "power".
    action_prior : array, "counting" or None
        p(a|s) as it was given; None for uniform.
    """

    mdp: MDP
    temperature: float
    rate: float
    rates: LabelledArray
    policy: LabelledArray
    Q: LabelledArray
    V: LabelledArray
    state_marginals: LabelledArray
    state_action_marginals: LabelledArray
    period: int
    error_bound: float
    iterations: int
    method: str
    action_prior: FloatArray | str | None = None

    @property
    def temperatures(self) -> FloatArray:
        """The temperature of every step."""
        return np.array([self.temperature])

    def action(self, state: Hashable, rng: np.random.Generator | int) -> Hashable:
        """Draw an action from the policy, by label; ``rng`` is a generator, or a seed for a single draw.

        Raises
        ------
        UndefinedConditional
            If every trajectory from ``state`` is forbidden in the end.
        """
        return drawn_action(self.policy, state, rng)

    @property
    def inference(self) -> str:
        """The type of inference: "posterior"."""
        return DEFAULT

    @cached_property
    def advantage(self) -> LabelledArray:
        """Q − V, axes s, a, in units of reward; NaN where the rate is −inf."""
        return by_pair(self.mdp, labelled_difference(self.Q.values, self.V.values))

    @cached_property
    def defined(self) -> LabelledArray:
        """Whether anything is allowed from there for ever, axis s."""
        return by_state(self.mdp, self.rates.values > -np.inf)

    def _arrays(self) -> Mapping[str, LabelledArray]:
        pairs = {"policy": self.policy, "Q": self.Q, "state_action_marginals": self.state_action_marginals}
        return pairs | {"V": self.V, "rates": self.rates, "state_marginals": self.state_marginals}

    def _rows(self) -> list[list[str]]:
        return [
            ["inference", self.inference],
            ["states, actions", f"{self.mdp.n_states}, {self.mdp.n_actions}"],
            ["temperature", number(self.temperature)],
            ["soft average reward", number(self.rate, 8)],
            ["error bound of it", number(self.error_bound)],
            ["period", str(self.period)],
            ["method", f"{self.method}, {self.iterations} iterations"],
        ]

    def __str__(self) -> str:
        return text_table(["average reward", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["average reward", ""], self._rows())

    def __repr__(self) -> str:
        return (
            f"AverageSolution({self.mdp!r}, inference={self.inference!r}, soft average reward {number(self.rate, 8)})"
        )


@keywords
def solve_average(
    mdp: MDP,
    *,
    temperature: float = 1.0,
    action_prior: ArrayLike | str | None = None,
    method: str = "newton",
    tolerance: float = 1e-10,
    max_iterations: int | None = None,
    progress: Progress | None = None,
) -> AverageSolution:
    """The posterior policy of a process that goes on for ever, and the soft average reward of a step.

    Parameters
    ----------
    mdp : MDP
        With discount 1. It may fall into several parts that cannot be left; each state looks to the best it can reach.
    temperature : float
        alpha > 0, in units of reward.
    action_prior : optional
        p(a|s) of shape (A,) or (S, A); default uniform over the available actions; ``"counting"`` weighs every
        available action by one.
    method : {"newton", "power"}
        Newton's method solves a sparse linear system in every step and takes few of them; power iteration takes many
        products instead, which is faster where processes forget quickly, as on random graphs. There Newton's systems
        are solved by products as well.
    tolerance : float
        The error bound of the rate to reach, in nats, relative to the largest logarithm in play where that is above 1.
    max_iterations : int, optional
        For each eigenvalue problem; default 1,000, or 100,000 of power iteration.
    progress : callable, optional
        Called with (done, total, what) while it iterates, where total is an estimate from how fast the error
        shrinks; see `solve`.

    Raises
    ------
    InvalidArgument
        On options out of range, or if the iterations do not suffice.
    InvalidModel
        If one part of the process can turn into another in which the same is earned: then there is no limit.
    ImpossibleEvidence
        If every trajectory from the initial distribution is forbidden in the end.

    Examples
    --------
    Two rooms; staying in the second pays 1 a step. e^rate is the leading eigenvalue of [[1, 1], [1, e]]/2.

    >>> mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [[0, 0], [1, 0]], actions=["stay", "go"])
    >>> solution = solve_average(mdp)
    >>> round(solution.rate, 6), solution.policy.values.round(3).tolist()
    (0.462954, [[0.315, 0.685], [0.855, 0.145]])
    """
    check_stationary(mdp)
    check_progress(progress)
    if mdp.discount < 1.0:
        raise InvalidArgument(
            f"discount {mdp.discount:g} with average reward: the process ends",
            allowed="discount 1",
            remedy="solve_infinite(mdp, inference='posterior') takes a discount",
        )
    alpha = check_single(temperature, "an endless process")
    check_digits(mdp, alpha, f"temperature {alpha:g}")
    limit = checked_limit(method, EIGEN_METHODS, tolerance, max_iterations)
    measure = action_measure(mdp, action_prior)
    weights = outcome_weights(mdp, alpha)
    with np.errstate(divide="ignore"):
        steps = weights.scaled(np.log(measure).ravel()).merged(mdp.n_actions)
    report = Reporter(progress, limit, "iterations")
    options: dict[str, Any] = {"tolerance": tolerance, "max_iterations": limit, "newton": method == "newton"}
    found = growth(steps, mdp.states, **options, report=report)
    q = np.where(measure > 0, _acting(weights, found, mdp.n_actions), -np.inf)
    pi = soft_policy(alpha * q, alpha * found.log_x, measure, alpha)
    rate = _rate(mdp, found)
    occupied = occupancy(found, mdp.initial, **options, report=report)
    report.end()
    best = [members for members in found.classes if occupied[members].any()]
    return AverageSolution(
        mdp,
        alpha,
        alpha * rate,
        by_state(mdp, alpha * found.log_rates),
        by_pair(mdp, pi),
        by_pair(mdp, alpha * q),
        by_state(mdp, alpha * found.log_x),
        by_state(mdp, occupied),
        by_pair(mdp, occupied[:, None] * np.nan_to_num(pi)),
        int(np.lcm.reduce([period(steps, members) for members in best])),
        alpha * found.width,
        found.iterations,
        method,
        parse_prior(mdp, action_prior, 1).given,
    )


def _acting(weights: LogMatrix, found: Growth, n_actions: int) -> FloatArray:
    """Q/alpha, shape (S, A): what each action leads to among states of the same rate."""
    rates = np.repeat(found.log_rates, n_actions)
    same = found.log_rates[weights.columns] == rates[weights.rows]
    level = weights.where(same & (rates > -np.inf)[weights.rows])
    ahead = np.where(found.log_x > -np.inf, found.log_x, 0.0)
    return (level.times(ahead) - np.where(rates > -np.inf, rates, 0.0)).reshape(-1, n_actions)


def _rate(mdp: MDP, found: Growth) -> float:
    """log lambda from the initial distribution."""
    rate = float(found.log_rates.max(where=mdp.initial > 0, initial=-np.inf))
    if rate == -np.inf:
        raise ImpossibleEvidence(
            "every trajectory from the initial distribution runs into a reward of −inf: none is optimal for ever",
            remedy="solve(mdp, horizon) names the first step at which nothing is possible any more",
        )
    return rate
