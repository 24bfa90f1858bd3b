"""The pictures of the gallery and of the README.

Run it:  python docs/pictures.py [folder]      (default: docs/pictures; the same as: make gallery)
"""

import sys
from collections.abc import Callable
from pathlib import Path

from matplotlib import pyplot

from control_pgm import (
    FactorGraph,
    animate_messages,
    crosscheck,
    forest,
    gridworld,
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
    simulate,
    solve,
    unroll,
)

GRID = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
STRIP = gridworld("S..G\n.#.H", slip=0.1)
LAKE = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
SOLVED = solve(GRID, 9, temperature=1 / 15)
SMALL = unroll(STRIP, 3, temperature=1 / 4)
TYPES = {
    "posterior": solve(STRIP, 5, temperature=1 / 4),
    "variational": solve(STRIP, 5, temperature=1 / 4, inference="variational"),
    "bellman": solve(STRIP, 5, inference="bellman"),
}

PICTURES: dict[str, Callable[[], object]] = {
    "network": lambda: plot_network(SMALL, asked=["a_0"]),
    "factor_graph": lambda: plot_factor_graph(
        FactorGraph.from_model(SMALL, SMALL.optimal), labels=False
    ),
    "template": lambda: plot_template(unroll(GRID, 30)),
    "clusters": lambda: plot_clusters(SMALL),
    "policy": lambda: plot_policy(SOLVED),
    "values": lambda: plot_values(SOLVED),
    "messages": lambda: plot_messages(TYPES["posterior"]),
    "marginals": lambda: plot_marginals(SOLVED),
    "flow": lambda: plot_flow(solve(forest(6), 8), style="lines"),
    "trajectories": lambda: plot_trajectories(simulate(GRID, SOLVED.policy, 200, seed=0)),
    "transitions": lambda: plot_transitions(forest(4)),
    "comparison": lambda: plot_comparison(TYPES),
    "optimism": lambda: plot_optimism(LAKE, 12),
    "temperature": lambda: plot_temperature(GRID, 9),
    "crosscheck": lambda: plot_crosscheck(crosscheck(SMALL, against=("enumeration",))),
}


DARK = ["dark_background", str(Path(__file__).parent / "_ext" / "dark.mplstyle")]


def main(folder: Path) -> None:
    """Draw every picture into a folder, and once more for dark pages into the folder "dark" in it."""
    (folder / "dark").mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        print("wrote", save_picture(draw(), folder / f"{name}.png", dpi=80))
        with pyplot.style.context(DARK):
            print("wrote", save_picture(draw(), folder / "dark" / f"{name}.png", dpi=80))
    print("wrote", animate_messages(TYPES["posterior"], folder / "animation.gif", dpi=60))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
