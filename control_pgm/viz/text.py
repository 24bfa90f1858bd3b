"""Policies as plain text, for terminals."""

from __future__ import annotations

import numpy as np

from control_pgm.control.solution import Solution
from control_pgm.display import text_table

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
    if mdp.positions is None or not set(map(str, mdp.actions)) <= set(ARROWS):
        return text_table(
            ["s", *map(str, mdp.actions)],
            [[str(s), *(f"{p:.3f}" for p in row)] for s, row in zip(mdp.states, policy, strict=True)],
        )
    cells = {place: _cell(solution, mdp.states.index_of[label], policy) for label, place in mdp.positions.items()}
    rows, columns = (1 + max(place[k] for place in cells) for k in (0, 1))
    lines = ["  ".join(f"{cells.get((r, c), '######'):^6}" for c in range(columns)) for r in range(rows)]
    return "\n".join(line.rstrip() for line in lines)


def _cell(solution: Solution, s: int, policy: np.ndarray) -> str:
    """Six characters: the mode and its probability, a star or a cross in an absorbing cell, a dash where undefined."""
    mdp = solution.network.mdp
    if (mdp.transition_at(0)[s, :, s] == 1.0).all():
        entered = mdp.rewards.at(0).values[..., s] if mdp.rewards.on_outcome else mdp.rewards.at(0).values[:, s]
        return "  ★" if entered.max() > 0 else "  ×"
    if np.isnan(policy[s]).any():
        return "  –"
    best = int(policy[s].argmax())
    tied = np.isclose(policy[s], policy[s, best], rtol=0, atol=1e-12).sum() > 1
    return f"{'·' if tied else ARROWS[str(mdp.actions[best])]} {policy[s, best]:.2f}"
