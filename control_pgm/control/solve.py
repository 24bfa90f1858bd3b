"""Solving: a process or a network, a horizon, and the type of inference."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.arguments import to_process
from control_pgm.control.control_model.model import ControlModel
from control_pgm.control.control_model.network import ModelNetwork
from control_pgm.control.control_model.solution import ModelSolution
from control_pgm.control.control_model.solving import check_model_options, solve_model
from control_pgm.control.linearly_solvable import LinearlySolvable, passive_process
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.observing import observing
from control_pgm.control.network.unroll import unroll_process
from control_pgm.control.network.unroll_arguments import check_horizon
from control_pgm.control.partially_observed.incremental_pruning import solve_beliefs
from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.control.partially_observed.solution import BeliefSolution
from control_pgm.control.solutions.dynamics import BellmanSolution, VariationalSolution
from control_pgm.control.solutions.modes import MapSolution, MarginalMapSolution
from control_pgm.control.solutions.planning import PlanningSolution
from control_pgm.control.solutions.posterior import PosteriorSolution
from control_pgm.control.solutions.schedule import ScheduledPosteriorSolution, ScheduledVariationalSolution
from control_pgm.control.solutions.solution import Convention, Solution
from control_pgm.control.solutions.textbook_messages import TextbookMessages
from control_pgm.control.solutions.valuate import ended_actions, valuate
from control_pgm.control.solve_options import DEFAULT as DEFAULT
from control_pgm.control.solve_options import INFERENCES as INFERENCES
from control_pgm.control.solve_options import (
    check_actions,
    check_digits,
    check_schedule_use,
    check_sum,
    checked_inference,
    counting_network,
)
from control_pgm.errors import ImpossibleEvidence, InvalidArgument
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.impossible import impossible
from control_pgm.inference.map.marginal_map import marginal_map
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, plan
from control_pgm.inference.tree.storage import Keep
from control_pgm.keywords import keywords
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.arrays import FloatArray


@overload
def solve(problem: POMDP, horizon: int, *, inference: str, progress: Progress | None = None) -> BeliefSolution: ...
@overload
def solve(
    problem: MDP | ControlNetwork | LinearlySolvable,
    horizon: int | None = None,
    *,
    evidence: Mapping[str, Hashable] | None = None,
    inference: str = DEFAULT,
    temperature: ArrayLike | None = None,
    action_prior: ArrayLike | str | None = None,
    risk: float | None = None,
    convention: Convention = "mean",
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
    keep: Keep = "memory",
) -> Solution: ...
@overload
def solve(
    problem: ControlModel | ModelNetwork,
    horizon: int | None = None,
    *,
    evidence: Mapping[str, Hashable] | None = None,
    inference: str = DEFAULT,
    temperature: float | None = None,
    risk: float | None = None,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
) -> ModelSolution: ...
@keywords
def solve(
    problem: MDP | ControlNetwork | LinearlySolvable | ControlModel | ModelNetwork | POMDP,
    horizon: int | None = None,
    *,
    evidence: Mapping[str, Hashable] | None = None,
    inference: str = DEFAULT,
    temperature: ArrayLike | None = None,
    action_prior: ArrayLike | str | None = None,
    risk: float | None = None,
    convention: Convention = "mean",
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
    keep: Keep = "memory",
) -> Solution | ModelSolution | BeliefSolution:
    """Solve a control problem by inference in its unrolled network.

    Parameters
    ----------
    problem : MDP or ControlNetwork
        A process is unrolled first; a network is taken as it is, with what was replaced or added. A LinearlySolvable
        process for inference="linearly-solvable". A `POMDP` for inference="bellman".
    horizon : int
        The number of actions; may be left out for a network.
    evidence : mapping, optional
        Name of a variable of the network -> label of its state: what is conditioned on together with optimality, as
        ``{"s_3": "shop"}``. For the posterior and "map" any variable may be observed. Variational inference, "bellman"
        and planning keep the true dynamics: evidence can fix actions for them, and is refused on anything else.
    inference : str
        "posterior": exact marginals of the network given that every step is optimal. "variational" (or "maxent"): the
        best policy that keeps the true dynamics, maximum-entropy reinforcement learning. "bellman" (or "optimal"): the
        largest expected reward, without temperature. "planning": the largest exponential utility, at a risk. "map": on
        to the most probable trajectory. "marginal-map": the best plan that does not depend on the state. All of these
        but the last are one elimination with other operators (see `control_pgm.control.solutions.weights`); they differ
        under stochastic dynamics. "linearly-solvable": next states are chosen instead of actions, at the price of
        leaving the passive dynamics (see `passive_process`); the solution is the posterior of the network whose actions
        are next states and whose action prior is p(s'|s).
    temperature, action_prior
        As for `unroll`; not for a network, which has its own. A sequence of temperatures, one for each step, leaves
        policies, marginals and evidence, but no Q and V.
    risk : float, optional
        lambda ≠ 0 of inference="planning", in units of 1/reward: > 0 seeks risk, < 0 shuns it.
    convention : {"mean", "sum"}
        "mean" keeps the normalised action prior in the values. "sum" reports V = alpha log sum_a exp(Q/alpha), usual
        in maximum-entropy reinforcement learning; the policy is the same.
    memory_limit : int
        Bytes that inference may take.
    progress : callable, optional
        Called with (done, total, what) while messages are sent, also those that are sent when marginals are first read:
        first with done = 0, last with done = total, in between after each hundredth of the work, or ten times a second
        where that takes longer. What it raises stops the work. It is the same wherever there is ``progress=``.
    keep : "memory", "checkpoints", or the Path of a folder
        Where the posterior's messages are kept; see `infer`. Single steps are read by ``solution.at(t)``.

    Returns
    -------
    Solution
        Of a POMDP a `BeliefSolution`: alpha vectors, with ``.value(belief)`` and ``.action(belief)``.

    Raises
    ------
    ImpossibleEvidence
        If no trajectory is optimal; names the first slice at which nothing is possible any more.
    UnknownName
        If evidence names a variable or a state that does not exist.
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
    >>> late = solve(mdp, 3, temperature=0.5, evidence={"s_1": "home"})  # those who stay for a step
    >>> late.policy.sel(t=0, s="home").tolist()
    [1.0, 0.0]
    """
    options = {"temperature": temperature, "action_prior": action_prior, "keep": keep}
    kind = checked_inference(inference, risk, convention, **options)
    check_progress(progress)
    if isinstance(problem, POMDP):
        return solve_beliefs(problem, horizon, kind, evidence, progress)
    if isinstance(problem, ControlModel | ModelNetwork):
        check_model_options(kind, action_prior, convention, keep)
        return solve_model(
            problem,
            horizon,
            kind,
            temperature=temperature,
            risk=risk,
            evidence=evidence,
            memory_limit=memory_limit,
            progress=progress,
        )
    if kind == "linearly-solvable":  # the posterior of another network
        problem, action_prior = _choosing_states(problem)
        kind = "posterior"
    network = _as_network(problem, horizon, temperature, action_prior)
    plain = network
    if evidence is not None:
        network = observing(network, evidence, kind)
    network = network.anchored()
    check_schedule_use(network, kind)
    check_actions(network, inference)
    if convention == "sum":
        check_sum(network)
    if kind in ("posterior", "map", "marginal-map"):
        lowest = float(network.temperatures.min())
        check_digits(network.mdp, lowest, f"temperature {lowest:g}")
    if kind == "posterior":
        try:
            return _posterior(network, convention, memory_limit, progress, keep)
        except ImpossibleEvidence:
            if network is plain:
                raise
            raise impossible(plain, {**plain.evidence, **(evidence or {})}, memory_limit) from None
    if kind == "marginal-map":
        return _open_loop(counting_network(network), memory_limit, progress)
    valuation = valuate(network, kind, risk=risk, memory_limit=memory_limit, progress=progress)
    if kind == "planning":
        assert risk is not None  # refused otherwise
        return PlanningSolution(network, kind, convention, valuation, float(risk))
    if kind == "variational":
        made = ScheduledVariationalSolution if network.scheduled else VariationalSolution
        return made(network, kind, convention, valuation)
    if kind == "map":
        return MapSolution(network, kind, convention, valuation)
    return BellmanSolution(network, kind, convention, valuation)


def _choosing_states(problem: Any) -> tuple[MDP, FloatArray]:
    """The process whose actions are next states, and its action prior p(s'|s) (Todorov 2006)."""
    if not isinstance(problem, MDP | LinearlySolvable):
        raise InvalidArgument(
            f"{type(problem).__name__} with inference='linearly-solvable', which has no actions of its own",
            allowed="an MDP, whose actions are taken at random, or a LinearlySolvable",
        )
    if isinstance(problem, LinearlySolvable):
        return problem.as_mdp(), problem.passive.toarray()
    if problem.discount < 1.0:
        raise InvalidArgument(
            f"discount {problem.discount:g} with inference='linearly-solvable' over a horizon",
            allowed="1",
            remedy="without a last step: solve_linearly_solvable(passive_process(mdp), 'discounted', discount=…)",
        )
    passive = passive_process(problem)
    return passive.as_mdp().varied(initial=problem.initial), passive.passive.toarray()


def _posterior(
    network: ControlNetwork, convention: Convention, memory_limit: int, progress: Progress | None, keep: Keep
) -> PosteriorSolution:
    # The network's own order backwards: its messages are the textbook's, whatever other order may be cheaper.
    order = plan(network, network.evidence, order="reverse topological", memory_limit=memory_limit, keep=keep)
    posterior = TreePosterior(network, network.evidence, order, memory_limit, progress, keep)
    if posterior.log_evidence == -np.inf:
        raise impossible(network, network.evidence, memory_limit)
    if not network.uniform:  # replaced or added tables may have tied steps together, or apart
        TextbookMessages(network, posterior).check()
    made = ScheduledPosteriorSolution if network.scheduled else PosteriorSolution
    return made(network, "posterior", convention, posterior)


def _open_loop(network: ControlNetwork, memory_limit: int, progress: Progress | None) -> MarginalMapSolution:
    actions = [f"a_{t}" for t in range(network.horizon)]
    model = network.extend(*ended_actions(network))
    report = Reporter(progress, 1, "best plan")  # one elimination, or a search of which nobody knows how long it takes
    found = marginal_map(model, model.optimal, actions, memory_limit=memory_limit)
    report.end()
    return MarginalMapSolution(network, "marginal-map", "mean", found)


def _as_network(
    problem: MDP | ControlNetwork | LinearlySolvable,
    horizon: int | None,
    temperature: ArrayLike | None,
    action_prior: ArrayLike | str | None,
) -> ControlNetwork:
    if isinstance(problem, MDP):
        if horizon is None:
            steps = problem.time_steps
            raise InvalidArgument(
                "no horizon given",
                allowed=f"{steps}, the time steps of its tables" if steps else "an integer ≥ 1, the number of actions",
            )
        return unroll_process(
            problem, horizon, temperature=1.0 if temperature is None else temperature, action_prior=action_prior
        )
    if not isinstance(problem, ControlNetwork):
        raise InvalidArgument(
            f"{type(problem).__name__} cannot be solved",
            allowed="an MDP, or a ControlNetwork made by unroll(mdp, horizon)",
            remedy="inference='linearly-solvable' takes it"
            if isinstance(problem, LinearlySolvable)
            else to_process(problem) or "other models: infer(model, evidence)",
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
