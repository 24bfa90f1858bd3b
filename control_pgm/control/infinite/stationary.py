"""The answer about an infinite horizon with discount, or with an end that surely comes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.policies.checks import drawn_action
from control_pgm.control.saving import Savable
from control_pgm.control.solutions.labelled_results import WithPolicy
from control_pgm.display import html_table, number, text_table
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.labelled_array import LabelledArray


def by_state(mdp: MDP, values: FloatArray | BoolArray) -> LabelledArray:
    """Label an array [s]."""
    return LabelledArray(np.array(values), ("s",), {"s": mdp.states})


def by_pair(mdp: MDP, values: FloatArray) -> LabelledArray:
    """Label an array [s,a]."""
    return LabelledArray(np.array(values), ("s", "a"), {"s": mdp.states, "a": mdp.actions})


def labelled_difference(q: FloatArray, v: FloatArray) -> FloatArray:
    """Q − V; NaN where V = −inf or NaN."""
    result = np.full(q.shape, np.nan)
    np.subtract(q, v[:, None], out=result, where=np.broadcast_to(v[:, None] > -np.inf, q.shape))
    return result


@dataclass(frozen=True, eq=False, repr=False)
class StationarySolution(Savable, WithPolicy):
    """A stationary policy and its values; made by `solve_infinite`.

    Arrays are labelled (``.sel(s="home", a="go")``) and read-only; ``np.asarray`` gives the plain array.

    Attributes
    ----------
    mdp : MDP
    inference : str
        "variational", "bellman", "posterior" or "planning".
    temperature : float or None
        alpha, in units of reward; None where the inference has none.
    risk : float or None
        lambda of inference="planning", per unit of reward.
    policy : LabelledArray [s, a]
        pi(a|s); NaN where V = −inf or NaN. Where the best action is taken, those share that the error bound cannot
        distinguish.
    Q : LabelledArray [s, a]
        The value of acting, in units of reward; −inf for what is unavailable or forbidden.
    V : LabelledArray [s]
        The value of a state, in units of reward; NaN, as are Q and policy, where discount 1 leaves it without a value
        and the process never comes.
    residuals : array [iteration]
        The largest change of V in every sweep, in units of reward; inf while states are still found impossible.
    error_bound : float
        Proved: no entry of V or Q is further from the exact one, in units of reward. inf where nothing could be proved,
        which happens with discount 1 only.
    method : str
        "value-iteration" or "policy-iteration".
    action_prior : array, "counting" or None
        p(a|s) as it was given; None for uniform.
    """

    mdp: MDP
    inference: str
    temperature: float | None
    risk: float | None
    policy: LabelledArray
    Q: LabelledArray
    V: LabelledArray
    residuals: FloatArray
    error_bound: float
    method: str
    action_prior: FloatArray | str | None = None

    @property
    def temperatures(self) -> FloatArray | None:
        """The temperature of every step; None where the inference has none."""
        return None if self.temperature is None else np.array([self.temperature])

    def action(self, state: Hashable, rng: np.random.Generator | int) -> Hashable:
        """Draw an action from the policy, by label; ``rng`` is a generator, or a seed for a single draw.

        Raises
        ------
        UndefinedConditional
            If optimality is impossible from ``state``.
        """
        return drawn_action(self.policy, state, rng)

    @cached_property
    def advantage(self) -> LabelledArray:
        """Q − V, axes s, a, in units of reward; NaN where V = −inf or NaN."""
        return by_pair(self.mdp, labelled_difference(self.Q.values, self.V.values))

    @cached_property
    def defined(self) -> LabelledArray:
        """Whether anything is allowed from there for ever, axis s."""
        return by_state(self.mdp, ~np.isnan(self.policy.values[:, 0]))

    @property
    def iterations(self) -> int:
        """How many sweeps it took."""
        return len(self.residuals)

    @property
    def residual(self) -> float:
        """The largest change of V in the last sweep, in units of reward."""
        return float(self.residuals[-1])

    def _arrays(self) -> Mapping[str, LabelledArray]:
        return {"policy": self.policy, "Q": self.Q, "V": self.V, "advantage": self.advantage}

    def _rows(self) -> list[list[str]]:
        rows = [
            ["inference", self.inference],
            ["states, actions", f"{self.mdp.n_states}, {self.mdp.n_actions}"],
            ["discount", number(self.mdp.discount, 8)],
        ]
        rows += [["temperature", number(self.temperature)]] if self.temperature is not None else []
        rows += [["risk", number(self.risk)]] if self.risk is not None else []
        proved = number(self.error_bound) if self.error_bound < np.inf else "none is proved"
        return [
            *rows,
            ["method", f"{self.method}, {self.iterations} sweeps"],
            ["last change of V", number(self.residual)],
            ["error bound of V and Q", proved],
        ]

    def __str__(self) -> str:
        return text_table(["infinite horizon", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["infinite horizon", ""], self._rows())

    def __repr__(self) -> str:
        return f"StationarySolution({self.mdp!r}, inference={self.inference!r}, error ≤ {number(self.error_bound)})"
