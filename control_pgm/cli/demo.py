"""``control-pgm demo``: a 5×5 grid from its drawing to a checked policy and pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from control_pgm.cli.bar import progress
from control_pgm.control import Solution, solve
from control_pgm.interop import crosscheck
from control_pgm.problems import gridworld
from control_pgm.viz import (
    Drawing,
    plot_factor_graph,
    plot_network,
    plot_policy,
    plot_values,
    policy_text,
    save_picture,
)

GRID = """\
S..#.
.#...
.#.H.
...H.
.#..G"""


def demo(options: argparse.Namespace) -> bool:
    """Solve the grid, print what happens, check it, write the pictures."""
    mdp = gridworld(GRID, slip=options.slip)
    solution = solve(mdp, options.horizon, temperature=options.temperature, progress=progress(options))
    options.out.mkdir(parents=True, exist_ok=True)
    network = solution.network
    print(f"A gridworld (S start, # wall, H hole −1, G goal +1; slip {options.slip:g}):\n\n{GRID}\n")
    print(f"Unrolled over T = {network.horizon} steps with optimality nodes, p(O_t=1|·) = exp((r_t − c_t)/alpha):\n")
    print(_indented("\n".join(repr(cpd) for cpd in network.cpds[:4]) + "\n… and the same in every slice") + "\n")
    print(f"{solution.posterior.plan}\n")
    print(f"{solution}\n")
    print("The optimal action conditional p(a_0 | s_0, O=1): its mode and how probable it is")
    print("(#: wall, ★: goal, ×: hole, ·: no single best action)\n")
    print(_indented(policy_text(solution)) + "\n")
    print("The same conditionals from independent engines:\n")
    report = crosscheck(network, progress=progress(options))
    print(f"{report}\n")
    for path in _draw(solution, options.out):
        print(f"wrote {path}")
    return not report.failed


def _draw(solution: Solution, folder: Path) -> list[Path]:
    """Write the pictures; each file appears whole or not at all."""
    pictures: dict[str, Callable[[], Drawing]] = {
        "network.png": lambda: plot_network(solution.network),
        "factor_graph.png": lambda: plot_factor_graph(solution.network),
        "factor_graph_absorbed.png": lambda: plot_factor_graph(solution.network, absorbed=True),
        "policy.png": lambda: plot_policy(solution),
        "values.png": lambda: plot_values(solution),
    }
    return [save_picture(draw(), folder / name) for name, draw in pictures.items()]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
