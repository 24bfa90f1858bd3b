"""The plan of an exact query: which clusters, at what cost; made from scopes alone, before any number is computed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, isqrt, prod
from numbers import Real
from typing import Any, Literal

from control_pgm.display import size, text_table
from control_pgm.errors import InvalidArgument, TooLarge, no_choice
from control_pgm.inference.orders.cheapest import LIMITS, MAX_WIDTH, cheapest_order
from control_pgm.inference.problem import Problem, check_model, pose
from control_pgm.inference.tree.bucket_tree import BucketTree, bucket_tree
from control_pgm.inference.tree.slices.long_plan import Rolled, roll
from control_pgm.inference.tree.slices.repeating import Repeating
from control_pgm.inference.tree.slices.short_network import FEW
from control_pgm.inference.tree.storage import Keep, Storage
from control_pgm.keywords import keywords
from control_pgm.models.factor_graph import Model
from control_pgm.models.template import DynamicBayesianNetwork
from control_pgm.tables.arrays import Scope
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Series

DEFAULT_MEMORY_LIMIT = 4 * 2**30  # bytes
_FLOAT = 8


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """The clusters of an exact query and what they cost. Print it, or call `describe`.

    Attributes
    ----------
    rule : str
        Where the elimination order comes from: "reverse topological", "sweep", "min-fill" or "min-weight".

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> found = unroll(gridworld("S.G"), 2).infer().plan
    >>> found.width, found.largest_cluster, found.bytes
    (2, ('s_1', 'a_1', 's_2'), 1072)
    """

    problem: Problem
    tree: BucketTree
    rule: str
    rolled: Rolled | None = None  # how it grew out of a shorter plan, if it did

    @cached_property
    def cluster_entries(self) -> Sequence[int]:
        """The number of entries of each cluster's (never materialised) table; of non-zeros where a table is sparse."""
        if self.rolled is not None:
            return self.rolled.network.by_cluster(self._short_entries)
        problem, tree = self.problem, self.tree
        return _entries(tree, tree.scopes, problem.scopes, problem.tables, problem.cardinalities)

    @cached_property
    def _short_entries(self) -> Sequence[int]:
        """The same for the short network of a rolled plan."""
        assert self.rolled is not None
        short = self.rolled.network.short
        tables = [self.rolled.tables[key] for key in short.keys]
        return _entries(short.tree, short.tree.scopes, short.scopes, tables, short.cards)

    @cached_property
    def _largest(self) -> int:
        """The number of entries of the largest cluster."""
        return max(self._short_entries if self.rolled else self.cluster_entries, default=0)

    @cached_property
    def _sent(self) -> int:
        """The number of entries of all messages in one direction."""
        if self.rolled is not None:
            short = self.rolled.network.short
            return self.rolled.network.total([prod([short.cards[v] for v in s]) for s in short.tree.separators])
        cards = self.problem.cardinalities
        return sum(prod([cards[v] for v in separator]) for separator in self.tree.separators)

    def alike(self, times: range, *, numbers: bool) -> list[range]:
        """The times in stretches whose steps have the same clusters, and with ``numbers`` the same tables."""
        result: list[range] = []
        at = times.start
        repeated = () if self.rolled is None else self.rolled.alike() if numbers else self.rolled.network.repeated
        for copies in repeated:
            inside = range(max(copies.steps.start, at), min(copies.steps.stop, times.stop))
            if len(inside) > 1:
                result += [range(t, t + 1) for t in range(at, inside.start)]
                result.append(inside)
                at = inside.stop
        return result + [range(t, t + 1) for t in range(at, times.stop)]

    def series(self, base: str, count: int) -> Sequence[int]:
        """The numbers of the variables ``base_0`` … in the problem, ``count`` of them."""
        if self.rolled is not None:
            return self.rolled.network.series(base)
        index = self.problem.index
        return [index[f"{base}_{t}"] for t in range(count)]

    @property
    def width(self) -> int:
        """The largest number of variables in a cluster, minus one."""
        scopes = self.tree.scopes
        return max(map(len, scopes.items if isinstance(scopes, Repeating) else scopes), default=0) - 1

    @property
    def largest_cluster(self) -> tuple[str, ...]:
        """The variables of the cluster with most entries."""
        if not self.cluster_entries:
            return ()
        largest = self.cluster_entries.index(max(self.cluster_entries))
        return tuple(self.problem.names[v] for v in self.tree.scopes[largest])

    @property
    def flops(self) -> int:
        """Multiplications and additions of both passes, one of each per operand and cluster entry."""
        operands = [len(f) + len(c) + 1 for f, c in zip(self.tree.factors, self.tree.children, strict=True)]
        return sum(2 * 2 * n * e for n, e in zip(operands, self.cluster_entries, strict=True))

    def bytes_kept(self, *, checkpoints: bool) -> int:
        """Bytes that inference takes: of all messages, or with `checkpoints` of about the square root of their number.

        The square root is that of the number of steps that are alike.
        """
        if not checkpoints or self.rolled is None:
            return self.bytes
        steps = sum(len(copies.steps) for copies in self.rolled.network.repeated)
        return _FLOAT * (2 * ceil(self._sent / steps) * 2 * (isqrt(steps) + 1) + 2 * self._largest)

    @property
    def bytes(self) -> int:
        """Bytes of all messages in both directions, and twice the largest cluster as working space."""
        return _FLOAT * (2 * self._sent + 2 * self._largest)

    def describe(self) -> str:
        """The plan as a text table."""
        largest = ", ".join(self.largest_cluster)
        return text_table(
            ["exact inference on a bucket tree", ""],
            [
                ["elimination order", self.rule],
                ["free variables", str(len(self.problem.names))],
                ["observed variables", str(len(self.problem.observed))],
                ["clusters", str(len(self.tree.order))],
                ["width", str(self.width)],
                ["largest cluster", f"{{{largest}}}: {max(self.cluster_entries, default=0):,} entries"],
                ["all clusters", f"{sum(self.cluster_entries):,} entries"],
                ["operations", f"{self.flops:.3g}"],
                ["memory", size(self.bytes)],
            ],
        )

    __str__ = describe

    def __repr__(self) -> str:
        return f"Plan({len(self.tree.order)} clusters, width {self.width}, {size(self.bytes)}, {self.rule})"


