"""Solving without a horizon: stationary policies and values under discount."""

from __future__ import annotations

from dataclasses import replace
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.infinite.backups import Backup, ExpectedBackup, RiskSensitiveBackup
from control_pgm.control.infinite.endless import (
    Endless,
    endless_classes,
    leading_to,
    reached_from,
    recurring_class,
    refused,
)
from control_pgm.control.infinite.numerics.fixed_point import FixedPoint, Recurs, fixed_point
from control_pgm.control.infinite.options import (
    METHODS,
    SOFT,
    check_discount,
    check_evidence,
    check_utility,
    checked_infinite_inference,
)
from control_pgm.control.infinite.process import (
    action_measure,
    check_range,
    check_stationary,
    checked_limit,
    outcome_rewards,
    transition_matrix,
)
from control_pgm.control.infinite.stationary import StationarySolution, by_pair, by_state
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.priors import parse_prior
from control_pgm.control.network.unroll_arguments import check_single
from control_pgm.control.partially_observed.heuristic_search import GAP, MOST_TRIALS, solve_beliefs_infinite
from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.control.partially_observed.solution import StationaryBeliefSolution
from control_pgm.control.solve_options import DEFAULT, check_digits
from control_pgm.keywords import keywords
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.arrays import FloatArray, lock

DEFAULT_TOLERANCE = 1e-10
_TIE = 1e-12  # actions whose Q differ by less than this, relative to |V|, are tied, however exact the values are


