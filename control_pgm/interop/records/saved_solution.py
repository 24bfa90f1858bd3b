"""Solutions read from files: all of the data, without the network and its messages."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from control_pgm.control.mdp.checks import step
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.unroll import unroll_process
from control_pgm.control.policies.checks import drawn_action
from control_pgm.control.solutions.labelled_results import WithPolicy
from control_pgm.control.solutions.solution import TABULATED
from control_pgm.control.solve_options import has_temperature
from control_pgm.display import elided, html_table, number, text_table
from control_pgm.errors import NotAvailable
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.labelled_array import LabelledArray

AXES = {  # T: one time more than there are actions
    "policy": "tsa",
    "Q": "tsa",
    "V": "Ts",
    "advantage": "tsa",
    "defined": "ts",
    "log_backward": "Ts",
    "log_backward_action": "tsa",
    "log_forward": "Ts",
    "state_marginals": "Ts",
    "state_action_marginals": "tsa",
    "terminated": "T",
}
NUMBERS = (
    "risk",
    "log_evidence",
    "log_evidence_unshifted",
    "soft_value",
    "elbo",
    "gap",
    "value",
    "log_probability",
    "lower",
    "upper",
)
_SINCE_2 = ("risk", "value", "log_probability", "lower", "upper", "plan", "exact", "action_prior", "as_unrolled")
_NAMES = frozenset({*AXES, *NUMBERS, *_SINCE_2, "temperature", "reward_shift"})


@dataclass(frozen=True, eq=False, repr=False)
class SavedSolution(WithPolicy):
    """The data of a `Solution`, as `load_solution` reads them: no network and no messages to ask further.

    What was an attribute of the solution is one here, by the same name and labelled as before: ``.policy``, ``.V``,
    ``.log_evidence``, ``.plan``, …. What the type of inference did not have raises `NotAvailable`.

    Attributes
    ----------
    mdp : MDP
    horizon : int
        T, the number of actions.
    temperatures : array
        alpha_t of each step, in units of reward. ``.temperature`` is the single one, where it does not vary.
    inference : str
    convention : str
    values : mapping
        Name -> array, number or plan: all other attributes. Besides those of a solution: ``action_prior``, as `unroll`
        takes it, and ``as_unrolled``, whether the network had no replaced or added tables.
    version : int
        That of the file's format. Version 1 held less.
    """

    mdp: MDP
    horizon: int
    temperatures: FloatArray
    inference: str
    convention: str
    values: Mapping[str, Any]
    version: int

    def unroll(self) -> ControlNetwork:
        """The network that was solved, made once more, to ask further.

        Raises
        ------
        NotAvailable
            If the network had replaced or added tables, which are not saved, or if the file does not say so.

        Examples
        --------
        >>> from control_pgm import gridworld, load_solution, solve
        >>> saved = load_solution(solve(gridworld("S.G"), 3, temperature=0.5).save("solution.json"))
        >>> saved.unroll()
        ControlNetwork(MDP(3 states, 4 actions), horizon 3, temperature 0.5)
        >>> float(saved.unroll().infer().log_evidence - saved.log_evidence)
        0.0
        """
        if not self.as_unrolled:
            raise NotAvailable(
                "the network that was solved had replaced or added tables, which are not saved",
                remedy="begin with unroll(saved.mdp, saved.horizon, …) and change it in the same way",
            )
        return unroll_process(self.mdp, self.horizon, temperature=self.temperatures, action_prior=self.action_prior)

    def action(self, state: Hashable, t: int, rng: np.random.Generator | int) -> Hashable:
        """Draw an action from the policy, by label; ``rng`` is a generator, or a seed for a single draw.

        Raises
        ------
        UndefinedConditional
            If optimality is impossible from ``state`` at ``t``.
        """
        return drawn_action(self.policy, state, rng, step(t, self.horizon))

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__.get("values", {})
        if name in values:
            return values[name]
        if name == "expected_reward" and self.inference == "bellman":
            return self.value
        if name == "temperature":
            raise NotAvailable("a schedule of temperatures is no single temperature", remedy="see .temperatures")
        if name in _NAMES:
            old = self.version == 1 and name in _SINCE_2
            raise NotAvailable(
                f"the saved solution, inference={self.inference!r}, has no {name}",
                remedy="files of version 1 do not hold it: solve and save again" if old else "",
            )
        close = [] if name.startswith("_") else get_close_matches(name, _NAMES, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise AttributeError(f"SavedSolution has no attribute {name!r}{hint}")

    def _arrays(self) -> Mapping[str, LabelledArray]:
        return {name: self.values[name] for name in TABULATED if name in self.values}

    def _rows(self) -> list[list[str]]:
        sizes = f"{self.mdp.n_states}, {self.mdp.n_actions}, {self.horizon}"
        rows = [["inference", self.inference], ["states, actions, horizon", sizes]]
        first, last = number(float(self.temperatures[0])), number(float(self.temperatures[-1]))
        alpha = ["temperature", first] if "temperature" in self.values else ["temperatures", f"{first} … {last}"]
        alphas = [alpha] if has_temperature(self.inference) else []
        figures = [[name.replace("_", " "), number(self.values[name], 8)] for name in NUMBERS if name in self.values]
        return [*rows, *alphas, *figures]

    def _plan_rows(self) -> list[list[str]]:
        """The plan, its middle left out where it is long."""
        return elided([[f"a_{t}", str(label)] for t, label in enumerate(self.values.get("plan", ()))])

    def __str__(self) -> str:
        rows = [*self._rows(), *self._plan_rows()]
        return text_table(["saved solution", ""], rows, limit=len(rows))

    def _repr_html_(self) -> str:
        return html_table(["saved solution", ""], [*self._rows(), *self._plan_rows()])

    def __repr__(self) -> str:
        return f"SavedSolution({self.mdp!r}, horizon {self.horizon}, inference={self.inference!r})"
