"""Watching messages: the collect pass and the distribute pass, one message at a time, each with its formula in words.

Nothing is computed for it: the messages are the state of the algorithm (see `control_pgm.inference.tree.messages`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from control_pgm.display import text_table
from control_pgm.errors import InvalidArgument
from control_pgm.inference.contract import contract
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.problem import certain
from control_pgm.models.cpd import CPD
from control_pgm.tables.factor import Factor


@dataclass(frozen=True, eq=False, repr=False)
class Step:
    """One message of the algorithm, or what a root adds up to.

    Attributes
    ----------
    number, total : int
        Which step it is, counted from 1, of how many.
    source : str
        The cluster that sends, named by the variable that is eliminated in it.
    target : str or None
        The cluster that receives; None for a root, whose sum is its part of p(evidence).
    values : Factor
        The message.
    formula : str
        What is multiplied and summed.
    upward : bool
        Whether it belongs to the collect pass, towards the root.
    eliminated : tuple of str
        The variables that are summed out.
    name : str
        What the field calls this message, if a naming function knows.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> step = next(trace(unroll(gridworld("S.G"), 1).infer()))
    >>> step.source, step.target, step.eliminated, step.values.scope
    ('s_1', 'a_0', ('s_1',), ('s_0', 'a_0'))
    """

    number: int
    total: int
    source: str
    target: str | None
    values: Factor
    formula: str
    upward: bool
    eliminated: tuple[str, ...]
    name: str = ""

    @property
    def title(self) -> str:
        """The two clusters, and the message's name if it has one."""
        where = f"{self.source} → {self.target}" if self.target is not None else f"{self.source}, a root"
        return f"{self.number}/{self.total}  {where}{': ' + self.name if self.name else ''}"

    def __str__(self) -> str:
        return f"{self.title}\n{self.formula}\n{self._table()}"

    def __repr__(self) -> str:
        return f"Step({self.title})"

    def _table(self) -> str:
        if self.values.variables:
            return str(self.values)
        return text_table(["value"], [[f"exp({float(self.values.scaled.log()):.6g})"]])


Naming = Callable[[Step], str]


def trace(posterior: TreePosterior, *, naming: Naming | None = None) -> Iterator[Step]:
    """The messages in the order in which they are sent: from the leaves to the roots, then back.

    Parameters
    ----------
    posterior : TreePosterior
        Made by ``infer(model, evidence)``.
    naming : callable, optional
        Gives a step the name that the field has for its message, "" where it has none.

    Yields
    ------
    Step
        A message; after the last one that it receives, a root yields the sum of all that it holds, which is p(evidence)
        where the tree has one root.

    Raises
    ------
    InvalidArgument
        If the posterior was not made by exact inference.

    Examples
    --------
    >>> from control_pgm import CPD, BayesianNetwork, Variable, infer
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> for step in trace(infer(net)):
    ...     print(step.title, "|", step.formula)
    1/3  wet → rain | sum over wet of p(wet|rain), which is one
    2/3  rain, a root | sum over rain of p(rain) · message from wet
    3/3  rain → wet | p(rain)
    """
    if not isinstance(posterior, TreePosterior):
        raise InvalidArgument(
            f"{type(posterior).__name__} has no messages on a tree to be traced",
            allowed="the posterior of infer(model, evidence), method='exact'",
        )
    return _steps(_Teller(posterior), naming)


def _steps(teller: _Teller, naming: Naming | None) -> Iterator[Step]:
    for step in teller.steps():
        yield replace(step, name=naming(step)) if naming is not None else step


class _Teller:
    """Puts the instructions of a tree into words."""

    def __init__(self, posterior: TreePosterior) -> None:
        self.posterior = posterior
        self.tree = posterior.plan.tree
        self.problem = posterior.plan.problem
        self.barren = posterior.compiled.barren

    def steps(self) -> Iterator[Step]:
        parents = self.tree.parents
        n, edges = len(parents), sum(parent >= 0 for parent in parents)
        number, total = 0, n + edges
        for i in range(n):
            number += 1
            yield self.message(number, total, i, parents[i]) if parents[i] >= 0 else self.root(number, total, i)
        for i in reversed(range(n)):
            if parents[i] >= 0:
                number += 1
                yield self.message(number, total, parents[i], i)

    def message(self, number: int, total: int, source: int, target: int) -> Step:
        """The message from a cluster to its neighbour."""
        sent = self.posterior.message(self.name(source), self.name(target))
        out = self.tree.separators[source if sent.upward else target]
        barren = sent.upward and self.barren[source]
        terms = self.own(source) + self.received(source, target)
        formula = self.formula(source, out, terms) + (", which is one" if barren else "")
        summed = self.summed(source, out)
        return Step(number, total, sent.source, sent.target, sent.factor, formula, sent.upward, summed)

    def root(self, number: int, total: int, root: int) -> Step:
        """What a root adds up to."""
        operands = [*self.posterior.compiled.operands(root)]
        operands += self.posterior.compiled.received(self.posterior.collected, root)
        scaled = contract(operands, (), self.problem.cardinalities)
        formula = self.formula(root, (), self.own(root) + self.received(root, -1))
        return Step(number, total, self.name(root), None, Factor.of((), scaled), formula, True, self.summed(root, ()))

    # --- words --------------------------------------------------------------------------------------------------
    def name(self, cluster: int) -> str:
        return self.problem.names[self.tree.order[cluster]]

    def summed(self, cluster: int, out: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.problem.names[v] for v in self.tree.scopes[cluster] if v not in out)

    def formula(self, cluster: int, out: Sequence[int], terms: list[str]) -> str:
        summed = ", ".join(self.summed(cluster, out))
        return (f"sum over {summed} of " if summed else "") + (" · ".join(terms) or "1")

    def own(self, cluster: int) -> list[str]:
        """The tables of a cluster."""
        tables = self.problem.model.tables
        return [self.term(tables[k]) for k in self.tree.factors[cluster]]

    def received(self, cluster: int, but: int) -> list[str]:
        """The messages that a cluster has from all neighbours but one."""
        near = [*self.tree.children[cluster], self.tree.parents[cluster]]
        return [f"message from {self.name(j)}" for j in near if j >= 0 and j != but]

    def term(self, factor: Factor) -> str:
        """A table as a formula has it, observed variables at their label: p(O_3=1|s_3,a_3)."""
        evidence = certain(self.posterior.evidence)

        def shown(name: str) -> str:
            return f"{name}={evidence[name]}" if name in evidence else name

        names = [shown(name) for name in factor.scope]
        if not isinstance(factor, CPD):
            return f"phi({','.join(names)})"
        given = ",".join(names[:-1])
        return f"p({names[-1]}{'|' + given if given else ''})"
