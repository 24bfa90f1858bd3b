"""A plan with the model's tables in its clusters, and the instructions that send its messages.

`compile_plan` puts tables where the plan's `Structure` refers to them by number. Rolled plans share the structure of a
short network, which is made once for all networks of the same form, whatever their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.inference.clusters import BucketTree
from control_pgm.inference.contract import Operand, contract, prepare
from control_pgm.inference.folding import Product, Reference
from control_pgm.inference.loops import Loop, extended, find_loops
from control_pgm.inference.messages import Batch, Cell, bind
from control_pgm.inference.passes import Collect
from control_pgm.inference.plan import Plan
from control_pgm.inference.problem import Problem
from control_pgm.inference.structure import structure
from control_pgm.tables.contraction import recipe
from control_pgm.tables.message import Message, table_of
from control_pgm.tables.message import contract as contract_messages
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.stack import Stack
from control_pgm.tables.views import Scope


@dataclass(frozen=True, eq=False)
class Compiled:
    """What inference runs.

    Attributes
    ----------
    cells : per cluster the instructions that send its messages.
    loops : where cells repeat.
    silent : per cluster whether its upward message is identically one (unobserved leaves).
    held : per cluster its tables, constants multiplied together (see `fold`).
    tables : the tables by the number that the problem gives them.
    batch : how many problems of one structure run at once, if any.
    """

    plan: Plan
    cells: Sequence[Cell]
    loops: Sequence[Loop]
    silent: Sequence[bool]
    held: Sequence[Sequence[tuple[Scope, Message]]]
    tables: Mapping[Reference, Message]
    batch: int | None = None

    @property
    def tree(self) -> BucketTree:
        """The clusters and separators."""
        return self.plan.tree

    @property
    def problem(self) -> Problem:
        """The scopes and tables."""
        return self.plan.problem

    def contract(self, operands: Sequence[Operand], out: Scope) -> Scaled:
        """Multiply operands and sum out all variables but ``out``."""
        return contract(operands, out, self.problem.cardinalities)

    def contract_held(self, operands: Sequence[tuple[Scope, Message]], out: Scope) -> Message:
        """The same of tables and messages as they are held, in a batch for all its members."""
        if self.batch is None:
            return self.contract([(scope, table_of(table)) for scope, table in operands], out)
        label = len(self.problem.cardinalities)
        scopes = [(label, *scope) if isinstance(table, Stack) else scope for scope, table in operands]
        plan, ones = prepare(scopes, (label, *out), [*self.problem.cardinalities, self.batch])
        result = contract_messages([*(table for _, table in operands), *ones], plan)
        return result if isinstance(result, Stack) else Stack(result, np.zeros(self.batch, dtype=np.int64))

    def factors(self, cluster: int) -> list[tuple[int, Operand]]:
        """The tables of a cluster with their number in the model, not multiplied together."""
        problem = self.problem
        return [(k, (problem.scopes[k], problem.tables[k])) for k in self.tree.factors[cluster]]

    def held_factors(self, cluster: int) -> list[tuple[int, tuple[Scope, Message]]]:
        """The same as they are held: in a batch, with a table for every member where these differ."""
        problem = self.problem
        return [(k, (problem.scopes[k], self.tables[problem.keys[k]])) for k in self.tree.factors[cluster]]

    def operands(self, cluster: int) -> Sequence[Operand]:
        """The tables of a cluster, constants multiplied together (see `fold`)."""
        return [(scope, table_of(table)) for scope, table in self.held[cluster]]

    def received(self, sent: Collect, cluster: int) -> list[Operand]:
        """The messages that a cluster has from its children; silent children say nothing."""
        separators = self.tree.separators
        return [(separators[j], sent.table(j)) for j in self.tree.children[cluster] if not self.silent[j]]


def compile_plan(plan: Plan, stacks: Mapping[int, Stack] | None = None) -> Compiled:
    """Put the tables of the problem into the plan's clusters.

    For a batch ``stacks`` holds, by the number of a table, what takes its place: one table for every member.
    """
    stacks = stacks or {}
    size = max((len(stack.exponents) for stack in stacks.values()), default=None)
    batch = None if size is None else Batch(size, frozenset(stacks))
    if plan.rolled is not None:
        return _compile_rolled(plan, batch, stacks)
    problem = plan.problem
    made = structure(plan.tree, problem.scopes, problem.keys, problem.children, problem.cardinalities, batch)
    tables = _Tables({**dict(zip(problem.keys, problem.tables, strict=True)), **stacks})
    cells = bind(made.cells, tables.table)
    held = [[(scope, tables.table(ref)) for scope, ref in row] for row in made.operands]
    return Compiled(plan, cells, find_loops(cells), made.silent, held, tables.known, size)


def _compile_rolled(plan: Plan, batch: Batch | None, stacks: Mapping[int, Stack]) -> Compiled:
    """The same for copies of a step: tables are bound once, for a short network."""
    rolled = plan.rolled
    assert rolled is not None
    made = rolled.short.structure if batch is None else rolled.short.batched(batch)
    tables = _Tables({**dict(enumerate(rolled.tables)), **stacks})
    cells = rolled.by_cluster(bind(made.cells, tables.table))
    held: list[Sequence[tuple[Scope, Message]]] = [
        [(scope, tables.table(ref)) for scope, ref in row] for row in made.operands
    ]
    k = rolled.short.width
    moved = rolled.by_cluster_in_time(held, _MovedTables(k))
    loop = extended(Loop(rolled.short.begin, k, rolled.copies + 1, same=True), cells)
    silent = rolled.by_cluster(made.silent)
    return Compiled(plan, cells, [loop], silent, moved, tables.known, batch.size if batch else None)


@dataclass(frozen=True)
class _MovedTables:
    """How the scopes of a cluster's tables move with every step."""

    by: int

    def __call__(self, row: Sequence[tuple[Scope, Message]], steps: int) -> Sequence[tuple[Scope, Message]]:
        shift = steps * self.by
        return [(tuple([v + shift for v in scope]), table) for scope, table in row]


class _Tables:
    """Tables by reference; a product is multiplied out when it is first asked for."""

    def __init__(self, tables: Mapping[int, Message]) -> None:
        self.known: dict[Reference, Message] = dict(tables.items())

    def table(self, reference: Reference) -> Message:
        if reference not in self.known:
            assert isinstance(reference, Product)
            self.known[reference] = self._multiplied(reference)
        return self.known[reference]

    def _multiplied(self, product: Product) -> Message:
        factors = [(scope, self.known[number]) for number, scope in product.parts]
        n = len(factors[0][0])
        out: Scope = tuple(range(n))
        sizes = table_of(factors[0][1]).shape[-n:] if n else ()
        stacks = [table for _, table in factors if isinstance(table, Stack)]
        if stacks:  # the axis that runs over the batch comes first
            out, sizes = (n, *out), (*sizes, len(stacks[0].exponents))
        scopes = tuple((n, *scope) if isinstance(table, Stack) else scope for scope, table in factors)
        return contract_messages([table for _, table in factors], recipe(scopes, out, sizes))
