"""Many problems of one structure at once: vectors become matrices, and the cost of each call is shared.

The members differ in the numbers of some tables. Those tables, and all messages, get a first axis that runs over the
members; a table that all members share stays as it is. Each member keeps its own scale.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from control_pgm.display import size
from control_pgm.display.text import shortened
from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge, unknown
from control_pgm.inference.problem import Problem, pose
from control_pgm.inference.tree.compile import compile_plan
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, Plan, in_own_order, plan
from control_pgm.inference.tree.slices.long_plan import roll
from control_pgm.inference.tree.sum_product import Collect, Distribute
from control_pgm.keywords import keywords
from control_pgm.models.factor_graph import Model
from control_pgm.progress import Progress, check_progress
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.frozen import Restored
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import member, probabilities, stacked
from control_pgm.tables.recurrence.series import Series

_LN2 = float(np.log(2.0))


class TreeBatch(Restored):
    """Exact inference on several models that differ in numbers alone.

    Parameters
    ----------
    models, evidence : one each per member.
    memory_limit : int
        Bytes that all members together may take.
    progress : callable, optional
        Called with (done, total, what) while messages are sent; see `infer`.

    Raises
    ------
    InvalidModel
        If members differ in more than numbers; names the first that does.
    TooLarge
        If they do not fit at once.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> networks = [unroll(gridworld("S.G"), 2, temperature=alpha) for alpha in (0.1, 1.0)]
    >>> batch = TreeBatch(networks, [net.optimal for net in networks], memory_limit=2**20)
    >>> batch.marginal("a_0").round(3).tolist()
    [[0.0, 0.0, 0.999, 0.0], [0.226, 0.226, 0.323, 0.226]]
    """

    def __init__(
        self,
        models: Sequence[Model],
        evidence: Sequence[Mapping[str, Hashable]],
        *,
        memory_limit: int,
        progress: Progress | None = None,
    ) -> None:
        self.size = len(models)
        limit = memory_limit // self.size
        first = plan(models[0], evidence[0], order="reverse topological", memory_limit=limit)
        self.plan, members = _rolled_together(first, models, evidence) or _posed_together(first, models, evidence)
        self._refuse_too_large(members, memory_limit)
        self.compiled = compile_plan(self.plan, _stacks(members))
        self._progress = progress
        self.collected: Pass[Scaled] = Pass(Collect(self.compiled)).run(progress)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: all but the caller's function that reports progress."""
        return {**vars(self), "_progress": None}

    def _refuse_too_large(self, members: Sequence[Mapping[int, Scaled]], memory_limit: int) -> None:
        """The messages of all members, and the tables in which they differ, which are put side by side."""
        differing = [table.n_entries for number, table in members[0].items() if _differs(number, members)]
        need = self.size * (self.plan.bytes + 8 * sum(differing))
        if need > memory_limit:
            shown = ", ".join(self.plan.largest_cluster[:12])
            raise TooLarge(
                f"{self.size} members at once need {size(need)}, {size(8 * self.size * sum(differing))} of it for the "
                f"tables in which they differ; their largest cluster is {{{shown}}}",
                allowed=f"{size(memory_limit)} (memory_limit)",
                remedy="take fewer members at once, or raise memory_limit",
            )

    @cached_property
    def distributed(self) -> Pass[Scaled]:
        """The messages of the downward pass, which runs when it is first needed."""
        return Pass(Distribute(self.compiled, self.collected)).run(self._progress)

    @cached_property
    def log_evidence(self) -> FloatArray:
        """log p(evidence) of every member, in nats."""
        problem, compiled = self.plan.problem, self.compiled
        roots = [(self.collected[i], 1) for i in self.plan.tree.roots if not compiled.barren[i]]
        total = np.zeros(self.size)
        for message, times in [*roots, *self._constants(problem)]:
            total += times * _total_log(message)
        return total

    def marginal(self, name: str) -> FloatArray:
        """p(name | evidence) of every member, shape (members, states); NaN in members whose evidence is impossible.

        Raises
        ------
        UnknownName
            If the variable does not exist, or is observed.
        """
        problem, tree, compiled = self.plan.problem, self.plan.tree, self.compiled
        if name not in problem.index:
            raise unknown(name, problem.names, what="free variable")
        v = problem.index[name]
        cluster = tree.position[v]
        operands = [(scope, compiled.at(cluster, table)) for scope, table in compiled.held[cluster]]
        operands += [(tree.separators[j], self.collected[j]) for j in tree.children[cluster] if not compiled.barren[j]]
        if tree.parents[cluster] >= 0:
            operands.append((tree.separators[cluster], self.distributed[cluster]))
        table = compiled.contract_held(operands, (v,))
        result = np.empty((self.size, problem.cardinalities[v]))
        if not table.leads:  # nothing differs between the members
            result[:] = table.normalise((0,)).linear()
        else:
            probabilities(table, result, (-1,))
        # What makes the evidence impossible may lie where it says nothing about this variable.
        result[np.isneginf(self.log_evidence)] = np.nan
        return result

    def _constants(self, problem: Problem) -> list[tuple[Scaled, int]]:
        numbers = [key for key, scope in zip(problem.keys, problem.scopes, strict=True) if not scope]
        tables = [self.compiled.tables[number] for number in numbers]
        return [(table, 1) for table in tables if not isinstance(table, Series)]

    def operand(self, source: int, target: int) -> tuple[Scope, Scaled] | None:
        """A message as an operand; None for a barren cluster, whose message is identically one."""
        tree = self.plan.tree
        if tree.parents[source] == target:
            return None if self.compiled.barren[source] else (tree.separators[source], self.collected[source])
        return tree.separators[target], self.distributed[target]


