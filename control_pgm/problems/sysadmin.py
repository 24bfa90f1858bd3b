"""System administration: machines that fail more often beside failed neighbours, and one reboot per step.

The factored process of Guestrin, Koller, Parr and Venkataraman 2003, with the numbers of the planning competitions of
2011 and 2014 (Sanner, "SysAdmin MDP"): a running machine goes on with probability

    0.45 + 0.5 · (1 + number of running neighbours) / (1 + number of neighbours),

a failed one comes back with probability 0.1, a rebooted one for certain. Every running machine pays 1 a step, a reboot
costs 0.75.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from control_pgm.control.control_model.model import ControlModel
from control_pgm.control.control_model.rewards import Reward
from control_pgm.errors import InvalidArgument
from control_pgm.models.cpd import CPD
from control_pgm.tables.variable import Variable

_RECOVERS, _COST = 0.1, 0.75


def sysadmin(n: int, topology: Literal["ring", "star"] = "ring") -> ControlModel:
    """The control model of a network of machines m1 … mn, of which one may be rebooted in each step.

    Parameters
    ----------
    n : int
        How many machines, ≥ 2.
    topology : {"ring", "star"}
        In a ring machine i depends on machine i − 1; in a star all others depend on m1, and m1 on all others.

    Examples
    --------
    >>> from control_pgm import solve
    >>> solution = solve(sysadmin(3), 4, inference="bellman")
    >>> round(solution.value, 4)
    11.2338
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 2:
        raise InvalidArgument(f"sysadmin of {n!r} machines", allowed="an integer ≥ 2")
    if topology not in ("ring", "star"):
        raise InvalidArgument(f"topology {topology!r}", allowed="'ring' or 'star'")
    names = [f"m{i + 1}" for i in range(n)]
    now = [Variable(name, ["down", "up"], kind="state") for name in names]
    after = [Variable(f"{name}'", ["down", "up"], kind="state") for name in names]
    reboot = Variable("reboot", ["none", *names], kind="action")
    machines = [_machine(i, _neighbours(i, n, topology), now, after[i], reboot) for i in range(n)]
    return ControlModel(
        [CPD(v, [], [0.0, 1.0]) for v in now],
        [CPD(reboot, [], np.full(n + 1, 1.0 / (n + 1))), *machines],
        [*(Reward(name, [name], [0.0, 1.0]) for name in names), Reward("cost", ["reboot"], [0.0] + [-_COST] * n)],
        sees={"reboot": names},
    )


def _neighbours(i: int, n: int, topology: str) -> list[int]:
    """The machines that machine i depends on."""
    if topology == "ring":
        return [(i - 1) % n]
    return list(range(1, n)) if i == 0 else [0]


def _machine(i: int, near: list[int], now: list[Variable], after: Variable, reboot: Variable) -> CPD:
    """p(m_i' | m_i, neighbours, reboot)."""
    running = np.indices((2,) * len(near)).sum(axis=0) if near else np.zeros(())
    goes_on = 0.45 + 0.5 * (1 + running) / (1 + len(near))
    up = np.stack([np.full(goes_on.shape, _RECOVERS), goes_on])
    up = np.repeat(up[..., None], reboot.cardinality, axis=-1)
    up[..., i + 1] = 1.0
    return CPD(after, [now[i], *(now[k] for k in near), reboot], np.stack([1.0 - up, up], axis=-1))
