"""Two-slice templates and their unrolling into an explicit dynamic Bayesian network."""

from __future__ import annotations

import operator
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, SupportsIndex

from control_pgm.errors import InvalidArgument, InvalidModel, unknown
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.models.outline import Slices, touching
from control_pgm.models.svg import template_picture
from control_pgm.tables.factor import Factor, same_states_error
from control_pgm.tables.recurrence.series import Series
from control_pgm.tables.variable import Labels, Variable

PRIME = "'"
_NEXT = re.compile(r"_?(?:next|new|prime|t?\+?1|p|2)_?")  # what others add to the name of a variable in the next slice


class DynamicBayesianNetwork(BayesianNetwork):
    """A Bayesian network unrolled over ``horizon`` steps; slices share their tables.

    Attributes
    ----------
    horizon : int
        The number of steps T; slices are numbered 0 … T.
    template : TwoSliceTemplate
        What it was unrolled from.
    varying : mapping
        child name as in the template's transition -> one CPD per step in place of the template's.
    replaced : mapping
        variable name -> the CPD that was put in the place of the template's.
    added : tuple of CPD
        The CPDs of variables that the template does not have.
    """

    horizon: int
    template: TwoSliceTemplate
    varying: Mapping[str, Sequence[CPD]]
    replaced: Mapping[str, CPD]
    added: tuple[CPD, ...]

    @classmethod
    def of(
        cls, template: TwoSliceTemplate, horizon: int, varying: Mapping[str, Sequence[CPD]]
    ) -> DynamicBayesianNetwork:
        """The network of a template, whose CPDs are made when they are first read; nothing is checked again."""
        self = object.__new__(DynamicBayesianNetwork)
        self.__dict__.update(
            factors=(), template=template, horizon=horizon, varying=dict(varying), replaced={}, added=()
        )
        return self

    @property
    def uniform(self) -> bool:
        """Whether every step is the template's own: nothing varies, nothing was replaced or added."""
        return not (self.varying or self.replaced or self.added or self.factors)

    @cached_property
    def series(self) -> Mapping[str, Series]:
        """The tables of `varying` by the name of their child."""
        return {name: Series.of([cpd.scaled for cpd in cpds]) for name, cpds in self.varying.items()}

    def __getattr__(self, name: str) -> Any:
        if name not in ("cpds", "topological") or "varying" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        cpds = tuple(self.template.cpds(range(self.horizon), self.varying))
        self.__dict__.update(cpds=cpds, topological=tuple([cpd.child.name for cpd in cpds]))
        return self.__dict__[name]

    @property
    def slices(self) -> Slices | None:
        """The slices 0 … T, without a pass over all of them where nothing was replaced."""
        if self.replaced or any(cpd.child.time not in range(self.horizon + 1) for cpd in self.added):
            return super().slices
        ends = ([cpd.child for cpd in self.touching([t]) if cpd.child.time == t] for t in (0, self.horizon))
        return Slices.of(range(self.horizon + 1), *ends)

    def touching(self, times: Collection[int] | None) -> tuple[CPD, ...]:
        """The CPDs that mention a variable of these times, slice by slice; only these are made."""
        if times is None or self.replaced:
            return super().touching(times)
        steps = sorted({step for t in times for step in (t - 1, t) if 0 <= step < self.horizon})
        found = touching([*self.template.cpds(steps, self.varying), *self.added], times)
        return tuple(sorted(found, key=lambda cpd: -1 if cpd.child.time is None else cpd.child.time))

    def irregular(self) -> tuple[CPD, ...]:
        """The CPDs that need not have one like them in the first slices: those added."""
        return super().irregular() if self.replaced else self.added

    def _with(self, cpds: Sequence[CPD], factors: Sequence[Factor]) -> Self:
        new = super()._with(cpds, factors)
        own = len(self.cpds) - len(self.added)
        changed = {c.child.name: c for c, old in zip(cpds[:own], self.cpds, strict=False) if c is not old}
        new.__dict__.update(replaced={**self.replaced, **changed}, added=tuple(cpds[own:]))
        return new


