"""Solutions of control models: policies over what actions see, values, and what a policy gets under the dynamics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from control_pgm.control.control_model.network import ModelNetwork
from control_pgm.control.control_model.policies import optimal_policy_of, posterior_policy, spread, unseen
from control_pgm.control.control_model.values import ModelValues
from control_pgm.control.solutions.weights import Operators
from control_pgm.display import number, text_table
from control_pgm.errors import NotAvailable
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.infer import infer
from control_pgm.inference.map.marginal_map import MarginalMap
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, Plan
from control_pgm.inference.tree.sampling import Samples
from control_pgm.inference.utility.elimination import eliminate_values
from control_pgm.inference.utility.result import Valued
from control_pgm.models.cpd import CPD
from control_pgm.progress import Progress
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.frozen import Restored
from control_pgm.tables.frozen_mapping import FrozenMapping
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels


@dataclass(frozen=True, eq=False, repr=False)
class ModelSolution(Restored):
    """The answers about a control model under one type of inference; made by `solve`.

    Attributes
    ----------
    network : ModelNetwork
        The unrolled network that was solved.
    inference : str
    operators : Operators
        Those that eliminate actions and all other variables.
    order : Plan
        The plan whose order is the model's own, backwards.
    open_loop : MarginalMap, optional
        The best plan that depends on nothing, of "marginal-map".
    memory_limit, progress
        As for `solve`.
    """

    network: ModelNetwork
    inference: str
    operators: Operators
    order: Plan
    open_loop: MarginalMap | None = None
    memory_limit: int = DEFAULT_MEMORY_LIMIT
    progress: Progress | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: all but the caller's function that reports progress."""
        return {**vars(self), "progress": None}

    @cached_property
    def valued(self) -> Valued:
        """The elimination of values.

        Raises
        ------
        NotAvailable
            If there is none: for an open-loop plan, and where the value of an action depends on what it does not see.
        """
        network = self.network
        if self.open_loop is not None:
            raise NotAvailable(f"values with inference={self.inference!r}", remedy="see .open_loop for its bounds")
        if (found := unseen(network, self.order)) is not None:
            action, variable = found
            raise NotAvailable(
                f"values of {action!r}, which depend on {variable!r} that it does not see",
                remedy="ask .posterior, or let the action see it",
            )
        actions = {name: self.operators.actions for _, _, name in network.choices if name not in network.evidence}
        return eliminate_values(
            self.order,
            actions,
            self.operators.states,
            unit=network.temperature,
            values=network.values(),
            progress=self.progress,
        )

    # --- policies -------------------------------------------------------------------------------------------------
    @property
    def policy(self) -> LabelledArray:
        """pi(u_t | what u sees), axes t, the variables seen, u; NaN where optimality is impossible.

        Raises
        ------
        NotAvailable
            If several variables are chosen: see `policies`.
        """
        if len(self.policies) > 1:
            raise NotAvailable(f"one policy of the actions {', '.join(self.policies)}", remedy="see .policies[name]")
        return next(iter(self.policies.values()))

    @cached_property
    def policies(self) -> Mapping[str, LabelledArray]:
        """The policy of every action by its name without time; axes as in `policy`."""
        names = self.network.model.actions
        return FrozenMapping({base: self._over_time(base, self._policy(base), np.nan) for base in names})

    def _policy(self, base: str) -> FloatArray:
        """The policy of an action, axes t, what is seen, the action."""
        if self.open_loop is not None:
            return self._planned(base, self.open_loop)
        if self.inference == "posterior":
            return posterior_policy(self.network, self.posterior, base)
        return optimal_policy_of(self.network, self.valued, self.operators.actions, base)

    def _planned(self, base: str, plan: MarginalMap) -> FloatArray:
        """The actions of a plan as a policy that does not depend on what is seen."""
        steps = []
        for t in range(self.network.horizon):
            variable = self.network.variable(f"{base}_{t}")
            point = np.zeros((1, variable.cardinality))
            point[0, variable.index(plan.assignment[variable.name])] = 1.0
            names = [*self.network.information(base, t), variable.name]
            steps.append(spread([variable.name], point, names, self.network))
        return np.concatenate(steps)

    def _over_time(self, base: str, values: FloatArray, missing: float, *, acting: bool = True) -> LabelledArray:
        """An array over the steps with the names and labels of its axes; ``missing`` beside what was observed."""
        values = np.array(values)
        for t in range(len(values)) if self.network.observations else ():
            for axis, name in enumerate(self.network.information(base, t)):
                if name in self.network.observations:
                    others = np.ones(values.shape[1 + axis], dtype=bool)
                    others[self.network.states(name).index_of[self.network.observations[name]]] = False
                    np.moveaxis(values[t], axis, 0)[others] = missing
        axes = [*self.network.model.sees[base], *([base] if acting else [])]
        names = [*self.network.information(base, 0), *([f"{base}_0"] if acting else [])]
        coords = {axis: self.network.states(name) for axis, name in zip(axes, names, strict=True)}
        return LabelledArray(lock(values), ("t", *axes), {"t": Labels(range(len(values))), **coords})

    # --- values ---------------------------------------------------------------------------------------------------
    @property
    def Q(self) -> LabelledArray:
        """The value of acting, axes as in `policy`, in units of reward; −inf where optimality is impossible."""
        return self._only("Q", self.action_values)

    @property
    def V(self) -> LabelledArray:
        """The value of what is seen before acting, axes t and the variables seen, in units of reward."""
        return self._only("V", self.state_values)

    @cached_property
    def action_values(self) -> Mapping[str, LabelledArray]:
        """Q of every action by its name without time, in units of reward.

        Raises
        ------
        NotAvailable
            If they depend on what an action does not see.
        """
        found, names = ModelValues(self.network, self.valued), self.network.model.actions
        return FrozenMapping({base: self._over_time(base, found.acting(base), -np.inf) for base in names})

    @cached_property
    def state_values(self) -> Mapping[str, LabelledArray]:
        """V of what every action sees, by its name without time, in units of reward; raises as `action_values`."""
        found, names = ModelValues(self.network, self.valued), self.network.model.actions
        return FrozenMapping({base: self._over_time(base, found.seen(base), -np.inf, acting=False) for base in names})

    def _only(self, what: str, found: Mapping[str, LabelledArray]) -> LabelledArray:
        if len(found) > 1:
            raise NotAvailable(
                f"one {what} of the actions {', '.join(found)}",
                remedy=f"see .{'action_values' if what == 'Q' else 'state_values'}[name]",
            )
        return next(iter(found.values()))

    @property
    def value(self) -> float:
        """The value of the start in units of reward: for the posterior alpha · log-evidence of unshifted rewards."""
        return self.valued.total

    # --- evidence -------------------------------------------------------------------------------------------------
    @cached_property
    def posterior(self) -> TreePosterior:
        """The posterior of the network given that every step is optimal."""
        network = self.network
        return TreePosterior(network, network.evidence, self.order, self.memory_limit, self.progress)

    @property
    def log_evidence(self) -> float:
        """log p(O=1) of shifted rewards, in nats."""
        return self.posterior.log_evidence

    @property
    def log_evidence_unshifted(self) -> float:
        """log p(O=1) + sum c/alpha, in nats: that of rewards as they are."""
        return self.log_evidence + self.network.reward_shift / self.network.temperature

    @property
    def elbo(self) -> float:
        """The evidence lower bound that the variational policy attains, in nats of shifted rewards."""
        if self.inference != "variational":
            raise NotAvailable(f"an ELBO of inference={self.inference!r}", remedy="solve(…, inference='variational')")
        return (self.value - self.network.reward_shift) / self.network.temperature

    @property
    def gap(self) -> float:
        """log_evidence − elbo, in nats: the Kullback-Leibler divergence from the policy's trajectories, ≥ 0."""
        return self.log_evidence - self.elbo

    # --- what a policy gets ---------------------------------------------------------------------------------------
    @cached_property
    def behaviour(self) -> ModelNetwork:
        """The network with the policies in the place of the action priors: its trajectories under the true dynamics.

        Where a policy is not defined, the prior stays.
        """
        network = self.network
        for t in range(network.horizon):
            for base in network.model.actions:
                cpd = network.cpd(f"{base}_{t}")
                seen = [network.variable(name) for name in network.information(base, t)]
                table = np.asarray(self.policies[base].values[t])
                prior = spread(cpd.scope, cpd.array()[None], [*(v.name for v in seen), cpd.child.name], network)[0]
                network = network.replace(CPD(cpd.child, seen, np.where(np.isnan(table), prior, table)))
        return network

    @cached_property
    def occupancy(self) -> TreePosterior:
        """The joint of all variables under the policies and the true dynamics: ``.marginal("x_3", "u_3")``.

        The posterior of trajectories given optimality, which may be luckier than the dynamics, is `posterior`.
        """
        return infer(self.behaviour, {}, memory_limit=self.memory_limit)

    @cached_property
    def expected_reward(self) -> float:
        """The expected sum of the declared rewards under the policies and the true dynamics, in units of reward.

        Tables in the place of optimality nodes, and added factors, do not count.
        """
        total = 0.0
        once = {cpd.child.name for cpd in self.network.model.episode}
        for reward, t, _ in self.network.paid:
            table = reward.table[t] if reward.varying else reward.table
            names = [_at(name, t, once) for name in reward.scope]
            weights = self.occupancy.marginal(*names).array(*names) if names else np.ones(())
            total += float(np.where(weights > 0, weights * np.where(weights > 0, table, 0.0), 0.0).sum())
        return total

    def simulate(self, n: int, seed: int | np.random.Generator) -> Samples:
        """Trajectories of the policies under the true dynamics, without optimality."""
        return self.occupancy.sample(n, seed)

    def __str__(self) -> str:
        rows = [["inference", self.inference], ["horizon", str(self.network.horizon)]]
        rows += [[f"{name} sees", ", ".join(seen) or "nothing"] for name, seen in self.network.model.sees.items()]
        if self.inference == "posterior":
            rows.append(["log evidence", number(self.log_evidence)])
        elif self.open_loop is None:
            rows.append(["value", number(self.value)])
        return text_table(["solution of a control model", ""], rows)

    def __repr__(self) -> str:
        return f"ModelSolution({self.inference}, {self.network!r})"


def _at(name: str, t: int, once: set[str]) -> str:
    """The name of a variable of a reward in a step."""
    if name in once:
        return name
    return f"{name[:-1]}_{t + 1}" if name.endswith("'") else f"{name}_{t}"
