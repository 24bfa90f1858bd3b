"""Sending the messages of an elimination of values, from the last cluster to the first.

Clusters that hold the same tables and receive values over the same scopes have one form, made once. In an unrolled
network whose slices are alike, blocks of clusters do the same again and again; such a run needs no looking-up at all.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.inference.contract import Operand
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.tree.slices.long_network import Copies
from control_pgm.inference.tree.slices.long_plan import Rolled
from control_pgm.inference.utility.cluster import ClusterForm
from control_pgm.inference.utility.messages import Messages, Run, repeat
from control_pgm.inference.utility.potentials import Term
from control_pgm.inference.utility.tables import CHANCE, OWN, VALUE, Held, RoleTables
from control_pgm.progress import Progress, Reporter
from control_pgm.tables.arrays import Scope
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.operators import Operator

_SETTLED = 3  # blocks that are sent one by one: two that receive from their like, and the one before these


def send_all(plan: Plan, tables: RoleTables, progress: Progress | None) -> Messages:
    """All messages towards the roots."""
    sent = Messages(plan.tree.scopes)
    forms: dict[Hashable, ClusterForm] = {}
    total = len(plan.tree.order)
    settled = _settled(plan.rolled, tables) if plan.rolled else {}
    report = Reporter(progress, total, "values backward")
    while (i := len(sent)) < total:
        report.at(i)
        run = _run(plan, sent, *settled[i], report) if i in settled else None
        if run is not None:
            sent.extend(run)
            continue
        cluster = _received(plan, tables, i, sent)
        form = forms.get(cluster.key)
        if form is None:
            form = forms[cluster.key] = cluster.form(plan.problem.names[plan.tree.order[i]])
        sent.append(form, form.send(cluster.values, cluster.chances))
    report.end()
    return sent


def _settled(rolled: Rolled, tables: RoleTables) -> dict[int, tuple[int, int]]:
    """Where copies of a block have settled: the cluster -> the width of the block, and how many copies are left."""
    result = {}
    for copies in rolled.alike():
        width, count = copies.block.size.variables, len(copies.steps) - _SETTLED
        if count > 1 and _alike(rolled, copies, tables):
            result[copies.clusters[-1] + _SETTLED * width] = width, count
    return result


def _alike(rolled: Rolled, copies: Copies, tables: RoleTables) -> bool:
    """Whether copies of a block have the same operators, and read their tables in the same way."""
    operators = rolled.network.variables_of(copies)
    read = rolled.network.tables_of(copies)
    return all(map(tables.same_operator, operators)) and all(map(tables.same_values, read))


def _run(plan: Plan, sent: Messages, width: int, count: int, report: Reporter) -> Run | None:
    """All further copies of the last block; None if it does not yet do what the one before did."""
    here = len(sent)
    block = range(here - width, here)
    forms = [sent.form(i) for i in block]
    if any(form is not sent.form(i - width) for form, i in zip(forms, block, strict=True)):
        return None
    messages = [sent[i] for i in block]
    values = [term.dense for term, chances in messages if term is not None and chances is None]
    if len(values) < width:
        return None
    children = [[c - (here - width) for c in plan.tree.children[i]] for i in block]
    if any(c < -width for own in children for c in own):
        return None

    def done(copies: int) -> None:
        report.at(here + copies * width)

    return repeat(here, forms, children, values, count, done)


@dataclass(eq=False)
class _UtilityCluster:
    """A cluster and what it has received, its variables given by their position among them."""

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

    def form(self, name: str) -> ClusterForm:
        """The form; ``name`` is that of the variable."""
        own, chances = (
            tuple((s, h.table) for s, h in self.held if h.kind == kind and isinstance(h.table, Scaled))
            for kind in (OWN, CHANCE)
        )
        return ClusterForm(
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


def _received(plan: Plan, tables: RoleTables, i: int, sent: Messages) -> _UtilityCluster:
    """Cluster i, from the numbers of its tables and the messages of its children."""
    problem = tables.problem
    v, scope, factors = plan.tree.order[i], plan.tree.scopes[i], plan.tree.factors[i]
    messages = [sent[j] for j in plan.tree.children[i]]
    label = {x: n for n, x in enumerate(scope)}

    def local(variables: Scope) -> Scope:
        return tuple([label[x] for x in variables])

    return _UtilityCluster(
        tables.operators[v],
        label[v],
        tuple([problem.cardinalities[x] for x in scope]),
        [(local(problem.scopes[k]), tables.held(k, v)) for k in factors],
        any(problem.children[k] == v for k in factors),
        [Term(local(term.scope), term.table) for term, _ in messages if term is not None],
        [(local(chance[0]), chance[1]) for _, chance in messages if chance is not None],
    )


def constants(tables: RoleTables) -> tuple[float, float]:
    """The values, and the log-probabilities, of tables without a free variable."""
    value, log_probability = 0.0, 0.0
    if not tables.problem.constants:
        return value, log_probability
    for k, scope in enumerate(tables.problem.scopes):
        if not scope:
            table = tables.held(k, -1).table
            if isinstance(table, Scaled):
                log_probability += table.total_log()
            else:
                value += float(np.asarray(table))
    return value, log_probability
