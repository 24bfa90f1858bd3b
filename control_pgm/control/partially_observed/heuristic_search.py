"""Heuristic search value iteration (HSVI): bounds of the value of beliefs that meet at the initial one.

Trials follow the action that the upper bound prefers and the observation that leaves the largest part of the gap, and
improve both bounds at the beliefs that they have met, from the last to the first (Smith and Simmons 2005). A trial goes
on while the gap at depth t exceeds goal/gamma^t, since gamma^t of it counts at the root.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from control_pgm.control.partially_observed.bounds import LowerBound, UpperBound, first_lower_bound, first_upper_bound
from control_pgm.control.partially_observed.incremental_pruning import check_kind
from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.control.partially_observed.solution import AlphaVectors, StationaryBeliefSolution
from control_pgm.errors import InvalidArgument, NotConverged
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.arrays import FloatArray, lock

MOST_TRIALS = 1_000
GAP = 1e-3  # between the bounds at the initial belief, relative to |V| there where that is above one
_SHARE = 0.5  # of the gap at the root that a trial aims at


@dataclass
class _Search:
    """Both bounds while they improve."""

    pomdp: POMDP
    lower: LowerBound
    upper: UpperBound

    def gaps(self, beliefs: FloatArray) -> FloatArray:
        return self.upper.at(beliefs) - self.lower.at(beliefs)

    def successors(self, belief: FloatArray) -> tuple[FloatArray, FloatArray]:
        """P(o|b,a) [a,o] and the beliefs [a,o,s] that follow; of impossible ones, any."""
        weights = belief @ self.pomdp.joint
        p = weights.sum(axis=-1)
        n = self.pomdp.n_states
        beliefs = np.divide(weights, p[..., None], out=np.full(weights.shape, 1.0 / n), where=p[..., None] > 0)
        return p, beliefs

    def optimistic(self, belief: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Q(b,a) of the upper bound; P(o|b,a) and the beliefs that follow."""
        p, beliefs = self.successors(belief)
        values = self.upper.at(beliefs.reshape(-1, beliefs.shape[-1])).reshape(p.shape)
        return belief @ self.pomdp.reward + self.pomdp.discount * (p * values).sum(axis=1), p, beliefs

    def trial(self, goal: float) -> None:
        """One descent from the initial belief, and the updates on the way back."""
        gamma = self.pomdp.discount
        path = [self.pomdp.initial]
        while float(self.gaps(path[-1][None])[0]) > goal:
            q, p, beliefs = self.optimistic(path[-1])
            a = int(q.argmax())
            goal = goal / gamma if gamma > 0.0 else np.inf
            excess = p[a] * (self.gaps(beliefs[a]) - goal)
            if excess.max() <= 0.0:
                break
            path.append(beliefs[a, int(excess.argmax())])
        for belief in reversed(path):
            self._update(belief)

    def _update(self, belief: FloatArray) -> None:
        """Bellman's backup of both bounds at one belief."""
        joint, gamma = self.pomdp.joint, self.pomdp.discount
        # alpha_a = r_a + gamma sum_{o,s'} P(o,s'|·,a) alpha_{a,o}(s'), alpha_{a,o} the largest at the belief after a, o
        chosen = self.lower.vectors[(belief @ joint @ self.lower.vectors.T).argmax(axis=-1)]
        plans = self.pomdp.reward.T + gamma * np.einsum("aosn,aon->as", joint, chosen)
        a = int((plans @ belief).argmax())
        self.lower = self.lower.with_vector(plans[a], a)
        self.upper = self.upper.with_point(belief, float(self.optimistic(belief)[0].max()))


def solve_beliefs_infinite(
    pomdp: POMDP, kind: str, tolerance: float, max_iterations: int, progress: Progress | None = None
) -> StationaryBeliefSolution:
    """Bounds that differ at the initial belief by no more than the tolerance.

    Raises
    ------
    InvalidArgument
        On another type of inference than "bellman", and on discount 1.

    Warns
    -----
    NotConverged
        If they differ by more after so many trials: they are bounds all the same.
    """
    check_kind(kind)
    check_progress(progress)
    if pomdp.discount == 1.0:
        raise InvalidArgument(
            "discount 1 of a POMDP without a last step: values have no bound",
            allowed="a discount below 1",
            remedy="solve(pomdp, horizon, inference='bellman') takes it",
        )
    search = _Search(pomdp, first_lower_bound(pomdp), first_upper_bound(pomdp))
    start = pomdp.initial[None]
    report = Reporter(progress, max_iterations, "trials")
    gap, trials = float(search.gaps(start)[0]), 0
    while gap > (wanted := tolerance * max(1.0, abs(float(search.lower.at(start)[0])))):
        if trials == max_iterations:
            warnings.warn(
                f"after {trials} trials the bounds differ by {gap:.3g} at the initial belief, more than {wanted:.3g}; "
                "raise max_iterations or tolerance",
                NotConverged,
                stacklevel=4,  # of the caller of solve_infinite
            )
            break
        search.trial(_SHARE * gap)
        trials += 1
        before, gap = gap, float(search.gaps(start)[0])
        report.step(before, gap, wanted, max_iterations - trials)
    report.end()
    vectors = AlphaVectors(pomdp, lock(search.lower.vectors), search.lower.actions)
    return StationaryBeliefSolution(pomdp, vectors, search.upper, trials)
