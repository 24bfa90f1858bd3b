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
from functools import lru_cache
from typing import Any, TypeVar

from control_pgm.inference.clusters import BucketTree, bucket_tree
from control_pgm.inference.messages import Batch
from control_pgm.inference.orders import reversed_order
from control_pgm.inference.problem import Problem
from control_pgm.inference.repeating import Repeating
from control_pgm.inference.structure import Structure, structure
from control_pgm.models.factorgraph import Model
from control_pgm.models.template import PRIME, DynamicBayesianNetwork, EverySlice, Signature
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.views import Scope

_FEW = (4, 5)  # steps of the short network: the second where late slices take longer to settle
_STEP = 2  # the interior step that is copied; the one before it must agree with it

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Short:
    """A short unrolled network without its numbers, and which of its steps may be copied.

    Attributes
    ----------
    names : base and time of the free variables, in natural order.
    cards, scopes, keys, children : as in `Problem`; a key is the number of a CPD among the template's.
    tree, structure : its clusters, and what they do.
    steps : how many it has.
    width, tables : free variables, and tables, of one step.
    begin : the first cluster of the step that is copied.
    before : how many tables come before that step's.
    """

    names: Sequence[tuple[str, int]]
    cards: Sequence[int]
    scopes: Sequence[Scope]
    keys: Sequence[int]
    children: Sequence[int]
    tree: BucketTree
    structure: Structure
    steps: int
    width: int
    tables: int
    begin: int
    before: int

    def batched(self, batch: Batch) -> Structure:
        """What the tree does for a batch of problems."""
        return _batched(self, batch)


@lru_cache(maxsize=256)
def _batched(short: Short, batch: Batch) -> Structure:

    return structure(short.tree, short.scopes, short.keys, short.children, short.cards, batch)


@lru_cache(maxsize=256)
def short_network(signature: Signature, observed: frozenset[str]) -> Short | None:
    """The short network of all templates of a signature, these variables observed; None if no step may be copied."""
    for steps in _FEW:
        short = _short_network(signature, observed, steps)
        if short is not None and _agree(short):
            return short
    return None


def _short_network(signature: Signature, observed: frozenset[str], steps: int) -> Short | None:

    initial, transition = signature
    index: dict[tuple[str, int], int] = {}
    cards: list[int] = []
    scopes: list[Scope] = []
    keys: list[int] = []
    children: list[int] = []
    for t in range(-1, steps):  # −1: the CPDs of the first slice
        for key, (scope, sizes) in enumerate(transition if t >= 0 else initial, start=len(initial) if t >= 0 else 0):
            timed = [(name[:-1], t + 1) if name[-1] == PRIME else (name, max(t, 0)) for name in scope]
            child = timed[-1]
            if child[0] not in observed:
                index[child] = len(index)
                cards.append(sizes[-1])
            scopes.append(tuple([index[name] for name in timed if name[0] not in observed]))
            keys.append(key)
            children.append(index.get(child, -1))
    own = [scope[-1] for scope, _ in transition]
    copied = [(name[:-1], _STEP + 1) if name[-1] == PRIME else (name, _STEP) for name in own]
    free = [index[name] for name in copied if name in index]
    tree = bucket_tree(scopes, reversed_order(len(index)))
    if not free or not tree.fill_free:
        return None
    made = structure(tree, scopes, keys, children, cards)
    begin = len(index) - 1 - max(free)
    before = len(initial) + _STEP * len(transition)
    return Short(
        list(index), cards, scopes, keys, children, tree, made, steps, len(free), len(transition), begin, before
    )


def _agree(short: Short) -> bool:
    """Whether the step that is copied and the one before it are the same up to the shift, and hear the same from later.

    What a step hears are separators and silence of its clusters' children, whichever step these lie in.
    """
    tree, k, silent = short.tree, short.width, short.structure.silent
    for i in range(short.begin, short.begin + k):
        j = i + k
        same = (
            (_moved(tree.scopes[j], k), _moved(tree.separators[j], k)) == (tree.scopes[i], tree.separators[i])
            and tree.parents[i] + k == tree.parents[j]
            and _moved(tree.children[i], k) == tree.children[j]
            and _moved(tree.factors[j], short.tables) == tree.factors[i]
            and all(short.keys[f] == short.keys[f - short.tables] for f in tree.factors[i])
            and silent[i] == silent[j]
            and all(
                silent[c] == silent[c + k] and _moved(tree.separators[c + k], k) == tree.separators[c]
                for c in tree.children[i]
            )
        )
        if not same:
            return False
    return True


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
    def by_cluster(self, items: Sequence[T], move: Callable[[T, int, int], T] | None = None) -> Repeating[T]:
        """One item per cluster; ``move(item, steps of the clusters, steps of their variables)``."""
        moved = None if move is None else lambda item, c: move(item, c, self.copies - c)
        return Repeating(items, self.short.begin, self.short.width, self.copies, moved)

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
        return Repeating(mine, first, 1, self.copies, lambda i, c: i + c * k)

    # --- the parts of a plan ------------------------------------------------------------------------------------
    def problem(self, model: Model, observed: Mapping[str, int]) -> Problem:
        """The long problem."""
        short, k = self.short, self.short.width
        timed = self.by_variable(short.names, lambda name, c: (name[0], name[1] + c))
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
            self.by_table(short.scopes, lambda scope, c: _moved(scope, c * k)),
            self.by_table([self.tables[key] for key in short.keys]),
            self.by_table(short.keys),
            self.by_table(short.children, lambda v, c: v + c * k if v >= 0 else v),
            constants,
        )

    def tree(self) -> BucketTree:
        """The long tree."""
        short, k, f = self.short.tree, self.short.width, self.short.tables
        backwards = range(len(short.order) + self.copies * k - 1, -1, -1)
        return BucketTree(
            order=backwards,
            position=backwards,
            scopes=self.by_cluster(short.scopes, lambda scope, _, v: _moved(scope, v * k)),
            separators=self.by_cluster(short.separators, lambda scope, _, v: _moved(scope, v * k)),
            parents=self.by_cluster(short.parents, lambda parent, c, _: parent + c * k if parent >= 0 else parent),
            children=self.by_cluster(short.children, lambda below, c, _: _moved(below, c * k)),
            factors=self.by_cluster(short.factors, lambda numbers, _, v: _moved(numbers, v * f)),
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


def _moved(numbers: tuple[int, ...], d: int) -> tuple[int, ...]:
    """Each number raised by ``d``."""
    return tuple([x + d for x in numbers])


def roll(model: Model, evidence: Mapping[str, Hashable]) -> tuple[Rolled, Problem] | None:
    """A long unrolled network, the same evidence in every slice, as copies of a step; None where slices differ."""
    if not isinstance(model, DynamicBayesianNetwork) or not model.uniform:
        return None
    template = model.template
    slices = template.slices(model.horizon)
    labels = _everywhere(evidence, slices)
    if labels is None or any(label not in template.states[base].index_of for base, label in labels.items()):
        return None
    short = short_network(template.signature, frozenset(labels))
    if short is None or model.horizon <= short.steps:
        return None
    states = {base: template.states[base].index_of[label] for base, label in labels.items()}
    rolled = Rolled(short, model.horizon - short.steps, template.tables_given(states))
    return rolled, rolled.problem(model, EverySlice(states, {base: slices[base] for base in states}))


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
