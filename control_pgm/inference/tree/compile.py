"""A plan with the model's tables in its clusters, and the instructions that send its messages.

`compile_plan` puts tables where the plan's `Structure` refers to them by number. Rolled plans share the structure of a
short network, which is made once for all networks of the same form, whatever their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Protocol

import numpy as np

from control_pgm.inference.contract import Operand, contract, prepare
from control_pgm.inference.problem import Problem, TablesOfSteps
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.folding import Batch, Product, Reference
from control_pgm.inference.tree.messages import ClusterMessages
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.tree.slices.loops import SHORTEST, Loop, find_loops
from control_pgm.inference.tree.slices.repeating import Shift
from control_pgm.inference.tree.slices.short_network import moved
from control_pgm.inference.tree.structure import structure
from control_pgm.tables.arrays import Scope
from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import contract_into
from control_pgm.tables.recurrence.series import Distinct, Series, combinations


class Upward(Protocol):
    """The messages of a collect pass by the cluster that sent them."""

    def __getitem__(self, cluster: int, /) -> Scaled: ...


@dataclass(frozen=True, eq=False)
class Compiled:
    """What inference runs.

    Attributes
    ----------
    cells : per cluster the instructions that send its messages.
    loops : where cells repeat.
    barren : per cluster whether its upward message is identically one (unobserved leaves).
    held : per cluster its tables, constants multiplied together (see `fold`).
    tables : the tables by the number that the problem gives them; a series where each step has its own.
    steps : per cluster its place in a series.
    maximised : the variables that are maximised; all others are summed.
    batch : how many problems of one structure run at once, if any.
    """

    plan: Plan
    cells: Sequence[ClusterMessages]
    loops: Sequence[Loop]
    barren: Sequence[bool]
    held: Sequence[Sequence[tuple[Scope, Scaled | Series]]]
    tables: Mapping[Reference, Scaled | Series]
    steps: Sequence[int] = ()
    maximised: Collection[int] = frozenset()
    batch: int | None = None

    @property
    def tree(self) -> BucketTree:
        """The clusters and separators."""
        return self.plan.tree

    @property
    def problem(self) -> Problem:
        """The scopes and tables."""
        return self.plan.problem

    def contract(self, operands: Sequence[Operand], out: Scope, maximised: int = 0) -> Scaled:
        """Multiply operands and sum out all variables but ``out``, the last of which may be maximised."""
        return contract(operands, out, self.problem.cardinalities, maximised)

    def contract_held(self, operands: Sequence[tuple[Scope, Scaled]], out: Scope) -> Scaled:
        """The same of tables and messages as they are held, in a batch for all its members."""
        if self.batch is None:
            return self.contract(operands, out)
        label = len(self.problem.cardinalities)
        scopes = [(label, *scope) if table.leads else scope for scope, table in operands]
        plan, ones = prepare(scopes, (label, *out), [*self.problem.cardinalities, self.batch])
        result = Scaled.contract([*(table for _, table in operands), *ones], plan)
        return result if result.leads else result.at_scale(np.full(self.batch, result.exponent, dtype=np.int64))

    def factors(self, cluster: int) -> list[tuple[int, Operand]]:
        """The tables of a cluster with their number in the model, not multiplied together."""
        problem = self.problem
        return [(k, (problem.scopes[k], problem.tables[k])) for k in self.tree.factors[cluster]]

    def held_factors(self, cluster: int) -> list[tuple[int, tuple[Scope, Scaled | Series]]]:
        """The same as they are held: in a batch, with a table for every member where these differ."""
        problem = self.problem
        return [(k, (problem.scopes[k], self.tables[problem.keys[k]])) for k in self.tree.factors[cluster]]

    def at(self, cluster: int, table: Scaled | Series) -> Scaled:
        """A table of a cluster; of a series that of its step."""
        return table[self.steps[cluster]] if isinstance(table, Series) else table

    def at_step(self, cluster: int, tables: Sequence[Scaled | Series]) -> list[Scaled]:
        """The tables of an instruction of a cluster."""
        return [table[self.steps[cluster]] if isinstance(table, Series) else table for table in tables]

    def operands(self, cluster: int) -> list[Operand]:
        """The tables of a cluster, constants multiplied together (see `fold`)."""
        return [(scope, self.at(cluster, table)) for scope, table in self.held[cluster]]

    def received(self, sent: Upward, cluster: int, *, but: int = -1) -> list[Operand]:
        """What the children of a cluster, ``but`` one of them, have sent; messages that are one are left out."""
        separators, children = self.tree.separators, self.tree.children[cluster]
        return [(separators[j], sent[j]) for j in children if j != but and not self.barren[j]]

    def log_total(self, sent: Upward) -> float:
        """The logarithm of what all variables come to: what the roots would send on, and tables without variables."""
        roots = [sent[i].total_log() for i in self.tree.roots if not self.barren[i]]
        return fsum([*roots, *(times * table.total_log() for table, times in self.problem.constants)])


def compile_plan(
    plan: Plan, stacks: Mapping[int, Scaled] | None = None, maximised: Collection[int] = frozenset()
) -> Compiled:
    """Put the tables of the problem into the plan's clusters.

    For a batch ``stacks`` holds, by the number of a table, what takes its place: one table for every member.
    """
    stacks = stacks or {}
    size = max((len(stack.exponent) for stack in stacks.values()), default=None)
    batch = None if size is None else Batch(size, frozenset(stacks))
    everything = len(maximised) == len(plan.problem.names)
    if plan.rolled is not None and (everything or not maximised):
        return _compile_rolled(plan, batch, stacks, maximised)
    problem = plan.problem
    keys = problem.distinct if isinstance(problem.tables, TablesOfSteps) else problem.keys
    made = structure(
        plan.tree, problem.scopes, keys, problem.children, problem.cardinalities, batch, maximised=maximised
    )
    tables = _Tables({**dict(zip(keys, problem.tables, strict=True)), **stacks})
    cells = bind(made.cells, tables.table)
    held = [[(scope, tables.table(ref)) for scope, ref in row] for row in made.operands]
    loops = find_loops(cells) if len(cells) >= 2 * SHORTEST else []
    return Compiled(plan, cells, loops, made.barren, held, tables.known, (), maximised, size)


def bind(cells: Sequence[ClusterMessages], table: Callable[[Reference], Scaled | Series]) -> list[ClusterMessages]:
    """The instructions with the tables that they refer to."""
    result = []
    for cell in cells:
        up, *down = [
            each and each._replace(tables=tuple([t if isinstance(t, Scaled) else table(t) for t in each.tables]))
            for each in (cell.up, *cell.down)
        ]
        result.append(ClusterMessages(up, tuple([each for each in down if each is not None])))
    return result


def _compile_rolled(
    plan: Plan, batch: Batch | None, stacks: Mapping[int, Scaled], maximised: Collection[int]
) -> Compiled:
    """The same for copies of a step: tables are bound once, for a short network."""
    rolled = plan.rolled
    assert rolled is not None
    short = rolled.network.short
    made = short.variant(batch, maximised=bool(maximised)) if batch or maximised else short.structure
    tables = _Tables({**rolled.referred, **stacks})
    cells = rolled.network.by_cluster(bind(made.cells, tables.table))
    held: list[Sequence[tuple[Scope, Scaled | Series]]] = [
        [(scope, tables.table(ref)) for scope, ref in row] for row in made.operands
    ]
    raised = rolled.network.by_cluster(held, _raised)
    barren = rolled.network.by_cluster(made.barren)
    size = batch.size if batch else None
    loops, steps = rolled.network.loops(made), rolled.network.steps
    return Compiled(plan, cells, loops, barren, raised, tables.known, steps, maximised, size)


def _raised(row: Sequence[tuple[Scope, Scaled | Series]], shift: Shift) -> Sequence[tuple[Scope, Scaled | Series]]:
    """The tables of a cluster, over the variables of a copy."""
    return [(moved(scope, shift.variables), table) for scope, table in row]


class _Tables:
    """Tables by reference; a product is multiplied out when it is first asked for."""

    def __init__(self, tables: Mapping[int, Scaled | Series]) -> None:
        self.known: dict[Reference, Scaled | Series] = dict(tables.items())

    def table(self, reference: Reference) -> Scaled | Series:
        if reference not in self.known:
            assert isinstance(reference, Product)
            self.known[reference] = self._multiplied(reference)
        return self.known[reference]

    def _multiplied(self, product: Product) -> Scaled | Series:
        factors = [(scope, self.known[number]) for number, scope in product.parts]
        if any(isinstance(table, Series) for _, table in factors):
            return _products(factors)
        return _product([(scope, table) for scope, table in factors if not isinstance(table, Series)])


def _products(factors: Sequence[tuple[Scope, Scaled | Series]]) -> Series:
    """The products of each step; those of equal tables are multiplied once."""
    several = [table for _, table in factors if isinstance(table, Series)]
    steps, first = combinations([table.chosen for table in several], len(several[0]))
    chosen = {id(table): Series(table.distinct, table.chosen[first]) for table in several}
    stacked = all(table.distinct.stack is not None for table in several)
    if stacked and not any(table.sparse for _, table in factors if isinstance(table, Scaled)):
        stacks = [(scope, chosen[id(t)].stacked() if isinstance(t, Series) else t) for scope, t in factors]
        product = _product(stacks)
        return Series(Distinct.of_stack(product), steps)
    rows = [
        _product([(scope, chosen[id(t)][k] if isinstance(t, Series) else t) for scope, t in factors])
        for k in range(len(first))
    ]
    return Series(Distinct(rows), steps)


def _product(factors: Sequence[tuple[Scope, Scaled]]) -> Scaled:
    """The product of tables over the axes of the first."""
    n = len(factors[0][0])
    out: Scope = tuple(range(n))
    sizes = factors[0][1].shape[-n:] if n else ()
    stacks = [table for _, table in factors if table.leads]
    if stacks:  # the axis that runs over the batch comes first
        out, sizes = (n, *out), (*sizes, len(stacks[0].exponent))
    scopes = tuple((n, *scope) if table.leads else scope for scope, table in factors)
    tables = [table for _, table in factors]
    if stacks:
        return contract_into(np.empty([sizes[x] for x in out]), tables, recipe(scopes, out, sizes))
    return Scaled.contract(tables, recipe(scopes, out, sizes))
