"""Ready-made decision processes: gridworlds from text."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as scipy_sparse

from control_pgm.control.arguments import as_float
from control_pgm.control.mdp.given_rewards import Entering
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.keywords import keywords
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray, lock, lock_mask
from control_pgm.tables.variable import Labels

ACTIONS = ("left", "down", "right", "up")
# (row, column) steps of the actions; neighbours in this list are perpendicular
_MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))
_CELLS = {"S": "start", ".": "floor", "F": "floor", "#": "wall", "G": "goal", "H": "hole"}
_PAID = {"G": 1.0, "H": -1.0}
_LARGEST_DENSE = 400  # states; larger grids are sparse


@keywords
def gridworld(
    text: str,
    *,
    slip: float = 0.0,
    rewards: Mapping[str, float] | None = None,
    step_reward: float = 0.0,
    discount: float = 1.0,
    sparse: bool | None = None,
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
    discount : float
        Gamma in [0, 1], as for `MDP`.
    sparse : bool, optional
        Whether the tables are sparse: time and memory then grow with the number of cells instead of its square.
        Default: from 400 states on.

    Returns
    -------
    MDP
        States labelled ``"(row,col)"`` from 0, actions left, down, right, up; the reward is r(s,a,s'), paid on
        entering s', whatever leads there: also in a network whose dynamics are replaced. A move against a wall or the
        border stays where it is, and does not count as entering.

    Raises
    ------
    InvalidModel
        On an unknown letter (row and column named), rows of different length, no start, an empty grid.
    InvalidArgument
        If ``slip`` or ``discount`` is no probability, or ``rewards`` names a cell that does not exist.

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
    if not 0.0 <= as_float(slip) <= 1.0:
        raise InvalidArgument(f"slip {slip!r}", allowed="a probability, 0 to 1")
    if sparse is not None and not isinstance(sparse, bool):
        raise InvalidArgument(f"sparse {sparse!r}", allowed="True, False, or None: by size")
    step_reward = _finite(step_reward, "step_reward")
    grid = _parse(text)
    paid = _paid(grid, {} if rewards is None else rewards)
    transition = _transition(grid, float(slip))
    entering = _entering(grid, paid, step_reward)
    n, m = len(grid.letters), len(ACTIONS)
    reward: Any
    if n >= _LARGEST_DENSE if sparse is None else sparse:
        pairs = np.repeat(np.arange(n * m), np.diff(transition.indptr))
        listed = entering.pick(pairs // m, pairs % m, transition.indices)
        reward, axes = Rewards("o", lock(listed.values), beyond=entering), None
    else:
        outcomes = np.indices((n, m, n)).reshape(3, -1)
        reward, axes = entering.pick(*outcomes).values.reshape(n, m, n), "sas"
        transition = transition.toarray().reshape(n, m, n)
    starts = grid.letters == "S"
    return MDP(
        transition,
        reward,
        initial=starts / starts.sum(),
        states=grid.labels,
        actions=ACTIONS,
        discount=discount,
        reward_axes=axes,
        positions=grid.positions,
    )


@dataclass(frozen=True, eq=False)
class _Grid:
    """The cells of a grid that are no walls, in reading order, n of them.

    Attributes
    ----------
    letters : array [n]
    rows, columns : int arrays [n]
    targets : int array [n, 4]
        Where each move leads: the neighbour, or the cell itself at a wall or the border.
    """

    letters: NDArray[np.str_]
    rows: IntArray
    columns: IntArray
    targets: IntArray

    @property
    def absorbing(self) -> BoolArray:
        """Where goals and holes are."""
        return np.asarray((self.letters == "G") | (self.letters == "H"))

    @cached_property
    def labels(self) -> Labels:
        """The names "(row,col)" of the cells, which are distinct."""
        return Labels([f"({r},{c})" for r, c in zip(self.rows.tolist(), self.columns.tolist(), strict=True)])

    @property
    def positions(self) -> dict[Hashable, tuple[int, int]]:
        """label -> (row, column)."""
        cells = zip(self.rows.tolist(), self.columns.tolist(), strict=True)
        return dict(zip(self.labels, cells, strict=True))


def _parse(text: str) -> _Grid:
    if not isinstance(text, str):
        raise InvalidModel(
            f"a gridworld is drawn as text, not as {type(text).__name__}", remedy="join rows by line breaks: 'S.\\n.G'"
        )
    lines = [line.rstrip() for line in dedent(text).strip().splitlines()]
    if not lines:
        raise InvalidModel("the grid is empty", allowed=_allowed())
    for r, line in enumerate(lines):
        if len(line) != len(lines[0]):
            raise InvalidModel(
                f"row {r} of the grid has {len(line)} cells ({line!r}), row 0 has {len(lines[0])}",
                allowed="equal lengths",
            )
    drawing = np.array([list(line) for line in lines])
    unknown = ~np.isin(drawing, list(_CELLS))
    if unknown.any():
        r, c = np.argwhere(unknown)[0]
        raise InvalidModel(f"row {r}, column {c} of the grid is {lines[r][c]!r}", allowed=_allowed())
    if not (drawing == "S").any():
        raise InvalidModel("the grid has no start", allowed=_allowed(), remedy="mark at least one cell with S")
    rows, columns = np.nonzero(drawing != "#")
    return _Grid(drawing[rows, columns], rows, columns, _targets(drawing.shape, rows, columns))


def _targets(shape: tuple[int, ...], rows: IntArray, columns: IntArray) -> IntArray:
    """Where each move leads, from a map of the cells' numbers with a border of walls."""
    own = np.arange(len(rows))
    number = np.full((shape[0] + 2, shape[1] + 2), -1)
    number[rows + 1, columns + 1] = own
    neighbours = [number[rows + 1 + r, columns + 1 + c] for r, c in _MOVES]
    return np.stack([np.where(neighbour >= 0, neighbour, own) for neighbour in neighbours], axis=1)


