"""Rewards of a decision process, in whatever form they were given, and what inference needs of them.

A reward may depend on the state, on state and action, or on the outcome (s, a, s'), and on time. One outcome may carry
several rewards r_k with weights w_k, as merged terminal outcomes do. Exact inference needs

    p(O=1 | s,a,s') = sum_k w_k exp((r_k − c)/alpha),

never exp of an average; variational inference and Bellman's equation need the expectation sum_k w_k r_k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.tables.arrays import BoolArray, FloatArray, frozen, lock

_LARGEST = 1e14  # nats: beyond, logarithms of evidence would keep no digit after the point
AXES = ("s", "sa", "sas", "tsa", "tsas")


@dataclass(frozen=True, eq=False)
class Rewards:
    """Reward values with a leading axis k over the several rewards of one outcome.

    Attributes
    ----------
    axes : "sa", "sas", "tsa" or "tsas".
    values : shape (K, …axes).
    weights : the same shape, summing to one over k; None where K = 1.
    """

    axes: str
    values: FloatArray
    weights: FloatArray | None = None

    @property
    def on_outcome(self) -> bool:
        """Whether the reward depends on the next state."""
        return self.axes.endswith("sas")

    @property
    def time_steps(self) -> int | None:
        """The number of steps T of a reward that depends on time."""
        return int(self.values.shape[1]) if self.axes.startswith("t") else None

    def at(self, t: int) -> Rewards:
        """The reward at step t, with axes "sa" or "sas"."""
        if not self.axes.startswith("t"):
            return self
        weights = None if self.weights is None else self.weights[:, t]
        return Rewards(self.axes[1:], self.values[:, t], weights)

    def used(self, support: BoolArray) -> BoolArray:
        """Where a value counts: inside the support of (s, a[, s']) and with positive weight."""
        inside = np.broadcast_to(support, self.values.shape)
        return inside if self.weights is None else inside & (self.weights > 0)

    def expected(self) -> FloatArray:
        """sum_k w_k r_k, with axes "sa" or "sas"; entries of weight zero do not count, whatever they hold."""
        if self.weights is None:
            return np.asarray(self.values[0])
        return np.asarray(np.where(self.weights > 0, self.weights * self.values, 0.0).sum(axis=0))

    def maximum(self, support: BoolArray) -> float:
        """The largest reward inside the support; −inf where there is none."""
        return float(np.max(self.values, where=self.used(support), initial=-np.inf))

    def log_optimality(self, support: BoolArray, shift: float, temperature: float) -> FloatArray:
        """log p(O=1 | …) with axes "sa" or "sas"; −inf outside the support, where it is never used."""
        used = self.used(support)
        scaled = np.full(self.values.shape, -np.inf)
        with np.errstate(over="ignore"):
            np.subtract(self.values, shift, out=scaled, where=used)
            scaled /= temperature
        if ((scaled < -_LARGEST) & used & (self.values > -np.inf)).any():
            raise InvalidArgument(
                f"rewards down to {self.values[used & (self.values > -np.inf)].min():g} below {shift:g} overflow at "
                f"temperature {temperature:g}",
                allowed=f"(largest reward − reward)/temperature up to {_LARGEST:g}",
                remedy="raise the temperature, or write −inf for what is forbidden",
            )
        if self.weights is None:
            return np.asarray(scaled[0])
        log_weights = np.log(self.weights, out=np.full(used.shape, -np.inf), where=used)
        return np.asarray(np.minimum(np.logaddexp.reduce(scaled + log_weights, axis=0), 0.0))


def parse_rewards(reward: Any, axes: str | None, n_states: int, n_actions: int, *, varying: int | None) -> Rewards:
    """Rewards from an array, told apart by shape, or by ``axes`` where the shape fits several forms.

    ``varying`` is the number of steps of a time-varying transition, if any.
    """
    try:
        values = frozen(reward)
    except (TypeError, ValueError) as error:
        raise InvalidModel(f"the reward is not an array of numbers ({error})") from None
    s, a = n_states, n_actions
    shapes: dict[str, tuple[int | None, ...]] = {
        "s": (s,),
        "sa": (s, a),
        "sas": (s, a, s),
        "tsa": (varying, s, a),
        "tsas": (varying, s, a, s),
    }
    if axes is not None and axes not in shapes:
        raise InvalidArgument(f"reward_axes {axes!r}", allowed=", ".join(map(repr, AXES)))
    fits = [name for name, shape in shapes.items() if _matches(values.shape, shape)]
    if axes is not None:
        if axes not in fits:
            raise InvalidModel(
                f"reward of shape {values.shape} does not fit reward_axes={axes!r}", allowed=_shape_text(shapes[axes])
            )
        fits = [axes]
    if not fits:
        allowed = ", ".join(f"{name} {_shape_text(shape)}" for name, shape in shapes.items())
        raise InvalidModel(f"reward of shape {values.shape} fits no form", allowed=allowed)
    if len(fits) > 1:
        raise InvalidModel(
            f"reward of shape {values.shape} is ambiguous: it may mean {' or '.join(fits)}",
            remedy=f"pass reward_axes={fits[0]!r} or {fits[1]!r}",
        )
    (form,) = fits
    if form == "s":
        values, form = lock(np.repeat(values[:, None], a, axis=1)), "sa"
    return Rewards(form, values[None])


def _matches(actual: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(actual) == len(wanted) and all(w is None or w == n for n, w in zip(actual, wanted, strict=True))


def _shape_text(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("T" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
