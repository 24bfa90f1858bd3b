"""Named decision processes, each with a horizon, solve options and the hand-written reference of the same arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from control_pgm import MDP, Solution, solve
from tests.control.recursion import Reference, unfold

INF = np.inf


@dataclass(frozen=True, eq=False)
class Instance:
    """A process, how to solve it, and what must come out."""

    name: str
    mdp: MDP
    horizon: int
    options: dict[str, Any]
    reference: Reference
    has_dead_state: bool = field(default=False)  # discount has appended one

    def __repr__(self) -> str:
        return self.name


def instance(
    name, transition, axes, reward, horizon, *, weights=None, alpha=1.0, prior=None, available=None, own=None, **more
) -> Instance:
    """An instance of arrays; ``more`` are arguments of `MDP` that the reference understands too."""
    p = np.asarray(transition, float)
    n, m = p.shape[-1], p.shape[-2]
    allowed = np.ones((n, m), bool) if available is None else np.asarray(available, bool)
    if axes == "ksas":
        outcomes = unfold(p, (axes, reward), horizon, weights)[0]
        listed = [
            (s, a, q, nxt, r) for s in range(n) for a in range(m) for q, nxt, r in outcomes[s][a] if allowed[s, a]
        ]
        mdp = MDP.from_outcomes(listed, states=more.pop("states", n), actions=m, available=available, **more)
    else:
        mdp = MDP(p, reward, reward_axes=axes, available=available, **more)
    reference = Reference(
        unfold(p, (axes, reward), horizon, weights),
        np.asarray(more.get("initial", np.full(n, 1 / n)), float),
        full_prior(prior, allowed, horizon),
        alpha,
        more.get("discount", 1.0),
        more.get("terminal_reward"),
        own,
    )
    options = {"temperature": alpha, "action_prior": prior}
    dead = more.get("discount", 1.0) < 1 and own is None
    return Instance(name, mdp, horizon, options, reference, dead)


def full_prior(prior, allowed, horizon):
    """p(a|s) as [t,s,a]: uniform over the allowed actions, counting, or as given."""
    if prior is None:
        table = allowed / allowed.sum(axis=1, keepdims=True)
    elif isinstance(prior, str):
        table = allowed.astype(float)
    else:
        table = np.asarray(prior, float)
    return np.broadcast_to(table, (horizon, *allowed.shape)).copy()


def rows(rng, *shape, zeros=0.0):
    """Random distributions over the last axis, a share of the entries zero."""
    p = rng.random(shape) * (rng.random(shape) >= zeros)
    p[..., 0] += p.sum(axis=-1) == 0
    return p / p.sum(axis=-1, keepdims=True)


def with_terminal(p):
    """The last state made absorbing."""
    p = p.copy()
    p[-1] = np.eye(len(p))[-1]
    return p


@cache
def instances() -> tuple[Instance, ...]:
    """All of them; what is random is drawn from fixed seeds."""
    rng = np.random.default_rng(7)
    p32, p23, p43 = rows(rng, 3, 2, 3), rows(rng, 2, 3, 2), rows(rng, 4, 3, 4, zeros=0.5)
    chain = np.eye(3)[[[0, 1], [0, 2], [1, 2]]]
    sparse = rows(rng, 3, 2, 3, zeros=0.5)
    r_sa, r_sas = rng.normal(size=(3, 2)), rng.normal(size=(3, 2, 3))
    forbidden = np.array([[0.0, -INF], [-1.0, 0.5], [-INF, 0.2]])
    doomed = np.array([[0.0, -1.0], [-INF, -INF], [0.3, 0.1]])  # nothing is optimal in state 1
    some = np.array([[True, False], [True, True], [False, True]])
    same = np.array([[True, False, True]] * 2)
    ksas = rng.normal(size=(2, 3, 2, 3))
    w = rng.random((3, 2, 3))
    weights = np.stack([w, 1 - w])
    rarely = np.where(w < 0.6, [[[[1.0]]], [[[0.0]]]], weights)
    end = with_terminal(p32)
    r_end, r_end_sas = r_sa.copy(), r_sas.copy()
    r_end[2], r_end_sas[2] = 0.0, 0.0
    own = {"own": 2, "states": ["x", "y", "terminal"]}
    prior_a, prior_sa, prior_tsa = np.array([0.3, 0.7]), rows(rng, 3, 2, zeros=0.3), rows(rng, 3, 3, 2)
    over_time, r_tsa, r_tsas = rows(rng, 3, 3, 2, 3), rng.normal(size=(3, 3, 2)), rng.normal(size=(3, 3, 2, 3))
    first = [1.0, 0.0, 0.0]
    labels = {"states": ["(0,0)", "b, c", 7], "actions": ["left", "right"]}
    lonely = np.ones((1, 2, 1))
    end_r = np.array([0.5, -INF, 2.0])
    return (
        instance("reward on state", p32, "s", [0.0, 1.0, -1.0], 3),
        instance("reward on state and action", p32, "sa", r_sa, 3),
        instance("reward on outcome", p32, "sas", r_sas, 3),
        instance("low temperature", p32, "sas", r_sas, 3, alpha=0.05),
        instance("high temperature", p32, "sa", r_sa, 2, alpha=40.0),
        instance("positive rewards", p32, "sa", r_sa + 50.0, 3, alpha=0.7),
        instance("deterministic", chain, "sa", r_sa, 4, alpha=0.4, initial=first),
        instance("deterministic, outcome", chain, "sas", r_sas, 4, initial=[0.0, 0.5, 0.5]),
        instance("sparse rows", sparse, "sas", r_sas, 3, initial=[0.0, 1.0, 0.0]),
        instance("four states, three actions", p43, "sa", rng.normal(size=(4, 3)), 3, alpha=0.3),
        instance("forbidden pairs", p32, "sa", forbidden, 3),
        instance("forbidden outcomes", p32, "sas", np.where(rng.random((3, 2, 3)) < 0.3, -INF, r_sas), 3),
        instance("a doomed state", chain, "sa", doomed, 3),
        instance("per-state actions", p32, "sa", r_sa, 3, available=some),
        instance("per-state actions, outcome", p32, "sas", r_sas, 3, available=some),
        instance("an action that nobody has", p23, "sa", rng.normal(size=(2, 3)), 3, available=same),
        instance("several rewards per outcome", p32, "ksas", ksas, 3, weights=weights),
        instance("several rewards, discount", sparse, "ksas", ksas, 3, weights=weights, discount=0.8, alpha=0.5),
        instance("rewards that only some outcomes share", p32, "ksas", ksas - 9.0, 3, weights=rarely, alpha=0.5),
        instance("dynamics vary with time", over_time, "sa", r_sa, 3),
        instance("rewards vary with time", p32, "tsa", r_tsa, 3),
        instance("all varies, outcome", over_time, "tsas", r_tsas, 3, alpha=0.5, prior=prior_tsa),
        instance("discount", p32, "sa", r_sa, 3, discount=0.9),
        instance("discount, outcome", p32, "sas", r_sas, 3, discount=0.6, alpha=0.3),
        instance("discount, negative rewards", p32, "sas", r_sas - 20.0, 3, discount=0.5),
        instance("discount 0", p32, "sas", r_sas, 2, discount=0.0),
        instance("discount, time-varying", over_time, "tsas", r_tsas, 3, discount=0.7),
        instance("discount, per-state actions", p32, "sa", r_sa, 3, discount=0.7, available=some),
        instance("discount, prior (S,A)", p32, "sas", r_sas, 3, discount=0.7, prior=prior_sa),
        instance("discount, own terminal", end, "sa", r_end, 3, discount=0.8, **own),
        instance("discount, own terminal, outcome", end, "sas", r_end_sas, 3, discount=0.8, alpha=0.5, **own),
        instance("discount, terminal reward", p32, "sa", r_sa, 3, discount=0.8, terminal_reward=[1.0, -2.0, 0.0]),
        instance("terminal reward", p32, "sa", r_sa, 3, terminal_reward=[3.0, -1.0, 2.0]),
        instance("terminal reward that forbids", chain, "sas", r_sas, 3, terminal_reward=end_r),
        instance("prior (A,)", p32, "sa", r_sa, 3, prior=prior_a),
        instance("prior (S,A)", p32, "sas", r_sas, 3, prior=prior_sa),
        instance("prior (T,S,A)", p32, "sa", r_sa, 3, prior=prior_tsa),
        instance("prior with a zero", p23, "sa", rng.normal(size=(2, 3)), 3, prior=np.array([0.5, 0.0, 0.5])),
        instance("counting", p32, "sa", r_sa, 3, prior="counting", available=some),
        instance("counting everywhere", p32, "sas", r_sas, 3, prior="counting", alpha=0.5),
        instance("single state", lonely, "sa", [[0.5, -0.5]], 3),
        instance("single state, discount", lonely, "sa", [[0.5, -0.5]], 3, discount=0.5),
        instance("single action", rows(rng, 3, 1, 3), "sas", rng.normal(size=(3, 1, 3)), 4),
        instance("one step", p32, "sas", r_sas, 1, initial=first),
        instance("labels", p32, "sas", r_sas, 2, **labels),
        instance("unreachable states", chain, "sa", r_sa, 2, initial=first),
    )


def named(name: str) -> Instance:
    """The instance of a name."""
    return next(i for i in instances() if i.name == name)


@cache
def solved(item: Instance) -> Solution:
    """The package's answer, once."""
    return solve(item.mdp, item.horizon, **item.options)
