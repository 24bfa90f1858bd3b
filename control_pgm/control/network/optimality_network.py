"""Networks with optimality nodes: unrolled networks that are conditioned on every step being optimal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Hashable, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Self

from control_pgm.display import listing
from control_pgm.errors import InvalidModel
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.infer import infer
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT
from control_pgm.models.cpd import CPD
from control_pgm.models.template import DynamicBayesianNetwork
from control_pgm.tables.factor import Factor
from control_pgm.tables.frozen_mapping import FrozenMapping
from control_pgm.tables.variable import Variable

OPTIMALITY = "optimality"  # the kind of what is observed to be 1
ACTION = "action"  # the kind of what is chosen


class OptimalityNetwork(DynamicBayesianNetwork):
    """An unrolled network whose variables of kind "optimality" are observed to be 1."""

    _given: Mapping[str, Hashable]  # evidence beside optimality

    @property
    @abstractmethod
    def own_optimal(self) -> Mapping[str, Hashable]:
        """The evidence about the optimality nodes that unrolling makes."""

    @cached_property
    def optimal(self) -> Mapping[str, Hashable]:
        """The evidence that every step is optimal: {O_t: 1}, and 1 for added variables of kind "optimality"."""
        own = self.own_optimal
        added = [cpd.child for cpd in self.added if cpd.child.kind == OPTIMALITY and cpd.child.name not in own]
        return FrozenMapping(dict(own) | {variable.name: 1 for variable in added}) if added else own

    @property
    def evidence(self) -> Mapping[str, Hashable]:
        """What `solve` and `.infer` condition on: `optimal`, and what else was observed."""
        return FrozenMapping(dict(self.optimal) | dict(self._given)) if self._given else self.optimal

    @property
    def observations(self) -> Mapping[str, Hashable]:
        """What is observed beside optimality; see ``solve(…, evidence=…)``."""
        return self._given

    def given(self, observed: Mapping[str, Hashable]) -> Self:
        """The network that is conditioned on more than optimality; see ``solve(…, evidence=…)``."""
        new = self._with(self.cpds, self.factors)
        new.__dict__["_given"] = {**self._given, **observed}
        return new

    @property
    def groups(self) -> Mapping[str, Collection[str]]:
        """What a query's "O=1" observes: all of `optimal`."""
        return {"O": self.optimal}

    @property
    def observed(self) -> Mapping[str, Any]:
        """What pictures and graphs show as observed: `evidence`."""
        return self.evidence

    def infer(self, *, memory_limit: int = DEFAULT_MEMORY_LIMIT) -> TreePosterior:
        """The posterior given that every step is optimal; the same as ``infer(net, net.evidence)``."""
        return infer(self, self.evidence, memory_limit=memory_limit)

    def _with(self, cpds: Sequence[CPD], factors: Sequence[Factor]) -> Self:
        own = {id(cpd) for cpd in self.cpds}
        for cpd in cpds:
            if id(cpd) not in own:
                self._check_optimality(cpd.child)
        new = super()._with(cpds, factors)
        new.__dict__.pop("optimal", None)
        return new

    def _check_optimality(self, variable: Variable) -> None:
        """Refuse a new variable that would be meant, but not taken, as an optimality node."""
        if variable.kind != OPTIMALITY and get_close_matches(str(variable.kind).lower(), [OPTIMALITY], n=1, cutoff=0.8):
            raise InvalidModel(
                f"variable {variable.name!r} has the kind {variable.kind!r}",
                allowed=f"{OPTIMALITY!r} for what .optimal observes to be 1; any other word, or none",
                remedy=f"did you mean {OPTIMALITY!r}?",
            )
        if (variable.kind == OPTIMALITY or variable.name in self.optimal) and 1 not in variable.states:
            raise InvalidModel(
                f"the optimality node {variable.name!r} has the states {listing(map(repr, variable.states))}",
                allowed="states among which 1 says that it is optimal, such as [0, 1]",
                remedy="name the states 0 and 1, or leave out the kind and give infer its evidence",
            )
