"""Many problems of one structure at once: vectors become matrices, and the cost of each call is shared.

The members differ in the numbers of some tables. Those tables, and all messages, get a first axis that runs over the
members; a table that all members share stays as it is. Each member keeps its own scale.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

import numpy as np

from control_pgm.errors import InvalidModel
from control_pgm.inference.compiled import compile_plan
from control_pgm.inference.passes import Collect, Distribute, Programme
from control_pgm.inference.plan import Plan, plan
from control_pgm.inference.problem import Problem, pose
from control_pgm.inference.rolling import roll
from control_pgm.models.factorgraph import Model
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.message import Message, exponent_of, table_of
from control_pgm.tables.scaled import Scaled, Stack
from control_pgm.tables.views import Scope

_LN2 = float(np.log(2.0))


class TreeBatch:
    """Exact inference on several models that differ in numbers alone.

    Parameters
    ----------
    models, evidence : one each per member.
    memory_limit : int
        Bytes that all members together may take.

    Raises
    ------
    InvalidModel
        If members differ in more than numbers; names the first that does.
    TooLarge
        If they do not fit at once.
    """

    def __init__(
        self, models: Sequence[Model], evidence: Sequence[Mapping[str, Hashable]], *, memory_limit: int
    ) -> None:
        self.size = len(models)
        limit = memory_limit // self.size
        self.plan = plan(models[0], evidence[0], order="reverse topological", memory_limit=limit)
        members = [
            _tables(self.plan, model, observed, k)
            for k, (model, observed) in enumerate(zip(models, evidence, strict=True))
        ]
        self.compiled = compile_plan(self.plan, _stacks(members))
        self._programme = Programme(
            self.compiled.cells, self.compiled.loops, self.size if self.compiled.batch else None
        )
        self.collected = Collect(self._programme)
        self.collected.run()

    @cached_property
    def distributed(self) -> Distribute:
        """The messages of the downward pass, which runs when it is first needed."""
        sent = Distribute(self._programme, self.collected)
        sent.run()
        return sent

    @cached_property
    def log_evidence(self) -> FloatArray:
        """log p(evidence) of every member, in nats."""
        problem, compiled = self.plan.problem, self.compiled
        roots = [(self.collected[i], 1) for i in self.plan.tree.roots if not compiled.silent[i]]
        total = np.zeros(self.size)
        for message, times in [*roots, *self._constants(problem)]:
            total += times * _total_log(message)
        return total

    def _constants(self, problem: Problem) -> list[tuple[Message, int]]:
        numbers = [key for key, scope in zip(problem.keys, problem.scopes, strict=True) if not scope]
        return [(self.compiled.tables[number], 1) for number in numbers]

    def operand(self, source: int, target: int) -> tuple[Scope, Message] | None:
        """A message as an operand; None for a silent cluster, whose message is identically one."""
        tree = self.plan.tree
        if tree.parents[source] == target:
            return None if self.compiled.silent[source] else (tree.separators[source], self.collected[source])
        return tree.separators[target], self.distributed[target]


def _total_log(message: Message) -> FloatArray:
    """log of the sum of all entries, for every member of a batch."""
    table = table_of(message)
    if isinstance(message, Scaled):
        return np.asarray(message.total_log())
    rows = [Scaled(table._data[k, ...], 0, table._in_logs).total_log() for k in range(len(message.exponents))]
    return np.asarray(np.asarray(rows) + exponent_of(message) * _LN2)


def _stacks(members: Sequence[Mapping[int, Scaled]]) -> dict[int, Stack]:
    """By the number of a table: those of all members, where they differ."""
    stacks = {}
    for number, table in members[0].items():
        own = [tables[number] for tables in members]
        if any(other is not table and other.identity != table.identity for other in own):
            stacks[number] = Stack.of(own)
    return stacks


def _tables(made: Plan, model: Model, evidence: Mapping[str, Hashable], k: int) -> Mapping[int, Scaled]:
    """The tables of member k by the numbers of the plan, which is that of member 0."""
    if k == 0:
        own, same = made.problem, True
    elif made.rolled is not None:
        found = roll(model, evidence)
        same = found is not None and found[0].short is made.rolled.short and found[0].copies == made.rolled.copies
        if found is not None and same:
            return dict(enumerate(found[0].tables))
    else:
        own = pose(model, evidence)
        same = list(own.keys) == list(made.problem.keys) and list(own.scopes) == list(made.problem.scopes)
        same = same and list(own.cardinalities) == list(made.problem.cardinalities)
    if not same:
        raise InvalidModel(
            f"member {k} of the batch has other variables, edges or shared tables than member 0",
            allowed="problems that differ in numbers alone",
            remedy="solve them one by one",
        )
    if made.rolled is not None:
        return dict(enumerate(made.rolled.tables))
    return dict(zip(own.keys, own.tables, strict=True))
