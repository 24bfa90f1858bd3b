"""Joint tables from a calibrated tree: any set of variables, conditionals without 0/0.

Given the variables G, a separator contained in G cuts the tree: what lies beyond is a function of G alone and cancels
when the conditional is normalised. So messages across a cut are left out instead of being divided away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import count
from math import prod

from control_pgm.display import size
from control_pgm.errors import TooLarge
from control_pgm.inference.clusters import BucketTree
from control_pgm.inference.compiled import Compiled
from control_pgm.inference.contract import Operand
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.views import Scope

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
    cards = compiled.problem.cardinalities
    # A variable with a single state is always given: it carries no information between its neighbours.
    fixed = {*given, *(v for v, n in enumerate(cards) if n == 1)}
    keep = tuple(sorted(v for v in {*targets, *given} if v not in at))
    operands = [_fix(op, at) for op in _from_messages(compiled, message, targets, given, fixed)]
    table = _eliminate(compiled, operands, keep, memory_limit)
    if given and _has_empty_rows(table, keep, targets):
        # A message may mix what depends on `given` alone with the rest, where elimination has joined them. Ask the
        # tables themselves which of them matter, so that 0/0 is reported only where nothing is possible.
        operands = [_fix(op, at) for op in _relevant(compiled, targets, fixed)]
        table = _eliminate(compiled, operands, keep, memory_limit)
    return keep, table


def _has_empty_rows(table: Scaled, keep: Scope, targets: Collection[int]) -> bool:
    axes = tuple(i for i, v in enumerate(keep) if v in targets)
    return not table.support.any(axis=axes).all()


def _from_messages(
    compiled: Compiled, message: Message, targets: Collection[int], given: Collection[int], fixed: set[int]
) -> list[Operand]:
    """The tables and incoming messages of the part of the tree that the query needs."""
    tree = compiled.tree
    cut = _cut_edges(tree, fixed)
    ends = [tree.position[v] for v in targets if v not in fixed]
    inside = _connected(tree, _covering(tree, [*targets, *given], cut), cut, ends)
    operands = [op for i in sorted(inside) for op in compiled.operands(i) if not fixed.issuperset(op[0])]
    for i in sorted(inside):
        for j in (*tree.children[i], tree.parents[i]):
            if j >= 0 and j not in inside and _edge(tree, i, j) not in cut and (sent := message(j, i)) is not None:
                operands.append(sent)
    return operands


def _relevant(compiled: Compiled, targets: Collection[int], fixed: set[int]) -> list[Operand]:
    """The tables that touch the targets, directly or through variables that are not fixed."""
    problem = compiled.problem
    touching: dict[int, list[int]] = {}
    for k, scope in enumerate(problem.scopes):
        for v in scope:
            touching.setdefault(v, []).append(k)
    found: set[int] = set()
    tables: set[int] = set()
    stack = [v for v in targets if v not in fixed]
    while stack:
        v = stack.pop()
        if v in found:
            continue
        found.add(v)
        new = set(touching.get(v, ())) - tables
        tables |= new
        stack += [u for k in new for u in problem.scopes[k] if u not in fixed]
    return [(problem.scopes[k], problem.tables[k]) for k in sorted(tables)]


def _edge(tree: BucketTree, i: int, j: int) -> int:
    """An edge of the tree, named by its lower end."""
    return i if tree.parents[i] == j else j


def _cut_edges(tree: BucketTree, given: Collection[int]) -> set[int]:
    """Edges whose separator is a non-empty subset of ``given``.

    Such an edge's lower cluster contains the separator, and clusters containing v form a subtree topped by the one that
    eliminates v; walking down that subtree finds them without looking at the rest of the tree.
    """
    wanted = set(given)
    cut: set[int] = set()
    for v in wanted:
        stack = [tree.position[v]]
        while stack:
            i = stack.pop()
            for child in tree.children[i]:
                if v in tree.separators[child]:
                    stack.append(child)
                    if wanted.issuperset(tree.separators[child]):
                        cut.add(child)
    return cut


def _covering(tree: BucketTree, variables: Iterable[int], cut: set[int]) -> set[int]:
    """The smallest subtree with the clusters of the variables and both ends of every cut edge."""
    ends = {tree.position[v] for v in variables}
    ends |= cut | {tree.parents[i] for i in cut}
    inside = set(ends)
    # Parents have higher numbers: raising the lowest open end until all meet walks each path once.
    for group in _by_root(tree, ends).values():
        open_ends = set(group)
        while len(open_ends) > 1:
            low = min(open_ends)
            open_ends.discard(low)
            open_ends.add(tree.parents[low])
            inside.add(tree.parents[low])
    return inside


def _by_root(tree: BucketTree, clusters: Iterable[int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for i in clusters:
        root = i
        while tree.parents[root] >= 0:
            root = tree.parents[root]
        groups.setdefault(root, []).append(i)
    return groups


def _connected(tree: BucketTree, inside: set[int], cut: set[int], start: Iterable[int]) -> set[int]:
    """The part of ``inside`` reachable from ``start`` without crossing a cut edge: the rest depends on G alone."""
    found: set[int] = set()
    stack = list(start)
    while stack:
        i = stack.pop()
        if i in found:
            continue
        found.add(i)
        for j in (*tree.children[i], tree.parents[i]):
            if j in inside and _edge(tree, i, j) not in cut:
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
        _check_size(compiled, union, memory_limit)
        rest = tuple(u for u in union if u != v)
        new = next(fresh)
        live[new] = rest, compiled.contract([live.pop(k) for k in group], rest)
        for u in rest:
            touching[u] = touching[u].difference(group) | {new}
    _check_size(compiled, keep, memory_limit)
    return compiled.contract(list(live.values()), keep)


def _check_size(compiled: Compiled, scope: Scope, memory_limit: int) -> None:
    problem = compiled.problem
    need = 8 * prod(problem.cardinalities[v] for v in scope)
    if need > memory_limit:
        shown = ", ".join(problem.names[v] for v in scope[:12]) + (", …" if len(scope) > 12 else "")
        raise TooLarge(
            f"the joint table of {{{shown}}} needs {size(need)}",
            allowed=f"{size(memory_limit)} (memory_limit)",
            remedy="ask for fewer variables at once, or fix some with given={name: label}",
        )
