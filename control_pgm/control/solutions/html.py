"""Solutions for notebooks: the first step's policy as a grid of triangles or as a table, beside the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from control_pgm.control.mdp.grid import GridMap, grid_of, moves_of
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.solutions.step import SolutionStep
from control_pgm.display import html_table
from control_pgm.display.board import Cell, Direction, draw_board
from control_pgm.display.html import beside
from control_pgm.display.text import kept, probability, shortened
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.labelled_array import LabelledArray

_LARGEST_GRID = 400  # cells
_SMALL = 2**20  # entries of a policy over time that is worked out at once
_ROWS, _COLUMNS, _LETTERS = 16, 10, 24  # of a table: states, actions, and letters of a label
_UNDEFINED = "undefined: no trajectory from here is possible"


class _HasPicture(Protocol):
    @property
    def mdp(self) -> MDP: ...

    @property
    def horizon(self) -> int: ...


class _Depicted(Protocol):
    @property
    def network(self) -> _HasPicture: ...

    @property
    def inference(self) -> str: ...

    @property
    def policy(self) -> LabelledArray: ...

    def at(self, t: int) -> SolutionStep: ...


def solution_html(solution: _Depicted, figures: Sequence[Sequence[str]], *, has_policy: bool = True) -> str:
    """Figures of a solution beside its policy at t = 0.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> solution = solve(gridworld("S.G"), 2, temperature=0.2)
    >>> solution_html(solution, [["inference", "posterior"]]).count("<svg")
    1
    """
    return beside(policy_html(solution) if has_policy else "", html_table(["solution", ""], figures))


def policy_html(solution: _Depicted) -> str:
    """The policy at t = 0: on a grid of at most 400 cells a picture, otherwise a table."""
    mdp = solution.network.mdp
    policy = _first_step(solution)
    caption = f"{'p(a | s, O=1)' if solution.inference == 'posterior' else 'π(a | s)'} at t = 0"
    if mdp.positions is None or mdp.n_states > _LARGEST_GRID:
        return policy_table(policy, mdp, caption)
    grid, moves = grid_of(mdp), moves_of(mdp)
    if grid is None or moves is None or np.prod(grid.shape) > _LARGEST_GRID:
        return policy_table(policy, mdp, caption)
    return draw_board(policy_cells(policy, mdp, grid, moves), f"{solution.inference} policy {caption}", caption=caption)


def policy_cells(policy: FloatArray, mdp: MDP, grid: GridMap, moves: Sequence[Direction]) -> list[Cell]:
    """One cell per state and wall; ``policy`` has axes s, a."""
    top, _, left, _ = grid.box
    cells = [Cell(row - top, column - left, "wall", "wall") for row, column in grid.walls]
    for k, (row, column) in grid.cells.items():
        look = grid.ends.get(k) or ("undefined" if np.isnan(policy[k]).any() else "plain")
        words = {"plain": _words(policy[k], mdp, k), "undefined": _UNDEFINED}.get(look, f"{look}, absorbing")
        shares = [
            (move, float(policy[k, a]), _number(float(policy[k, a]), mdp, k, a))
            for a, move in enumerate(moves)
            if look == "plain"
        ]
        says = f"{mdp.states[k]}: {words}" + "; start" * (k in grid.starts)
        cells.append(Cell(row - top, column - left, says, look, tuple(shares), k in grid.starts))
    return cells


def policy_table(policy: FloatArray, mdp: MDP, caption: str) -> str:
    """States × actions with numbers; the middle of a long table and further actions are left out and counted."""
    shown = range(mdp.n_actions if mdp.n_actions <= _COLUMNS else _COLUMNS - 1)
    hidden = mdp.n_actions - len(shown)
    header = ["state", *(shortened(str(mdp.actions[a]), _LETTERS) for a in shown), *[f"… {hidden} more"] * (hidden > 0)]
    head, tail = kept(mdp.n_states, _ROWS)
    rows = [_row(policy[k], mdp, k, shown, hidden > 0) for k in (*head, *tail)]
    left_out = mdp.n_states - len(head) - len(tail)
    if left_out:
        rows.insert(len(head), [f"… {left_out:,} more", *[""] * (len(header) - 1)])
    return html_table(header, rows, caption=caption)


def _row(policy: FloatArray, mdp: MDP, k: int, shown: range, more: bool) -> list[str]:
    label = shortened(str(mdp.states[k]), _LETTERS)
    if np.isnan(policy).any():
        return [label, "undefined", *[""] * (len(shown) - 1 + more)]
    return [label, *(_number(float(policy[a]), mdp, k, a) for a in shown), *["…"] * more]


def _words(policy: FloatArray, mdp: MDP, k: int) -> str:
    return ", ".join(f"{action} {_number(float(policy[a]), mdp, k, a)}" for a, action in enumerate(mdp.actions))


def _number(p: float, mdp: MDP, k: int, a: int) -> str:
    return probability(p) if mdp.available[k, a] else "–"


def _first_step(solution: _Depicted) -> FloatArray:
    """The policy at t = 0, axes s, a; long ones are not worked out for the sake of one step."""
    mdp = solution.network.mdp
    if solution.network.horizon * mdp.n_states * mdp.n_actions <= _SMALL:
        return np.asarray(solution.policy[0])
    return np.asarray(solution.at(0).policy)
