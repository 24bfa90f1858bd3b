"""Memories of earlier slices: variables that copy others, so that two slices express dependence on more.

A process of order k, p(x_{t+1} | x_t, …, x_{t−k+1}), is one of order 1 over (x_t, m^1_t, …, m^{k−1}_t) with

    m^1_{t+1} = x_t,    m^j_{t+1} = m^{j−1}_t

(the companion form). In the same way a CPD has a window of past values as parents.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.errors import InvalidArgument
from control_pgm.models.cpd import CPD
from control_pgm.models.template import PRIME
from control_pgm.tables.variable import Variable


@dataclass(frozen=True, eq=False)
class SliceMemory:
    """The last values of a variable; made by `memory`.

    Attributes
    ----------
    variables : tuple of Variable
        x_back1, x_back2, …: the value one slice back, two slices back, ….
    initial, transition : tuple of CPD
        Their CPDs, to be put beside those of a template or a control model.
    """

    variables: tuple[Variable, ...]
    initial: tuple[CPD, ...]
    transition: tuple[CPD, ...]

    def __iter__(self) -> Iterator[Variable]:
        return iter(self.variables)


def memory(variable: Variable, steps: int = 1, *, first: Hashable | Sequence[float] | None = None) -> SliceMemory:
    """Variables that hold what a variable was up to ``steps`` slices ago.

    Parameters
    ----------
    variable : Variable
        A variable of the slice, without a prime.
    steps : int
        How far back, ≥ 1.
    first : label, or array_like of shape (states,)
        What is remembered at the start, where there is nothing yet: a state, or a distribution; by default the first
        state.

    Raises
    ------
    InvalidArgument
        If steps is no integer ≥ 1.

    Examples
    --------
    A chain of order two: it goes on alternating as it did.

    >>> import numpy as np
    >>> from control_pgm import TwoSliceTemplate
    >>> x, after = Variable("x", 2), Variable("x'", 2)
    >>> past = memory(x)
    >>> (back,) = past
    >>> again = np.where(np.equal.outer(np.arange(2), np.arange(2)), 0.9, 0.1)  # axes of what was before, and after
    >>> step = CPD(after, [x, back], np.broadcast_to(again, (2, 2, 2)))
    >>> net = TwoSliceTemplate([CPD(x, [], [1, 0]), *past.initial], [step, *past.transition]).unroll(3)
    >>> [name for name in net.variables if name.endswith("2")]
    ['x_2', 'x_back1_2']
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise InvalidArgument(f"a memory of {steps!r} steps", allowed="an integer ≥ 1")
    if variable.name.endswith(PRIME):
        raise InvalidArgument(f"a memory of {variable.name!r}", allowed="a variable of the slice, without a prime")
    start = np.zeros(variable.cardinality)
    if first is None or (isinstance(first, Hashable) and first in variable.states):
        start[0 if first is None else variable.index(first)] = 1.0
    else:
        start = np.asarray(first, dtype=np.float64)
    names = [f"{variable.name}_back{j + 1}" for j in range(steps)]
    own = tuple([Variable(name, variable.states, kind="state" if variable.kind else "") for name in names])
    copied = np.eye(variable.cardinality)
    transition = []
    for source, target in zip((variable, *own), own, strict=False):
        after = Variable(f"{target.name}{PRIME}", target.states, kind=target.kind)
        transition.append(CPD(after, [source], copied))
    return SliceMemory(own, tuple([CPD(v, [], start) for v in own]), tuple(transition))
