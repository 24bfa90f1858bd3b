"""Solutions over beliefs: alpha vectors, values and actions, of a horizon or without a last step."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from control_pgm.control.arguments import is_count
from control_pgm.control.mdp.checks import step
from control_pgm.control.partially_observed.bounds import UpperBound
from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.control.partially_observed.simulation import BeliefTrajectories, draw_histories
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument, NotAvailable
from control_pgm.keywords import keywords
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.frozen import Restored
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels, labels


@dataclass(frozen=True, eq=False, repr=False)
class AlphaVectors(Restored):
    """Linear functions of the belief, one for each plan: b·alpha is what the plan is worth at b.

    Attributes
    ----------
    pomdp : POMDP
    values : array [k, s]
    action_indices : int array [k]
        The first action of each plan.
    """

    pomdp: POMDP
    values: FloatArray
    action_indices: IntArray

    @property
    def vectors(self) -> LabelledArray:
        """The vectors, axes k and s, in units of reward."""
        return LabelledArray(self.values, ("k", "s"), {"k": _numbers(len(self)), "s": self.pomdp.states})

    @property
    def actions(self) -> tuple[Hashable, ...]:
        """The label of the first action of each plan."""
        return tuple(self.pomdp.actions[a] for a in self.action_indices)

    def largest(self, beliefs: FloatArray) -> IntArray:
        """Which vector is the largest at each belief [..., s]; the first of several."""
        return np.asarray((beliefs @ self.values.T).argmax(axis=-1))

    def __len__(self) -> int:
        return len(self.values)

    def _rows(self) -> list[list[str]]:
        return [
            [str(action), *map(number, row)]
            for action, row in zip(self.actions, self.values[:, :12].tolist(), strict=True)
        ]

    def __str__(self) -> str:
        return text_table(["action", *map(str, self.pomdp.states[:12])], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["action", *map(str, self.pomdp.states[:12])], self._rows())

    def __repr__(self) -> str:
        return f"AlphaVectors({len(self)} over {self.pomdp.n_states} states)"


class _ActsOnBeliefs(Restored):
    """A base of solutions whose actions depend on the belief."""

    @property
    def policy(self) -> NoReturn:
        """There is no policy over states, which are hidden: raises `NotAvailable`."""
        raise NotAvailable(
            f"{type(self).__name__} has no policy over states, which are hidden",
            remedy=".action(belief) gives the action at a belief, .simulate(n, seed) draws histories",
        )


@dataclass(frozen=True, eq=False, repr=False)
class BeliefSolution(_ActsOnBeliefs):
    """Values and actions at every belief over a horizon; made by `solve` of a `POMDP`.

    V_t(b) = max_k b·alpha_k, the expected discounted reward from step t on of the best policy that sees observations
    only.

    Attributes
    ----------
    pomdp : POMDP
    alpha_vectors : tuple of AlphaVectors
        Those of step t, 0 … T−1, with ``.vectors`` [k, s] and ``.actions``.

    Notes
    -----
    Each vector is the value of a plan, to rounding. What one pruning leaves out is larger nowhere by more than 3e-10 of
    the largest entry, or of one: twice the tolerance of the gains, and that of the linear programs. There are at most
    2·O + 1 in each step, so that values are at most 3e-10·(2·O + 1)·T of it below the exact ones.
    """

    pomdp: POMDP
    alpha_vectors: tuple[AlphaVectors, ...]

    @property
    def horizon(self) -> int:
        """T, the number of actions."""
        return len(self.alpha_vectors)

    def value(self, belief: Any = None, t: int = 0) -> float:
        """V_t(b), in units of reward.

        Parameters
        ----------
        belief : array_like, mapping {label: p}, or state label, optional
            Default: the initial belief.
        t : int
            0 … T−1.

        Raises
        ------
        InvalidModel, UnknownName
            On what is no belief.
        InvalidArgument
            On a step that does not exist.
        """
        vectors = self.alpha_vectors[step(t, self.horizon)]
        return float((vectors.values @ self.pomdp.belief(belief)).max())

    def action(self, belief: Any = None, t: int = 0) -> Hashable:
        """The best action at a belief and step, by label; parameters and errors as for `value`."""
        vectors = self.alpha_vectors[step(t, self.horizon)]
        return vectors.actions[int(vectors.largest(self.pomdp.belief(belief)))]

    @keywords
    def simulate(self, n: int, seed: int | np.random.Generator) -> BeliefTrajectories:
        """Draw ``n`` histories of the best policy; the same seed draws the same.

        Raises
        ------
        InvalidArgument
            If n is no integer ≥ 1, or the seed no seed.

        Examples
        --------
        >>> from control_pgm import solve, tiger
        >>> solve(tiger(discount=1.0), 4, inference="bellman").simulate(10_000, seed=0)
        BeliefTrajectories(10000 of horizon 4, mean return 2.368)
        """

        def choose(t: int, beliefs: FloatArray) -> IntArray:
            vectors = self.alpha_vectors[t]
            return np.asarray(vectors.action_indices[vectors.largest(beliefs)])

        return draw_histories(self.pomdp, choose, n, seed, self.horizon)

    def _rows(self) -> list[list[str]]:
        first, most = len(self.alpha_vectors[0]), max(map(len, self.alpha_vectors))
        return [
            ["process", repr(self.pomdp)],
            ["horizon", str(self.horizon)],
            ["value at the initial belief", number(self.value(), 8)],
            ["first action", str(self.action())],
            ["alpha vectors", f"{first} at t=0, at most {most}"],
        ]

    def __str__(self) -> str:
        return text_table(["values of beliefs", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["values of beliefs", ""], self._rows())

    def __repr__(self) -> str:
        first = len(self.alpha_vectors[0])
        return f"BeliefSolution({self.pomdp!r}, horizon {self.horizon}, {first} alpha vectors at t=0)"


@dataclass(frozen=True, eq=False, repr=False)
class StationaryBeliefSolution(_ActsOnBeliefs):
    """Bounds of the value of every belief, and a policy, without a last step; made by `solve_infinite` of a `POMDP`.

    The bounds are close at the initial belief, and at those that a good policy reaches from it; elsewhere
    ``lower(b)`` and ``upper(b)`` show how much is known.

    Attributes
    ----------
    pomdp : POMDP
    alpha_vectors : AlphaVectors
        The lower bound max_k b·alpha_k: each vector is at most what some policy is worth.
    upper_bound : UpperBound
    iterations : int
        The number of trials.
    """

    pomdp: POMDP
    alpha_vectors: AlphaVectors
    upper_bound: UpperBound
    iterations: int

    def lower(self, belief: Any = None) -> float:
        """What `action` gets from a belief on at least, in units of reward; arguments as for `value`."""
        return float((self.alpha_vectors.values @ self.pomdp.belief(belief)).max())

    def upper(self, belief: Any = None) -> float:
        """What no policy exceeds from a belief on, in units of reward; arguments as for `value`."""
        return float(self.upper_bound.at(self.pomdp.belief(belief)[None])[0])

    def value(self, belief: Any = None) -> float:
        """The lower bound of V(b), in units of reward.

        Parameters
        ----------
        belief : array_like, mapping {label: p}, or state label, optional
            Default: the initial belief, at which it is below V by ``error_bound`` at most.

        Raises
        ------
        InvalidModel, UnknownName
            On what is no belief.
        """
        return self.lower(belief)

    def action(self, belief: Any = None) -> Hashable:
        """The action of the largest alpha vector at a belief, by label; arguments as for `value`."""
        return self.alpha_vectors.actions[int(self.alpha_vectors.largest(self.pomdp.belief(belief)))]

    @property
    def error_bound(self) -> float:
        """upper − lower at the initial belief, in units of reward."""
        return self.upper() - self.lower()

    @keywords
    def simulate(self, n: int, seed: int | np.random.Generator, *, horizon: int) -> BeliefTrajectories:
        """Draw ``n`` histories of ``horizon`` actions of the policy; the same seed draws the same.

        Raises
        ------
        InvalidArgument
            If n or horizon is no integer ≥ 1, or the seed no seed.
        """
        if not is_count(horizon):
            raise InvalidArgument(f"horizon {horizon!r}", allowed="an integer ≥ 1, the number of actions")

        def choose(t: int, beliefs: FloatArray) -> IntArray:
            return np.asarray(self.alpha_vectors.action_indices[self.alpha_vectors.largest(beliefs)])

        return draw_histories(self.pomdp, choose, n, seed, horizon)

    def _rows(self) -> list[list[str]]:
        return [
            ["process", repr(self.pomdp)],
            ["lower bound at the initial belief", number(self.lower(), 8)],
            ["upper bound at the initial belief", number(self.upper(), 8)],
            ["first action", str(self.action())],
            ["alpha vectors", str(len(self.alpha_vectors))],
            ["trials", str(self.iterations)],
        ]

    def __str__(self) -> str:
        return text_table(["values of beliefs", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["values of beliefs", ""], self._rows())

    def __repr__(self) -> str:
        low, high = number(self.lower(), 6), number(self.upper(), 6)
        return f"StationaryBeliefSolution({self.pomdp!r}, {low} ≤ V ≤ {high} at the initial belief)"


def _numbers(n: int) -> Labels:
    return labels(n, owner="the alpha vectors")
