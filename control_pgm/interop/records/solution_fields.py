"""Fields that records of solutions and control networks share: horizon, temperatures, action prior, labelled arrays."""

from __future__ import annotations

from math import inf

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.interop.records.label_codes import shortened
from control_pgm.interop.records.record import Source
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

PRIORS = ("uniform", "counting", "sa", "tsa")  # what p(a|s) is, or the axes of its table


def prior_kind(prior: FloatArray | str | None) -> str:
    """What an action prior is called, as `unroll` takes it: a word, or the axes of its table."""
    if prior is None or isinstance(prior, str):
        return prior or "uniform"
    return "tsa" if prior.ndim == 3 else "sa"


def read_horizon(source: Source, mdp: MDP) -> int:
    """The number of actions."""
    horizon = source.value("horizon")
    if type(horizon) is not int or not 1 <= horizon < 2**31:
        raise source.error(f"horizon is {shortened(horizon)}", allowed="an integer ≥ 1")
    if mdp.time_steps not in (None, horizon):
        raise source.error(
            f"horizon is {horizon}", allowed=f"{mdp.time_steps}, the number of time steps that the process has"
        )
    return horizon


def read_temperatures(source: Source, horizon: int) -> FloatArray:
    """alpha_t of each step, from the one temperature or the schedule of the file."""
    scheduled = "temperatures" in source.names
    if scheduled == ("temperature" in source.names):
        raise source.error(
            f"temperature and temperatures are {'both there' if scheduled else 'both missing'}",
            allowed="temperature, a number, or temperatures, one for each step",
        )
    given = source.array("temperatures", (horizon,), "float") if scheduled else np.array([source.number("temperature")])
    for t, alpha in enumerate(given.tolist()):
        if not 0.0 < alpha < inf:
            place = f"temperatures[{t}]" if scheduled else "temperature"
            raise source.error(f"{place} is {alpha}", allowed="a finite number > 0, in units of reward")
    return np.broadcast_to(lock(given), (horizon,))


def read_labelled(source: Source, name: str, axes: str, mdp: MDP, horizon: int = 0) -> LabelledArray:
    """An array over some of the axes t, s, a; ``T`` stands for the T+1 times of states."""
    sizes = {"t": horizon, "T": horizon + 1, "s": mdp.n_states, "a": mdp.n_actions}
    values = source.array(name, tuple(sizes[axis] for axis in axes), "bool" if name == "defined" else "float")
    labels = {"t": Labels(range(sizes[axes[0]])), "s": mdp.states, "a": mdp.actions}
    dims = tuple(axes.lower())
    return LabelledArray(lock(values), dims, {dim: labels[dim] for dim in dims})


def read_prior(source: Source, mdp: MDP, horizon: int = 0) -> FloatArray | str | None:
    """The action prior as `unroll` takes it."""
    kind = source.text("prior", PRIORS)
    if (kind in ("sa", "tsa")) != ("action_prior" in source.names):
        raise source.error(f"prior is {kind!r}", allowed="'sa' or 'tsa' with the array action_prior, others without")
    if kind in ("uniform", "counting"):
        return None if kind == "uniform" else kind
    sizes = {"t": horizon, "s": mdp.n_states, "a": mdp.n_actions}
    return lock(source.array("action_prior", tuple(sizes[axis] for axis in kind), "float"))


def read_truth(source: Source, name: str) -> bool:
    """A truth value."""
    value = source.value(name)
    if type(value) is not bool:
        raise source.error(f"{name} is {shortened(value)}", allowed="true or false")
    return value
