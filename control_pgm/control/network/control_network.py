"""Control networks: the unrolled network of a process, its evidence, and what changes of it mean for rewards."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.optimality_network import OptimalityNetwork
from control_pgm.control.network.priors import Prior
from control_pgm.control.network.replaced_stages import replaced_stage
from control_pgm.control.network.slices import Stage, make_slice, stage_of
from control_pgm.control.network.tables import optimality_table
from control_pgm.errors import NotAvailable
from control_pgm.models.cpd import CPD
from control_pgm.models.every_slice import EverySlice
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled


class ControlNetwork(OptimalityNetwork):
    """The unrolled network of a decision process: s_0 … s_T, a_0 … a_{T−1}, O_0 … O_{T−1} (and O_T). See `unroll`.

    The kinds of its variables are "state", "action" and "optimality", for which pictures have rows and colours of their
    own. What is added with ``kind="optimality"`` belongs to `optimal`: it needs a state 1, and is observed to be 1.

    Notes
    -----
    What `replace` and `extend` mean for rewards:

    - Other dynamics p(s_{t+1}|s_t,a_t), or another prior p(a_t|s_t): every outcome is paid its reward r(s,a,s') of the
      process, also one that was impossible before, and what discount ends has collected what it would have reached.
      ``reward_shift`` rises where the largest reward rises, and never falls; ``log_evidence_unshifted`` and the
      posterior do not depend on it. Rewards are known where they were given: for all outcomes by an array or a
      `gridworld`, in a sparse reward for its entries, in a list of outcomes for those listed. Where more becomes
      possible than is known, the change is refused.
    - Another p(s_0): nothing changes.
    - Another table p(O_t|…) is left alone from then on: alpha log p(O_t=1|·) + c_t is what it pays, whatever else is
      replaced.
    - An added factor, or node of kind "optimality", pays alpha log of its value beside all rewards.

    Attributes
    ----------
    mdp : MDP
    horizon : int
        T, the number of actions.
    temperature : float
        alpha, in units of reward; not available where it varies over the steps.
    temperatures : array
        alpha_t of each step.
    reward_shift : array
        c_t for each optimality node, in units of reward.
    counting : tuple of Factor
        The factors that turn a uniform prior into counting (``action_prior="counting"``); otherwise empty.
    prior : Prior
        p(a|s) as it was given.
    as_unrolled : bool
        Whether nothing was replaced or added since.
    """

    mdp: MDP
    temperature: float
    temperatures: FloatArray
    reward_shift: FloatArray
    counting: tuple[Factor, ...]
    prior: Prior
    as_unrolled: bool  # whether nothing was replaced or added since
    _replaced: Mapping[int, tuple[Stage, Scaled]]  # t -> what step t is made of since it was replaced, and its p(O|…)

    @property
    def own_optimal(self) -> Mapping[str, Hashable]:
        """The evidence about the nodes that unrolling makes: {O_t: 1}."""
        return EverySlice({"O": 1}, {"O": len(self.reward_shift)})

    @property
    def scheduled(self) -> bool:
        """Whether the temperature varies over the steps."""
        return "temperature" not in self.__dict__

    def __getattr__(self, name: str) -> Any:
        if name == "temperature" and "temperatures" in self.__dict__:
            raise NotAvailable(
                "a network with a schedule of temperatures has no single temperature", remedy="see .temperatures"
            )
        return super().__getattr__(name)

    def stage(self, t: int) -> Stage:
        """What step t is made of: dynamics, rewards and prior, of the process or as they were replaced."""
        return self._replaced[t][0] if t in self._replaced else stage_of(self.mdp, t, self.prior.at(t))

    @property
    def replaced_steps(self) -> Collection[int]:
        """The steps whose `stage` is not the process's own."""
        return self._replaced.keys()

    def rewarded(self, t: int) -> Scaled:
        """p(O_t|·) as it follows from the rewards; another table in its place is the user's own."""
        if t in self._replaced:
            return self._replaced[t][1]
        return self._unrolled("O", t)

    def own_prior(self, t: int) -> bool:
        """Whether p(a_t|s_t) is as it was unrolled; another table in its place is the user's own."""
        return self.cpd(f"a_{t}").scaled is self._unrolled("a", t)

    def _unrolled(self, base: str, t: int) -> Scaled:
        """The table that unrolling made for a variable, named without its time, of step t."""
        varying = self.varying.get(base)
        if varying is not None:
            return varying[t].scaled
        return next(cpd.scaled for cpd in self.template.transition if cpd.child.name == base)

    def replace(self, cpd: CPD) -> Self:
        """The network with another CPD for ``cpd.child``, whose outcomes are paid the rewards of the process.

        Parameters
        ----------
        cpd : CPD

        Raises
        ------
        InvalidModel
            If actions become possible that were not available, or outcomes for which no reward is known; names t, s,
            a, s'. As `BayesianNetwork.replace` does.

        Examples
        --------
        A jump to a shop that was out of reach pays what entering the shop pays:

        >>> from control_pgm import MDP, unroll
        >>> mdp = MDP([[[1, 0]], [[0, 1]]], [[[0, 5]], [[0, 0]]], states=["home", "shop"], initial="home")
        >>> net = unroll(mdp, 1)
        >>> s, a, after = net.variable("s_0"), net.variable("a_0"), net.variable("s_1")
        >>> jump = net.replace(CPD(after, [s, a], [[[0, 1]], [[0, 1]]]))
        >>> float(jump.infer().log_evidence * net.temperature + jump.reward_shift.sum())
        5.0
        """
        t = self._step_of.get(cpd.child.name) if self._fits(cpd) else None
        if t is None:
            return super().replace(cpd)
        old = self.cpd(f"O_{t}")
        stage = replaced_stage(self, cpd, t, rewarded=old.scaled is self.rewarded(t))
        if stage is None:
            return super().replace(cpd)
        made = make_slice(stage, float(self.temperatures[t]), least=float(self.reward_shift[t]))
        table = optimality_table(made, stage.transition)
        others = {cpd.child.name: cpd, old.child.name: CPD.of(old.variables, table)}
        new = self._with([others.get(c.child.name, c) for c in self.cpds], self.factors)
        shift = self.reward_shift.copy()
        shift[t] = made.shift
        new.__dict__.update(reward_shift=lock(shift), _replaced={**self._replaced, t: (stage, table)})
        return new

    def _fits(self, cpd: CPD) -> bool:
        """Whether a CPD is one over variables of the network; what is wrong with others is found elsewhere."""
        if not isinstance(cpd, CPD):
            return False
        own = [self._cpd_of.get(variable.name) for variable in cpd.variables]
        return all(k is not None and k.child == variable for k, variable in zip(own, cpd.variables, strict=True))

    @cached_property
    def _step_of(self) -> Mapping[str, int]:
        """The step whose rewards depend on the table of a variable: that of s_{t+1} or a_t."""
        steps = range(self.horizon)
        return {f"s_{t + 1}": t for t in steps} | {f"a_{t}": t for t in steps}

    def _with(self, cpds: Sequence[CPD], factors: Sequence[Factor]) -> Self:
        new = super()._with(cpds, factors)
        new.__dict__["as_unrolled"] = False
        return new

    def anchored(self) -> Self:
        """The same joint of what is not observed; tables of observed variables alone are one weight of s_0.

        Such a table is a number, as p(O_t=1) without parents, a factor on O_t or one without variables. On s_0 it
        counts into beta_0 and V_0, so that alpha and beta cover all evidence.
        """
        if self.as_unrolled:
            return self
        seen = self.evidence
        changed = (*self.replaced.values(), *self.added)  # tables as unrolled have a free variable
        cpds = [cpd for cpd in changed if all(name in seen for name in cpd.scope)]
        factors = [factor for factor in self.factors if all(name in seen for name in factor.scope)]
        if not cpds and not factors:
            return self
        log_weight, certain = 0.0, {}
        for table in (*cpds, *factors):
            log_weight += float(table.log_array()[tuple(v.index(seen[v.name]) for v in table.variables)])
        for cpd in cpds:
            rows = np.zeros(cpd.shape)
            rows[..., cpd.child.index(seen[cpd.child.name])] = 1.0
            certain[cpd.child.name] = CPD(cpd.child, cpd.parents, rows)
        first, gone = self.variable("s_0"), {id(factor) for factor in factors}
        weight = Factor([first], np.full(first.cardinality, log_weight), log=True)
        return self._with(
            [certain.get(cpd.child.name, cpd) for cpd in self.cpds],
            [*(factor for factor in self.factors if id(factor) not in gone), weight],
        )

    def __repr__(self) -> str:
        first, last = self.temperatures[0], self.temperatures[-1]
        alpha = f"temperatures {first:g} … {last:g}" if self.scheduled else f"temperature {first:g}"
        return f"ControlNetwork({self.mdp!r}, horizon {self.horizon}, {alpha})"


def given_prior(network: ControlNetwork) -> FloatArray | str | None:
    """The action prior of a network, as `unroll` takes it.

    Raises
    ------
    NotAvailable
        If other tables were put in its place; names the first.
    """
    for t in range(0 if network.as_unrolled else network.horizon):
        cpd, prior = network.cpd(f"a_{t}"), network.prior.at(t)
        table = cpd.array()[: len(prior)] if cpd.parents else cpd.array()
        if not set(cpd.scope) <= {f"s_{t}", f"a_{t}"} or not np.allclose(table, prior, rtol=0.0, atol=1e-12):
            raise NotAvailable(
                f"the action prior of a network in which {cpd.child.name!r} was replaced",
                remedy="pass action_prior=…, or solution.policy in place of the solution",
            )
    return network.prior.given
