"""Elimination of values: every variable by an operator of its own, on the clusters of a plan.

Sum-product inference eliminates every variable by the same sum. Here each has an operator Phi^{mu}_{kappa,w} (see
`tables.operators`): an expectation, a soft or a hard maximum, a pessimistic average. Its CPD is the measure mu. All
other tables are *values* in some unit, which add up: logarithms times the unit for CPDs of observed variables and for
added factors. The message of a cluster is a table of values over its separator; eliminating everything leaves the value
of the whole.

Operators of different kinds do not commute: E_y max_x f ≥ max_x E_y f, since whoever sees y can choose better. The
order of elimination therefore follows that in which variables become known, the model's own, from last to first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite
from types import MappingProxyType

import numpy as np

from control_pgm.display import number
from control_pgm.errors import InvalidArgument, unknown
from control_pgm.inference.contract import Operand
from control_pgm.inference.plan import Plan
from control_pgm.inference.valued_forms import Form, Sent
from control_pgm.inference.valued_pass import Progress, constants, send_all
from control_pgm.inference.valued_tables import Tables
from control_pgm.inference.valued_terms import Term, add_up
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.factor import Factor
from control_pgm.tables.labelled import LabelledArray
from control_pgm.tables.operators import Operator, check_operator
from control_pgm.tables.optimiser import optimiser
from control_pgm.tables.sparse_array import Table
from control_pgm.tables.views import Scope


@dataclass(frozen=True, eq=False, repr=False)
class Valued:
    """The messages of an elimination of values, and what they tell. Made by `eliminate_values`.

    Attributes
    ----------
    plan : Plan
    operators : per free variable, by its number in the plan.
    sent : per cluster the message to its parent.
    constant : the values of tables without a free variable.
    log_constant : the logarithm of probabilities without a free variable, in nats.
    """

    plan: Plan
    operators: Sequence[Operator]
    sent: Sequence[Sent]
    constant: float
    log_constant: float
    _forms: Sequence[Form]

    @cached_property
    def total(self) -> float:
        """The value of the whole, given what has been observed as a probability; −inf where that is impossible."""
        roots = [self.sent[i].values for i in self.plan.tree.roots]
        parts = [float(term.dense) for term in roots if term is not None]
        return sum(parts, self.constant) if self.log_probability > -inf else -inf

    @cached_property
    def log_probability(self) -> float:
        """The log-probability, in nats, of what has been observed as a probability; 0 where nothing has."""
        roots = [self.sent[i].chances for i in self.plan.tree.roots]
        return float(sum((operand[1].total_log() for operand in roots if operand is not None), self.log_constant))

    # --- one cluster --------------------------------------------------------------------------------------------
    def terms(self, cluster: int) -> list[Term]:
        """The values that a cluster holds and has received, over the plan's numbers of variables."""
        scope = self.plan.tree.scopes[cluster]
        own = [Term(tuple([scope[x] for x in term.scope]), term.table) for term in self._forms[cluster].terms]
        received = [self.sent[j].values for j in self.plan.tree.children[cluster]]
        return [*own, *(term for term in received if term is not None)]

    def weights(self, cluster: int) -> list[Operand]:
        """The tables that weigh the variable of a cluster: its CPD, and factors that count with it."""
        scope = self.plan.tree.scopes[cluster]
        return [(tuple([scope[x] for x in s]), table) for s, table in self._forms[cluster].own]

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
        sent = self.sent[self._cluster(name)].values or Term((), np.zeros(()))
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
            lock(np.ascontiguousarray(values)), tuple(v.name for v in variables), {v.name: v.states for v in variables}
        )

    def __repr__(self) -> str:
        return f"Valued({self.plan!r}, total {number(self.total, 8)})"


