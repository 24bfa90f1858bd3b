"""CPDs of few parameters: deterministic, uniform, and the noisy-OR and noisy-MAX models of independent causes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import product
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.display import listing, size
from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge, unknown
from control_pgm.models.cpd import CPD
from control_pgm.models.forms.independent_causes import (
    absences_of,
    bernoulli,
    distribution,
    effect_table,
    largest_effect,
    of_parents,
)
from control_pgm.tables.arrays import MAX_AXES, lock
from control_pgm.tables.checks import check_scope
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.sparse.array import MAX_DENSE_BYTES
from control_pgm.tables.sparse.pattern import Pattern, has_room
from control_pgm.tables.variable import Variable


def deterministic(child: Variable, parents: Iterable[Variable], function: Callable[..., Hashable]) -> CPD:
    """The CPD of a child that is a function of its parents.

    Parameters
    ----------
    child : Variable
    parents : iterable of Variable
    function : callable
        Called with one label of each parent, in their order; returns a label of the child. It is called once for each
        assignment of the parents.

    Returns
    -------
    CPD
        Its non-zeros alone are held where the child has so many states that this is smaller.

    Raises
    ------
    UnknownName
        If the function returns what is no state of the child; names the states of the parents.
    TooLarge
        If the table does not fit.

    Examples
    --------
    >>> a, b, total = Variable("a", 3), Variable("b", 3), Variable("total", 5)
    >>> cpd = deterministic(total, [a, b], lambda a, b: a + b)
    >>> cpd.value({"a": 1, "b": 2, "total": 3}), cpd.value({"a": 1, "b": 2, "total": 4})
    (1.0, 0.0)
    """
    scope = _scope(child, parents)
    causes, n = scope[:-1], child.cardinality
    if not callable(function):
        raise InvalidArgument(
            f"the function of {child.name!r} is {function!r}", allowed="a callable: labels of the parents -> a label"
        )
    rows = prod(v.cardinality for v in causes)
    dense = has_room(rows * n, rows)
    _check_size(scope, rows * n if dense else 2 * rows, dense=dense)
    states = np.empty(rows, dtype=np.int64)
    for k, labels in enumerate(product(*(v.states for v in causes))):
        try:
            label = function(*labels)
        except Exception as error:
            error.add_note(f"raised by the function of {child.name!r}{_at(causes, labels)}")
            raise
        try:
            states[k] = child.states.index_of[label]
        except (KeyError, TypeError):
            what = f"the function of {child.name!r}{_at(causes, labels)} returns what is no state:"
            raise unknown(label, child.states, what=what) from None
    shape = tuple(v.cardinality for v in scope)
    if not dense:
        pattern = Pattern.of(shape, np.arange(rows) * n + states)
        return CPD.of(scope, SparseScaled.over(pattern, lock(np.ones(rows))))
    table = np.zeros((rows, n))
    table[np.arange(rows), states] = 1.0
    return CPD(child, causes, lock(table.reshape(shape)))


def uniform(child: Variable, parents: Iterable[Variable] = ()) -> CPD:
    """The CPD under which all states of the child are equally probable, whatever the parents are.

    Raises
    ------
    TooLarge
        If the table does not fit.

    Examples
    --------
    >>> print(uniform(Variable("die", [1, 2, 3, 4, 5, 6])).value({"die": 6}).__format__(".4f"))
    0.1667
    """
    scope = _scope(child, parents)
    shape = tuple(v.cardinality for v in scope)
    _check_size(scope, prod(shape))
    return CPD(child, scope[:-1], lock(np.full(shape, 1.0 / child.cardinality)))


def noisy_or(
    child: Variable,
    parents: Iterable[Variable],
    strengths: Sequence[float] | Mapping[str, float],
    leak: float = 0.0,
    *,
    absent: Hashable | Mapping[str, Hashable] = None,
) -> CPD:
    """The noisy-OR of independent causes: P(y absent | x) = (1 − leak) ∏ (1 − strength_i) over the present causes.

    Parameters
    ----------
    child : Variable
        Of two states.
    parents : iterable of Variable
        The causes, of two states each.
    strengths : sequence or mapping
        The probability that a cause that is present produces the effect, by itself: one for each parent in their order,
        or by the parent's name.
    leak : float
        The probability of the effect where no cause is present.
    absent : label or mapping, optional
        The state that stands for absence, of all variables or by the variable's name; the first state where none is
        given.

    Raises
    ------
    InvalidModel
        If a variable does not have two states, a number is no probability, or the first state of a variable reads like
        presence ("yes", True, …) and ``absent`` does not name the absent one.
    UnknownName
        If ``strengths`` or ``absent`` names what does not exist.
    TooLarge
        If the table, which is exponential in the number of parents, does not fit.

    Notes
    -----
    Causes can be divorced: the OR of the noisy-ORs of groups of causes is the noisy-OR of all of them. The groups'
    effects are variables with small tables, and ``noisy_or(child, groups, [1.0, …], leak)`` joins them.

    Source: Pearl (1988), section 4.3.2; Koller and Friedman (2009), section 5.4.1.

    Examples
    --------
    >>> cold, flu, fever = (Variable(name, ["no", "yes"]) for name in ("cold", "flu", "fever"))
    >>> cpd = noisy_or(fever, [cold, flu], {"cold": 0.4, "flu": 0.8}, leak=0.1)
    >>> round(cpd.value({"cold": "yes", "flu": "yes", "fever": "no"}), 3)  # 0.9 · 0.6 · 0.2
    0.108
    """
    scope = _scope(child, parents)
    causes = scope[:-1]
    for variable in scope:
        if variable.cardinality != 2:
            raise InvalidModel(
                f"noisy-OR of {child.name!r}: {variable.name!r} has the states {listing(map(repr, variable.states))}",
                allowed="two states, absent and present",
                remedy="noisy_max takes variables of more states",
            )
    absences = absences_of(scope, absent)
    top = 1 - absences[-1]  # the child's state of presence
    given = of_parents(child, causes, strengths, "strength")
    tables = []
    for cause, off, p in zip(causes, absences, given, strict=False):
        table = np.zeros((2, 2))
        table[off, 1 - top] = 1.0
        table[1 - off] = bernoulli(p, f"noisy-OR of {child.name!r}: the strength of {cause.name!r}", top)
        tables.append(table)
    _check_size(scope, prod(v.cardinality for v in scope))
    return largest_effect(
        scope, tables, bernoulli(leak, f"noisy-OR of {child.name!r}: the leak", top), downwards=top == 0
    )


def noisy_max(
    child: Variable,
    parents: Iterable[Variable],
    effects: Sequence[ArrayLike | Mapping[Hashable, ArrayLike]]
    | Mapping[str, ArrayLike | Mapping[Hashable, ArrayLike]],
    leak: ArrayLike | None = None,
    *,
    absent: Hashable | Mapping[str, Hashable] = None,
) -> CPD:
    """The noisy-MAX of independent causes: the child is the largest of the effects that its parents have by themselves.

    P(y ≤ k | x) = P_leak(y ≤ k) ∏_i P_i(y ≤ k | x_i), where P_i(y | x_i) is the effect of parent i alone.

    Parameters
    ----------
    child : Variable
        Its states ascend from absence, or descend to it if ``absent`` is the last one.
    parents : iterable of Variable
        The causes, of any number of states, one of which is absence.
    effects : sequence or mapping
        P_i(y | x_i): one for each parent in their order, or by the parent's name. Each is an array of shape
        (states of the parent, states of the child), or a mapping from the parent's labels to rows, which may leave out
        absence. The row of absence is certain to have no effect.
    leak : array_like, shape (states of the child,), optional
        P_leak(y), the distribution where all causes are absent. Left out, the child is then absent.
    absent : label or mapping, optional
        The state that stands for absence, of all variables or by the variable's name; the first state where none is
        given.

    Raises
    ------
    InvalidModel
        If a row is no distribution over the states of the child (names the parent's state), an absent cause has an
        effect, the child's absence is neither its first nor its last state, or as `noisy_or` does.
    UnknownName
        If ``effects`` or ``absent`` names what does not exist.
    TooLarge
        If the table, which is exponential in the number of parents, does not fit.

    Notes
    -----
    The rows are computed without differences, so that small probabilities keep their digits. Causes can be divorced as
    those of a `noisy_or`: the MAX of the noisy-MAXs of groups of causes is the noisy-MAX of all of them.

    Source: Diez (1993), Parameter adjustment in Bayes networks: the generalized noisy OR-gate, UAI-93.

    Examples
    --------
    >>> virus = Variable("virus", ["no", "yes"])
    >>> dust = Variable("dust", ["no", "some", "much"])
    >>> cough = Variable("cough", ["no", "mild", "strong"])
    >>> effects = {"virus": {"yes": [0.2, 0.3, 0.5]}, "dust": {"some": [0.6, 0.4, 0.0], "much": [0.3, 0.6, 0.1]}}
    >>> cpd = noisy_max(cough, [virus, dust], effects)
    >>> cpd.condition({"virus": "yes", "dust": "some"}).array().round(3).tolist()  # 0.2 · 0.6, …
    [0.12, 0.38, 0.5]
    """
    scope = _scope(child, parents)
    causes = scope[:-1]
    absences = absences_of(scope, absent)
    last = child.cardinality - 1
    if absences[-1] not in (0, last):
        raise InvalidModel(
            f"noisy-MAX of {child.name!r}: its absent state {child.states[absences[-1]]!r} is neither the first "
            f"nor the last of {listing(map(repr, child.states))}",
            allowed="states in ascending or descending order",
        )
    given = of_parents(child, causes, effects, "effect")
    tables = [effect_table(child, v, absences[i], absences[-1], given[i]) for i, v in enumerate(causes)]
    none = np.eye(child.cardinality)[absences[-1]]
    base = none if leak is None else distribution(child, leak, f"noisy-MAX of {child.name!r}: the leak")
    _check_size(scope, prod(v.cardinality for v in scope))
    return largest_effect(scope, tables, base, downwards=absences[-1] > 0)


def _at(causes: Sequence[Variable], labels: Sequence[Hashable]) -> str:
    """Where the causes have these labels, for an error message."""
    shown = ", ".join(f"{v.name}={label}" for v, label in zip(causes, labels, strict=True))
    return f" at {shown}" if shown else ""


# --- what all forms check ---------------------------------------------------------------------------------------------
def _scope(child: Variable, parents: Iterable[Variable]) -> tuple[Variable, ...]:
    return check_scope((*(parents if isinstance(parents, Iterable) else (parents,)), child))


def _check_size(scope: Sequence[Variable], numbers: int, *, dense: bool = True) -> None:
    """Refuse a table that does not fit, before anything of it is made."""
    causes = len(scope) - 1
    if 8 * numbers > MAX_DENSE_BYTES or (dense and len(scope) > MAX_AXES):
        raise TooLarge(
            f"the table of {scope[-1].name!r} with {causes} parents needs {size(8 * numbers)} and {len(scope)} axes",
            allowed=f"{size(MAX_DENSE_BYTES)} and {MAX_AXES} axes",
            remedy="divorce the parents: variables in between, each with some of them as its own parents",
        )
