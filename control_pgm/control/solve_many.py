"""Solving many problems of one form: other horizons, temperatures, risks, rewards, priors or first states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.arguments import is_several, to_process
from control_pgm.control.linearly_solvable import LinearlySolvable
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.unroll import unroll_process
from control_pgm.control.network.unroll_arguments import check_single
from control_pgm.control.solutions.parts import Alone, Part, Together
from control_pgm.control.solutions_of_many import Solutions, named
from control_pgm.control.solve import solve
from control_pgm.control.solve_options import DEFAULT, check_digits, checked_inference
from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidModel, TooLarge
from control_pgm.inference.impossible import impossible
from control_pgm.inference.tree.batch import TreeBatch
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, check_memory_limit
from control_pgm.keywords import keywords
from control_pgm.progress import Progress, check_progress, counted

_CALLED = {
    "problem": "processes",
    "rewards": "rewards",
    "action_priors": "action priors",
    "initials": "first states",
}  # what may vary beside numbers, as people read it


@keywords
def solve_many(
    problem: MDP | LinearlySolvable | Sequence[MDP | LinearlySolvable],
    horizon: int | Sequence[int],
    *,
    inference: str = DEFAULT,
    temperatures: Sequence[float] | float | None = None,
    risks: Sequence[float] | float | None = None,
    rewards: Sequence[ArrayLike] | None = None,
    action_priors: Sequence[ArrayLike | str | None] | None = None,
    initials: Sequence[Any] | None = None,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
) -> Solutions:
    """Solve many problems that differ in numbers, under one type of inference.

    Posteriors of problems whose networks have the same form are computed at once, faster than one by one: matrix-vector
    products become matrix-matrix products, and tables that all problems share exist once. Problems that differ in
    horizon, or in whether discount or a terminal reward is there, form several such groups. All other types of
    inference solve one problem after the other.

    Parameters
    ----------
    problem : MDP or sequence of MDP
        One process for all, or one each, with the same states and actions. LinearlySolvable processes, too, for
        inference="linearly-solvable".
    horizon : int or sequence of int
        The number of actions; one for all, or one each.
    inference : str
        The type of inference, as for `solve`.
    temperatures : float or sequence of float, optional
        alpha, in units of reward; one for all, or one each; default 1.
    risks : float or sequence of float, optional
        lambda of inference="planning", in units of 1/reward; one for all, or one each.
    rewards : sequence, optional
        One reward each, in any form that `MDP` takes, in place of the process's own.
    action_priors : sequence, optional
        One prior each, as for `unroll`.
    initials : sequence, optional
        One first state (or distribution) each, as for `MDP`.
    memory_limit : int
        Bytes that all of them together may take.
    progress : callable, optional
        Called with (done, total, what): for posteriors while messages are sent, otherwise after each problem; see
        `solve`.

    Returns
    -------
    Solutions
        Saved by ``.save(path)`` and read by `load_solution`.

    Raises
    ------
    InvalidArgument
        If the sequences differ in length, or on values out of range; names the problem.
    InvalidModel
        If the problems differ in states or actions; names the first that does.
    ImpossibleEvidence
        If no trajectory of some problem is optimal; names the first such problem.
    TooLarge
        If they do not fit.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> many = solve_many(gridworld("S.G"), 4, temperatures=[0.1, 1.0])
    >>> many
    Solutions(2 × MDP(3 states, 4 actions), inference='posterior', horizon 4, temperatures 0.1, 1)
    >>> many.policy.sel(t=0, s="(0,0)", a="right").round(3).tolist()
    [0.518, 0.323]
    >>> solve_many(gridworld("S.G"), [1, 2, 3], inference="bellman").value.tolist()
    [0.0, 1.0, 1.0]
    """
    check_progress(progress)
    check_memory_limit(memory_limit)
    many: dict[str, Any] = {"problem": problem, "horizon": horizon, "temperatures": temperatures, "risks": risks}
    many |= {"rewards": rewards, "action_priors": action_priors, "initials": initials}
    columns, varying = _columns(many)
    members = list(zip(*columns, strict=True))
    kind = ""
    for k, (_, _, temperature, risk, _, prior, _) in enumerate(members):
        with_options = {"temperature": temperature, "action_prior": prior, "keep": "memory"}
        kind = _named(k, len(members), checked_inference, inference, risk, "mean", **with_options)
    if kind == "posterior":
        networks, parts = _together(members, memory_limit, progress)
    else:
        networks, parts = _one_by_one(members, inference, memory_limit, progress)
    _check_alike(networks)
    found = "posterior" if kind == "linearly-solvable" else kind  # of the network whose actions are next states
    weights = tuple(float(member[3]) for member in members) if kind == "planning" else ()
    return Solutions(networks, found, weights, varying, tuple(parts))


_Member = tuple[Any, ...]  # process, horizon, temperature, risk, reward, action prior, first state


def _together(
    members: Sequence[_Member], memory_limit: int, progress: Progress | None
) -> tuple[list[ControlNetwork], list[Part]]:
    """Posteriors, those of networks of one form at once."""
    n = len(members)
    networks = [_named(k, n, _network, *member) for k, member in enumerate(members)]
    _check_alike(networks)
    groups: dict[Any, list[int]] = {}
    for k, network in enumerate(networks):
        groups.setdefault(_form(network), []).append(k)
    parts: list[Part] = []
    for group in groups.values():
        own = [networks[k] for k in group]
        share = memory_limit * len(group) // n
        try:
            batch = TreeBatch(own, [network.optimal for network in own], memory_limit=share, progress=progress)
        except TooLarge as error:
            raise error.of(f"{named(group[0], n)}, which has 1/{n} of the memory") from None
        for j in np.flatnonzero(np.isneginf(batch.log_evidence)):
            raise impossible(own[j], own[j].optimal, memory_limit).of(named(group[j], n))
        parts.append(Together(range(n) if len(group) == n else group, own, batch))
    return networks, parts


def _network(
    process: Any, horizon: Any, temperature: Any, risk: Any, reward: Any, prior: Any, initial: Any
) -> ControlNetwork:
    """The network of one problem."""
    mdp = _process(process, reward, initial)
    alpha = check_single(1.0 if temperature is None else temperature, "one of many problems")
    network = unroll_process(mdp, horizon, temperature=alpha, action_prior=prior)
    check_digits(mdp, alpha, f"temperature {alpha:g}")
    return network


def _form(network: ControlNetwork) -> Any:
    """Equal for networks whose tables have the same scopes: what can be solved at once."""
    tables = [(cpd.scope, cpd.shape) for cpd in network.template.step]  # the CPDs of all slices need not be made
    ends = len(network.reward_shift) > network.horizon
    kinds = ends, network.prior.counting, network.mdp.sparse
    return network.horizon, *tables, *kinds


def _one_by_one(
    members: Sequence[_Member], inference: str, memory_limit: int, progress: Progress | None
) -> tuple[list[ControlNetwork], list[Part]]:
    """Problem after problem, each with its share of the memory."""
    n = len(members)
    parts: list[Part] = []
    networks = []
    for k in counted(range(n), progress, "problems"):
        process, horizon, temperature, risk, reward, prior, initial = members[k]
        mdp = _named(k, n, _process, process, reward, initial)
        alpha = None if temperature is None else _named(k, n, check_single, temperature, "one of many problems")
        options = {"temperature": alpha, "action_prior": prior, "risk": risk, "memory_limit": memory_limit // n}
        solution = _named(k, n, solve, mdp, horizon, inference=inference, **options)
        networks.append(solution.network)
        parts.append(Alone((k,), solution))
    return networks, parts


def _named(k: int, count: int, compute: Any, *arguments: Any, **options: Any) -> Any:
    """What a function computes for problem k, which its errors name."""
    try:
        return compute(*arguments, **options)
    except ControlPGMError as error:
        raise error.of(named(k, count)) from None


def _check_alike(networks: Sequence[ControlNetwork]) -> None:
    """All arrays have one axis of states and one of actions."""
    first = networks[0].mdp
    for k, network in enumerate(networks):
        for what, own, wanted in (
            ("states", network.mdp.states, first.states),
            ("actions", network.mdp.actions, first.actions),
        ):
            if own is not wanted and tuple(own) != tuple(wanted):
                raise InvalidModel(
                    f"{named(k, len(networks))} has other {what} than problem 0",
                    allowed="problems over the same states and actions",
                    remedy="solve them one by one",
                )


def _columns(given: dict[str, Any]) -> tuple[list[Sequence[Any]], tuple[str, ...]]:
    """One value per problem for every argument, what was given once repeated; and what was given one each."""
    several = {"problem": not isinstance(given["problem"], MDP | LinearlySolvable)}
    several |= {name: is_several(given[name]) for name in ("horizon", "temperatures", "risks")}
    several |= {name: given[name] is not None for name in ("rewards", "action_priors", "initials")}
    lengths = {name: _length(name, given[name]) for name, many in several.items() if many}
    if not lengths:
        raise InvalidArgument(
            f"nothing to solve more than once: one process, one horizon, and temperatures={given['temperatures']!r} is "
            "one number",
            remedy="give temperatures=[…] or the like, or use solve()",
        )
    n = next(iter(lengths.values()))
    for name, length in lengths.items():
        if length != n or n == 0:
            raise InvalidArgument(f"{name} has {length} items", allowed=f"{max(n, 1)}, as {next(iter(lengths))} has")
    varying = tuple(_CALLED.get(name, name) for name in lengths)
    return [given[name] if several[name] else [given[name]] * n for name in given], varying


def _length(name: str, values: Any) -> int:
    """For how many problems an argument was given that is not the same for all."""
    if name == "problem":
        items = values if is_several(values) else [values]
        wrong = [item for item in items if not isinstance(item, MDP | LinearlySolvable)]
        if wrong:
            raise InvalidArgument(
                f"{type(wrong[0]).__name__} cannot be unrolled",
                allowed="an MDP, or a list of MDPs",
                remedy=to_process(wrong[0]),
            )
    elif not is_several(values):
        raise InvalidArgument(
            f"{name} is {values!r}", allowed="a list with one item for each problem", remedy=f"pass {name}=[…]"
        )
    return len(values)


def _process(process: Any, reward: ArrayLike | None, initial: Any) -> Any:
    """The process with another reward or first state; its transition is shared, not copied."""
    if reward is None and initial is None:
        return process
    if not isinstance(process, MDP):
        raise InvalidArgument(
            f"{'rewards' if reward is not None else 'initials'} with a LinearlySolvable process",
            remedy="pass problem=[…], one process each",
        )
    return process.varied(reward=reward, initial=initial)
