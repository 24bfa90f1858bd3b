"""Linearly solvable processes (Todorov 2006): passive dynamics, desirability, Z iteration."""

from typing import TYPE_CHECKING

from control_pgm.lazy import lazily

if TYPE_CHECKING:
    from control_pgm.control.linearly_solvable.desirability import DesirabilitySolution
    from control_pgm.control.linearly_solvable.passive import passive_process
    from control_pgm.control.linearly_solvable.process import LinearlySolvable
    from control_pgm.control.linearly_solvable.z_iteration import solve_linearly_solvable

__all__ = ["DesirabilitySolution", "LinearlySolvable", "passive_process", "solve_linearly_solvable"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazily(__name__, __all__, ["process", "passive", "desirability", "z_iteration"])
