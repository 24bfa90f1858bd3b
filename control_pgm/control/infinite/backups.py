"""One sweep of an infinite-horizon backup: an operator over next states, then one over actions.

    Q(s,a) = E_P[r + gamma V']                                         (variational, Bellman)
    Q(s,a) = w log sum_{s'} P(s'|s,a) e^{r/w} (gamma e^{V'/w} + 1 − gamma)     (posterior, planning)
    V(s) = Phi^mu_{w',w'}[Q(s,·)]: alpha log sum_a p(a|s) e^{Q/alpha}, or the maximum

In the second line discount is termination after the reward, and e^0 = 1 is what an ended process collects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.backup import expected_next, soft_policy
from control_pgm.control.infinite.log_matrix import LogMatrix
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.operators import phi

_ROUNDING = 8 * np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Expectation:
    """E_P[r + gamma V']: the true dynamics are kept.

    Attributes
    ----------
    transition : matrix (S·A, S), row s·A+a
    reward : array [s,a], expected
    discount : gamma
    """

    transition: Any
    reward: FloatArray
    discount: float

    def acting(self, v: FloatArray) -> FloatArray:
        """Q, shape (S, A)."""
        if self.discount == 0.0:  # 0 · (−inf) = 0: what never comes does not count
            return self.reward.copy()
        return np.asarray(self.reward + self.discount * expected_next(self.transition, v))

    def slopes(self, v: FloatArray) -> Any:
        """dQ(s,a)/dV(s') as a matrix (S·A, S)."""
        return sparse.csr_array(self.discount * self.transition)

    def modulus(self, first: FloatArray) -> float:
        """Expectations never widen differences, so gamma contracts."""
        return self.discount


@dataclass(frozen=True, eq=False)
class CertaintyEquivalent:
    """w log E[e^{r/w} (gamma e^{V'/w} + 1 − gamma)]: luck counts, or with w < 0 bad luck.

    With b = e^{V/w} the derivative after V(s') is at most gamma b/(gamma b + 1 − gamma) in each row. That is gamma or
    less while b ≤ 1, so that the map contracts by gamma as long as no value is on the far side of 0; without rewards
    r/w > 0 none ever is. Elsewhere the bound approaches 1, and an enclosure is used instead.

    Attributes
    ----------
    weights : LogMatrix (S·A, S), row s·A+a: P(s'|s,a) E[e^{r/w}]
    weight : w
    discount : gamma < 1
    """

    weights: LogMatrix
    weight: float
    discount: float

    def acting(self, v: FloatArray) -> FloatArray:
        """Q, shape (S, A)."""
        return np.asarray(self.weight * self.weights.times(self._log_next(v))).reshape(len(v), -1)

    def slopes(self, v: FloatArray) -> Any:
        """dQ(s,a)/dV(s') as a matrix (S·A, S)."""
        log_next = self._log_next(v)
        log_share = np.full(len(v), -np.inf)
        np.subtract(self._log_going_on(v), log_next, out=log_share, where=np.isfinite(log_next))
        rows = self.weights.shares(log_next)
        rows.data *= np.exp(log_share)[rows.indices]
        return rows

    def modulus(self, first: FloatArray) -> float:
        """Gamma if no value is positive after a sweep from V = 0: by monotonicity none ever is."""
        return self.discount if float((first / self.weight).max()) <= 0.0 else 1.0

    def _log_going_on(self, v: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.discount) + v / self.weight)

    def _log_next(self, v: FloatArray) -> FloatArray:
        """log(gamma e^{V/w} + 1 − gamma)."""
        return np.logaddexp(self._log_going_on(v), np.log1p(-self.discount))


@dataclass(frozen=True, eq=False)
class Backup:
    """A sweep over all states and actions: a `Map`.

    Attributes
    ----------
    states : the operator over next states
    measure : array [s,a], what the actions weigh; 0 for those that are not taken
    weight : alpha, or 0 for the maximum
    """

    states: Expectation | CertaintyEquivalent
    measure: FloatArray
    weight: float

    @property
    def start(self) -> FloatArray:
        """V = 0: what a process of no steps is worth."""
        return np.zeros(len(self.measure))

    @cached_property
    def moving(self) -> BoolArray:
        """All states, except those of value 0 that nothing leaves where nothing is discounted."""
        if self.states.discount < 1.0:
            return np.ones(len(self.measure), dtype=bool)
        assert isinstance(self.states, Expectation)
        n, m = self.measure.shape
        own = sparse.csr_array(self.states.transition)[np.arange(n * m), np.repeat(np.arange(n), m)].reshape(n, m)
        ended = ((own == 1.0) & (self.states.reward == 0.0)) | (self.measure == 0)
        _, first = self.sweep(self.start)  # 0 to rounding if the weights of actions sum to one
        return np.asarray(~(ended.all(axis=1) & (np.abs(first) <= _ROUNDING * max(1.0, self.weight))))

    @property
    def unit(self) -> float:
        """The largest weight of the two operators, in units of reward."""
        states = abs(self.states.weight) if isinstance(self.states, CertaintyEquivalent) else 0.0
        return max(states, self.weight)

    @property
    def settles(self) -> bool:
        """Without discount the values of growing horizons are the answer, wherever they stop changing."""
        return self.states.discount == 1.0

    @property
    def trouble(self) -> str:
        """Why the sweeps may go on for ever, and what to do about it."""
        if isinstance(self.states, CertaintyEquivalent):
            return (
                "raise max_iterations; if the values only grow, E exp(return/temperature) is infinite: lower the "
                "discount, subtract from the rewards, raise the temperature or take a risk closer to 0"
            )
        if self.states.discount == 1.0:
            return "raise max_iterations; values of processes without an end grow for ever: give them a discount < 1"
        return "raise max_iterations, or take method='policy-iteration'"

    def sweep(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Q, shape (S, A), and the new V."""
        q = self.states.acting(v)
        q[self.measure == 0] = -np.inf
        return q, phi(q, self.measure, self.weight, self.weight)

    def policy(self, q: FloatArray, v: FloatArray) -> FloatArray:
        """mu(a|s) exp((Q − V)/alpha), for weights above 0; NaN where V = −inf."""
        return soft_policy(q, v, self.measure, self.weight)

    def slope(self, v: FloatArray, q: FloatArray, new: FloatArray) -> Any:
        """sum_a pi(a|s) dQ(s,a)/dV(s') as a CSR matrix (S, S)."""
        n, m = q.shape
        # One of the best actions: mixing those that are only nearly tied would keep Newton's method from settling.
        pi = np.nan_to_num(self.policy(q, new)) if self.weight > 0 else np.eye(m)[np.argmax(q, axis=1)]
        chosen = sparse.csr_array((pi.ravel(), np.arange(n * m), np.arange(0, n * m + 1, m)), shape=(n, n * m))
        return sparse.csr_array(chosen @ self.states.slopes(v))

    def modulus(self, first: FloatArray) -> float:
        """As the operator over next states; those over actions never widen differences."""
        return self.states.modulus(first)
