"""Other engines, environments and formats."""

from control_pgm.interop.engines.crosscheck import Check, Report, crosscheck
from control_pgm.interop.engines.pgmpy import to_pgmpy
from control_pgm.interop.engines.pyagrum import from_pyagrum
from control_pgm.interop.environments.gymnasium import from_gymnasium
from control_pgm.interop.environments.sampling import Sampled, from_samples
from control_pgm.interop.files import load, loads, save
from control_pgm.interop.formats.bif import from_bif, to_bif
from control_pgm.interop.formats.dot import to_dot
from control_pgm.interop.formats.tikz import to_tikz
from control_pgm.interop.formats.uai import from_uai, to_uai
from control_pgm.interop.formats.uai_side import from_uai_evidence, from_uai_query, to_uai_evidence, to_uai_solution
from control_pgm.interop.network_files import load_evidence, load_network, load_query, save_network
from control_pgm.interop.records.saved_solution import SavedSolution
from control_pgm.interop.solution_files import load_solution, save_solution

__all__ = [
    "Check",
    "Report",
    "Sampled",
    "SavedSolution",
    "crosscheck",
    "from_bif",
    "from_gymnasium",
    "from_pyagrum",
    "from_samples",
    "from_uai",
    "from_uai_evidence",
    "from_uai_query",
    "load",
    "load_evidence",
    "load_network",
    "load_query",
    "load_solution",
    "loads",
    "save",
    "save_network",
    "save_solution",
    "to_bif",
    "to_dot",
    "to_pgmpy",
    "to_tikz",
    "to_uai",
    "to_uai_evidence",
    "to_uai_solution",
]
