"""One step of a solution: its slices of the arrays over time."""

from __future__ import annotations

from dataclasses import dataclass

from control_pgm.display import text_table
from control_pgm.tables.labelled_array import LabelledArray


@dataclass(frozen=True, eq=False, repr=False)
class SolutionStep:
    """What a solution says about one time; made by ``solution.at(t)``.

    Attributes
    ----------
    t : int
    policy, Q, advantage : axes s, a.
    V, state_marginals : axis s.
    state_action_marginals : axes s, a.
    """

    t: int
    policy: LabelledArray
    Q: LabelledArray
    V: LabelledArray
    advantage: LabelledArray
    state_marginals: LabelledArray
    state_action_marginals: LabelledArray

    def __repr__(self) -> str:
        states, actions = self.policy.shape
        return f"Step(t={self.t}, {states} states, {actions} actions)"

    def __str__(self) -> str:
        return text_table(["step", ""], [["t", str(self.t)], ["states", str(self.policy.shape[0])]])
