"""Ready-made decision processes: gridworlds from text, and the examples of textbooks and papers."""

from __future__ import annotations

from control_pgm.problems.factored import game_of_life, navigation
from control_pgm.problems.gridworld import gridworld
from control_pgm.problems.hidden_states import crying_baby, tiger
from control_pgm.problems.sysadmin import sysadmin
from control_pgm.problems.textbook import forest, gambler, puterman_two_state, russell_norvig_grid, sutton_barto_grid

__all__ = [
    "crying_baby",
    "forest",
    "gambler",
    "game_of_life",
    "gridworld",
    "navigation",
    "puterman_two_state",
    "russell_norvig_grid",
    "sutton_barto_grid",
    "sysadmin",
    "tiger",
]
