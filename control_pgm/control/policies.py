"""Policies that users pass: arrays of probabilities, whose labels count where they have some."""

from __future__ import annotations

from typing import Any

import numpy as np

from control_pgm.control.arguments import as_numbers
from control_pgm.control.mdp import MDP
from control_pgm.control.network import check_horizon
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled import LabelledArray
from control_pgm.tables.probabilities import exact, first_miss


def checked_policy(mdp: MDP, policy: Any, horizon: int | None) -> FloatArray:
    """The policy as an array [t,s,a] whose rows are distributions or NaN; a stationary one exists once for all t."""
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"{type(mdp).__name__} is no MDP", allowed="an MDP, then a policy")
    if isinstance(policy, LabelledArray):
        policy = _aligned(mdp, policy)
    pi = as_numbers(policy, "the policy", InvalidArgument, remedy="pass an array, such as solution.policy")
    steps = None if horizon is None else check_horizon(mdp, horizon)
    n, m = mdp.n_states, mdp.n_actions
    if pi.shape == (n, m):
        if steps is None:
            raise InvalidArgument("no horizon given for a stationary policy", allowed="an integer ≥ 1")
        return np.broadcast_to(_unit_rows(mdp, pi[None], policy)[0], (steps, n, m))
    if pi.ndim != 3 or pi.shape[1:] != (n, m) or steps not in (None, len(pi)):
        allowed = f"({n}, {m}) or ({'T' if steps is None else steps}, {n}, {m})"
        raise InvalidArgument(f"the policy has shape {pi.shape}", allowed=allowed)
    check_horizon(mdp, len(pi))
    return _unit_rows(mdp, pi, policy)


def _aligned(mdp: MDP, policy: LabelledArray) -> Any:
    """The numbers of a labelled policy in the process's own order of states and actions."""
    if sorted(policy.dims) not in (["a", "s", "t"], ["a", "s"]):
        raise InvalidArgument(f"the policy has the axes {policy.dims}", allowed="('t', 's', 'a') or ('s', 'a')")
    values = policy.values.transpose([policy.dims.index(dim) for dim in ("t", "s", "a") if dim in policy.dims])
    for axis, dim, own, what in ((-1, "a", mdp.actions, "actions"), (-2, "s", mdp.states, "states")):
        places = policy.coords[dim].index_of
        missing = [label for label in own if label not in places]
        if missing or len(places) != len(own):
            odd = missing[0] if missing else next(label for label in policy.coords[dim] if label not in own.index_of)
            raise InvalidArgument(
                f"the policy and the process do not name the same {what}: {odd!r}",
                allowed="a policy over the labels of the process",
                remedy="np.asarray(policy) takes it by position",
            )
        values = np.take(values, [places[label] for label in own], axis=axis)
    return values


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
