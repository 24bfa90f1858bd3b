"""Instructions of a tree of clusters, from scopes and table numbers alone: made once, run with any numbers."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass

from control_pgm.inference.tree.bucket_tree import BucketTree, barren_clusters
from control_pgm.inference.tree.folding import Referred, fold
from control_pgm.inference.tree.messages import Batch, ClusterMessages, write_messages
from control_pgm.tables.arrays import Scope


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
    """Fold constants and write the instructions; ``keys`` numbers the tables, shared ones alike, see `fold`."""
    operands = fold([[(scopes[k], keys[k]) for k in own] for own in tree.factors], series)
    barren = barren_clusters(tree, children, maximised)
    return Structure(operands, write_messages(tree, operands, barren, cards, batch, maximised), barren)