@overload
def solve_infinite(
    mdp: POMDP,
    *,
    inference: str,
    tolerance: float = DEFAULT_TOLERANCE,
    max_iterations: int | None = None,
    progress: Progress | None = None,
) -> StationaryBeliefSolution: ...
@overload
def solve_infinite(
    mdp: MDP,
    *,
    inference: str = DEFAULT,
    temperature: float | None = None,
    action_prior: ArrayLike | str | None = None,
    risk: float | None = None,
    method: str = "value-iteration",
    tolerance: float = DEFAULT_TOLERANCE,
    max_iterations: int | None = None,
    progress: Progress | None = None,
) -> StationarySolution: ...
@keywords
def solve_infinite(
    mdp: MDP | POMDP,
    *,
    inference: str = DEFAULT,
    temperature: float | None = None,
    action_prior: ArrayLike | str | None = None,
    risk: float | None = None,
    method: str = "value-iteration",
    tolerance: float = DEFAULT_TOLERANCE,
    max_iterations: int | None = None,
    progress: Progress | None = None,
) -> StationarySolution | StationaryBeliefSolution:
    """The stationary policy of a process without a last step.

    ===========  ===============================================================  ==================================
    inference    Q(s,a), in units of reward                                       V(s)
    ===========  ===============================================================  ==================================
    variational  E_P[r + gamma V']                                                alpha log sum_a p(a|s) e^{Q/alpha}
    bellman      E_P[r + gamma V']                                                max_a Q
    posterior    alpha log sum_s' P e^{r/alpha} (gamma e^{V'/alpha} + 1 − gamma)  alpha log sum_a p(a|s) e^{Q/alpha}
    planning     the same with 1/risk for alpha                                   max_a Q
    ===========  ===============================================================  ==================================

    Discount is termination after the reward (Levine 2018), as in the unrolled network; solutions of `solve` approach
    these values as the horizon grows.

    Parameters
    ----------
    mdp : MDP
        Its ``discount`` is gamma. "posterior" and "planning" need gamma < 1. With gamma = 1 the values are the limit of
        growing horizons, which exists if episodes surely end in absorbing states of reward 0. A class of states in
        which they grow, fall or recur for ever is refused by name; if the process never comes there, values and policy
        are NaN in its states and wherever it can be reached from. A `POMDP` with gamma < 1 for inference="bellman".
    inference : str
        "posterior", as everywhere by default; "variational" (or "maxent"), "bellman" (or "optimal") or "planning".
    temperature : float, optional
        alpha > 0, in units of reward, for variational and posterior; default 1.
    action_prior : optional
        p(a|s) of shape (A,) or (S, A), for variational and posterior; default uniform over the available actions;
        ``"counting"`` weighs every available action by one.
    risk : float, optional
        lambda ≠ 0 of planning, per unit of reward: exponential utility; < 0 is averse to risk.
    method : {"value-iteration", "policy-iteration"}
        Plain sweeps V ← T(V), at a cost in the number of non-zeros each; or Newton's method, which solves a linear
        system in every step and takes few of them: policy iteration, hard or soft.
    tolerance : float, optional
        The error bound to reach, relative to the largest |V| where that is above 1; default 1e-10. Beside a
        temperature, or inverse risk, far above all values rounding leaves a larger one: see ``error_bound``. Of a POMDP
        the difference of the bounds at the initial belief, relative to |V| there; default 1e-3.
    max_iterations : int, optional
        Default 100,000 sweeps, or 1,000 of policy iteration; 1,000 trials for a POMDP.
    progress : callable, optional
        Called with (done, total, what) while it iterates, where total is an estimate from how fast the error
        shrinks; see `solve`.

    Returns
    -------
    StationarySolution
        With ``error_bound``. For variational and Bellman T contracts by gamma in the largest component, whence
        |T(V) − V*| ≤ gamma/(1 − gamma) · |T(V) − V| (Puterman 1994, theorem 6.3.1). The same holds for the posterior if
        no reward is positive: beta = e^{V/alpha} stays in [0, 1], where the derivative of T sums to at most
        max gamma beta/(gamma beta + 1 − gamma) ≤ gamma. With positive rewards beta* may still be finite; then V* and
        T(V) are enclosed between a V with V < T(V) and one with V > T(V), which proves the bound.

    StationaryBeliefSolution
        Of a POMDP: bounds of the value of every belief, and actions.

    Raises
    ------
    InvalidArgument
        On options that do not go together; on a class of states that has no values without discount; if the iterations
        do not suffice, as where E e^{return/alpha} is infinite.

    Warns
    -----
    NotConverged
        If the bounds of a POMDP differ by more than the tolerance after ``max_iterations``.

    Examples
    --------
    >>> mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [[0, 0], [1, 0]], states=["home", "shop"],
    ...           actions=["stay", "go"], discount=0.5)
    >>> solve_infinite(mdp, inference="bellman").V.values.round(6).tolist()
    [1.0, 2.0]
    >>> soft = solve_infinite(mdp, temperature=0.5, inference="variational")
    >>> float(round(soft.policy.sel(s="home", a="go"), 6))
    0.700611
    """
    if isinstance(mdp, POMDP):
        kind = checked_infinite_inference(inference, temperature, action_prior, risk)
        wanted = GAP if tolerance is DEFAULT_TOLERANCE else tolerance  # that object, if none was given
        trials = checked_limit(method, {"value-iteration": MOST_TRIALS}, wanted, max_iterations)
        return solve_beliefs_infinite(mdp, kind, wanted, trials, progress)
    check_stationary(mdp)
    check_progress(progress)
    kind = checked_infinite_inference(inference, temperature, action_prior, risk)
    limit = checked_limit(method, METHODS, tolerance, max_iterations)
    alpha = check_single(1.0 if temperature is None else temperature, "an endless process") if kind in SOFT else None
    check_discount(mdp, kind, method, risk)
    if kind == "posterior":
        assert alpha is not None
        check_digits(mdp, alpha, f"temperature {alpha:g}")
    if kind == "planning":
        assert risk is not None
        check_digits(mdp, 1.0 / abs(risk), f"risk {risk:g}", "inference='bellman' is the limit of risk 0")
    if mdp.discount < 1.0:
        check_range(mdp.reward_table.values, mdp.discount)
    backup = _backup(mdp, kind, alpha, action_prior, risk)
    if kind == "posterior":
        check_evidence(mdp, backup)
    if kind == "planning":
        check_utility(mdp, backup)
    report = Reporter(progress, limit, "sweeps")
    if mdp.discount == 1.0:
        found, policy = _undiscounted(mdp, backup, tolerance, limit, report)
    else:
        newton = method == "policy-iteration"
        found = fixed_point(backup, tolerance=tolerance, max_iterations=limit, newton=newton, report=report)
        policy = _policy(backup, found, tolerance)
    report.end()
    return StationarySolution(
        mdp,
        kind,
        alpha,
        None if risk is None else float(risk),
        by_pair(mdp, policy),
        by_pair(mdp, found.q),
        by_state(mdp, found.v),
        lock(found.residuals),
        found.error_bound,
        method,
        parse_prior(mdp, action_prior, 1).given,
    )


