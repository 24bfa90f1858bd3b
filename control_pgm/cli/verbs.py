"""What each verb does. Every function returns whether its checks passed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

import control_pgm.control as control
import control_pgm.inference as inference
import control_pgm.interop as interop
from control_pgm.cli.output import array_text, deliver, factor_text, json_text, progress
from control_pgm.control import MDP, ControlNetwork, Solution, unroll
from control_pgm.display import number, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.problems import gridworld
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

ARRAYS = ("policy", "Q", "V", "advantage", "state_marginals")
_LONGEST_INPUT = 10_000_000  # characters read from standard input

PICTURES: Mapping[str, Callable[[argparse.Namespace, MDP], Drawing]] = {
    "network": lambda options, mdp: plot_network(_network(options, mdp)),
    "factor-graph": lambda options, mdp: plot_factor_graph(_network(options, mdp)),
    "factor-graph-absorbed": lambda options, mdp: plot_factor_graph(_network(options, mdp), absorbed=True),
    "policy": lambda options, mdp: plot_policy(_solution(options, mdp), t=options.time or 0),
    "values": lambda options, mdp: plot_values(_solution(options, mdp), t=options.time or 0),
    "messages": lambda options, mdp: plot_messages(_solution(options, mdp)),
    "marginals": lambda options, mdp: plot_marginals(_solution(options, mdp)),
    "optimism": lambda options, mdp: plot_optimism(mdp, options.horizon, event=options.event, progress=progress()),
    "temperature": lambda options, mdp: plot_temperature(mdp, options.horizon, progress=progress()),
}


def info(options: argparse.Namespace) -> bool:
    """What a process is."""
    mdp = _process(options)
    values = mdp.reward[np.broadcast_to(mdp.available, mdp.reward.shape)]
    absorbing = [s for k, s in enumerate(mdp.states) if (mdp.transition_at(0)[k, :, k] == 1.0).all()]
    starts = [s for s, p in zip(mdp.states, mdp.initial, strict=True) if p > 0]
    rows = [
        ["expected reward", f"{number(float(values.min()))} … {number(float(values.max()))}"],
        ["starts", _some(starts)],
        ["absorbing states", _some(absorbing)],
        ["possible transitions", f"{int((mdp.transition > 0).sum()):,} of {mdp.transition.size:,}"],
    ]
    print(f"{mdp}\n\n{text_table(['more', ''], rows)}")
    if options.horizon is not None:
        network = unroll(mdp, options.horizon)
        print(f"\n{inference.plan(network, network.optimal)}")
    return True


def solve(options: argparse.Namespace) -> bool:
    """Policy, values, marginals, evidence."""
    solution = _solution(options, _process(options))
    if options.out is not None and options.out.suffix.lower() in (".json", ".npz"):
        print(f"wrote {interop.save_solution(solution, options.out)}")
        return True
    array = getattr(solution, options.show)
    if not 0 <= options.time < len(array):
        raise InvalidArgument(f"--time {options.time}", allowed=f"0 … {len(array) - 1}")

    def as_text(kind: str) -> str:
        if kind == "json":
            return json_text(_record(solution))
        if kind == "csv":
            return array_text(array, options.show, "csv")
        caption = f"{options.show} at t={options.time}"
        return f"{solution}\n\n{caption}\n{array_text(array.sel(t=options.time), options.show, 'table')}"

    deliver(as_text, options.format, options.out)
    return True


def query(options: argparse.Namespace) -> bool:
    """Any conditional of the network."""
    answer = inference.query(_network(options, _process(options)), options.query)
    deliver(lambda kind: factor_text(answer, kind), options.format, options.out)
    return True


def draw(options: argparse.Namespace) -> bool:
    """A picture."""
    if options.what in ("optimism", "temperature"):
        for name in ("temperature", "inference", "time"):
            if getattr(options, name) is not None:
                raise InvalidArgument(f"--{name} with --what {options.what}", remedy="leave it out: it varies there")
    print(f"wrote {save_picture(PICTURES[options.what](options, _process(options)), options.out)}")
    return True


def crosscheck(options: argparse.Namespace) -> bool:
    """Every answer against independent engines."""
    network = _network(options, _process(options))
    against = {} if options.against is None else {"against": options.against}
    if not options.tolerance >= 0:
        raise InvalidArgument(f"--tolerance {options.tolerance}", allowed="a number ≥ 0")
    report = interop.crosscheck(network, tolerance=options.tolerance, progress=progress(), **against)
    print(report)
    return report.passed


def _process(options: argparse.Namespace) -> MDP:
    """The process that INPUT names."""
    slip = getattr(options, "slip", 0.0)
    if options.input == "-":
        return _from_text(sys.stdin.read(_LONGEST_INPUT + 1), slip)
    if slip:
        if Path(options.input).suffix.lower() != ".txt":
            raise InvalidArgument("--slip with an input that is no gridworld drawing", remedy="leave it out")
        return gridworld(Path(options.input).read_text(encoding="utf-8-sig"), slip=slip)
    return interop.load(options.input)


def _from_text(text: str, slip: float) -> MDP:
    if len(text) > _LONGEST_INPUT:
        raise InvalidArgument("standard input is too long", allowed=f"{_LONGEST_INPUT:,} characters")
    return interop.loads(text) if text.lstrip().startswith("{") else gridworld(text, slip=slip)


def _network(options: argparse.Namespace, mdp: MDP) -> ControlNetwork:
    return unroll(mdp, options.horizon, temperature=1.0 if options.temperature is None else options.temperature)


def _solution(options: argparse.Namespace, mdp: MDP) -> Solution:
    kind = options.inference or "posterior"
    return control.solve(mdp, options.horizon, inference=kind, temperature=options.temperature, progress=progress())


def _record(solution: Solution) -> dict[str, object]:
    """The whole solution for programs."""
    mdp = solution.network.mdp
    record: dict[str, object] = {
        "inference": solution.inference,
        "horizon": solution.network.horizon,
        "states": list(mdp.states),
        "actions": list(mdp.actions),
    }
    if solution.inference != "bellman":
        record |= {
            "temperature": solution.network.temperature,
            "log_evidence": solution.log_evidence,
            "soft_value": solution.soft_value,
            "reward_shift": solution.reward_shift,
        }
    return record | {name: getattr(solution, name) for name in ARRAYS}


def _some(labels: list[object]) -> str:
    shown = ", ".join(map(str, labels[:6])) or "none"
    return shown + (f", … ({len(labels)} in all)" if len(labels) > 6 else "")
