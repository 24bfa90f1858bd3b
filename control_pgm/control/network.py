"""Unrolling a decision process into an explicit dynamic Bayesian network with optimality nodes.

    p(tau, O) = p(s_0) prod_t p(a_t|s_t) p(s_{t+1}|s_t,a_t) p(O_t|s_t,a_t[,s_{t+1}]),
    p(O_t=1 | ·) = exp((r_t − c_t)/alpha)                                              (Levine 2018, equation 3)

with c_t the largest possible reward, so that p(O_t=1|·) is a probability also for positive rewards.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.frame import Frame
from control_pgm.control.mdp import MDP
from control_pgm.control.priors import Prior, parse_prior
from control_pgm.control.rewards import Rewards
from control_pgm.control.slices import TERMINAL, Slice, make_slice
from control_pgm.control.temperatures import check_schedule, varies
from control_pgm.control.temperatures import check_temperature as check_temperature
from control_pgm.errors import InvalidArgument, NotAvailable, TooLarge
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.infer import infer
from control_pgm.models.cpd import CPD
from control_pgm.models.template import DynamicBayesianNetwork, EverySlice, TwoSliceTemplate
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.factor import Factor
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.sparse_scaled import SparseScaled
from control_pgm.tables.variable import Variable

MAX_HORIZON = 1_000_000


class ControlNetwork(DynamicBayesianNetwork):
    """The unrolled network of a decision process: s_0 … s_T, a_0 … a_{T−1}, O_0 … O_{T−1} (and O_T). See `unroll`.

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

    @cached_property
    def optimal(self) -> Mapping[str, Hashable]:
        """The evidence that every step is optimal: {O_t: 1}, and 1 for added variables of kind "optimality"."""
        every = EverySlice({"O": 1}, {"O": len(self.reward_shift)})
        if self.as_unrolled:
            return every
        added = (cpd.child for cpd in self.cpds if cpd.child.kind == "optimality")
        return MappingProxyType(dict(every) | {variable.name: 1 for variable in added if 1 in variable.states})

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

    @property
    def observed(self) -> Mapping[str, Any]:
        """What pictures and graphs show as observed: `optimal`."""
        return self.optimal

    def infer(self) -> TreePosterior:
        """The posterior given that every step is optimal; the same as ``infer(net, net.optimal)``."""
        return infer(self, self.optimal)

    def _with(self, cpds: Sequence[CPD], factors: Sequence[Factor]) -> Self:
        new = super()._with(cpds, factors)
        new.__dict__["as_unrolled"] = False
        new.__dict__.pop("optimal", None)
        return new

    def __repr__(self) -> str:
        first, last = self.temperatures[0], self.temperatures[-1]
        alpha = f"temperatures {first:g} … {last:g}" if self.scheduled else f"temperature {first:g}"
        return f"ControlNetwork({self.mdp!r}, horizon {self.horizon}, {alpha})"


def unroll(
    mdp: MDP, horizon: int, *, temperature: ArrayLike = 1.0, action_prior: ArrayLike | str | None = None
) -> ControlNetwork:
    """Unroll a decision process over ``horizon`` steps.

    Parameters
    ----------
    mdp : MDP
    horizon : int
        The number of actions T ≥ 1; must equal the number of steps of time-varying tables.
    temperature : float or sequence of T floats
        alpha > 0, in units of reward; a sequence is a schedule alpha_t. A terminal reward has that of the last step.
    action_prior : optional
        p(a|s) of shape (A,), (S, A) or (T, S, A); default uniform over the available actions. ``"counting"`` weighs
        every available action by one instead: an unnormalised factor, which changes the policy where the number of
        actions varies.

    Returns
    -------
    ControlNetwork
        Slices share their tables. The edge s_t → a_t exists if the prior depends on the state. With discount < 1 the
        states end with the absorbing "terminal", unless the process has it.

    Raises
    ------
    InvalidArgument
        If horizon, temperature or prior are out of range.

    Examples
    --------
    >>> mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [[0, 0], [1, 1]])
    >>> net = unroll(mdp, 2)
    >>> net.topological
    ('s_0', 'a_0', 'O_0', 's_1', 'a_1', 'O_1', 's_2')
    """
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"{type(mdp).__name__} cannot be unrolled", allowed="an MDP")
    steps = check_horizon(mdp, horizon)
    alphas = check_schedule(temperature, steps)
    scheduled = varies(alphas)
    prior = parse_prior(mdp, action_prior, steps)
    varying = mdp.time_steps is not None or prior.varying or scheduled
    frame = mdp.frame
    slices = [
        make_slice(mdp, t, prior.at(t), float(alphas[t]), frame.ending(t)) for t in range(steps if varying else 1)
    ]
    # One edge s → a for all slices: it is there if any slice needs it.
    on_state = any(not (s.prior == s.prior[0]).all() for s in slices)
    tables = [_tables(frame, t, s, on_state) for t, s in enumerate(slices)]
    template = TwoSliceTemplate.of([frame.start], tables[0])
    network = DynamicBayesianNetwork.of(template, steps, _varying(tables) if varying else {})
    shifts = [s.shift for s in slices] if varying else [slices[0].shift] * steps
    terminal, shift = _terminal(mdp, steps, float(alphas[-1]))
    counting = _counting(network, mdp.discount) if prior.counting else ()
    control = object.__new__(ControlNetwork)
    control.__dict__.update(network.__dict__)
    control.__dict__.update(
        mdp=mdp,
        temperatures=alphas,
        reward_shift=lock(np.array(shifts + shift)),
        counting=counting,
        prior=prior,
        as_unrolled=True,
    )
    if not scheduled:
        control.__dict__["temperature"] = float(alphas[0])
    if terminal or counting:
        control = control.extend(*terminal, *counting)
        control.__dict__["as_unrolled"] = True
    return control


