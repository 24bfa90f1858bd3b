"""Policies that users pass, read and checked; `control_pgm.control.policies.sources` names their forms."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from control_pgm.control.arguments import as_numbers, to_process
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.priors import Prior, parse_prior
from control_pgm.control.network.unroll_arguments import check_horizon
from control_pgm.control.policies.sources import aligned_policy, opened, prior_of, table_of, temperatures_of
from control_pgm.errors import InvalidArgument, UndefinedConditional
from control_pgm.inference.seeds import generator
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.probabilities import exact, first_miss


@dataclass(frozen=True, eq=False)
class Policy:
    """A policy over the labels of a process, and what came with it; made by `read_policy`.

    Attributes
    ----------
    mdp : MDP
    source : object
        What it was read from.
    table : array [t, s, a]
        pi(a|s), rows that sum to one or NaN.
    """

    mdp: MDP
    source: Any
    table: FloatArray

    @property
    def horizon(self) -> int:
        """T, the number of actions."""
        return len(self.table)

    @cached_property
    def temperatures(self) -> FloatArray | None:
        """alpha_t of the solution that it is of, one for each step; None where it has none."""
        alphas = temperatures_of(self.source)
        return None if alphas is None else np.broadcast_to(alphas, (self.horizon,))

    @property
    def of_changed_network(self) -> bool:
        """Whether it is the solution of a network with replaced or added tables."""
        return not getattr(self.source, "as_unrolled", True)

    @property
    def prior(self) -> Prior:
        """The action prior of the solution that it is of; uniform without one."""
        return parse_prior(self.mdp, prior_of(self.mdp, self.source), self.horizon)


def read_policy(mdp: MDP, policy: Any, horizon: int | None) -> Policy:
    """The policy of anything that has one, as an array [t,s,a]; a stationary one exists once for all t.

    Parameters
    ----------
    policy
        An array [t, s, a] or [s, a]; a labelled array, data frame (actions as columns, states or (t, s) as rows) or
        array of xarray, all of which are read by their labels; actions by label, as {state: action} or `greedy` names
        them; whatever has a ``.policy``, such as a solution, with or
        without a last step; or the path of a solution's file.
    horizon : int or None
        The number of actions; needed for a stationary policy only.

    Raises
    ------
    InvalidArgument
        If it has another shape, other labels, or rows that are no distributions; names t and s.
    """
    if not isinstance(mdp, MDP):
        raise InvalidArgument(
            f"{type(mdp).__name__} is no MDP", allowed="an MDP, then a policy", remedy=to_process(mdp)
        )
    source = opened(policy)
    given = table_of(mdp, source)
    if isinstance(given, LabelledArray):
        given = aligned_policy(mdp, given)
    pi = as_numbers(
        given, "the policy", InvalidArgument, remedy="pass an array, such as solution.policy, or what has a policy"
    )
    steps = None if horizon is None else check_horizon(mdp, horizon)
    n, m = mdp.n_states, mdp.n_actions
    if pi.shape == (n, m):
        steps = mdp.time_steps if steps is None else steps
        if steps is None:
            raise InvalidArgument("no horizon given for a stationary policy", allowed="an integer ≥ 1")
        return Policy(mdp, source, np.broadcast_to(_unit_rows(mdp, pi[None], given)[0], (steps, n, m)))
    if pi.ndim != 3 or pi.shape[1:] != (n, m) or steps not in (None, len(pi)):
        allowed = f"({n}, {m}) or ({'T' if steps is None else steps}, {n}, {m})"
        raise InvalidArgument(f"the policy has shape {pi.shape}", allowed=allowed)
    check_horizon(mdp, len(pi))
    return Policy(mdp, source, _unit_rows(mdp, pi, given))


def drawn_action(policy: LabelledArray, state: Hashable, rng: Any, time: int | None = None) -> Hashable:
    """An action, by label, drawn from a policy [s, a], or [t, s, a] at a time.

    Raises
    ------
    UnknownName
        If there is no such state.
    UndefinedConditional
        If the policy is undefined there.
    """
    draws = generator(rng, "rng")
    p = policy.sel(s=state) if time is None else policy.sel(t=time, s=state)
    if np.isnan(p.values).any():
        where = f"s={state!r}" if time is None else f"t={time}, s={state!r}"
        raise UndefinedConditional(f"no action is optimal at {where}: optimality is impossible from there")
    return policy.coords["a"][int(draws.choice(len(p), p=p.values))]


def _unit_rows(mdp: MDP, pi: FloatArray, given: Any) -> FloatArray:
    """[t,s,a] with every row a distribution over available actions, or NaN; ``given`` is the policy as it came."""
    defined = ~np.isnan(pi).all(axis=2)
    negative = defined & ~(pi >= 0).all(axis=2)
    if negative.any():
        raise _no_distribution(mdp, pi, *np.argwhere(negative)[0], allowed="probabilities that sum to 1")
    sums = np.where(defined, pi.sum(axis=2), 1.0)
    if miss := first_miss(sums, given, lambda: (pi > 0).sum(axis=2)):
        allowed = f"probabilities that sum to {miss.allowed}"
        raise _no_distribution(mdp, pi, *miss.at, allowed=allowed, remedy=miss.remedy())
    forbidden = (pi > 0) & ~mdp.available
    if forbidden.any():
        t, s, a = (int(i) for i in np.argwhere(forbidden)[0])
        raise InvalidArgument(
            f"the policy takes a={mdp.actions[a]!r} at t={t}, s={mdp.states[s]!r}, which is not available", allowed="0"
        )
    return pi if exact(sums) else lock(pi / sums[..., None])


def _no_distribution(mdp: MDP, pi: FloatArray, t: int, s: int, **say: str) -> InvalidArgument:
    return InvalidArgument(f"the policy at t={t}, s={mdp.states[s]!r} is {pi[t, s].tolist()}", **say)
