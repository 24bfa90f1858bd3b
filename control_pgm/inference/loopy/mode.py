"""A most probable assignment out of max-product messages.

The states with the largest max-marginals need not belong together where there are ties: with two modes 01 and 10, each
variable on its own may choose 0. So variables are decided one after another, from the first in the model's order on
through its neighbours, breadth first, and each is decided given those before it: tables receive from decided variables
that they are in their state, and from the others what these have said before.

On a tree the parts that are still open hang together by nothing but decided variables, so that every choice can be
completed to a mode. On loops the result is an estimate: its weight is exact, but others may have more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from control_pgm.display import number
from control_pgm.errors import NotAvailable
from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.loopy.beliefs import variable_belief
from control_pgm.inference.loopy.bethe_graph import BetheGraph
from control_pgm.inference.loopy.report import LoopyReport
from control_pgm.inference.loopy.state import LoopyStore
from control_pgm.inference.map.mode import assignment_table, figure_name
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.numbers.scaled import Scaled

_TIE = 1e-9  # nats: states closer than this to the best are as good
_ROUNDING = 1e-13  # the same, relative to the logarithms


@dataclass(frozen=True, repr=False)
class ModeEstimate:
    """An assignment that may be a most probable one; made by ``posterior.mode()`` after loopy max-product.

    What a `Mode` is to exact inference, without its promise: `exact` distinguishes them.

    Attributes
    ----------
    assignment : mapping
        name -> label, of all variables of the model in their natural order, observed ones included.
    log_probability : float
        log p(assignment, evidence) in nats; for a factor graph the log of the assignment's weight. It is exact, so no
        mode has less; −inf where the estimate has led into a dead end.
    log_maximum : float
        The Bethe approximation of a mode's log-probability, in nats: from messages, not from this assignment. Neither
        an upper nor a lower bound, except on trees.
    report : LoopyReport
        Whether the messages have converged.
    weight : bool
        Whether the model is a factor graph, so that `log_probability` is the log of a weight and may be positive.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable, infer
    >>> a, b, c = (Variable(name, 2) for name in "abc")
    >>> alike = [[2, 1], [1, 2]]
    >>> loop = FactorGraph([Factor(pair, alike) for pair in ([a, b], [b, c], [c, a])] + [Factor([a], [1, 3])])
    >>> estimate = infer(loop, method="loopy", elimination="max").mode()
    >>> dict(estimate.assignment), estimate.exact
    ({'a': 1, 'b': 1, 'c': 1}, False)
    """

    assignment: Mapping[str, Hashable]
    log_probability: float
    log_maximum: float
    report: LoopyReport
    weight: bool = False

    @property
    def exact(self) -> bool:
        """False, also on trees: see ``report.accuracy``."""
        return False

    @property
    def log_posterior(self) -> float:
        """Not available: max-product has no p(evidence) to divide by."""
        raise NotAvailable(
            "an estimate of the mode has no log_posterior: max-product has no evidence",
            remedy="see .log_probability, or ask infer(…, method='exact').mode()",
        )

    def __str__(self) -> str:
        rows = [[name, str(label)] for name, label in self.assignment.items()]
        figures = [
            [figure_name(self.weight), number(self.log_probability)],
            ["log maximum (Bethe)", number(self.log_maximum)],
        ]
        outcome = [["outcome", self.report.outcome], ["accuracy", self.report.accuracy]]
        return assignment_table("estimate of the mode", rows, [*figures, *outcome])

    def __repr__(self) -> str:
        return (
            f"ModeEstimate(approximate, {self.report.outcome}, {len(self.assignment)} variables, "
            f"log_probability={number(self.log_probability, 10)})"
        )


def decode(store: LoopyStore) -> dict[int, int]:
    """The state index of each free variable; of states equally good within 1e-9 nats, the first."""
    decided: dict[int, int] = {}
    for v in breadth_first(store.graph):
        scores = _scores(store, v, decided)
        if scores.max() == -np.inf:
            # On loops earlier decisions may leave nothing: then they are left aside.
            scores = variable_belief(store, v)
        best = scores.max()
        decided[v] = int(np.flatnonzero(scores >= best - max(_TIE, _ROUNDING * abs(best)))[0])
    return decided


def breadth_first(graph: BetheGraph) -> Iterator[int]:
    """All variables, each part of the graph from its first variable on through its neighbours."""
    scopes = graph.problem.scopes
    seen: set[int] = set()
    for start in range(len(graph.problem.names)):
        queue = deque([start] if start not in seen else [])
        seen.add(start)
        while queue:
            v = queue.popleft()
            yield v
            for edge in graph.edges_of[v]:
                for u in scopes[graph.table_of[edge]]:
                    if u not in seen:
                        seen.add(u)
                        queue.append(u)


def _scores(store: LoopyStore, variable: int, decided: Mapping[int, int]) -> FloatArray:
    """log of what all tables say to a variable, once they know what is decided."""
    graph = store.graph
    total = np.zeros(graph.problem.cardinalities[variable])
    for edge in graph.edges_of[variable]:
        table = graph.table_of[edge]
        if any(u in decided for u in graph.problem.scopes[table]):
            total += _said(store, table, variable, decided)
        else:
            total += store.to_variables[graph.slot(edge)]
    return total


def _said(store: LoopyStore, table: int, variable: int, decided: Mapping[int, int]) -> FloatArray:
    """The message of a table to a variable, computed anew with decided variables held at their states."""
    graph = store.graph
    problem = graph.problem
    scope = problem.scopes[table]
    sliced = problem.tables[table].take(tuple([decided.get(u, slice(None)) for u in scope]))
    rest = tuple(u for u in scope if u not in decided)
    operands: list[Operand] = [(rest, sliced)]
    for edge in graph.edges_at(table):
        u = graph.variable_of[edge]
        if u != variable and u in rest:
            operands.append(((u,), Scaled.from_log(store.to_tables[graph.slot(edge)])))
    out = (variable, *(u for u in rest if u != variable))
    product = contract(operands, out, problem.cardinalities)
    return product.maximum(tuple(range(1, len(out)))).log()
