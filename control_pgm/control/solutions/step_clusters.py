"""Clusters of the steps of a control network: where an engine's tree eliminates s_t and a_t."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.errors import InvalidModel
from control_pgm.inference.tree.plan import Plan


@dataclass(frozen=True, eq=False)
class StepClusters:
    """The clusters of all steps.

    Attributes
    ----------
    network : ControlNetwork
    plan : Plan
        Of its tree, which eliminates backwards in time.
    """

    network: ControlNetwork
    plan: Plan

    @cached_property
    def states(self) -> Sequence[int]:
        """The engine's numbers of s_0 … s_T."""
        return self.plan.series("s", self.network.horizon + 1)

    @cached_property
    def actions(self) -> Sequence[int]:
        """The engine's numbers of a_0 … a_{T−1}."""
        return self.plan.series("a", self.network.horizon)

    @cached_property
    def sizes(self) -> tuple[int, int]:
        """How many states and actions there are."""
        cards = self.plan.problem.cardinalities
        return cards[self.states[0]], cards[self.actions[0]]

    def of_state(self, t: int) -> int:
        """The cluster that eliminates s_t."""
        return self.plan.tree.position[self.states[t]]

    def of_action(self, t: int) -> int:
        """The cluster that eliminates a_t; −1 at the horizon."""
        return self.plan.tree.position[self.actions[t]] if t < self.network.horizon else -1

    def check(self, messages: str, function: str, whole: str, roots: Iterable[int]) -> None:
        """Refuse a changed network whose messages are not functions of s_t and a_t.

        Parameters
        ----------
        messages, function, whole : str
            What depends on more, what there is none of then, and what does not cover independent parts, for errors.
        roots : iterable of int
            The roots that anything is sent to.

        Raises
        ------
        InvalidModel
            Names the first step at which something else matters, or what is independent of the rest.
        """
        tree, names = self.plan.tree, self.plan.problem.names
        remedy = "ask network.infer() for the marginal or conditional that you want instead of solve()"
        for t, *_ in self.plan.alike(range(self.network.horizon), numbers=False):
            own = self.states[t], self.actions[t]
            others = [names[v] for v in tree.scopes[self.of_action(t)] if v not in own]
            if others:
                raise InvalidModel(
                    f"the {messages} at t={t} depend on {', '.join(others)} beside s_{t} and a_{t}: no {function}",
                    remedy=remedy,
                )
        alone = [names[tree.order[i]] for i in roots if tree.order[i] != self.states[0]]
        if alone:
            raise InvalidModel(f"the network falls into independent parts at {alone[-1]}: {whole}", remedy=remedy)
