"""The verbs ``info``, ``query`` and ``crosscheck``. Every function returns whether its checks passed."""

from __future__ import annotations

import argparse

import numpy as np

import control_pgm.inference as inference
import control_pgm.interop as interop
from control_pgm.cli import inputs
from control_pgm.cli.bar import progress
from control_pgm.cli.output import deliver, factor_text, note, show
from control_pgm.control import MDP, ControlNetwork, unroll
from control_pgm.display import listing, number, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.inference.query import parse_query
from control_pgm.models.factor_graph import Model
from control_pgm.tables.arrays import BoolArray


def info(options: argparse.Namespace) -> bool:
    """What a process, or a network, is."""
    if inputs.names_a_network(options):
        model = inputs.network_file(options)
        order = f"variables in the order of the file: {listing(model.variables)}"
        show(f"{model}\n{order}\n\n{inference.plan(model, memory_limit=inputs.limit(options))}")
        return True
    if inputs.hides_states(options):
        return _show_hidden(options)
    mdp = inputs.process(options)
    values = mdp.reward[np.broadcast_to(mdp.available, mdp.reward.shape)]
    starts = [s for s, p in zip(mdp.states, mdp.initial, strict=True) if p > 0]
    absorbing = [s for s, stays in zip(mdp.states, _absorbing(mdp), strict=True) if stays]
    possible = mdp.table.nnz if mdp.sparse else np.count_nonzero(mdp.table)
    total = mdp.n_states**2 * mdp.n_actions if mdp.sparse else mdp.table.size
    rows = [
        ["expected reward", f"{number(float(values.min()))} … {number(float(values.max()))}"],
        ["starts", listing(starts)],
        ["absorbing states", listing(absorbing)],
        ["possible transitions", f"{possible:,} of {total:,}"],
    ]
    parts = [str(mdp), text_table(["more", ""], rows)]
    if options.horizon is not None:
        network = unroll(mdp, options.horizon)
        parts.append(str(inference.plan(network, network.optimal, memory_limit=inputs.limit(options))))
    show("\n\n".join(parts))
    return True


def _show_hidden(options: argparse.Namespace) -> bool:
    """What the process is."""
    inputs.refuse(options, ("horizon",), f"{options.input!r}, whose states are hidden")
    pomdp = inputs.partially_observable(options)
    reward = f"{number(float(pomdp.reward.min()))} … {number(float(pomdp.reward.max()))}"
    belief = [[str(s), number(p)] for s, p in zip(pomdp.states, pomdp.initial.tolist(), strict=True)]
    parts = [str(pomdp), text_table(["more", ""], [["expected reward", reward]])]
    show("\n\n".join([*parts, text_table(["state", "initial belief"], belief)]))
    return True


def query(options: argparse.Namespace) -> bool:
    """Any conditional of the network in a file, or of that of a process."""
    network: Model
    if inputs.names_a_network(options):
        network = inputs.network_file(options)
    elif options.horizon is None:
        raise InvalidArgument(
            f"no --horizon for {options.input!r}, which holds a process",
            allowed="--horizon T, the number of actions; a network in a file needs none",
        )
    else:
        network = inputs.network(options, inputs.process(options))
    answer = inference.query(network, options.query, memory_limit=inputs.limit(options))
    deliver(lambda kind: factor_text(answer, kind), options.format, options.out)
    if not isinstance(network, ControlNetwork):
        return True
    asked = parse_query(network, options.query)
    if not {*asked.targets, *asked.tables, *asked.given, *asked.evidence} & set(network.optimal):
        note("nothing is observed about O: this is the prior; add O=1")
    return True


def crosscheck(options: argparse.Namespace) -> bool:
    """Every answer against independent engines."""
    network = inputs.network(options, inputs.process(options))
    against = {} if options.against is None else {"against": options.against}
    if not options.tolerance >= 0:
        raise InvalidArgument(f"--tolerance {options.tolerance}", allowed="a number ≥ 0")
    report = interop.crosscheck(network, tolerance=options.tolerance, progress=progress(options), **against)
    show(str(report))
    return report.passed


def _absorbing(mdp: MDP) -> BoolArray:
    """Which states every action stays in, at every step."""
    stays = np.ones(mdp.n_states, dtype=bool)
    pairs = np.arange(mdp.n_states * mdp.n_actions)
    for t in range(mdp.time_steps or 1):
        staying = np.asarray(mdp.matrix_at(t)[pairs, pairs // mdp.n_actions]).reshape(mdp.n_states, mdp.n_actions)
        stays &= ((staying == 1.0) | ~mdp.available).all(axis=1)
    return stays
