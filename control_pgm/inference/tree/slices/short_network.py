"""Short networks: the plan of a long unrolled network with its repeated steps left out.

A long network is a list of *runs*, each a number of steps of one form: the same tables over the same variables, the
same variables observed. In the short network every run has a few steps only, and is planned like any other. If two
neighbouring steps in the middle of a run agree up to a shift of their numbers, in what they are and in what they
receive from the step after them, then so do all steps between them and the beginning of the run, however many there
are: what a step sends depends on nothing else. One of the steps is the *block*, which the long network repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from control_pgm.inference.tree.bucket_tree import BucketTree, bucket_tree
from control_pgm.inference.tree.folding import Batch
from control_pgm.inference.tree.slices.repeating import Shift
from control_pgm.inference.tree.structure import Structure, structure
from control_pgm.tables.arrays import Scope

FEW = (4, 5)  # steps that a longer run keeps: the second where its late steps take longer to settle
_BLOCK = 2  # the step of a run that is repeated; the one before it must agree with it
MOST = max(FEW) + 1  # longer runs have the same short network

Timed = tuple[str, int]  # a variable by its name without time, and its time; in a step the time is relative


class StepTable(NamedTuple):
    """A table of a step.

    Attributes
    ----------
    scope, sizes : its variables, observed ones too, and how many states they have.
    key : its number; steps whose tables have the same number share them.
    series : whether that is the number of a series, which has a table for each step.
    child : the variable whose CPD it is; a name where it has none like it in other slices, "" if it is no CPD.
    """

    scope: tuple[Timed, ...]
    sizes: tuple[int, ...]
    key: int
    series: bool
    child: Timed | str


class StepForm(NamedTuple):
    """A step: its tables, the CPDs in the natural order of their children, and what is observed among its variables."""

    columns: tuple[StepTable, ...]
    observed: frozenset[Timed]


class StepRun(NamedTuple):
    """Steps of one form, one after the other."""

    form: StepForm
    steps: int


class Block(NamedTuple):
    """A step of the short network that the long one repeats.

    Attributes
    ----------
    run : the number of its run.
    step : its number, the first step being −1.
    variables, tables : where its free variables and its tables begin.
    size : one step, and how many free variables and tables it has.
    """

    run: int
    step: int
    variables: int
    tables: int
    size: Shift


@dataclass(frozen=True, eq=False)
class ShortNetwork:
    """A short unrolled network without its numbers, and which of its steps are repeated.

    Attributes
    ----------
    names : base and time of the free variables, in natural order.
    cards, scopes, children : as in `Problem`.
    keys : per table its number.
    references : the same, but for a series (see `shifted`).
    shifted : per reference to a series its number, and how many steps a table lies behind the variable of its cluster.
    owners : base and time of the variable whose CPD each table is, or its name; "" if it is none.
    tree, structure : its clusters, and what they do.
    steps_of_tables, steps_of_clusters : the step of each table, and of each cluster's variable.
    blocks : the steps that are repeated, in the order of time.
    kept : how many steps a long run keeps.
    """

    names: Sequence[Timed]
    cards: Sequence[int]
    scopes: Sequence[Scope]
    keys: Sequence[int]
    references: Sequence[int]
    shifted: Mapping[int, tuple[int, int]]
    children: Sequence[int]
    owners: Sequence[Timed | str]
    tree: BucketTree
    structure: Structure
    steps_of_tables: Sequence[int]
    steps_of_clusters: Sequence[int]
    blocks: tuple[Block, ...]
    kept: int

    def variant(self, batch: Batch | None, *, maximised: bool) -> Structure:
        """What the tree does for a batch of problems, or where all variables are maximised."""
        return _variant(self, batch, maximised)

    def first_cluster(self, block: Block) -> int:
        """The first cluster of a block; clusters count backwards in time."""
        return len(self.names) - block.variables - block.size.variables

    @cached_property
    def agree(self) -> bool:
        """Whether each block and the step before it are the same up to the shift, and receive the same from later."""
        return all(_agree(self, block) for block in self.blocks)


@lru_cache(maxsize=256)
def _variant(short: ShortNetwork, batch: Batch | None, maximised: bool) -> Structure:
    return structure(
        short.tree,
        short.scopes,
        short.references,
        short.children,
        short.cards,
        batch,
        series=short.shifted,
        maximised=range(len(short.names)) if maximised else (),
    )


@lru_cache(maxsize=256)
def short_network(runs: tuple[StepRun, ...], *, own_order: bool = False) -> ShortNetwork | None:
    """The short network of these runs, their numbers of steps cut to `MOST`; None if steps may not be repeated.

    Without ``own_order`` also where another order of elimination might have smaller clusters.
    """
    for kept in FEW:
        short = _short_network(runs, kept, own_order=own_order)
        if short is not None and short.agree:
            return short
    return None


def _short_network(runs: Sequence[StepRun], kept: int, *, own_order: bool) -> ShortNetwork | None:
    index: dict[Timed, int] = {}
    cards: list[int] = []
    scopes: list[Scope] = []
    keys: list[int] = []
    in_series: list[bool] = []
    owners: list[Timed | str] = []
    table_steps: list[int] = []
    variable_steps: list[int] = []
    blocks: list[Block] = []
    t = -1
    for number, (form, count) in enumerate(runs):
        for k in range(min(count, kept)):
            here = Shift(t, len(index), len(scopes))
            for _, sizes, _, _, child in form.columns:
                if not isinstance(child, str) and child not in form.observed:
                    index[child[0], t + child[1]] = len(index)
                    cards.append(sizes[-1])
                    variable_steps.append(t)
            for scope, _, key, varies, child in form.columns:
                in_series.append(varies)
                scopes.append(tuple([index[base, t + dt] for base, dt in scope if (base, dt) not in form.observed]))
                keys.append(key)
                table_steps.append(t)
                owners.append(child if isinstance(child, str) else (child[0], t + child[1]))
            if count > kept and k == _BLOCK:
                size = Shift(1, len(index) - here.variables, len(scopes) - here.tables)
                if size.variables == 0:
                    return None
                blocks.append(Block(number, *here, size))
            t += 1
    children = [index.get(child, -1) if not isinstance(child, str) else -1 for child in owners]
    tree = bucket_tree(scopes, range(len(index))[::-1])
    if not (tree.fill_free or own_order):
        return None
    cluster_steps = variable_steps[::-1]
    references = list(keys)
    shifted: dict[tuple[int, int], int] = {}
    for i, factors in enumerate(tree.factors):
        for k in factors:
            if in_series[k]:
                place = keys[k], table_steps[k] - cluster_steps[i]
                references[k] = shifted.setdefault(place, max(keys) + 1 + len(shifted))
    made = structure(tree, scopes, references, children, cards, series=set(shifted.values()))
    return ShortNetwork(
        list(index),
        cards,
        scopes,
        keys,
        references,
        {number: place for place, number in shifted.items()},
        children,
        owners,
        tree,
        made,
        table_steps,
        cluster_steps,
        tuple(blocks),
        kept,
    )


def _agree(short: ShortNetwork, block: Block) -> bool:
    """See `ShortNetwork.agree`. What a step receives are the separators of its children, and which send nothing."""
    tree, (_, k, tables), barren = short.tree, block.size, short.structure.barren
    begin = short.first_cluster(block)
    for i in range(begin, begin + k):
        j = i + k
        same = (
            (moved(tree.scopes[j], k), moved(tree.separators[j], k)) == (tree.scopes[i], tree.separators[i])
            and tree.parents[i] + k == tree.parents[j]
            and moved(tree.children[i], k) == tree.children[j]
            and moved(tree.factors[j], tables) == tree.factors[i]
            and all(short.keys[f] == short.keys[f - tables] for f in tree.factors[i])
            and barren[i] == barren[j]
            and all(
                barren[c] == barren[c + k] and moved(tree.separators[c + k], k) == tree.separators[c]
                for c in tree.children[i]
            )
        )
        if not same:
            return False
    return True


def moved(numbers: tuple[int, ...], d: int) -> tuple[int, ...]:
    """Each number raised by ``d``."""
    return tuple([x + d for x in numbers])
