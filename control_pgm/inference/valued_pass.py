"""Sending the messages of an elimination of values, from the last cluster to the first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np

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
    tree, problem = plan.tree, plan.problem
    sent: list[Sent] = []
    forms: list[Form] = []
    made: dict[Hashable, Form] = {}
    total = len(tree.order)
    clusters = zip(tree.order, tree.scopes, tree.factors, tree.children, strict=True)
    for i, (v, scope, factors, children) in enumerate(clusters):
        if progress is not None and i % _REPORT_EVERY == 0:
            progress(i, total, "values backward")
        label = {x: n for n, x in enumerate(scope)}

        def local(names: Scope, label: Mapping[int, int] = label) -> Scope:
            return tuple([label[x] for x in names])

        held = [(tables.held(k, v), local(problem.scopes[k])) for k in factors]
        values = [Term(local(t.scope), t.table) for j in children if (t := sent[j].values) is not None]
        chances = [(local(c[0]), c[1]) for j in children if (c := sent[j].chances) is not None]
        sizes = tuple([problem.cardinalities[x] for x in scope])
        key = (
            (label[v], tables.operators[v], sizes),
            tuple([(item.kind, item.key, s) for item, s in held]),
            tuple([term.scope for term in values]),
            tuple([s for s, _ in chances]),
        )
        if key not in made:
            received = [term.scope for term in values], [s for s, _ in chances]
            is_cpd = sum(problem.children[k] == v for k in factors) == 1
            made[key] = _form(problem.names[v], tables.operators[v], label[v], sizes, held, is_cpd, *received)
        message = made[key].send(values, chances)
        forms.append(made[key])
        sent.append(_globally(message, scope))
    if progress is not None:
        progress(total, total, "values backward")
    return sent, forms


def _form(
    name: str,
    operator: Operator,
    eliminated: int,
    sizes: tuple[int, ...],
    held: Sequence[tuple[Held, Scope]],
    is_cpd: bool,
    received: Sequence[Scope],
    received_chances: Sequence[Scope],
) -> Form:
    own = tuple((s, item.table) for item, s in held if item.kind == OWN and isinstance(item.table, Scaled))
    chances = tuple((s, item.table) for item, s in held if item.kind == CHANCE and isinstance(item.table, Scaled))
    terms = tuple(Term(s, item.table) for item, s in held if item.kind == VALUE and not isinstance(item.table, Scaled))
    return Form(
        name,
        operator,
        eliminated,
        sizes,
        own,
        is_cpd and len(own) == 1,
        chances,
        terms,
        tuple(received),
        tuple(received_chances),
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
            item = tables.held(k, -1)
            if isinstance(item.table, Scaled):
                log_probability += item.table.total_log()
            else:
                value += float(np.asarray(item.table))
    return value, log_probability
