"""Every type of inference as one elimination of values, with two operators read from one table.

    Q_t = Phi^P_{ks,ws}[r_t(s,a,·) + V_{t+1}],   V_t = Phi^prior_{ka,wa}[Q_t],   pi = exp((Q + ka log prior − V)/wa)

(Lázaro-Gredilla et al. 2024, arXiv:2406.17863.) Nothing recurses here: the clusters are those of the unrolled network,
and `inference.utility.elimination` sends the messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite

import numpy as np

from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.slice_values import slice_values, terminal_values
from control_pgm.control.solutions.valuation import Valuation
from control_pgm.control.solutions.weights import OPERATORS
from control_pgm.errors import InvalidArgument
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, plan
from control_pgm.inference.utility.elimination import eliminate_values
from control_pgm.inference.utility.tables import distinct
from control_pgm.models.cpd import CPD
from control_pgm.models.every_slice import EverySlice
from control_pgm.progress import Progress
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.operators import Operator
from control_pgm.tables.sparse.array import Table, entries
from control_pgm.tables.variable import Variable

_LARGEST = 1e14  # units of the weight: beyond, logarithms would keep no digit after the point


def valuate(
    network: ControlNetwork,
    inference: str,
    *,
    risk: float | None = None,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
) -> Valuation:
    """The values of a control network: in units of reward, or, where a schedule of temperatures matters, in nats.

    Parameters
    ----------
    network : ControlNetwork
    inference : str
        One of `OPERATORS`.
    risk : float, optional
        lambda ≠ 0 of inference="planning", in units of 1/reward.
    memory_limit : int
        Bytes that the messages may take.
    progress : callable, optional
        Called with (done, total, what).

    Raises
    ------
    InvalidModel
        If the network was changed so that values depend on more than s_t and a_t.
    InvalidArgument
        If rewards overflow in units of the temperature or the inverse risk.

    Examples
    --------
    >>> from control_pgm import MDP, unroll
    >>> net = unroll(MDP([[[0.5, 0.5]], [[0.0, 1.0]]], [[[0.0, 4.0]], [[0.0, 0.0]]], initial=0), 1)
    >>> [round(valuate(net, name).total, 6) for name in ("bellman", "posterior")]
    [2.0, 3.325003]
    >>> round(valuate(net, "planning", risk=-1.0).total, 6)
    0.674997
    """
    weights = OPERATORS[inference]
    unit = 1.0 if network.scheduled else network.temperature
    actions, states = weights.at(temperature=unit, risk=risk)
    in_nats = network.scheduled and weights.soft
    scales = network.temperatures if in_nats else np.broadcast_to(1.0, (network.horizon,))
    values = _optimality_values(network, states, scales)
    _check_magnitude(values, states)
    ended = ended_actions(network) if actions.weight == 0 else ()
    model = network.extend(*ended) if ended else network
    valued = eliminate_values(
        plan(model, model.optimal, order="reverse topological", memory_limit=memory_limit),
        EverySlice({"a": actions}, {"a": network.horizon}),
        states,
        unit=unit,
        values=values,
        weights=(*network.counting, *ended),
        progress=progress,
    )
    valuation = Valuation(network, valued, actions, memory_limit)
    if not network.as_unrolled:
        valuation.check()
    return valuation


def ended_actions(network: ControlNetwork) -> tuple[Factor, ...]:
    """Factors that let each action of an ended process count as one, as elsewhere; none unless actions are counted.

    A counting network lets all of them together count as one, so that an end is no choice among n. That is right for
    sums. Under a maximum, where one action is taken, it would cost log n for every step after the end. A table that
    was put in the place of p(a_t|s_t) counts as it was given.
    """
    if not network.prior.counting or network.mdp.discount == 1.0:
        return ()
    own = [t for t in range(network.horizon) if network.own_prior(t)]
    made: dict[int, Scaled] = {}
    for prior in (network.cpd(f"a_{t}") for t in own):
        if id(prior.scaled) not in made:
            made[id(prior.scaled)] = _ended_weights(prior, network.variable("s_0"))
    return tuple(
        Factor.of((network.variable(f"s_{t}"), network.variable(f"a_{t}")), made[id(network.cpd(f"a_{t}").scaled)])
        for t in own
    )


def _ended_weights(prior: CPD, state: Variable) -> Scaled:
    """1/p(a) where discount has ended the process, 1 elsewhere; axes s, a."""
    end = state.index(TERMINAL)
    weights = np.ones((state.cardinality, prior.child.cardinality))
    ended = prior.array()[end] if prior.parents else prior.array()
    np.divide(1.0, ended, out=weights[end], where=ended > 0)
    return Scaled.from_linear(lock(weights))


def _optimality_values(network: ControlNetwork, states: Operator, scales: FloatArray) -> Mapping[str, Table]:
    """The values of the optimality nodes that unrolling makes, divided by ``scales``, units of reward in one of value.

    A table that was put in the place of theirs holds log p(O_t=1|·) = (r_t − c_t)/alpha.
    """
    steps = network.horizon
    if network.uniform:
        return EverySlice({"O": slice_values(network, 0, states, float(scales[0]))}, {"O": steps})
    values: dict[str, Table] = {}
    shared: dict[tuple[int, float], Table] = {}
    for t in range(steps):
        scale, table = float(scales[t]), network.cpd(f"O_{t}").scaled
        if table is not network.rewarded(t):
            values[f"O_{t}"] = _replaced(network, t, scale)
        elif (key := (id(table), scale)) in shared:
            values[f"O_{t}"] = shared[key]
        else:
            values[f"O_{t}"] = shared[key] = slice_values(network, t, states, scale)
    if len(network.reward_shift) > steps:
        last = float(scales[-1])
        own = network.as_unrolled
        values[f"O_{steps}"] = terminal_values(network.mdp, last) if own else _replaced(network, steps, last)
    return values


def _replaced(network: ControlNetwork, t: int, scale: float) -> FloatArray:
    """(alpha log p(O_t=1|·) + c_t) / scale."""
    alpha = float(network.temperatures[min(t, network.horizon - 1)])
    cpd = network.cpd(f"O_{t}")
    logs = cpd.scaled.take((slice(None),) * len(cpd.parents) + (1,)).log()
    return np.asarray((alpha * logs + network.reward_shift[t]) / scale)


def _check_magnitude(values: Mapping[str, Table], states: Operator) -> None:
    """Refuse rewards that are too large in units of a finite weight."""
    if not isfinite(states.weight) or states.weight == 0:
        return
    for name, table in distinct(values):
        numbers = entries(table)
        largest = float(np.abs(numbers).max(where=numbers > -inf, initial=0.0))
        if largest > _LARGEST * abs(states.weight):
            raise InvalidArgument(
                f"rewards of magnitude {largest:g} at {name} in units of {abs(states.weight):g}, the temperature or "
                "the inverse risk",
                allowed=f"up to {_LARGEST:g} such units",
                remedy="lower the risk or raise the temperature; or write −inf for what is forbidden",
            )
