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
from math import isfinite

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.utility.passes import CollectUtilities, constants
from control_pgm.inference.utility.result import Valued
from control_pgm.inference.utility.tables import RoleTables
from control_pgm.models.every_slice import EverySlice
from control_pgm.progress import Progress
from control_pgm.tables.factor import Factor
from control_pgm.tables.frozen_mapping import FrozenMapping
from control_pgm.tables.operators import Operator, check_operator
from control_pgm.tables.sparse.array import Table


def eliminate_values(
    plan: Plan,
    operators: Mapping[str, Operator],
    default: Operator,
    *,
    unit: float = 1.0,
    values: Mapping[str, Table] = FrozenMapping({}),
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
    tables = RoleTables(plan.problem, chosen, unit, values, likelihood, weights)
    tables.check()
    sent = Pass(CollectUtilities(plan, tables)).run(progress)
    return Valued(plan, chosen, sent, *constants(tables))


def _operators(plan: Plan, operators: Mapping[str, Operator], default: Operator) -> Sequence[Operator]:
    """The operator of every free variable."""
    names = plan.problem.names
    if plan.rolled is not None and isinstance(operators, EverySlice):
        for operator in (default, *operators.labels.values()):
            check_operator(*operator)
        bases = [base for base, _ in plan.rolled.network.short.names]
        for base in operators.labels:
            if base not in bases:
                raise unknown(f"{base}_0", names, what="free variable")
        return plan.rolled.network.by_variable([operators.labels.get(base, default) for base in bases])
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
