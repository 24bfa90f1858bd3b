"""Frames of a filmstrip: rows, states and times, and the position of each cell."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from control_pgm.control.mdp.grid import GridMap
from control_pgm.control.mdp.mdp import MDP
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base.sheet import Sheet
from control_pgm.viz.base.state_rows import OTHERS
from control_pgm.viz.over_time.filmstrip_layout import Film


@dataclass(frozen=True, eq=False)
class Row:
    """What one row of frames shows.

    Attributes
    ----------
    name, heading : the key of its artists, and what stands above it.
    values : array [t, s].
    logarithmic : whether the values are logarithms rather than probabilities.
    arrows : "forward" or "backward" from frame to frame, or "".
    colour : of the heading and the arrows; "" for ink.
    mass : whether the values of several states can be added, as probabilities of states can.
    dashed : whether frames and arrows are dashed throughout: reality, not belief.
    """

    name: str
    heading: str
    values: FloatArray
    logarithmic: bool = False
    arrows: str = ""
    colour: str = ""
    dashed: bool = False
    mass: bool = True


@dataclass(frozen=True, eq=False)
class Reel:
    """What is drawn where; ``states`` are those drawn, ``names`` what stands beside them where there is no grid.

    State n, after all of the process, stands for those without a row of their own.

    ``options`` are those of the frames' outlines.
    """

    page: Sheet
    film: Film
    mdp: MDP
    grid: GridMap | None
    states: Sequence[int]
    names: Sequence[str]
    times: Sequence[int]
    bars: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[int, tuple[int, int]]:
        """State -> (row, column) within a frame."""
        if self.grid is None:
            return {k: (y, 0) for y, k in enumerate(self.states)}
        top, _, left, _ = self.grid.box
        return {k: (r - top, c - left) for k, (r, c) in self.grid.cells.items()}

    def label(self, k: int) -> Hashable:
        """The label of a drawn state."""
        return self.mdp.states[k] if k < self.mdp.n_states else OTHERS

    @property
    def shape(self) -> tuple[int, int]:
        """The rows and columns of cells in a frame."""
        return self.grid.shape if self.grid else (len(self.states), 1)

    def corner(self, row: int, frame: int, place: tuple[int, int]) -> tuple[float, float]:
        """The lower left corner of a cell."""
        (wide, high), film = self.film.cell, self.film
        return film.lefts[frame] + place[1] * wide, film.bottoms[row] + film.frame[1] - (place[0] + 1) * high