def eliminate_values(
    plan: Plan,
    operators: Mapping[str, Operator],
    default: Operator,
    *,
    unit: float = 1.0,
    values: Mapping[str, Table] = MappingProxyType({}),
    likelihood: Collection[str] = (),
    weights: Collection[Factor] = (),
    progress: Progress | None = None,
) -> Valued:
    """Eliminate every free variable by its operator.

    Parameters
    ----------
    plan : Plan
        Made with ``order="reverse topological"``, unless all operators commute.
    operators : mapping
        name -> operator of a free variable.
    default : Operator
        That of all others.
    unit : float
        What a logarithm of one counts as a value: the CPD of an observed variable and an added factor are worth
        unit · log of their numbers.
    values : mapping, optional
        name of an observed variable -> values in place of those of its CPD, axes as its parents that are free; a dense
        array, or a `SparseArray` whose missing entries are forbidden.
    likelihood : collection of str, optional
        Observed variables that are ordinary evidence: they change the probabilities of what is eliminated by an
        expectation or certainty equivalent, and are no values.
    weights : collection of Factor, optional
        Factors of the model that belong to the measure of the variable in whose cluster they are.
    progress : callable, optional
        Called with (done, total, what) while messages are sent.

    Raises
    ------
    InvalidArgument
        If the plan eliminates in an order in which the operators do not commute; names the two variables.

    Notes
    -----
    Every variable counts as known to those behind it in the model's own order. The operators are those of
    Lázaro-Gredilla et al. 2024 (arXiv:2406.17863), the pairs of probabilities and values those of Jensen, Jensen and
    Dittmer 1994, "From influence diagrams to junction trees".

    Examples
    --------
    Take an umbrella? The one who decides sees the sky, which tells something about the rain.

    >>> from control_pgm import CPD, BayesianNetwork, Factor, Variable, plan
    >>> from control_pgm.tables.operators import EXPECTATION, MAXIMUM
    >>> sky, take, rain = Variable("sky", ["blue", "grey"]), Variable("take", 2), Variable("rain", 2)
    >>> net = BayesianNetwork(
    ...     [CPD(sky, [], [0.5, 0.5]), CPD(take, [], [0.5, 0.5]), CPD(rain, [sky], [[0.9, 0.1], [0.4, 0.6]])],
    ...     [Factor([take, rain], [[0.0, -10.0], [-2.0, -2.0]], log=True)],
    ... )
    >>> found = eliminate_values(plan(net, order="reverse topological"), {"take": MAXIMUM}, EXPECTATION)
    >>> round(found.total, 6)
    -1.5
    >>> print(found.optimiser("take"))
    sky   0  1
    ────  ─  ─
    blue  1  0
    grey  0  1
    """
    chosen = _operators(plan, operators, default)
    _check_order(plan, chosen)
    if not (isfinite(unit) and unit > 0):
        raise InvalidArgument(f"unit {unit!r}", allowed="a finite number > 0")
    tables = Tables(plan.problem, chosen, unit, values, likelihood, weights)
    tables.check()
    sent, forms = send_all(plan, tables, progress)
    constant, log_constant = constants(tables)
    return Valued(plan, chosen, sent, constant, log_constant, forms)


def _operators(plan: Plan, operators: Mapping[str, Operator], default: Operator) -> list[Operator]:
    """The operator of every free variable."""
    names = plan.problem.names
    for operator in {default, *operators.values()}:
        check_operator(*operator)
    chosen = [operators.get(name, default) for name in names]
    if len(operators) > sum(name in operators for name in names):
        raise unknown(next(n for n in operators if n not in set(names)), names, what="free variable")
    return chosen


def _check_order(plan: Plan, operators: Sequence[Operator]) -> None:
    """Refuse an order that swaps operators which do not commute.

    Eliminating u before v matters only if u's cluster mentions v: otherwise both act on separate terms of a sum, or a
    constant passes through.
    """
    tree, names = plan.tree, plan.problem.names
    if plan.rule == "reverse topological":
        return
    for u, separator in zip(tree.order, tree.separators, strict=True):
        for v in separator:
            if v > u and not operators[u].commutes(operators[v]):
                raise InvalidArgument(
                    f"the plan eliminates {names[u]!r} before {names[v]!r}, which becomes known after it, but their "
                    f"operators {operators[u]} and {operators[v]} do not commute",
                    allowed="plan(model, evidence, order='reverse topological')",
                )
