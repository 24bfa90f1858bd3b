"""Random control networks in which tables were replaced and added: everything follows from one seed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm import CPD, MDP, ControlNetwork, Factor, Variable, unroll
from control_pgm.errors import ControlPGMError
from tests.control.instances import rows
from tests.strategies import listed


@dataclass(frozen=True, eq=False)
class Changed:
    """A network, what it was made from, and what was done to it."""

    base: ControlNetwork
    network: ControlNetwork
    alpha: float
    done: tuple[tuple[str, int], ...]

    @property
    def counting(self) -> bool:
        return bool(self.base.counting)

    @property
    def tables(self) -> list[Any]:
        """(names, logarithms) of all tables."""
        return [(table.scope, table.log_array()) for table in self.network.tables]

    @property
    def observed(self) -> dict[str, int]:
        return {name: self.network.variable(name).index(label) for name, label in self.network.optimal.items()}

    @property
    def ended(self) -> list[Factor]:
        """Actions after discount has ended the process count as one each where the network's own prior is left."""
        if not self.counting or self.base.mdp.discount == 1.0:
            return []
        factors = []
        for t in range(self.network.horizon):
            prior = self.network.cpd(f"a_{t}")
            if prior.scaled is self.base.cpd(f"a_{t}").scaled:
                s, a = self.network.variable(f"s_{t}"), self.network.variable(f"a_{t}")
                weights, end = np.ones((s.cardinality, a.cardinality)), s.index("terminal")
                row = prior.array()[end] if prior.parents else prior.array()
                weights[end, row > 0] = 1.0 / row[row > 0]
                factors.append(Factor([s, a], weights))
        return factors


def random_changed(seed: int) -> Changed:
    """A process of random form, unrolled, with one to three changes that are accepted."""
    rng = np.random.default_rng([seed, 11])
    base = unroll(*_process(rng), temperature=(alpha := float(rng.choice([0.5, 1.0, 3.0]))), action_prior=_prior(rng))
    network, done = base, []
    for _ in range(int(rng.integers(1, 4))):
        t = int(rng.integers(network.horizon))
        what = str(rng.choice(["start", "dynamics", "prior", "prior", "reward", "end", "factor", "choice", "node"]))
        try:
            network = _CHANGES[what](network, t, rng)
        except ControlPGMError:
            continue  # refused: an outcome without a reward, an action that is not available
        done.append((what, t))
    return Changed(base, network, alpha, tuple(done))


def _prior(rng):
    return "counting" if rng.random() < 0.5 else None


def _process(rng):
    n, m, horizon = int(rng.integers(2, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
    p = rows(rng, n, m, n, zeros=float(rng.choice([0.0, 0.3])))
    reward = rng.normal(scale=2, size=(n, m, n)[: int(rng.integers(2, 4))])
    more: dict[str, Any] = {"discount": float(rng.choice([1.0, 1.0, 0.8, 0.3, 0.0]))}
    if rng.random() < 0.3:
        more["terminal_reward"] = rng.normal(size=n)
    if rng.random() < 0.25:  # an end of the process's own
        p[-1], reward[-1], more["states"] = np.eye(n)[-1], 0.0, [*(f"s{k}" for k in range(n - 1)), "terminal"]
        if "terminal_reward" in more:
            more["terminal_reward"][-1] = 0.0
    elif rng.random() < 0.4:
        available = rng.random((n, m)) < 0.6
        available[:, 0] |= ~available.any(axis=1)
        more["available"] = available
    axes = "sas" if reward.ndim == 3 else "sa"
    return MDP(p, reward, reward_axes=axes, initial=rows(rng, n), **more), min(horizon, 3 if n * m < 9 else 2)


def _some(rng, names, least=1):
    """Some of the names in random order."""
    return [names[k] for k in rng.permutation(len(names))[: rng.integers(least, len(names) + 1)]]


def _cpd(net, rng, child, parents):
    scope = [net.variable(name) for name in (*parents, child)]
    return CPD(scope[-1], scope[:-1], rows(rng, *[v.cardinality for v in scope], zeros=float(rng.choice([0.0, 0.3]))))


def _step(t):
    return [f"s_{t}", f"a_{t}", f"s_{t + 1}"]


def _start(net, t, rng):
    return net.replace(_cpd(net, rng, "s_0", []))


def _dynamics(net, t, rng):
    return net.replace(_cpd(net, rng, f"s_{t + 1}", _some(rng, [f"s_{t}", f"a_{t}"])))


def _choices(net, t, rng):
    return net.replace(_cpd(net, rng, f"a_{t}", _some(rng, [f"s_{t}"], least=0)))


def _reward(net, t, rng):
    return net.replace(_cpd(net, rng, f"O_{t}", _some(rng, _step(t))))


def _end(net, t, rng):
    name = f"O_{net.horizon}"
    return net.replace(_cpd(net, rng, name, [f"s_{net.horizon}"])) if name in net.variables else net


def _factor(net, t, rng, names=None):
    scope = [net.variable(name) for name in names or _some(rng, _step(t))]
    table = rng.random([v.cardinality for v in scope]) + 0.1
    table[rng.random(table.shape) < float(rng.choice([0.0, 0.3]))] = 0.0
    factor = Factor(scope, table)
    return net.extend(listed(factor) if rng.random() < 0.4 else factor)


def _on_choice(net, t, rng):
    return _factor(net, t, rng, [f"a_{t}"])


def _node(net, t, rng):
    """A further optimality node, or one that nobody observes."""
    name, scope = f"C_{t}", [net.variable(name) for name in _some(rng, _step(t))[:2]]
    if name in net.variables:
        return net
    observed = rng.random() < 0.7
    child = Variable(name, 2 if observed else 3, time=t, kind="optimality" if observed else "other")
    return net.extend(CPD(child, scope, rows(rng, *[v.cardinality for v in (*scope, child)])))


_CHANGES = {
    "start": _start,
    "dynamics": _dynamics,
    "prior": _choices,
    "reward": _reward,
    "end": _end,
    "factor": _factor,
    "choice": _on_choice,
    "node": _node,
}
