"""The verbs that draw: ``draw`` and ``explore``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from control_pgm.cli.inputs import network, process, solution
from control_pgm.cli.output import progress
from control_pgm.control import MDP
from control_pgm.errors import InvalidArgument
from control_pgm.explorer import explore as write_page
from control_pgm.viz import (
    Drawing,
    plot_factor_graph,
    plot_marginals,
    plot_messages,
    plot_network,
    plot_optimism,
    plot_policy,
    plot_temperature,
    plot_values,
    save_picture,
)

PICTURES: Mapping[str, Callable[[argparse.Namespace, MDP], Drawing]] = {
    "network": lambda options, mdp: plot_network(network(options, mdp)),
    "factor-graph": lambda options, mdp: plot_factor_graph(network(options, mdp)),
    "factor-graph-absorbed": lambda options, mdp: plot_factor_graph(network(options, mdp), absorbed=True),
    "policy": lambda options, mdp: plot_policy(solution(options, mdp), t=options.time or 0),
    "values": lambda options, mdp: plot_values(solution(options, mdp), t=options.time or 0),
    "messages": lambda options, mdp: plot_messages(solution(options, mdp)),
    "marginals": lambda options, mdp: plot_marginals(solution(options, mdp)),
    "optimism": lambda options, mdp: plot_optimism(mdp, options.horizon, event=options.event, progress=progress()),
    "temperature": lambda options, mdp: plot_temperature(mdp, options.horizon, progress=progress()),
}
_VARYING = ("optimism", "temperature")  # what they vary cannot be given


def draw(options: argparse.Namespace) -> bool:
    """A picture."""
    if options.what in _VARYING:
        for name in ("temperature", "inference", "risk", "time"):
            if getattr(options, name) is not None:
                raise InvalidArgument(f"--{name} with --what {options.what}", remedy="leave it out: it varies there")
    print(f"wrote {save_picture(PICTURES[options.what](options, process(options)), options.out)}")
    return True


def explore(options: argparse.Namespace) -> bool:
    """A page to look at a solution in a browser."""
    print(f"wrote {write_page(solution(options, process(options)), options.out)}")
    return True
