"""Scheduling: the messages of a tree sent in one pass upwards and one downwards, loops as repetitions.

`Collect` sends every cluster's message to its parent, leaves first; `Distribute` the messages to the children, roots
first. A pass is a list of parts, each a stretch of single messages or a loop. Parts are run in order when something of
them, or behind them, is asked for; nothing is sent twice, but for what `Storage` says not to keep.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from control_pgm.inference.tree.messages import PRODUCT, UP, ClusterMessages
from control_pgm.inference.tree.slices.disjoint_ranges import DisjointRanges
from control_pgm.inference.tree.slices.loops import Loop, Written, written
from control_pgm.inference.tree.storage import Storage
from control_pgm.progress import Progress, Reporter
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import concatenated, stacked
from control_pgm.tables.recurrence.checkpoints import Checkpoints
from control_pgm.tables.recurrence.series import Series


class Programme(NamedTuple):
    """What both passes run."""

    cells: Sequence[ClusterMessages]
    loops: Sequence[Loop]
    steps: Sequence[int] = ()  # of each cluster, where tables are series over the steps
    batch: int | None = None
    storage: Storage = Storage()

    def tables(self, cluster: int, tables: Sequence[Scaled | Series]) -> list[Scaled]:
        """The tables of an instruction of a cluster, of a series that of its step."""
        return [table[self.steps[cluster]] if isinstance(table, Series) else table for table in tables]


@dataclass(eq=False)
class _Repeated:
    """A loop that has been started: its results belong to ``places``, by step and row."""

    places: tuple[range, ...]
    results: Checkpoints


class Pass(ABC):
    """The messages of one direction by cluster, sent when they are needed."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self._single: dict[int, Scaled] = {}
        self._repeated: list[_Repeated] = []
        self._places: DisjointRanges[tuple[_Repeated, int]] = DisjointRanges()  # of the loops, by step
        self._todo = deque(_parts(len(programme.cells), programme.loops))
        self._done = 0
        self._busy = False  # while a part is being sent, what it has not got does not come from a later one

    # --- what a direction is ------------------------------------------------------------------------------------
    what: str  # for reports of progress
    lazy = False  # whether loops are run no further than their messages are read

    @abstractmethod
    def _write(self, loop: Loop) -> Written | None:
        """The loop as a repetition."""

    @abstractmethod
    def _send(self, clusters: range) -> Iterator[tuple[int, Scaled]]:
        """The messages that some clusters send, one by one."""

    # --- looking ------------------------------------------------------------------------------------------------
    def __getitem__(self, cluster: int) -> Scaled:
        while (found := self._find(cluster)) is None and cluster not in self._single:
            if self._busy or not self._todo:
                raise KeyError(cluster)
            for _ in self._advance():
                pass
        if found is None:
            return self._single[cluster]
        loop, step, row = found
        return loop.results.row(step, row)

    def table(self, cluster: int) -> Scaled:
        """The message of a cluster where there is no batch."""
        message = self[cluster]
        assert isinstance(message, Scaled)
        return message

    def get(self, cluster: int) -> Scaled | None:
        """The message of a cluster; None where there is none."""
        try:
            return self[cluster]
        except KeyError:
            return None

    def _find(self, cluster: int) -> tuple[_Repeated, int, int] | None:
        found = self._places.owner(cluster)
        if found is None:
            return None
        loop, step = found
        return loop, step, loop.places[step].index(cluster)

    def stack(self, clusters: range) -> Scaled:
        """The messages of clusters at equal distances, stacked in that order; each must have sent one."""
        parts: list[Scaled] = []
        at = 0
        while at < len(clusters):
            found = self._find(clusters[at])
            places = found[0].places[found[1]] if found else range(0)
            if found is None or abs(places.step) != abs(clusters.step):
                parts.append(stacked([self[clusters[at]]]))
                at += 1
                continue
            loop, step, row = found
            same_way = places.step == clusters.step
            n = min(len(places) - row if same_way else row + 1, len(clusters) - at)
            rows = (row, row + n) if same_way else (row + 1 - n, row + 1)
            stack = loop.results.stack(step, *rows)
            parts.append(stack if same_way else stack.dense().backwards())
            at += n
        return concatenated(parts)

    def cuts(self, clusters: range) -> list[int]:
        """Where among the clusters a stretch that is kept as one begins or ends."""
        found: list[int] = []
        for loop in self._repeated:
            for places in loop.places:
                if abs(places.step) == abs(clusters.step):
                    found += _cuts(clusters, places, loop.results.length)
        return found

    # --- sending ------------------------------------------------------------------------------------------------
    def run(self, progress: Progress | None = None) -> None:
        """Send whatever was not sent yet."""
        report = Reporter(progress, len(self.programme.cells), self.what)
        while self._todo:
            for done in self._advance():
                report.at(done)
        report.end()

    def _advance(self) -> Iterator[int]:
        """Send the next part; yields now and then how many clusters are done."""
        self._busy = True
        yield from self._send_part()
        self._busy = False

    def _send_part(self) -> Iterator[int]:
        part, done = self._todo.popleft(), self._done
        clusters = range(part.first, part.stop) if isinstance(part, Loop) else part
        loop = self._write(part) if isinstance(part, Loop) else None
        if loop is None:
            for k, (cluster, message) in enumerate(self._send(clusters)):
                self._single[cluster] = message
                yield done + min(k, len(clusters))
            self._done += len(clusters)
            return
        width = len(clusters) // loop.repetition.count
        storage, count = self.programme.storage, loop.repetition.count
        results = Checkpoints(loop.repetition, storage.length(count), storage.allocate)
        repeated = _Repeated(loop.places, results)
        self._repeated.append(repeated)
        for step, places in enumerate(loop.places):
            self._places.add(places, (repeated, step))
        for copies in () if self.lazy else results.run():
            yield done + copies * width
        self._done += len(clusters)


