"""The two message rules of belief propagation, for many edges of equal form at once.

From a variable v to a table k, and from a table to a variable (Kschischang, Frey and Loeliger 2001, equations 5 and 6):

    n_{v→k}(x_v) = prod_{j ∋ v, j ≠ k} m_{j→v}(x_v)
    m_{k→v}(x_v) = sum_{x_k without x_v} phi_k(x_k) prod_{u ∈ k, u ≠ v} n_{u→k}(x_u)      (max for max-product)

Messages are known up to a constant: they are kept as logarithms, scaled so that they sum to one (max-product: so that
their maximum is one). Sums over states are left to `Scaled`, so that nothing underflows and zeros stay exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.display import size
from control_pgm.errors import ImpossibleEvidence, TooLarge
from control_pgm.inference.contract import prepare
from control_pgm.inference.loopy.bethe_graph import BetheGraph
from control_pgm.inference.loopy.options import Elimination, LoopyOptions
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import stacked

Place = IntArray | slice  # of messages in a flat vector

_BATCH = 2**20  # entries that the tables of a batch may have together
_STACKED = 2**12  # entries that a table may have to be copied next to others
_RECORD = 512  # bytes that an edge takes besides its messages, about
_ROUNDING = 2.0**-49  # of a logarithm: smaller differences between two computations of it mean nothing


@dataclass(frozen=True, eq=False)
class EdgeBatch:
    """Messages from tables of one shape along one axis, computed by a single contraction.

    Attributes
    ----------
    edges : array [n]
        Along which the messages go.
    targets : array [n, c], or a slice if n = 1
        Where they lie in the flat vector of all messages.
    sources : per other axis i of the table, where the messages lie that come in there: [n, c_i], or a slice if n = 1.
    recipe : contraction of the tables, those messages, and ``ones``.
    maximised : the axes of the contraction's result to maximise over.
    """

    edges: IntArray
    targets: Place
    sources: Sequence[Place]
    tables: Scaled
    ones: Sequence[Scaled]
    recipe: Recipe
    maximised: tuple[int, ...]

    def contract(self, received: FloatArray) -> FloatArray:
        """log m_{k→v}, unscaled, one row per edge, from the flat vector of the messages to the tables."""
        operands = [Scaled.from_log(received[source]) for source in self.sources]
        result = Scaled.contract([self.tables, *operands, *self.ones], self.recipe)
        if self.maximised:
            result = result.maximum(self.maximised)
        return result.log().reshape(len(self.edges), -1)


def check_memory(graph: BetheGraph, memory_limit: int) -> None:
    """Refuse a graph whose messages, and the tables copied or joined to compute them, would not fit.

    Raises
    ------
    TooLarge
        Before any of them is made.
    """
    problem = graph.problem
    sizes = [table.n_entries for table in problem.tables]
    # Small tables are copied once per axis, however many slices share them.
    small = {id(t): len(t.shape) * t.n_entries for t in problem.tables if prod(t.shape) <= _STACKED}
    places = sum(len(scope) * sum(problem.cardinalities[v] for v in scope) for scope in problem.scopes)
    joined = max(max(sizes, default=0), min(_BATCH, sum(sizes)))
    need = _RECORD * graph.n_edges + 8 * (8 * graph.length + 2 * places + sum(small.values()) + 2 * joined)
    if need > memory_limit:
        raise TooLarge(
            f"loopy belief propagation over {graph.n_edges:,} edges, whose largest table has {max(sizes):,} entries, "
            f"needs {size(need)}",
            allowed=f"{size(memory_limit)} (memory_limit)",
            remedy="observe more variables, split the model, or raise memory_limit",
        )


def batches(graph: BetheGraph, edges: Iterable[int], elimination: Elimination) -> list[EdgeBatch]:
    """The edges in groups of equal form, in the order of first mention."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for edge in edges:
        table = graph.problem.tables[graph.table_of[edge]]
        # Small tables are stacked. Others are not copied: messages from one and the same table go together.
        alone = id(table) if prod(table.shape) > _STACKED or type(table) is not Scaled else 0
        alike.setdefault((table.shape, graph.axis(edge), alone), []).append(edge)
    result = []
    for members in alike.values():
        table = graph.problem.tables[graph.table_of[members[0]]]
        most = max(1, _BATCH // prod(table.shape)) if type(table) is Scaled else 1
        result += [_batch(graph, members[i : i + most], elimination) for i in range(0, len(members), most)]
    return result


def _batch(graph: BetheGraph, edges: Sequence[int], elimination: Elimination) -> EdgeBatch:
    n, axis = len(edges), graph.axis(edges[0])
    tables = [graph.problem.tables[graph.table_of[edge]] for edge in edges]
    shape = tables[0].shape
    own = tuple(range(len(shape)))
    others = own[:axis] + own[axis + 1 :]
    row = (len(shape),) if n > 1 else ()  # the label of the axis that runs over the batch
    shared = all(table is tables[0] for table in tables)
    stack = tables[0] if shared else stacked(tables)
    scopes = [own if shared else row + own, *[(*row, i) for i in others]]
    out = (*row, axis, *others) if elimination == "max" else (*row, axis)
    recipe, ones = prepare(scopes, out, (*shape, n))
    maximised = tuple(range(len(row) + 1, len(out)))
    target, *sources = [_place(graph, [edge - axis + i for edge in edges]) for i in (axis, *others)]
    return EdgeBatch(np.array(edges), target, sources, stack, ones, recipe, maximised)


def _place(graph: BetheGraph, edges: Sequence[int]) -> Place:
    return graph.slot(edges[0]) if len(edges) == 1 else graph.elements(edges)


def sums_of_others(logs: FloatArray) -> FloatArray:
    """Along the last axis but one, the sum of all entries but the own: log n from log m. −inf does no harm."""
    before, after = np.zeros_like(logs), np.zeros_like(logs)
    np.cumsum(logs[..., :-1, :], axis=-2, out=before[..., 1:, :])
    np.cumsum(logs[..., :0:-1, :], axis=-2, out=after[..., -2::-1, :])
    return before + after


def scaled(graph: BetheGraph, edges: ArrayLike, logs: FloatArray, elimination: Elimination) -> FloatArray:
    """Log-messages, states along the last axis, brought to sum (or maximum) one.

    Raises
    ------
    ImpossibleEvidence
        If a message is zero everywhere; names its variable.
    """
    top = logs.max(axis=-1, keepdims=True)
    if not (top > -np.inf).all():
        edge = np.asarray(edges)[top[..., 0] == -np.inf][0]
        raise contradiction(graph, graph.variable_of[edge])
    below: FloatArray = logs - top
    if elimination == "max":
        return below
    return np.asarray(below - np.log(np.exp(below).sum(axis=-1, keepdims=True)))


def contradiction(graph: BetheGraph, variable: int) -> ImpossibleEvidence:
    """The error for a variable none of whose states is possible.

    Messages start positive and get a zero only where every assignment behind them has weight zero, loops or not. So a
    contradiction among messages is one of the model.
    """
    name = graph.problem.names[variable]
    return ImpossibleEvidence(
        f"the evidence is impossible: no state of {name!r} has positive weight",
        remedy="method='exact' tells which observation rules them out",
    )


def distance(new: FloatArray, old: FloatArray) -> FloatArray:
    """Per row, the largest difference of two log-messages in nats; rounding does not count."""
    gap = np.zeros(new.shape)
    np.subtract(new, old, out=gap, where=new != old)  # where both are −inf they agree
    gap = np.abs(gap)
    magnitude = np.minimum(np.abs(new), np.abs(old))
    return np.asarray(gap.max(axis=-1, initial=0.0, where=gap > _ROUNDING * magnitude))


def damped(new: FloatArray, old: FloatArray, options: LoopyOptions) -> FloatArray:
    """The mixture of new and old log-messages, not scaled; zeros of the new one are exact and stay."""
    share = options.damping
    if options.damping_domain == "log":
        return (1.0 - share) * new + share * old
    mixed = np.logaddexp(np.log1p(-share) + new, np.log(share) + old)
    return np.asarray(np.where(np.isneginf(new), -np.inf, mixed))
