"""Solutions of many control problems of one form, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from control_pgm.control.arguments import is_count
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.saving import Savable
from control_pgm.control.solutions.labelled_results import WithPolicy
from control_pgm.control.solutions.parts import ARRAYS, NUMBERS, Part, Plan
from control_pgm.control.solutions.posterior import PosteriorSolution
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solve import solve
from control_pgm.control.solve_options import has_temperature
from control_pgm.display import number, text_table
from control_pgm.errors import ControlPGMError, InvalidArgument, NotAvailable
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

_FEW = 4  # values that are all written


@dataclass(frozen=True, eq=False, repr=False)
class Solutions(Savable, WithPolicy):
    """The solutions of several problems under one type of inference; made by `solve_many`.

    Arrays are those of `Solution` with a first axis b that counts the problems, over the times of the longest horizon:
    NaN stands where a problem has ended before. ``solutions[k]`` is the solution of one of them, with everything that a
    `Solution` has. What the type of inference does not have raises `NotAvailable`.

    ===========================  =============  =================================================
    attribute                    axes           meaning and unit
    ===========================  =============  =================================================
    policy                       b, t, s, a     pi(a_t | s_t); NaN where optimality is impossible
    Q, V, advantage              b, t, s[, a]   as in `Solution`, reward; V has T+1 rows
    state_marginals              b, t, s        the distribution of s_t, T+1 rows
    state_action_marginals       b, t, s, a     the distribution of (s_t, a_t)
    log_evidence                 b              log p(O=1) of shifted rewards, nats
    log_evidence_unshifted       b              log p(O=1) + sum_t c_t/alpha, nats
    soft_value, value            b              as in `Solution`, reward
    elbo, gap                    b              of variational inference, nats
    log_probability              b              of the most probable trajectories ("map"), nats
    plans, lower, upper          b              of "marginal-map"
    ===========================  =============  =================================================

    Attributes
    ----------
    networks : sequence of ControlNetwork
        One for each problem.
    inference : str
        The type of inference.
    risks : tuple of float
        lambda of each problem of inference="planning"; otherwise empty.
    varying : tuple of str
        What was given one for each problem.
    """

    networks: Sequence[ControlNetwork]
    inference: str
    risks: tuple[float, ...]
    varying: tuple[str, ...]
    parts: tuple[Part, ...]

    def __len__(self) -> int:
        return len(self.networks)

    def __getitem__(self, k: int) -> Solution:
        if not is_count(k, least=-len(self)) or k >= len(self):
            raise InvalidArgument(f"problem {k!r}", allowed=f"0 … {len(self) - 1}")
        k = int(k) % len(self)
        part = next(part for part in self.parts if k in part.members)
        held = part.solution(list(part.members).index(k))
        return held or solve(self.networks[k], inference=self.inference, risk=self.risks[k] if self.risks else None)

    def __iter__(self) -> Iterator[Solution]:
        return (self[k] for k in range(len(self)))

    @property
    def horizons(self) -> tuple[int, ...]:
        """T of every problem."""
        return tuple(network.horizon for network in self.networks)

    @property
    def temperatures(self) -> FloatArray:
        """alpha of every problem, in units of reward."""
        return np.array([network.temperature for network in self.networks])

    # --- arrays -------------------------------------------------------------------------------------------------
    @cached_property
    def policy(self) -> LabelledArray:
        """pi(a_t | s_t) of every problem, axes b, t, s, a; NaN where optimality is impossible."""
        return self._array("policy")

    @cached_property
    def Q(self) -> LabelledArray:
        """The value of acting, axes b, t, s, a, in units of reward."""
        return self._array("Q")

    @cached_property
    def V(self) -> LabelledArray:
        """The value of a state, axes b, t, s, in units of reward; T+1 rows."""
        return self._array("V")

    @cached_property
    def advantage(self) -> LabelledArray:
        """Q − V in units of reward; NaN where both are −inf."""
        return self._array("advantage")

    @cached_property
    def state_marginals(self) -> LabelledArray:
        """The distribution of s_t of every problem; T+1 rows."""
        return self._array("state_marginals")

    @cached_property
    def state_action_marginals(self) -> LabelledArray:
        """The distribution of (s_t, a_t) of every problem."""
        return self._array("state_action_marginals")

    # --- numbers ------------------------------------------------------------------------------------------------
    @property
    def log_evidence(self) -> FloatArray:
        """log p(O_{0:T−1}=1) of every problem, in nats, of rewards shifted by its c_t."""
        return self._numbers("log_evidence")

    @property
    def soft_value(self) -> FloatArray:
        """The value of the start at temperature alpha of every problem, in units of reward."""
        return self._numbers("soft_value")

    @property
    def value(self) -> FloatArray:
        """The value of the start of every problem, in units of reward; not of the posterior."""
        return self._numbers("value")

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The best plan of every problem, of inference="marginal-map"."""
        return tuple(plan for _, plan in sorted(pair for part in self.parts for pair in self._pairs(part)))

    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self), name):  # an attribute that there is has failed to compute: say how
            return object.__getattribute__(self, name)
        if name in NUMBERS and "parts" in vars(self):
            return self._numbers(name)
        if not name.startswith("_") and hasattr(PosteriorSolution, name):
            raise NotAvailable(f"many solutions have no {name}", remedy=f"ask one of them: solutions[k].{name}")
        return object.__getattribute__(self, name)

    # --- putting parts together ---------------------------------------------------------------------------------
    def _array(self, name: str) -> LabelledArray:
        mdp, dims = self.networks[0].mdp, ARRAYS[name]
        first = self._of(self.parts[0], lambda: self.parts[0].array(name))
        values = first
        if len(self.parts) > 1:
            sizes = {"t": max(self.horizons), "T": max(self.horizons) + 1, "s": mdp.n_states, "a": mdp.n_actions}
            values = np.full([len(self), *(sizes[dim] for dim in dims)], np.nan)
            for k, part in enumerate(self.parts):
                own = first if k == 0 else self._of(part, lambda part=part: part.array(name))  # type: ignore[misc]
                values[list(part.members), : own.shape[1]] = own
        coords = {"b": Labels(range(len(self))), "t": Labels(range(values.shape[1])), "s": mdp.states, "a": mdp.actions}
        names = ("b", *dims.lower())
        return LabelledArray(lock(values.view()), names, {name: coords[name] for name in names})

    def _numbers(self, name: str) -> FloatArray:
        found = np.empty(len(self))
        for part in self.parts:
            found[list(part.members)] = self._of(part, lambda part=part: part.numbers(name))  # type: ignore[misc]
        return lock(found)

    def _pairs(self, part: Part) -> Iterable[tuple[int, Plan]]:
        return zip(part.members, self._of(part, part.plans), strict=True)

    def _of(self, part: Part, compute: Callable[[], Any]) -> Any:
        """What a part computes; errors of a single problem name it."""
        try:
            return compute()
        except NotAvailable:
            raise
        except ControlPGMError as error:
            if len(part.members) > 1:
                raise
            raise error.of(named(part.members[0], len(self))) from None

    def _arrays(self) -> Mapping[str, LabelledArray]:
        return {name: array for name in ARRAYS if (array := self.available(name)) is not None}

    def available(self, name: str) -> Any:
        """An attribute, or None where the type of inference does not have it, or the problems have none."""
        try:
            return getattr(self, name)
        except ControlPGMError:
            return None

    # --- showing ------------------------------------------------------------------------------------------------
    def _facts(self) -> list[tuple[str, str]]:
        """What is the same for all problems, and the range of what is not."""
        numbers: dict[str, Sequence[float]] = {"horizon": self.horizons}
        if has_temperature(self.inference):
            numbers["temperature"] = self.temperatures.tolist()
        if self.risks:
            numbers["risk"] = self.risks
        facts = []
        for name, values in numbers.items():
            distinct = list(dict.fromkeys(map(number, values)))
            few = ", ".join(distinct) if len(distinct) <= _FEW else f"{number(min(values))} … {number(max(values))}"
            facts.append((f"{name}s" if len(distinct) > 1 else name, few))
        others = [name for name in self.varying if name not in ("horizon", "temperatures", "risks")]
        return [*facts, *([("one each", ", ".join(others))] if others else [])]

    def __repr__(self) -> str:
        facts = ", ".join(f"{name} {text}" for name, text in self._facts())
        return f"Solutions({len(self)} × {self.networks[0].mdp!r}, inference={self.inference!r}, {facts})"

    def __str__(self) -> str:
        mdp = self.networks[0].mdp
        rows = [["inference", self.inference], ["problems", str(len(self))]]
        rows += [["states, actions", f"{mdp.n_states}, {mdp.n_actions}"], *map(list, self._facts())]
        return text_table(["solutions", ""], rows)


def named(k: int, count: int) -> str:
    """What errors call one of many problems.

    >>> named(1, 3)
    'problem 1 (of 0 … 2)'
    """
    return f"problem {k} (of 0 … {count - 1})"
