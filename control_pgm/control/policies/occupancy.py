"""Occupancy measures of a policy: marginals of states and pairs under given dynamics, nothing being observed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.termination import terminal_state
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.errors import UndefinedConditional
from control_pgm.inference.infer import infer
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import FloatArray, lock


class Occupation(NamedTuple):
    """How often a policy is where.

    Attributes
    ----------
    states : p(s_t), axes t, s; T+1 rows, without an appended terminal state.
    pairs : p(s_t, a_t), axes t, s, a.
    terminated : the mass that discount has ended before each t.
    """

    states: FloatArray
    pairs: FloatArray
    terminated: FloatArray


def occupation(network: ControlNetwork, policy: FloatArray) -> Occupation:
    """Run a policy through a network.

    Parameters
    ----------
    network : ControlNetwork
        Its actions' CPDs give way to the policy; factors and observations are left out.
    policy : array [t, s, a]
        Over the states of the network; NaN in rows that are never reached.

    Raises
    ------
    UndefinedConditional
        If a state is reached where the policy is NaN; names t and s.
    """
    n = network.mdp.n_states
    if network.as_unrolled:
        states, terminated = occupancies(network.mdp, policy[:, :n])
    else:
        everywhere = _marginals(network, policy)
        states, terminated = everywhere[:, :n], everywhere[:, n:].sum(axis=1)
    pairs = states[:-1, :, None] * np.nan_to_num(policy[:, :n])
    return Occupation(lock(np.ascontiguousarray(states)), lock(pairs), lock(terminated))


def _marginals(network: ControlNetwork, policy: FloatArray) -> FloatArray:
    """p(s_t), axes t, s, by inference in the network with the policy's tables."""
    chosen = {f"a_{t}": _as_cpd(network, t, rows) for t, rows in enumerate(policy)}
    posterior = infer(BayesianNetwork([chosen.get(cpd.child.name, cpd) for cpd in network.cpds]))
    states = np.stack([posterior.marginal(f"s_{t}").array() for t in range(network.horizon + 1)])
    reached = np.isnan(policy[:, :, 0]) & (states[:-1] > 0)
    if reached.any():
        t, s = (int(i) for i in np.argwhere(reached)[0])
        raise UndefinedConditional(
            f"the policy is undefined (NaN) at t={t}, s={network.variable(f's_{t}').states[s]!r}, which it reaches "
            f"with probability {states[t, s]:.3g}",
            remedy="optimality is impossible from there: the dynamics lead where everything is forbidden",
        )
    return states


def _as_cpd(network: ControlNetwork, t: int, rows: FloatArray) -> CPD:
    uniform = 1.0 / rows.shape[1]  # where it is undefined; nobody comes there
    return CPD(network.variable(f"a_{t}"), [network.variable(f"s_{t}")], np.where(np.isnan(rows), uniform, rows))


def occupancies(mdp: MDP, policy: FloatArray) -> tuple[FloatArray, FloatArray]:
    """p(s_t | pi) with T+1 rows, and the mass that discount has ended before each t. NaN rows must not be reached.

    A terminal state of the process's own takes up what discount has ended, as in the network.
    """
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
    ended = 1.0 - belief.sum(axis=1) if mdp.discount < 1.0 else np.zeros(len(belief))
    own = terminal_state(mdp) if mdp.discount < 1.0 else None
    if own is None:
        return belief, ended
    belief[:, own] += ended
    return belief, np.zeros(len(belief))
