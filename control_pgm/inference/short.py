"""Short unrolled networks without their numbers, and which of their steps may be copied.

Under evidence that is the same in every slice, the interior slices of an unrolled template have the same clusters,
separators and instructions, but for a shift of their numbers. A network of few steps is planned like any other. If two
of its neighbouring interior steps agree up to the shift, in what they are and in what they hear from the step after
them, then so do all steps before them, however many there are: what a step is depends only on what it hears, and that
has come back to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from control_pgm.inference.clusters import BucketTree, bucket_tree
from control_pgm.inference.messages import Batch
from control_pgm.inference.orders import reversed_order
from control_pgm.inference.structure import Structure, structure
from control_pgm.models.template import PRIME, Signature
from control_pgm.tables.views import Scope

_FEW = (4, 5)  # steps of the short network: the second where late slices take longer to settle
_STEP = 2  # the interior step that is copied; the one before it must agree with it


@dataclass(frozen=True, eq=False)
class Short:
    """A short unrolled network without its numbers, and which of its steps may be copied.

    Attributes
    ----------
    names : base and time of the free variables, in natural order.
    cards, scopes, keys, children : as in `Problem`; a key is the number of a CPD among the template's.
    owners : base and time of the variable whose CPD each table is.
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
    owners: Sequence[tuple[str, int]]
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
    owners: list[tuple[str, int]] = []
    for t in range(-1, steps):  # −1: the CPDs of the first slice
        for key, (scope, sizes) in enumerate(transition if t >= 0 else initial, start=len(initial) if t >= 0 else 0):
            timed = [(name[:-1], t + 1) if name[-1] == PRIME else (name, max(t, 0)) for name in scope]
            child = timed[-1]
            if child[0] not in observed:
                index[child] = len(index)
                cards.append(sizes[-1])
            scopes.append(tuple([index[name] for name in timed if name[0] not in observed]))
            keys.append(key)
            owners.append(child)
    children = [index.get(child, -1) for child in owners]
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
        list(index), cards, scopes, keys, children, owners, tree, made, steps, len(free), len(transition), begin, before
    )


def _agree(short: Short) -> bool:
    """Whether the step that is copied and the one before it are the same up to the shift, and hear the same from later.

    What a step hears are separators and silence of its clusters' children, whichever step these lie in.
    """
    tree, k, silent = short.tree, short.width, short.structure.silent
    for i in range(short.begin, short.begin + k):
        j = i + k
        same = (
            (moved(tree.scopes[j], k), moved(tree.separators[j], k)) == (tree.scopes[i], tree.separators[i])
            and tree.parents[i] + k == tree.parents[j]
            and moved(tree.children[i], k) == tree.children[j]
            and moved(tree.factors[j], short.tables) == tree.factors[i]
            and all(short.keys[f] == short.keys[f - short.tables] for f in tree.factors[i])
            and silent[i] == silent[j]
            and all(
                silent[c] == silent[c + k] and moved(tree.separators[c + k], k) == tree.separators[c]
                for c in tree.children[i]
            )
        )
        if not same:
            return False
    return True


def moved(numbers: tuple[int, ...], d: int) -> tuple[int, ...]:
    """Each number raised by ``d``."""
    return tuple([x + d for x in numbers])
