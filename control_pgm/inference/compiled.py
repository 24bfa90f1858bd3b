"""A plan with the model's tables in its clusters, and the instructions that send its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from control_pgm.inference.clusters import BucketTree
from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.messages import Edge, Instruction, Store, schedule
from control_pgm.inference.plan import Plan
from control_pgm.inference.problem import Problem
from control_pgm.inference.rolling import Rolled
from control_pgm.tables.contraction import Scope
from control_pgm.tables.scaled import Scaled


@dataclass(frozen=True, eq=False)
class Compiled:
    """What inference runs.

    Attributes
    ----------
    operands : per cluster its tables with their scopes; those of equal scope are multiplied once.
    silent : clusters whose upward message is identically one (unobserved leaves).
    up, down : the instructions of the collect and the distribute pass.
    """

    plan: Plan
    operands: Sequence[Sequence[Operand]]
    silent: frozenset[int]
    up: Sequence[Instruction]
    down: Sequence[Instruction]

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

    def received(self, store: Store, cluster: int) -> list[Operand]:
        """The messages that a cluster has from its children; silent children say nothing."""
        tree = self.tree
        edges: list[Edge] = [(child, cluster) for child in tree.children[cluster] if child not in self.silent]
        return [(tree.separators[edge[0]], store[edge]) for edge in edges]


def compile_plan(plan: Plan) -> Compiled:
    """Put the tables of the problem into the plan's clusters and write the instructions."""
    if plan.rolled is not None:
        return _extend(compile_plan(plan.rolled.short), plan, plan.rolled)
    problem, tree = plan.problem, plan.tree
    folded: dict[tuple[object, ...], Scaled] = {}
    operands: list[Sequence[Operand]] = []
    silent: set[int] = set()
    for i, assigned in enumerate(tree.factors):
        own = [(problem.scopes[k], problem.tables[k]) for k in assigned]
        operands.append(_fold(problem, own, folded) if len(own) > 1 else own)
        speaking = any(j not in silent for j in tree.children[i])
        only_its_cpd = len(assigned) == 1 and problem.children[assigned[0]] == tree.order[i]
        if only_its_cpd and not speaking:
            silent.add(i)  # sum_x p(x | parents) = 1
    up, down = schedule(tree, operands, frozenset(silent), problem.cardinalities)
    return Compiled(plan, operands, frozenset(silent), up, down)


def _fold(problem: Problem, own: list[Operand], folded: dict[tuple[object, ...], Scaled]) -> list[Operand]:
    """Multiply tables of equal scope, once for all slices that share them."""
    groups: dict[frozenset[int], list[Operand]] = {}
    for scope, table in own:
        groups.setdefault(frozenset(scope), []).append((scope, table))
    result = []
    for group in groups.values():
        scope = group[0][0]
        if len(group) == 1:
            result.append(group[0])
            continue
        key = tuple((table.identity, tuple(scope.index(v) for v in s)) for s, table in group)
        if key not in folded:
            folded[key] = contract(group, scope, problem.cardinalities)
        result.append((scope, folded[key]))
    return result


def _extend(short: Compiled, plan: Plan, rolled: Rolled) -> Compiled:
    """The operands and instructions of a long network from those of a short one."""
    k = rolled.width

    def moved(own: Sequence[Operand], _: int, steps: int) -> Sequence[Operand]:
        return [(tuple([v + steps * k for v in scope]), table) for scope, table in own]

    silent = rolled.by_cluster([i in short.silent for i in range(len(short.tree.order))], lambda x, _, __: x)
    up, down = _rolled_instructions(short.up, rolled), _rolled_instructions(short.down, rolled)
    return Compiled(
        plan,
        rolled.by_cluster(short.operands, moved),
        frozenset(i for i, is_silent in enumerate(silent) if is_silent),
        [item for group in up for item in group],
        [item for group in reversed(down) for item in group],
    )


def _rolled_instructions(items: Sequence[Instruction], rolled: Rolled) -> list[list[Instruction]]:
    """Instructions by their source cluster, moved with it."""
    groups: list[list[Instruction]] = [[] for _ in rolled.short.tree.order]
    for item in items:
        groups[item.edge[0]].append(item)

    def moved(group: list[Instruction], steps: int, _: int) -> list[Instruction]:
        d = steps * rolled.width
        return [
            Instruction(_shift(i.edge, d), i.tables, tuple([_shift(e, d) for e in i.received]), i.recipe) for i in group
        ]

    return rolled.by_cluster(groups, moved)


def _shift(edge: Edge, d: int) -> Edge:
    """An edge with its clusters moved; −1 stands for no target, and targets below it encode a cluster twice."""
    source, target = edge
    return source + d, target + d if target >= 0 else target if target == -1 else target - 2 * d