def _undiscounted(
    mdp: MDP, backup: Backup, tolerance: float, limit: int, report: Reporter
) -> tuple[FixedPoint, FloatArray]:
    """Values and policy without discount; NaN where the process never comes and a class without values is in reach.

    Raises
    ------
    InvalidArgument
        If it does come there: names the class.
    """
    reached = reached_from(backup, np.flatnonzero(mdp.initial))
    valued = np.ones(mdp.n_states, bool)

    def leave_out(endless: Endless) -> None:
        if reached[endless.states].any():
            raise refused(mdp, endless)
        valued[leading_to(backup, endless.states)] = False

    for endless in endless_classes(backup):
        leave_out(endless)
    while True:
        states = np.flatnonzero(valued)
        inside = backup.among(states)
        try:
            found = fixed_point(inside, tolerance=tolerance, max_iterations=limit, newton=False, report=report)
            break
        except Recurs as recurs:
            members = states[recurring_class(inside, recurs.states)]
            leave_out(Endless(members, f"recur every {recurs.period} steps without a limit"))
    policy, q, v = (np.full(shape, np.nan) for shape in (backup.measure.shape, backup.measure.shape, mdp.n_states))
    policy[states], q[states], v[states] = _policy(inside, found, tolerance), found.q, found.v
    return replace(found, q=q, v=v), policy


def _backup(
    mdp: MDP, kind: str, alpha: float | None, action_prior: ArrayLike | str | None, risk: float | None
) -> Backup:
    counted = mdp.available.astype(np.float64)
    if kind == "planning":
        assert risk is not None
        weight = 1.0 / float(risk)
        return Backup(RiskSensitiveBackup(*outcome_rewards(mdp, weight), weight, mdp.discount), counted, 0.0)
    if kind == "posterior":
        assert alpha is not None
        states = RiskSensitiveBackup(*outcome_rewards(mdp, alpha), alpha, mdp.discount)
        return Backup(states, action_measure(mdp, action_prior), alpha)
    expectation = ExpectedBackup(transition_matrix(mdp), mdp.reward, mdp.discount)
    if alpha is None:
        return Backup(expectation, counted, 0.0)
    return Backup(expectation, action_measure(mdp, action_prior), alpha)


def _policy(backup: Backup, found: FixedPoint, tolerance: float) -> FloatArray:
    """The policy of the last sweep. Where maximisers share, those count that the error bound cannot distinguish."""
    if backup.weight > 0:
        return backup.policy(found.q, found.v)
    defined = found.v > -np.inf
    v = np.where(defined, found.v, 0.0)[:, None]
    scale = np.maximum(1.0, np.abs(v))
    error = found.error_bound if found.error_bound < np.inf else tolerance * float(scale.max())
    best = (found.q >= v - np.maximum(_TIE * scale, 2.0 * error)).astype(np.float64)
    policy = np.full(best.shape, np.nan)
    np.divide(best, best.sum(axis=1, keepdims=True), out=policy, where=defined[:, None] & np.isfinite(v))
    return policy
