"""The textbook messages, read off the engine's cluster tree.

Eliminating backwards gives, for every step t, a cluster {s_t, a_t} in which a_t is eliminated and a cluster
{s_{t−1}, a_{t−1}, s_t} in which s_t is. In the first, everything but the action prior multiplies to

    beta_t(s,a) = p(O_{t:T−1}=1 | s_t=s, a_t=a).

What the second receives from the first is beta_t(s); everything else in it sums to alpha_t(s) = p(s_t=s, O_{0:t−1}=1).
Factors that were added on s_t alone lie "at t": they count into beta_t(s,a) and beta_t(s).

Every quantity is one query per step. Steps of one form are answered by one contraction; in a network whose steps are
all alike, the query of one step stands for all that the engine has run as a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from control_pgm.control.solutions.step_queries import ACTION, STATE, StepQueries
from control_pgm.errors import InvalidModel
from control_pgm.inference.tree.queries import (
    Column,
    Fetched,
    Finish,
    Group,
    Item,
    Query,
    Received,
    Row,
    answer,
    groups,
)
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.contraction.views import Scope

_REMEDY = "ask network.infer() for the marginal or conditional that you want instead of solve()"


@dataclass(frozen=True, eq=False)
class TextbookMessages(StepQueries):
    """alpha_t and beta_t of a control network for all t: arrays with axes (t, s) or (t, s, a)."""

    # Each for all steps, or for those of ``times`` alone.
    def backward_action(self, finish: Finish, times: range | None = None) -> FloatArray:
        """beta_t(s,a) for t = 0 … T−1, axes (t, s, a)."""
        asked = self._asked(lambda t: self._after_action(t, with_prior=False), self._steps if times is None else times)
        return self._answer(asked, (STATE, ACTION), finish)

    def optimal_action(self, finish: Finish, times: range | None = None) -> FloatArray:
        """p(a|s) beta_t(s,a), axes (t, s, a): the optimal action conditional before it is normalised."""
        asked = self._asked(lambda t: self._after_action(t, with_prior=True), self._steps if times is None else times)
        return self._answer(asked, (STATE, ACTION), finish)

    def backward(self, finish: Finish, times: range | None = None) -> FloatArray:
        """beta_t(s) for t = 0 … T, axes (t, s); at the horizon the terminal factor, or one."""
        asked = self._asked(self._at_and_after, self._times if times is None else times)
        return self._answer(asked, (STATE,), finish)

    def forward(self, finish: Finish, times: range | None = None) -> FloatArray:
        """alpha_t(s) for t = 0 … T, axes (t, s)."""
        asked = self._asked(lambda t: [self._forward(t)], self._times if times is None else times)
        return answer(asked, (STATE,), self._sizes, finish, tables=self._largest)

    def state_marginal(self, finish: Finish, times: range | None = None) -> FloatArray:
        """alpha_t(s) beta_t(s), which sums to p(O) for every t; axes (t, s)."""
        times = self._times if times is None else times
        asked = self._asked(lambda t: [self._forward(t), *self._at_and_after(t)], times)
        return self._answer(asked, (STATE,), finish)

    def check(self) -> None:
        """Refuse a changed network whose messages are not functions of s_t and a_t.

        Raises
        ------
        InvalidModel
            Names the first step at which something else matters, or that evidence is independent of the rest.
        """
        tree, problem = self.posterior.plan.tree, self.posterior.plan.problem
        for t, *_ in self.posterior.plan.alike(self._steps, numbers=False):
            s, a = self._states[t], self._actions[t]
            others = [problem.names[v] for v in tree.scopes[tree.position[a]] if v not in (s, a)]
            if others:
                raise InvalidModel(
                    f"the messages at t={t} depend on {', '.join(others)} beside s_{t} and a_{t}: no beta(s,a)",
                    remedy=_REMEDY,
                )
        roots = [i for i in tree.roots if not self.posterior.compiled.silent[i]]
        alone = [problem.names[tree.order[i]] for i in roots if tree.order[i] != self._states[0]]
        if alone:
            raise InvalidModel(
                f"the network falls into independent parts at {alone[-1]}: alpha and beta do not cover all evidence",
                remedy=_REMEDY,
            )

    def _answer(self, asked: Sequence[Group], out: Scope, finish: Finish) -> FloatArray:
        batch = self.posterior.compiled.batch
        return answer(asked, out, self._sizes, finish, tables=self._largest, batch=batch)

    # --- one query for every step -------------------------------------------------------------------------------
    def _asked(self, query: Callable[[int], Query], times: range) -> list[Group]:
        """The queries of all times in groups. Steps that are copies of one another are asked by one of them."""
        found: list[Group] = []
        at = times.start
        for number, (steps, width) in enumerate(self._copies, start=1):
            inside = range(max(steps.start, at), min(steps.stop, times.stop))
            if len(inside) < 2:
                continue
            stop = self._copies[number][0].start if number < len(self._copies) else times.stop
            model, (first, last) = query(inside[0]), (inside[0], inside[-1])
            # Before and after the copies most steps ask the same still.
            while first > at and self._same(query(first - 1), model, width * (inside[0] - first + 1)):
                first -= 1
            while last + 1 < min(stop, times.stop) and self._same(
                query(last + 1), model, width * (inside[0] - last - 1)
            ):
                last += 1
            found += groups([query(t) for t in range(at, first)])
            columns = [(scope, _along(item, first - inside[0], last - first + 1, width)) for scope, item in model]
            found.append(Group(last - first + 1, columns))
            at = last + 1
        return [*found, *groups([query(t) for t in range(at, times.stop)])]

    def _same(self, query: Query, model: Query, distance: int) -> bool:
        """Whether the query of another step is the model, its messages a distance of clusters behind the model's."""
        if len(query) != len(model):
            return False
        for (scope, item), (wanted, like) in zip(query, model, strict=True):
            if isinstance(like, Received):
                like = Received(like.sent, like.cluster + distance)
            if isinstance(item, Row) and isinstance(like, Row):
                same = item.series is like.series
            else:
                same = item is like or item == like
            if scope != wanted or not same:
                return False
        return True

    @cached_property
    def _copies(self) -> list[tuple[range, int]]:
        """The steps whose clusters are copies of one another, and how many clusters each has."""
        rolled = self.posterior.plan.rolled
        return [(copies.steps, copies.block.size.variables) for copies in rolled.repeated()] if rolled else []


def _along(item: Item, offset: int, count: int, width: int) -> Column:
    """An operand of a step, and those in its place in ``count`` steps from ``offset`` steps later on.

    Clusters count backwards in time, ``width`` a step.
    """
    if isinstance(item, Received):
        first = item.cluster - offset * width
        return Fetched(item.sent, range(first, first - count * width, -width))
    if isinstance(item, Row):
        start = item.step + offset
        return item.series.window(range(start, start + count))
    return item
