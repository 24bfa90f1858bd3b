"""The most probable assignment of some variables, the others summed out: marginal MAP.

    argmax_y sum_x p(x, y, e)

Sums and maxima do not commute: max_y sum_x f ≤ sum_x max_y f for f ≥ 0, since every y gives a sum of terms that are at
most the maxima. The exact answer needs an order of elimination with all sums before all maxima, and clusters that are
often exponentially large (the problem is NP^PP-complete: Park and Darwiche 2004). Where they do not fit,

- an *upper bound* comes from orders that fit, in which some maxima come too early (Park and Darwiche 2003);
- an assignment, whose exact value is the *lower bound*, comes from greedy choice and coordinate ascent.

In a decision process unrolled in time, y are the choices and x the states: the answer is the best open-loop plan. The
early maxima of the upper bound are choices made with information that such a plan does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal, NamedTuple

from control_pgm.display import number, size
from control_pgm.errors import InvalidArgument, TooLarge, unknown
from control_pgm.inference.impossible import impossible
from control_pgm.inference.map.coordinate_ascent import Ascent
from control_pgm.inference.map.max_product import backtrack, collect
from control_pgm.inference.map.mode import assignment_table, most_probable
from control_pgm.inference.orders.cheapest import MAX_WIDTH
from control_pgm.inference.orders.constrained import MixedOrder, constrained_order, relaxed_order
from control_pgm.inference.problem import Evidence, Problem
from control_pgm.inference.tree.bucket_tree import bucket_tree
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, Plan, plan
from control_pgm.keywords import keywords
from control_pgm.models.factor_graph import Model
from control_pgm.tables.frozen_mapping import FrozenMapping

Method = Literal["auto", "exact", "bounded"]

_EFFORT = 2**29  # table entries of all clusters of the relaxed order, about
_EQUAL = 1e-12  # nats, and relative: bounds this close are equal up to rounding


@dataclass(frozen=True, repr=False)
class MarginalMap:
    """An assignment of some variables, and how good it is; made by `marginal_map`.

    Attributes
    ----------
    assignment : mapping
        name -> label, of the variables in the order asked.
    log_value : float
        log p(assignment, evidence) in nats, all other variables summed out: the exact value of this assignment.
    upper : float
        No assignment has a larger log-value, in nats.
    exact : bool
        Whether this is a best assignment: the bounds meet, up to rounding.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> net = unroll(gridworld("S.G"), 2)
    >>> found = marginal_map(net, net.optimal, ["a_0", "a_1"])
    >>> dict(found.assignment), found.exact, found.gap
    ({'a_0': 'right', 'a_1': 'right'}, True, 0.0)
    """

    assignment: Mapping[str, Hashable]
    log_value: float
    upper: float
    exact: bool

    @property
    def lower(self) -> float:
        """The best assignment has at least this log-value, in nats: that of the one found."""
        return self.log_value

    @property
    def gap(self) -> float:
        """upper − lower, in nats; 0 where it is exact."""
        return self.upper - self.lower

    def __str__(self) -> str:
        rows = [[name, str(label)] for name, label in self.assignment.items()]
        figures = [["log value", number(self.log_value)]]
        if not self.exact:
            figures += [["upper bound", number(self.upper)], ["gap", number(self.gap)]]
        return assignment_table(f"marginal MAP, {'exact' if self.exact else 'bounded'}", rows, figures)

    def __repr__(self) -> str:
        found = "exact" if self.exact else f"gap {number(self.gap)}"
        return f"MarginalMap({len(self.assignment)} variables, log_value={number(self.log_value, 10)}, {found})"


@keywords
def marginal_map(
    model: Model,
    evidence: Evidence | None,
    variables: Iterable[str],
    *,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    method: Method = "auto",
) -> MarginalMap:
    """The most probable assignment of some variables given evidence, all others summed out.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    evidence : mapping, optional
        Variable name -> state label, or likelihoods by label; see `infer`.
    variables : iterable of str
        The variables to maximise over. Observed ones are answered by their observation.
    memory_limit : int
        Bytes that the computation may take.
    method : {"auto", "exact", "bounded"}
        Constrained elimination, which is exact; bounds, at the cost of `infer` many times over; or "auto": exact where
        that fits the memory limit, bounds elsewhere.

    Returns
    -------
    MarginalMap
        Of several best assignments "exact" takes the first, compared by the states of the variables from the last
        eliminated one on; log-values that differ by less than 1e-12 nats count as equal.

    Raises
    ------
    ImpossibleEvidence
        If the evidence has probability zero.
    TooLarge
        If ``method="exact"`` does not fit the memory limit, or if no method does.
    UnknownName
        On a variable or a label that does not exist.

    Examples
    --------
    The most probable value of x is not that of the most probable pair (x, y):

    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> x, y = Variable("x", ["a", "b"]), Variable("y", 3)
    >>> graph = FactorGraph([Factor([x, y], [[0.4, 0.0, 0.0], [0.2, 0.2, 0.2]])])
    >>> print(marginal_map(graph, None, ["x"]))
    marginal MAP, exact
    ───────────────────  ───────
    x                    b
    log value            -0.5108
    """
    if method not in ("auto", "exact", "bounded"):
        raise InvalidArgument(f"method {method!r} does not exist", allowed="'auto', 'exact', 'bounded'")
    free = plan(model, evidence, memory_limit=memory_limit)
    names = _checked(model, variables)
    problem = free.problem
    maximised = {problem.index[name] for name in names if name not in problem.observed}
    found: _Found | None = None
    if method != "bounded":
        order = constrained_order(len(problem.names), problem.scopes, problem.cardinalities, maximised, memory_limit)
        if not order.beyond:
            found = _exact(problem, order, maximised)
        elif method == "exact":
            raise _too_large(problem, order, memory_limit)
    found = found or _bounded(free, maximised, memory_limit)
    if found.upper == -inf:
        raise impossible(model, evidence, memory_limit)
    states = {**problem.observed, **{problem.names[v]: state for v, state in found.states.items()}}
    assignment = {name: model.variables[name].states[states[name]] for name in names}
    # The two bounds come from different sums, so that rounding may put them into the wrong order.
    upper = max(found.lower, found.upper)
    exact = _equal(found.lower, upper)
    return MarginalMap(FrozenMapping(assignment), found.lower, found.lower if exact else upper, exact)


def _checked(model: Model, variables: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(variables, Iterable):
        raise InvalidArgument(f"variables {variables!r}", allowed="names of variables")
    names = (variables,) if isinstance(variables, str) else tuple(variables)
    if not names:
        raise InvalidArgument("marginal MAP needs at least one variable", remedy="name what to maximise over")
    for k, name in enumerate(names):
        if not isinstance(name, str) or name not in model.variables:
            raise unknown(name, model.variables, what="variable")
        if name in names[:k]:
            raise InvalidArgument(f"variable {name!r} is named twice", allowed="distinct variables")
    return names


class _Found(NamedTuple):
    """States of the maximised variables, their log-value, and an upper bound on the best one."""

    states: Mapping[int, int]
    lower: float
    upper: float = inf


def _exact(problem: Problem, order: MixedOrder, maximised: Collection[int]) -> _Found:
    """Constrained elimination."""
    compiled, sent = collect(Plan(problem, bucket_tree(problem.scopes, order.order), "constrained"), maximised)
    value = compiled.log_total(sent)
    return _Found(backtrack(compiled, sent) if value > -inf else {}, value, value)


def _bounded(free: Plan, maximised: Collection[int], memory_limit: int) -> _Found:
    """Bounds from the free order and, unless they meet, from one that puts maxima off; the best of several ascents."""
    problem = free.problem
    base, sent = collect(free, maximised)
    upper = base.log_total(sent)
    if upper == -inf:
        return _Found({}, upper, upper)
    greedy = _climbed(Ascent(base, sent))
    # The choices within the mode of all variables are possible together, which greedy ones need not be.
    mode = most_probable(free)
    found = max(greedy, _climbed(Ascent(base, sent, {v: mode[v] for v in maximised})), key=_value)
    if _equal(found.lower, upper):
        return found._replace(upper=upper)
    order_of_base = tuple(free.tree.order)
    budget = max([_EFFORT // len(order_of_base), *free.cluster_entries])
    room = memory_limit - free.bytes  # the messages of the free order stay
    order = relaxed_order(order_of_base, problem.scopes, problem.cardinalities, maximised, budget, room)
    if order.beyond or order.order == order_of_base:
        return found._replace(upper=upper)
    relaxed = Ascent(*collect(Plan(problem, bucket_tree(problem.scopes, order.order), "relaxed"), maximised))
    upper = min(upper, relaxed.log_value)
    relaxed.sweep()
    return max(found, _climbed(Ascent(base, sent, relaxed.states)), key=_value)._replace(upper=upper)


def _climbed(ascent: Ascent) -> _Found:
    ascent.climb()
    return _Found(ascent.states, ascent.log_value)


def _value(found: _Found) -> float:
    return found.lower


def _equal(lower: float, upper: float) -> bool:
    """Whether bounds meet, up to rounding."""
    return upper - lower <= _EQUAL * max(1.0, abs(lower))


def _too_large(problem: Problem, order: MixedOrder, memory_limit: int) -> TooLarge:
    names = [problem.names[v] for v in order.beyond]
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return TooLarge(
        f"exact marginal MAP needs more than {size(order.bytes)}; its cluster {{{shown}}} has {len(names)} variables",
        allowed=f"{size(memory_limit)} (memory_limit)" if order.bytes > memory_limit else f"{MAX_WIDTH} variables",
        remedy="ask for bounds: marginal_map(…, method='bounded'); or maximise over fewer variables",
    )
