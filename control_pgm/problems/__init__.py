"""Ready-made decision processes: gridworlds from text, and the examples of textbooks."""

from __future__ import annotations

from control_pgm.problems.gridworld import gridworld

__all__ = ["gridworld"]
