"""Solving many problems of one form at once: other rewards, temperatures, priors or first states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.arguments import is_count, is_several, to_process
from control_pgm.control.mdp import MDP
from control_pgm.control.network import ControlNetwork, unroll
from control_pgm.control.reading import TextbookMessages
from control_pgm.control.solution import Solution, difference
from control_pgm.control.solve import solve
from control_pgm.control.solve_options import DEFAULT, check_digits
from control_pgm.control.temperatures import check_single
from control_pgm.display import text_table
from control_pgm.errors import InvalidArgument
from control_pgm.inference.impossible import impossible
from control_pgm.inference.many import TreeBatch
from control_pgm.inference.plan import DEFAULT_MEMORY_LIMIT
from control_pgm.keywords import keywords
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled import LabelledArray
from control_pgm.tables.message import logarithms, probabilities
from control_pgm.tables.restoring import Restored
from control_pgm.tables.variable import Labels


@dataclass(frozen=True, eq=False, repr=False)
class Solutions(Restored):
    """The exact posteriors of several problems, solved together; made by `solve_many`.

    Arrays are those of `Solution` with a first axis b that counts the problems. ``solutions[k]`` solves one of them on
    its own, with everything that a `Solution` has.

    ==========================  =============  =================================================
    attribute                   axes           meaning and unit
    ==========================  =============  =================================================
    policy                      b, t, s, a     p(a_t | s_t, O_{t:T−1}=1); NaN where impossible
    Q, V, advantage             b, t, s[, a]   as in `Solution`, reward; V has T+1 rows
    state_marginals             b, t, s        p(s_t | O=1), T+1 rows
    state_action_marginals      b, t, s, a     p(s_t, a_t | O=1)
    log_evidence                b              log p(O=1) of shifted rewards, nats
    soft_value                  b              alpha log p(O) + sum c_t, reward
    ==========================  =============  =================================================
    """

    networks: Sequence[ControlNetwork]
    batch: TreeBatch

    @property
    def inference(self) -> str:
        """The type of inference: "posterior"."""
        return DEFAULT

    def __len__(self) -> int:
        return len(self.networks)

    def __getitem__(self, k: int) -> Solution:
        if not is_count(k, least=-len(self)):
            raise InvalidArgument(f"problem {k!r}", allowed=f"0 … {len(self) - 1}")
        return solve(self.networks[k])

    @cached_property
    def policy(self) -> LabelledArray:
        """p(a_t | s_t, O_{t:T−1}=1) = p(a|s) beta_t(s,a) / beta_t(s) of every problem (Levine 2018, section 2.3)."""
        return self._labelled("btsa", self._read.optimal_action(partial(probabilities, axes=(-1,))))

    @cached_property
    def Q(self) -> LabelledArray:
        """alpha log beta_t(s,a) + sum_{k≥t} c_k, in units of reward."""
        return self._values("btsa", self._read.backward_action(logarithms))

    @cached_property
    def V(self) -> LabelledArray:
        """alpha log beta_t(s) + sum_{k≥t} c_k, in units of reward; T+1 rows."""
        return self._values("bTs", self._read.backward(logarithms))

    @cached_property
    def advantage(self) -> LabelledArray:
        """Q − V in units of reward; NaN where both are −inf."""
        return self._made("btsa", difference(self.Q.values, self.V.values[:, :-1, :, None]))

    @cached_property
    def state_marginals(self) -> LabelledArray:
        """p(s_t | O_{0:T−1}=1) of every problem; T+1 rows."""
        return self._labelled("bTs", self._read.state_marginal(partial(probabilities, axes=(-1,))))

    @cached_property
    def state_action_marginals(self) -> LabelledArray:
        """p(s_t, a_t | O_{0:T−1}=1) of every problem."""
        marginal = self.state_marginals.values[:, :-1, :, None]
        policy = self.policy.values
        joint = np.zeros(policy.shape)
        np.multiply(marginal, policy, out=joint, where=~np.isnan(policy))
        return self._made("btsa", joint)

    @property
    def log_evidence(self) -> FloatArray:
        """log p(O_{0:T−1}=1) of every problem, in nats, of rewards shifted by its c_t."""
        return self.batch.log_evidence

    @property
    def soft_value(self) -> FloatArray:
        """alpha log p(O) + sum_t c_t of every problem, in units of reward."""
        return np.asarray(self._temperatures * self.log_evidence + self._shifts.sum(axis=1))

    # --- labels and units ---------------------------------------------------------------------------------------
    @cached_property
    def _read(self) -> TextbookMessages:
        return TextbookMessages(self.networks[0], self.batch)

    @cached_property
    def _temperatures(self) -> FloatArray:
        return np.array([network.temperature for network in self.networks])

    @cached_property
    def _shifts(self) -> FloatArray:
        return np.array([network.reward_shift for network in self.networks])

    def _values(self, dims: str, logs: FloatArray) -> LabelledArray:
        """Logarithms of messages [t, b, s, …] in units of reward."""
        to_go = np.cumsum(self._shifts[:, ::-1], axis=1)[:, ::-1]
        to_go = np.concatenate([to_go, np.zeros((len(self), 1))], axis=1)[:, : len(logs)].T
        ones = [1] * (logs.ndim - 2)
        logs *= self._temperatures.reshape(1, -1, *ones)
        logs += to_go.reshape(*to_go.shape, *ones)
        return self._labelled(dims, logs)

    def _labelled(self, dims: str, values: FloatArray) -> LabelledArray:
        """Label the axes of an array [t, b, s, …]; an appended terminal state has no column."""
        return self._made(dims, np.swapaxes(values, 0, 1)[:, :, : self.networks[0].mdp.n_states])

    def _made(self, dims: str, values: FloatArray) -> LabelledArray:
        mdp = self.networks[0].mdp
        times = {"t": values.shape[1]}
        coords = {"b": Labels(range(len(self))), "s": mdp.states, "a": mdp.actions, "t": Labels(range(times["t"]))}
        names = tuple(dims.lower())
        view = values.view()
        return LabelledArray(lock(view), names, {name: coords[name] for name in names})

    def __repr__(self) -> str:
        return f"Solutions({len(self)} × {self.networks[0]!r}, inference={self.inference!r})"

    def __str__(self) -> str:
        net = self.networks[0]
        rows = [
            ["inference", self.inference],
            ["problems", str(len(self))],
            ["horizon", str(net.horizon)],
            ["states", str(net.mdp.n_states)],
        ]
        return text_table(["solutions", ""], rows)


@keywords
def solve_many(
    problem: MDP | Sequence[MDP],
    horizon: int,
    *,
    temperatures: Sequence[float] | float = 1.0,
    rewards: Sequence[ArrayLike] | None = None,
    action_priors: Sequence[ArrayLike | str | None] | None = None,
    initials: Sequence[Any] | None = None,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
) -> Solutions:
    """Solve many problems that differ in numbers alone, faster than one by one.

    Matrix-vector products become matrix-matrix products, and tables that all problems share exist once.

    Parameters
    ----------
    problem : MDP or sequence of MDP
        One process for all, or one each, with the same states, actions and form of reward.
    horizon : int
        The number of actions, the same for all.
    temperatures : float or sequence of float
        alpha, in units of reward; one for all, or one each.
    rewards : sequence, optional
        One reward each, in any form that `MDP` takes, in place of the process's own.
    action_priors : sequence, optional
        One prior each, as for `unroll`.
    initials : sequence, optional
        One first state (or distribution) each, as for `MDP`.
    memory_limit : int
        Bytes that all of them together may take.

    Returns
    -------
    Solutions

    Raises
    ------
    InvalidArgument
        If the sequences differ in length.
    InvalidModel
        If the problems differ in more than numbers.
    ImpossibleEvidence
        If no trajectory of some problem is optimal; names the first such problem.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> many = solve_many(gridworld("S.G"), 4, temperatures=[0.1, 1.0])
    >>> many.policy.sel(t=0, s="(0,0)", a="right").round(3).tolist()
    [0.518, 0.323]
    """
    many: dict[str, Any] = {"problem": problem, "temperatures": temperatures, "rewards": rewards}
    many |= {"action_priors": action_priors, "initials": initials}
    columns = _columns(many)
    networks = []
    for mdp, temperature, reward, prior, initial in zip(*columns, strict=True):
        alpha = check_single(temperature, "one of many problems")
        networks.append(unroll(_process(mdp, reward, initial), horizon, temperature=alpha, action_prior=prior))
    for network in networks:
        check_digits(network.mdp, network.temperature, f"temperature {network.temperature:g}")
    batch = TreeBatch(networks, [network.optimal for network in networks], memory_limit=memory_limit)
    for k in np.flatnonzero(np.isneginf(batch.log_evidence)):
        raise impossible(networks[k], networks[k].optimal, memory_limit).of(f"problem {k} (of 0 … {len(networks) - 1})")
    return Solutions(networks, batch)


def _columns(given: dict[str, Any]) -> list[Sequence[Any]]:
    """One value per problem for every argument; what was given once is repeated."""
    several = {"problem": not isinstance(given["problem"], MDP), "temperatures": is_several(given["temperatures"])}
    several |= {name: given[name] is not None for name in ("rewards", "action_priors", "initials")}
    lengths = {name: _length(name, given[name]) for name, many in several.items() if many}
    if not lengths:
        raise InvalidArgument(
            f"nothing to solve more than once: one process, and temperatures={given['temperatures']!r} is one number",
            remedy="give temperatures=[…] or the like, or use solve()",
        )
    n = next(iter(lengths.values()))
    for name, length in lengths.items():
        if length != n or n == 0:
            raise InvalidArgument(f"{name} has {length} items", allowed=f"{max(n, 1)}, as {next(iter(lengths))} has")
    return [given[name] if several[name] else [given[name]] * n for name in given]


def _length(name: str, values: Any) -> int:
    """For how many problems an argument was given that is not the same for all."""
    if name == "problem":
        wrong = [item for item in values if not isinstance(item, MDP)] if is_several(values) else [values]
        if wrong:
            raise InvalidArgument(
                f"{type(wrong[0]).__name__} cannot be unrolled",
                allowed="an MDP, or a list of MDPs",
                remedy=to_process(wrong[0]),
            )
    elif not is_several(values):
        raise InvalidArgument(
            f"{name} is {values!r}", allowed="a list with one item for each problem", remedy=f"pass {name}=[…]"
        )
    return len(values)


def _process(mdp: MDP, reward: ArrayLike | None, initial: Any) -> MDP:
    """The process with another reward or first state; its transition is shared, not copied."""
    if reward is None and initial is None:
        return mdp
    return mdp.varied(reward=reward, initial=initial)
