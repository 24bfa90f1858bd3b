"""Unrolled networks as runs of steps: the problem and the tree of a long network from those of a short one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

import numpy as np

from control_pgm.inference.problem import Problem, TablesOfSteps
from control_pgm.inference.tree.slices.long_network import VARIABLES, Copies, LongNetwork, Raised, long_network
from control_pgm.inference.tree.slices.repeating import Shift
from control_pgm.inference.tree.slices.runs import runs_of
from control_pgm.inference.tree.slices.short_network import MOST, StepRun, Timed, short_network
from control_pgm.models.factor_graph import Model
from control_pgm.models.template import DynamicBayesianNetwork
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Series


@dataclass(frozen=True, eq=False)
class Rolled:
    """A long network with its tables.

    Attributes
    ----------
    network : the network without numbers.
    tables : the tables by number, with the evidence sliced away; a `Series` holds one for each step.
    origins, observed : as in `Problem`, the origins by the same numbers.
    """

    network: LongNetwork
    tables: Sequence[Scaled | Series]
    origins: Sequence[Scaled]
    observed: Mapping[str, int]

    def problem(self, model: Model) -> Problem:
        """The long problem of a model."""
        long, short = self.network, self.network.short
        owned = [(self.tables[key], t) for key, t in zip(short.keys, short.steps_of_tables, strict=True)]
        return Problem(
            model,
            long.by_variable(short.names, _named),
            self.observed,
            long.by_variable(short.cards),
            long.by_table(short.scopes, Raised(VARIABLES)),
            TablesOfSteps(long.by_table(owned, _later)),
            long.by_table(short.references),
            long.by_table(short.children, Raised(VARIABLES)),
            long.by_table(short.owners, _named),
            long.by_table([self.origins[key] for key in short.keys]),
            self._constants(),
        )

    def _constants(self) -> list[tuple[Scaled, int]]:
        """The tables without a free variable, each with the number of times that it counts."""
        result: list[tuple[Scaled, int]] = []
        short = self.network.short
        if all(short.scopes):
            return result
        for _, source, width, count, shift, _ in self.network.tables.all:
            for k in range(source, source + width):
                table, first = self.tables[short.keys[k]], short.steps_of_tables[k] + shift.steps
                if short.scopes[k]:
                    continue
                if isinstance(table, Series):
                    result += [(table[t], 1) for t in range(first, first + count)]
                else:
                    result.append((table, count))
        return result

    @cached_property
    def referred(self) -> Mapping[int, Scaled | Series]:
        """The tables by their references; a series by the steps of the clusters that hold its tables."""
        tables: dict[int, Scaled | Series] = dict(enumerate(self.tables))
        for number, (key, behind) in self.network.short.shifted.items():
            series = self.tables[key]
            assert isinstance(series, Series)
            steps = np.arange(-1, len(series) + 1) + behind
            tables[number] = Series(series.distinct, series.chosen[np.clip(steps, 0, len(series) - 1)])
        return tables

    def alike(self) -> list[Copies]:
        """The copies of each block in the order of time, those together that hold the same tables in a row."""
        return [
            copies.part(start, stop)
            for copies in self.network.repeated
            for start, stop in pairwise([0, *self._changes(copies), len(copies.steps)])
        ]

    def _changes(self, copies: Copies) -> list[int]:
        """The copies of a block whose tables hold other numbers than those of the copy before."""
        short, size, steps = self.network.short, copies.block.size.variables, copies.steps
        first = short.first_cluster(copies.block)
        held = chain.from_iterable(short.tree.factors[first : first + size])
        tables = [self.referred[reference] for reference in {short.references[k] for k in held}]
        series = [table[steps.start + 1 : steps.stop + 1] for table in tables if isinstance(table, Series)]
        return sorted({c for table in series for c in table.changes})


def _later(table: tuple[Scaled | Series, int], shift: Shift) -> tuple[Scaled | Series, int]:
    return table[0], table[1] + shift.steps


def _named(name: Timed | str, shift: Shift) -> str:
    """The name of a variable in a copy, from its name without time and its time in the short network."""
    return name if isinstance(name, str) else f"{name[0]}_{name[1] + shift.steps}"


def roll(model: Model, evidence: Mapping[str, Hashable], *, own_order: bool = False) -> Rolled | None:
    """A long unrolled network as copies of some of its steps; None where it has no runs of steps that are alike.

    Without ``own_order`` also where another order than the model's own might have smaller clusters.
    """
    if not isinstance(model, DynamicBayesianNetwork):
        return None
    found = runs_of(model, evidence)
    if found is None:
        return None
    runs = tuple([StepRun(form, min(count, MOST)) for form, count in found.runs])
    short = short_network(runs, own_order=own_order)
    if short is None or not short.blocks:
        return None
    copies = tuple([found.runs[block.run].steps - short.kept for block in short.blocks])
    return Rolled(long_network(short, copies), found.tables, found.origins, found.observed)
