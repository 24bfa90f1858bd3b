"""Policies as plain text, for terminals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from control_pgm.control.mdp.grid import grid_of
from control_pgm.control.solutions.solution import Solution
from control_pgm.display import text_table
from control_pgm.tables.arrays import FloatArray

ENDS = {"goal": "★", "hole": "×", "end": "■"}
ARROWS = {"left": "←", "down": "↓", "right": "→", "up": "↑"}


def policy_text(solution: Solution, *, t: int = 0) -> str:
    """The most probable action of every state at step t with its probability: a map for grids, else a table.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> print(policy_text(solve(gridworld("S.G"), 2, temperature=0.1)))
    → 1.00  → 0.67     ★
    """
    mdp = solution.network.mdp
    policy = np.asarray(solution.policy.sel(t=t))
    grid = grid_of(mdp, t)
    if grid is None or not set(map(str, mdp.actions)) <= set(ARROWS):
        return text_table(
            ["s", *map(str, mdp.actions)],
            [[str(s), *(f"{p:.3f}" for p in row)] for s, row in zip(mdp.states, policy, strict=True)],
        )
    cells = {place: _cell(solution, k, policy, grid.ends) for k, place in grid.cells.items()}
    top, bottom, left, right = grid.box
    across = range(left, right + 1)
    lines = ["  ".join(f"{cells.get((r, c), '######'):^6}" for c in across) for r in range(top, bottom + 1)]
    return "\n".join(line.rstrip() for line in lines)


def _cell(solution: Solution, s: int, policy: FloatArray, ends: Mapping[int, str]) -> str:
    """Six characters: the mode and its probability, a sign for an absorbing cell, a dash where undefined."""
    mdp = solution.network.mdp
    if s in ends:
        return f"  {ENDS[ends[s]]}"
    if np.isnan(policy[s]).any():
        return "  –"
    best = int(policy[s].argmax())
    tied = np.isclose(policy[s], policy[s, best], rtol=0, atol=1e-12).sum() > 1
    return f"{'·' if tied else ARROWS[str(mdp.actions[best])]} {policy[s, best]:.2f}"
