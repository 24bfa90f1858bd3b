"""Control models: a two-slice declaration of variables by role, what actions see, and what is paid.

    p(z) p(x_0) prod_t p(u_t | …) p(x_{t+1} | x_t, u_t, …) prod_k p(O_t^k = 1 | …)

Roles are kinds of variables: "action" for what is chosen; "state", "observation" and "latent" for what is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from control_pgm.control.control_model.rewards import Reward
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.optimality_network import ACTION
from control_pgm.errors import InvalidArgument, InvalidModel, unknown
from control_pgm.models.cpd import CPD
from control_pgm.models.template import PRIME, TwoSliceTemplate
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.frozen import Restored
from control_pgm.tables.frozen_mapping import FrozenMapping
from control_pgm.tables.variable import Variable


@dataclass(frozen=True, eq=False, init=False, repr=False)
class ControlModel(Restored):
    """A decision process with any variables, declared slice by slice.

    Parameters
    ----------
    initial : iterable of CPD
        The first slice, as for `TwoSliceTemplate`.
    transition : iterable of CPD
        The step t → t+1: a child without a prime belongs to slice t, a primed one to slice t+1. Variables of the kind
        "action" are chosen; their CPD is the action prior.
    rewards : iterable of Reward
        What each step is paid; see `Reward`.
    episode : iterable of CPD
        Variables that exist once for all slices, such as a skill z; CPDs of slices name them without a prime.
    final : iterable of Reward
        What the last slice is paid, over variables that it has.
    sees : mapping, optional
        Name of an action -> the names of the variables that are known when it is chosen; by default the parents of its
        CPD. An action that sees nothing has an empty list.
    varying : mapping, optional
        Name of a child in ``transition`` -> a list of one CPD per step in place of the transition's.

    Raises
    ------
    InvalidModel
        On a cycle within a slice, variables whose states differ between slices, no action, an action without
        information, what is seen before it exists, and rewards over other variables than those of one step.

    Examples
    --------
    >>> x, after = (Variable(name, ["out", "in"], kind="state") for name in ("x", "x'"))
    >>> u = Variable("u", ["stay", "go"], kind="action")
    >>> model = ControlModel(
    ...     [CPD(x, [], [1, 0])],
    ...     [CPD(u, [], [0.5, 0.5]), CPD(after, [x, u], [[[1, 0], [0.2, 0.8]], [[0, 1], [0, 1]]])],
    ...     [Reward("", ["x"], [0, 1])],
    ...     sees={"u": ["x"]},
    ... )
    >>> model
    ControlModel(x; u sees x; 1 reward)
    """

    initial: tuple[CPD, ...]
    transition: tuple[CPD, ...]
    rewards: tuple[Reward, ...]
    episode: tuple[CPD, ...]
    final: tuple[Reward, ...]
    sees: Mapping[str, tuple[str, ...]]
    varying: Mapping[str, Sequence[CPD]]

    def __init__(
        self,
        initial: Iterable[CPD],
        transition: Iterable[CPD],
        rewards: Iterable[Reward],
        *,
        episode: Iterable[CPD] = (),
        final: Iterable[Reward] = (),
        sees: Mapping[str, Iterable[str]] | None = None,
        varying: Mapping[str, Sequence[CPD]] | None = None,
    ) -> None:
        first, step = tuple(initial), tuple(transition)
        actions = {cpd.child.name: cpd for cpd in step if cpd.child.kind == ACTION}
        known = {name: tuple([v.name for v in cpd.parents]) for name, cpd in actions.items()}
        for name, seen in (sees or {}).items():
            if name not in actions:
                raise unknown(name, actions, what="action (a variable of kind 'action' in the transition):")
            known[name] = (seen,) if isinstance(seen, str) else tuple(seen)
        values = {
            "initial": first,
            "transition": _in_order(step, known),
            "rewards": tuple(rewards),
            "episode": tuple(episode),
            "final": tuple(final),
            "sees": FrozenMapping(known),
            "varying": FrozenMapping(dict(varying or {})),
        }
        for field, value in values.items():
            object.__setattr__(self, field, value)
        self._check_actions(sees or {})
        self._check_rewards()
        self.template  # noqa: B018  (checks the slices)

    # --- parts ----------------------------------------------------------------------------------------------------
    @property
    def actions(self) -> tuple[str, ...]:
        """The names of what is chosen, in the order of choice."""
        return tuple([cpd.child.name for cpd in self.transition if cpd.child.kind == ACTION])

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """name -> variable, of the transition with their primes, and of the episode."""
        every = [v for cpd in (*self.episode, *self.initial, *self.transition) for v in cpd.variables]
        return FrozenMapping({v.name: v for v in reversed(every)})

    @cached_property
    def template(self) -> TwoSliceTemplate:
        """The two-slice template without rewards."""
        return TwoSliceTemplate(self.initial, self.transition, episode=self.episode)

    def scope(self, reward: Reward) -> tuple[Variable, ...]:
        """The variables of a reward."""
        return tuple([self.variables[name] for name in reward.scope])

    # --- other forms ----------------------------------------------------------------------------------------------
    @classmethod
    def from_mdp(cls, mdp: MDP) -> ControlModel:
        """The model of a flat process: one state s, one action a that sees it, and one reward.

        Raises
        ------
        InvalidArgument
            If the process is discounted and its rewards depend on outcomes: what a terminated step is paid then
            depends on the temperature.
        """
        frame, rewards = mdp.template, mdp.reward_table
        if mdp.discount < 1.0 and rewards.on_outcome:
            raise InvalidArgument(
                "a discounted process with rewards r(s,a,s') as a control model",
                allowed="rewards r(s) or r(s,a), or discount 1",
                remedy="unroll(mdp, horizon) takes it as it is",
            )
        steps = mdp.time_steps or 1
        tables = np.stack([_reward_array(mdp, t) for t in range(steps)])
        prior = np.zeros((frame.s.cardinality, mdp.n_actions))
        prior[: mdp.n_states] = mdp.uniform_prior
        prior[mdp.n_states :] = 1.0 / mdp.n_actions
        transitions = [CPD.of([frame.s, frame.a, frame.s_next], frame.transition(t).scaled) for t in range(steps)]
        final = []
        if mdp.terminal_reward is not None:
            last = np.append(mdp.terminal_reward, np.zeros(frame.s.cardinality - mdp.n_states))
            final = [Reward("", ["s"], last)]
        scope = ["s", "a", "s" + PRIME] if rewards.on_outcome else ["s", "a"]
        varies = mdp.time_steps is not None
        return cls(
            [frame.start],
            [CPD(frame.a, [frame.s], prior), transitions[0]],
            [Reward("", scope, tables if varies else tables[0], varying=varies)],
            final=final,
            varying={"s" + PRIME: transitions} if len(frame.transitions) > 1 else {},
        )

    def __repr__(self) -> str:
        own = [cpd.child.name for cpd in (*self.episode, *self.initial)]
        sees = [f"{name} sees {', '.join(seen) or 'nothing'}" for name, seen in self.sees.items()]
        n = len(self.rewards) + len(self.final)
        return f"ControlModel({', '.join(own)}; {'; '.join(sees)}; {n} reward{'s' if n != 1 else ''})"

    # --- checks ---------------------------------------------------------------------------------------------------
    def _check_actions(self, given: Mapping[str, Iterable[str]]) -> None:
        if not self.sees:
            kinds = sorted({v.kind for v in self.variables.values() if v.kind})
            raise InvalidModel(
                f"no variable of the transition has the kind {ACTION!r}{f', but {kinds}' if kinds else ''}",
                allowed="at least one action",
                remedy=f"Variable(name, states, kind={ACTION!r})",
            )
        after = {cpd.child.name for cpd in self.transition}
        for name, seen in self.sees.items():
            if not seen and name not in given:
                raise InvalidModel(
                    f"action {name!r} has no information: its CPD has no parents",
                    remedy=f"sees={{{name!r}: [names of what is known before it]}}; an empty list if it sees nothing",
                )
            for variable in seen:
                if variable not in self.variables:
                    raise unknown(variable, self.variables, what=f"variable that {name!r} could see:")
                if variable.endswith(PRIME):
                    raise InvalidModel(
                        f"action {name!r} sees {variable!r}, which does not exist before the next slice",
                        allowed="variables of the same slice and of the episode",
                        remedy="a memory is a state: its CPD copies what is to be remembered",
                    )
                if variable in after and _depends(self.transition, variable, name):
                    raise InvalidModel(
                        f"action {name!r} sees {variable!r}, which depends on it", allowed="what exists before it"
                    )

    def _check_rewards(self) -> None:
        names: dict[str, Reward] = {}
        for reward in (*self.rewards, *self.final):
            if not isinstance(reward, Reward):
                raise InvalidModel(f"{reward!r} among the rewards", allowed="Reward(name, scope, table)")
            own = f"{reward.name} (final)" if reward in self.final else reward.name
            if own in names:
                raise InvalidModel(f"two rewards are called {own!r}", allowed="distinct names")
            names[own] = reward
            for name in reward.scope:
                if name.endswith(PRIME * 2):
                    raise InvalidModel(
                        f"reward {reward.name!r} is over {name!r}, two slices on",
                        allowed="variables of one step: x and x'",
                        remedy="keep what is needed of an earlier slice in a state variable",
                    )
                if name not in self.variables:
                    raise unknown(name, self.variables, what=f"variable of reward {reward.name!r}:")
            reward.check(self.scope(reward))
        last = {cpd.child.name.removesuffix(PRIME) for cpd in self.transition if cpd.child.name.endswith(PRIME)}
        last |= {cpd.child.name for cpd in self.episode}
        for reward in self.final:
            for name in reward.scope:
                if name not in last:
                    raise InvalidModel(
                        f"the final reward {reward.name!r} is over {name!r}, which the last slice does not have",
                        allowed=", ".join(sorted(last)),
                    )


def _reward_array(mdp: MDP, t: int) -> FloatArray:
    """The rewards of a step as a dense array over (s, a) or (s, a, s'); 0 where nothing is paid."""
    rewards = mdp.reward_table.at(t)
    if rewards.weights is not None:
        raise InvalidArgument(
            "a process with several rewards for one outcome as a control model",
            allowed="one reward for each (s, a) or (s, a, s')",
            remedy="unroll(mdp, horizon) takes it as it is",
        )
    rewards = rewards.as_dense(mdp.matrix_at(t)) if rewards.listed else rewards
    possible = mdp.transition_at(t) > 0 if rewards.on_outcome else mdp.available
    values = np.where(possible, np.broadcast_to(rewards.values[0], possible.shape), 0.0)
    appended = mdp.template.s.cardinality - mdp.n_states  # without discount none, and outcomes only without discount
    return np.concatenate([values, np.zeros((appended, *values.shape[1:]))])


def _in_order(step: Sequence[CPD], sees: Mapping[str, tuple[str, ...]]) -> tuple[CPD, ...]:
    """The CPDs of a step with what is known before an action in front of it; as given where that leaves a choice."""
    before = {cpd.child.name: {v.name for v in cpd.parents} | {*sees.get(cpd.child.name, ())} for cpd in step}
    order: list[CPD] = []
    waiting = list(step)
    while waiting:
        left = {cpd.child.name for cpd in waiting}
        ready = next((cpd for cpd in waiting if not before[cpd.child.name] & left - {cpd.child.name}), None)
        if ready is None:  # a cycle, which the template names
            return tuple(step)
        order.append(ready)
        waiting.remove(ready)
    return tuple(order)


def _depends(step: Sequence[CPD], variable: str, on: str) -> bool:
    """Whether a variable descends from another one within a step."""
    parents = {cpd.child.name: [v.name for v in cpd.parents] for cpd in step}
    stack, found = [variable], set[str]()
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += parents.get(name, [])
    return on in found - {variable}
