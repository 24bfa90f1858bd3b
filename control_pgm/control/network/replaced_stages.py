"""The dynamics, rewards and prior of a step whose tables were replaced in a control network.

Rewards belong to the process: r(s,a,s') is paid for an outcome whatever its probability. Where p(s_{t+1}|s_t,a_t) or
p(a_t|s_t) of a network is replaced, more may be possible than before, and c_t = max r_t, the mixtures of discount and
p(O_t=1|·) = exp((r_t − c_t)/alpha) follow from the rewards once more. Nothing is made up for outcomes without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from control_pgm.control.mdp.checks import payable
from control_pgm.control.mdp.dynamics import DenseDynamics, Dynamics, SparseDynamics, aligned, locked
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.control.mdp.termination import TERMINAL, Ending
from control_pgm.control.network.priors import Prior
from control_pgm.control.network.slices import Stage, stage_of
from control_pgm.errors import InvalidModel
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import BoolArray, FloatArray, lock
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.variable import Variable

_ROUNDING = 1e-12  # a probability below this, left over from a difference, is none


class Replaceable(Protocol):
    """A `ControlNetwork` whose tables are replaced."""

    @property
    def mdp(self) -> MDP:
        """The process."""

    @property
    def prior(self) -> Prior:
        """p(a|s) as it was given."""

    def cpd(self, name: str) -> CPD:
        """The table of a variable."""

    def variable(self, name: str) -> Variable:
        """A variable by its name."""


@dataclass(frozen=True)
class Pending:
    """A control network together with the CPDs that will be replaced in it."""

    network: Replaceable
    cpds: dict[str, CPD]

    @property
    def mdp(self) -> MDP:
        """The process of the network."""
        return self.network.mdp

    @property
    def prior(self) -> Prior:
        """p(a|s) of the network as it was given."""
        return self.network.prior

    def cpd(self, name: str) -> CPD:
        """The table that a variable will have."""
        return self.cpds[name] if name in self.cpds else self.network.cpd(name)

    def variable(self, name: str) -> Variable:
        """A variable by its name."""
        return self.network.variable(name)


def replaced_stage(network: Replaceable, cpd: CPD, t: int, *, rewarded: bool) -> Stage | None:
    """What step t is made of when a table is replaced; None if its rewards are paid as before.

    Parameters
    ----------
    network : ControlNetwork
        With the old table.
    cpd : CPD
        The new one of s_{t+1} or a_t.
    rewarded : bool
        Whether p(O_t|·) follows from the rewards; otherwise it was replaced itself, and is left alone.

    Raises
    ------
    InvalidModel
        If actions become possible that were not available, or outcomes for which no reward is known; names t, s, a, s'.
    """
    mdp, child = network.mdp, cpd.child.name
    after, acting = (cpd if child == name else network.cpd(name) for name in (f"s_{t + 1}", f"a_{t}"))
    prior = _over(acting, network, (f"s_{t}", f"a_{t}"))
    stage = replace(stage_of(mdp, t, network.prior.at(t)), prior=lock(prior))
    own_dynamics = after.scaled is stage.transition
    _check_available(network, t, stage, own_dynamics)
    if not rewarded or (child == f"s_{t + 1}" and not stage.rewards.on_outcome):
        return None
    if not own_dynamics and stage.rewards.on_outcome:
        stage = _with_dynamics(network, t, stage, after)
    _check_known(mdp, t, stage, child)
    return stage


def _over(cpd: CPD, network: Replaceable, names: Sequence[str]) -> FloatArray:
    """The table over these variables: the largest entry over any others, the same for those that it lacks."""
    among = [name for name in cpd.scope if name in names]
    others = [name for name in cpd.scope if name not in names]
    table = cpd.array(*among, *others)
    table = table.max(axis=tuple(range(len(among), table.ndim)))
    order = [among.index(name) for name in names if name in among]
    shape = [network.variable(name).cardinality for name in names]
    spread = [n if name in among else 1 for n, name in zip(shape, names, strict=True)]
    return np.ascontiguousarray(np.broadcast_to(table.transpose(order).reshape(spread), shape))


# --- dynamics -----------------------------------------------------------------------------------------------------
def _with_dynamics(network: Replaceable, t: int, stage: Stage, after: CPD) -> Stage:
    """The stage with other dynamics, and the rewards of their outcomes."""
    names = (f"s_{t}", f"a_{t}", f"s_{t + 1}")
    others = [name for name in after.scope if name not in names]
    if stage.ending is not None and others:
        raise InvalidModel(
            f"{after!r} depends on {others[0]!r}, and so would the reward that a step ended by discount has collected",
            allowed=f"p({names[2]} | {names[0]}, {names[1]}), or fewer parents",
            remedy=f"replace p(O_{t} | …) first, by a table of your own",
        )
    transition = after.scaled
    now: Dynamics
    if isinstance(transition, SparseScaled) and after.scope == names:
        now, transition = _sparse(transition)
    else:
        now = DenseDynamics(lock(_over(after, network, names)))
        transition = transition.dense() if isinstance(transition, SparseScaled) else transition
    if stage.ending is None:
        return replace(stage, dynamics=now, rewards=_rewards(network.mdp, t, now), transition=transition)
    ending = Ending(now, stage.ending.own)
    goes_on, matrix = _without_ending(network.mdp, t, now, ending)
    n, m = network.mdp.n_states, network.mdp.n_actions
    dynamics: Dynamics = SparseDynamics(locked(matrix))
    if isinstance(now, DenseDynamics):
        dynamics = DenseDynamics(lock(matrix.toarray().reshape(n, m, n)))
    rewards = _rewards(network.mdp, t, dynamics)
    return Stage(dynamics, rewards, stage.prior, goes_on, ending, transition)


def _sparse(table: SparseScaled) -> tuple[SparseDynamics, SparseScaled]:
    """The dynamics of a sparse p(s'|s,a), and the table itself, without listed zeros."""
    states, actions, n = table.shape
    positions, numbers = table.nonzeros()
    starts = np.searchsorted(positions, np.arange(states * actions + 1) * n)
    matrix = sparse.csr_array((numbers.linear(), positions % n, starts), shape=(states * actions, n))
    if len(positions) < table.pattern.nnz:
        table = SparseScaled.from_csr(matrix, table.shape)
    return SparseDynamics(locked(matrix)), table


def _without_ending(mdp: MDP, t: int, now: Dynamics, ending: Ending) -> tuple[FloatArray, Any]:
    """The share of each row that does not end, and where it goes on to: what `terminated` made one table of.

    Arriving in an appended terminal state is an end. One of the process itself can be reached besides: what exceeds
    1 − gamma there is an arrival. Where a row only ends, the process has what would have been reached.
    """
    n, m = mdp.n_states, mdp.n_actions
    matrix = sparse.csr_array(now.matrix)[: n * m]
    k = n if ending.own is None else ending.own
    ends = matrix[:, [k]].toarray().ravel()
    if ending.own is not None:
        ends = np.minimum(ends, 1.0 - mdp.discount)
        ends[k * m : (k + 1) * m] = 0.0
        matrix = matrix - sparse.csr_array((ends, (np.arange(n * m), np.full(n * m, k))), shape=matrix.shape)
    matrix = sparse.csr_array(matrix[:, :n])
    matrix.data[matrix.data < _ROUNDING] = 0.0
    matrix.eliminate_zeros()
    goes_on = matrix @ np.ones(n)
    only_ends = goes_on == 0.0
    matrix.data /= np.repeat(np.where(only_ends, 1.0, goes_on), np.diff(matrix.indptr))
    if only_ends.any():
        process = sparse.csr_array(mdp.matrix_at(t))
        process.data = process.data * np.repeat(only_ends, np.diff(process.indptr))
        matrix = sparse.csr_array(matrix + process)
        matrix.eliminate_zeros()
    matrix.sort_indices()
    return lock(goes_on.reshape(n, m)), matrix


# --- rewards ------------------------------------------------------------------------------------------------------
def _rewards(mdp: MDP, t: int, dynamics: Dynamics) -> Rewards:
    """The rewards of step t in the form of other dynamics; `Rewards.known` marks the outcomes that have one."""
    rewards = mdp.reward_table.at(t)
    if not rewards.listed:
        return rewards if isinstance(dynamics, DenseDynamics) else rewards.as_list(dynamics.matrix)
    matrix: Any = sparse.csr_array(dynamics.matrix)
    moved = rewards.moved(mdp.table, matrix)
    if rewards.beyond is not None and moved.known is not None:
        missing = np.flatnonzero(~moved.known)
        row = np.searchsorted(matrix.indptr, missing, side="right") - 1
        found = rewards.beyond.pick(row // mdp.n_actions, row % mdp.n_actions, matrix.indices[missing])
        moved = moved.filled((missing,), found)
    moved = replace(moved, beyond=None)
    return moved.as_dense(matrix) if isinstance(dynamics, DenseDynamics) else moved


# --- refusals -----------------------------------------------------------------------------------------------------
def _check_available(network: Replaceable, t: int, stage: Stage, own_dynamics: bool) -> None:
    """Refuse actions that the process lacks: it knows nothing of what they lead to."""
    mdp = network.mdp
    taken = (stage.prior[: mdp.n_states] > 0) & ~mdp.available
    if not taken.any() or (not own_dynamics and not network.prior.counting):
        return
    s, a = np.argwhere(taken)[0]
    raise InvalidModel(
        f"p(a_{t} | …) is above 0 at s_{t}={mdp.states[s]!r}, a_{t}={mdp.actions[a]!r}, which is not available",
        allowed="0 where an action is not available",
        remedy="available actions are counted, others are not: unroll with an action_prior instead"
        if network.prior.counting
        else f"replace p(s_{t + 1} | s_{t}, a_{t}) first, which says where it leads; or make it available in the MDP",
    )


def _check_known(mdp: MDP, t: int, stage: Stage, child: str) -> None:
    """Refuse outcomes for which the process has no reward."""
    rewards, support = stage.rewards, stage.support
    missing = rewards.used(support) & ~payable(rewards.values)
    if rewards.on_outcome and rewards.known is not None:
        missing = missing | (rewards.used(support) & ~(rewards.known | _possible(mdp, t, stage.dynamics)))
    if stage.appends and rewards.on_outcome:
        _check_end(stage, t)
    if not missing.any():
        return
    k, *place = (int(i) for i in np.argwhere(missing)[0])
    at = stage.dynamics.outcome(tuple(place)) if rewards.on_outcome else place
    value = rewards.values[(k, *place)]
    known = rewards.known is None or bool(rewards.known[tuple(place)])
    raise _unknown(mdp, t, child, at, f"the reward given is {value}" if known else "no reward is known")


def _check_end(stage: Stage, t: int) -> None:
    """Refuse dynamics under which a process that discount has ended goes on."""
    assert stage.ending is not None
    matrix = sparse.csr_array(stage.ending.dynamics.matrix)
    n = matrix.shape[1]
    m = matrix.shape[0] // n
    leaves = matrix[(n - 1) * m :, : n - 1]
    if leaves.nnz:
        raise InvalidModel(
            f"p(s_{t + 1} | …) leads on from s_{t}={TERMINAL!r}, for which no reward is known",
            allowed="the process stays there, once discount has ended it",
            remedy=f"replace p(O_{t} | …) first, by a table of your own",
        )


def _possible(mdp: MDP, t: int, dynamics: Dynamics) -> BoolArray:
    """What the process itself makes possible, as values on outcomes of other dynamics: its rewards are all known."""
    own = mdp.dynamics_at(t).support(mdp.available)
    if isinstance(dynamics, DenseDynamics):
        if not mdp.sparse:
            return own
        own = sparse.csr_array((own, mdp.table.indices, mdp.table.indptr), shape=mdp.table.shape).toarray()
        return np.asarray(own.reshape(dynamics.table.shape) > 0)
    matrix = mdp.table if mdp.sparse else sparse.csr_array(own.reshape(-1, mdp.n_states))
    data = own.astype(np.float64) if mdp.sparse else np.ones(matrix.nnz)
    return np.asarray(aligned(data, matrix, dynamics.matrix) > 0)


def _unknown(mdp: MDP, t: int, child: str, at: Sequence[int], why: str) -> InvalidModel:
    names = [f"s_{t}={mdp.states[at[0]]!r}", f"a_{t}={mdp.actions[at[1]]!r}"]
    names += [f"s_{t + 1}={mdp.states[at[2]]!r}"] if len(at) > 2 else []
    return InvalidModel(
        f"p({child} | …) makes {', '.join(names)} possible, for which {why}",
        allowed="what the MDP has finite rewards for, or −inf",
        remedy=f"give the MDP rewards for all outcomes, as an array (S, A, S); or replace p(O_{t} | …) first, by a "
        "table of your own",
    )