def _allowed() -> str:
    return ", ".join(f"{letter!r} {meaning}" for letter, meaning in _CELLS.items())


def _transition(grid: _Grid, slip: float) -> Any:
    """P(s'|s,a) as a CSR matrix, row s·4+a: every action moves in its own direction or the two beside it."""
    n, m = grid.targets.shape
    directions = [sorted({a, (a + 1) % m, (a - 1) % m}) for a in range(m)]
    chances = [[1.0 - slip if d == a else slip / 2 for d in three] for a, three in enumerate(directions)]
    targets = grid.targets[:, directions]
    probabilities = np.broadcast_to(chances, targets.shape).copy()
    ends = np.flatnonzero(grid.absorbing)
    targets[ends] = ends[:, None, None]
    probabilities[ends] = [1.0, 0.0, 0.0]
    begins = np.arange(0, targets.size + 1, 3)
    matrix = scipy_sparse.csr_array((probabilities.ravel(), targets.ravel(), begins), shape=(n * m, n))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _entering(grid: _Grid, paid: FloatArray, step_reward: float) -> Entering:
    """r(s,a,s') of every outcome, possible or not: the step, and what entering another cell pays."""
    step = np.where(grid.absorbing, 0.0, step_reward)[:, None]
    return Entering(lock(np.repeat(step, len(ACTIONS), axis=1)), lock(paid), lock_mask(~grid.absorbing))


def _paid(grid: _Grid, rewards: Mapping[str, float]) -> FloatArray:
    """What entering each cell pays."""
    if not isinstance(rewards, Mapping):
        raise InvalidArgument(f"rewards is {rewards!r}", allowed="{letter or label: number}")
    for key in rewards:
        if (key not in _CELLS or key == "#") and key not in grid.labels.index_of:
            raise InvalidArgument(
                f"rewards names {key!r}",
                allowed=f"a letter of {', '.join(x for x in _CELLS if x != '#')}, or a label like '(0,0)'",
            )
    given = {key: _finite(value, f"rewards[{key!r}]") for key, value in rewards.items()}
    values = np.zeros(len(grid.letters))
    for letter, value in (_PAID | {key: given[key] for key in given if key in _CELLS}).items():
        values[grid.letters == letter] = value
    for label in given.keys() - _CELLS.keys():
        values[grid.labels.index_of[label]] = given[label]
    return values


def _finite(value: object, what: str) -> float:
    """A reward: any number below +inf (−inf forbids the cell)."""
    number = as_float(value)
    if not number < np.inf:
        raise InvalidArgument(f"{what} is {value!r}", allowed="a number below +inf; −inf forbids")
    return number
