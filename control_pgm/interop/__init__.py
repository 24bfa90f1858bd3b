"""Other engines, environments and formats."""

from control_pgm.interop.crosscheck import Check, Report, crosscheck
from control_pgm.interop.files import load, load_solution, loads, save, save_solution
from control_pgm.interop.gymnasium import from_gymnasium
from control_pgm.interop.pgmpy import to_pgmpy
from control_pgm.interop.sampling import Sampled, from_samples
from control_pgm.interop.solution_record import SavedSolution

__all__ = [
    "Check",
    "Report",
    "Sampled",
    "SavedSolution",
    "crosscheck",
    "from_gymnasium",
    "from_samples",
    "load",
    "load_solution",
    "loads",
    "save",
    "save_solution",
    "to_pgmpy",
]
