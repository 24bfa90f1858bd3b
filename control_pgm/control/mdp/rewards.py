"""Rewards of a decision process, in whatever form they were given, and what inference needs of them.

A reward may depend on the state, on state and action, or on the outcome (s, a, s'), and on time. One outcome may carry
several rewards r_k with weights w_k, as merged terminal outcomes do. Exact inference needs

    p(O=1 | s,a,s') = sum_k w_k exp((r_k − c)/alpha),

never exp of an average; variational inference and Bellman's equation need the expectation sum_k w_k r_k.

Where the transition is sparse, rewards on outcomes are listed like its non-zeros, one after the other (axis "o"): what
is impossible has no reward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from control_pgm.control.mdp.dynamics import aligned
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray, lock, lock_mask
from control_pgm.tables.frozen import Restored

_LARGEST = 1e14  # nats: beyond, logarithms of evidence would keep no digit after the point


class RewardSource(Protocol):
    """Rewards by outcome, possible or not: what was given beside what a transition needs."""

    def at(self, t: int) -> RewardSource:
        """Those of step t."""

    def pick(self, s: IntArray, a: IntArray, s_next: IntArray) -> Rewards:
        """Those of single outcomes, listed in their order; `Rewards.known` marks those that were given."""


@dataclass(frozen=True, eq=False)
class Rewards(Restored):
    """Reward values with a leading axis k over the several rewards of one outcome.

    Attributes
    ----------
    axes : "sa", "sas", "tsa" or "tsas"; "o" or "to" where outcomes are the non-zeros of a sparse transition.
    values : shape (K, …axes).
    weights : the same shape, summing to one over k; None where K = 1.
    known : bool array over outcomes, without k, and without t where all steps are alike
        Where a reward was given, be the outcome possible or not; None if everywhere.
    beyond : RewardSource, optional
        Of listed rewards: those that were given for outcomes which are not listed.
    """

    axes: str
    values: FloatArray
    weights: FloatArray | None = None
    known: BoolArray | None = None
    beyond: RewardSource | None = None

    @property
    def on_outcome(self) -> bool:
        """Whether the reward depends on the next state."""
        return self.axes.endswith(("sas", "o"))

    @property
    def listed(self) -> bool:
        """Whether outcomes are listed as the non-zeros of a sparse transition."""
        return self.axes.endswith("o")

    @property
    def time_steps(self) -> int | None:
        """The number of steps T of a reward that depends on time."""
        return int(self.values.shape[1]) if self.axes.startswith("t") else None

    def at(self, t: int) -> Rewards:
        """The reward at step t, with axes "sa", "sas" or "o"."""
        if not self.axes.startswith("t"):
            return self
        weights = None if self.weights is None else self.weights[:, t]
        beyond = None if self.beyond is None else self.beyond.at(t)
        known = self.known[t] if self.known is not None and self._known_varies else self.known
        return Rewards(self.axes[1:], self.values[:, t], weights, known, beyond)

    @property
    def _known_varies(self) -> bool:
        return self.known is not None and self.known.ndim == self.values.ndim - 1 and self.time_steps is not None

    def used(self, support: BoolArray) -> BoolArray:
        """Where a value counts: inside the support of (s, a) or of outcomes, and with positive weight."""
        return support[None] if self.weights is None else support & (self.weights > 0)

    def expected(self) -> FloatArray:
        """sum_k w_k r_k, without the axis k; entries of weight zero do not count, whatever they hold."""
        if self.weights is None:
            return np.asarray(self.values[0])
        counting = np.where(self.weights > 0, self.values, 0.0)
        return np.asarray((self.weights * counting).sum(axis=0))

    @cached_property
    def span(self) -> float:
        """How far apart finite rewards lie; those of impossible outcomes, which nobody has checked, among them."""
        finite = np.isfinite(self.values)
        top = self.values.max(where=finite, initial=-np.inf)
        low = self.values.min(where=finite, initial=np.inf)
        return max(0.0, float(top - low))

    def maximum(self, support: BoolArray) -> float:
        """The largest reward inside the support; −inf where there is none."""
        return float(self.values.max(where=self.used(support), initial=-np.inf))

    def log_optimality(self, support: BoolArray, shift: float, temperature: float) -> FloatArray:
        """log p(O=1 | …) without the axis k; −inf outside the support, where it is never used."""
        used = self.used(support)
        scaled = np.full(self.values.shape, -np.inf)
        with np.errstate(over="ignore"):
            np.subtract(self.values, shift, out=scaled, where=used)
            scaled /= temperature
        if scaled.min() < -_LARGEST and ((scaled < -_LARGEST) & used & (self.values > -np.inf)).any():
            raise InvalidArgument(
                f"rewards down to {self.values[used & (self.values > -np.inf)].min():g} below {shift:g} overflow at "
                f"temperature {temperature:g}",
                allowed=f"(largest reward − reward)/temperature up to {_LARGEST:g}",
                remedy="raise the temperature, or divide all rewards by one number; write −inf for what is forbidden",
            )
        if self.weights is None:
            return np.asarray(scaled[0])
        log_weights = np.log(self.weights, out=np.full(used.shape, -np.inf), where=used)
        return np.asarray(np.minimum(np.logaddexp.reduce(scaled + log_weights, axis=0), 0.0))

    # --- from form to form --------------------------------------------------------------------------------------
    def as_list(self, matrix: Any) -> Rewards:
        """Rewards on outcomes [s,a,s'] as those of the non-zeros of a sparse transition; all others do not count."""
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))

        def pick(values: Any) -> Any:
            return lock(values.reshape(*values.shape[:-3], *matrix.shape)[..., rows, matrix.indices])

        weights = None if self.weights is None else pick(self.weights)
        known = None if self.known is None else pick(self.known)
        return Rewards(self.axes.removesuffix("sas") + "o", pick(self.values), weights, known)

    def as_dense(self, matrix: Any) -> Rewards:
        """Listed rewards as an array with axes "sas"; outcomes for which none was given get 0."""
        if self.beyond is not None:
            return self._with_all(matrix)
        shape = (matrix.shape[1], matrix.shape[0] // matrix.shape[1], matrix.shape[1])
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))

        def fill(values: FloatArray) -> FloatArray:
            dense = np.zeros((*values.shape[:-1], *matrix.shape))
            dense[..., rows, matrix.indices] = values
            return dense.reshape(*values.shape[:-1], *shape)

        weights = None if self.weights is None else fill(self.weights)
        if weights is not None:
            weights[0] += weights.sum(axis=0) == 0.0
        axes = self.axes.removesuffix("o") + "sas"
        known = fill(np.ones(len(rows)) if self.known is None else self.known.astype(np.float64)) > 0
        return Rewards(axes, lock(fill(self.values)), None if weights is None else lock(weights), lock_mask(known))

    def _with_all(self, matrix: Any) -> Rewards:
        """`as_dense` with what was given beyond the list."""
        assert self.beyond is not None
        result = replace(self, beyond=None).as_dense(matrix)
        for t in range(self.time_steps or 1):
            known = result.at(t).known
            assert known is not None
            missing = np.nonzero(~known)
            place = (t, *missing) if self.time_steps else missing
            result = result.filled(place, self.beyond.at(t).pick(*missing))
        return result

    def filled(self, place: tuple[Any, ...], found: Rewards) -> Rewards:
        """The same with the listed rewards of some outcomes put in their places: indices of t, if any, and of these."""
        several = max(len(self.values), len(found.values))
        base, found = self.padded(several), found.padded(several)
        known = np.array(np.broadcast_to(True if self.known is None else self.known, self.values.shape[1:]))
        known[place] = True if found.known is None else found.known
        values = base.values.copy()
        values[:, *place] = found.values
        weights = base.weights
        if weights is not None and found.weights is not None:
            weights = weights.copy()
            weights[:, *place] = found.weights
            weights = lock(weights)
        return replace(base, values=lock(values), weights=weights, known=lock_mask(known))

    def padded(self, several: int) -> Rewards:
        """The same with an axis k of that length: rewards of weight zero are added."""
        more = several - len(self.values)
        if several == 1 or (more == 0 and self.weights is not None):
            return self
        weights = np.ones(self.values.shape) if self.weights is None else self.weights
        none = np.zeros((more, *self.values.shape[1:]))
        values, weights = np.concatenate([self.values, none]), np.concatenate([weights, none])
        return replace(self, values=lock(values), weights=lock(weights))

    def moved(self, source: Any, target: Any) -> Rewards:
        """Rewards listed as the non-zeros of one sparse transition, listed as those of another; new ones are 0."""
        if source is target:
            return self
        values = lock(aligned(self.values, source, target))
        given = np.ones(source.nnz) if self.known is None else self.known.astype(np.float64)
        there: BoolArray = aligned(given, source, target) > 0
        known = None if there.all() else lock_mask(there)
        if self.weights is None:
            return Rewards(self.axes, values, None, known, self.beyond)
        first, *others = self.weights
        weights = [aligned(first, source, target, missing=1.0), *(aligned(w, source, target) for w in others)]
        return Rewards(self.axes, values, lock(np.stack(weights)), known, self.beyond)
