"""Independent causes: the largest of their effects as a CPD, and the arguments that describe them.

The child is the largest of independent effects, one of each parent and one of the leak (Diez 1993):
P(y ≤ k | x) = P_leak(y ≤ k) ∏_i P_i(y ≤ k | x_i).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from control_pgm.display import listing
from control_pgm.errors import InvalidModel, unknown
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import FloatArray, frozen, lock
from control_pgm.tables.probabilities import first_miss
from control_pgm.tables.variable import Variable

_Value = TypeVar("_Value")
_PRESENT = frozenset({"true", "yes", "1", "present", "on"})
_ABSENT = frozenset({"false", "no", "0", "absent", "off"})


def largest_effect(
    scope: Sequence[Variable], tables: Sequence[FloatArray], leak: FloatArray, *, downwards: bool
) -> CPD:
    """The distribution of the largest of independent effects, given as tables (state of the cause, state of the child).

    One effect after another is added, P(max(y,z)=k) = p(k) Q(k) + P(k−1) q(k), which has no differences of P and Q, the
    cumulative sums of p and q.
    """
    turned = slice(None, None, -1) if downwards else slice(None)
    p = leak[turned]
    for table in tables:
        q = table[:, turned]
        below = np.concatenate([np.zeros((*p.shape[:-1], 1)), np.cumsum(p, axis=-1)[..., :-1]], axis=-1)
        p = p[..., None, :] * np.cumsum(q, axis=-1) + below[..., None, :] * q
    return CPD(scope[-1], scope[:-1], lock(np.ascontiguousarray(p[..., turned])))


def effect_table(child: Variable, cause: Variable, off: int, none: int, given: object) -> FloatArray:
    """The table of one cause, with all rows; a mapping may leave out that of absence."""
    name = f"noisy-MAX of {child.name!r}: the effect of {cause.name!r}"
    table = np.zeros((cause.cardinality, child.cardinality))
    table[off, none] = 1.0
    rows: dict[int, object]
    if isinstance(given, Mapping):
        rows = {cause.index(label): row for label, row in given.items()}
        for k in sorted(set(range(cause.cardinality)) - {*rows, off}):
            raise InvalidModel(
                f"{name} has no row for its state {cause.states[k]!r}", allowed="one for each but absence"
            )
    else:
        listed = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
        if len(listed) != cause.cardinality:
            raise InvalidModel(
                f"{name} has {len(listed)} rows",
                allowed=f"{cause.cardinality}, one for each state of {cause.name!r}; or a mapping from labels to rows",
            )
        rows = dict(enumerate(listed))
    for k, row in rows.items():
        at = f"{name} at {cause.name}={cause.states[k]}"
        values = distribution(child, row, at)
        if k == off and values[none] != 1.0:
            raise InvalidModel(
                f"{at}, where it is absent, is {values.tolist()}",
                allowed=f"{child.name}={child.states[none]} with probability 1",
                remedy="absent={name: label} names another state of absence; a leak is the effect of all other causes",
            )
        table[k] = values
    return table


def of_parents(
    child: Variable, parents: Sequence[Variable], given: Sequence[_Value] | Mapping[str, _Value], what: str
) -> list[_Value]:
    """One value for each parent, in their order."""
    names = [v.name for v in parents]
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                raise unknown(name, names, what=f"parent of {child.name!r}")
        missing = [name for name in names if name not in given]
        if missing:
            raise InvalidModel(
                f"{child.name!r} has no {what} of its parent {missing[0]!r}", allowed="one for each parent"
            )
        return [given[name] for name in names]
    values = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if values is None or len(values) != len(names):
        count = repr(given) if values is None else f"{len(values)} {what}s"
        raise InvalidModel(
            f"{child.name!r} is given {count}",
            allowed=f"{len(names)}, one for each parent: {listing(map(repr, names))}; or a mapping by name",
        )
    return values


def absences_of(scope: Sequence[Variable], absent: Hashable | Mapping[str, Hashable]) -> list[int]:
    """The state of absence of each variable."""
    if isinstance(absent, Mapping):
        names = [v.name for v in scope]
        for name in absent:
            if name not in names:
                raise unknown(name, names, what="variable of absent")
        return [v.index(absent[v.name]) if v.name in absent else _first(v) for v in scope]
    return [_first(v) if absent is None else v.index(absent) for v in scope]


def _first(variable: Variable) -> int:
    """The first state, unless two states read like presence and absence in the other order."""
    words = [str(label).strip().lower() for label in variable.states]
    if len(words) == 2 and words[0] in _PRESENT and words[1] in _ABSENT:
        raise InvalidModel(
            f"the first state of {variable.name!r}, {variable.states[0]!r}, stands for absence unless another is named",
            allowed="absence first",
            remedy=f"absent={{{variable.name!r}: {variable.states[1]!r}}}",
        )
    return 0


def bernoulli(p: object, name: str, top: int) -> FloatArray:
    """The row of a child of two states whose state ``top`` has probability p."""
    try:
        number = float(p)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = np.nan
    if isinstance(p, str) or not 0.0 <= number <= 1.0:
        raise InvalidModel(f"{name} is {p!r}", allowed="a probability, 0 … 1")
    return np.array([number, 1.0 - number] if top == 0 else [1.0 - number, number])


def distribution(child: Variable, given: object, name: str) -> FloatArray:
    """A distribution over the states of the child."""
    try:
        values = frozen(given)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidModel(f"{name} is no list of numbers ({error})") from None
    if values.shape != (child.cardinality,):
        raise InvalidModel(
            f"{name} has the shape {values.shape}",
            allowed=f"({child.cardinality},): one number for each state of {child.name!r}",
        )
    good = (values >= 0.0) & (values < np.inf)
    if not good.all():
        k = int(np.argmin(good))
        raise InvalidModel(f"{name} is {values[k]} at {child.name}={child.states[k]}", allowed="finite numbers ≥ 0")
    if miss := first_miss(values.sum(keepdims=True), given, int((values > 0.0).sum())):
        raise InvalidModel(f"{name} sums to {miss.total:.12g}", allowed=miss.allowed, remedy=miss.remedy())
    return np.asarray(values / values.sum())
