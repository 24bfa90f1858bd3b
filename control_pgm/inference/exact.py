"""Exact inference: messages on a bucket tree, and the posterior that reads them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from control_pgm.display import number, text_table
from control_pgm.errors import unknown
from control_pgm.inference.contract import Operand
from control_pgm.inference.exact_posterior import ExactPosterior
from control_pgm.inference.map.marginal_map import marginal_map
from control_pgm.inference.map.mode import Mode, log_weight, mode_of, most_probable
from control_pgm.inference.problem import Evidence
from control_pgm.inference.results import Cluster, Message
from control_pgm.inference.tree.compile import Compiled, compile_plan
from control_pgm.inference.tree.joint import joint
from control_pgm.inference.tree.marginals import tree_marginals
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.tree.sampling import Samples, draw
from control_pgm.inference.tree.storage import Keep, Storage
from control_pgm.inference.tree.sum_product import Collect, Distribute
from control_pgm.inference.tree.svg import posterior_html
from control_pgm.models.factor_graph import Model
from control_pgm.progress import Progress
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled


class TreePosterior(ExactPosterior):
    """The posterior of exact inference, with every message.

    Attributes
    ----------
    compiled : Compiled
        The plan with the tables in it, and the instructions that send the messages.
    collected : Pass
        The messages of the collect pass, by the cluster that sent them.
    """

    def __init__(
        self,
        model: Model,
        evidence: Evidence,
        plan: Plan,
        memory_limit: int,
        progress: Progress | None = None,
        keep: Keep = "memory",
    ) -> None:
        self.model, self.evidence, self._plan = model, evidence, plan
        self.method, self.exact = "exact", True
        self._memory_limit = memory_limit
        self.compiled: Compiled = compile_plan(plan)
        self._progress = progress
        self._storage = Storage.of(keep)
        self.collected: Pass[Scaled] = Pass(Collect(self.compiled, self._storage)).run(progress)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: all but the caller's function that reports progress."""
        return {**vars(self), "_progress": None}

    @property
    def plan(self) -> Plan:
        """The plan of exact inference: its clusters and their cost.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> unroll(gridworld("S.G"), 1).infer().plan
        Plan(3 clusters, width 2, 832 B, reverse topological)
        """
        return self._plan

    @cached_property
    def log_evidence(self) -> float:
        """log p(evidence) in nats: the messages that the roots would send on, and the tables left without variables."""
        return self.compiled.log_total(self.collected)

    @property
    def checkpoints(self) -> bool:
        """Whether messages between checkpoints are computed again when they are read."""
        return self._storage.checkpoints

    # --- messages -----------------------------------------------------------------------------------------------
    @cached_property
    def distributed(self) -> Pass[Scaled]:
        """The messages of the downward pass, which runs when it is first needed.

        With checkpoints it is sent as far as it is read: else reading along would compute everything twice.
        """
        sent: Pass[Scaled] = Pass(Distribute(self.compiled, self.collected, self._storage))
        return sent if self.checkpoints else sent.run(self._progress)

    def operand(self, source: int, target: int) -> Operand | None:
        """A message as an operand; None for a barren cluster, whose message is identically one."""
        tree = self.plan.tree
        if tree.parents[source] == target:
            return None if self.compiled.barren[source] else (tree.separators[source], self.collected[source])
        return tree.separators[target], self.distributed[target]

    def _message(self, source: int, target: int) -> Message:
        tree, variables = self.plan.tree, self.plan.problem.variables
        up = tree.parents[source] == target
        scope = [variables[v] for v in tree.separators[source if up else target]]
        operand = self.operand(source, target)
        table = operand[1] if operand else Scaled(np.ones([v.cardinality for v in scope]))
        source_name, target_name = (variables[tree.order[i]].name for i in (source, target))
        return Message(source_name, target_name, Factor.of(scope, table), up)

    def message(self, source: str, target: str) -> Message:
        """The message between two neighbouring clusters, each named by the variable that it eliminates.

        Raises
        ------
        UnknownName
            If a cluster does not exist, or if the two are no neighbours.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> print(unroll(gridworld("S.G"), 1).infer().message("a_0", "s_0"))
        message a_0 → s_0
        s_0     value
        ─────  ──────
        (0,0)  0.3679
        (0,1)  0.5259
        (0,2)  0.3679
        """
        tree = self.plan.tree
        i, j = self._cluster_number(source), self._cluster_number(target)
        if tree.parents[i] != j and tree.parents[j] != i:
            near = [k for k in (*tree.children[i], tree.parents[i]) if k >= 0]
            names = [self.plan.problem.names[tree.order[k]] for k in near]
            raise unknown(target, names, what=f"neighbour of cluster {source!r}:")
        return self._message(i, j)

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """Every message in the order in which it is sent: the collect pass, then the distribute pass back.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> unroll(gridworld("S.G"), 1).infer().messages[:2]
        (Message(s_1 → a_0: s_0, a_0), Message(a_0 → s_0: s_0))
        """
        tree = self.plan.tree
        up = [(i, parent) for i, parent in enumerate(tree.parents) if parent >= 0]
        return tuple(self._message(*edge) for edge in [*up, *((j, i) for i, j in reversed(up))])

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        """The clusters of the tree in the order of elimination.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> print(*unroll(gridworld("S.G"), 1).infer().clusters)
        {s_0, a_0, s_1} {s_0, a_0} {s_0}
        """
        problem, tree = self.plan.problem, self.plan.tree
        names = problem.names
        return tuple(
            Cluster(
                names[v],
                tuple(names[u] for u in tree.scopes[i]),
                tuple(names[u] for u in tree.separators[i]),
                names[tree.order[tree.parents[i]]] if tree.parents[i] >= 0 else None,
                tuple(
                    Factor.of([problem.variables[u] for u in scope], table)
                    for _, (scope, table) in self.compiled.factors(i)
                ),
            )
            for i, v in enumerate(tree.order)
        )

    def _cluster_number(self, name: str) -> int:
        try:
            return self.plan.tree.position[self.plan.problem.index[name]]
        except (KeyError, TypeError):
            raise unknown(name, self.plan.problem.index, what="cluster") from None

    # --- queries ------------------------------------------------------------------------------------------------
    def _joint(self, targets: tuple[str, ...], given: tuple[str, ...], at: Mapping[str, int]) -> Factor:
        problem = self.plan.problem
        scope, table = joint(
            self.compiled,
            self.operand,
            [problem.index[name] for name in targets],
            [problem.index[name] for name in given],
            {problem.index[name]: i for name, i in at.items()},
            self._memory_limit,
        )
        return Factor.of([problem.variables[v] for v in scope], table)

    def _marginal_rows(self) -> dict[str, FloatArray]:
        names = self.plan.problem.names
        rows = tree_marginals(self.compiled, self.collected, self.distributed)
        return {name: rows[v] for v, name in enumerate(names)}

    def _mode(self, names: tuple[str, ...]) -> Mode:
        problem = self.plan.problem
        if {*problem.names} - {*names}:
            found = marginal_map(self.model, self.evidence, names, memory_limit=self._memory_limit, method="exact")
            return mode_of(self.model, found.assignment, found.log_value, self.log_evidence)
        states = most_probable(self.plan)
        assigned = {**problem.observed, **{problem.names[v]: state for v, state in states.items()}}
        assignment = {name: self.model.variables[name].states[assigned[name]] for name in names}
        return mode_of(self.model, assignment, log_weight(problem, states), self.log_evidence)

    def _sample(self, n: int, rng: np.random.Generator) -> Samples:
        return draw(self.compiled, self.collected, n, rng, self._memory_limit)

    def __str__(self) -> str:
        rows = [["log evidence", number(self.log_evidence, 12)], ["plan", repr(self.plan)]]
        return text_table(["exact posterior", ""], rows)

    def _repr_html_(self) -> str:
        return posterior_html([["log evidence", f"{number(self.log_evidence, 12)} nats"]], self.plan)
