"""The Bethe graph: every table and every variable is a node, joined where the table mentions the variable.

The separators are single variables, so a message is a vector. All messages of one direction lie in one flat vector,
edge after edge: whole sweeps are then a few operations on arrays. Edges are numbered table by table, axis by axis.

    edge             0       1       2       3     …
    joins         phi_0,x phi_0,y phi_1,y phi_1,z
    message       ├─────┤├───────┤├───────┤├───┤
                  ^       ^        ^        ^         offsets
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from control_pgm.inference.problem import Problem
from control_pgm.tables.arrays import IntArray
from control_pgm.tables.frozen import Restored


@dataclass(frozen=True, eq=False)
class Star:
    """n variables of degree d and cardinality c with their edges.

    Attributes
    ----------
    variables : array [n]
    edges : array [n, d]
    elements : array [n, d, c]
        Where the messages along the edges lie in a flat vector.
    """

    variables: IntArray
    edges: IntArray
    elements: IntArray


@dataclass(frozen=True, eq=False)
class BetheGraph(Restored):
    """The edges between tables and free variables; made by `bethe_graph`.

    Attributes
    ----------
    problem : the scopes and tables, evidence sliced away.
    table_of, variable_of : per edge, its two ends.
    first : per table, its first edge; the edge of axis i is ``first + i``.
    edges_of : per variable, its edges.
    offsets : per edge, where its message begins in a flat vector; one more entry is the vector's length.
    """

    problem: Problem
    table_of: Sequence[int]
    variable_of: Sequence[int]
    first: Sequence[int]
    edges_of: Sequence[Sequence[int]]
    offsets: IntArray

    @property
    def n_edges(self) -> int:
        """The number of edges."""
        return len(self.table_of)

    @property
    def length(self) -> int:
        """The number of entries of all messages of one direction."""
        return int(self.offsets[-1])

    def slot(self, edge: int) -> slice:
        """Where the message of one edge lies."""
        return slice(int(self.offsets[edge]), int(self.offsets[edge + 1]))

    def elements(self, edges: Sequence[int]) -> IntArray:
        """Where the messages of edges at variables of one cardinality lie, one row per edge."""
        begin = self.offsets[edges]
        return begin[:, None] + np.arange(self.offsets[edges[0] + 1] - begin[0])

    def axis(self, edge: int) -> int:
        """The axis of its table that an edge stands for."""
        return edge - self.first[self.table_of[edge]]

    def edges_at(self, table: int) -> range:
        """The edges of a table."""
        return range(self.first[table], self.first[table] + len(self.problem.scopes[table]))

    def edges_hearing(self, edge: int) -> list[int]:
        """The edges whose messages to variables change when the message along ``edge`` does."""
        others = [e for e in self.edges_of[self.variable_of[edge]] if e != edge]
        return [further for e in others for further in self.edges_at(self.table_of[e]) if further != e]

    @cached_property
    def stars(self) -> Sequence[Star]:
        """All variables and their edges, those of equal degree and cardinality together."""
        alike: dict[tuple[int, int], list[int]] = {}
        for v, edges in enumerate(self.edges_of):
            if edges:
                alike.setdefault((len(edges), self.problem.cardinalities[v]), []).append(v)
        return [self._star(members, degree, cardinality) for (degree, cardinality), members in alike.items()]

    @cached_property
    def star_of(self) -> Sequence[IntArray]:
        """Per variable, where the messages of its edges lie [d, c]."""
        rows = {v: row for star in self.stars for v, row in zip(star.variables.tolist(), star.elements, strict=True)}
        return [rows.get(v, np.empty((0, n), dtype=np.int64)) for v, n in enumerate(self.problem.cardinalities)]

    def _star(self, members: Sequence[int], degree: int, cardinality: int) -> Star:
        edges = [edge for v in members for edge in self.edges_of[v]]
        elements = self.elements(edges).reshape(-1, degree, cardinality)
        return Star(np.array(members), np.array(edges).reshape(-1, degree), elements)

    @cached_property
    def is_tree(self) -> bool:
        """Whether there is no loop; a forest counts. Variables with a single state do not count."""
        above = list(range(len(self.problem.names)))

        def root(v: int) -> int:
            while above[v] != v:
                above[v] = v = above[above[v]]
            return v

        for scope in self.problem.scopes:
            speaking = [v for v in scope if self.problem.cardinalities[v] > 1]
            for v in speaking[1:]:
                a, b = root(speaking[0]), root(v)
                if a == b:
                    return False
                above[b] = a
        return True

    def name(self, table: int) -> str:
        """What a table is called in messages and errors, such as ``phi_3(x, y)``."""
        return f"phi_{table}({', '.join(self.problem.names[v] for v in self.problem.scopes[table])})"


def bethe_graph(problem: Problem) -> BetheGraph:
    """The Bethe graph of a problem; tables without free variables have no edge."""
    table_of: list[int] = []
    variable_of: list[int] = []
    first: list[int] = []
    edges_of: list[list[int]] = [[] for _ in problem.names]
    for k, scope in enumerate(problem.scopes):
        first.append(len(table_of))
        for v in scope:
            edges_of[v].append(len(table_of))
            table_of.append(k)
            variable_of.append(v)
    offsets = np.zeros(len(table_of) + 1, dtype=np.int64)
    np.cumsum([problem.cardinalities[v] for v in variable_of], out=offsets[1:])
    return BetheGraph(problem, table_of, variable_of, first, edges_of, offsets)