def check_horizon(mdp: MDP, horizon: int) -> int:
    """The horizon, if it is an integer ≥ 1 that fits the time-varying tables."""
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise InvalidArgument(f"horizon {horizon!r}", allowed="an integer ≥ 1, the number of actions")
    if horizon > MAX_HORIZON:
        raise TooLarge(
            f"horizon {horizon:,} would need one set of messages per step",
            allowed=f"up to {MAX_HORIZON:,} steps",
            remedy="a policy hardly changes far from the end: a shorter horizon tells the same",
        )
    if mdp.time_steps is not None and horizon != mdp.time_steps:
        raise InvalidArgument(
            f"horizon {horizon} does not fit the MDP's tables, which have {mdp.time_steps} time steps",
            allowed=str(mdp.time_steps),
        )
    return int(horizon)


def _tables(frame: Frame, t: int, step: Slice, on_state: bool) -> list[CPD]:
    """p(a|s), p(O|s,a[,s']) and p(s'|s,a) of one slice."""
    prior = step.prior if on_state else step.prior[0]
    outcome = [frame.s_next] if step.on_outcome else []
    transition = frame.transition(t)
    return [
        CPD.of([frame.s, frame.a] if on_state else [frame.a], Scaled.from_linear(lock(prior.copy()))),
        CPD.of([frame.s, frame.a, *outcome, frame.o], _optimality(step, transition.scaled)),
        transition,
    ]


def _optimality(step: Slice, transition: Scaled) -> Scaled:
    """p(O|s,a[,s']); beside a sparse transition both of its values are listed for every possible outcome.

    Outside of these outcomes the rows of the sparse table are zero and sum to no one. That never matters: they meet
    p(s'|s,a) = 0 in every product.
    """
    logs = _binary(step.log_optimality)
    if step.on_outcome and isinstance(transition, SparseScaled):
        return SparseScaled.over(transition.pattern.extended(2), logs.ravel(), log=True)
    return Scaled.from_log(logs)


def _binary(log_p: FloatArray) -> FloatArray:
    """log (1−p, p) along a new last axis; 1−p as −expm1(log p) keeps its digits where p is near one."""
    both = np.empty((*log_p.shape, 2))
    both[..., 1] = log_p
    with np.errstate(divide="ignore"):
        np.log(-np.expm1(log_p), out=both[..., 0])
    return lock(both)


def _varying(tables: Sequence[Sequence[CPD]]) -> dict[str, list[CPD]]:
    return {cpd.child.name: [step[k] for step in tables] for k, cpd in enumerate(tables[0])}


def _terminal(mdp: MDP, horizon: int, alpha: float) -> tuple[list[CPD], list[float]]:
    """The optimality node O_T of a terminal reward, and its shift c_T."""
    if mdp.terminal_reward is None:
        return [], []
    states = mdp.frame.s.states
    reward = np.append(mdp.terminal_reward, np.zeros(len(states) - mdp.n_states))
    shift = float(reward.max())
    shift = 0.0 if shift == -np.inf else shift
    table = Scaled.from_log(_binary(Rewards("s", reward[None]).log_optimality(reward > -np.inf, shift, alpha)))
    state = Variable(f"s_{horizon}", states, time=horizon, kind="state")
    node = Variable(f"O_{horizon}", 2, time=horizon, kind="optimality")
    return [CPD.of([state, node], table)], [shift]


def _counting(network: DynamicBayesianNetwork, discount: float) -> tuple[Factor, ...]:
    """One factor per slice that makes uniform times factor = 1 on every available action.

    A process that discount has ended takes no further actions: its terminal state counts once.
    """
    s, a = network.variable("s_0"), network.variable("a_0")
    cpd = network.cpd("a_0")
    uniform = np.broadcast_to(cpd.array(), (s.cardinality, a.cardinality))
    weights = np.divide(1.0, uniform, out=np.zeros(uniform.shape), where=uniform > 0)
    if discount < 1.0:
        weights[s.index(TERMINAL)] = 1.0
    scaled = Scaled.from_linear(lock(weights))
    steps = range(network.horizon)
    return tuple(Factor.of((network.variable(f"s_{t}"), network.variable(f"a_{t}")), scaled) for t in steps)
