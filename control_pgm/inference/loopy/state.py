"""The messages of loopy belief propagation as they stand, and the steps that change them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.inference.loopy.bethe_graph import BetheGraph
from control_pgm.inference.loopy.messages import EdgeBatch, batches, damped, distance, scaled, sums_of_others
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled


@dataclass(frozen=True, eq=False)
class LoopyMessage:
    """A message between a table and a variable, scaled to sum (max-product: to maximum) one.

    Attributes
    ----------
    source, target : str
        A variable's name, or a table's, such as ``phi_3(x, y)``.
    factor : Factor
        Over the variable.
    residual : float
        By how many nats the update rule has just moved the message, or would still move it.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable, infer
    >>> x, y = Variable("x", 2), Variable("y", 2)
    >>> graph = FactorGraph([Factor([x], [3, 1]), Factor([x, y], [[2, 1], [1, 2]])])
    >>> infer(graph, method="loopy").messages[:2]
    (LoopyMessage(phi_0(x) → x), LoopyMessage(phi_1(x, y) → x))
    """

    source: str
    target: str
    factor: Factor
    residual: float

    def __repr__(self) -> str:
        return f"LoopyMessage({self.source} → {self.target})"

    def __str__(self) -> str:
        return f"message {self.source} → {self.target}\n{self.factor}"


class LoopyStore:
    """The state of the algorithm.

    Attributes
    ----------
    to_variables, to_tables : array
        The messages m and n as flat vectors of logarithms, in the order of the graph's edges.
    moving : array
        Per edge, by how many nats the update rule would move its message to the variable, when last updated.
    residuals : list of float
        The largest of them before the first sweep, and after each.
    sent : int
        How many messages have been sent to variables.
    """

    def __init__(self, graph: BetheGraph, options: LoopyOptions) -> None:
        self.graph, self.options = graph, options
        self.to_variables, self.to_tables = np.zeros(graph.length), np.zeros(graph.length)
        self.moving = np.full(graph.n_edges, np.inf)
        self.residuals: list[float] = []
        self.sent = 0
        for star in graph.stars:
            self.to_variables[star.elements] = self._scaled(star.edges, np.zeros(star.elements.shape))
        self.hear_all()

    @cached_property
    def everything(self) -> Sequence[EdgeBatch]:
        """The messages to variables along all edges."""
        return batches(self.graph, range(self.graph.n_edges), self.options.elimination)

    def look(self, chosen: Iterable[EdgeBatch], proposal: FloatArray) -> None:
        """Write what the update rule says into ``proposal``, and note how far it is from the messages as they are."""
        for batch in chosen:
            proposal[batch.targets] = new = self._scaled(batch.edges, batch.contract(self.to_tables))
            self.moving[batch.edges] = distance(new, self.to_variables[batch.targets])

    def compare(self, edge: int, proposal: FloatArray) -> None:
        """Note how far the message along one edge is from its proposal."""
        at = self.graph.slot(edge)
        self.moving[edge] = distance(proposal[at], self.to_variables[at])

    def send(self, edge: int, proposal: FloatArray) -> None:
        """Replace one message by its proposal, damped if wanted, and update the other messages of its variable."""
        at = self.graph.slot(edge)
        self.to_variables[at] = self._damped(edge, proposal[at], self.to_variables[at])
        self.sent += 1
        variable = self.graph.variable_of[edge]
        elements = self.graph.star_of[variable]
        others = sums_of_others(self.to_variables[elements])
        self.to_tables[elements] = self._scaled(self.graph.edges_of[variable], others)

    def send_all(self, proposal: FloatArray) -> None:
        """The same for all messages at once."""
        for star in self.graph.stars:
            at = star.elements
            self.to_variables[at] = self._damped(star.edges, proposal[at], self.to_variables[at])
        self.sent += self.graph.n_edges
        self.hear_all()

    def hear_all(self) -> None:
        """Bring what all variables say to their tables up to date."""
        for star in self.graph.stars:
            others = sums_of_others(self.to_variables[star.elements])
            self.to_tables[star.elements] = self._scaled(star.edges, others)

    def _damped(self, edges: ArrayLike, new: FloatArray, old: FloatArray) -> FloatArray:
        return self._scaled(edges, damped(new, old, self.options)) if self.options.damping else new

    def _scaled(self, edges: ArrayLike, logs: FloatArray) -> FloatArray:
        return scaled(self.graph, edges, logs, self.options.elimination)

    def message(self, edge: int, *, to_table: bool = False) -> LoopyMessage:
        """The message along an edge as it is now.

        The message of a variable is always the product of those it has received: it has no residual of its own.
        """
        graph = self.graph
        variable = graph.problem.variables[graph.variable_of[edge]]
        logs = self.to_tables if to_table else self.to_variables
        factor = Factor.of([variable], Scaled.from_log(logs[graph.slot(edge)]))
        table = graph.name(graph.table_of[edge])
        if to_table:
            return LoopyMessage(variable.name, table, factor, 0.0)
        return LoopyMessage(table, variable.name, factor, float(self.moving[edge]))
