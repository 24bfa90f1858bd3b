"""Small factored processes of the planning competition of 2011: the game of life, and navigation.

Both are control models with several state variables and one action (Sanner 2011, "RDDL: Relational dynamic influence
diagram language", and the domains of IPPC 2011).
"""

from __future__ import annotations

import numpy as np

from control_pgm.control.control_model.model import ControlModel
from control_pgm.control.control_model.rewards import Reward
from control_pgm.errors import InvalidArgument
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.variable import Variable


def game_of_life(rows: int, columns: int, *, noise: float = 0.1) -> ControlModel:
    """Conway's game with noise, in which one cell may be set in each step; every living cell pays 1.

    A cell lives on with two or three living neighbours and is born with three; with probability ``noise`` the opposite
    happens. The cell that was set lives with probability 1 − noise.

    Parameters
    ----------
    rows, columns : int
        ≥ 1 each. Exact solutions have tables over all cells: 3 × 3 is small.
    noise : float
        In [0, 1].

    Examples
    --------
    >>> from control_pgm import solve
    >>> solve(game_of_life(2, 2), 3, inference="bellman").policy.dims[:3]
    ('t', 'r0c0', 'r0c1')
    """
    for name, value in (("rows", rows), ("columns", columns)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InvalidArgument(f"{name} {value!r}", allowed="an integer ≥ 1")
    if not 0.0 <= noise <= 1.0:
        raise InvalidArgument(f"noise {noise!r}", allowed="a probability")
    cells = [(r, c) for r in range(rows) for c in range(columns)]
    names = {cell: f"r{cell[0]}c{cell[1]}" for cell in cells}
    now = {cell: Variable(name, ["dead", "alive"], kind="state") for cell, name in names.items()}
    after = {cell: Variable(f"{name}'", ["dead", "alive"], kind="state") for cell, name in names.items()}
    chosen = Variable("set", ["none", *names.values()], kind="action")
    step = [CPD(chosen, [], np.full(len(cells) + 1, 1.0 / (len(cells) + 1)))]
    for k, cell in enumerate(cells):
        near = [
            other for other in cells if other != cell and max(abs(other[0] - cell[0]), abs(other[1] - cell[1])) == 1
        ]
        table = _life(len(near), k + 1, chosen.cardinality, noise)
        step.append(CPD(after[cell], [now[cell], *(now[other] for other in near), chosen], table))
    return ControlModel(
        [CPD(v, [], [0.5, 0.5]) for v in now.values()],
        step,
        [Reward(name, [name], [0.0, 1.0]) for name in names.values()],
        sees={"set": list(names.values())},
    )


def _life(n: int, own: int, choices: int, noise: float) -> FloatArray:
    """p(cell' | cell, its n neighbours, the cell that is set); ``own`` is the choice that sets this one."""
    living = np.indices((2,) * n).sum(axis=0) if n else np.zeros((), dtype=np.int64)
    lives = np.stack([living == 3, (living == 2) | (living == 3)])
    alive = np.repeat(np.where(lives, 1.0 - noise, noise)[..., None], choices, axis=-1)
    alive[..., own] = 1.0 - noise
    return np.stack([1.0 - alive, alive], axis=-1)


def navigation(rows: int = 3, columns: int = 4, *, hazard: float = 0.6) -> ControlModel:
    """A robot that crosses a field in which it may disappear, less often on the longer ways.

    It starts at the lower right, and the goal lies at the upper right. On entering a cell between the lowest and the
    highest row it disappears with a probability that grows from 0 in the leftmost column to ``hazard`` in the
    rightmost one. Each step away from the goal costs 1, also those of a robot that is gone.

    Parameters
    ----------
    rows, columns : int
        ≥ 2 each.
    hazard : float
        In [0, 1].

    Examples
    --------
    >>> from control_pgm import solve
    >>> found = solve(navigation(), 12, inference="bellman")
    >>> found.policy.sel(t=0, x=3, y=0, alive="yes").tolist()  # west, where it is safe
    [0.0, 0.0, 0.0, 1.0]
    """
    for name, value in (("rows", rows), ("columns", columns)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 2:
            raise InvalidArgument(f"{name} {value!r}", allowed="an integer ≥ 2")
    if not 0.0 <= hazard <= 1.0:
        raise InvalidArgument(f"hazard {hazard!r}", allowed="a probability")
    x, x1 = (Variable(name, columns, kind="state") for name in ("x", "x'"))
    y, y1 = (Variable(name, rows, kind="state") for name in ("y", "y'"))
    alive, alive1 = (Variable(name, ["no", "yes"], kind="state") for name in ("alive", "alive'"))
    go = Variable("go", ["north", "east", "south", "west"], kind="action")
    across, up = np.zeros((columns, 4, columns)), np.zeros((rows, 4, rows))
    for k, (dx, dy) in enumerate([(0, 1), (1, 0), (0, -1), (-1, 0)]):
        for place in range(columns):
            across[place, k, min(max(place + dx, 0), columns - 1)] = 1.0
        for place in range(rows):
            up[place, k, min(max(place + dy, 0), rows - 1)] = 1.0
    lost = np.zeros((columns, rows))
    lost[:, 1:-1] = np.linspace(0.0, hazard, columns)[:, None]
    survives = np.zeros((2, columns, rows, 2))  # alive, x', y', alive'
    survives[0, ..., 0] = 1.0
    survives[1, ..., 0], survives[1, ..., 1] = lost, 1.0 - lost
    cost = np.full((2, columns, rows), -1.0)
    cost[1, -1, -1] = 0.0
    return ControlModel(
        [CPD(x, [], np.eye(columns)[-1]), CPD(y, [], np.eye(rows)[0]), CPD(alive, [], [0.0, 1.0])],
        [
            CPD(go, [], np.full(4, 0.25)),
            CPD(x1, [x, go], across),
            CPD(y1, [y, go], up),
            CPD(alive1, [alive, x1, y1], survives),
        ],
        [Reward("step", ["alive'", "x'", "y'"], cost)],
        sees={"go": ["x", "y", "alive"]},
    )
