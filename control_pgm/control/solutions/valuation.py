"""Q, V and the policy of a control network, read off the messages of an elimination of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np

from control_pgm.control.network.unroll import ControlNetwork
from control_pgm.errors import InvalidModel
from control_pgm.inference.utility.potentials import Term, add_up
from control_pgm.inference.utility.result import Valued
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.contraction.views import Scope
from control_pgm.tables.operators import Operator
from control_pgm.tables.optimiser import optimiser
from control_pgm.tables.restoring import Restored

_REMEDY = "ask network.infer() for the marginal or conditional that you want instead of solve()"


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
        pairs = list(zip(self._states, self._actions, strict=False))
        values = self.valued.over(self._clusters, pairs.__getitem__, self._sizes)
        for t, beside in self._all_beside():
            values[t : t + 1] += beside[:, None]  # nothing is added at T, where no action is
        return lock(np.where(self._measures > 0, values, -inf))

    @cached_property
    def v(self) -> FloatArray:
        """V_t(s), axes t, s; T+1 rows."""
        values = np.zeros((self.network.horizon + 1, self._sizes[0]))
        values[:-1] = self.valued.over(self._clusters, lambda t: (self._states[t],), self._sizes[:1], sent=True)
        for t, beside in self._all_beside():
            values[t] += beside
        return lock(values)

    @cached_property
    def policy(self) -> FloatArray:
        """pi(a_t|s_t), axes t, s, a; NaN where V = −inf."""
        return lock(optimiser(self.q, self._measures, *self.actions))

    # --- finding one's way in the tree --------------------------------------------------------------------------
    @cached_property
    def _states(self) -> Sequence[int]:
        return self.valued.plan.series("s", self.network.horizon + 1)

    @cached_property
    def _actions(self) -> Sequence[int]:
        return self.valued.plan.series("a", self.network.horizon)

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        cards = self.valued.plan.problem.cardinalities
        return cards[self._states[0]], cards[self._actions[0]]

    def _over(self, scope: Scope, terms: Sequence[Term]) -> FloatArray:
        """The sum of terms over s, or s and a."""
        sizes = self.valued.plan.problem.cardinalities
        shape = self._sizes[: len(scope)]
        full = add_up([Term(scope, np.zeros(shape)), *terms], sizes)
        return full.dense.transpose([full.scope.index(x) for x in scope])

    @cached_property
    def _clusters(self) -> Sequence[int]:
        """Per step the cluster that eliminates the action."""
        position = self.valued.plan.tree.position
        return [position[a] for a in self._actions]

    def _all_beside(self) -> Iterator[tuple[int, FloatArray]]:
        """Per time that has any the values at and after it over the state alone that do not come through its action."""
        if self.network.uniform:
            return
        for times in self.valued.plan.alike(range(self.network.horizon + 1), numbers=False):
            if self._beside(times[0]):
                yield from ((t, self._over((self._states[t],), self._beside(t))) for t in times)

    def _beside(self, t: int) -> list[Term]:
        """Values at and after t over s_t alone that do not come through a_t: factors on s_t, the terminal reward."""
        through = self._clusters[t] if t < self.network.horizon else -1
        terms = self.valued.terms(self.valued.plan.tree.position[self._states[t]], without=through)
        return [term for term in terms if term.scope == (self._states[t],)]

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
        ones, scope = np.ones(self._sizes), (self._states[t], self._actions[t])
        for weight in weights:
            ones = ones * self._over(scope, [weight])
        return ones

    def check(self) -> None:
        """Refuse a changed network whose values are not functions of s_t and a_t.

        Raises
        ------
        InvalidModel
            Names the first step at which something else matters, or what is independent of the rest.
        """
        tree, problem = self.valued.plan.tree, self.valued.plan.problem
        for t, *_ in self.valued.plan.alike(range(self.network.horizon), numbers=False):
            s, a = self._states[t], self._actions[t]
            others = [problem.names[v] for v in tree.scopes[tree.position[a]] if v not in (s, a)]
            if others:
                raise InvalidModel(
                    f"the values at t={t} depend on {', '.join(others)} beside s_{t} and a_{t}: no Q(s,a)",
                    remedy=_REMEDY,
                )
        roots = [problem.names[tree.order[i]] for i in tree.roots if self.valued.sent[i].values is not None]
        alone = [name for name in roots if name != "s_0"]
        if alone:
            raise InvalidModel(
                f"the network falls into independent parts at {alone[-1]}: V does not cover all of them", remedy=_REMEDY
            )
