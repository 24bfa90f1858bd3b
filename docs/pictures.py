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
    simulate,
    solve,
    tiger,
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

# Pictures of several panels are drawn on narrow axes, so that their letters can be read on phones.
NARROW = {
    "clusters": (5.2, 2.6),
    "messages": (5.2, 3.6),
    "marginals": (5.2, 4.2),
    "flow": (5.2, 3.2),
    "comparison": (5.2, 2.4),
    "optimism": (5.2, 3.4),
    "temperature": (5.2, 3.8),
    "crosscheck": (5.2, 2.2),
    "belief_values": (5.2, 3.4),
}

PICTURES: dict[str, Callable[..., object]] = {
    "network": lambda _: plot_network(SMALL, asked=["a_0"]),
    "factor_graph": lambda _: plot_factor_graph(
        FactorGraph.from_model(SMALL, SMALL.optimal), labels=False
    ),
    "template": lambda _: plot_template(unroll(GRID, 30)),
    "clusters": lambda ax: plot_clusters(SMALL, ax=ax),
    "policy": lambda _: plot_policy(SOLVED),
    "values": lambda _: plot_values(SOLVED),
    "messages": lambda ax: plot_messages(TYPES["posterior"], ax=ax),
    "marginals": lambda ax: plot_marginals(SOLVED, ax=ax),
    "flow": lambda ax: plot_flow(solve(forest(6), 8), style="lines", ax=ax),
    "trajectories": lambda _: plot_trajectories(simulate(GRID, SOLVED.policy, 200, seed=0)),
    "transitions": lambda _: plot_transitions(forest(4)),
    "comparison": lambda ax: plot_comparison(TYPES, ax=ax),
    "optimism": lambda ax: plot_optimism(LAKE, 12, ax=ax),
    "temperature": lambda ax: plot_temperature(GRID, 9, ax=ax),
    "belief_values": lambda ax: plot_belief_values(solve(tiger(), 3, inference="bellman"), ax=ax),
    "crosscheck": lambda ax: plot_crosscheck(crosscheck(SMALL, against=("enumeration",)), ax=ax),
}


DARK = ["dark_background", str(Path(__file__).parent / "_ext" / "dark.mplstyle")]


def draw_into(path: Path) -> Path:
    """Draw the picture that a file is named after."""
    size = NARROW.get(path.stem)
    ax = pyplot.subplots(figsize=size, layout="constrained")[1] if size else None
    return save_picture(PICTURES[path.stem](ax), path, dpi=100 if size else 80)


def main(folder: Path) -> None:
    """Draw every picture into a folder, and once more for dark pages into the folder "dark" in it."""
    (folder / "dark").mkdir(parents=True, exist_ok=True)
    for name in PICTURES:
        print("wrote", draw_into(folder / f"{name}.png"))
        with pyplot.style.context(DARK):
            print("wrote", draw_into(folder / "dark" / f"{name}.png"))
    print("wrote", animate_messages(TYPES["posterior"], folder / "animation.gif", dpi=60))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
