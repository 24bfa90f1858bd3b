"""A solution as one self-contained HTML page: step through time, click a state, see its message."""

from control_pgm.explorer.page import explore

__all__ = ["explore"]
