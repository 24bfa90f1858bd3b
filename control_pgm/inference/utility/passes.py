"""Elimination of utilities as a pass: the messages are values, and probabilities where evidence changes a measure.

Clusters of one form (the same tables, messages of the same scopes) share what is computed from these alone. Where the
slices of a network repeat, the forms of a block are run again and again on values alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.inference.contract import Operand
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.tree.slices.long_network import Copies
from control_pgm.inference.tree.slices.loops import Loop, PassPart, parts_between
from control_pgm.inference.tree.slices.sent_messages import Repeated, SentMessages
from control_pgm.inference.utility.cluster import ClusterForm, SentPotential
from control_pgm.inference.utility.potentials import Term
from control_pgm.inference.utility.tables import CHANCE, OWN, VALUE, Held, RoleTables
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.frozen import Restored
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.operators import Operator

_SETTLED = 3  # blocks that are sent one by one: two that receive from their like, and the one before these


class CollectUtilities:
    """Every cluster's message to its parent, leaves first; its variables are those of the plan."""

    title = "values backward"

    def __init__(self, plan: Plan, tables: RoleTables) -> None:
        self._plan, self._tables = plan, tables
        self._forms: dict[Hashable, ClusterForm] = {}

    def parts(self) -> Sequence[PassPart]:
        """The clusters in the order of elimination; of copies of a block those that may have settled are loops."""
        rolled = self._plan.rolled
        loops = [
            Loop(copies.loop.first + _SETTLED * copies.loop.width, copies.loop.width, copies.loop.count - _SETTLED)
            for copies in (reversed(rolled.alike()) if rolled else ())
            if copies.loop.count > _SETTLED + 1 and self._read_alike(copies)
        ]
        return parts_between(len(self._plan.tree.order), loops)

    def _read_alike(self, copies: Copies) -> bool:
        """Whether copies of a block have the same operators, and read their tables in the same way."""
        assert self._plan.rolled is not None
        network = self._plan.rolled.network
        same_operators = all(map(self._tables.same_operator, network.variables_of(copies)))
        return same_operators and all(map(self._tables.same_values, network.tables_of(copies)))

    def send(self, clusters: range, sent: SentMessages[SentPotential]) -> Iterator[tuple[int, SentPotential]]:
        """The messages of clusters, each by the operator of the variable that it eliminates."""
        tree = self._plan.tree
        for i in clusters:
            cluster = _received(self._plan, self._tables, i, sent)
            form = self._forms.get(cluster.key)
            if form is None:
                form = self._forms[cluster.key] = cluster.form(self._plan.problem.names[tree.order[i]])
            yield i, form.send(cluster.values, cluster.chances).over(tree.scopes[i])

    def repeat(self, loop: Loop, sent: SentMessages[SentPotential]) -> Repeated[SentPotential] | None:
        """The forms of the block before a loop, run again; None if they are not yet those of the one before that."""
        width, tree = loop.width, self._plan.tree
        block = range(loop.first - width, loop.first)
        before = [sent[i] for i in block]
        values = [message.values.dense for message in before if message.values and message.chances is None]
        children = [[c - loop.first for c in tree.children[i + width]] for i in block]
        settled = all(sent[i - width].form is sent[i].form for i in block)
        if not settled or len(values) < width or any(c < -width for own in children for c in own):
            return None
        places = tuple([loop.copies(j) for j in range(width)])
        forms = [message.form for message in before]
        return Repeated(places, _RepeatedForms(forms, children, values, loop.count, places, tree.scopes))


class _RepeatedForms(Restored):
    """The values that a block of forms sends again and again, each time from what the time before has left.

    ``children`` holds, per position, the positions that it receives values from: those in the block before are
    negative. ``before`` is what that block has sent.
    """

    def __init__(
        self,
        forms: Sequence[ClusterForm],
        children: Sequence[Sequence[int]],
        before: Sequence[FloatArray],
        count: int,
        places: Sequence[range],
        scopes: Sequence[Scope],
    ) -> None:
        self.forms, self.length, self._places, self._scopes = forms, count, places, scopes
        self._children, self._before = children, before
        self._values = [np.empty((count, *array.shape)) for array in before]

    def run(self) -> Iterator[int]:
        """Run all copies; yields how many are done."""
        width = len(self.forms)
        sent = [*self._before, *self._before]  # the block before, then this one
        for c in range(self.length):
            for j, form in enumerate(self.forms):
                array = form.values([sent[k + width] for k in self._children[j]])
                sent[j + width] = self._values[j][c] = array
            sent[:width] = sent[width:]
            yield c + 1

    def row(self, step: int, c: int) -> SentPotential:
        """The message of the cluster at one position of the block, in copy c."""
        form = self.forms[step]
        sent = SentPotential(form, Term(form.scope, self._values[step][c]), None)
        return sent.over(self._scopes[self._places[step][c]])

    def stack(self, step: int, start: int, stop: int) -> FloatArray:
        """The values of some copies along a new first axis."""
        return self._values[step][start:stop]


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


def _received(plan: Plan, tables: RoleTables, i: int, sent: SentMessages[SentPotential]) -> _UtilityCluster:
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
        [Term(local(m.values.scope), m.values.table) for m in messages if m.values is not None],
        [tables.chance(v, local(m.chances[0]), m.chances[1], label[v]) for m in messages if m.chances is not None],
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
