"""Ready-made decision processes: gridworlds from text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from textwrap import dedent

import numpy as np

from control_pgm.control.mdp import MDP
from control_pgm.control.validation import fits_dense
from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.tables.arrays import FloatArray

ACTIONS = ("left", "down", "right", "up")
_MOVES = (
    (0, -1),
    (1, 0),
    (0, 1),
    (-1, 0),
)  # (row, column) steps of the actions; neighbours in this list are perpendicular
_CELLS = {"S": "start", ".": "floor", "F": "floor", "#": "wall", "G": "goal", "H": "hole"}
_PAID = {"G": 1.0, "H": -1.0}


@dataclass(frozen=True)
class _Grid:
    """The cells of a grid that are no walls, in reading order."""

    cells: Mapping[tuple[int, int], str]
    index: Mapping[tuple[int, int], int]


def gridworld(
    text: str, *, slip: float = 0.0, rewards: Mapping[str, float] | None = None, step_reward: float = 0.0
) -> MDP:
    """A gridworld drawn as text.

    Parameters
    ----------
    text : str
        One line per row: ``S`` start, ``.`` or ``F`` floor, ``#`` wall, ``G`` goal, ``H`` hole. Goal and hole are
        absorbing. With several starts the first state is uniform over them. Common indentation is ignored.
    slip : float
        The probability of moving perpendicular to the action instead, half to each side.
    rewards : mapping, optional
        What entering a cell pays, by letter or by label: default ``{"G": 1, "H": -1}``; ``{"(1,2)": -0.5}`` changes
        one cell.
    step_reward : float
        Added for every step from a cell that is not absorbing.

    Returns
    -------
    MDP
        States labelled ``"(row,col)"`` from 0, actions left, down, right, up; the reward is r(s,a,s'), paid on
        entering s'. A move against a wall or the border stays where it is, and does not count as entering.

    Raises
    ------
    InvalidModel
        On an unknown letter (row and column named), rows of different length, no start, an empty grid.
    InvalidArgument
        If ``slip`` is no probability, or ``rewards`` names a cell that does not exist.

    Examples
    --------
    >>> mdp = gridworld('''
    ...     S.G
    ...     .#H
    ... ''', slip=0.2)
    >>> mdp.states
    ('(0,0)', '(0,1)', '(0,2)', '(1,0)', '(1,2)')
    >>> float(round(mdp.transition[1, 2, 2], 6)), float(round(mdp.reward[1, 2], 6))
    (0.8, 0.8)
    """
    if isinstance(slip, bool) or not isinstance(slip, Real) or not 0.0 <= float(slip) <= 1.0:
        raise InvalidArgument(f"slip {slip!r}", allowed="a probability, 0 to 1")
    step_reward = _finite(step_reward, "step_reward")
    grid = _parse(text)
    paid = _paid(grid, rewards or {})
    n = len(grid.cells)
    fits_dense(n, len(ACTIONS))
    transition = np.zeros((n, len(ACTIONS), n))
    reward = np.zeros((n, len(ACTIONS), n))
    for cell, k in grid.index.items():
        if grid.cells[cell] in "GH":
            transition[k, :, k] = 1.0
            continue
        reward[k] = step_reward
        for direction in range(len(_MOVES)):
            target = _target(grid, cell, direction)
            transition[k, direction, target] += 1.0 - slip
            transition[k, (direction + 1) % 4, target] += slip / 2
            transition[k, (direction - 1) % 4, target] += slip / 2
            if target != k:
                reward[k, :, target] = step_reward + paid[target]
    starts = [grid.index[cell] for cell, letter in grid.cells.items() if letter == "S"]
    initial = np.zeros(n)
    initial[starts] = 1.0 / len(starts)
    return MDP(
        transition,
        reward,
        initial=initial,
        states=[_label(cell) for cell in grid.cells],
        actions=ACTIONS,
        reward_axes="sas",
        positions={_label(cell): cell for cell in grid.cells},
    )


def _label(cell: tuple[int, int]) -> str:
    return f"({cell[0]},{cell[1]})"


def _parse(text: str) -> _Grid:
    if not isinstance(text, str):
        raise InvalidModel(f"a gridworld is drawn as text, not as {type(text).__name__}")
    rows = [row.rstrip() for row in dedent(text).strip().splitlines()]
    if not rows:
        raise InvalidModel("the grid is empty", allowed=_allowed())
    cells: dict[tuple[int, int], str] = {}
    for r, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise InvalidModel(
                f"row {r} of the grid has {len(row)} cells ({row!r}), row 0 has {len(rows[0])}", allowed="equal lengths"
            )
        for c, letter in enumerate(row):
            if letter not in _CELLS:
                raise InvalidModel(f"row {r}, column {c} of the grid is {letter!r}", allowed=_allowed())
            if letter != "#":
                cells[r, c] = letter
    if "S" not in cells.values():
        raise InvalidModel("the grid has no start", allowed=_allowed(), remedy="mark at least one cell with S")
    return _Grid(cells, {cell: k for k, cell in enumerate(cells)})


def _allowed() -> str:
    return ", ".join(f"{letter!r} {meaning}" for letter, meaning in _CELLS.items())


def _paid(grid: _Grid, rewards: Mapping[str, float]) -> FloatArray:
    """What entering each cell pays."""
    if not isinstance(rewards, Mapping):
        raise InvalidArgument(f"rewards is {rewards!r}", allowed="{letter or label: number}")
    by_label = {_label(cell): k for cell, k in grid.index.items()}
    letters = dict(_PAID)
    for key in rewards:
        if key not in by_label and (key not in _CELLS or key == "#"):
            raise InvalidArgument(
                f"rewards names {key!r}",
                allowed=f"a letter of {', '.join(x for x in _CELLS if x != '#')}, or a label like '(0,0)'",
            )
    rewards = {key: _finite(value, f"rewards[{key!r}]") for key, value in rewards.items()}
    letters.update({key: value for key, value in rewards.items() if key in _CELLS})
    values = np.array([letters.get(letter, 0.0) for letter in grid.cells.values()])
    for key, value in rewards.items():
        if key in by_label:
            values[by_label[key]] = value
    return values


def _finite(value: object, what: str) -> float:
    """A reward: any number below +inf (−inf forbids the cell)."""
    if isinstance(value, bool) or not isinstance(value, Real) or not float(value) < np.inf:
        raise InvalidArgument(f"{what} is {value!r}", allowed="a number below +inf; −inf forbids")
    return float(value)


def _target(grid: _Grid, cell: tuple[int, int], direction: int) -> int:
    """Where a move leads: the neighbour, or the cell itself at a wall or the border."""
    step = _MOVES[direction]
    neighbour = (cell[0] + step[0], cell[1] + step[1])
    return grid.index.get(neighbour, grid.index[cell])
