"""Bounds of the value of beliefs without a last step: alpha vectors from below, sawtooth functions from above."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.tables.arrays import FloatArray, IntArray, lock
from control_pgm.tables.frozen import Restored

_SWEEPS = 100_000
_CLOSE = 1e-9  # relative change of the fast informed bound at which it is left: it is a bound at every sweep
_CELLS = 2**22  # entries of a table of beliefs, points and states that are held at once


@dataclass(frozen=True, eq=False)
class LowerBound(Restored):
    """max_k b·alpha_k of values of policies.

    Attributes
    ----------
    vectors : array [k, s]
    actions : int array [k]
    """

    vectors: FloatArray
    actions: IntArray

    def at(self, beliefs: FloatArray) -> FloatArray:
        """The bound at beliefs [..., s]."""
        return np.asarray((beliefs @ self.vectors.T).max(axis=-1))

    def with_vector(self, vector: FloatArray, action: int) -> LowerBound:
        """The maximum of the bound and one more vector; those below it everywhere are left out."""
        if (self.vectors >= vector).all(axis=1).any():
            return self
        above = ~(self.vectors <= vector).all(axis=1)
        vectors = np.concatenate([self.vectors[above], vector[None]])
        return LowerBound(lock(vectors), np.append(self.actions[above], action))


@dataclass(frozen=True, eq=False)
class UpperBound(Restored):
    """The minimum of a fast informed bound and of sawtooth functions below the line through the corners.

    With values c(s) at the corners of the simplex, a belief p of value v <= c·p bounds every other belief b by
    c·b + min_{s: p(s)>0} b(s)/p(s) · (v − c·p), since V is convex (Hauskrecht 2000, section 4.5).

    Attributes
    ----------
    informed : array [s, a]
        Q(s,a) of the fast informed bound: max_a b·Q_a is a bound.
    corners : array [s]
    points : array [k, s]
    values : array [k]
    """

    informed: FloatArray
    corners: FloatArray
    points: FloatArray
    values: FloatArray

    def at(self, beliefs: FloatArray) -> FloatArray:
        """The bound at beliefs [m, s]."""
        bound = np.minimum((beliefs @ self.informed).max(axis=1), beliefs @ self.corners)
        step = max(1, _CELLS // max(1, self.points.size))
        for k in range(0, len(beliefs) if len(self.points) else 0, step):
            part = slice(k, k + step)
            fall = _shares(beliefs[part], self.points) * np.minimum(self.values - self.points @ self.corners, 0.0)
            bound[part] = np.minimum(bound[part], beliefs[part] @ self.corners + fall.min(axis=1))
        return np.asarray(bound)

    def with_point(self, belief: FloatArray, value: float) -> UpperBound:
        """The bound lowered at one belief; points that it makes superfluous are left out."""
        if belief.max() == 1.0:
            corners = self.corners.copy()
            s = int(belief.argmax())
            corners[s] = min(corners[s], value)
            return replace(self, corners=lock(corners))
        fall = min(value - float(belief @ self.corners), 0.0)
        implied = self.points @ self.corners + _shares(self.points, belief[None])[:, 0] * fall
        needed = implied > self.values
        return replace(
            self,
            points=lock(np.concatenate([self.points[needed], belief[None]])),
            values=lock(np.append(self.values[needed], value)),
        )


def _shares(beliefs: FloatArray, points: FloatArray) -> FloatArray:
    """min_{s: p(s)>0} b(s)/p(s) for beliefs [m,s] and points [k,s]: how much of p is contained in b."""
    ratios = np.divide(
        beliefs[:, None], points[None], out=np.full((len(beliefs), *points.shape), np.inf), where=points[None] > 0
    )
    return np.asarray(ratios.min(axis=2))


def first_lower_bound(pomdp: POMDP) -> LowerBound:
    """The values of taking one action for ever: alpha_a = r_a + gamma P_a alpha_a (Hauskrecht 1997)."""
    systems = np.eye(pomdp.n_states) - pomdp.discount * pomdp.transition.transpose(1, 0, 2)
    vectors = np.linalg.solve(systems, pomdp.reward.T[..., None])[..., 0]
    bound = LowerBound(lock(np.array(vectors[:1], dtype=np.float64)), np.zeros(1, dtype=np.int64))
    for a in range(1, pomdp.n_actions):
        bound = bound.with_vector(vectors[a], a)
    return bound


def first_upper_bound(pomdp: POMDP) -> UpperBound:
    """The fast informed bound (Hauskrecht 2000, section 4.4), reached from above.

    Q(s,a) = r(s,a) + gamma sum_o max_a' sum_s' P(s'|s,a) P(o|a,s') Q(s',a') is a bound after every sweep that begins
    with one, as max r/(1 − gamma) is.
    """
    gamma = pomdp.discount
    top = float(pomdp.reward.max()) / (1.0 - gamma)
    q = np.full((pomdp.n_states, pomdp.n_actions), top)
    for _ in range(_SWEEPS):
        after = pomdp.reward + gamma * (pomdp.joint @ q).max(axis=-1).sum(axis=1).T
        change = float(np.abs(after - q).max())
        q = after
        if change <= _CLOSE * max(1.0, abs(top)) * (1.0 - gamma):
            break
    none = np.empty((0, pomdp.n_states))
    return UpperBound(lock(q), lock(q.max(axis=1)), lock(none), lock(np.empty(0)))