@dataclass(frozen=True, eq=False, init=False, repr=False)
class TwoSliceTemplate:
    """One slice and the step to the next: variables x, and x' (a prime marks the next slice).

    Parameters
    ----------
    initial : iterable of CPD
        The distribution of the first slice, over unprimed variables.
    transition : iterable of CPD
        The step t → t+1. A child without a prime belongs to slice t, a primed child to slice t+1.
    episode : iterable of CPD, optional
        Variables that exist once for all slices, and keep their names; slices have them as parents.

    Raises
    ------
    InvalidModel
        If a variable lacks a CPD in some slice or has two, or the prime is used otherwise.

    Notes
    -----
    In slice 0 a variable comes from ``initial`` or, if its child in ``transition`` is unprimed, from there. Two styles
    therefore both work: hidden Markov models written as (x, y; x' | x, y' | x'), whose every slice 0 … T is complete,
    and decision processes written as (s; a | s, O | s a, s' | s a), whose last slice holds s_T alone.

    Examples
    --------
    >>> x, x1 = Variable("x", 2), Variable("x'", 2)
    >>> net = TwoSliceTemplate([CPD(x, [], [1, 0])], [CPD(x1, [x], [[0.9, 0.1], [0.5, 0.5]])]).unroll(3)
    >>> net.topological
    ('x_0', 'x_1', 'x_2', 'x_3')
    """

    initial: tuple[CPD, ...]
    transition: tuple[CPD, ...]
    episode: tuple[CPD, ...]

    def __init__(self, initial: Iterable[CPD], transition: Iterable[CPD], episode: Iterable[CPD] = ()) -> None:
        self.__dict__.update(initial=tuple(initial), transition=tuple(transition), episode=tuple(episode))
        self._validate()

    @classmethod
    def of(cls, initial: Iterable[CPD], transition: Iterable[CPD]) -> TwoSliceTemplate:
        """A template over CPDs that are known to fit; nothing is checked."""
        self = object.__new__(cls)
        self.__dict__.update(initial=tuple(initial), transition=tuple(transition), episode=())
        return self

    def unroll(self, horizon: int, *, varying: Mapping[str, Sequence[CPD]] | None = None) -> DynamicBayesianNetwork:
        """The explicit network over ``horizon`` steps.

        Parameters
        ----------
        horizon : int
            The number of steps T ≥ 1.
        varying : mapping, optional
            child name (as in ``transition``) -> T CPDs that replace the template's, one per step.
        """
        if isinstance(horizon, bool) or not isinstance(horizon, SupportsIndex) or operator.index(horizon) < 1:
            raise InvalidArgument(f"horizon {horizon!r}", allowed="an integer ≥ 1")
        horizon = operator.index(horizon)
        varying = varying or {}
        self._check_varying(varying, horizon)
        return DynamicBayesianNetwork.of(self, horizon, varying)

    @cached_property
    def first(self) -> tuple[CPD, ...]:
        """The CPDs of the first slice, parents before children."""
        return _sorted(self.initial)

    @cached_property
    def step(self) -> tuple[CPD, ...]:
        """The CPDs of the transition, parents before children."""
        return _sorted(self.transition)

    @cached_property
    def states(self) -> Mapping[str, Labels]:
        """name without time -> states."""
        return {v.name.removesuffix(PRIME): v.states for cpd in (*self.initial, *self.step) for v in cpd.variables}

    def slices(self, horizon: int) -> dict[str, int]:
        """name without time -> how many slices of an unrolled network have it: T+1 if the last one has it, else T."""
        names = [cpd.child.name for cpd in self.transition]
        return {n[:-1] if n[-1] == PRIME else n: horizon + (n[-1] == PRIME) for n in names}

    def cpds(self, steps: Iterable[int], varying: Mapping[str, Sequence[CPD]]) -> Iterator[CPD]:
        """The CPDs of the first slice and of steps in order, parents before children; tables are shared."""
        step = self.step
        once = {cpd.child.name: cpd.child for cpd in self.episode}
        made: dict[str, Variable] = {}

        def at(variable: Variable, t: int) -> Variable:
            """The variable of slice t or, with a prime, t+1; each is made once."""
            name = variable.name
            if once and name in once:
                return once[name]
            name, time = (name[:-1], t + 1) if name[-1] == PRIME else (name, t)
            name = f"{name}_{time}"
            if (found := made.get(name)) is None:
                found = made[name] = Variable(name, variable.states, time=time, kind=variable.kind)
            return found

        yield from self.episode
        for cpd in self.first:
            yield CPD.of([at(v, 0) for v in cpd.variables], cpd.scaled)
        for t in steps:
            for cpd in step:
                scaled = varying[cpd.child.name][t].scaled if varying and cpd.child.name in varying else cpd.scaled
                yield CPD.of([at(v, t) for v in cpd.variables], scaled)

    def _repr_svg_(self) -> str:
        """The picture that notebooks show."""
        return template_picture(self)

    _repr_html_ = _repr_svg_  # inside the page, where titles show under the pointer and are read aloud

    def __repr__(self) -> str:
        initial, transition = (", ".join(map(repr, cpds)) for cpds in (self.initial, self.transition))
        return f"TwoSliceTemplate(initial: {initial or 'none'}; transition: {transition or 'none'})"

    def _check_varying(self, varying: Mapping[str, Sequence[CPD]], horizon: int) -> None:
        if not isinstance(varying, Mapping):
            raise InvalidArgument(f"varying is no mapping but {type(varying).__name__}", allowed="{name: [CPD, …]}")
        own = {cpd.child.name: cpd for cpd in self.transition}
        for name, sequence in varying.items():
            if name not in own:
                raise unknown(name, own, what="child of the transition:")
            if isinstance(sequence, Factor) or not isinstance(sequence, Sequence):
                raise InvalidArgument(
                    f"varying[{name!r}] is {'one CPD' if isinstance(sequence, CPD) else type(sequence).__name__}",
                    allowed=f"a list of {horizon} CPDs, one per step",
                    remedy="a CPD for all steps belongs in transition",
                )
            if len(sequence) != horizon:
                raise InvalidArgument(f"varying[{name!r}] has {len(sequence)} CPDs", allowed=f"{horizon}, one per step")
            for t, cpd in enumerate(sequence):
                if not isinstance(cpd, CPD) or cpd.variables != own[name].variables:
                    raise InvalidArgument(
                        f"varying[{name!r}][{t}] is {cpd!r}", allowed=f"tables over {own[name].scope!r}"
                    )

    def _validate(self) -> None:
        first = {cpd.child.name for cpd in self.initial}
        for cpd in self.episode:
            if any(v.name.endswith(PRIME) for v in cpd.variables):
                raise InvalidModel(f"episode {cpd!r} mentions a slice", allowed="variables of the episode")
        inside = {c.child.name for c in self.transition if not c.child.name.endswith(PRIME)}
        after = {c.child.name[:-1] for c in self.transition if c.child.name.endswith(PRIME)}
        for cpd in self.initial:
            if any(v.name.endswith(PRIME) for v in cpd.variables):
                raise InvalidModel(f"initial {cpd!r} mentions the next slice", allowed="unprimed variables")
        for name in dict.fromkeys(cpd.child.name.removesuffix(PRIME) for cpd in (*self.initial, *self.transition)):
            if (fault := _fault(name, first, inside, after)) is not None:
                wrong, remedy = fault
                raise InvalidModel(
                    f"variable {name!r} has {wrong}",
                    allowed=f"p({name}) in initial with p({name}' | …) in transition, or p({name} | …) in transition",
                    remedy=remedy,
                )
        states: dict[str, Variable] = {}
        for cpd in (*self.initial, *self.transition):
            for v in cpd.variables:
                first_mention = states.setdefault(v.name.removesuffix(PRIME), v)
                if first_mention.states is not v.states and first_mention.states != v.states:
                    raise same_states_error(first_mention, v)
        # Two steps show every kind of edge: the full checks on them hold for any horizon.
        BayesianNetwork(self.unroll(2).cpds)


