"""What a gridworld looks like from above: cells, walls, starts, goals and holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from control_pgm.control.mdp import MDP
from control_pgm.tables.arrays import FloatArray, IntArray

Cell = tuple[int, int]

# (right, up) on paper of the actions that a grid shows.
DIRECTIONS: Mapping[str, tuple[int, int]] = {"left": (-1, 0), "down": (0, -1), "right": (1, 0), "up": (0, 1)}


@dataclass(frozen=True)
class Grid:
    """The cells of a grid.

    Attributes
    ----------
    cells : state index -> (row, column).
    walls : cells inside the bounding box without a state.
    ends : absorbing state index -> "goal", "hole", or "end" where nothing enters and staying pays nothing.
    starts : state indices at which the process may begin, where those are few.
    box : first row, last row, first column, last column.
    """

    cells: Mapping[int, Cell]
    walls: tuple[Cell, ...]
    ends: Mapping[int, str]
    starts: frozenset[int]
    box: tuple[int, int, int, int]

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        top, bottom, left, right = self.box
        return bottom - top + 1, right - left + 1


def grid_of(mdp: MDP, t: int = 0) -> Grid | None:
    """The grid of a process with positions; None where it has none, or two states share a cell.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> grid = grid_of(gridworld("S.#\\nH.G"))
    >>> grid.walls, grid.ends, grid.starts
    (((0, 2),), {2: 'hole', 4: 'goal'}, frozenset({0}))
    """
    if not mdp.positions:
        return None
    cells = {mdp.states.index_of[label]: cell for label, cell in mdp.positions.items()}
    if len(set(cells.values())) < len(cells):
        return None
    rows, columns = zip(*cells.values(), strict=True)
    box = (min(rows), max(rows), min(columns), max(columns))
    inside = [(r, c) for r in range(box[0], box[1] + 1) for c in range(box[2], box[3] + 1)]
    taken = set(cells.values())
    begins = np.flatnonzero(mdp.initial > 0)
    few = frozenset(int(k) for k in begins) if len(begins) < max(len(cells), 2) else frozenset[int]()
    ends = {k: end for k, end in ends_of(mdp, min(t, (mdp.time_steps or t + 1) - 1)).items() if k in cells}
    return Grid(cells, tuple(cell for cell in inside if cell not in taken), ends, few, box)


def moves_of(mdp: MDP) -> list[tuple[int, int]] | None:
    """The direction of every action on paper; None where some action is not left, down, right or up."""
    names = [str(action) for action in mdp.actions]
    return [DIRECTIONS[name] for name in names] if set(names) <= set(DIRECTIONS) else None


def ends_of(mdp: MDP, t: int) -> dict[int, str]:
    """The absorbing states: goals if entering, or staying, pays more than the usual step; holes if not."""
    transition = mdp.transition_at(t)
    stays = (transition[np.arange(mdp.n_states), :, np.arange(mdp.n_states)] == 1.0) | ~mdp.available
    absorbing = np.flatnonzero(stays.all(axis=1))
    rewards = mdp.rewards.at(t).expected()
    on_outcome = rewards if rewards.ndim == 3 else np.broadcast_to(rewards[:, :, None], transition.shape)
    weights = transition * mdp.available[:, :, None]
    outside = weights.copy()
    outside[absorbing] = 0.0
    elsewhere = outside.copy()
    elsewhere[:, :, absorbing] = 0.0
    usual = _median(on_outcome, elsewhere)
    ends = {}
    for k in absorbing:
        into = outside[:, :, k] > 0
        entering = _every_reward(mdp, t, int(k))[:, into]
        entering = entering[~np.isnan(entering)]
        staying = _mean(on_outcome[k, :, k], weights[k, :, k])
        if (entering.size and entering.min() > usual) or (staying is not None and staying > max(usual, 0.0)):
            ends[int(k)] = "goal"
        else:  # one state in which good and bad ends are merged is neither goal nor hole
            ends[int(k)] = "hole" if entering.size and entering.max() <= usual else "end"
    return ends | dict.fromkeys(_leaving(mdp, absorbing, t), "end")


def _leaving(mdp: MDP, absorbing: IntArray, t: int) -> list[int]:
    """States on the grid from which every action leaves the grid for good: environments end episodes in such cells."""
    places = mdp.positions or {}
    off_grid = [int(k) for k in absorbing if mdp.states[k] not in places]
    gone = mdp.transition_at(t)[:, :, off_grid].sum(axis=2) == 1.0
    leaves = (gone | ~mdp.available).all(axis=1)
    return [int(k) for k in np.flatnonzero(leaves) if mdp.states[k] in places]


def _every_reward(mdp: MDP, t: int, k: int) -> FloatArray:
    """All rewards of outcomes that lead to state k, shape (K, S, A); NaN where an outcome has fewer than K."""
    table = mdp.rewards.at(t)
    values = table.values[..., k] if table.on_outcome else table.values
    if table.weights is None:
        return values
    weights = table.weights[..., k] if table.on_outcome else table.weights
    return np.where(weights > 0, values, np.nan)


def _mean(values: FloatArray, weights: FloatArray) -> float | None:
    used = weights > 0
    return float(np.average(values[used], weights=weights[used])) if used.any() else None


def _median(values: FloatArray, weights: FloatArray) -> float:
    used = values[weights > 0]
    return float(np.median(used)) if len(used) and np.isfinite(np.median(used)) else 0.0
