"""Optimal policies: those of largest expected reward, as arrays."""

from __future__ import annotations

from typing import Any

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.solve import solve
from control_pgm.tables.labelled_array import LabelledArray


def optimal_policy(
    problem: MDP | ControlNetwork, horizon: int | None = None, *, inference: str = "bellman", **options: Any
) -> LabelledArray:
    """The policy of largest expected reward (Bellman 1957); ties are shared uniformly.

    Parameters
    ----------
    problem, horizon, **options
        As for `solve`, and raising what it raises.
    inference : str
        As for `solve`, but "bellman" by default. The policies of other types of inference, such as the posterior's,
        are optimal in another sense.

    Returns
    -------
    LabelledArray [t, s, a]
        pi(a_t | s_t); NaN where optimality is impossible.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> mdp = gridworld("S.G")
    >>> optimal_policy(mdp, 2).sel(t=0, s="(0,0)").tolist()
    [0.0, 0.0, 1.0, 0.0]
    >>> soft = optimal_policy(mdp, 2, inference="posterior", temperature=0.1)
    >>> soft.sel(t=0, s="(0,0)").values.round(4).tolist()
    [0.0002, 0.0002, 0.9995, 0.0002]
    """
    return solve(problem, horizon, inference=inference, **options).policy
