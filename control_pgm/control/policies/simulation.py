"""Sampled trajectories of a policy under the true dynamics."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.arguments import is_count
from control_pgm.control.mdp.checks import MAX_DENSE_BYTES
from control_pgm.control.mdp.dynamics import Dynamics
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.control.mdp.termination import TERMINAL, terminal_state
from control_pgm.control.policies.checks import read_policy
from control_pgm.display import number, size
from control_pgm.errors import InvalidArgument, TooLarge, UndefinedConditional
from control_pgm.inference.seeds import generator
from control_pgm.keywords import keywords
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.frames import columns_frame
from control_pgm.tables.frozen import Restored

if TYPE_CHECKING:
    import pandas

_MOST_ENTRIES = 2**22  # probabilities of outcomes that are read in one go


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories(Restored):
    """n sampled trajectories.

    Attributes
    ----------
    states : int array [n, T+1]
        State indices; S stands for a process that discount has ended, unless it has its own terminal state.
    actions : int array [n, T]
    rewards : array [n, T+1]
        Rewards as they were drawn; the last column is the terminal reward. 0 after an end by discount.
    """

    mdp: MDP
    states: IntArray
    actions: IntArray
    rewards: FloatArray

    @property
    def returns(self) -> FloatArray:
        """The sum of rewards of each trajectory."""
        return np.asarray(self.rewards.sum(axis=1))

    def labels(self, k: int) -> list[Hashable]:
        """Trajectory k as labels: s_0, a_0, s_1, …, s_T."""
        names = (*self.mdp.states, TERMINAL)
        steps = zip(self.states[k], self.actions[k], strict=False)
        return [x for s, a in steps for x in (names[s], self.mdp.actions[a])] + [names[self.states[k, -1]]]

    def to_frame(self) -> pandas.DataFrame:
        """Every transition as a row of a pandas frame, with the columns run, t, s, a, r and next, by label.

        `MDP.from_transitions` estimates a process from it. Terminal rewards are left out.

        Raises
        ------
        MissingPackage
            If pandas is not installed.
        """
        names = (*self.mdp.states, TERMINAL)
        run, time = np.nonzero(self.states[:, :-1] < self.mdp.n_states)
        return columns_frame(
            {
                "run": run.tolist(),
                "t": time.tolist(),
                "s": [names[k] for k in self.states[run, time]],
                "a": [self.mdp.actions[k] for k in self.actions[run, time]],
                "r": self.rewards[run, time].tolist(),
                "next": [names[k] for k in self.states[run, time + 1]],
            }
        )

    def __len__(self) -> int:
        return len(self.states)

    def __repr__(self) -> str:
        horizon = self.actions.shape[1]
        return f"Trajectories({len(self)} of horizon {horizon}, mean return {number(float(self.returns.mean()))})"


@keywords
def simulate(
    mdp: MDP, policy: Any, n: int, seed: int | np.random.Generator, *, horizon: int | None = None
) -> Trajectories:
    """Draw ``n`` trajectories of a policy under the true dynamics.

    Parameters
    ----------
    policy : array [t, s, a] or [s, a], or whatever has a policy
        As for `evaluate`; a stationary one needs ``horizon``.
    n : int
        How many, ≥ 1.
    seed : int or numpy.random.Generator
        The same integer gives the same trajectories; a generator goes on from where it is.

    Raises
    ------
    UndefinedConditional
        If a state is reached at which the policy is NaN; names t and s.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> mdp = gridworld("S.G")
    >>> simulate(mdp, solve(mdp, 2, inference="bellman").policy, 3, seed=0).labels(0)
    ['(0,0)', 'right', '(0,1)', 'right', '(0,2)']
    """
    if not is_count(n):
        raise InvalidArgument(f"n {n!r}", allowed="an integer ≥ 1")
    pi, rng = read_policy(mdp, policy, horizon).table, generator(seed)
    if (need := 24 * n * (len(pi) + 1)) > MAX_DENSE_BYTES:
        raise TooLarge(
            f"{n:,} trajectories need {size(need)}", allowed=size(MAX_DENSE_BYTES), remedy="draw fewer at once"
        )
    own = terminal_state(mdp) if mdp.discount < 1.0 else None
    steps, ended = len(pi), mdp.n_states if own is None else own
    states = np.full((n, steps + 1), ended, dtype=np.int64)
    actions = np.zeros((n, steps), dtype=np.int64)
    rewards = np.zeros((n, steps + 1))
    states[:, 0] = _draw_start(mdp.initial, n, rng)
    for t in range(steps):
        going = np.flatnonzero(states[:, t] < mdp.n_states)
        s = states[going, t]
        if np.isnan(pi[t, s]).any():
            at = mdp.states[int(s[np.isnan(pi[t, s]).any(axis=1)][0])]
            raise UndefinedConditional(f"the policy is undefined (NaN) at t={t}, s={at!r}, which a trajectory reached")
        a = draw_rows(pi[t, s], rng)
        reached, place = _draw_outcomes(mdp.dynamics_at(t), s, a, rng)
        actions[going, t] = a
        table = mdp.reward_table.at(t)
        rewards[going, t] = _draw_rewards(table, place if table.on_outcome else (s, a), rng)
        if mdp.discount < 1.0:
            reached = np.where(rng.random(len(going)) < mdp.discount, reached, ended)
        states[going, t + 1] = reached
    if mdp.terminal_reward is not None:
        rewards[:, -1] = np.append(mdp.terminal_reward, 0.0)[states[:, -1]]
    for array in (states, actions, rewards):
        array.flags.writeable = False
    return Trajectories(mdp, states, actions, rewards)


def _draw_start(initial: FloatArray, n: int, rng: np.random.Generator) -> IntArray:
    """n states; never one of probability zero."""
    cumulative = np.cumsum(initial)
    return np.asarray(np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right"))


def draw_rows(rows: FloatArray, rng: np.random.Generator) -> IntArray:
    """One index per row of probabilities; never one of probability zero."""
    cumulative = np.cumsum(rows, axis=1)
    u = rng.random((len(rows), 1)) * cumulative[:, -1:]
    return np.asarray((cumulative <= u).sum(axis=1))


def _draw_outcomes(
    dynamics: Dynamics, s: IntArray, a: IntArray, rng: np.random.Generator
) -> tuple[IntArray, tuple[IntArray, ...]]:
    """The next states of pairs, and where their values on outcomes are.

    A row of probabilities may be as long as there are states: not too many of them are held at once.
    """
    at_once = max(1, _MOST_ENTRIES // dynamics.longest(s, a))
    parts = [slice(k, k + at_once) for k in range(0, len(s), at_once)]
    which = [draw_rows(dynamics.rows(s[part], a[part]), rng) for part in parts]
    return dynamics.reached(s, a, np.concatenate([np.zeros(0, dtype=np.int64), *which]))


def _draw_rewards(table: Rewards, place: tuple[IntArray, ...], rng: np.random.Generator) -> FloatArray:
    """The rewards at some places of a table; where an outcome has several, one is drawn."""
    if table.weights is None:
        return np.asarray(table.values[(0, *place)])
    which = draw_rows(np.stack([weight[place] for weight in table.weights], axis=1), rng)
    return np.asarray(table.values[(which, *place)])
