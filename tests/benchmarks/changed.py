"""Changed networks against the network as it was unrolled, and hidden Markov models against a loop by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from control_pgm import CPD, MDP, ControlNetwork, Factor, TwoSliceTemplate, Variable, infer, solve, unroll
from control_pgm.tables.arrays import FloatArray
from tests.benchmarks.report import Table, progress
from tests.benchmarks.timing import Maker, interleaved, milliseconds, ratio

SIZES = (10, 100)
HORIZON = 1000
HEADER = ("S", "network", "inference", "policy, ms", "of the unchanged one", "quartiles")
HIDDEN = ("hidden states", "observations", "all marginals, ms", "by hand, ms", "ratio", "quartiles")


def tables(seconds: float, sizes: Sequence[int] = SIZES, *, horizon: int = HORIZON) -> list[Table]:
    """A row for every number of states and change, and one for a hidden Markov model."""
    rows = [row for n in sizes for row in _changes(n, horizon, seconds)]
    note = f"solve(network).policy, T={horizon}, A=4; the network is made before."
    return [
        Table("Changed networks", HEADER, rows, note),
        Table("Hidden Markov model", HIDDEN, [_hidden(10, 10 * horizon, seconds)], "Each slice has its own evidence."),
    ]


def changed(n: int, horizon: int) -> dict[str, ControlNetwork]:
    """The unchanged network, and others by what was changed."""
    rng = np.random.default_rng(0)
    transition, reward = rng.dirichlet(np.ones(n), (n, 4)), rng.normal(size=(n, 4))
    mdp = MDP(transition, reward, initial=0)
    net = unroll(mdp, horizon)
    several = net
    for t in (horizon // 10, horizon // 2, horizon - 7):
        parents = [several.variable(f"s_{t}"), several.variable(f"a_{t}")]
        several = several.replace(CPD(several.variable(f"s_{t + 1}"), parents, rng.dirichlet(np.ones(n), (n, 4))))
    waypoint = Factor([net.variable(f"s_{horizon // 2}")], np.linspace(0.1, 1.0, n))
    networks = {
        "unchanged": net,
        "terminal reward": unroll(MDP(transition, reward, initial=0, terminal_reward=rng.normal(size=n)), horizon),
        "one waypoint": net.extend(waypoint),
        "three replaced tables": several,
        "rewards vary with time": unroll(
            MDP(transition, rng.normal(size=(horizon, n, 4)), initial=0, reward_axes="tsa"), horizon
        ),
        "schedule of temperatures": unroll(mdp, horizon, temperature=np.linspace(1.0, 0.1, horizon)),
    }
    if n * n * horizon <= 2**20:
        varying = rng.dirichlet(np.ones(n), (horizon, n, 4))
        networks["transitions vary with time"] = unroll(MDP(varying, reward, initial=0), horizon)
    return networks


def _changes(n: int, horizon: int, seconds: float) -> list[list[str]]:
    progress(f"changed networks: {n} states")
    networks = changed(n, horizon)
    rows = []
    for inference in ("posterior", "variational"):
        chosen = {what: net for what, net in networks.items() if inference == "posterior" or not net.varying}
        times = interleaved({what: _job(net, inference) for what, net in chosen.items()}, seconds)
        for what in chosen:
            shares = ratio(times[what], times["unchanged"])
            rows.append([str(n), what, inference, milliseconds(times[what]), *shares])
    return rows


def _job(network: ControlNetwork, inference: str) -> Maker:
    return lambda: lambda: np.asarray(solve(network, inference=inference).policy)


def _hidden(n: int, horizon: int, seconds: float) -> list[str]:
    progress(f"hidden Markov model: {horizon:,} observations")
    rng = np.random.default_rng(0)
    start, move, emit = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n), n), rng.dirichlet(np.ones(5), n)
    x, y, after, seen = Variable("x", n), Variable("y", 5), Variable("x'", n), Variable("y'", 5)
    template = TwoSliceTemplate(
        [CPD(x, [], start), CPD(y, [x], emit)], [CPD(after, [x], move), CPD(seen, [after], emit)]
    )
    network, observed = template.unroll(horizon), rng.integers(5, size=horizon + 1)
    evidence = {f"y_{t}": int(label) for t, label in enumerate(observed)}
    jobs: Mapping[str, Callable[[], FloatArray]] = {
        "engine": lambda: np.asarray(infer(network, evidence).marginals().over_time("x")),
        "hand": partial(forward_backward, start, move, emit[:, observed].T.copy()),
    }
    assert np.abs(jobs["engine"]() - jobs["hand"]()).max() < 1e-12
    times = interleaved({name: partial(_same, job) for name, job in jobs.items()}, seconds)
    own, hand = times["engine"], times["hand"]
    return [str(n), f"{horizon:,}", milliseconds(own), milliseconds(hand), *ratio(own, hand)]


def _same(job: Callable[[], FloatArray]) -> Callable[[], FloatArray]:
    return job


def forward_backward(start: FloatArray, move: FloatArray, weights: FloatArray) -> FloatArray:
    """p(x_t | all observations) by one scaled pass in each direction (Rabiner 1989), weights [t, x]."""
    last = len(weights) - 1
    forward, backward = np.empty(weights.shape), np.empty(weights.shape)
    message = start * weights[0]
    forward[0] = message / message.sum()
    for t in range(1, last + 1):
        message = (forward[t - 1] @ move) * weights[t]
        forward[t] = message / message.sum()
    backward[last] = 1.0
    for t in range(last, 0, -1):
        message = move @ (backward[t] * weights[t])
        backward[t - 1] = message / message.sum()
    both = forward * backward
    return np.asarray(both / both.sum(axis=1, keepdims=True))