def _fault(name: str, first: Set[str], inside: Set[str], after: Set[str]) -> tuple[str, str] | None:
    """What is wrong with where the CPDs of a variable are, and the remedy; None if each slice has one."""
    if name in inside and name in first:
        return "two CPDs in slice 0", f"leave out p({name}) in initial, or write {name}' for the next slice"
    if name in inside and name in after:
        return "two CPDs in slice 1", f"leave out p({name} | …) or p({name}' | …) in transition"
    if name in after and name not in first:
        return "no CPD in slice 0", f"add p({name}) to initial"
    if name in first and name not in after:
        added = {other: (other.removeprefix(name), other.removesuffix(name)) for other in sorted(inside)}
        meant = [other for other, parts in added.items() if any(map(_NEXT.fullmatch, parts))]
        hint = f": the next slice is written {name + PRIME!r}, not {meant[0]!r}" if meant else ""
        return "no CPD in slice 1", f"add p({name}' | …) to transition{hint}"
    return None


def _sorted(cpds: tuple[CPD, ...]) -> tuple[CPD, ...]:
    """Parents before children within a step, the slice before the next one, otherwise as given."""
    order: list[CPD] = []
    waiting = sorted(cpds, key=lambda cpd: cpd.child.name.endswith(PRIME))
    while waiting:
        children = {c.child.name for c in waiting}
        ready = next((c for c in waiting if not any(p.name in children for p in c.parents)), None)
        if ready is None:  # a cycle, which the network's own check names
            return cpds
        order.append(ready)
        waiting.remove(ready)
    return tuple(order)
