"""One process at many temperatures: what is solved and asked for pictures over the temperature. No matplotlib here."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control import solve
from control_pgm.control.analysis.hitting import check_event
from control_pgm.control.mdp.grid import ends_of
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.outcomes import outcomes_at
from control_pgm.control.solutions.solution import Solution
from control_pgm.errors import InvalidArgument, unknown
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BELIEVED, _FIXED = style.KIND_COLOURS["action"], style.KIND_COLOURS["state"]
_LARGEST_SEARCH, _BISECTIONS = 20_000, 8  # numbers of a policy for which a temperature is sought, and in how many steps
_COLDEST, _HOTTEST, _POINTS = 200.0, 0.5, 24  # reward range / alpha at both ends, and how many temperatures between


def chosen_temperatures(mdp: MDP, temperatures: Iterable[float] | None) -> FloatArray:
    """The temperatures in rising order; by default from cold to hot, measured by the range of the rewards."""
    if temperatures is None:
        span = _range(mdp)
        return np.asarray(np.geomspace(span / _COLDEST, span / _HOTTEST, _POINTS))
    allowed = "at least two different positive numbers, in units of reward"
    if isinstance(temperatures, str) or not isinstance(temperatures, Iterable):
        raise InvalidArgument(f"temperatures={temperatures!r}", allowed=allowed)
    given = list(temperatures)
    for alpha in given:
        if isinstance(alpha, bool) or not isinstance(alpha, Real) or not 0.0 < float(alpha) < np.inf:
            raise InvalidArgument(f"temperature {alpha!r}", allowed=allowed)
    distinct = np.unique(np.array(given, dtype=np.float64))
    if len(distinct) < 2:
        raise InvalidArgument(f"{len(distinct)} temperature{'s' * (len(distinct) != 1)} to compare", allowed=allowed)
    return distinct


def sweep(
    mdp: MDP, horizon: int, temperatures: FloatArray, progress: Progress | None
) -> tuple[dict[str, list[Solution]], Solution]:
    """The posterior's and the variational solution at every temperature, and Bellman's optimum."""
    solved: dict[str, list[Solution]] = {"posterior": [], "variational": []}
    check_progress(progress)
    report = Reporter(progress, len(solved) * len(temperatures) + 1, "optimal control")
    optimum = solve(mdp, horizon, inference="bellman")
    done = 1
    report.at(done)
    for alpha in temperatures:
        for inference, solutions in solved.items():
            solutions.append(solve(mdp, horizon, inference=inference, temperature=float(alpha)))
            done += 1
            report.at(done, what=f"{inference}, temperature {alpha:.3g}")
    report.end()
    return solved, optimum


def telling_temperature(mdp: MDP, horizon: int, inference: str = "posterior") -> float:
    """A temperature at which a policy shows what it prefers: neither uniform nor greedy.

    The one, to two digits, at which the mean entropy of the policy, over the states and steps with a choice, lies half
    way between those at 1/200 and at 2 ranges of the rewards; found by bisection. Of large processes it is 1/6 of the
    range.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> telling_temperature(gridworld("S..#.\\n.#...\\n.#.H.\\n...H.\\n.#..G", slip=0.1), 9)
    0.22
    """
    span = _range(mdp)
    if mdp.n_states * mdp.n_actions * horizon > _LARGEST_SEARCH:
        return float(f"{span / 6:.2g}")

    def entropy(alpha: float) -> float:
        return _choice(mdp, solve(mdp, horizon, inference=inference, temperature=alpha))

    low, high = span / _COLDEST, span / _HOTTEST
    wanted = (entropy(low) + entropy(high)) / 2
    for _ in range(_BISECTIONS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if entropy(middle) > wanted else (middle, high)
    return float(f"{np.sqrt(low * high):.2g}")


def _choice(mdp: MDP, solution: Solution) -> float:
    """The mean entropy of the policy as a share of the largest, over states and steps with a choice."""
    pi, several = np.asarray(solution.policy), np.log(np.maximum(mdp.available.sum(axis=1), 1))
    logs = np.log(pi, out=np.zeros(pi.shape), where=pi > 0)
    ends = list(ends_of(mdp, 0))
    entropy = -(pi * logs).sum(axis=2)
    chosen = np.isfinite(entropy) & (several > 0)
    chosen[:, ends] = False
    shares = np.divide(entropy, several, out=np.zeros(entropy.shape), where=chosen)
    return float(shares[chosen].mean()) if chosen.any() else 0.0


def line_looks(ax: Axes) -> dict[str, dict[str, Any]]:
    """How lines of the posterior, of its policy, of variational inference and of optimal control look on some axes."""
    behind = style.paper(ax)
    orange, blue, note = (style.legible(c, behind) for c in (_BELIEVED, _FIXED, style.NOTE))
    return {
        "belief": {"color": orange, "linewidth": 2.2},
        "posterior": {"color": orange, "linewidth": 2.2, "linestyle": (0, (4, 2))},
        "variational": {"color": blue, "linewidth": 2.2},
        "optimal": {"color": note, "linewidth": 1.3, "linestyle": (0, (1, 2))},
    }


def chosen_event(mdp: MDP, event: Iterable[Hashable] | None) -> tuple[list[int], str]:
    """The states of an event and its name; by default the goals.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> chosen_event(gridworld("S.G"), None)
    ([2], 'goal')
    """
    if event is None:
        goals = [k for k, end in ends_of(mdp, 0).items() if end == "goal"]
        if not goals:
            raise InvalidArgument(
                "the process has no goal: no absorbing state that pays more than the usual step",
                remedy=f"pass event={{…}}, labels of the states to reach, such as event={{{mdp.states[0]!r}}}",
            )
        return goals, "goal"
    if isinstance(event, str) or not isinstance(event, Iterable):
        raise InvalidArgument(
            f"event={event!r}", allowed=f"a collection of state labels, such as {{{mdp.states[0]!r}}}"
        )
    labels = list(event)
    if not labels:
        raise InvalidArgument("event is empty", allowed="a collection of state labels")
    name = ", ".join(map(str, labels[:2])) + (f" or {len(labels) - 2} more" if len(labels) > 2 else "")
    states = sorted({state_index(mdp, label) for label in labels})
    check_event(mdp, states)
    return states, name


def state_index(mdp: MDP, label: Hashable) -> int:
    """The index of a state; an error that lists the states where there is none of that label."""
    try:
        return mdp.states.index_of[label]
    except (KeyError, TypeError):
        raise unknown(label, mdp.states, what="state") from None


def _range(mdp: MDP) -> float:
    """The distance of the largest from the smallest finite reward that can occur; 1 where all are the same."""
    steps = [outcomes_at(mdp, t) for t in range(mdp.time_steps or 1)]
    values = np.concatenate([step.rewards[step.weights > 0] for step in steps])
    values = values[np.isfinite(values)]
    return float(np.ptp(values)) or 1.0 if len(values) else 1.0
