"""The pictures of the gallery and of the README.

Run it:  python docs/pictures.py [folder]      (default: docs/pictures; the same as: make gallery)
"""

import sys
from collections.abc import Callable
from pathlib import Path

from control_pgm import (
    FactorGraph,
    gridworld,
    plot_factor_graph,
    plot_marginals,
    plot_messages,
    plot_network,
    plot_optimism,
    plot_policy,
    plot_temperature,
    plot_values,
    save_picture,
    solve,
    unroll,
)

GRID = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
STRIP = gridworld("S..G\n.#.H", slip=0.1)
LAKE = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
SOLVED = solve(GRID, 9, temperature=1 / 15)
SMALL = unroll(STRIP, 3, temperature=1 / 4)

PICTURES: dict[str, Callable[[], object]] = {
    "network": lambda: plot_network(SMALL, asked=["a_0"]),
    "factor_graph": lambda: plot_factor_graph(
        FactorGraph.from_model(SMALL, SMALL.optimal), labels=False
    ),
    "policy": lambda: plot_policy(SOLVED),
    "values": lambda: plot_values(SOLVED),
    "messages": lambda: plot_messages(solve(STRIP, 5, temperature=1 / 4)),
    "marginals": lambda: plot_marginals(SOLVED),
    "optimism": lambda: plot_optimism(LAKE, 12),
    "temperature": lambda: plot_temperature(GRID, 9),
}


def main(folder: Path) -> None:
    """Draw every picture into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        print("wrote", save_picture(draw(), folder / f"{name}.png", dpi=80))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