def _total_log(message: Scaled) -> FloatArray:
    """log of the sum of all entries, for every member of a batch."""
    if not message.leads:
        return np.asarray(message.total_log())
    return np.array([member(message, k).total_log() for k in range(len(message.exponent))])


def _stacks(members: Sequence[Mapping[int, Scaled]]) -> dict[int, Scaled]:
    """By the number of a table: those of all members, where they differ."""
    stacks = {}
    for number in members[0]:
        if _differs(number, members):
            stacks[number] = stacked([tables[number] for tables in members])
    return stacks


def _differs(number: int, members: Sequence[Mapping[int, Scaled]]) -> bool:
    """Whether the members have different tables of that number."""
    table = members[0][number]
    own = (tables[number] for tables in members)
    return any(other is not table and other.identity != table.identity for other in own)


def _rolled_together(
    first: Plan, models: Sequence[Model], evidence: Sequence[Mapping[str, Hashable]]
) -> tuple[Plan, list[Mapping[int, Scaled]]] | None:
    """The plan and the members' tables by its numbers, if all are copies of a step in the same way."""
    if first.rolled is None:
        return None
    members: list[Mapping[int, Scaled]] = []
    for model, observed in zip(models, evidence, strict=True):
        found = roll(model, observed, own_order=True)
        if found is None or found.network is not first.rolled.network:
            return None
        tables = {k: table for k, table in enumerate(found.tables) if not isinstance(table, Series)}
        if len(tables) < len(found.tables):
            return None
        members.append(tables)
    return first, members


def _posed_together(
    first: Plan, models: Sequence[Model], evidence: Sequence[Mapping[str, Hashable]]
) -> tuple[Plan, list[Mapping[int, Scaled]]]:
    """The same in general. Two tables share a number if they are shared in every member."""
    problems = [pose(model, observed) for model, observed in zip(models, evidence, strict=True)]
    for k, other in enumerate(problems):
        if (other.scopes, other.cardinalities, other.names) != (
            problems[0].scopes,
            problems[0].cardinalities,
            problems[0].names,
        ):
            raise InvalidModel(
                f"member {k} of the batch has other variables or edges than member 0",
                allowed="problems that differ in numbers alone",
                remedy="solve them one by one",
            )
    numbers: dict[tuple[int, ...], int] = {}
    keys = [numbers.setdefault(key, len(numbers)) for key in zip(*(p.keys for p in problems), strict=True)]
    members: list[Mapping[int, Scaled]] = [dict(zip(keys, p.tables, strict=True)) for p in problems]
    return in_own_order(replace(problems[0], keys=keys)), members


@keywords
def infer_many(
    model: Model,
    evidence: Sequence[Mapping[str, Hashable]],
    *,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
) -> TreeBatch:
    """Condition one model on many observations of the same variables at once, exactly.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    evidence : sequence of mappings
        One each, over the same variables. Impossible evidence gives log evidence −inf and NaN marginals.
    memory_limit : int
        Bytes that all of them together may take.

    Raises
    ------
    InvalidArgument
        If there is no evidence, or the variables differ.

    Examples
    --------
    >>> from control_pgm import BayesianNetwork, CPD, Variable
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> infer_many(net, [{"wet": "no"}, {"wet": "yes"}]).marginal("rain").round(3).tolist()
    [[0.913, 0.087], [0.226, 0.774]]
    """
    if isinstance(evidence, Mapping | str) or not isinstance(evidence, Sequence):
        raise InvalidArgument(
            f"evidence {shortened(repr(evidence), 80)}",
            allowed="a list of mappings {name: label}, one for each member",
            remedy="one observation: infer(model, evidence)",
        )
    check_progress(progress)
    if not evidence:
        raise InvalidArgument("there is no evidence", allowed="one mapping {name: label} for each member, at least one")
    names = set(evidence[0])
    for k, observed in enumerate(evidence):
        if set(observed) != names:
            odd = sorted(names.symmetric_difference(observed))[0]
            raise InvalidArgument(
                f"evidence {k} and evidence 0 differ in whether they observe {odd!r}",
                allowed="the same variables for all",
            )
    return TreeBatch([model] * len(evidence), evidence, memory_limit=memory_limit, progress=progress)
