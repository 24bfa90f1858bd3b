"""Subjects of pictures: the process, its network, solution or sampled runs that INPUT and the options name."""

from __future__ import annotations

import argparse
from collections.abc import Hashable
from typing import Any

import control_pgm.control as control
import control_pgm.interop as interop
from control_pgm.cli import inputs
from control_pgm.cli.bar import progress
from control_pgm.control import MDP, ControlNetwork, Solution, Trajectories
from control_pgm.control.partially_observed import BeliefSolution
from control_pgm.errors import InvalidArgument
from control_pgm.inference import infer
from control_pgm.inference.exact import TreePosterior
from control_pgm.interop import Report
from control_pgm.interop.network_files import Network
from control_pgm.models import BayesianNetwork
from control_pgm.tables.variable import label_of

_COMPARED = ("posterior", "variational", "map")  # side by side, with Bellman's optimum and planning at a risk


def solved(options: argparse.Namespace) -> Solution:
    """The solution of the process."""
    return inputs.solution(options, inputs.process(options))


def unrolled(options: argparse.Namespace) -> ControlNetwork:
    """The network of the process."""
    return inputs.network(options, inputs.process(options))


def model(options: argparse.Namespace) -> Network:
    """The network in a file, or that of the process."""
    return inputs.network_file(options) if inputs.names_a_network(options) else unrolled(options)


def directed(options: argparse.Namespace) -> BayesianNetwork:
    """The same, if it is a Bayesian network."""
    found = model(options)
    if not isinstance(found, BayesianNetwork):
        raise InvalidArgument(
            f"--what network with {options.input!r}, which holds a factor graph", remedy="draw --what factor-graph"
        )
    return found


def passing(options: argparse.Namespace) -> Solution | TreePosterior:
    """Whose messages are animated."""
    if inputs.names_a_network(options):
        return infer(inputs.network_file(options), memory_limit=inputs.limit(options), progress=progress(options))
    return control.solve(unrolled(options), memory_limit=inputs.limit(options), progress=progress(options))


def simulated(options: argparse.Namespace) -> Trajectories:
    """Sampled runs of the policy under the true dynamics."""
    solution = solved(options)
    samples, seed = (100 if options.samples is None else options.samples), options.seed or 0
    return control.simulate(solution.network.mdp, solution.policy, samples, seed)


def over_beliefs(options: argparse.Namespace) -> BeliefSolution:
    """The values of beliefs of the partially observable process."""
    pomdp = inputs.partially_observable(options)
    return control.solve(pomdp, options.horizon, inference="bellman", progress=progress(options))


def compared(options: argparse.Namespace) -> dict[str, Solution]:
    """The process under several types of inference."""
    mdp, horizon, risk = inputs.process(options), options.horizon, options.risk
    alpha = options.temperature
    common: dict[str, Any] = {"memory_limit": inputs.limit(options), "progress": progress(options)}
    found = {kind: control.solve(mdp, horizon, inference=kind, temperature=alpha, **common) for kind in _COMPARED}
    if risk is not None:
        planned = control.solve(mdp, horizon, inference="planning", risk=risk, **common)
        found[f"planning, risk {risk:g}"] = planned
    return found | {"bellman": control.solve(mdp, horizon, inference="bellman", **common)}


def checked(options: argparse.Namespace) -> Report:
    """The cross-check of the network."""
    return interop.crosscheck(unrolled(options), progress=progress(options))


def event(options: argparse.Namespace, mdp: MDP) -> list[Hashable] | None:
    """The states that --event names; None without it."""
    if options.event is None:
        return None
    return [label_of(text, mdp.states, what="--event: the state") for text in options.event]


def state(options: argparse.Namespace, mdp: MDP) -> Hashable:
    """The state that --state names; None without it."""
    return None if options.state is None else label_of(options.state, mdp.states, what="--state: the state")
