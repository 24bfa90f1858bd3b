"""A plan with the model's tables in its clusters, and the instructions that send its messages.

What depends on structure alone, the operands of the clusters and the instructions, is a `Structure`; it refers to
tables by number. `compile_plan` puts the tables there. Rolled plans share the structure of a short network, which is
made once for all networks of the same form, whatever their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from control_pgm.inference.clusters import BucketTree, silent_clusters
from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.folding import Product, Reference, Referred, fold
from control_pgm.inference.loops import Loop, extended, find_loops
from control_pgm.inference.messages import Cell, bind, write_cells
from control_pgm.inference.passes import Collect
from control_pgm.inference.plan import Plan
from control_pgm.inference.problem import Problem
from control_pgm.tables.contraction import Scope
from control_pgm.tables.scaled import Scaled


@dataclass(frozen=True, eq=False)
class Structure:
    """What a tree does, whatever its tables hold.

    Attributes
    ----------
    operands : per cluster the tables in it, constants multiplied together (see `fold`), by reference.
    cells : per cluster the instructions that send its messages, tables by reference.
    silent : per cluster whether its upward message is identically one (unobserved leaves).
    """

    operands: Sequence[Sequence[Referred]]
    cells: Sequence[Cell]
    silent: Sequence[bool]


def structure(
    tree: BucketTree, scopes: Sequence[Scope], keys: Sequence[int], children: Sequence[int], cards: Sequence[int]
) -> Structure:
    """Fold constants and write the instructions; ``keys`` numbers the tables, shared ones alike."""
    operands = fold([[(scopes[k], keys[k]) for k in own] for own in tree.factors])
    silent = silent_clusters(tree, children)
    return Structure(operands, write_cells(tree, operands, silent, cards), silent)


@dataclass(frozen=True, eq=False)
class Compiled:
    """What inference runs.

    Attributes
    ----------
    cells : per cluster the instructions that send its messages.
    loops : where cells repeat.
    silent : per cluster whether its upward message is identically one (unobserved leaves).
    """

    plan: Plan
    cells: Sequence[Cell]
    loops: Sequence[Loop]
    silent: Sequence[bool]
    _operands: Sequence[Sequence[Operand]]

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

    def factors(self, cluster: int) -> list[tuple[int, Operand]]:
        """The tables of a cluster with their number in the model, not multiplied together."""
        problem = self.problem
        return [(k, (problem.scopes[k], problem.tables[k])) for k in self.tree.factors[cluster]]

    def operands(self, cluster: int) -> Sequence[Operand]:
        """The tables of a cluster, constants multiplied together (see `fold`)."""
        return self._operands[cluster]

    def received(self, sent: Collect, cluster: int) -> list[Operand]:
        """The messages that a cluster has from its children; silent children say nothing."""
        separators = self.tree.separators
        return [(separators[j], sent.table(j)) for j in self.tree.children[cluster] if not self.silent[j]]


def compile_plan(plan: Plan) -> Compiled:
    """Put the tables of the problem into the plan's clusters."""
    if plan.rolled is not None:
        return _compile_rolled(plan)
    problem = plan.problem
    made = structure(plan.tree, problem.scopes, problem.keys, problem.children, problem.cardinalities)
    tables = _Tables(dict(zip(problem.keys, problem.tables, strict=True)))
    cells = bind(made.cells, tables.table)
    operands = [[(scope, tables.table(ref)) for scope, ref in row] for row in made.operands]
    return Compiled(plan, cells, find_loops(cells), made.silent, operands)


def _compile_rolled(plan: Plan) -> Compiled:
    """The same for copies of a step: tables are bound once, for a short network."""
    rolled = plan.rolled
    assert rolled is not None
    made = rolled.short.structure
    tables = _Tables(dict(enumerate(rolled.tables)))
    cells = rolled.by_cluster(bind(made.cells, tables.table))
    operands = [[(scope, tables.table(ref)) for scope, ref in row] for row in made.operands]
    k = rolled.short.width
    moved = rolled.by_cluster(operands, lambda row, _, v: [(tuple([u + v * k for u in s]), t) for s, t in row])
    loop = extended(Loop(rolled.short.begin, k, rolled.copies + 1, same=True), cells)
    return Compiled(plan, cells, [loop], rolled.by_cluster(made.silent), moved)


class _Tables:
    """Tables by reference; a product is multiplied out when it is first asked for."""

    def __init__(self, tables: dict[int, Scaled]) -> None:
        self._tables: dict[Reference, Scaled] = {**tables}

    def table(self, reference: Reference) -> Scaled:
        if reference not in self._tables:
            assert isinstance(reference, Product)
            factors = [(scope, self._tables[k]) for k, scope in reference.parts]
            cards = factors[0][1].shape
            self._tables[reference] = contract(factors, tuple(range(len(cards))), cards)
        return self._tables[reference]
