"""Unrolled networks as runs of steps: the plan of a long network from that of a short one.

The plan of a long network is that of a short one (see `short`) with copies of some steps inserted. Nothing is written
out: what belongs to a cluster, a table or a variable is worked out when it is read. Numbers of variables and tables
grow with time, those of clusters fall, since elimination runs reversed_segments.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np

from control_pgm.inference.problem import Problem, TablesOfSteps
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.slices.loops import Loop
from control_pgm.inference.tree.slices.repeating import Repeating, Segments, Shift
from control_pgm.inference.tree.slices.runs import runs_of
from control_pgm.inference.tree.slices.short_network import (
    MOST,
    Block,
    ShortNetwork,
    StepRun,
    Timed,
    moved,
    short_network,
)
from control_pgm.models.factor_graph import Model
from control_pgm.models.template import DynamicBayesianNetwork
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Series

T = TypeVar("T")


STEPS, VARIABLES, TABLES = range(3)  # the entries of a `Shift`


@dataclass(frozen=True)
class _Raised:
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


@dataclass(frozen=True, eq=False)
class Rolled:
    """How a long plan grows out of a short one.

    Attributes
    ----------
    short : the short network.
    copies : per block how many of it are inserted.
    tables : the tables by number, with the evidence sliced away; a `Series` holds one for each step.
    origins : by the same numbers, as in `Problem`.
    """

    short: ShortNetwork
    copies: tuple[int, ...]
    tables: Sequence[Scaled | Series]
    origins: Sequence[Scaled]

    # --- sequences of the long plan -----------------------------------------------------------------------------
    def by_variable(self, items: Sequence[T], move: Callable[[T, Shift], T] | None = None) -> Repeating[T]:
        """One item per free variable, in the order of time."""
        return Repeating(items, self._variables, move)

    def by_table(self, items: Sequence[T], move: Callable[[T, Shift], T] | None = None) -> Repeating[T]:
        """One item per table, in the order of time."""
        return Repeating(items, self._tables, move)

    def by_cluster(self, items: Sequence[T], move: Callable[[T, Shift], T] | None = None) -> Repeating[T]:
        """One item per cluster, against the order of time."""
        return Repeating(items, self._clusters, move)

    @cached_property
    def _variables(self) -> Segments:
        blocks = [(block.variables, block.size) for block in self.short.blocks]
        return Segments.of(len(self.short.names), blocks, self.copies, VARIABLES)

    @cached_property
    def _tables(self) -> Segments:
        blocks = [(block.tables, block.size) for block in self.short.blocks]
        return Segments.of(len(self.short.scopes), blocks, self.copies, TABLES)

    @cached_property
    def _clusters(self) -> Segments:
        return self._variables.backwards(len(self.short.names))

    @property
    def inserted(self) -> int:
        """How many variables, and so clusters, the long plan has more than the short one."""
        return sum(m * block.size.variables for m, block in zip(self.copies, self.short.blocks, strict=True))

    def total(self, items: Sequence[int]) -> int:
        """The sum of one number per cluster of the short plan, over those of the long one."""
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

    def repeated(self, *, numbers: bool = False) -> list[Copies]:
        """The copies of each block, in the order of time; with ``numbers`` those in a row that have the same tables."""
        result, shift = [], Shift()
        for block, m in zip(self.short.blocks, self.copies, strict=True):
            k = block.size.variables
            first = self.short.first_cluster(block) + self.inserted - shift.variables
            steps = range(block.step + shift.steps, block.step + shift.steps + m + 1)
            clusters = range(first, first - (m + 1) * k, -k)
            cuts = self._changes(block, steps) if numbers else ()
            for start, stop in pairwise([0, *cuts, m + 1]):
                result.append(Copies(block, steps[start:stop], clusters[start:stop], slice(start, stop)))
            shift = shift.plus(block.size, m)
        return result

    def _changes(self, block: Block, steps: range) -> list[int]:
        """The copies of a block whose tables hold other numbers than those of the copy before."""
        first = self.short.first_cluster(block)
        held = chain.from_iterable(self.short.tree.factors[first : first + block.size.variables])
        changes: set[int] = set()
        for reference in {self.short.references[k] for k in held}:
            table = self.referred[reference]
            if isinstance(table, Series):
                changes.update(table[steps.start + 1 : steps.stop + 1].changes)
        return sorted(changes)

    def tables_of(self, copies: Copies) -> list[range]:
        """Per table of a block the numbers that it has in some copies."""
        return self._tables.copies(copies.block.tables, copies.within)

    def variables_of(self, copies: Copies) -> list[range]:
        """The same of free variables."""
        return self._variables.copies(copies.block.variables, copies.within)

    # --- the parts of a plan ------------------------------------------------------------------------------------
    def problem(self, model: Model, observed: Mapping[str, int]) -> Problem:
        """The long problem."""
        short = self.short
        timed: Repeating[Timed | str] = self.by_variable(short.names, _later)
        owned = [(self.tables[key], t) for key, t in zip(short.keys, self._steps_of_tables, strict=True)]
        tables = self.by_table(owned, _later_table)
        return Problem(
            model,
            Named(timed),
            observed,
            self.by_variable(short.cards),
            self.by_table(short.scopes, _Raised(VARIABLES)),
            TablesOfSteps(tables),
            self.by_table(short.references),
            self.by_table(short.children, _Raised(VARIABLES)),
            Named(self.by_table(short.owners, _later)),
            self.by_table([self.origins[key] for key in short.keys]),
            self._constants(tables),
        )

    @cached_property
    def _steps_of_tables(self) -> list[int]:
        """The step of each table of the short network."""
        return list(self.short.steps_of_tables)

    def _constants(self, tables: Repeating[tuple[Scaled | Series, int]]) -> list[tuple[Scaled, int]]:
        """The tables without a free variable, each with the number of times that it counts."""
        result: list[tuple[Scaled, int]] = []
        for _, source, width, count, shift, _ in self._tables.all:
            for k in range(source, source + width):
                if self.short.scopes[k]:
                    continue
                table, first = self.tables[self.short.keys[k]], self._steps_of_tables[k] + shift.steps
                if isinstance(table, Series):
                    result += [(table[t], 1) for t in range(first, first + count)]
                else:
                    result.append((table, count))
        return result

    def tree(self) -> BucketTree:
        """The long tree."""
        short, n = self.short.tree, self.inserted
        order = range(len(short.order) + n - 1, -1, -1)
        clusters = _Raised(VARIABLES, n, down=True)
        return BucketTree(
            order=order,
            position=order,
            scopes=self.by_cluster(short.scopes, _Raised(VARIABLES)),
            separators=self.by_cluster(short.separators, _Raised(VARIABLES)),
            parents=self.by_cluster(short.parents, clusters),
            children=self.by_cluster(short.children, clusters),
            factors=self.by_cluster(short.factors, _Raised(TABLES)),
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

    @cached_property
    def steps(self) -> Repeating[int]:
        """Per cluster its place in the series of `referred`: its step, the first of which is −1, plus one."""
        return self.by_cluster([t + 1 for t in self.short.steps_of_clusters], _Raised(STEPS))

    @cached_property
    def referred(self) -> Mapping[int, Scaled | Series]:
        """The tables by their references; a series by the steps of the clusters that hold its tables."""
        tables: dict[int, Scaled | Series] = dict(enumerate(self.tables))
        for number, (key, behind) in self.short.shifted.items():
            series = self.tables[key]
            assert isinstance(series, Series)
            steps = np.arange(-1, len(series) + 1) + behind
            tables[number] = Series(series.distinct, series.chosen[np.clip(steps, 0, len(series) - 1)])
        return tables


def _later(name: Timed | str, shift: Shift) -> Timed | str:
    return name if isinstance(name, str) else (name[0], name[1] + shift.steps)


def _later_table(table: tuple[Scaled | Series, int], shift: Shift) -> tuple[Scaled | Series, int]:
    return table[0], table[1] + shift.steps


class Named(Sequence[str]):
    """Names with their time."""

    def __init__(self, timed: Sequence[Timed | str]) -> None:
        self._timed = timed

    def __len__(self) -> int:
        return len(self._timed)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [_named(name) for name in self._timed[i]]
        return _named(self._timed[i])


def _named(name: Timed | str) -> str:
    return name if isinstance(name, str) else f"{name[0]}_{name[1]}"


def roll(model: Model, evidence: Mapping[str, Hashable]) -> tuple[Rolled, Problem] | None:
    """A long unrolled network as copies of some of its steps; None where it has no runs of steps that are alike."""
    if not isinstance(model, DynamicBayesianNetwork):
        return None
    found = runs_of(model, evidence)
    if found is None:
        return None
    short = short_network(tuple([StepRun(form, min(count, MOST)) for form, count in found.runs]))
    if short is None or not short.blocks:
        return None
    copies = tuple([found.runs[block.run].steps - short.kept for block in short.blocks])
    rolled = Rolled(short, copies, found.tables, found.origins)
    return rolled, rolled.problem(model, found.observed)
