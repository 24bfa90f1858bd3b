"""A plan with the model's tables in its clusters, and the instructions that send its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from control_pgm.inference.clusters import BucketTree, silent_clusters
from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.folding import fold
from control_pgm.inference.loops import Loop, extended, find_loops
from control_pgm.inference.messages import Cell, write_cells
from control_pgm.inference.passes import Collect
from control_pgm.inference.plan import Plan
from control_pgm.inference.problem import Problem
from control_pgm.tables.contraction import Scope
from control_pgm.tables.scaled import Scaled


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
        rolled = self.plan.rolled
        if rolled is None:
            return self._operands[cluster]
        k, steps = rolled.locate(cluster)
        return [(tuple([v + steps * rolled.width for v in scope]), table) for scope, table in self._operands[k]]

    def received(self, sent: Collect, cluster: int) -> list[Operand]:
        """The messages that a cluster has from its children; silent children say nothing."""
        separators = self.tree.separators
        return [(separators[j], sent.table(j)) for j in self.tree.children[cluster] if not self.silent[j]]


def compile_plan(plan: Plan) -> Compiled:
    """Put the tables of the problem into the plan's clusters and write the instructions."""
    rolled = plan.rolled
    if rolled is not None:
        short = compile_plan(rolled.short)
        loop = Loop(rolled.begin, rolled.width, rolled.copies + 1, same=True)
        cells, silent = rolled.by_cluster(short.cells), rolled.by_cluster(short.silent)
        return Compiled(plan, cells, [extended(loop, cells)], silent, short._operands)
    problem, tree = plan.problem, plan.tree
    operands = fold(problem, [[(problem.scopes[k], problem.tables[k]) for k in own] for own in tree.factors])
    silent = silent_clusters(tree, problem.children)
    written = write_cells(tree, operands, silent, problem.cardinalities)
    return Compiled(plan, written, find_loops(written), silent, operands)
