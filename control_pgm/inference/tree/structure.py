"""Instructions of a tree of clusters, from scopes and table numbers alone: made once, run with any numbers."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass

from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.folding import Batch, Referred, fold
from control_pgm.inference.tree.many_children import ManyChildren
from control_pgm.inference.tree.messages import ClusterMessages, ClusterRule
from control_pgm.tables.arrays import Scope

_MANY = 6  # children


@dataclass(frozen=True, eq=False)
class Structure:
    """What a tree does, whatever its tables hold.

    Attributes
    ----------
    operands : per cluster the tables in it, constants multiplied together (see `fold`), by reference.
    cells : per cluster the instructions that send its messages, tables by reference.
    barren : per cluster whether its upward message is identically one (unobserved leaves).
    """

    operands: Sequence[Sequence[Referred]]
    cells: Sequence[ClusterMessages]
    barren: Sequence[bool]


def structure(
    tree: BucketTree,
    scopes: Sequence[Scope],
    keys: Sequence[int],
    children: Sequence[int],
    cards: Sequence[int],
    batch: Batch | None = None,
    *,
    series: Container[int] = (),
    maximised: Collection[int] = frozenset(),
) -> Structure:
    """Fold constants and write the instructions; ``keys`` numbers the tables, shared ones alike, see `fold`.

    With maximised variables only upward messages are written: the states of a maximum are read off these.
    """
    operands = fold([[(scopes[k], keys[k]) for k in own] for own in tree.factors], series)
    barren = barren_clusters(tree, children, maximised)
    cells = []
    for i, v in enumerate(tree.order):
        rule = ClusterRule(i, tree, operands[i], barren, cards, batch)
        if maximised:
            cells.append(ClusterMessages(rule.up(maximised=v in maximised), ()))
            continue
        down = ManyChildren(rule).down() if len(tree.children[i]) > _MANY else rule.down()
        cells.append(ClusterMessages(rule.up(), tuple(down)))
    return Structure(operands, cells, barren)


def barren_clusters(tree: BucketTree, child_of: Sequence[int], maximised: Collection[int] = frozenset()) -> list[bool]:
    """Per cluster, whether its message to the parent is identically one.

    That is so for an unobserved leaf x, whose cluster holds nothing but its CPD: sum_x p(x | parents) = 1. The maximum
    is another number. ``child_of`` is per table the variable whose CPD it is, −1 for other tables.
    """
    barren: list[bool] = []
    for v, tables, children in zip(tree.order, tree.factors, tree.children, strict=True):
        only_its_cpd = len(tables) == 1 and child_of[tables[0]] == v
        barren.append(only_its_cpd and v not in maximised and all(barren[j] for j in children))
    return barren
