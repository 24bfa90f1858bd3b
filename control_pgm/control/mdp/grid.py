"""The map of a gridworld: cells, walls, starts, goals and holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from control_pgm.control.mdp.endings import entered_only
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.outcomes import Outcomes, outcomes_at
from control_pgm.tables.arrays import BoolArray, FloatArray

Cell = tuple[int, int]

# (right, up) on paper of the actions that a grid shows.
DIRECTIONS: Mapping[str, tuple[int, int]] = {"left": (-1, 0), "down": (0, -1), "right": (1, 0), "up": (0, 1)}


@dataclass(frozen=True)
class GridMap:
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


def grid_of(mdp: MDP, t: int = 0) -> GridMap | None:
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
    ends = {k: end for k, end in ends_of(mdp, t).items() if k in cells}
    return GridMap(cells, tuple(cell for cell in inside if cell not in taken), ends, few, box)


def moves_of(mdp: MDP) -> list[tuple[int, int]] | None:
    """The direction of every action on paper; None where some action is not left, down, right or up."""
    names = [str(action) for action in mdp.actions]
    return [DIRECTIONS[name] for name in names] if set(names) <= set(DIRECTIONS) else None


def ends_of(mdp: MDP, t: int) -> dict[int, str]:
    """The absorbing states, and those that end the process when they are entered.

    Goals if entering, or staying, pays more than the usual step; holes if not.
    """
    step = outcomes_at(mdp, t)
    absorbing = np.ones(mdp.n_states, dtype=bool)
    absorbing[step.state[step.state != step.after]] = False
    moves = ~absorbing[step.state]
    expected = step.expected
    usual = _median(expected[moves & ~absorbing[step.after]])
    staying = _mean_by_state(step, expected, ~moves, mdp.n_states)
    entering = np.flatnonzero(moves & absorbing[step.after])
    entering = entering[np.argsort(step.after[entering], kind="stable")]
    targets = step.after[entering]
    ends = dict.fromkeys(_leaving(mdp, step, absorbing), "end")
    for k in np.flatnonzero(absorbing):
        into = entering[slice(*np.searchsorted(targets, [k, k + 1]))]
        paid = step.rewards[:, into][step.weights[:, into] > 0]
        ends[int(k)] = _end(paid, usual) if not staying[k] > max(usual, 0.0) else "goal"
    return ends | {k: _end(paid, usual) for k, paid in entered_only(mdp, mdp.endings).items()}


def _end(paid: FloatArray, usual: float) -> str:
    """A goal pays more than the usual step, or ends steps that cost as much; a hole pays less or the same.

    A state in which good and bad ends are merged, or that nothing enters, is neither.
    """
    if paid.size and (paid.min() > usual or (usual < 0 and paid.min() >= usual)):
        return "goal"
    return "hole" if paid.size and paid.max() <= usual else "end"


def _leaving(mdp: MDP, step: Outcomes, absorbing: BoolArray) -> list[int]:
    """States on the grid from which every action leaves the grid for good: environments end episodes in such cells."""
    placed = np.array([label in (mdp.positions or {}) for label in mdp.states])
    gone = absorbing & ~placed
    if not gone.any():
        return []
    leaves = np.ones(mdp.n_states, dtype=bool)
    leaves[step.state[~gone[step.after]]] = False
    return [int(k) for k in np.flatnonzero(leaves & placed)]


def _mean_by_state(step: Outcomes, values: FloatArray, chosen: BoolArray, n: int) -> FloatArray:
    """Per state the mean value of its chosen outcomes, by their probability; −inf where it has none."""
    total = np.bincount(step.state[chosen], step.probability[chosen], n)
    products = step.probability[chosen] * values[chosen]
    sums = np.bincount(step.state[chosen], products, n)
    return np.asarray(np.divide(sums, total, out=np.full(n, -np.inf), where=total > 0))


def _median(values: FloatArray) -> float:
    return float(np.median(values)) if len(values) and np.isfinite(np.median(values)) else 0.0
