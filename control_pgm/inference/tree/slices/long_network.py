"""Long unrolled networks without their numbers: short ones with copies of some steps inserted.

Nothing is written out: what belongs to a cluster, a table or a variable is worked out when it is read. Numbers of
variables and tables grow with time, those of clusters fall, since elimination runs backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeVar

from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.slices.loops import Loop
from control_pgm.inference.tree.slices.repeating import Repeating, Segments, Shift
from control_pgm.inference.tree.slices.short_network import Block, ShortNetwork, moved
from control_pgm.inference.tree.structure import Structure

Item = TypeVar("Item")
STEPS, VARIABLES, TABLES = range(3)  # the entries of a `Shift`


@dataclass(frozen=True)
class Raised:
    """How numbers move with a shift: by ``plus`` and one of its entries, up or down; −1, which is none, stays."""

    entry: int
    plus: int = 0
    down: bool = False

    def __call__(self, numbers: Any, shift: Shift) -> Any:
        distance = self.plus + (-shift[self.entry] if self.down else shift[self.entry])
        if isinstance(numbers, tuple):
            return moved(numbers, distance)
        return numbers + distance if numbers >= 0 else numbers


class Copies(NamedTuple):
    """Copies of a block in the order of time.

    Attributes
    ----------
    block : what is repeated.
    steps : their steps.
    clusters : the first cluster of each.
    within : their numbers among all copies of the block.
    """

    block: Block
    steps: range
    clusters: range
    within: slice

    @property
    def loop(self) -> Loop:
        """The same as clusters in the order of elimination."""
        return Loop(self.clusters[-1], self.block.size.variables, len(self.clusters), same=True)

    def part(self, start: int, stop: int) -> Copies:
        """Some of them."""
        return Copies(self.block, self.steps[start:stop], self.clusters[start:stop], slice(start, stop))


@dataclass(frozen=True, eq=False)
class LongNetwork:
    """A long network; made by `long_network`.

    Attributes
    ----------
    short : the short network.
    copies : per block how many of it are inserted.
    """

    short: ShortNetwork
    copies: tuple[int, ...]

    def by_variable(self, items: Sequence[Item], move: Callable[[Item, Shift], Any] | None = None) -> Repeating[Any]:
        """One item per free variable, in the order of time."""
        return Repeating(items, self._variables, move)

    def by_table(self, items: Sequence[Item], move: Callable[[Item, Shift], Any] | None = None) -> Repeating[Any]:
        """One item per table, in the order of time."""
        return Repeating(items, self.tables, move)

    def by_cluster(self, items: Sequence[Item], move: Callable[[Item, Shift], Any] | None = None) -> Repeating[Any]:
        """One item per cluster, against the order of time."""
        return Repeating(items, self._clusters, move)

    @cached_property
    def _variables(self) -> Segments:
        blocks = [(block.variables, block.size) for block in self.short.blocks]
        return Segments.of(len(self.short.names), blocks, self.copies, VARIABLES)

    @cached_property
    def tables(self) -> Segments:
        """The segments of what there is for each table."""
        blocks = [(block.tables, block.size) for block in self.short.blocks]
        return Segments.of(len(self.short.scopes), blocks, self.copies, TABLES)

    @cached_property
    def _clusters(self) -> Segments:
        return self._variables.backwards(len(self.short.names))

    def tables_of(self, copies: Copies) -> list[range]:
        """Per table of a block the numbers that it has in some copies."""
        return self.tables.copies(copies.block.tables, copies.within)

    def variables_of(self, copies: Copies) -> list[range]:
        """The same of free variables."""
        return self._variables.copies(copies.block.variables, copies.within)

    def total(self, items: Sequence[int]) -> int:
        """The sum of one number per cluster of the short network, over those of the long one."""
        added = 0
        for m, block in zip(self.copies, self.short.blocks, strict=True):
            begin = self.short.first_cluster(block)
            added += m * sum(items[begin : begin + block.size.variables])
        return sum(items) + added

    def series(self, base: str) -> list[int]:
        """The numbers of a variable in all slices that have it free, by its name without time."""
        mine = [i for i, (name, _) in enumerate(self.short.names) if name == base]
        result: list[int] = []
        for start, source, width, count, _, _ in self._variables.all:
            own = [i - source + start for i in mine if source <= i < source + width]
            if len(own) == 1:
                result += range(own[0], own[0] + width * count, width)
            else:
                result += [i + width * c for c in range(count) for i in own]
        return result

    @cached_property
    def repeated(self) -> Sequence[Copies]:
        """The copies of each block, in the order of time."""
        result, shift, behind = [], Shift(), self._variables.length - len(self.short.names)
        for block, m in zip(self.short.blocks, self.copies, strict=True):
            k = block.size.variables
            first = self.short.first_cluster(block) + behind - shift.variables
            steps = range(block.step + shift.steps, block.step + shift.steps + m + 1)
            result.append(Copies(block, steps, range(first, first - (m + 1) * k, -k), slice(0, m + 1)))
            shift = shift.plus(block.size, m)
        return result

    @lru_cache(maxsize=64)  # noqa: B019
    def loops(self, structure: Structure) -> Sequence[Loop]:
        """The copies of each block against the order of time, with the blocks beside them that do the same."""
        cells = self.by_cluster(structure.cells)
        loops: list[Loop] = []
        for copies in reversed(self.repeated):
            first, width, stop = copies.loop.first, copies.loop.width, copies.loop.stop
            block = cells[first : first + width]
            while first - width >= (loops[-1].stop if loops else 0) and cells[first - width : first] == block:
                first -= width
            while stop + width <= len(cells) and cells[stop : stop + width] == block:
                stop += width
            loops.append(Loop(first, width, (stop - first) // width, same=True))
        return loops

    @cached_property
    def steps(self) -> Repeating[int]:
        """Per cluster its place in a series: its step, the first of which is −1, plus one."""
        return self.by_cluster([t + 1 for t in self.short.steps_of_clusters], Raised(STEPS))

    @cached_property
    def tree(self) -> BucketTree:
        """The long tree."""
        short, n = self.short.tree, self._variables.length
        clusters = Raised(VARIABLES, n - len(self.short.names), down=True)
        return BucketTree(
            order=range(n - 1, -1, -1),
            position=range(n - 1, -1, -1),
            scopes=self.by_cluster(short.scopes, Raised(VARIABLES)),
            separators=self.by_cluster(short.separators, Raised(VARIABLES)),
            parents=self.by_cluster(short.parents, clusters),
            children=self.by_cluster(short.children, clusters),
            factors=self.by_cluster(short.factors, Raised(TABLES)),
            roots=self._roots(),
            fill_free=short.fill_free,
        )

    def _roots(self) -> list[int]:
        roots = set(self.short.tree.roots)
        return [
            start + c * width + i - source
            for start, source, width, count, _, _ in self._clusters.all
            for c in range(count if any(i in roots for i in range(source, source + width)) else 0)
            for i in range(source, source + width)
            if i in roots
        ]


@lru_cache(maxsize=16)
def long_network(short: ShortNetwork, copies: tuple[int, ...]) -> LongNetwork:
    """The long network with so many copies of each block; networks of one form and length share it."""
    return LongNetwork(short, copies)
