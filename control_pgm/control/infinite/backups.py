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

from control_pgm.control.policies.backup import expected_next, soft_policy
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray
from control_pgm.tables.operators import NEAR, Operator, phi, phi_over
from control_pgm.tables.reductions import ConsecutiveGroups, LastAxis, Reduction

_ROUNDING = 8 * np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class ExpectedBackup:
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

    def unit(self, v: FloatArray) -> float:
        """The largest number that is rounded on the way to Q."""
        return float(np.abs(self.reward).max(where=np.isfinite(self.reward), initial=0.0))


@dataclass(frozen=True, eq=False)
class RiskSensitiveBackup:
    """w log E[e^{r/w} (gamma e^{V'/w} + 1 − gamma)]: luck counts, or with w < 0 bad luck.

    With b = e^{V/w} the derivative after V(s') is at most gamma b/(gamma b + 1 − gamma) in each row. That is gamma or
    less while b ≤ 1, so that the map contracts by gamma as long as no value is on the far side of 0; without rewards
    r/w > 0 none ever is. Elsewhere the bound approaches 1, and an enclosure is used instead.

    Attributes
    ----------
    transition : CSR matrix (S·A, S), row s·A+a: P(s'|s,a) of available pairs
    reward : array [non-zero of the transition]
    weight : w
    discount : gamma < 1

    Notes
    -----
    All sums are over differences from the best value, in units of reward, so that digits are kept however large |w| is.
    """

    transition: Any
    reward: FloatArray
    weight: float
    discount: float

    @cached_property
    def _rows(self) -> IntArray:
        return np.repeat(np.arange(self.transition.shape[0]), np.diff(self.transition.indptr))

    @cached_property
    def _filled(self) -> IntArray:
        return np.flatnonzero(np.diff(self.transition.indptr))

    @cached_property
    def _groups(self) -> ConsecutiveGroups:
        return ConsecutiveGroups(self.transition.indptr[self._filled], len(self.reward))

    def acting(self, v: FloatArray) -> FloatArray:
        """Q, shape (S, A)."""
        return self._equivalent(self._collected(self._ahead(v))).reshape(len(v), -1)

    def slopes(self, v: FloatArray) -> Any:
        """dQ(s,a)/dV(s') as a matrix (S·A, S)."""
        ahead = self._ahead(v)
        values = self._collected(ahead)
        total = self._equivalent(values)[self._rows]
        shares = self.transition.data * self._ratio(values, total)
        # b/(gamma b + 1 − gamma) is at most 1/gamma; without gamma it would be b, which may overflow
        shares *= self.discount * self._ratio(v, ahead)[self.transition.indices] if self.discount > 0 else 0.0
        return sparse.csr_array((shares, self.transition.indices, self.transition.indptr), shape=self.transition.shape)

    def modulus(self, first: FloatArray) -> float:
        """Gamma if no value is positive after a sweep from V = 0: by monotonicity none ever is."""
        return self.discount if float((first / self.weight).max()) <= 0.0 else 1.0

    def unit(self, v: FloatArray) -> float:
        """The largest number that is rounded on the way to Q."""
        values = self._collected(self._ahead(v))
        finite = values[np.isfinite(values)]
        pairs = unit_of(LastAxis(), np.stack([v, np.zeros(len(v))], axis=-1), self.weight)
        return max(float(np.abs(finite).max(initial=0.0)), unit_of(self._groups, values, self.weight), pairs)

    def _ahead(self, v: FloatArray) -> FloatArray:
        """w log(gamma e^{V/w} + 1 − gamma)."""
        after = np.stack([v, np.zeros(len(v))], axis=-1)
        return phi(after, np.array([self.discount, 1.0 - self.discount]), self.weight, self.weight)

    def _collected(self, ahead: FloatArray) -> FloatArray:
        """What each outcome brings: its reward, and what is ahead."""
        return np.asarray(self.reward + ahead[self.transition.indices])

    def _equivalent(self, values: FloatArray) -> FloatArray:
        """w log E_P exp(·/w) over the outcomes of each row; −inf for empty rows."""
        result = np.full(self.transition.shape[0], -np.inf)
        operator = Operator(self.weight, self.weight)
        result[self._filled] = phi_over(self._groups, values, self.transition.data, operator)
        return result

    def _ratio(self, values: FloatArray, total: FloatArray) -> FloatArray:
        """e^{(values − total)/w}; 0 where either is −inf."""
        below = np.full(values.shape, -np.inf)
        np.subtract(values, total, out=below, where=np.isfinite(values) & np.isfinite(total))
        return np.asarray(np.exp(np.where(np.isfinite(below), below / self.weight, -np.inf)))


