"""One upward pass in which every variable is summed out or maximised out, and the way back to the maximising states.

The message of cluster i, which eliminates x_i, over its separator S_i is

    m_i(S_i) = sum_{x_i}  or  max_{x_i}   prod_{phi in i} phi · prod_{children j} m_j

(Dechter 1999, "bucket elimination"). If all variables are maximised, the roots hold the weight of the most probable
assignment. If sums come before maxima in the order of elimination, they hold max over the maximised variables of the
sum over all others. In any other order they hold an upper bound of that: max_y sum_x f ≤ sum_x max_y f for f ≥ 0, and
every other step keeps an inequality (Park and Darwiche 2003; Dechter and Rish 2003).
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from control_pgm.inference.local_weights import Logarithms, log_weights
from control_pgm.inference.tree.compile import Compiled, Upward, compile_plan
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.tree.sum_product import Collect
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.numbers.scaled import Scaled

_TIE = 1e-12  # nats: a state that is this close to the best one is as good
_ROUNDING = 4 * np.finfo(np.float64).eps  # the same, relative to the logarithms


def collect(plan: Plan, maximised: Collection[int]) -> tuple[Compiled, Pass[Scaled]]:
    """A plan with its tables, and the message of every cluster to its parent; what is not maximised is summed."""
    compiled = compile_plan(plan, maximised=maximised)
    return compiled, Pass(Collect(compiled)).run()


def backtrack(compiled: Compiled, sent: Upward) -> dict[int, int]:
    """The states of the maximised variables, which must be the last in the order of elimination.

    Roots are decided first, then every variable given those above it. Of states that are equally good the first is
    taken: the choice is the first of all best assignments, compared variable by variable from the last eliminated one.
    """
    states: dict[int, IntArray] = {}
    logarithms = Logarithms()
    for i, v in reversed(list(enumerate(compiled.tree.order))):
        if v not in compiled.maximised:
            break
        operands = [logarithms.of_table(operand) for operand in compiled.operands(i)]
        operands += [logarithms.of_message(operand) for operand in compiled.received(sent, i)]
        weights = log_weights(operands, v, compiled.problem.cardinalities[v], states, 1)
        states[v] = np.array([first_best(weights[0])])
    return {v: int(state[0]) for v, state in sorted(states.items())}


def first_best(logs: FloatArray) -> int:
    """The first state whose weight is the largest, up to rounding.

    Examples
    --------
    >>> first_best(np.array([-2.0, -1.0 - 1e-15, -1.0]))
    1
    """
    return int(np.argmax(logs >= float(logs.max()) - tolerance(logs)))


def tolerance(logs: FloatArray) -> float:
    """How far below the largest of the logarithms another one counts as equal, in nats."""
    top = float(logs.max())
    return max(_TIE, _ROUNDING * abs(top)) if np.isfinite(top) else 0.0
