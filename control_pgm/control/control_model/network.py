"""Unrolled networks of control models: the declared variables, and an optimality node for each reward and step."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from control_pgm.control.control_model.model import ControlModel
from control_pgm.control.control_model.rewards import Reward
from control_pgm.control.network.optimality_network import OPTIMALITY, OptimalityNetwork
from control_pgm.control.network.unroll_arguments import check_length, check_temperature
from control_pgm.models.cpd import CPD
from control_pgm.models.every_slice import EverySlice
from control_pgm.models.template import DynamicBayesianNetwork, TwoSliceTemplate
from control_pgm.tables.frozen_mapping import FrozenMapping
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.sparse.array import Table
from control_pgm.tables.variable import Labels, Variable


class ModelNetwork(OptimalityNetwork):
    """The unrolled network of a `ControlModel`; made by `unroll`.

    What is added with ``kind="optimality"`` belongs to `optimal`: it is observed to be 1. Another table for an
    optimality node, and every added factor, counts temperature · log of its numbers as reward.

    Attributes
    ----------
    model : ControlModel
    horizon : int
        T, the number of actions.
    temperature : float
        alpha, in units of reward.
    """

    model: ControlModel
    temperature: float
    _final: Mapping[str, Scaled]  # optimality node of a final reward -> its table as unrolled

    @property
    def own_optimal(self) -> Mapping[str, Hashable]:
        """The evidence about the nodes that unrolling makes: {O_t: 1}, one for each reward."""
        rewards = self.model.rewards
        steps = EverySlice({r.node: 1 for r in rewards}, {r.node: self.horizon for r in rewards})
        return FrozenMapping(dict(steps) | dict.fromkeys(self._final, 1)) if self._final else steps

    # --- rewards --------------------------------------------------------------------------------------------------
    @cached_property
    def paid(self) -> list[tuple[Reward, int, str]]:
        """Every reward of every step: the term, its time, and the name of its optimality node."""
        own = [(r, t, f"{r.node}_{t}") for t in range(self.horizon) for r in self.model.rewards]
        return [*own, *((r, self.horizon, f"{r.node}_{self.horizon}") for r in self.model.final)]

    @property
    def reward_shift(self) -> float:
        """The sum of all c_k: what is added to alpha · log-evidence for the value in units of reward."""
        shift = 0.0
        for reward in self.model.rewards:
            shift += float(reward.largest.sum()) * (1 if reward.varying else self.horizon)
        return shift + sum(float(reward.largest) for reward in self.model.final)

    def values(self) -> Mapping[str, Table]:
        """Name of an optimality node -> rewards over its free parents, as they were declared or replaced."""
        rewards = self.model.rewards
        if self.uniform and not self.observations and not any(r.varying for r in rewards):
            return EverySlice({r.node: r.table for r in rewards}, {r.node: self.horizon for r in rewards})
        found: dict[str, Table] = {}
        seen = self.evidence
        for reward, t, name in self.paid:
            cpd = self.cpd(name)
            table = reward.table[t] if reward.varying else reward.table  # one array for all slices that are equal
            if cpd.scaled is not self._unrolled(reward, t, name):
                index: tuple[Any, ...] = (*(slice(None) for _ in cpd.parents), cpd.child.index(1))
                shift = reward.largest[t] if reward.varying else reward.largest
                table = self.temperature * cpd.log_array()[index] + shift
            if any(p.name in seen for p in cpd.parents):
                at: list[Any] = [p.index(seen[p.name]) if p.name in seen else slice(None) for p in cpd.parents]
                table = np.asarray(table[tuple(at)])
            found[name] = table
        return found

    def _unrolled(self, reward: Reward, t: int, name: str) -> Scaled:
        """The table that unrolling made for an optimality node."""
        if name in self._final:
            return self._final[name]
        varying = self.varying.get(reward.node)
        if varying is not None:
            return varying[t].scaled
        return next(cpd.scaled for cpd in self.template.transition if cpd.child.name == reward.node)

    # --- actions --------------------------------------------------------------------------------------------------
    @property
    def choices(self) -> list[tuple[int, str, str]]:
        """Time, name without time, and name of every action, in the order of choice."""
        return [(t, base, f"{base}_{t}") for t in range(self.horizon) for base in self.model.actions]

    def information(self, base: str, t: int) -> tuple[str, ...]:
        """The names of what is known when an action is chosen."""
        once = {cpd.child.name for cpd in self.model.episode}
        return tuple([name if name in once else f"{name}_{t}" for name in self.model.sees[base]])

    def states(self, name: str) -> Labels:
        """The states of a variable of the model in some slice, or of the episode; no table is made for that."""
        once = next((cpd.child.states for cpd in self.template.episode if cpd.child.name == name), None)
        return self.template.states[name.rpartition("_")[0]] if once is None else once

    def __repr__(self) -> str:
        return f"ModelNetwork({self.model!r}, horizon {self.horizon}, temperature {self.temperature:g})"


def unroll_model(model: ControlModel, horizon: int, *, temperature: Any = 1.0) -> ModelNetwork:
    """The explicit network of a control model over T steps; see `unroll`."""
    steps, alpha = check_length(horizon), check_temperature(temperature)
    for reward in (*model.rewards, *model.final):
        reward.check(model.scope(reward), steps)
    nodes = [_node(model, reward, alpha, 0 if reward.varying else None) for reward in model.rewards]
    template = TwoSliceTemplate(model.initial, [*model.transition, *nodes], episode=model.episode)
    varying = dict(model.varying)
    for reward in model.rewards:
        if reward.varying:
            varying[reward.node] = [_node(model, reward, alpha, t) for t in range(steps)]
    network = template.unroll(steps, varying=varying)
    made: ModelNetwork = object.__new__(ModelNetwork)
    fields = {"model": model, "temperature": alpha, "_given": FrozenMapping({}), "_final": {}}
    made.__dict__.update({**vars(network), **fields})
    final = [_final_node(model, network, reward, alpha) for reward in model.final]
    if final:
        made = made.extend(*final)
        made.__dict__["_final"] = {cpd.child.name: cpd.scaled for cpd in final}
    return made


def _node(model: ControlModel, reward: Reward, alpha: float, t: int | None) -> CPD:
    """The optimality node of a reward, as the template has it."""
    return CPD.of([*model.scope(reward), Variable(reward.node, 2, kind=OPTIMALITY)], reward.optimality(alpha, t))


def _final_node(model: ControlModel, network: DynamicBayesianNetwork, reward: Reward, alpha: float) -> CPD:
    """That of a final reward."""
    once = {cpd.child.name for cpd in model.episode}
    last = network.horizon
    scope = [network.variable(name if name in once else f"{name}_{last}") for name in reward.scope]
    node = Variable(f"{reward.node}_{last}", 2, time=last, kind=OPTIMALITY)
    return CPD.of([*scope, node], reward.optimality(alpha))
