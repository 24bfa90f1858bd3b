"""Elimination in a cluster that holds probability and utility potentials.

A cluster holds potentials in pairs, as Jensen, Jensen and Dittmer (1994) do: probabilities, which multiply, and values,
which add up. Eliminating v by Phi with kappa = w (an expectation, a certainty equivalent) sends on

    g'(rest) = sum_v g(v, rest),     f'(rest) = Phi^{g/g'}[f].

A CPD p(v | …) alone sums to one, so that no probability is sent. It is otherwise where something has been observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import NamedTuple

import numpy as np

from control_pgm.errors import InvalidArgument
from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.utility.potentials import Sum, Term, add_up, without
from control_pgm.inference.utility.rules import EliminationRule, Rule, rule
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.frozen import Restored
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.operators import Operator


@dataclass(frozen=True, eq=False)
class ClusterForm(Restored):
    """The clusters that hold the same tables and receive tables of the same scopes.

    Attributes
    ----------
    name : the first variable that is eliminated in this way, for errors.
    operator, eliminated, sizes : its operator, its label, and the sizes of all labels.
    own : the tables that weigh the variable itself, its CPD among them.
    has_cpd : whether `own` is nothing but its CPD.
    chances : all other probabilities in the cluster.
    terms : the values in it.
    received : scopes of the values that it receives.
    received_chances : scopes of the probabilities that it receives.
    """

    name: str
    operator: Operator
    eliminated: int
    sizes: tuple[int, ...]
    own: tuple[Operand, ...]
    has_cpd: bool
    chances: tuple[Operand, ...]
    terms: tuple[Term, ...]
    received: tuple[Scope, ...]
    received_chances: tuple[Scope, ...]

    def send(self, values: Sequence[Term], chances: Sequence[Operand]) -> SentPotential:
        """The message to the parent, from the messages of the children."""
        if not self._mixed:
            passed = [*self.chances, *chances]
            sent = self._product(passed, self._union(passed)) if passed else None
            some = self._constants or values
            total = Term(self.scope, self.values([term.dense for term in values])) if some else None
            return SentPotential(self, total, sent)
        inner = [term for term in values if self.eliminated in term.scope]
        outer = [term for term in values if self.eliminated not in term.scope]
        joint = [*self.own, *self.chances, *chances]
        union = self._union(joint)
        rest = without(union, self.eliminated)
        measure, impossible = self._conditional(self._product(joint, union))
        dynamic = rule(self._elimination(measure, normalised=True))
        found = [*dynamic.constant, *self._outer, *outer, *impossible]
        if inner:
            found.append(Term(dynamic.scope, dynamic([term.dense for term in inner])))
        return SentPotential(self, add_up(found, self.sizes) if found else None, self._product(joint, rest))

    # --- values where no probability changes the measure ----------------------------------------------------------
    @property
    def scope(self) -> Scope:
        """The scope of the values sent."""
        return self._total.scope

    def values(self, received: Sequence[FloatArray]) -> FloatArray:
        """The values sent, over `scope`, from those received, over the scopes in `received`."""
        parts = [*self._constant, *(received[i] for i in self._passed)]
        if self._inner:
            parts.append(self._rule([received[i] for i in self._inner]))
        return self._total(parts)

    @cached_property
    def _inner(self) -> list[int]:
        """Which of the values received mention the variable; all others are passed on."""
        return [i for i, scope in enumerate(self.received) if self.eliminated in scope]

    @cached_property
    def _passed(self) -> list[int]:
        return [i for i, scope in enumerate(self.received) if self.eliminated not in scope]

    @cached_property
    def _constants(self) -> list[Term]:
        """Values that do not change, added up."""
        terms = [*self._rule.constant, *self._outer]
        return [add_up(terms, self.sizes)] if terms else []

    @cached_property
    def _constant(self) -> list[FloatArray]:
        return [term.dense for term in self._constants]

    @cached_property
    def _total(self) -> Sum:
        scopes = [*(term.scope for term in self._constants), *(self.received[i] for i in self._passed)]
        return Sum([*scopes, *([self._rule.scope] if self._inner else [])], self.sizes)

    # --- measures -----------------------------------------------------------------------------------------------
    @cached_property
    def _mixed(self) -> bool:
        """Whether probabilities other than its own depend on the variable, so that its measure changes."""
        scopes = [*(scope for scope, _ in self.chances), *self.received_chances]
        if not any(self.eliminated in scope for scope in scopes):
            return False
        if len(self.own) > 1:
            raise InvalidArgument(
                f"evidence depends on {self.name!r}, which factors weigh beside its CPD",
                remedy="count the factors, or the evidence, among the values",
            )
        if self.operator.kappa != self.operator.weight or self.operator.weight == 0:
            raise InvalidArgument(
                f"evidence depends on {self.name!r}, which is eliminated by the operator {self.operator}",
                allowed="kappa = w ≠ 0 where evidence is a probability",
                remedy="count the evidence among the values: leave it out of likelihood",
            )
        return True

    @cached_property
    def _rule(self) -> Rule:
        """The rule where the measure never changes."""
        if self.operator.linear and not self.has_cpd:
            raise InvalidArgument(
                f"the expectation over {self.name!r}, whose cluster does not weigh it by its CPD alone",
                allowed="variables with a CPD in plan(…, order='reverse topological')",
                remedy="give it an operator of finite weight",
            )
        union = self._union(self.own) or (self.eliminated,)  # without any table every state counts
        measure = self.own[0] if len(self.own) == 1 else self._product(self.own, union)
        return rule(self._elimination(measure, normalised=self.has_cpd))

    def _elimination(self, measure: Operand, *, normalised: bool) -> EliminationRule:
        inner = [term for term in self.terms if self.eliminated in term.scope]
        received = [scope for scope in self.received if self.eliminated in scope]
        return EliminationRule(self.operator, measure, normalised, inner, received, self.eliminated, self.sizes)

    def _conditional(self, joint: Operand) -> tuple[Operand, list[Term]]:
        """Normalised over the variable; and −inf where that is impossible, with a measure of zero."""
        scope, table = joint
        axis = (scope.index(self.eliminated),)
        if table.first_empty(axis) is None:
            return (scope, table.normalise(axis)), []
        numbers = table.dense().normalise(axis).linear()
        undefined = np.isnan(numbers)
        rest = without(scope, self.eliminated)
        impossible = Term(rest, np.where(undefined.any(axis=axis), -inf, 0.0))
        return (scope, Scaled.from_linear(np.where(undefined, 0.0, numbers))), [impossible]

    # --- sums and products --------------------------------------------------------------------------------------
    @cached_property
    def _outer(self) -> list[Term]:
        """The sum of the values that do not depend on the variable."""
        outer = [term for term in self.terms if self.eliminated not in term.scope]
        return [add_up(outer, self.sizes)] if outer else []

    def _union(self, operands: Sequence[Operand]) -> Scope:
        return tuple(sorted({x for scope, _ in operands for x in scope}))

    def _product(self, operands: Sequence[Operand], onto: Scope) -> Operand:
        return onto, contract(operands, onto, self.sizes)


class SentPotential(NamedTuple):
    """A message of a cluster of some form: values, and probabilities; None stands for zero, and for one."""

    form: ClusterForm
    values: Term | None
    chances: Operand | None

    def over(self, scope: Scope) -> SentPotential:
        """The same over the variables of a scope, in place of their positions in it."""
        values, chances = self.values, self.chances
        return SentPotential(
            self.form,
            None if values is None else Term(tuple([scope[x] for x in values.scope]), values.table),
            None if chances is None else (tuple([scope[x] for x in chances[0]]), chances[1]),
        )
