"""Checks of what pictures are given, before anything is drawn."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from control_pgm.control.arguments import to_process
from control_pgm.control.mdp.mdp import MDP
from control_pgm.errors import InvalidArgument, unknown


def check_time(t: Any, last: int) -> None:
    """Refuse a time that the solution does not have."""
    if isinstance(t, bool) or not isinstance(t, int | np.integer) or not 0 <= t <= last:
        raise InvalidArgument(f"time t={t!r}", allowed=f"an integer, 0 … {last}")


def check_mdp(mdp: Any, function: str) -> None:
    """Refuse what is no decision process."""
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"{function} draws no {type(mdp).__name__}", allowed="an MDP", remedy=to_process(mdp))


def check_choice(chosen: Any, allowed: Collection[str], what: str) -> None:
    """Refuse a word that is none of those allowed."""
    if chosen not in allowed:
        raise unknown(chosen, allowed, what=what)
