"""Data of the page about a solution: numbers and labels in JSON's own types."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.analysis.hitting import placed_belief
from control_pgm.control.mdp.grid import GridMap, grid_of, moves_of
from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solve_options import has_temperature
from control_pgm.display import number
from control_pgm.errors import NotAvailable, TooLarge, UndefinedConditional
from control_pgm.tables.arrays import FloatArray

MAX_NUMBERS = 2_000_000  # on one page: about 16 MB of text
_DIGITS = 6  # significant ones, of every number
_ROW_OF_BASE = {"s": "state", "a": "action", "O": "optimality"}

Json = dict[str, Any]


def page_data(solution: Solution) -> Json:
    """Everything that the page shows.

    Raises
    ------
    TooLarge
        If the page would be too long for a browser.
    NotAvailable
        If the type of inference has no policy or no values.
    """
    network, mdp = solution.network, solution.network.mdp
    steps, n, m = network.horizon, mdp.n_states, mdp.n_actions
    count = steps * n * (2 * m + 2)
    if count > MAX_NUMBERS:
        raise TooLarge(
            f"a page about {steps} steps of {n} states and {m} actions would hold {count:,} numbers",
            allowed=f"{MAX_NUMBERS:,}",
            remedy="solve a shorter horizon to explore it",
        )
    exact = solution.inference == "posterior"
    return {
        "inference": solution.inference,
        "temperature": _temperature(network) if has_temperature(solution.inference) else None,
        "horizon": steps,
        "discount": _number(mdp.discount),
        "states": [str(label) for label in mdp.states],
        "actions": [str(label) for label in mdp.actions],
        "figures": str(solution),
        # A schedule of temperatures leaves the posterior's values without a common unit.
        "V": None if exact and network.scheduled else _numbers(solution.V.values),
        "logBackward": _numbers(solution.log_backward.values) if exact else None,
        "logEnded": _numbers(_log_ended(solution)) if exact and mdp.discount < 1 else None,
        "terms": _numbers((solution.log_backward_action if exact else solution.Q).values),
        "policy": _numbers(solution.policy.values),
        "marginals": _marginals(solution),
        "prior": _per_step(steps, network.prior.varying, lambda t: _numbers(network.prior.at(t))),
        "outcomes": _outcomes(solution, exact),
        "grid": _grid(grid_of(mdp)),
        "moves": moves_of(mdp),
        "edges": _edges(network),
        "last": len(network.reward_shift) > steps,
    }


def _log_ended(solution: Solution) -> FloatArray:
    """log β_t of the state in which discount ends the process: reward 0 for ever, measured by the shifts c_t."""
    network, mdp = solution.network, solution.network.mdp
    if TERMINAL in mdp.states:
        return np.asarray(solution.log_backward.sel(s=TERMINAL))
    alphas = np.append(network.temperatures, network.temperatures[-1])
    shifts = network.reward_shift / alphas[: len(network.reward_shift)]
    to_go = np.append(np.cumsum(shifts[::-1])[::-1], 0.0)
    return np.asarray(-to_go[: network.horizon + 1])


def _temperature(network: ControlNetwork) -> str:
    """The temperature, or the first and the last of a schedule."""
    if not network.scheduled:
        return number(network.temperature)
    return f"{number(float(network.temperatures[0]))} … {number(float(network.temperatures[-1]))}"


def _marginals(solution: Solution) -> Any:
    """p(s_t | O=1), mass that has ended at the states it entered; None where the type of inference has none."""
    try:
        return _numbers(placed_belief(solution))
    except (NotAvailable, UndefinedConditional):
        return None


def _outcomes(solution: Solution, exact: bool) -> list[Any]:
    """Per step, or once for all: [s][a] -> [[s', p, r], …].

    Where an outcome has several rewards, r is what stands for them: their certainty equivalent in exact inference,
    their mean under the true dynamics.
    """
    network, mdp = solution.network, solution.network.mdp
    n, m = mdp.n_states, mdp.n_actions

    def at(t: int) -> list[Any]:
        stage = network.stage(t)
        matrix, rewards = sparse.csr_array(stage.dynamics.matrix), stage.rewards
        values = rewards.expected()
        if exact and rewards.weights is not None:
            everywhere = np.ones(values.shape, dtype=bool)
            shift, alpha = float(network.reward_shift[t]), float(network.temperatures[t])
            values = shift + alpha * rewards.log_optimality(everywhere, shift, alpha)
        listed = []
        for row in range(n * m):
            s, a = divmod(row, m)
            held = range(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
            entries = []
            for k in held:
                s_next = int(matrix.indices[k])
                paid = values[k] if rewards.listed else values[s, a, s_next] if rewards.on_outcome else values[s, a]
                entries.append([s_next, _number(matrix.data[k]), _number(paid)])
            listed.append(entries if mdp.available[s, a] or stage.prior[s, a] > 0 else [])
        return [listed[s * m : (s + 1) * m] for s in range(n)]

    return _per_step(network.horizon, mdp.time_steps is not None or len(network.replaced_steps) > 0, at)


def _per_step(steps: int, varying: bool, at: Any) -> list[Any]:
    """One value for each step; one for all where they are the same."""
    return [at(t) for t in range(steps if varying else 1)]


def _grid(grid: GridMap | None) -> Json | None:
    if grid is None:
        return None
    top, _, left, _ = grid.box
    return {
        "shape": grid.shape,
        "cells": [[k, row - top, column - left] for k, (row, column) in grid.cells.items()],
        "walls": [[row - top, column - left] for row, column in grid.walls],
        "ends": {str(k): end for k, end in grid.ends.items()},
        "starts": sorted(grid.starts),
    }


def _edges(network: ControlNetwork) -> list[list[str]]:
    """The edges of one step, such as ["s", "s'"], among states, actions and optimality."""
    known = {f"{base}{prime}" for base in _ROW_OF_BASE for prime in ("", "'")}
    step = network.template.step
    pairs = [[parent.name, cpd.child.name] for cpd in step for parent in cpd.parents]
    return [pair for pair in pairs if set(pair) <= known]


def _numbers(array: FloatArray) -> Any:
    """An array as nested lists of short numbers."""
    if array.ndim > 1:
        return [_numbers(part) for part in array]
    return [_number(x) for x in array.tolist()]


def _number(x: float) -> float | str | None:
    """A number with few digits; null where it is undefined, "-inf" where JSON has no number."""
    if math.isnan(x):
        return None
    if math.isinf(x):
        return "-inf" if x < 0 else "inf"
    short = float(f"{x:.{_DIGITS}g}")
    return int(short) if short == int(short) and abs(short) < 2**53 else short