class Collect(Pass):
    """Every cluster's message to its parent, by the cluster that sent it."""

    what = "messages backward"

    def _write(self, loop: Loop) -> Written | None:
        return written(loop, self.programme.cells, self.programme.steps, self, self.programme.batch)

    def _send(self, clusters: range) -> Iterator[tuple[int, Scaled]]:
        for i in clusters:
            instruction = self.programme.cells[i].up
            if instruction is not None:
                _, tables, received, recipe = instruction
                held = self.programme.tables(i, tables)
                yield i, Scaled.contract([*held, *[self[i + offset] for _, offset in received]], recipe)


class Distribute(Pass):
    """The messages to all children, by the child that received it."""

    what = "messages forward"

    def __init__(self, programme: Programme, up: Collect) -> None:
        super().__init__(programme)
        self.lazy = programme.storage.checkpoints  # else reading along would run everything twice
        self._todo.reverse()
        self._up = up

    def _write(self, loop: Loop) -> Written | None:
        programme = self.programme
        return written(loop, programme.cells, programme.steps, self, programme.batch, self._up)

    def _send(self, clusters: range) -> Iterator[tuple[int, Scaled]]:
        for i in reversed(clusters):
            products: dict[int, Scaled] = {}
            down = self.programme.cells[i].down
            last = {place: n for n, instruction in enumerate(down) for place in instruction.received}
            for n, ((side, target), tables, received, recipe) in enumerate(down):
                operands = [
                    products[k] if at == PRODUCT else self._up[i + k] if at == UP else self[i + k] for at, k in received
                ]
                message = Scaled.contract([*self.programme.tables(i, tables), *operands], recipe)
                for place in received:  # lets go what serves no later message
                    if place.side == PRODUCT and last[place] == n:
                        del products[place.offset]
                if side == PRODUCT:
                    products[target] = message
                else:
                    yield i + target, message


def _cuts(clusters: range, places: range, length: int) -> list[int]:
    """Where, among the clusters, stretches of ``length`` places begin and end."""
    cuts = []
    for row in range(0, len(places), length):
        ends = (places[row], places[min(row + length, len(places)) - 1])
        inside = sorted(clusters.index(cluster) for cluster in ends if cluster in clusters)
        cuts += [inside[0], inside[-1] + 1] if inside else []
    return cuts


def _parts(n: int, loops: Sequence[Loop]) -> list[range | Loop]:
    """The clusters in order: loops, and the stretches between them."""
    parts: list[range | Loop] = []
    at = 0
    for loop in loops:
        if loop.first > at:
            parts.append(range(at, loop.first))
        parts.append(loop)
        at = loop.stop
    if at < n:
        parts.append(range(at, n))
    return parts
