"""Compiling one slice and rolling it: plans of long unrolled networks from the plan of a short one.

Under evidence that is the same in every slice, the interior slices of an unrolled template have the same clusters,
separators and instructions, but for a shift of their numbers. A short network of few steps is planned like any
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
from typing import TYPE_CHECKING, TypeVar

from control_pgm.inference.clusters import BucketTree, silent_clusters
from control_pgm.inference.problem import Evidence, Problem
from control_pgm.inference.repeating import Repeating
from control_pgm.models.factorgraph import Model
from control_pgm.models.template import DynamicBayesianNetwork, EverySlice, TwoSliceTemplate

if TYPE_CHECKING:
    from control_pgm.inference.plan import Plan

SHORT = (4, 5)  # steps of the short network: the second where late slices take longer to settle
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

    # --- sequences of the long plan -----------------------------------------------------------------------------
    def by_cluster(self, items: Sequence[T], move: Callable[[T, int, int], T] | None = None) -> Repeating[T]:
        """One item per cluster; ``move(item, steps of the clusters, steps of their variables)``."""
        moved = None if move is None else lambda item, c: move(item, c, self.copies - c)
        return Repeating(items, self.begin, self.width, self.copies, moved)

    def by_table(self, items: Sequence[T], move: Callable[[T, int], T] | None = None) -> Repeating[T]:
        """One item per table, in the order of time; ``move(item, steps)``."""
        return Repeating(items, self.before, self.tables, self.copies, move)

    def by_variable(self, items: Sequence[T], move: Callable[[T, int], T] | None = None) -> Repeating[T]:
        """One item per free variable, in the order of time; ``move(item, steps)``."""
        first = len(self.short.problem.names) - self.begin - self.width  # the variables of the copied step
        return Repeating(items, first, self.width, self.copies, move)

    def locate(self, cluster: int) -> tuple[int, int]:
        """The cluster of the short tree that a cluster is a copy of, and by how many steps its variables moved."""
        k, c = self.by_cluster(()).locate(cluster)
        return k, self.copies - c

    def copies_of(self, cluster: int) -> list[int]:
        """The clusters of the long tree that are copies of one of the short tree."""
        if cluster < self.begin:
            return [cluster]
        if cluster < self.begin + self.width:
            return [cluster + c * self.width for c in range(self.copies + 1)]
        return [cluster + self.copies * self.width]

    def total(self, items: Sequence[int]) -> int:
        """The sum of one number per cluster."""
        return sum(items) + self.copies * sum(items[self.begin : self.begin + self.width])

    def series(self, base: str) -> list[int]:
        """The numbers of a variable in all slices that have it, by its name without time."""
        mine = [i if name.rpartition("_")[0] == base else -1 for i, name in enumerate(self.short.problem.names)]
        k = self.width
        return [i for i in self.by_variable(mine, lambda i, c: i + c * k if i >= 0 else i) if i >= 0]

    # --- the parts of a plan ------------------------------------------------------------------------------------
    def problem(self, model: Model, observed: Mapping[str, int]) -> Problem:
        """The long problem."""
        short, k = self.short.problem, self.width
        timed = [(base, int(time)) for base, _, time in (name.rpartition("_") for name in short.names)]
        names = Repeating(
            [f"{base}_{time}" for base, time in timed],
            *(len(timed) - self.begin - k, k, self.copies),
            lambda name, c: f"{name.rpartition('_')[0]}_{int(name.rpartition('_')[2]) + c}",
        )
        inside = range(self.before, self.before + self.tables)
        return Problem(
            model,
            names,
            observed,
            self.by_variable(short.cardinalities),
            self.by_table(short.scopes, lambda scope, c: _moved(scope, c * k)),
            self.by_table(short.tables),
            self.by_table(short.children, lambda v, c: v + c * k if v >= 0 else v),
            [
                (short.tables[k], self.copies + 1 if k in inside else 1)
                for k, scope in enumerate(short.scopes)
                if not scope
            ],
        )

    def tree(self) -> BucketTree:
        """The long tree."""
        short, k, f = self.short.tree, self.width, self.tables
        backwards = range(len(short.order) + self.copies * k - 1, -1, -1)
        return BucketTree(
            order=backwards,
            position=backwards,
            scopes=self.by_cluster(short.scopes, lambda scope, _, v: _moved(scope, v * k)),
            separators=self.by_cluster(short.separators, lambda scope, _, v: _moved(scope, v * k)),
            parents=self.by_cluster(short.parents, lambda parent, c, _: parent + c * k if parent >= 0 else parent),
            children=self.by_cluster(short.children, lambda below, c, _: _moved(below, c * k)),
            factors=self.by_cluster(short.factors, lambda numbers, _, v: _moved(numbers, v * f)),
            roots=[j for i in short.roots for j in self.copies_of(i)],
            fill_free=short.fill_free,
        )


def _moved(numbers: tuple[int, ...], d: int) -> tuple[int, ...]:
    """Each number raised by ``d``."""
    return tuple([x + d for x in numbers])


def short_model(model: Model, evidence: Mapping[str, Hashable], steps: int) -> tuple[Model, Evidence] | None:
    """An unrolling over few steps with the same evidence in every slice, or None where slices differ."""
    if not isinstance(model, DynamicBayesianNetwork) or not model.uniform or model.horizon <= steps:
        return None
    labels = _everywhere(evidence, model.template.slices(model.horizon))
    if labels is None:
        return None
    few = model.template.slices(steps)
    return model.template.unroll(steps), EverySlice(labels, {base: few[base] for base in labels})


def _everywhere(evidence: Mapping[str, Hashable], slices: Mapping[str, int]) -> Mapping[str, Hashable] | None:
    """name without time -> label, if the evidence is the same in every slice."""
    if isinstance(evidence, EverySlice):
        return evidence.labels if all(slices.get(b) == n for b, n in evidence.slices.items()) else None
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
    return labels if all(count[base] == slices[base] for base in labels) else None


def observed_everywhere(model: DynamicBayesianNetwork, short: Mapping[str, int]) -> Mapping[str, int]:
    """The state indices of evidence that is the same in every slice, from those of the short network."""
    slices = model.template.slices(model.horizon)
    states = {name.rpartition("_")[0]: state for name, state in short.items()}
    return EverySlice(states, {base: slices[base] for base in states})


def roll(short: Plan, template: TwoSliceTemplate, horizon: int, steps: int) -> Rolled | None:
    """The way from a plan of few ``steps`` to that of ``horizon`` steps; None if its interior steps do not agree."""
    first, tables = len(template.initial), len(template.transition)
    names = [cpd.variables[-1].name for cpd in short.problem.model.tables[first + _STEP * tables :][:tables]]
    free = [short.problem.index[name] for name in names if name in short.problem.index]
    if not free or not short.tree.fill_free:
        return None
    begin = len(short.problem.names) - 1 - max(free)
    rolled = Rolled(short, horizon - steps, len(free), tables, begin, first + _STEP * tables)
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
            (_moved(tree.scopes[j], k), _moved(tree.separators[j], k)) == (tree.scopes[i], tree.separators[i])
            and tree.parents[i] + k == tree.parents[j]
            and _moved(tree.children[i], k) == tree.children[j]
            and _moved(tree.factors[j], rolled.tables) == tree.factors[i]
            and all(problem.tables[f] is problem.tables[f - rolled.tables] for f in tree.factors[i])
            and silent[i] == silent[j]
            and all(
                silent[c] == silent[c + k] and _moved(tree.separators[c + k], k) == tree.separators[c]
                for c in tree.children[i]
            )
        )
        if not same:
            return False
    return True