def unit_of(groups: Reduction, values: FloatArray, weight: float) -> float:
    """What is rounded in w log E e^{f/w}: w itself, or where f differs by little beside it, only the differences."""
    finite = np.isfinite(values)
    widest = groups.maxima(np.where(finite, values, -np.inf)) + groups.maxima(np.where(finite, -values, -np.inf))
    spread = float(widest.max(initial=0.0))
    return spread if spread < NEAR * abs(weight) else abs(weight)


@dataclass(frozen=True, eq=False)
class Backup:
    """A sweep over all states and actions: a `Map`.

    Attributes
    ----------
    states : the operator over next states
    measure : array [s,a], what the actions weigh; 0 for those that are not taken
    weight : alpha, or 0 for the maximum
    """

    states: ExpectedBackup | RiskSensitiveBackup
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
        assert isinstance(self.states, ExpectedBackup)
        n, m = self.measure.shape
        own = sparse.csr_array(self.states.transition)[np.arange(n * m), np.repeat(np.arange(n), m)].reshape(n, m)
        ended = ((own == 1.0) & (self.states.reward == 0.0)) | (self.measure == 0)
        _, first = self.sweep(self.start)  # 0 to rounding if the weights of actions sum to one
        return np.asarray(~(ended.all(axis=1) & (np.abs(first) <= _ROUNDING * max(1.0, self.weight))))

    @property
    def terms(self) -> int:
        """How many numbers are summed up in the longest sum."""
        outcomes = int(np.diff(sparse.csr_array(self.states.transition).indptr).max(initial=0))
        return max(outcomes, int(self.measure.shape[1]))

    def unit(self, v: FloatArray, q: FloatArray) -> float:
        """The largest number that is rounded on the way from V to Q and T(V)."""
        actions = unit_of(LastAxis(), q, self.weight) if self.weight > 0 else 0.0
        return max(self.states.unit(v), actions)

    @property
    def settles(self) -> bool:
        """Without discount the values of growing horizons are the answer, wherever they stop changing."""
        return self.states.discount == 1.0

    @property
    def trouble(self) -> str:
        """Why the sweeps may go on for ever, and what to do about it."""
        if isinstance(self.states, RiskSensitiveBackup):
            return (
                "raise max_iterations; if the values only grow, E exp(return/temperature) is infinite: lower the "
                "discount, subtract from the rewards, raise the temperature or take a risk closer to 0"
            )
        if self.states.discount == 1.0:
            return "raise max_iterations, or give the process a discount < 1: mdp.varied(discount=0.99)"
        return "raise max_iterations, or take method='policy-iteration'"

    def sweep(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Q, shape (S, A), and the new V."""
        q = self.states.acting(v)
        q[self.measure == 0] = -np.inf
        return q, phi(q, self.measure, self.weight, self.weight)

    def among(self, states: IntArray) -> Backup:
        """The same over states that no action leaves, numbered anew; for expectations."""
        assert isinstance(self.states, ExpectedBackup)
        m = self.measure.shape[1]
        rows = (states[:, None] * m + np.arange(m)).ravel()
        transition = sparse.csr_array(self.states.transition)[rows][:, states]
        inside = ExpectedBackup(transition, self.states.reward[states], self.states.discount)
        return Backup(inside, self.measure[states], self.weight)

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
