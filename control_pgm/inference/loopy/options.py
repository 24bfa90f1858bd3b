"""Options of loopy belief propagation."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Literal, get_args

import numpy as np

from control_pgm.errors import InvalidArgument

Schedule = Literal["flooding", "sequential", "residual"]
Elimination = Literal["sum", "max"]
Domain = Literal["log", "linear"]


@dataclass(frozen=True)
class LoopyOptions:
    """The settings of loopy belief propagation.

    Parameters
    ----------
    schedule : {"residual", "sequential", "flooding"}
        Which message is sent when; see `control_pgm.inference.loopy.schedules`.
    elimination : {"sum", "max"}
        Sum-product for marginals and evidence, max-product for max-marginals and the mode.
    damping : float
        The share 0 ≤ d < 1 of the old message in the new one. Damping can make oscillating messages converge. It leaves
        the fixed points as they are.
    damping_domain : {"log", "linear"}
        Whether old and new are mixed as log m ← (1−d) log m' + d log m or as m ← (1−d) m' + d m.
    tolerance : float
        In nats. Converged means that the update rule would move no entry of any log-message by more.
    max_sweeps : int
        Inference stops after this many sweeps, converged or not. A sweep sends as many messages as there are edges.

    Raises
    ------
    InvalidArgument
        If a setting is out of range; names it.

    Examples
    --------
    >>> LoopyOptions(damping=0.5).damping_domain
    'log'
    """

    schedule: Schedule = "residual"
    elimination: Elimination = "sum"
    damping: float = 0.0
    damping_domain: Domain = "log"
    tolerance: float = 1e-10
    max_sweeps: int = 500

    def __post_init__(self) -> None:
        choices = {"schedule": Schedule, "elimination": Elimination, "damping_domain": Domain}
        for name, choice in choices.items():
            if getattr(self, name) not in get_args(choice):
                allowed = ", ".join(map(repr, get_args(choice)))
                raise InvalidArgument(f"{name}={getattr(self, name)!r}", allowed=allowed)
        if not _is_number(self.damping) or not 0.0 <= self.damping < 1.0:
            raise InvalidArgument(f"damping={self.damping!r}", allowed="a number 0 ≤ d < 1; 0 is no damping")
        if not _is_number(self.tolerance) or self.tolerance < 0.0:
            raise InvalidArgument(f"tolerance={self.tolerance!r}", allowed="a finite number ≥ 0, in nats")
        whole = isinstance(self.max_sweeps, int | np.integer) and not isinstance(self.max_sweeps, bool)
        if not whole or self.max_sweeps < 1:
            raise InvalidArgument(f"max_sweeps={self.max_sweeps!r}", allowed="an integer ≥ 1")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
