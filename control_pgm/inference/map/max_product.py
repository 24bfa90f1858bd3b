"""One upward pass in which every variable is summed out or maximised out, and the way back to the maximising states.

The message of cluster i, which eliminates x_i, over its separator S_i is

    m_i(S_i) = sum_{x_i}  or  max_{x_i}   prod_{phi in i} phi · prod_{children j} m_j

(Dechter 1999, "bucket elimination"). If all variables are maximised, the roots hold the weight of the most probable
assignment. If sums come before maxima in the order of elimination, they hold max over the maximised variables of the
sum over all others. In any other order they hold an upper bound of that: max_y sum_x f ≤ sum_x max_y f for f ≥ 0, and
every other step keeps an inequality (Park and Darwiche 2003; Dechter and Rish 2003).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.problem import Problem
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.local_weights import Logarithms, log_weights
from control_pgm.tables.arrays import FloatArray, IntArray, Scope
from control_pgm.tables.numbers.scaled import Scaled

_TIE = 1e-12  # nats: a state that is this close to the best one is as good
_ROUNDING = 4 * np.finfo(np.float64).eps  # the same, relative to the logarithms


@dataclass(frozen=True, eq=False)
class MixedTree:
    """A bucket tree with tables, some of whose variables are maximised and the others summed.

    Attributes
    ----------
    problem : the variables, and the tables without any.
    order, separators, parents, children : per cluster, as in `BucketTree`.
    operands : per cluster the tables in it.
    maximised : per cluster whether its variable is maximised.
    barren : per cluster whether its message is identically one: an unobserved leaf that is summed.
    """

    problem: Problem
    order: Sequence[int]
    separators: Sequence[Scope]
    parents: Sequence[int]
    children: Sequence[tuple[int, ...]]
    operands: Sequence[Sequence[Operand]]
    maximised: Sequence[bool]
    barren: Sequence[bool]

    def received(self, cluster: int, messages: Sequence[Scaled], *, but: int = -1) -> list[Operand]:
        """What the children of a cluster, ``but`` one of them, have sent."""
        children = self.children[cluster]
        return [(self.separators[j], messages[j]) for j in children if j != but and not self.barren[j]]


def mixed_tree(problem: Problem, tree: BucketTree, maximised: Collection[int]) -> MixedTree:
    """The tree of a problem; ``maximised`` holds the variables that are not summed."""
    operands = [[(problem.scopes[k], problem.tables[k]) for k in own] for own in tree.factors]
    # Rolled trees make their items when they are read; here each is read more than once.
    order, children = tuple(tree.order), tuple(tree.children)
    barren: list[bool] = []
    for v, tables, below in zip(order, tree.factors, children, strict=True):
        only_its_cpd = len(tables) == 1 and problem.children[tables[0]] == v
        barren.append(only_its_cpd and v not in maximised and all(barren[j] for j in below))
    return MixedTree(
        problem=problem,
        order=order,
        separators=tuple(tree.separators),
        parents=tuple(tree.parents),
        children=children,
        operands=operands,
        maximised=[v in maximised for v in order],
        barren=barren,
    )


# --- upwards ----------------------------------------------------------------------------------------------------
def collect(tree: MixedTree) -> list[Scaled]:
    """The message of every cluster to its parent; what a root would send on is a single number."""
    messages: list[Scaled] = []
    for i in range(len(tree.order)):
        messages.append(sent(tree, i, [*tree.operands[i], *tree.received(i, messages)], tree.maximised[i]))
    return messages


def sent(tree: MixedTree, cluster: int, operands: Sequence[Operand], maximised: bool) -> Scaled:
    """The message of one cluster, made from everything that is in it."""
    separator, cards = tree.separators[cluster], tree.problem.cardinalities
    if not maximised:
        return contract(operands, separator, cards)
    return contract(operands, (*separator, tree.order[cluster]), cards).maximum((len(separator),))


def log_value(tree: MixedTree, messages: Sequence[Scaled]) -> float:
    """The logarithm of what all variables and the tables without variables come to."""
    roots = [messages[i].total_log() for i, parent in enumerate(tree.parents) if parent < 0]
    return fsum([*roots, *(times * table.total_log() for table, times in tree.problem.constants)])


# --- downwards --------------------------------------------------------------------------------------------------
def backtrack(tree: MixedTree, messages: Sequence[Scaled]) -> dict[int, int]:
    """The states of the maximised variables, which must be the last in the order of elimination.

    Roots are decided first, then every variable given those above it. Of states that are equally good the first is
    taken: the choice is the first of all best assignments, compared variable by variable from the last eliminated one.
    """
    states: dict[int, IntArray] = {}
    logarithms = Logarithms()
    for i in reversed(range(len(tree.order))):
        if not tree.maximised[i]:
            break
        v = tree.order[i]
        operands = [logarithms.of_table(operand) for operand in tree.operands[i]]
        operands += [logarithms.of_message(operand) for operand in tree.received(i, messages)]
        weights = log_weights(operands, v, tree.problem.cardinalities[v], states, 1)
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
