"""The tables of the control network, made from slices: p(a|s), p(O|s,a[,s']), p(s'|s,a), the end, and counting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.control.mdp.template import ProcessTemplate
from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.control.network.slices import Slice
from control_pgm.models.cpd import CPD
from control_pgm.models.template import DynamicBayesianNetwork
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.variable import Variable


def tables_of_slices(frame: ProcessTemplate, slices: Sequence[Slice], on_state: bool) -> list[list[CPD]]:
    """The tables of all slices; neighbours whose numbers are the same share them."""
    tables: list[list[CPD]] = []
    for t, step in enumerate(slices):
        made = slice_tables(frame, t, step, on_state)
        if t and np.array_equal(step.prior, slices[t - 1].prior):
            made[0] = tables[-1][0]
        if t and made[2] is tables[-1][2] and np.array_equal(step.log_optimality, slices[t - 1].log_optimality):
            made[1] = tables[-1][1]
        tables.append(made)
    return tables


def slice_tables(frame: ProcessTemplate, t: int, step: Slice, on_state: bool) -> list[CPD]:
    """p(a|s), p(O|s,a[,s']) and p(s'|s,a) of one slice."""
    prior = step.prior if on_state else step.prior[0]
    outcome = [frame.s_next] if step.on_outcome else []
    transition = frame.transition(t)
    return [
        CPD.of([frame.s, frame.a] if on_state else [frame.a], Scaled.from_linear(lock(prior.copy()))),
        CPD.of([frame.s, frame.a, *outcome, frame.o], optimality_table(step, transition.scaled)),
        transition,
    ]


def optimality_table(step: Slice, transition: Scaled) -> Scaled:
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


def varying_tables(tables: Sequence[Sequence[CPD]]) -> dict[str, list[CPD]]:
    """The CPDs of every step by the name of their child."""
    return {cpd.child.name: [step[k] for step in tables] for k, cpd in enumerate(tables[0])}


def terminal_node(mdp: MDP, horizon: int, alpha: float) -> tuple[list[CPD], list[float]]:
    """The optimality node O_T of a terminal reward, and its shift c_T."""
    if mdp.terminal_reward is None:
        return [], []
    states = mdp.template.s.states
    reward = np.append(mdp.terminal_reward, np.zeros(len(states) - mdp.n_states))
    shift = float(reward.max())
    shift = 0.0 if shift == -np.inf else shift
    table = Scaled.from_log(_binary(Rewards("s", reward[None]).log_optimality(reward > -np.inf, shift, alpha)))
    state = Variable(f"s_{horizon}", states, time=horizon, kind="state")
    node = Variable(f"O_{horizon}", 2, time=horizon, kind="optimality")
    return [CPD.of([state, node], table)], [shift]


def counting_factors(network: DynamicBayesianNetwork, discount: float) -> tuple[Factor, ...]:
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
