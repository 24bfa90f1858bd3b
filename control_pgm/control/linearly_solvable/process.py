"""Linearly solvable decision processes: choosing next states, at the price of leaving the passive dynamics.

There are no actions. The controller replaces the passive dynamics p(s'|s) by any u(·|s), and pays alpha KL(u ‖ p) for
it; being in s pays q(s). With the desirability z = e^{V/alpha} the optimal equations are linear (Todorov 2006, 2009):

    first exit      z = e^{q/alpha} P z inside, z = e^{final/alpha} at absorbing states
    finite horizon  z_t = e^{q/alpha} P z_{t+1}, z_T = e^{final/alpha}
    discounted      z = e^{q/alpha} P z^gamma                  (not linear any more)
    average         lambda z = e^{q/alpha} P z, lambda = e^{rate/alpha}

and u(s'|s) ∝ p(s'|s) z(s'), or z(s')^gamma. This is the control network whose actions are next states and whose action
prior is p(s'|s): u is its posterior policy p(a|s,O). The discounted form is its variational solution: here discount
makes the future cheaper, control costs included; it does not end the process as luck would have it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from control_pgm.control.arguments import as_csr, as_numbers
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.control.infinite.process import in_units
from control_pgm.control.mdp.checks import fits_dense
from control_pgm.control.mdp.mdp import MDP
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.frozen import Restored
from control_pgm.tables.probabilities import first_miss
from control_pgm.tables.variable import Labels, labels


@dataclass(frozen=True, eq=False, init=False, repr=False)
class LinearlySolvable(Restored):
    """Passive dynamics and rewards of states.

    Parameters
    ----------
    passive : array_like or scipy.sparse
        p(s'|s), shape (S, S).
    reward : array_like
        q(s), shape (S,), in units of reward (Todorov writes costs, −q); −inf forbids a state.
    final_reward : array_like, optional
        Shape (S,): paid in the last state of a finite horizon, or instead of q in the absorbing state that a first
        exit leads to. Default 0.
    states : optional
        Labels; default 0 … S−1.

    Raises
    ------
    InvalidModel
        On rows that do not sum to one (see `CPD`), NaN, +inf; names the state.

    Examples
    --------
    >>> walk = LinearlySolvable([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]], [0, -1, 0], states=["pit", "bridge", "home"])
    >>> walk
    LinearlySolvable(3 states, 2 of them absorbing)
    """

    states: Labels
    passive: Any
    reward: FloatArray
    final_reward: FloatArray

    def __init__(
        self,
        passive: Any,
        reward: ArrayLike,
        *,
        final_reward: ArrayLike | None = None,
        states: int | Iterable[Hashable] | None = None,
    ) -> None:
        matrix = _checked_matrix(passive)
        n = matrix.shape[0]
        names = labels(n if states is None else states, owner="the process's states")
        if len(names) != n:
            raise InvalidModel(f"{len(names)} states are named, but the dynamics have {n}", allowed=f"{n} labels")
        fields = self.__dict__
        fields.update(states=names, passive=_checked_rows(matrix, names, passive))
        fields["reward"] = _checked_reward(reward, "reward", names)
        fields["final_reward"] = _checked_reward(
            np.zeros(n) if final_reward is None else final_reward, "final_reward", names
        )

    @property
    def n_states(self) -> int:
        """S."""
        return len(self.states)

    @property
    def absorbing(self) -> BoolArray:
        """The states that the passive dynamics never leave, shape (S,)."""
        return np.asarray(self.passive.diagonal() == 1.0)

    def weights(self, temperature: float) -> LogMatrix:
        """e^{q(s)/alpha} p(s'|s) as logarithms."""
        rows = np.repeat(np.arange(self.n_states), np.diff(self.passive.indptr))
        logs = np.log(self.passive.data) + in_units(self.reward, temperature, self.reward > -np.inf)[rows]
        return LogMatrix.of(rows, self.passive.indices.astype(np.int64), logs, self.passive.shape)

    def as_mdp(self, *, first_exit: bool = False, discount: float = 1.0) -> MDP:
        """The decision process whose actions are next states; its action prior is ``passive.toarray()``.

        Parameters
        ----------
        first_exit : bool
            Whether absorbing states end the process: they pay nothing, and entering one pays its final reward.
            Otherwise q is paid in every state, and the final reward at the horizon.
        discount : float
            Gamma of the process.

        Examples
        --------
        >>> walk = LinearlySolvable([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]], [0, -1, 0])
        >>> walk.as_mdp().reward.tolist()
        [[0.0, 0.0, 0.0], [-1.0, 0.0, -1.0], [0.0, 0.0, 0.0]]
        """
        n = self.n_states
        fits_dense(n, 1)
        reward = np.repeat(self.reward[:, None], n, axis=1)
        if first_exit:
            reward = reward + np.where(self.absorbing, self.final_reward, 0.0)
            reward[self.absorbing] = 0.0
        next_states = sparse.csr_array(
            (np.ones(n * n), np.tile(np.arange(n), n), np.arange(n * n + 1)), shape=(n * n, n)
        )
        return MDP(
            next_states,
            reward,
            states=self.states,
            actions=self.states,
            available=self.passive.toarray() > 0,
            terminal_reward=None if first_exit or not self.final_reward.any() else self.final_reward,
            discount=discount,
            reward_axes="sa",
        )

    def __repr__(self) -> str:
        return f"LinearlySolvable({self.n_states} states, {int(self.absorbing.sum())} of them absorbing)"


def _checked_matrix(passive: Any) -> Any:
    """The passive dynamics as a square CSR matrix of numbers ≥ 0."""
    given = passive if sparse.issparse(passive) else as_numbers(passive, "passive")
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.shape[0]:
        raise InvalidModel(f"passive has shape {given.shape}", allowed="(S, S), a row p(·|s) for each state")
    matrix = as_csr(given, "passive")
    matrix.eliminate_zeros()
    return matrix


def _checked_rows(matrix: Any, states: Labels, given: Any) -> Any:
    """Rows that are distributions, to the last digit."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    bad = ~((matrix.data > 0) & (matrix.data < np.inf))
    if bad.any():
        k = int(np.argmax(bad))
        raise InvalidModel(
            f"p(s'|s) is {matrix.data[k]} at s={states[rows[k]]!r}, s'={states[matrix.indices[k]]!r}",
            allowed="numbers ≥ 0",
        )
    sums = np.asarray(matrix.sum(axis=1))
    if miss := first_miss(sums, given, lambda: np.diff(matrix.indptr)):
        raise InvalidModel(
            f"p(s'|s) sums to {miss.total:.12g} over s' at s={states[miss.at[0]]!r}",
            allowed=miss.allowed,
            remedy=miss.remedy(),
        )
    matrix.data /= sums[rows]
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix


def _checked_reward(reward: ArrayLike, name: str, states: Labels) -> FloatArray:
    values = as_numbers(reward, name)
    if values.shape != (len(states),):
        raise InvalidModel(f"{name} has shape {values.shape}", allowed=f"({len(states)},), one number for each state")
    bad = ~(values < np.inf)
    if bad.any():
        s = int(np.argmax(bad))
        raise InvalidModel(f"{name} is {values[s]} at s={states[s]!r}", allowed="numbers below +inf; −inf forbids")
    return values
