"""Partially observable Markov decision processes (POMDPs), checked once, and their Bayes filter."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.arguments import as_numbers
from control_pgm.control.mdp import checks as check
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.control.partially_observed.tables import ObservedTables, observation_rows, observation_table
from control_pgm.display import html_table, listing, number, text_table
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, InvalidModel
from control_pgm.keywords import keywords
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import labels

_REWARD_AXES = {1: "s", 2: "sa", 3: "sas"}


@dataclass(frozen=True, eq=False, init=False, repr=False)
class POMDP(ObservedTables):
    """A finite partially observable Markov decision process.

    In state s action a pays r(s,a) and leads to s' with probability P(s'|s,a); then o is observed with probability
    P(o|a,s'). Nothing is observed before the first action.

    Parameters
    ----------
    transition : array_like or scipy.sparse
        P(s'|s,a), shape (S, A, S), or sparse (S·A, S) with row s·A+a.
    observation : array_like
        P(o|a,s'), shape (A, S, O), or (S, O) where it is the same after every action.
    reward : array_like
        Finite numbers of shape (S,), (S, A) or (S, A, S); the last are averaged under P.
    initial : optional
        The belief before the first action: a state label, a mapping label -> probability, or a vector of length S.
        Default: uniform.
    discount : float
        Gamma in [0, 1].
    states, actions, observations : optional
        Labels; default 0 … n−1.

    Attributes
    ----------
    mdp : MDP
        The same process with observed states: its values are upper bounds.
    states, actions, observations : Labels
    transition : array [s,a,s']
    observation : array [a,s',o]
    reward : array [s,a]
        The expected reward E[r | s, a].
    initial : array [s]
    discount : float

    Raises
    ------
    InvalidModel
        On rows that do not sum to one, rewards that are not finite, shapes that do not fit; names s, a, s', o.

    Examples
    --------
    >>> stay = [[[1, 0], [1, 0]], [[0, 1], [0, 1]]]
    >>> noisy = [[0.8, 0.2], [0.2, 0.8]]
    >>> pomdp = POMDP(stay, noisy, [[1, 0], [0, 1]], states=["x", "y"], actions=["x", "y"], observations=["x?", "y?"])
    >>> pomdp
    POMDP(2 states, 2 actions, 2 observations)
    >>> belief_update(pomdp, [0.5, 0.5], "x", "y?").tolist()
    [0.2, 0.8]
    """

    @keywords
    def __init__(
        self,
        transition: Any,
        observation: Any,
        reward: Any,
        *,
        initial: Any = None,
        discount: float = 1.0,
        states: int | Iterable[Hashable] | None = None,
        actions: int | Iterable[Hashable] | None = None,
        observations: int | Iterable[Hashable] | None = None,
    ) -> None:
        axes = None
        if not isinstance(reward, Rewards) and not sparse.issparse(reward):
            given = as_numbers(reward, "the reward")
            axes = _REWARD_AXES.get(given.ndim)
            if axes is None:
                raise InvalidModel(f"reward of shape {given.shape} fits no form", allowed="(S,), (S, A) or (S, A, S)")
        mdp = MDP(transition, reward, states=states, actions=actions, discount=discount, reward_axes=axes)
        if mdp.time_steps is not None:
            raise InvalidModel(
                f"the tables of a POMDP vary over {mdp.time_steps} time steps", allowed="a transition (S, A, S)"
            )
        if not np.isfinite(mdp.reward).all():
            s, a = np.argwhere(~np.isfinite(mdp.reward))[0]
            raise InvalidModel(
                f"the reward is {mdp.reward[s, a]} at s={mdp.states[s]!r}, a={mdp.actions[a]!r}",
                allowed="finite numbers: whether a state forbids an action is not known where states are hidden",
                remedy="give what must not happen a large cost",
            )
        mdp = mdp.rebuilt(initial=check.distribution(initial, mdp.states, "initial"))
        table = observation_table(observation, mdp)
        names = labels(table.shape[-1] if observations is None else observations, owner="the POMDP's observations")
        if len(names) != table.shape[-1]:
            raise InvalidModel(
                f"{len(names)} observations are named, but the observation table has {table.shape[-1]}",
                allowed=f"{table.shape[-1]} labels",
            )
        object.__setattr__(self, "mdp", mdp)
        object.__setattr__(self, "observations", names)
        object.__setattr__(self, "observation", observation_rows(table, mdp, names, observation))

    # --- beliefs ------------------------------------------------------------------------------------------------
    def observation_probabilities(self, belief: Any, action: Hashable) -> LabelledArray:
        """P(o | b, a) = sum_{s,s'} b(s) P(s'|s,a) P(o|a,s'), axis o.

        Raises
        ------
        InvalidModel, UnknownName
            As for `belief`, and on an unknown action.
        """
        a = check.index(self.actions, action, "action")
        p = np.einsum("s,osn->o", self.belief(belief), self.joint[a])
        return LabelledArray(p, ("o",), {"o": self.observations})

    def filter(
        self, actions: Sequence[Hashable], observations: Sequence[Hashable], belief: Any = None
    ) -> LabelledArray:
        """The beliefs along a history: b_0, and b_{t+1} given a_0, o_0, …, a_t, o_t.

        Parameters
        ----------
        actions, observations : sequences of labels, of the same length T
        belief : optional
            b_0, as for `belief`.

        Returns
        -------
        LabelledArray [t, s]
            T + 1 beliefs.

        Raises
        ------
        ImpossibleEvidence
            If an observation is impossible; names it and its time.
        InvalidArgument
            If there are not as many observations as actions.
        UnknownName
            On labels that do not exist.

        Examples
        --------
        >>> from control_pgm import tiger
        >>> beliefs = tiger().filter(["listen", "listen"], ["hear-left", "hear-left"])
        >>> beliefs.sel(s="tiger-left").values.round(4).tolist()
        [0.5, 0.85, 0.9698]
        """
        for what, given in {"actions": actions, "observations": observations}.items():
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise InvalidArgument(f"{what} {given!r}", allowed="a sequence of labels")
        done, seen = list(actions), list(observations)
        if len(done) != len(seen):
            raise InvalidArgument(
                f"{len(done)} actions with {len(seen)} observations", allowed="one observation after each action"
            )
        path = [self.belief(belief)]
        for t, (action, observation) in enumerate(zip(done, seen, strict=True)):
            path.append(self._updated(path[-1], action, observation, t))
        times = labels(len(path), owner="the times")
        return LabelledArray(np.stack(path), ("t", "s"), {"t": times, "s": self.states})

    def _updated(self, belief: FloatArray, action: Hashable, observation: Hashable, t: int | None) -> FloatArray:
        a = check.index(self.actions, action, "action")
        o = check.index(self.observations, observation, "observation")
        # b'(s') ∝ P(o|a,s') sum_s P(s'|s,a) b(s)  (Kaelbling, Littman and Cassandra 1998, section 3.3)
        weights = belief @ self.joint[a, o]
        total = float(weights.sum())
        if total == 0.0:
            possible = np.flatnonzero(np.einsum("s,osn->o", belief, self.joint[a]))
            when = "" if t is None else f" at t={t}"
            raise ImpossibleEvidence(
                f"observation {observation!r} after action {action!r}{when} is impossible under the belief",
                allowed=listing(repr(self.observations[k]) for k in possible),
                time=t,
                variable=f"o_{t}" if t is not None else None,
            )
        return lock(weights / total)

    # --- showing ------------------------------------------------------------------------------------------------
    def _rows(self) -> list[list[str]]:
        rows = [["states", listing(self.states)], ["actions", listing(self.actions)]]
        rows += [["observations", listing(self.observations)]]
        return rows + ([["discount", number(self.discount)]] if self.discount < 1 else [])

    def __str__(self) -> str:
        return text_table(["partially observable process", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["partially observable process", ""], self._rows())

    def __repr__(self) -> str:
        more = f", discount {self.discount:g}" if self.discount < 1 else ""
        counts = f"{self.n_states} states, {self.n_actions} actions, {self.n_observations} observations"
        return f"POMDP({counts}{more})"


@keywords
def belief_update(pomdp: POMDP, belief: Any, action: Hashable, observation: Hashable) -> LabelledArray:
    """The belief after an action and an observation: one step of the Bayes filter.

    b'(s') = P(o|a,s') sum_s P(s'|s,a) b(s) / P(o|b,a) (Kaelbling, Littman and Cassandra 1998, section 3.3).

    Parameters
    ----------
    pomdp : POMDP
    belief : array_like, mapping {label: p}, or state label
        None is the initial belief.
    action, observation : labels

    Returns
    -------
    LabelledArray [s]

    Raises
    ------
    ImpossibleEvidence
        If the observation has probability zero; names it and those that are possible.
    InvalidModel, UnknownName
        On what is no belief, action or observation.

    Examples
    --------
    >>> from control_pgm import tiger
    >>> belief_update(tiger(), {"tiger-left": 0.5, "tiger-right": 0.5}, "listen", "hear-left").tolist()
    [0.85, 0.15]
    """
    if not isinstance(pomdp, POMDP):
        raise InvalidArgument(f"{type(pomdp).__name__} has no beliefs", allowed="a POMDP")
    updated = pomdp._updated(pomdp.belief(belief), action, observation, None)
    return LabelledArray(updated, ("s",), {"s": pomdp.states})
