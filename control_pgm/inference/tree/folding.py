"""Multiplying constant tables together before any message is sent: which ones, from scopes and table numbers alone.

Tables of equal scope in one cluster are always multiplied. A table whose scope is contained in another's is multiplied
into it only where that product serves several clusters, as the slices of an unrolled network do: p(a) into p(O=1|s,a),
once for all t. A product that only one cluster needs would cost more than it saves. So would one for each table of a
series, wherever it is larger than these: a series is multiplied into tables of its own scope only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from typing import NamedTuple

from control_pgm.tables.arrays import Scope


class Product(NamedTuple):
    """The product of tables over the axes of the first: (number of a table, its axes among those), for each."""

    parts: tuple[tuple[int, Scope], ...]


Reference = int | Product  # the number of a table, or a product of tables
Referred = tuple[Scope, Reference]


def fold(clusters: Sequence[Sequence[tuple[Scope, int]]], series: Container[int] = ()) -> list[list[Referred]]:
    """The operands of every cluster after folding; equal products are to be computed once.

    ``series`` has the numbers that stand for one table in each step.
    """
    groups = [_by_container(own, series) for own in clusters]
    uses = Counter(_product(group) for row in groups for group in row if len(group) > 1)
    result = []
    for row in groups:
        parts = [part for group in row for part in ([group] if uses[_product(group)] > 1 else _by_scope(group))]
        result.append([(part[0][0], part[0][1] if len(part) == 1 else _product(part)) for part in parts])
    return result


def _by_container(own: Sequence[tuple[Scope, int]], series: Container[int]) -> list[list[tuple[Scope, int]]]:
    """Groups of operands whose first scope contains all others of the group."""
    if len(own) < 2:
        return [list(own)] if own else []
    groups: list[list[tuple[Scope, int]]] = []
    for scope, table in sorted(own, key=lambda operand: -len(operand[0])):
        fits = frozenset.__eq__ if table in series else frozenset.__le__
        home = next((group for group in groups if fits(frozenset(scope), frozenset(group[0][0]))), None)
        if home is None:
            groups.append([(scope, table)])
        else:
            home.append((scope, table))
    return groups


def _by_scope(group: Sequence[tuple[Scope, int]]) -> list[list[tuple[Scope, int]]]:
    """Groups of operands over the same variables."""
    groups: dict[frozenset[int], list[tuple[Scope, int]]] = {}
    for scope, table in group:
        groups.setdefault(frozenset(scope), []).append((scope, table))
    return list(groups.values())


def _product(group: Sequence[tuple[Scope, int]]) -> Product:
    """Equal for groups of the same tables in the same position to each other."""
    first = group[0][0]
    return Product(tuple((table, tuple(first.index(v) for v in scope)) for scope, table in group))


class Batch(NamedTuple):
    """Many problems of one structure at once: how many, and the numbers of the tables in which they differ.

    These tables, and all messages, have a first axis that runs over the problems. It is never summed.
    """

    size: int
    tables: frozenset[int]

    def has(self, reference: Reference) -> bool:
        """Whether a table, or a product of tables, differs between the problems."""
        if isinstance(reference, Product):
            return any(number in self.tables for number, _ in reference.parts)
        return reference in self.tables
