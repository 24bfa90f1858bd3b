"""Compiling one slice and rolling it: plans of long unrolled networks from the plan of a short one.

The plan of a long network is that of a short one (see `short`) with copies of a step inserted. Nothing is written out:
what belongs to a cluster, a table or a variable is worked out when it is looked at.

Numbers shift like this when m copies are inserted (clusters count backwards in time, variables and tables forwards):

    ============  ================  ==================  ===============
    clusters of   number            variables, tables   copy
    ============  ================  ==================  ===============
    late steps    + 0               + m steps
    the step      + c steps         + (m − c) steps     c = 0 … m
    early steps   + m steps         + 0
    ============  ================  ==================  ===============
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from control_pgm.inference.clusters import BucketTree
from control_pgm.inference.problem import Problem
from control_pgm.inference.repeating import Repeating
from control_pgm.inference.short import Short, moved, short_network
from control_pgm.models.every_slice import EverySlice
from control_pgm.models.factorgraph import Model
from control_pgm.models.template import DynamicBayesianNetwork
from control_pgm.tables.scaled import Scaled

T = TypeVar("T")


@dataclass(frozen=True)
class Raised:
    """How a number moves with every step; −1, which stands for none, stays."""

    by: int

    def __call__(self, number: int, steps: int) -> int:
        return number + steps * self.by if number >= 0 else number


@dataclass(frozen=True)
class Moved:
    """How every number of a tuple moves with every step."""

    by: int

    def __call__(self, numbers: tuple[int, ...], steps: int) -> tuple[int, ...]:
        return moved(numbers, steps * self.by)


@dataclass(frozen=True)
class _Backwards:
    """A move whose steps count from the last copy on."""

    move: Callable[[Any, int], Any]
    copies: int

    def __call__(self, item: Any, steps: int) -> Any:
        return self.move(item, self.copies - steps)


@dataclass(frozen=True, eq=False)
class Rolled:
    """How a long plan grows out of a short one.

    Attributes
    ----------
    short : the short network.
    copies : m, how many steps are inserted.
    tables : the template's tables, with the evidence sliced away.
    """

    short: Short
    copies: int
    tables: Sequence[Scaled]

    # --- sequences of the long plan -----------------------------------------------------------------------------
    def by_cluster(self, items: Sequence[T], move: Callable[[T, int], T] | None = None) -> Repeating[T]:
        """One item per cluster; ``move(item, steps of the clusters)``."""
        return Repeating(items, self.short.begin, self.short.width, self.copies, move)

    def by_cluster_in_time(self, items: Sequence[T], move: Callable[[T, int], T]) -> Repeating[T]:
        """One item per cluster; ``move(item, steps of their variables)``, which count the other way."""
        return self.by_cluster(items, _Backwards(move, self.copies))

    def by_table(self, items: Sequence[T], move: Callable[[T, int], T] | None = None) -> Repeating[T]:
        """One item per table, in the order of time; ``move(item, steps)``."""
        return Repeating(items, self.short.before, self.short.tables, self.copies, move)

    def by_variable(self, items: Sequence[T], move: Callable[[T, int], T] | None = None) -> Repeating[T]:
        """One item per free variable, in the order of time; ``move(item, steps)``."""
        return Repeating(items, self._first, self.short.width, self.copies, move)

    @property
    def _first(self) -> int:
        """The first variable of the step that is copied."""
        return len(self.short.names) - self.short.begin - self.short.width

    def total(self, items: Sequence[int]) -> int:
        """The sum of one number per cluster."""
        begin, width = self.short.begin, self.short.width
        return sum(items) + self.copies * sum(items[begin : begin + width])

    def series(self, base: str) -> Repeating[int]:
        """The numbers of a variable in all slices that have it, by its name without time; one per copy."""
        mine = [i for i, (name, _) in enumerate(self.short.names) if name == base]
        first = sum(i < self._first for i in mine)
        k = self.short.width
        return Repeating(mine, first, 1, self.copies, Raised(k))

    # --- the parts of a plan ------------------------------------------------------------------------------------
    def problem(self, model: Model, observed: Mapping[str, int]) -> Problem:
        """The long problem."""
        short, k = self.short, self.short.width
        timed = self.by_variable(short.names, _later)
        inside = range(short.before, short.before + short.tables)
        constants = [
            (self.tables[short.keys[f]], self.copies + 1 if f in inside else 1)
            for f, scope in enumerate(short.scopes)
            if not scope
        ]
        return Problem(
            model,
            Named(timed),
            observed,
            self.by_variable(short.cards),
            self.by_table(short.scopes, Moved(k)),
            self.by_table([self.tables[key] for key in short.keys]),
            self.by_table(short.keys),
            self.by_table(short.children, Raised(k)),
            Named(self.by_table(short.owners, _later)),
            constants,
        )

    def tree(self) -> BucketTree:
        """The long tree."""
        short, k, f = self.short.tree, self.short.width, self.short.tables
        backwards = range(len(short.order) + self.copies * k - 1, -1, -1)
        return BucketTree(
            order=backwards,
            position=backwards,
            scopes=self.by_cluster_in_time(short.scopes, Moved(k)),
            separators=self.by_cluster_in_time(short.separators, Moved(k)),
            parents=self.by_cluster(short.parents, Raised(k)),
            children=self.by_cluster(short.children, Moved(k)),
            factors=self.by_cluster_in_time(short.factors, Moved(f)),
            roots=[j for i in short.roots for j in self._copies_of(i)],
            fill_free=short.fill_free,
        )

    def _copies_of(self, cluster: int) -> list[int]:
        """The clusters of the long tree that are copies of one of the short tree."""
        begin, width = self.short.begin, self.short.width
        if cluster < begin:
            return [cluster]
        if cluster < begin + width:
            return [cluster + c * width for c in range(self.copies + 1)]
        return [cluster + self.copies * width]


def _later(name: tuple[str, int], steps: int) -> tuple[str, int]:
    return name[0], name[1] + steps


class Named(Sequence[str]):
    """Names with their time."""

    def __init__(self, timed: Sequence[tuple[str, int]]) -> None:
        self._timed = timed

    def __len__(self) -> int:
        return len(self._timed)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [f"{base}_{time}" for base, time in self._timed[i]]
        return "{}_{}".format(*self._timed[i])


def roll(model: Model, evidence: Mapping[str, Hashable]) -> tuple[Rolled, Problem] | None:
    """A long unrolled network, the same evidence in every slice, as copies of a step; None where slices differ."""
    if not isinstance(model, DynamicBayesianNetwork) or not model.uniform:
        return None
    template = model.template
    slices = template.slices(model.horizon)
    everywhere = in_every_slice(evidence, slices)
    if everywhere is None:
        return None
    labels = everywhere.labels
    if any(label not in template.states[base].index_of for base, label in labels.items()):
        return None
    short = short_network(template.signature, frozenset(labels))
    if short is None or model.horizon <= short.steps:
        return None
    states = {base: template.states[base].index_of[label] for base, label in labels.items()}
    rolled = Rolled(short, model.horizon - short.steps, template.tables_given(states))
    return rolled, rolled.problem(model, EverySlice(states, {base: slices[base] for base in states}))


def _same_label(a: Any, b: Any) -> bool:
    return type(b).__hash__ is not None and a == b


def in_every_slice(
    values: Mapping[str, Any], slices: Mapping[str, int], same: Callable[[Any, Any], bool] = _same_label
) -> EverySlice | None:
    """Values by name, such as evidence, told once for all slices; None where those of a variable differ or are missing.

    ``slices`` says how many slices have a variable, by its name without time.
    """
    if isinstance(values, EverySlice):
        return values if all(slices.get(b) == n for b, n in values.slices.items()) else None
    told: dict[str, Any] = {}
    count = dict.fromkeys(slices, 0)
    for name, value in values.items():
        if not isinstance(name, str):
            return None
        base, _, time = name.rpartition("_")
        # Odd names and differing values are left to the ordinary path, which also tells what is wrong with them.
        if base not in slices or not time.isdecimal() or int(time) >= slices[base] or str(int(time)) != time:
            return None
        if not same(told.setdefault(base, value), value):
            return None
        count[base] += 1
    if any(count[base] != slices[base] for base in told):
        return None
    return EverySlice(told, {base: slices[base] for base in told})
