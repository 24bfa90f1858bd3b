"""Other engines and formats."""

from control_pgm.interop.crosscheck import Check, Report, crosscheck
from control_pgm.interop.pgmpy import to_pgmpy

__all__ = ["Check", "Report", "crosscheck", "to_pgmpy"]
