"""Joint tables from a calibrated tree: any set of variables, conditionals without 0/0.

Given the variables G, a separator contained in G cuts the tree: what lies beyond is a function of G alone and cancels
when the conditional is normalised. So messages across a cut are left out instead of being divided away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from math import prod

from control_pgm.display import size
from control_pgm.errors import TooLarge
from control_pgm.inference.contract import Operand
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.compile import Compiled
from control_pgm.tables.arrays import Scope
from control_pgm.tables.numbers.scaled import Scaled

_IN_LOGARITHMS = 5  # arrays of the size of a product that are made where it must be computed in logarithms

Message = Callable[[int, int], Operand | None]  # (source, target) -> message, None where it is identically one


def joint(
    compiled: Compiled,
    message: Message,
    targets: Collection[int],
    given: Collection[int],
    at: Mapping[int, int],
    memory_limit: int,
) -> tuple[Scope, Scaled]:
    """A table over ``targets`` and the part of ``given`` that ``at`` does not fix; see `Posterior._joint`."""
    fixed = Fixed(given, compiled.problem.cardinalities)
    keep = tuple(sorted(v for v in {*targets, *given} if v not in at))
    operands = [_fix(op, at) for op in _from_messages(compiled, message, targets, given, fixed)]
    table = _eliminate(compiled, operands, keep, memory_limit)
    if given and _has_empty_rows(table, keep, targets):
        # A message may mix what depends on `given` alone with the rest, where elimination has joined them. Ask the
        # tables themselves which of them matter, so that 0/0 is reported only where nothing is possible.
        operands = [_fix(op, at) for op in _relevant(compiled, targets, fixed)]
        table = _eliminate(compiled, operands, keep, memory_limit)
    return keep, table


class Fixed:
    """The variables that are held fixed: those given, and those with a single state.

    The latter carry no information between their neighbours. They are recognised one by one, so that a query costs what
    lies around it, not what the network holds.
    """

    def __init__(self, given: Collection[int], cards: Sequence[int]) -> None:
        self.given, self._cards = frozenset(given), cards

    def __contains__(self, v: int) -> bool:
        return v in self.given or self._cards[v] == 1

    def covers(self, scope: Scope) -> bool:
        """Whether all variables of a scope are fixed."""
        return all(v in self for v in scope)

    def cuts(self, tree: BucketTree, cluster: int) -> bool:
        """Whether the edge above a cluster has a separator, all of whose variables are fixed."""
        separator = tree.separators[cluster]
        return bool(separator) and self.covers(separator)


def _has_empty_rows(table: Scaled, keep: Scope, targets: Collection[int]) -> bool:
    axes = tuple(i for i, v in enumerate(keep) if v in targets)
    return not table.support.any(axis=axes).all()


def _from_messages(
    compiled: Compiled, message: Message, targets: Collection[int], given: Collection[int], fixed: Fixed
) -> list[Operand]:
    """The tables and incoming messages of the part of the tree that the query needs."""
    tree = compiled.tree
    ends = [tree.position[v] for v in targets if v not in fixed]
    inside = _connected(tree, _covering(tree, [*targets, *given], _cut_edges(tree, fixed)), fixed, ends)
    operands = [op for i in sorted(inside) for op in compiled.operands(i) if not fixed.covers(op[0])]
    for i in sorted(inside):
        for j in (*tree.children[i], tree.parents[i]):
            if j >= 0 and j not in inside and not fixed.cuts(tree, min(i, j)) and (sent := message(j, i)) is not None:
                operands.append(sent)
    return operands


def _relevant(compiled: Compiled, targets: Collection[int], fixed: Fixed) -> list[Operand]:
    """The tables that touch the targets, directly or through variables that are not fixed."""
    problem = compiled.problem
    found: set[int] = set()
    tables: set[int] = set()
    stack = [v for v in targets if v not in fixed]
    while stack:
        v = stack.pop()
        if v in found:
            continue
        found.add(v)
        near = [k for i in _holding(compiled.tree, v) for k in compiled.tree.factors[i]]
        new = {k for k in near if v in problem.scopes[k]} - tables
        tables |= new
        stack += [u for k in new for u in problem.scopes[k] if u not in fixed]
    return [(problem.scopes[k], problem.tables[k]) for k in sorted(tables)]


def _holding(tree: BucketTree, v: int) -> Iterator[int]:
    """The clusters that contain a variable: a subtree topped by the one that eliminates it."""
    stack = [tree.position[v]]
    while stack:
        i = stack.pop()
        yield i
        stack += [child for child in tree.children[i] if v in tree.separators[child]]


def _cut_edges(tree: BucketTree, fixed: Fixed) -> set[int]:
    """Edges, named by their lower ends, whose separator is fixed and has a variable that is given.

    What lies beyond a separator of single states only is a constant, wherever it is: such edges need not be sought.
    """
    holding = [(v, i) for v in fixed.given for i in _holding(tree, v)]
    return {i for v, i in holding if v in tree.separators[i] and fixed.cuts(tree, i)}


def _covering(tree: BucketTree, variables: Iterable[int], cut: set[int]) -> set[int]:
    """The smallest subtree with the clusters of the variables and both ends of every cut edge."""
    ends = {tree.position[v] for v in variables}
    ends |= cut | {tree.parents[i] for i in cut}
    inside = set(ends)
    # Parents have higher numbers: raising the lowest open end until all meet walks each path once.
    for group in _by_root(tree, ends).values():
        open_ends = set(group)
        heap = sorted(group)
        while len(open_ends) > 1:
            low = heappop(heap)
            open_ends.discard(low)
            above = tree.parents[low]
            inside.add(above)
            if above not in open_ends:
                open_ends.add(above)
                heappush(heap, above)
    return inside


def _by_root(tree: BucketTree, clusters: Collection[int]) -> dict[int, list[int]]:
    if len(clusters) == 1 or len(tree.roots) == 1:
        return {0: list(clusters)}
    groups: dict[int, list[int]] = {}
    for i in clusters:
        groups.setdefault(tree.root_of[i], []).append(i)
    return groups


def _connected(tree: BucketTree, inside: set[int], fixed: Fixed, start: Iterable[int]) -> set[int]:
    """The part of ``inside`` reachable from ``start`` without crossing a cut edge: the rest depends on G alone."""
    found: set[int] = set()
    stack = list(start)
    while stack:
        i = stack.pop()
        if i in found:
            continue
        found.add(i)
        for j in (*tree.children[i], tree.parents[i]):
            if j in inside and not fixed.cuts(tree, min(i, j)):  # an edge is named by its lower end
                stack.append(j)
    return found


def _fix(operand: Operand, at: Mapping[int, int]) -> Operand:
    scope, table = operand
    if not any(v in at for v in scope):
        return operand
    index = tuple(at.get(v, slice(None)) for v in scope)
    return tuple(v for v in scope if v not in at), table.take(index)


def _eliminate(compiled: Compiled, operands: list[Operand], keep: Scope, memory_limit: int) -> Scaled:
    """Sum out everything but ``keep``, in the tree's order."""
    position = compiled.tree.position
    live = dict(enumerate(operands))
    touching: dict[int, set[int]] = {}
    for k, (scope, _) in live.items():
        for v in scope:
            touching.setdefault(v, set()).add(k)
    fresh = count(len(live))
    for v in sorted(set(touching) - set(keep), key=lambda v: position[v]):
        group = sorted(touching.pop(v))
        union = tuple(sorted({u for k in group for u in live[k][0]}))
        _check_size(compiled, union, memory_limit, [live[k][1] for k in group])
        rest = tuple(u for u in union if u != v)
        new = next(fresh)
        live[new] = rest, compiled.contract([live.pop(k) for k in group], rest)
        for u in rest:
            touching[u] = touching[u].difference(group) | {new}
    _check_size(compiled, keep, memory_limit, [table for _, table in live.values()])
    return compiled.contract(list(live.values()), keep)


def _check_size(compiled: Compiled, scope: Scope, memory_limit: int, tables: Sequence[Scaled]) -> None:
    """Refuse a product that does not fit: it and the table before it, or its copies where logarithms are needed."""
    problem = compiled.problem
    entries = prod(problem.cardinalities[v] for v in scope)
    need = 2 * 8 * entries
    if need <= memory_limit < _IN_LOGARITHMS * 8 * entries and any(table.wide for table in tables):
        need = _IN_LOGARITHMS * 8 * entries
    if need > memory_limit:
        shown = ", ".join(problem.names[v] for v in scope[:12]) + (", …" if len(scope) > 12 else "")
        raise TooLarge(
            f"the joint table of {{{shown}}} needs {size(need)}",
            allowed=f"{size(memory_limit)} (memory_limit)",
            remedy="ask for fewer variables at once, or fix some with given={name: label}",
        )
