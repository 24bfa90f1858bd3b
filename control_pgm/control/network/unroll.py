"""Unrolling a decision process into an explicit dynamic Bayesian network with optimality nodes.

    p(tau, O) = p(s_0) prod_t p(a_t|s_t) p(s_{t+1}|s_t,a_t) p(O_t|s_t,a_t[,s_{t+1}]),
    p(O_t=1 | ·) = exp((r_t − c_t)/alpha)                                            (Levine 2018, section 2.2)

with c_t the largest possible reward, so that p(O_t=1|·) is a probability also for positive rewards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.arguments import to_process
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.priors import parse_prior
from control_pgm.control.network.slices import make_slice, stage_of
from control_pgm.control.network.tables import counting_factors, tables_of_slices, terminal_node, varying_tables
from control_pgm.control.network.unroll_arguments import check_horizon, check_schedule, varies
from control_pgm.errors import InvalidArgument
from control_pgm.models.template import DynamicBayesianNetwork, TwoSliceTemplate
from control_pgm.tables.arrays import lock


def unroll_process(
    mdp: MDP, horizon: int, *, temperature: ArrayLike = 1.0, action_prior: ArrayLike | str | None = None
) -> ControlNetwork:
    """The network of a flat process; see `control_pgm.unroll`."""
    if not isinstance(mdp, MDP):
        remedy = "it is unrolled already: solve(net)" if isinstance(mdp, ControlNetwork) else to_process(mdp)
        raise InvalidArgument(f"{type(mdp).__name__} cannot be unrolled", allowed="an MDP", remedy=remedy)
    steps = check_horizon(mdp, horizon)
    alphas = check_schedule(temperature, steps)
    scheduled = varies(alphas)
    prior = parse_prior(mdp, action_prior, steps)
    varying = mdp.time_steps is not None or prior.varying or scheduled
    frame = mdp.template
    slices = [make_slice(stage_of(mdp, t, prior.at(t)), float(alphas[t])) for t in range(steps if varying else 1)]
    # One edge s → a for all slices: it is there if any slice needs it.
    on_state = any(not (s.prior == s.prior[0]).all() for s in slices)
    tables = tables_of_slices(frame, slices, on_state)
    template = TwoSliceTemplate.of([frame.start], tables[0])
    network = DynamicBayesianNetwork.of(template, steps, varying_tables(tables) if varying else {})
    shifts = [s.shift for s in slices] if varying else [slices[0].shift] * steps
    terminal, shift = terminal_node(mdp, steps, float(alphas[-1]))
    counting = counting_factors(network, mdp.discount) if prior.counting else ()
    control = object.__new__(ControlNetwork)
    control.__dict__.update(network.__dict__)
    control.__dict__.update(
        mdp=mdp,
        temperatures=alphas,
        reward_shift=lock(np.array(shifts + shift)),
        counting=counting,
        prior=prior,
        as_unrolled=True,
        _replaced={},
        _given={},
    )
    if not scheduled:
        control.__dict__["temperature"] = float(alphas[0])
    if terminal or counting:
        control = control.extend(*terminal, *counting)
        control.__dict__["as_unrolled"] = True
    return control
