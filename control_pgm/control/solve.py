"""Solving: a process or a network, a horizon, and the type of inference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.mdp import MDP
from control_pgm.control.network import ControlNetwork, check_horizon, unroll
from control_pgm.control.reading import TextbookMessages
from control_pgm.control.solution import Convention, Solution
from control_pgm.control.solution_dynamics import BellmanSolution, VariationalSolution
from control_pgm.control.solution_posterior import PosteriorSolution
from control_pgm.errors import InvalidArgument
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.impossible import impossible
from control_pgm.inference.passes import Progress
from control_pgm.inference.plan import DEFAULT_MEMORY_LIMIT, plan
from control_pgm.inference.storage import Keep
from control_pgm.tables.labelled import LabelledArray

INFERENCES = {
    "posterior": "posterior",
    "variational": "variational",
    "maxent": "variational",
    "bellman": "bellman",
    "optimal": "bellman",
}  # every accepted name -> the type of inference


def solve(
    problem: MDP | ControlNetwork,
    horizon: int | None = None,
    *,
    inference: str = "posterior",
    temperature: float | None = None,
    action_prior: ArrayLike | str | None = None,
    risk: float | None = None,
    convention: Convention = "mean",
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
    keep: Keep = "memory",
) -> Solution:
    """Solve a control problem by inference in its unrolled network.

    Parameters
    ----------
    problem : MDP or ControlNetwork
        A process is unrolled first; a network is taken as it is, with what was replaced or added.
    horizon : int
        The number of actions; may be left out for a network.
    inference : str
        "posterior": exact marginals of the network given that every step is optimal. "variational" (or "maxent"): the
        best policy that keeps the true dynamics, maximum-entropy reinforcement learning. "bellman" (or "optimal"): the
        largest expected reward, without temperature. They differ under stochastic dynamics.
    temperature, action_prior
        As for `unroll`; not for a network, which has its own.
    risk : float, optional
        For inference="planning" only.
    convention : {"mean", "sum"}
        "mean" keeps the normalised action prior in the values. "sum" reports V = alpha log sum_a exp(Q/alpha), usual
        in maximum-entropy reinforcement learning; the policy is the same.
    memory_limit : int
        Bytes that inference may take.
    progress : callable, optional
        Called with (done, total, what) while messages are sent.
    keep : "memory", "checkpoints", or the Path of a folder
        Where the posterior's messages are kept; see `infer`. Single steps are read by ``solution.at(t)``.

    Returns
    -------
    Solution

    Raises
    ------
    ImpossibleEvidence
        If no trajectory is optimal; names the first slice at which nothing is possible any more.
    InvalidArgument
        On values out of range and combinations without meaning.

    Examples
    --------
    >>> from control_pgm import MDP
    >>> transition = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    >>> mdp = MDP(transition, [[0, 0], [1, 1]], states=["home", "shop"], actions=["stay", "go"])
    >>> solution = solve(mdp, 3, temperature=0.5)
    >>> round(float(solution.policy.sel(t=0, s="home", a="go")), 6)
    0.928656
    """
    kind = _checked(inference, risk, convention)
    if kind == "bellman":
        _refuse_options(inference, temperature=temperature, action_prior=action_prior)
    network = _as_network(problem, horizon, temperature, action_prior)
    if convention == "sum":
        _check_sum(network)
    if kind == "posterior":
        return _posterior(network, convention, memory_limit, progress, keep)
    if not network.as_unrolled:
        raise InvalidArgument(
            f"inference={inference!r} on a network with replaced or added tables",
            allowed="networks as unroll() makes them",
            remedy="change the MDP instead, or use inference='posterior'",
        )
    if kind == "variational":
        return VariationalSolution(network, kind, convention)
    return BellmanSolution(network, kind, convention)


def _checked(inference: str, risk: float | None, convention: str) -> str:
    """The type of inference of a name; options that it does not have are refused."""
    if inference not in INFERENCES:
        raise InvalidArgument(f"inference {inference!r}", allowed=", ".join(map(repr, INFERENCES)))
    kind = INFERENCES[inference]
    if risk is not None:
        raise InvalidArgument(f"risk={risk!r} with inference={inference!r}", remedy="leave risk out: it has none")
    if convention not in ("mean", "sum"):
        raise InvalidArgument(f"convention {convention!r}", allowed="'mean', 'sum'")
    if kind == "bellman" and convention == "sum":
        raise InvalidArgument("convention='sum' with inference='bellman'", remedy="leave it out: nothing is counted")
    return kind


def _refuse_options(inference: str, **options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise InvalidArgument(f"{name} with inference={inference!r}", remedy=f"leave {name} out: it has none")


def _posterior(
    network: ControlNetwork, convention: Convention, memory_limit: int, progress: Progress | None, keep: Keep
) -> PosteriorSolution:
    # The network's own order backwards: its messages are the textbook's, whatever other order may be cheaper.
    order = plan(network, network.optimal, order="reverse topological", memory_limit=memory_limit, keep=keep)
    posterior = TreePosterior(network, network.optimal, order, memory_limit, progress, keep)
    if posterior.log_evidence == -np.inf:
        raise impossible(network, network.optimal, memory_limit)
    if not network.uniform:  # replaced or added tables may have tied steps together, or apart
        TextbookMessages(network, posterior).check()
    return PosteriorSolution(network, "posterior", convention, posterior)


def optimal_policy(problem: MDP | ControlNetwork, horizon: int | None = None, **options: Any) -> LabelledArray:
    """The policy alone.

    Parameters
    ----------
    problem, horizon, **options
        As for `solve`, and raising what it raises.

    Returns
    -------
    LabelledArray [t, s, a]
        pi(a_t | s_t); NaN where optimality is impossible.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> optimal_policy(gridworld("S.G"), 2, temperature=0.1).sel(t=0, s="(0,0)").values.round(4).tolist()
    [0.0002, 0.0002, 0.9995, 0.0002]
    """
    return solve(problem, horizon, **options).policy


def _as_network(
    problem: MDP | ControlNetwork, horizon: int | None, temperature: float | None, action_prior: ArrayLike | str | None
) -> ControlNetwork:
    if isinstance(problem, MDP):
        if horizon is None:
            raise InvalidArgument("no horizon given", allowed="an integer ≥ 1, the number of actions")
        return unroll(
            problem, horizon, temperature=1.0 if temperature is None else temperature, action_prior=action_prior
        )
    if not isinstance(problem, ControlNetwork):
        raise InvalidArgument(
            f"{type(problem).__name__} cannot be solved",
            allowed="an MDP, or a ControlNetwork made by unroll(mdp, horizon)",
            remedy="other models: infer(model, evidence)",
        )
    if temperature is not None or action_prior is not None:
        raise InvalidArgument(
            "temperature and action_prior belong to the network", remedy="pass them to unroll(mdp, horizon, …)"
        )
    if horizon is not None and check_horizon(problem.mdp, horizon) != problem.horizon:
        raise InvalidArgument(
            f"horizon {horizon} of a network of horizon {problem.horizon}", allowed=str(problem.horizon)
        )
    return problem


def _check_sum(network: ControlNetwork) -> None:
    """The convention "sum" differs by a constant per step only with a uniform prior over n actions everywhere."""
    actions = [network.cpd(f"a_{t}").array() for t in range(network.horizon)] if not network.as_unrolled else []
    replaced = any(np.ptp(table) > 0 for table in actions)
    reasons = {
        "the action prior is not uniform": not network.prior.uniform or replaced,
        "the number of actions varies between states": not network.mdp.available.all(),
        "discount < 1 ends episodes early": network.mdp.discount < 1.0,
        "the network counts actions already": network.prior.counting,
    }
    for reason, holds in reasons.items():
        if holds:
            raise InvalidArgument(
                f"convention='sum' has no meaning here: {reason}",
                remedy="use convention='mean'; action_prior='counting' counts actions where their number varies",
            )