@keywords
def plan(
    model: Model,
    evidence: Mapping[str, Hashable] | None = None,
    *,
    order: Literal["cheapest", "reverse topological"] = "cheapest",
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    keep: Keep = "memory",
) -> Plan:
    """Plan exact inference without computing anything.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    evidence : mapping, optional
        name -> observed state label.
    order : {"cheapest", "reverse topological"}
        The elimination order: the one with the fewest table entries, or the model's own backwards.
    memory_limit : int
        Bytes that inference may take.
    keep : "memory", "checkpoints", or the Path of a folder
        Where messages are to be kept, see `infer`: checkpoints and files need less memory.

    Raises
    ------
    TooLarge
        If the cheapest order found needs more than ``memory_limit``; names the cluster.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> x, y = Variable("x", 2), Variable("y", 2)
    >>> plan(FactorGraph([Factor([x, y], [[2, 1], [1, 2]])])).width
    1
    """
    if order not in ("cheapest", "reverse topological"):
        raise no_choice("order", order, ("cheapest", "reverse topological"))
    check_model(model)
    check_memory_limit(memory_limit)
    result = _rolled(model, evidence or {}, own_order=order == "reverse topological")
    if result is None:
        problem = pose(model, evidence)
        result = cheapest(problem) if order == "cheapest" else in_own_order(problem)
    storage = Storage.of(keep)
    need = result.bytes_kept(checkpoints=storage.checkpoints or storage.folder is not None)
    if need > memory_limit or result.width >= MAX_WIDTH:
        shown = ", ".join(result.largest_cluster[:12]) + (", …" if len(result.largest_cluster) > 12 else "")
        remedy = "observe more variables, or split the model"
        if need > memory_limit:
            remedy = "observe more variables, split the model, or raise memory_limit"
            if result.rolled is not None and storage == Storage():
                remedy += ", or keep='checkpoints'"
        exceeded = [f"{size(memory_limit)} (memory_limit)"] if need > memory_limit else []
        exceeded += [f"clusters of up to {MAX_WIDTH} variables"] if result.width >= MAX_WIDTH else []
        raise TooLarge(
            f"exact inference needs {size(need)}; its largest cluster {{{shown}}} has "
            f"{len(result.largest_cluster)} variables and {max(result.cluster_entries):,} entries",
            allowed=" and ".join(exceeded),
            remedy=remedy,
        )
    return result


