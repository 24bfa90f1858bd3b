"""Sending the messages of an elimination of values, from the last cluster to the first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.inference.contract import Operand
from control_pgm.inference.plan import Plan
from control_pgm.inference.valued_forms import Form, Sent
from control_pgm.inference.valued_tables import CHANCE, OWN, VALUE, Held, Tables
from control_pgm.inference.valued_terms import Term
from control_pgm.tables.operators import Operator
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.views import Scope

Progress = Callable[[int, int, str], None]  # (done, total, what)
_REPORT_EVERY = 500  # messages


def send_all(plan: Plan, tables: Tables, progress: Progress | None) -> tuple[list[Sent], list[Form]]:
    """All messages towards the roots, and the form of every cluster; clusters that are alike share one."""
    tree = plan.tree
    sent: list[Sent] = []
    forms: list[Form] = []
    made: dict[Hashable, Form] = {}
    total = len(tree.order)
    clusters = zip(tree.order, tree.scopes, tree.factors, tree.children, strict=True)
    for i, (v, scope, factors, children) in enumerate(clusters):
        if progress is not None and i % _REPORT_EVERY == 0:
            progress(i, total, "values backward")
        cluster = _received(tables, v, scope, factors, [sent[j] for j in children])
        form = made.get(cluster.key)
        if form is None:
            form = made[cluster.key] = cluster.form(plan.problem.names[v])
        forms.append(form)
        sent.append(_globally(form.send(cluster.values, cluster.chances), scope))
    if progress is not None:
        progress(total, total, "values backward")
    return sent, forms


@dataclass(eq=False)
class _Cluster:
    """A cluster and what it has received, its variables told by their position among them."""

    operator: Operator
    eliminated: int
    sizes: tuple[int, ...]
    held: Sequence[tuple[Scope, Held]]
    has_cpd: bool
    values: Sequence[Term]
    chances: Sequence[Operand]

    @property
    def key(self) -> Hashable:
        """Equal for clusters of one form."""
        return (
            (self.eliminated, self.operator, self.sizes),
            tuple([(scope, table.kind, table.key) for scope, table in self.held]),
            tuple([term.scope for term in self.values]),
            tuple([scope for scope, _ in self.chances]),
        )

    def form(self, name: str) -> Form:
        """The form; ``name`` is that of the variable."""
        own, chances = (
            tuple((s, h.table) for s, h in self.held if h.kind == kind and isinstance(h.table, Scaled))
            for kind in (OWN, CHANCE)
        )
        return Form(
            name,
            self.operator,
            self.eliminated,
            self.sizes,
            own,
            self.has_cpd and len(own) == 1,
            chances,
            tuple(Term(s, h.table) for s, h in self.held if h.kind == VALUE and not isinstance(h.table, Scaled)),
            tuple(term.scope for term in self.values),
            tuple(scope for scope, _ in self.chances),
        )


def _received(tables: Tables, v: int, scope: Scope, factors: Sequence[int], messages: Sequence[Sent]) -> _Cluster:
    """The cluster that eliminates v, from the numbers of its tables and the messages of its children."""
    problem = tables.problem
    label = {x: n for n, x in enumerate(scope)}

    def local(variables: Scope) -> Scope:
        return tuple([label[x] for x in variables])

    return _Cluster(
        tables.operators[v],
        label[v],
        tuple([problem.cardinalities[x] for x in scope]),
        [(local(problem.scopes[k]), tables.held(k, v)) for k in factors],
        any(problem.children[k] == v for k in factors),
        [Term(local(term.scope), term.table) for term, _ in messages if term is not None],
        [(local(chance[0]), chance[1]) for _, chance in messages if chance is not None],
    )


def _globally(message: Sent, scope: Scope) -> Sent:
    """A message over the plan's numbers of variables."""
    values, chances = message
    if values is not None:
        values = Term(tuple([scope[x] for x in values.scope]), values.table)
    if chances is not None:
        chances = tuple([scope[x] for x in chances[0]]), chances[1]
    return Sent(values, chances)


def constants(tables: Tables) -> tuple[float, float]:
    """The values, and the log-probabilities, of tables without a free variable."""
    value, log_probability = 0.0, 0.0
    for k, scope in enumerate(tables.problem.scopes):
        if not scope:
            table = tables.held(k, -1).table
            if isinstance(table, Scaled):
                log_probability += table.total_log()
            else:
                value += float(np.asarray(table))
    return value, log_probability
