"""Optimal policies of influence diagrams, by the elimination of values (Jensen, Jensen and Dittmer 1994)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from control_pgm.control.decisions.influence_diagram import InfluenceDiagram
from control_pgm.display import number
from control_pgm.errors import InvalidArgument, unknown
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, plan
from control_pgm.inference.utility.elimination import eliminate_values
from control_pgm.inference.utility.result import Valued
from control_pgm.keywords import keywords
from control_pgm.models.cpd import CPD
from control_pgm.models.factor_graph import FactorGraph
from control_pgm.tables.factor import Factor
from control_pgm.tables.frozen import Restored
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.operators import EXPECTATION, MAXIMUM
from control_pgm.tables.variable import Labels, Variable

_ONE = Labels(["utility"])  # the only state of the node that stands for a utility


@dataclass(frozen=True, eq=False, repr=False)
class DecisionSolution(Restored):
    """Optimal policies of an influence diagram. Made by `solve_influence_diagram`.

    Attributes
    ----------
    diagram : InfluenceDiagram
    valued : Valued
        The messages of the elimination.
    """

    diagram: InfluenceDiagram
    valued: Valued

    @property
    def expected_utility(self) -> float:
        """The maximum expected utility."""
        return self.valued.total

    @cached_property
    def policies(self) -> Mapping[str, LabelledArray]:
        """name -> p(decision | what is known and may matter), uniform over equally good choices.

        The axes are the variables of its cluster, all of them known by then, the decision last. Where nothing is
        allowed a row is NaN.
        """
        return {decision.name: self.valued.optimiser(decision.name) for decision, _ in self.diagram.decisions}

    def values(self, decision: str) -> LabelledArray:
        """The expected utility of each choice, without utilities that it cannot change; axes as in `policies`.

        Raises
        ------
        UnknownName
            If there is no such decision.
        """
        names = [variable.name for variable, _ in self.diagram.decisions]
        if decision not in names:
            raise unknown(decision, names, what="decision")
        return self.valued.before(decision)

    def __repr__(self) -> str:
        return f"DecisionSolution({self.diagram!r}, expected utility {number(self.expected_utility, 8)})"


@keywords
def solve_influence_diagram(diagram: InfluenceDiagram, *, memory_limit: int = DEFAULT_MEMORY_LIMIT) -> DecisionSolution:
    """The policies of largest expected utility.

    Variables are eliminated in the reverse of the order in which they become known: chance nodes by their expectation,
    decisions by the maximum, utilities as values that add up.

    Parameters
    ----------
    diagram : InfluenceDiagram
        Of another engine: `from_pyagrum`.
    memory_limit : int
        Bytes that the messages may take.

    Raises
    ------
    TooLarge
        If they need more; names the cluster.

    Examples
    --------
    >>> rain, forecast = Variable("rain", ["no", "yes"]), Variable("forecast", ["dry", "wet"])
    >>> umbrella = Variable("umbrella", ["leave", "take"])
    >>> diagram = InfluenceDiagram(
    ...     [CPD(rain, [], [0.7, 0.3]), CPD(forecast, [rain], [[0.8, 0.2], [0.1, 0.9]])],
    ...     [(umbrella, ["forecast"])],
    ...     {"comfort": ([rain, umbrella], [[10.0, 8.0], [0.0, 7.0]])},
    ... )
    >>> found = solve_influence_diagram(diagram)  # 0.56 · 10 and 0.14 · 8 + 0.27 · 7
    >>> round(found.expected_utility, 6)
    8.61
    >>> found.policies["umbrella"].sel(forecast="wet").tolist()
    [0.0, 1.0]
    """
    if not isinstance(diagram, InfluenceDiagram):
        raise InvalidArgument(
            f"{type(diagram).__name__} is no InfluenceDiagram",
            allowed="InfluenceDiagram(chances, decisions, utilities)",
            remedy="a pyagrum.InfluenceDiagram is read first: from_pyagrum(diagram)",
        )
    utilities = {name: Variable(name, _ONE) for name in diagram.utilities}
    tables: list[Factor] = [*diagram.chances]
    tables += [Factor([decision], np.ones(decision.cardinality)) for decision, _ in diagram.decisions]
    for name, (scope, values) in diagram.utilities.items():
        tables.append(CPD(utilities[name], scope, np.ones((*values.shape, 1))))
    graph = FactorGraph(tables, [*diagram.order, *utilities.values()])
    order = plan(graph, dict.fromkeys(utilities, _ONE[0]), order="reverse topological", memory_limit=memory_limit)
    valued = eliminate_values(
        order,
        {decision.name: MAXIMUM for decision, _ in diagram.decisions},
        EXPECTATION,
        values={name: values for name, (_, values) in diagram.utilities.items()},
    )
    return DecisionSolution(diagram, valued)
