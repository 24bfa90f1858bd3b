"""Multiplying constant tables together before any message is sent.

Tables of equal scope in one cluster are always multiplied. A table whose scope is contained in another's is multiplied
into it only where that product serves several clusters, as the slices of an unrolled network do: p(a) into p(O=1|s,a),
once for all t. A product that only one cluster needs would cost more than it saves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.problem import Problem
from control_pgm.tables.scaled import Scaled

Key = tuple[object, ...]


def fold(problem: Problem, clusters: Sequence[Sequence[Operand]]) -> list[Sequence[Operand]]:
    """The operands of every cluster after folding; products are shared by all clusters that need the same one."""
    groups = [_by_container(own) if len(own) > 1 else [own] for own in clusters]
    uses = Counter(_key(group) for row in groups for group in row if len(group) > 1)
    products: dict[Key, Scaled] = {}

    def product(group: Sequence[Operand]) -> Operand:
        scope = group[0][0]
        if len(group) == 1:
            return group[0]
        key = _key(group)
        if key not in products:
            products[key] = contract(group, scope, problem.cardinalities)
        return scope, products[key]

    result: list[Sequence[Operand]] = []
    for own, row in zip(clusters, groups, strict=True):
        if len(own) <= 1:
            result.append(own)
            continue
        parts = [part for group in row for part in ([group] if uses[_key(group)] > 1 else _by_scope(group))]
        result.append([product(part) for part in parts])
    return result


def _by_container(own: Sequence[Operand]) -> list[list[Operand]]:
    """Groups of operands whose first scope contains all others of the group."""
    groups: list[list[Operand]] = []
    for scope, table in sorted(own, key=lambda operand: -len(operand[0])):
        home = next((group for group in groups if set(scope) <= set(group[0][0])), None)
        if home is None:
            groups.append([(scope, table)])
        else:
            home.append((scope, table))
    return groups


def _by_scope(group: Sequence[Operand]) -> list[list[Operand]]:
    """Groups of operands over the same variables."""
    groups: dict[frozenset[int], list[Operand]] = {}
    for scope, table in group:
        groups.setdefault(frozenset(scope), []).append((scope, table))
    return list(groups.values())


def _key(group: Sequence[Operand]) -> Key:
    """Equal for groups of the same tables in the same position to each other."""
    first = group[0][0]
    return tuple((table.identity, tuple(first.index(v) for v in scope)) for scope, table in group)
