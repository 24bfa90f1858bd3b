"""Solving control models: every type of inference by one elimination, refused where it has no meaning."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import inf
from typing import Any

from control_pgm.control.control_model.model import ControlModel
from control_pgm.control.control_model.network import ModelNetwork, unroll_model
from control_pgm.control.control_model.policies import unseen
from control_pgm.control.control_model.solution import ModelSolution
from control_pgm.control.solutions.weights import OPERATORS
from control_pgm.errors import InvalidArgument
from control_pgm.inference.impossible import impossible
from control_pgm.inference.map.marginal_map import marginal_map
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, plan
from control_pgm.progress import Progress

_CONDITIONED = ("posterior", "map")  # what evidence beside optimality has a meaning for


def solve_model(
    problem: ControlModel | ModelNetwork,
    horizon: int | None,
    inference: str,
    *,
    temperature: Any = None,
    risk: float | None = None,
    evidence: Mapping[str, Hashable] | None = None,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
) -> ModelSolution:
    """Solve a control model, or its unrolled network; see `solve`.

    Raises
    ------
    InvalidArgument
        If the type of inference needs an action to depend on what it does not see; names both.
    ImpossibleEvidence
        If no trajectory is optimal.
    """
    network = _network(problem, horizon, temperature)
    if evidence:
        if inference not in _CONDITIONED:
            raise InvalidArgument(
                f"evidence with inference={inference!r}, which keeps the true dynamics of a control model",
                allowed="inference='posterior' or 'map'",
            )
        network = network.given(evidence)
    weights = OPERATORS["map" if inference == "marginal-map" else inference]
    operators = weights.at(temperature=network.temperature, risk=risk)
    order = plan(network, network.evidence, order="reverse topological", memory_limit=memory_limit)
    if inference == "marginal-map":
        names = [name for _, _, name in network.choices]
        best = marginal_map(network, network.evidence, names, memory_limit=memory_limit)
        return ModelSolution(network, inference, operators, order, best, memory_limit)
    if inference != "posterior" and (found := unseen(network, order)) is not None:
        action, variable = found
        base, hidden = action.rpartition("_")[0], variable.rpartition("_")[0] or variable
        raise InvalidArgument(
            f"inference={inference!r}: the value of {action!r} depends on {variable!r}, which it does not see",
            allowed="inference='posterior', or actions that see all that their values depend on",
            remedy=f"sees={{{base!r}: […, {hidden!r}]}}; where it is hidden, beliefs are the states",
        )
    solution = ModelSolution(network, inference, operators, order, None, memory_limit, progress)
    if (solution.log_evidence if inference == "posterior" else solution.value) == -inf:
        raise impossible(network, network.evidence, memory_limit)
    return solution


def _network(problem: ControlModel | ModelNetwork, horizon: int | None, temperature: Any) -> ModelNetwork:
    if isinstance(problem, ControlModel):
        if horizon is None:
            raise InvalidArgument("no horizon given", allowed="an integer ≥ 1, the number of steps")
        return unroll_model(problem, horizon, temperature=1.0 if temperature is None else temperature)
    if temperature is not None:
        raise InvalidArgument("temperature belongs to the network", remedy="pass it to unroll(model, horizon, …)")
    if horizon is not None and horizon != problem.horizon:
        raise InvalidArgument(
            f"horizon {horizon} of a network of horizon {problem.horizon}", allowed=str(problem.horizon)
        )
    return problem


def check_model_options(kind: str, action_prior: Any, convention: str, keep: Any) -> None:
    """Refuse options that control models do not have."""
    if kind == "linearly-solvable":
        raise InvalidArgument(
            "inference='linearly-solvable' of a control model", allowed="an MDP or a LinearlySolvable process"
        )
    if action_prior is not None:
        raise InvalidArgument(
            "action_prior with a control model", remedy="the prior of an action is its CPD in the transition"
        )
    if convention != "mean":
        raise InvalidArgument(f"convention={convention!r} with a control model", allowed="'mean'")
    if keep != "memory":
        raise InvalidArgument(f"keep={keep!r} with a control model", allowed="'memory'")
