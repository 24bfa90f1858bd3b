"""Loops: stretches of a list of cells that repeat a block, as the slices of an unrolled network do.

Instructions name other clusters by their distance, so two slices that are alike have equal instructions. A stretch of
clusters in which cell i + w equals cell i is a *loop*: ``count`` copies of a block of w cells. Its messages are one
linear recurrence.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple, Protocol

import numpy as np

from control_pgm.inference.tree.messages import PRODUCT, UP, ClusterMessages
from control_pgm.inference.tree.slices.sent_messages import SentMessages
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import concatenated, stacked
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep
from control_pgm.tables.recurrence.series import Series

SHORTEST = 6  # copies that make a loop worth while
_WIDEST = 64  # cells in a block


class Readable(Protocol):
    """Messages by the number of a cluster, such as a pass."""

    def __getitem__(self, cluster: int, /) -> Scaled: ...
    @property
    def sent(self) -> SentMessages[Scaled]: ...


@dataclass(frozen=True)
class Loop:
    """Clusters ``first`` … ``first + width · count`` − 1: ``count`` copies of a block.

    ``same``: whether the copies have the same tables too, so that one stands for all.
    """

    first: int
    width: int
    count: int
    same: bool = False

    @property
    def stop(self) -> int:
        """The first cluster behind the loop."""
        return self.first + self.width * self.count

    def copies(self, position: int) -> range:
        """The clusters at one position of the block, in all copies."""
        return range(self.first + position, self.stop + position, self.width)


class PassPart(NamedTuple):
    """Clusters that send one after another: those of a loop, or a stretch between loops."""

    clusters: range
    loop: Loop | None = None


def parts_between(n: int, loops: Sequence[Loop]) -> list[PassPart]:
    """Loops, and the stretches between them, of ``n`` clusters in order."""
    parts: list[PassPart] = []
    at = 0
    for loop in loops:
        if loop.first > at:
            parts.append(PassPart(range(at, loop.first)))
        parts.append(PassPart(range(loop.first, loop.stop), loop))
        at = loop.stop
    return [*parts, PassPart(range(at, n))] if at < n else parts


def find_loops(cells: Sequence[ClusterMessages]) -> list[Loop]:
    """The loops in a list of cells, from left to right; the shortest block wins where several fit.

    Linear in the number of cells: runs of equality are sought once for each width, and every loop that is taken cuts at
    most one run of each width short.
    """
    numbers: dict[Hashable, int] = {}
    kinds = np.array([numbers.setdefault(_kind(cell), len(numbers)) for cell in cells], dtype=np.int64)
    runs = [run for width in range(1, min(_WIDEST, len(kinds) // SHORTEST) + 1) for run in _runs(kinds, width)]
    heapify(runs)
    loops: list[Loop] = []
    at = 0
    while runs:
        begin, width, end = heappop(runs)
        start = max(begin, at)
        count = (end - start) // width + 1
        if count < SHORTEST:
            continue
        if start > begin:  # cut short by the loop before: another run may come first now
            heappush(runs, (start, width, end))
            continue
        loops.append(Loop(start, width, count))
        at = loops[-1].stop
    return loops


def _runs(kinds: np.ndarray[tuple[int], np.dtype[np.int64]], width: int) -> list[tuple[int, int, int]]:
    """(begin, width, end): cells begin … end − 1 equal those ``width`` further on; runs long enough for a loop only."""
    same = kinds[:-width] == kinds[width:]
    # The edges of the runs are where `same` changes.
    edges = np.flatnonzero(np.diff(np.concatenate(([0], same.astype(np.int8), [0])))).reshape(-1, 2)
    long = edges[edges[:, 1] - edges[:, 0] >= (SHORTEST - 1) * width]
    return [(begin, width, end) for begin, end in long.tolist()]


def _kind(cell: ClusterMessages) -> Hashable:
    """Equal for cells that do the same with tables of the same scopes, whatever the tables hold."""
    return tuple(
        None if i is None else (i.result, i.received, id(i.recipe), len(i.tables)) for i in (cell.up, *cell.down)
    )


@dataclass(frozen=True)
class Written:
    """A loop as a recurrence, and where its results belong: per step the clusters of its rows, in order."""

    repetition: Recurrence
    places: tuple[range, ...]


def written(
    loop: Loop,
    cells: Sequence[ClusterMessages],
    steps_of: Sequence[int],
    sent: SentMessages[Scaled],
    batch: int | None,
    up: Readable | None = None,
) -> Written | None:
    """The messages of a loop in one direction; None where they are no recurrence.

    Parameters
    ----------
    steps_of : per cluster its place in a series.
    sent : the messages that were sent before in this direction.
    up : the upward messages; then the downward ones are written, the copies in the opposite order.
    """
    first = range(loop.first, loop.first + loop.width)
    block = [(j, k) for j, i in enumerate(first) for k, each in enumerate(_sent_by(cells[i], up)) if each is not None]
    block = block if up is None else sorted(block, key=lambda place: -place[0])
    order, start = (1, loop.first) if up is None else (-1, loop.stop - loop.width)
    instructions = [_sent_by(cells[loop.first + j], up)[k] for j, k in block]
    targets = [j + each.result.offset for (j, _), each in zip(block, instructions, strict=True)]
    step_of = {target % loop.width: n for n, target in enumerate(targets)}
    steps, before = [], {}
    for (j, k), instruction in zip(block, instructions, strict=True):
        sources: list[Lagged | OutsideMessages] = []
        for side, offset in instruction.received:
            if up is not None and side == UP:
                sources.append(OutsideMessages(up, loop.copies(j + offset)[::order]))
                continue
            n = step_of.get((j + offset) % loop.width, -1)
            lag = (targets[n] - j - offset) * order // loop.width
            if side == PRODUCT or n < 0 or lag not in (0, 1):
                return None
            sources.append(Lagged(n, lag))
            if lag and (message := sent.get(start + j + offset)) is not None:
                before[n] = message
            elif lag:
                return None
        clusters = loop.copies(j)[::order]
        own = [_sent_by(cells[i], up)[k].tables for i in (clusters[:1] if loop.same else clusters)]
        tables = [together(column, steps_of, clusters) for column in zip(*own, strict=True)]
        steps.append(RecurrentStep(instruction.recipe, tuple(tables), tuple(sources)))
    if not steps or any(each.result.side == PRODUCT for each in instructions):
        return None
    places = tuple([loop.copies(target)[::order] for target in targets])
    return Written(Recurrence(loop.count, tuple(steps), before, batch), places)


def _sent_by(cell: ClusterMessages, up: Readable | None) -> Sequence[Any]:
    """The instructions of a cell in one direction."""
    return (cell.up,) if up is None else cell.down


class OutsideMessages:
    """The messages of some clusters, one for every repetition."""

    def __init__(self, messages: Readable, clusters: range) -> None:
        self._messages, self._clusters = messages, clusters

    def __getitem__(self, c: int) -> Scaled:
        return self._messages[self._clusters[c]]

    def stack(self, start: int, stop: int) -> Scaled:
        """Those of some repetitions, along a new first axis."""
        return stack(self._messages, self._clusters[start:stop])


def stack(messages: Readable, clusters: range) -> Scaled:
    """The messages of clusters at equal distances, stacked in that order; each must have sent one."""
    parts: list[Scaled] = []
    for stretch in messages.sent.stretches(clusters):
        if stretch.rows is None:
            parts.append(stacked([messages[stretch.clusters[0]]]))
        else:
            parts.append(stretch.stack().dense().backwards() if stretch.backwards else stretch.stack())
    return concatenated(parts)


def together(column: Sequence[Scaled | Series], steps_of: Sequence[int], clusters: range) -> Scaled | Series:
    """A table of some clusters: one for all of them, or a series. ``steps_of`` has the clusters' places in a series."""
    first = column[0]
    if isinstance(first, Series):
        start = steps_of[clusters[0]]
        forward = len(clusters) == 1 or steps_of[clusters[1]] > start
        return first.window(range(start, start + len(clusters)) if forward else range(start, start - len(clusters), -1))
    return first if all(table is first for table in column) else Series.of(column)  # type: ignore[arg-type]
