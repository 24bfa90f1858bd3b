"""Finding where a list of cells repeats itself, as the slices of an unrolled network do.

Instructions name other clusters by their distance, so two slices that are alike have equal instructions. A stretch of
clusters in which cell i + w equals cell i is a *loop*: ``count`` copies of a block of w cells. What it does is handed
to `tables.recurrence.recurrence` as one repetition instead of message by message.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Protocol

import numpy as np

from control_pgm.inference.tree.messages import PRODUCT, UP, Cell, Instruction
from control_pgm.tables.numbers.message import Message
from control_pgm.tables.numbers.stack import Stack
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep
from control_pgm.tables.recurrence.series import Series

SHORTEST = 6  # copies that make a loop worth while
_WIDEST = 64  # cells in a block


class SentMessages(Protocol):
    """SentMessages by the number of a cluster."""

    def __getitem__(self, cluster: int, /) -> Message: ...
    def get(self, cluster: int, /) -> Message | None: ...
    def stack(self, clusters: range, /) -> Stack: ...


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


def find_loops(cells: Sequence[Cell]) -> list[Loop]:
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


def _kind(cell: Cell) -> Hashable:
    """Equal for cells that do the same with tables of the same scopes, whatever the tables hold."""
    return tuple(
        None if i is None else (i.result, i.received, id(i.recipe), len(i.tables)) for i in (cell.up, *cell.down)
    )


@dataclass(frozen=True)
class Written:
    """A loop as a repetition, and where its results belong: per step the clusters of its rows, in order."""

    repetition: Recurrence
    places: tuple[range, ...]


def extended(loop: Loop, cells: Sequence[Cell], begin: int = 0) -> Loop:
    """The loop with the blocks before and behind it that are the same, tables included; none before ``begin``."""
    first, stop, width = loop.first, loop.stop, loop.width
    while first - width >= begin and all(_equal(cells[first - width + j], cells[first + j]) for j in range(width)):
        first -= width
    while stop + width <= len(cells) and all(_equal(cells[stop + j], cells[loop.first + j]) for j in range(width)):
        stop += width
    return Loop(first, width, (stop - first) // width, loop.same)


def _equal(a: Cell, b: Cell) -> bool:
    """Whether two cells do the same with the same tables."""
    if a is b:
        return True
    pairs = zip((a.up, *a.down), (b.up, *b.down), strict=False)
    return len(a.down) == len(b.down) and all(
        x is y
        or (
            x is not None
            and y is not None
            and (x.result, x.received, len(x.tables)) == (y.result, y.received, len(y.tables))
            and x.recipe is y.recipe
            and all(s is t for s, t in zip(x.tables, y.tables, strict=True))
        )
        for x, y in pairs
    )


def collecting(
    loop: Loop, cells: Sequence[Cell], steps_of: Sequence[int], sent: SentMessages, batch: int | None
) -> Written | None:
    """The upward messages of a loop, copies in the order of elimination; None where they are no repetition."""
    block = [(j, up) for j in range(loop.width) if (up := cells[loop.first + j].up) is not None]
    step_of = {j: k for k, (j, _) in enumerate(block)}
    steps, before = [], {}
    for j, up in block:
        sources = []
        for _, offset in up.received:
            lag, position = divmod(j + offset, loop.width)
            if lag not in (0, -1) or position not in step_of:
                return None
            sources.append(Lagged(step_of[position], -lag))
            if lag:
                before[step_of[position]] = loop.first + position - loop.width
        own = [up] if loop.same else [c.up for c in cells[loop.first + j : loop.stop : loop.width] if c.up is not None]
        steps.append(RecurrentStep(up.recipe, _tables(own, steps_of, loop.copies(j)), tuple(sources)))
    return _written(loop, steps, before, sent, [loop.copies(j) for j, _ in block], batch)


def distributing(
    loop: Loop, cells: Sequence[Cell], steps_of: Sequence[int], up: SentMessages, sent: SentMessages, batch: int | None
) -> Written | None:
    """The downward messages of a loop, copies in the opposite order; None where they are no repetition."""
    block = [(j, k) for j in reversed(range(loop.width)) for k in range(len(cells[loop.first + j].down))]
    target = [j + cells[loop.first + j].down[k].result.offset for j, k in block]
    step_of = {t % loop.width: n for n, t in enumerate(target)}
    steps, before = [], {}
    for j, k in block:
        instruction = cells[loop.first + j].down[k]
        if instruction.result.side == PRODUCT:
            return None
        sources: list[Lagged | _Rows] = []
        for side, offset in instruction.received:
            if side == UP:
                sources.append(_Rows(up, loop.copies(j + offset)[::-1]))
                continue
            n = step_of.get(j, -1)  # the message from the parent, whose cluster lies in this copy or the one above
            if side == PRODUCT or n < 0 or target[n] not in (j, j - loop.width):
                return None
            sources.append(Lagged(n, int(target[n] != j)))
            if target[n] != j:
                before[n] = loop.stop - loop.width + j
        every = cells[loop.first + j : loop.stop : loop.width] if not loop.same else [cells[loop.first + j]]
        own = [cell.down[k] for cell in every][::-1]
        tables = _tables(own, steps_of, loop.copies(j)[::-1])
        steps.append(RecurrentStep(instruction.recipe, tables, tuple(sources)))
    return _written(loop, steps, before, sent, [loop.copies(t)[::-1] for t in target], batch)


class _Rows:
    """The messages of some clusters, one for every repetition."""

    def __init__(self, messages: SentMessages, clusters: range) -> None:
        self._messages, self._clusters = messages, clusters

    def __getitem__(self, c: int) -> Message:
        return self._messages[self._clusters[c]]

    def stack(self, start: int, stop: int) -> Stack:
        return self._messages.stack(self._clusters[start:stop])


def _tables(own: Sequence[Instruction], steps_of: Sequence[int], clusters: range) -> tuple[Message | Series, ...]:
    """Per operand the table that all copies share, or a series."""
    columns = zip(*(instruction.tables for instruction in own), strict=True)
    return tuple([together(column, steps_of, clusters) for column in columns])


def together(column: Sequence[Message | Series], steps_of: Sequence[int], clusters: range) -> Message | Series:
    """A table of some clusters: one for all of them, or a series. ``steps_of`` has the clusters' places in a series."""
    first = column[0]
    if isinstance(first, Series):
        start = steps_of[clusters[0]]
        forward = len(clusters) == 1 or steps_of[clusters[1]] > start
        return first.window(range(start, start + len(clusters)) if forward else range(start, start - len(clusters), -1))
    return first if all(table is first for table in column) else Series.of(column)  # type: ignore[arg-type]


def _written(
    loop: Loop,
    steps: Sequence[RecurrentStep],
    before: Mapping[int, int],
    sent: SentMessages,
    places: Sequence[range],
    batch: int | None,
) -> Written | None:
    carried = {step: message for step, cluster in before.items() if (message := sent.get(cluster)) is not None}
    if not steps or len(carried) < len(before):
        return None
    return Written(Recurrence(loop.count, tuple(steps), carried, batch), tuple(places))
