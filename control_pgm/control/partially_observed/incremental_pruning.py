"""Incremental pruning: the alpha vectors of a finite horizon by dynamic programming over beliefs.

V_t(b) = max_a { b·r_a + gamma sum_o P(o|b,a) V_{t+1}(b_{a,o}) } is the maximum of linear functions if V_{t+1} is:

    G_{a,o} = { gamma sum_s' P(s'|·,a) P(o|a,s') alpha(s') : alpha in G_{t+1} },
    G_t     = union over a of r_a + (G_{a,1} ⊕ … ⊕ G_{a,O}),   ⊕ the sums of every pair,

pruned after every step (Cassandra, Littman and Zhang 1997, section 4).
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from control_pgm.control.mdp.checks import MAX_DENSE_BYTES
from control_pgm.control.network.unroll_arguments import check_horizon
from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.control.partially_observed.pruning import pruned
from control_pgm.control.partially_observed.solution import AlphaVectors, BeliefSolution
from control_pgm.display import size
from control_pgm.errors import InvalidArgument, TooLarge
from control_pgm.progress import Progress, Reporter
from control_pgm.tables.arrays import FloatArray, IntArray, lock

_SOFT = "conditioning the hidden states on optimality takes what they are for known, and gives observations no value"
_REASONS = {
    "planning": "exponential utility is no function of the belief over states alone",
    "marginal-map": "a plan fixed in advance uses no observation",
    "linearly-solvable": "hidden states cannot be chosen",
}
_REMEDY = "inference='bellman' gives values and actions at every belief; pomdp.mdp is the process with observed states"


def solve_beliefs(
    pomdp: POMDP, horizon: int | None, kind: str, evidence: Any, progress: Progress | None = None
) -> BeliefSolution:
    """The alpha vectors of all steps, from the last to the first.

    Raises
    ------
    InvalidArgument
        On another type of inference than "bellman", on evidence, and on a horizon that is no integer ≥ 1.
    TooLarge
        If the pairs of vectors of one step do not fit into memory; names the step.
    """
    check_kind(kind)
    if evidence is not None:
        raise InvalidArgument(
            "evidence with a POMDP", remedy="give the belief that it leads to: pomdp.filter(actions, observations)"
        )
    if horizon is None:
        raise InvalidArgument("no horizon given", allowed="an integer ≥ 1, the number of actions")
    horizon = check_horizon(pomdp.mdp, horizon)
    report = Reporter(progress, horizon, "steps of alpha vectors")
    vectors = np.zeros((1, pomdp.n_states))  # after the last action
    found: list[AlphaVectors] = []
    for done in range(horizon):
        try:
            vectors, actions = _backup(pomdp, vectors)
        except TooLarge as error:
            raise error.of(f"t={horizon - 1 - done} of horizon {horizon}") from None
        found.append(AlphaVectors(pomdp, lock(vectors), actions))
        report.at(done + 1)
    report.end()
    return BeliefSolution(pomdp, tuple(reversed(found)))


def check_kind(kind: str) -> None:
    """Refuse types of inference that have no values of beliefs."""
    if kind != "bellman":
        raise InvalidArgument(
            f"inference={kind!r} of a POMDP: {_REASONS.get(kind, _SOFT)}", allowed="'bellman'", remedy=_REMEDY
        )


def _backup(pomdp: POMDP, vectors: FloatArray) -> tuple[FloatArray, IntArray]:
    """The vectors of one step earlier, and the action of each."""
    sums = [pomdp.reward[:, a] + _sums(pomdp, vectors, a) for a in range(pomdp.n_actions)]
    union = np.concatenate(sums)
    kept = pruned(union)
    actions = np.repeat(np.arange(len(sums)), [len(each) for each in sums])
    return union[kept], actions[kept]


def _sums(pomdp: POMDP, vectors: FloatArray, a: int) -> FloatArray:
    """G_{a,1} ⊕ … ⊕ G_{a,O}, the smallest sets first."""
    sets = [pomdp.discount * vectors @ kernel.T for kernel in pomdp.joint[a]]
    return reduce(_cross_sum, sorted((each[pruned(each)] for each in sets), key=len))


def _cross_sum(left: FloatArray, right: FloatArray) -> FloatArray:
    """The sums of every pair, pruned."""
    need = 8 * len(left) * len(right) * left.shape[1]
    if need > MAX_DENSE_BYTES:
        raise TooLarge(
            f"{len(left) * len(right):,} sums of alpha vectors need {size(need)}",
            allowed=size(MAX_DENSE_BYTES),
            remedy="take a shorter horizon; or, with a discount, the bounds of solve_infinite(pomdp)",
        )
    every = (left[:, None] + right[None]).reshape(-1, left.shape[1])
    return np.asarray(every[pruned(every)])
