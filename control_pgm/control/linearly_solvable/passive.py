"""A decision process read as a linearly solvable one: the passive dynamics are those of actions at random."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from control_pgm.control.arguments import to_process
from control_pgm.control.linearly_solvable.process import LinearlySolvable
from control_pgm.control.mdp.mdp import MDP
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray

_SAME = 1e-12  # rewards that differ by less, absolutely or relatively, are one reward


def passive_process(mdp: MDP) -> LinearlySolvable:
    """Passive dynamics p(s'|s) = mean over the available actions of P(s'|s,a), and rewards q(s) of states.

    Rewards may depend on the state alone. What is paid on top for entering an absorbing state becomes its final reward,
    and so does a terminal reward.

    Raises
    ------
    InvalidArgument
        If tables vary with time, or a reward depends on the action or on a next state that is not absorbing; names it.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> problem = passive_process(gridworld("S.G", step_reward=-0.1))
    >>> problem.passive.toarray().tolist()
    [[0.75, 0.25, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0]]
    >>> problem.reward.tolist(), problem.final_reward.tolist()
    ([-0.1, -0.1, 0.0], [0.0, 0.0, 1.0])
    """
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"{type(mdp).__name__} has no passive dynamics", allowed="an MDP", remedy=to_process(mdp))
    if mdp.time_steps is not None:
        raise InvalidArgument(
            f"tables of {mdp.time_steps} time steps, as a linearly solvable process",
            allowed="tables that do not vary with time",
            remedy="inference='posterior' takes them",
        )
    rows, reached, paid = _outcomes(mdp)
    states = rows // mdp.n_actions
    absorbing = np.ones(mdp.n_states, dtype=bool)
    absorbing[states[states != reached]] = False
    ends = absorbing[reached] & ~absorbing[states]
    own, known = _shared(mdp.n_states, states[~ends], paid[~ends])
    entered = ends & known[states] & (own[states] > -np.inf)  # nothing goes on from a state of −inf
    final, _ = _shared(mdp.n_states, reached[entered], paid[entered] - own[states[entered]])
    surely = ends & ~known[states] & (final[reached] > -np.inf)  # states that only lead to absorbing ones
    last, ending = _shared(mdp.n_states, states[surely], paid[surely] - final[reached[surely]])
    own = np.where(ending, last, own)
    _check(mdp, rows, reached, paid, own[states] + np.where(ends, final[reached], 0.0))
    final = final if mdp.terminal_reward is None else final + mdp.terminal_reward
    return LinearlySolvable(_mean_dynamics(mdp), own, final_reward=final, states=mdp.states)


def _outcomes(mdp: MDP) -> tuple[IntArray, IntArray, FloatArray]:
    """Row s·A+a, next state and reward of everything possible; an outcome of several rewards stands several times."""
    matrix = sparse.csr_array(mdp.matrix_at(0))
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    possible = mdp.available.ravel()[rows] & (matrix.data > 0)
    rewards = mdp.reward_table.at(0)
    if rewards.on_outcome:
        rewards = rewards if rewards.listed else rewards.as_list(matrix)
        values, used = rewards.values, np.broadcast_to(rewards.used(possible), rewards.values.shape)
    else:
        values, used = rewards.values[0].ravel()[rows][None], possible[None]
    which = np.nonzero(used)[1]
    return rows[which], matrix.indices[which].astype(np.int64), values[used]


def _shared(n_states: int, states: IntArray, values: FloatArray) -> tuple[FloatArray, BoolArray]:
    """The largest value of each state, 0 where there is none, and where there is one."""
    largest = np.full(n_states, -np.inf)
    np.maximum.at(largest, states, values)
    known: BoolArray = np.bincount(states, minlength=n_states) > 0
    return np.where(known, largest, 0.0), known


def _check(mdp: MDP, rows: IntArray, reached: IntArray, paid: FloatArray, expected: FloatArray) -> None:
    """Refuse a reward that is no function of the states alone."""
    differ = ~np.isclose(paid, expected, rtol=_SAME, atol=_SAME)
    if not differ.any():
        return
    k = int(np.argmax(differ))
    s, a = divmod(int(rows[k]), mdp.n_actions)
    raise InvalidArgument(
        f"no linearly solvable process, as the reward depends on more than the state: {paid[k]:g} at "
        f"s={mdp.states[s]!r}, a={mdp.actions[a]!r}, s'={mdp.states[int(reached[k])]!r}, elsewhere {expected[k]:g}",
        allowed="rewards r(s), and rewards for entering an absorbing state",
        remedy="inference='posterior' takes any rewards",
    )


def _mean_dynamics(mdp: MDP) -> sparse.csr_array:
    """p(s'|s) under the uniform distribution over the available actions, shape (S, S)."""
    pairs = mdp.n_states * mdp.n_actions
    starts = np.arange(mdp.n_states + 1) * mdp.n_actions
    mean = sparse.csr_array((mdp.uniform_prior.ravel(), np.arange(pairs), starts), shape=(mdp.n_states, pairs))
    return sparse.csr_array(mean @ sparse.csr_array(mdp.matrix_at(0)))
