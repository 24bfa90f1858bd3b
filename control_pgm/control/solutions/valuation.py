"""Q, V and the policy of a control network, read off the messages of an elimination of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.solutions.step_clusters import StepClusters
from control_pgm.inference.utility.potentials import Term, add_up
from control_pgm.inference.utility.result import Valued
from control_pgm.tables.arrays import FloatArray, Scope, lock
from control_pgm.tables.frozen import Restored
from control_pgm.tables.operators import Operator
from control_pgm.tables.optimiser import optimiser


@dataclass(frozen=True, eq=False)
class Valuation(Restored):
    """The values of a control network under one type of inference; made by `valuate`.

    Attributes
    ----------
    network : ControlNetwork
    valued : Valued
        The messages.
    actions : Operator
        That of the actions.
    memory_limit : int
        Bytes that inference in the network may take.
    """

    network: ControlNetwork
    valued: Valued
    actions: Operator
    memory_limit: int

    @property
    def total(self) -> float:
        """The value of the whole from p(s_0) on."""
        return self.valued.total

    @cached_property
    def q(self) -> FloatArray:
        """Q_t(s,a) over all states of the network, axes t, s, a; −inf where the prior is zero."""
        pairs = list(zip(self._steps.states, self._steps.actions, strict=False))
        values = self.valued.over(self._clusters, pairs.__getitem__, self._steps.sizes)
        for t, beside in self._all_beside():
            values[t : t + 1] += beside[:, None]  # nothing is added at T, where no action is
        return lock(np.where(self._measures > 0, values, -inf))

    @cached_property
    def v(self) -> FloatArray:
        """V_t(s), axes t, s; T+1 rows."""
        states, sizes = self._steps.states, self._steps.sizes
        values = np.zeros((self.network.horizon + 1, sizes[0]))
        values[:-1] = self.valued.over(self._clusters, lambda t: (states[t],), sizes[:1], sent=True)
        for t, beside in self._all_beside():
            values[t] += beside
        return lock(values)

    @cached_property
    def policy(self) -> FloatArray:
        """pi(a_t|s_t), axes t, s, a; NaN where V = −inf."""
        return lock(optimiser(self.q, self._measures, *self.actions))

    # --- the tree -----------------------------------------------------------------------------------------------
    @cached_property
    def _steps(self) -> StepClusters:
        return StepClusters(self.network, self.valued.plan)

    @cached_property
    def _clusters(self) -> Sequence[int]:
        """Per step the cluster that eliminates the action."""
        return [self._steps.of_action(t) for t in range(self.network.horizon)]

    def _over(self, scope: Scope, terms: Sequence[Term]) -> FloatArray:
        """The sum of terms over s, or s and a."""
        sizes = self.valued.plan.problem.cardinalities
        shape = self._steps.sizes[: len(scope)]
        full = add_up([Term(scope, np.zeros(shape)), *terms], sizes)
        return full.dense.transpose([full.scope.index(x) for x in scope])

    def _all_beside(self) -> Iterator[tuple[int, FloatArray]]:
        """Per time that has any the values at and after it over the state alone that do not come through its action."""
        if self.network.uniform:
            return
        for times in self.valued.plan.alike(range(self.network.horizon + 1), numbers=False):
            if self._beside(times[0]):
                yield from ((t, self._over((self._steps.states[t],), self._beside(t))) for t in times)

    def _beside(self, t: int) -> list[Term]:
        """Values at and after t over s_t alone that do not come through a_t: factors on s_t, the terminal reward."""
        terms = self.valued.terms(self._steps.of_state(t), without=self._steps.of_action(t))
        return [term for term in terms if term.scope == (self._steps.states[t],)]

    @cached_property
    def _measures(self) -> FloatArray:
        """What weighs the actions, axes s, a, or t, s, a where it varies."""
        made: dict[tuple[tuple[int, ...], ...], FloatArray] = {}
        steps: list[FloatArray] = []
        for times in self.valued.plan.alike(range(self.network.horizon), numbers=True):
            own = self.valued.weights(self._clusters[times[0]])
            key = tuple([table.identity for _, table in own])
            if key not in made:
                made[key] = self._measure(times[0], [Term(scope, table.dense().linear()) for scope, table in own])
            steps += [made[key]] * len(times)
        return steps[0] if len(made) == 1 else np.stack(steps)

    def _measure(self, t: int, weights: Sequence[Term]) -> FloatArray:
        ones, scope = np.ones(self._steps.sizes), (self._steps.states[t], self._steps.actions[t])
        for weight in weights:
            ones = ones * self._over(scope, [weight])
        return ones

    def check(self) -> None:
        """Refuse a changed network whose values are not functions of s_t and a_t, see `StepClusters.check`."""
        roots = [i for i in self.valued.plan.tree.roots if self.valued.messages[i].values is not None]
        self._steps.check("values", "Q(s,a)", "V does not cover all of them", roots)
