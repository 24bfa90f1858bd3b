"""The verbs that draw: ``draw`` and ``explore``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from control_pgm.cli import inputs, subjects
from control_pgm.cli.bar import progress
from control_pgm.cli.output import check_ending, show
from control_pgm.control.solve_options import DEFAULT, has_temperature
from control_pgm.errors import InvalidArgument
from control_pgm.explorer import explore as write_page
from control_pgm.viz import (
    Drawing,
    animate_messages,
    plot_belief_values,
    plot_clusters,
    plot_comparison,
    plot_crosscheck,
    plot_factor_graph,
    plot_flow,
    plot_marginals,
    plot_messages,
    plot_network,
    plot_optimism,
    plot_policy,
    plot_temperature,
    plot_template,
    plot_trajectories,
    plot_transitions,
    plot_values,
    save_picture,
)
from control_pgm.viz.curves.sweep import telling_temperature

_MODEL = ("horizon", "temperature")
_SOLUTION = (*_MODEL, "inference", "risk")
_STILL = (".png", ".svg", ".pdf")
_MOVING = (".gif", ".html")
_ALL = (*_SOLUTION, "time", "state", "event", "samples", "seed")  # what only some pictures have


@dataclass(frozen=True)
class PictureVerb:
    """A picture that can be drawn from the command line.

    Attributes
    ----------
    draw : function of the options
        The drawing, or the file that it was written to.
    about : str
        What it shows.
    has : tuple of str
        Which of the options it has.
    shows_temperature : bool
        Whether it looks different at another temperature.
    of_network : bool
        Whether it can be drawn of a network in a file, too.
    endings : tuple of str
        What its file may end in.
    """

    draw: Callable[[argparse.Namespace], Drawing | Path]
    about: str
    has: tuple[str, ...] = _SOLUTION
    of_network: bool = False
    shows_temperature: bool = False
    endings: tuple[str, ...] = _STILL


def _values(options: argparse.Namespace, quantity: str) -> Drawing:
    return plot_values(subjects.solved(options), t=options.time or 0, quantity=quantity)


def _temperature(options: argparse.Namespace) -> Drawing:
    mdp = inputs.process(options)
    state, t = subjects.state(options, mdp), options.time or 0
    return plot_temperature(mdp, options.horizon, state=state, t=t, progress=progress(options))


def _optimism(options: argparse.Namespace) -> Drawing:
    mdp = inputs.process(options)
    return plot_optimism(mdp, options.horizon, event=subjects.event(options, mdp), progress=progress(options))


PICTURES: Mapping[str, PictureVerb] = {
    "policy": PictureVerb(
        lambda options: plot_policy(subjects.solved(options), t=options.time or 0),
        "what to do in every state, at --time",
        (*_SOLUTION, "time"),
        shows_temperature=True,
    ),
    "values": PictureVerb(
        lambda options: _values(options, "V"),
        "V of every state, at --time",
        (*_SOLUTION, "time"),
        shows_temperature=True,
    ),
    "action-values": PictureVerb(
        lambda options: _values(options, "Q"), "Q of every action", (*_SOLUTION, "time"), shows_temperature=True
    ),
    "advantages": PictureVerb(
        lambda options: _values(options, "advantage"), "Q − V", (*_SOLUTION, "time"), shows_temperature=True
    ),
    "messages": PictureVerb(
        lambda options: plot_messages(subjects.solved(options)),
        "backward and forward messages, and the posterior",
        shows_temperature=True,
    ),
    "animation": PictureVerb(
        lambda options: animate_messages(subjects.passing(options), options.out, progress=progress(options)),
        "the messages as they are sent, in a .gif or .html",
        _MODEL,
        of_network=True,
        endings=_MOVING,
        shows_temperature=True,
    ),
    "marginals": PictureVerb(
        lambda options: plot_marginals(subjects.solved(options)),
        "belief beside reality, states against time",
        shows_temperature=True,
    ),
    "flow": PictureVerb(
        lambda options: plot_flow(subjects.solved(options)),
        "belief beside reality, as maps or as lines over time",
        shows_temperature=True,
    ),
    "trajectories": PictureVerb(
        lambda options: plot_trajectories(subjects.simulated(options)),
        "sampled runs of the policy: --samples, --seed",
        (*_SOLUTION, "samples", "seed"),
        shows_temperature=True,
    ),
    "comparison": PictureVerb(
        lambda options: plot_comparison(subjects.compared(options), t=options.time or 0),
        "policies of several types of inference; with --risk of planning, too",
        (*_MODEL, "risk", "time"),
        shows_temperature=True,
    ),
    "temperature": PictureVerb(
        _temperature, "policy and expected reward over the temperature, at --state", ("horizon", "time", "state")
    ),
    "optimism": PictureVerb(_optimism, "how probable --event seems, and how probable it is", ("horizon", "event")),
    "belief-values": PictureVerb(
        lambda options: plot_belief_values(subjects.over_beliefs(options), t=options.time or 0),
        "values and actions over the belief, of a .pomdp file with two hidden states, at --time",
        ("horizon", "time"),
    ),
    "transitions": PictureVerb(
        lambda options: plot_transitions(inputs.process(options), t=options.time or 0),
        "which state leads to which; without --horizon",
        ("time",),
    ),
    "template": PictureVerb(
        lambda options: plot_template(subjects.unrolled(options)), "a slice, and the step to the next", _MODEL
    ),
    "network": PictureVerb(
        lambda options: plot_network(subjects.directed(options)), "all slices", _MODEL, of_network=True
    ),
    "factor-graph": PictureVerb(
        lambda options: plot_factor_graph(subjects.model(options)), "with its loops", _MODEL, of_network=True
    ),
    "factor-graph-absorbed": PictureVerb(
        lambda options: plot_factor_graph(subjects.model(options), absorbed=True),
        "small factors multiplied into larger ones",
        _MODEL,
        of_network=True,
    ),
    "clusters": PictureVerb(
        lambda options: plot_clusters(subjects.model(options)), "the tree of exact inference", _MODEL, of_network=True
    ),
    "crosscheck": PictureVerb(
        lambda options: plot_crosscheck(subjects.checked(options)), "differences from independent engines", _MODEL
    ),
}


def explained() -> str:
    """Every picture in a line."""
    width = max(map(len, PICTURES))
    return "\n".join(f"  {name:{width}}  {picture.about}" for name, picture in PICTURES.items())


def draw(options: argparse.Namespace) -> bool:
    """A picture."""
    picture = PICTURES[options.what]
    inputs.refuse(options, (name for name in _ALL if name not in picture.has), f"--what {options.what}")
    if inputs.names_a_network(options):
        if not picture.of_network:
            allowed = ", ".join(name for name, one in PICTURES.items() if one.of_network)
            raise InvalidArgument(
                f"--what {options.what} with {options.input!r}, which holds a network", allowed=allowed
            )
    elif "horizon" in picture.has and options.horizon is None:
        raise InvalidArgument(f"--what {options.what} without --horizon", remedy="give the number of actions")
    check_ending(options.out, picture.endings)
    chosen = _chosen_temperature(picture, options)
    if chosen is not None:
        options = argparse.Namespace(**vars(options) | {"temperature": chosen})
    drawn = picture.draw(options)
    written = drawn if isinstance(drawn, Path) else save_picture(drawn, options.out)
    if chosen is not None:
        show(f"temperature {chosen:g}, chosen so that preferences show; --temperature sets another")
    show(f"wrote {written}")
    return True


def _chosen_temperature(picture: PictureVerb, options: argparse.Namespace) -> float | None:
    """A temperature at which the picture shows something, where none was given and it matters; else None."""
    inference = getattr(options, "inference", None) or DEFAULT
    if not picture.shows_temperature or options.temperature is not None or inputs.names_a_network(options):
        return None
    if not has_temperature(inference):
        return None
    return telling_temperature(inputs.process(options), options.horizon, inference)


def explore(options: argparse.Namespace) -> bool:
    """A page that shows a solution in a browser."""
    show(f"wrote {write_page(subjects.solved(options), options.out)}")
    return True
