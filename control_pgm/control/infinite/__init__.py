"""Control without a last step: discounted, average-reward and linearly solvable processes."""

from control_pgm.control.infinite.average import AverageSolution, solve_average
from control_pgm.control.infinite.discounted import solve_infinite
from control_pgm.control.infinite.linearly_solvable.desirability import DesirabilitySolution
from control_pgm.control.infinite.linearly_solvable.linearly_solvable import LinearlySolvable
from control_pgm.control.infinite.linearly_solvable.passive import passive_process
from control_pgm.control.infinite.linearly_solvable.z_iteration import solve_linearly_solvable
from control_pgm.control.infinite.stationary import StationarySolution

__all__ = [
    "AverageSolution",
    "DesirabilitySolution",
    "LinearlySolvable",
    "StationarySolution",
    "passive_process",
    "solve_average",
    "solve_infinite",
    "solve_linearly_solvable",
]
