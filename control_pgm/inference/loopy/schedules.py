"""Loopy belief propagation: sending messages over a graph with loops until they no longer change.

The state of the algorithm is the vector m of all messages from tables to variables. It begins uniform. What variables
say to tables follows from it at once, so the update rule is one function F of m, and the messages sought are its fixed
points, m = F(m). Schedules differ in which messages they send when:

flooding
    all of them at once: m ← F(m).
sequential
    table after table, each hearing what was sent before it; there and back, forth in one sweep and back in the next.
residual
    always the one that would move most (Elidan, McGraw and Koller 2006, arXiv:1206.6837).

Residual sends the fewest messages and converges most often. Flooding works on whole arrays: per message it is faster by
two orders of magnitude where tables are small.

Fixed points are the stationary points of the Bethe free energy (Yedidia, Freeman and Weiss 2005). On a tree there is
one, it is exact, and each schedule reaches it. On loops there may be several, and a schedule may reach none: it is then
cut short, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from control_pgm.inference.loopy.bethe_graph import bethe_graph
from control_pgm.inference.loopy.messages import batches
from control_pgm.inference.loopy.options import LoopyOptions, Schedule
from control_pgm.inference.loopy.state import LoopyMessage, LoopyStore
from control_pgm.inference.problem import Problem
from control_pgm.tables.arrays import FloatArray


def propagate(problem: Problem, schedule: Schedule = "residual", **settings: Any) -> Iterator[LoopyMessage]:
    """Send messages until they converge, and show each as it is sent.

    Parameters
    ----------
    problem : Problem
        What `pose` makes of a model and its evidence.
    schedule : {"residual", "sequential", "flooding"}
    **settings
        The other fields of `LoopyOptions`.

    Yields
    ------
    LoopyMessage
        From a table to a variable. What variables say to tables is the product of such messages.

    Raises
    ------
    ImpossibleEvidence
        If a message turns out to be zero everywhere.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> from control_pgm.inference.problem import pose
    >>> x, y = Variable("x", 2), Variable("y", 2)
    >>> problem = pose(FactorGraph([Factor([x], [1, 3]), Factor([x, y], [[2, 1], [1, 2]])]))
    >>> for message in propagate(problem, "residual"):
    ...     print(message.source, "→", message.target, message.factor.array().round(4))
    phi_0(x) → x [0.25 0.75]
    phi_1(x, y) → y [0.4167 0.5833]
    """
    store = LoopyStore(bethe_graph(problem), LoopyOptions(schedule=schedule, **settings))
    for edges in sweeps(store):
        for edge in edges:
            yield store.message(edge)


def sweeps(store: LoopyStore) -> Iterator[Sequence[int]]:
    """Sweep until the messages converge or the sweeps are used up; yields the edges whose messages were just sent."""
    options = store.options
    proposal = np.empty(store.graph.length)
    while True:
        store.look(store.everything, proposal)
        store.residuals.append(float(store.moving.max(initial=0.0)))
        if store.residuals[-1] <= options.tolerance or len(store.residuals) > options.max_sweeps:
            return
        yield from _SWEEPS[options.schedule](store, proposal)


def _flooding(store: LoopyStore, proposal: FloatArray) -> Iterator[Sequence[int]]:
    store.send_all(proposal)
    yield range(store.graph.n_edges)


def _sequential(store: LoopyStore, proposal: FloatArray) -> Iterator[Sequence[int]]:
    graph = store.graph
    tables = range(len(graph.first))
    forth = len(store.residuals) % 2 == 1
    for k in tables if forth else reversed(tables):
        edges = graph.edges_at(k)
        store.look(batches(graph, edges, store.options.elimination), proposal)
        for edge in edges:
            store.send(edge, proposal)
        yield edges


def _residual(store: LoopyStore, proposal: FloatArray) -> Iterator[Sequence[int]]:
    """Proposals and their residuals are kept up to date for all messages; on equal residuals the first edge wins."""
    graph, moving, tolerance = store.graph, store.moving, store.options.tolerance
    queue = [(-r, edge) for edge, r in enumerate(moving.tolist()) if r > tolerance]
    heapify(queue)
    end = store.sent + graph.n_edges
    while queue and store.sent < end:
        negative, edge = heappop(queue)
        if -negative != moving[edge]:
            continue  # an entry that a later residual has replaced
        store.send(edge, proposal)
        yield (edge,)
        hearing = graph.edges_hearing(edge)
        store.look(batches(graph, hearing, store.options.elimination), proposal)
        store.compare(edge, proposal)
        for changed in (edge, *hearing):
            if moving[changed] > tolerance:
                heappush(queue, (-float(moving[changed]), changed))


_Sweep = Callable[[LoopyStore, FloatArray], Iterator[Sequence[int]]]
_SWEEPS: Mapping[Schedule, _Sweep] = {"flooding": _flooding, "sequential": _sequential, "residual": _residual}