def check_memory_limit(memory_limit: Any) -> None:
    """Refuse what is no number of bytes."""
    if isinstance(memory_limit, bool) or not isinstance(memory_limit, Real) or memory_limit != memory_limit:
        raise InvalidArgument(f"memory_limit {memory_limit!r}", allowed="a number of bytes")


def _rolled(model: Model, evidence: Mapping[str, Hashable], *, own_order: bool) -> Plan | None:
    """The plan of an unrolled network in which steps repeat, at the cost of a short one."""
    long = isinstance(model, DynamicBayesianNetwork) and model.horizon > FEW[0]
    rolled = roll(model, evidence, own_order=own_order) if long and isinstance(evidence, Mapping) else None
    if rolled is None:
        return None
    return Plan(rolled.problem(model), rolled.network.tree, "reverse topological", rolled)


def _entries(
    tree: BucketTree,
    scopes: Sequence[Scope],
    table_scopes: Sequence[Scope],
    tables: Sequence[Scaled | Series],
    cards: Sequence[int],
) -> list[int]:
    """The entries of clusters; where a sparse table spans a cluster, its non-zeros."""
    result = []
    for scope, own in zip(scopes, tree.factors, strict=True):
        entries = prod([cards[v] for v in scope])
        spanning = [tables[k].n_entries for k in own if tables[k].sparse and len(table_scopes[k]) == len(scope)]
        result.append(min([entries, *spanning]))
    return result


def in_own_order(problem: Problem) -> Plan:
    """The plan that eliminates the model's variables backwards, whatever it costs."""
    return Plan(problem, bucket_tree(problem.scopes, range(len(problem.names))[::-1]), "reverse topological")


def cheapest(problem: Problem) -> Plan:
    """The plan with the fewest table entries; on ties the model's own order, whose messages have textbook names.

    Raises
    ------
    TooLarge
        If every order that was tried has a cluster beyond what arrays can hold.
    """
    found = cheapest_order(len(problem.names), problem.scopes, problem.cardinalities)
    if found.beyond:
        raise _too_large(problem, found.beyond)
    return Plan(problem, bucket_tree(problem.scopes, found.order), found.rule)


def _too_large(problem: Problem, cluster: Scope) -> TooLarge:
    """The error for a cluster beyond the limits of `orders`; says which of them."""
    cluster = tuple(sorted(cluster))
    entries = prod([problem.cardinalities[v] for v in cluster])
    shown = ", ".join(problem.names[v] for v in cluster[:12]) + (", …" if len(cluster) > 12 else "")
    return TooLarge(
        f"exact inference joins too much in one table: the cluster {{{shown}}} has {len(cluster)} variables and "
        f"{entries:,} entries",
        allowed=f"{LIMITS.variables} variables" if len(cluster) > LIMITS.variables else f"{LIMITS.entries:.2g} entries",
        remedy="observe more variables, split the model, or take method='loopy', which is approximate",
    )
