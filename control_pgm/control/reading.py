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

from control_pgm.control.step_queries import ACTION, STATE, StepQueries
from control_pgm.errors import InvalidModel
from control_pgm.inference.batched import Column, Fetched, Finish, Group, Query, Received, answer, groups
from control_pgm.inference.repeating import Repeating
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.views import Scope

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
        for t, (s, a) in enumerate(zip(self._states[:-1], self._actions, strict=True)):
            others = [problem.names[v] for v in tree.scopes[tree.position[a]] if v not in (s, a)]
            if others:
                raise InvalidModel(
                    f"the messages at t={t} depend on {', '.join(others)} beside s_{t} and a_{t}: no beta(s,a)",
                    remedy=_REMEDY,
                )
        roots = [i for i in tree.roots if not self.posterior.compiled.silent[i]]
        alone = [problem.names[tree.order[i]] for i in roots if tree.order[i] != self._states[0]]
        empty = [k for k, scope in enumerate(problem.scopes) if not scope and problem.tables[k].total_log() != 0.0]
        alone += [f"{self.network.tables[k]!r}" for k in empty]  # a number other than one
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
        """The queries of all times in groups. Steps that the engine ran as one loop are asked by one of them."""
        if not self._alike or not (times.start <= self._alike.start and self._alike.stop <= times.stop):
            return groups([query(t) for t in times])
        model, like = query(self._alike[0]), list(self._alike)
        early = [query(t) for t in range(times.start, self._alike.start)]
        late = [query(t) for t in range(self._alike.stop, times.stop)]
        # Before and after the loop most steps ask the same still.
        while early and self._same(early[-1], model, like[0] - 1):
            early.pop()
            like.insert(0, like[0] - 1)
        while late and self._same(late[0], model, like[-1] + 1):
            late.pop(0)
            like.append(like[-1] + 1)
        columns: list[tuple[Scope, Column]] = [
            (scope, self._along(item, like) if isinstance(item, Received) else item) for scope, item in model
        ]
        return [*groups(early), Group(len(like), columns), *groups(late)]

    def _same(self, query: Query, model: Query, t: int) -> bool:
        """Whether the query of step t is that of the first step of the loop, its messages as far away as they are."""
        if len(query) != len(model):
            return False
        for (scope, item), (wanted, like) in zip(query, model, strict=True):
            if isinstance(like, Received):
                like = Received(like.sent, self._moved(like.cluster, t))
            if scope != wanted or (item is not like and item != like):
                return False
        return True

    def _along(self, message: Received, times: Sequence[int]) -> Fetched:
        """A message of the first step of the loop, and those at the same place in other steps."""
        first, last = self._moved(message.cluster, times[0]), self._moved(message.cluster, times[-1])
        step = -self.posterior.plan.clusters_per_step
        return Fetched(message.sent, range(first, last + step, step))

    def _moved(self, cluster: int, t: int) -> int:
        """The cluster that is in step t what another is in the first step of the loop; they count backwards in time."""
        return cluster - self.posterior.plan.clusters_per_step * (t - self._alike[0])

    @cached_property
    def _alike(self) -> range:
        """The steps whose clusters are copies of one another, where the network's steps are all alike."""
        if not isinstance(self._actions, Repeating):
            return range(0)
        return range(self._actions.first, self._actions.first + self._actions.copies + 1)
