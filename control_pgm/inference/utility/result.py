"""Results of an elimination of utilities: its total, and the values at every variable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np

from control_pgm.display import number
from control_pgm.errors import unknown
from control_pgm.inference.contract import Operand
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.utility.cluster import SentPotential
from control_pgm.inference.utility.potentials import Term, add_up
from control_pgm.tables.arrays import FloatArray, Scope, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.logarithms import align
from control_pgm.tables.operators import Operator
from control_pgm.tables.optimiser import optimiser


@dataclass(frozen=True, eq=False, repr=False)
class Valued:
    """The messages of an elimination of values, and the values that follow. Made by `eliminate_values`.

    Attributes
    ----------
    plan : Plan
    operators : per free variable, by its number in the plan.
    messages : per cluster that to its parent.
    constant : the values of tables without a free variable.
    log_constant : the logarithm of probabilities without a free variable, in nats.
    """

    plan: Plan
    operators: Sequence[Operator]
    messages: Pass[SentPotential]
    constant: float
    log_constant: float

    @cached_property
    def total(self) -> float:
        """The value of the whole, given what has been observed as a probability; −inf where that is impossible."""
        roots = [self.messages[i].values for i in self.plan.tree.roots]
        parts = [float(term.dense) for term in roots if term is not None]
        return sum(parts, self.constant) if self.log_probability > -inf else -inf

    @cached_property
    def log_probability(self) -> float:
        """The log-probability, in nats, of what has been observed as a probability; 0 where nothing has."""
        roots = [self.messages[i].chances for i in self.plan.tree.roots]
        return float(sum((operand[1].total_log() for operand in roots if operand is not None), self.log_constant))

    # --- many clusters --------------------------------------------------------------------------------------------
    def over(
        self, clusters: Sequence[int], scope: Callable[[int], Scope], shape: tuple[int, ...], *, sent: bool = False
    ) -> FloatArray:
        """Of each cluster the sum of all values that it holds and receives, or with ``sent`` what it has sent.

        Parameters
        ----------
        clusters : sequence of int
        scope : callable
            Position in the sequence -> the variables, numbered as in the plan, that are the axes.
        shape : tuple of int
            The lengths of these axes, the same for all.

        Returns
        -------
        array [position in the sequence, *shape]
        """
        result = np.zeros((len(clusters), *shape))
        start = 0
        for stretch in (s for numbers in progressions(clusters) for s in self.messages.sent.stretches(numbers)):
            own, place = stretch.clusters, result[start : start + len(stretch.clusters)]
            full = scope(start)
            for term in () if sent else self._held(own[0]):
                place += align(term.dense, term.scope, full)
            for j in [own[0]] if sent else self.plan.tree.children[own[0]]:
                self._add_sent(place, range(j, j + own.stop - own.start, own.step), full)
            start += len(place)
        return result

    def _add_sent(self, place: FloatArray, clusters: range, full: Scope) -> None:
        """Add what clusters that are copies of one another have sent, over the axes that the first one has."""
        at = 0
        values = self.messages[clusters[0]].values
        for stretch in self.messages.sent.stretches(clusters) if values is not None else ():
            alone = self.messages[stretch.clusters[0]].values if stretch.rows is None else None
            rows = stretch.stack() if alone is None else alone.dense[None]
            rows = rows[::-1] if stretch.backwards else rows
            assert values is not None
            place[at : at + len(rows)] += align(rows, (-1, *values.scope), (-1, *full))
            at += len(rows)

    # --- one cluster --------------------------------------------------------------------------------------------
    def terms(self, cluster: int, *, without: int = -1) -> list[Term]:
        """The values that a cluster holds and has received, over the plan's numbers; not from ``without``."""
        received = [self.messages[j].values for j in self.plan.tree.children[cluster] if j != without]
        return [*self._held(cluster), *(term for term in received if term is not None)]

    def _held(self, cluster: int) -> list[Term]:
        scope = self.plan.tree.scopes[cluster]
        return [Term(tuple([scope[x] for x in term.scope]), term.table) for term in self.messages[cluster].form.terms]

    def weights(self, cluster: int) -> list[Operand]:
        """The tables that weigh the variable of a cluster: its CPD, and factors that count with it."""
        scope = self.plan.tree.scopes[cluster]
        return [(tuple([scope[x] for x in s]), table) for s, table in self.messages[cluster].form.own]

    def before(self, name: str) -> LabelledArray:
        """The values over a variable and those that it is decided with, just before it is eliminated.

        Axes are the variables of its cluster, itself last. Points of measure zero are −inf.
        """
        scope, values, measure = self._points(name)
        return self._labelled(scope, np.where(measure > 0, values, -inf))

    def optimiser(self, name: str) -> LabelledArray:
        """p(name | the rest of its cluster) that attains its operator: ∝ exp((f + kappa log mu)/w).

        At w = 0 it is uniform over the maximisers; NaN where everything is forbidden.
        """
        scope, values, measure = self._points(name)
        operator = self.operators[self.plan.problem.index[name]]
        return self._labelled(scope, optimiser(values, measure, operator.kappa, operator.weight))

    def after(self, name: str) -> LabelledArray:
        """The message of a variable's cluster: the values of what is known before it, once it has been eliminated."""
        sent = self.messages[self._cluster(name)].values or Term((), np.zeros(()))
        return self._labelled(sent.scope, sent.dense)

    def _cluster(self, name: str) -> int:
        try:
            return self.plan.tree.position[self.plan.problem.index[name]]
        except (KeyError, TypeError):
            raise unknown(name, self.plan.problem.index, what="free variable") from None

    def _points(self, name: str) -> tuple[Scope, FloatArray, FloatArray]:
        """Scope, values and measure of a cluster, its own variable last."""
        i = self._cluster(name)
        v, sizes = self.plan.tree.order[i], self.plan.problem.cardinalities
        scope = (*(x for x in self.plan.tree.scopes[i] if x != v), v)
        shape = [sizes[x] for x in scope]

        def onto(terms: Sequence[Term]) -> FloatArray:
            full = add_up([Term(scope, np.zeros(shape)), *terms], sizes)
            return full.dense.transpose([full.scope.index(x) for x in scope])

        logs = onto([Term(s, table.dense().log()) for s, table in self.weights(i)])
        top = logs.max(axis=-1, keepdims=True)  # the scale of a measure is nothing to the optimiser
        return scope, onto(self.terms(i)), np.exp(logs - np.where(np.isneginf(top), 0.0, top))

    def _labelled(self, scope: Scope, values: FloatArray) -> LabelledArray:
        variables = [self.plan.problem.model.variables[self.plan.problem.names[x]] for x in scope]
        return LabelledArray(
            lock(np.array(values, order="C")), tuple(v.name for v in variables), {v.name: v.states for v in variables}
        )

    def __repr__(self) -> str:
        return f"Valued({self.plan!r}, total {number(self.total, 8)})"


def progressions(numbers: Sequence[int]) -> Iterator[range]:
    """A sequence cut into ranges, each as long as equal distances go on.

    Examples
    --------
    >>> list(progressions([9, 6, 3, 4, 8]))
    [range(9, 0, -3), range(4, 12, 4)]
    """
    at = 0
    while at < len(numbers):
        step = numbers[at + 1] - numbers[at] if at + 1 < len(numbers) else 1
        stop = at + 1
        while step and stop < len(numbers) and numbers[stop] - numbers[stop - 1] == step:
            stop += 1
        yield range(numbers[at], numbers[at] + (step or 1) * (stop - at), step or 1)
        at = stop
