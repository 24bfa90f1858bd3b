"""Compiling one slice and rolling it: plans of long unrolled networks from the plan of a short one.

Under evidence that is the same in every slice, the interior slices of an unrolled template have the same clusters,
separators and instructions, but for a shift of their numbers. A short network of `_SHORT` steps is planned like any
other. If two of its neighbouring interior steps agree up to the shift, in what they are and in what they hear from the
step after them, then so do all steps before them, however many there are: what a step is depends only on what it hears,
and that has come back to itself. The plan of a long network is the short one with copies of that step inserted.

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
from typing import TYPE_CHECKING, Any, Self, TypeVar

from control_pgm.inference.clusters import BucketTree, silent_clusters
from control_pgm.inference.problem import Problem
from control_pgm.models.factorgraph import Model
from control_pgm.models.template import DynamicBayesianNetwork, TwoSliceTemplate

if TYPE_CHECKING:
    from control_pgm.inference.plan import Plan

_SHORT = 5  # steps of the short network
_STEP = 2  # the interior step that is copied; the one before it must agree with it

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Rolled:
    """How a long plan grows out of a short one.

    Attributes
    ----------
    short : the plan of the short network.
    copies : m, how many steps are inserted.
    width, tables : free variables, and tables, of one step.
    begin : the first cluster of the step that is copied.
    before : how many tables come before that step's.
    """

    short: Plan
    copies: int
    width: int
    tables: int
    begin: int
    before: int

    @property
    def end(self) -> int:
        """The first cluster behind the copies."""
        return self.begin + self.width * (self.copies + 1)

    # --- moving numbers -----------------------------------------------------------------------------------------
    def by_cluster(self, items: Sequence[T], move: Callable[[Sequence[T], int, int], list[T]]) -> list[T]:
        """A sequence with one item per cluster; ``move(items, steps of the clusters, steps of their variables)``."""
        end = self.begin + self.width
        result = move(items[: self.begin], 0, self.copies)
        block = items[self.begin : end]
        for c in range(self.copies + 1):
            result += move(block, c, self.copies - c)
        return result + move(items[end:], self.copies, 0)

    def repeated(self, items: Sequence[T]) -> list[T]:
        """A sequence with one item per cluster, items as they are."""
        end = self.begin + self.width
        return [*items[: self.begin], *list(items[self.begin : end]) * (self.copies + 1), *items[end:]]

    def locate(self, cluster: int) -> tuple[int, int]:
        """The cluster of the short tree that a cluster is a copy of, and by how many steps its variables moved."""
        if cluster < self.begin:
            return cluster, self.copies
        copy = min((cluster - self.begin) // self.width, self.copies)
        return cluster - copy * self.width, self.copies - copy

    def by_table(self, items: Sequence[T], move: Callable[[Sequence[T], int], list[T]]) -> list[T]:
        """A sequence with one item per table, in the order of time; ``move(items, steps)``."""
        end = self.before + self.tables
        result = list(items[: self.before])
        for c in range(self.copies + 1):
            result += move(items[self.before : end], c)
        return result + move(items[end:], self.copies)

    def by_variable(self, items: Sequence[T], move: Callable[[Sequence[T], int], list[T]]) -> list[T]:
        """A sequence with one item per free variable, in the order of time; ``move(items, steps)``."""
        last = len(self.short.problem.names) - self.begin
        first = last - self.width  # the variables of the copied step
        copied = [item for c in range(self.copies + 1) for item in move(items[first:last], c)]
        return [*items[:first], *copied, *move(items[last:], self.copies)]

    def series(self, base: str) -> list[int]:
        """The numbers of a variable in all slices that have it, by its name without time."""
        names = self.short.problem.names
        mine = [[i] if name.rpartition("_")[0] == base else [] for i, name in enumerate(names)]
        moved = self.by_variable(mine, lambda rows, c: [[i + c * self.width for i in row] for row in rows])
        return [i for row in moved for i in row]

    # --- the parts of a plan ------------------------------------------------------------------------------------
    def problem(self, model: Model, observed: Mapping[str, int]) -> Problem:
        """The long problem."""
        short, k, by_variable = self.short.problem, self.width, self.by_variable

        def names() -> tuple[str, ...]:
            split = [name.rpartition("_") for name in short.names]
            bases = [(base, int(time)) for base, _, time in split]
            later = by_variable(bases, lambda pairs, c: [(base, time + c) for base, time in pairs])
            return tuple([f"{base}_{time}" for base, time in later])

        return _LazyProblem.of(
            model=lambda: model,
            observed=lambda: observed,
            names=names,
            cardinalities=lambda: tuple(by_variable(short.cardinalities, lambda cards, _: list(cards))),
            scopes=lambda: self.by_table(short.scopes, lambda scopes, c: _moved(scopes, c * k)),
            tables=lambda: self.by_table(short.tables, lambda tables, _: list(tables)),
            children=lambda: self.by_table(short.children, lambda vs, c: [v + c * k if v >= 0 else v for v in vs]),
        )

    def tree(self) -> BucketTree:
        """The long tree."""
        short, k, f = self.short.tree, self.width, self.tables
        backwards = range(len(short.order) + self.copies * k - 1, -1, -1)
        return _LazyTree.of(
            order=lambda: backwards,
            position=lambda: backwards,
            scopes=lambda: self.by_cluster(short.scopes, lambda scopes, _, v: _moved(scopes, v * k)),
            separators=lambda: self.by_cluster(short.separators, lambda scopes, _, v: _moved(scopes, v * k)),
            parents=lambda: self.by_cluster(short.parents, lambda ps, c, _: [p + c * k if p >= 0 else p for p in ps]),
            children=lambda: self.by_cluster(short.children, lambda below, c, _: _moved(below, c * k)),
            factors=lambda: self.by_cluster(short.factors, lambda numbers, _, v: _moved(numbers, v * f)),
            fill_free=lambda: short.fill_free,
        )


class _Lazy:
    """Makes the fields of a record when they are first looked at; many queries need few of them."""

    @classmethod
    def of(cls, **makers: Callable[[], Any]) -> Self:
        self = object.__new__(cls)
        self.__dict__["_makers"] = makers
        return self

    def __getattr__(self, name: str) -> Any:
        makers = self.__dict__.get("_makers", {})
        if name not in makers:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        value = self.__dict__[name] = makers[name]()
        return value


class _LazyProblem(_Lazy, Problem):
    """A `Problem` that is rolled out field by field."""


class _LazyTree(_Lazy, BucketTree):
    """A `BucketTree` that is rolled out field by field."""


def _moved(tuples: Sequence[tuple[int, ...]], d: int) -> list[tuple[int, ...]]:
    """Tuples of numbers, each number raised by ``d``."""
    return [tuple([x + d for x in numbers]) for numbers in tuples]


def short_model(model: Model, evidence: Mapping[str, Hashable]) -> tuple[Model, dict[str, Hashable]] | None:
    """A short unrolling with the same evidence in every slice, or None where slices differ."""
    if not isinstance(model, DynamicBayesianNetwork) or not model.uniform or model.horizon <= _SHORT:
        return None
    slices = model.template.slices(model.horizon)
    labels: dict[str, Hashable] = {}
    count = dict.fromkeys(slices, 0)
    for name, label in evidence.items():
        if not isinstance(name, str) or type(label).__hash__ is None:
            return None
        base, _, time = name.rpartition("_")
        # Odd names and differing labels are left to the ordinary path, which also tells what is wrong with them.
        if base not in slices or not time.isdecimal() or int(time) >= slices[base] or str(int(time)) != time:
            return None
        if labels.setdefault(base, label) != label:
            return None
        count[base] += 1
    if any(count[base] != slices[base] for base in labels):
        return None
    few = model.template.slices(_SHORT)
    return model.template.unroll(_SHORT), {f"{b}_{t}": label for b, label in labels.items() for t in range(few[b])}


def observed_everywhere(model: DynamicBayesianNetwork, short: Mapping[str, int]) -> dict[str, int]:
    """The state indices of evidence that is the same in every slice, from those of the short network."""
    slices = model.template.slices(model.horizon)
    bases = {name.rpartition("_")[0]: state for name, state in short.items()}
    return {f"{base}_{t}": state for base, state in bases.items() for t in range(slices[base])}


def roll(short: Plan, template: TwoSliceTemplate, horizon: int) -> Rolled | None:
    """The way from a short plan to that of ``horizon`` steps; None if its interior steps do not agree."""
    first, tables = len(template.initial), len(template.transition)
    names = [cpd.variables[-1].name for cpd in short.problem.model.tables[first + _STEP * tables :][:tables]]
    free = [short.problem.index[name] for name in names if name in short.problem.index]
    if not free or not short.tree.fill_free:
        return None
    begin = len(short.problem.names) - 1 - max(free)
    rolled = Rolled(short, horizon - _SHORT, len(free), tables, begin, first + _STEP * tables)
    return rolled if _agree(short, rolled) else None


def _agree(plan: Plan, rolled: Rolled) -> bool:
    """Whether the step that is copied and the one before it are the same up to the shift, and hear the same from later.

    What a step hears are separators and silence of its clusters' children, whichever step these lie in.
    """
    tree, problem, k = plan.tree, plan.problem, rolled.width
    silent = silent_clusters(tree, problem.children)
    for i in range(rolled.begin, rolled.begin + k):
        j = i + k
        same = (
            _moved([tree.scopes[j], tree.separators[j]], k) == [tree.scopes[i], tree.separators[i]]
            and tree.parents[i] + k == tree.parents[j]
            and _moved([tree.children[i]], k) == [tree.children[j]]
            and _moved([tree.factors[j]], rolled.tables) == [tree.factors[i]]
            and all(problem.tables[f] is problem.tables[f - rolled.tables] for f in tree.factors[i])
            and silent[i] == silent[j]
            and all(
                silent[c] == silent[c + k] and _moved([tree.separators[c + k]], k) == [tree.separators[c]]
                for c in tree.children[i]
            )
        )
        if not same:
            return False
    return True
