"""The forward-backward recursion of control as inference, by hand: loops over plain numbers in the log domain.

It shares nothing with the package. A process is a nested list ``outcomes[t][s][a]`` of (probability, s', reward);
messages are unshifted, log E exp(return/alpha), and the shifts c_t are subtracted at the end. Discount is termination
after the reward, and what has ended earns 0 for ever:

    beta_t(s,a) = sum P(s'|s,a) e^{r/alpha} (gamma beta_{t+1}(s') + 1 − gamma).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import exp, inf, log

import numpy as np

Outcomes = list[list[list[list[tuple[float, int, float]]]]]


def log_sum(terms):
    """log sum exp of some numbers; −inf for none."""
    terms = list(terms)
    top = max(terms, default=-inf)
    return top if top == -inf else top + log(sum(exp(x - top) for x in terms))


def safe_log(x):
    """log x, −inf at 0."""
    return log(x) if x > 0 else -inf


def unfold(transition, reward, horizon: int, weights=None) -> Outcomes:
    """Outcomes from arrays: transition [t,]s,a,s', and ``reward = (axes, array)``.

    The axes are s, sa, sas, tsa, tsas, or ksas with ``weights`` of the same shape.
    """
    axes, values = reward
    values, p = np.asarray(values, float), np.asarray(transition, float)
    n, m = p.shape[-1], p.shape[-2]

    def rewards(t, s, a, nxt):
        if axes == "ksas":
            return [(w, values[k, s, a, nxt]) for k, w in enumerate(weights[:, s, a, nxt]) if w > 0]
        key = {"s": (s,), "sa": (s, a), "sas": (s, a, nxt), "tsa": (t, s, a), "tsas": (t, s, a, nxt)}[axes]
        return [(1.0, values[key])]

    def row(t, s, a):
        probabilities = p[t, s, a] if p.ndim == 4 else p[s, a]
        return [
            (float(q * w), nxt, float(r))
            for nxt, q in enumerate(probabilities)
            if q > 0
            for w, r in rewards(t, s, a, nxt)
        ]

    return [[[row(t, s, a) for a in range(m)] for s in range(n)] for t in range(horizon)]


@dataclass
class Reference:
    """A process for the hand-written methods.

    ``prior[t,s,a]`` may be unnormalised (counting). ``own`` is the index of an absorbing state of the process to which
    discount leads; None where that state is an extra one.
    """

    outcomes: Outcomes
    initial: np.ndarray
    prior: np.ndarray
    alpha: float = 1.0
    gamma: float = 1.0
    terminal: np.ndarray | None = None
    own: int | None = None

    def __post_init__(self):
        self.T, self.S, self.A = self.prior.shape
        self.shift = np.array([self._shift(t) for t in range(self.T)])
        if self.terminal is not None:
            extra = [0.0] if self.gamma < 1 and self.own is None else []
            top = max([*self.terminal, *extra])
            self.shift = np.append(self.shift, 0.0 if top == -inf else top)
        self.backward()
        self.forward()

    def _shift(self, t):
        """c_t: the largest reward of positive probability; the extra absorbing state pays 0."""
        found = [
            r for s, a in np.ndindex(self.S, self.A) if self.prior[t, s, a] > 0 for _, _, r in self.outcomes[t][s][a]
        ]
        found += [0.0] if self.gamma < 1 and self.own is None else []
        return 0.0 if max(found) == -inf else max(found)

    def branches(self, t, s, a) -> list[tuple[float, int, float]]:
        """(log P(s'|s,a) of going on or being terminated, s' or S for the extra state, r/alpha)."""
        result = []
        for p, nxt, r in self.outcomes[t][s][a]:
            stays = self.own == s  # the process's own absorbing state is not terminated again
            result.append((log(p) + (0.0 if stays else safe_log(self.gamma)), nxt, r / self.alpha))
            if self.gamma < 1 and not stays:
                dead = self.S if self.own is None else self.own
                result.append((log(p) + log(1.0 - self.gamma), dead, r / self.alpha))
        return [b for b in result if b[0] > -inf]

    def backward(self):
        """beta_t(s,a) and beta_t(s), unshifted; column S is the extra absorbing state."""
        self.b = np.zeros((self.T + 1, self.S + 1))
        if self.terminal is not None:
            self.b[self.T, : self.S] = np.asarray(self.terminal) / self.alpha
        self.q = np.full((self.T, self.S, self.A), -inf)
        for t in range(self.T - 1, -1, -1):
            for s in range(self.S):
                for a in range(self.A):
                    if self.prior[t, s, a] > 0:
                        self.q[t, s, a] = log_sum(w + r + self.b[t + 1, nxt] for w, nxt, r in self.branches(t, s, a))
                self.b[t, s] = log_sum(safe_log(self.prior[t, s, a]) + self.q[t, s, a] for a in range(self.A))

    def forward(self):
        """alpha_t(s) = p(s_t = s, O before t), unshifted."""
        self.f = np.full((self.T + 1, self.S + 1), -inf)
        self.f[0, : self.S] = [safe_log(p) for p in self.initial]
        for t in range(self.T):
            terms = [[] for _ in range(self.S + 1)]
            terms[self.S].append(self.f[t, self.S])
            for s, a in product(range(self.S), range(self.A)):
                if self.prior[t, s, a] > 0:
                    for w, nxt, r in self.branches(t, s, a):
                        terms[nxt].append(self.f[t, s] + log(self.prior[t, s, a]) + w + r)
            self.f[t + 1] = [log_sum(x) for x in terms]

    # --- what THEORY's conventions report -----------------------------------------------------------------------
    def to_go(self, t: int) -> float:
        """sum_{k≥t} c_k in nats."""
        return float(self.shift[t:].sum()) / self.alpha

    @property
    def log_evidence(self) -> float:
        """log p(O), shifted."""
        return log_sum(self.f[0] + self.b[0]) - self.to_go(0)

    @property
    def log_backward(self):
        """log beta_t(s), shifted."""
        return np.array([self.b[t, : self.S] - self.to_go(t) for t in range(self.T + 1)])

    @property
    def log_backward_action(self):
        """log beta_t(s,a), shifted."""
        return np.array([self.q[t] - self.to_go(t) for t in range(self.T)])

    @property
    def log_forward(self):
        """log alpha_t(s), shifted by what lies before t."""
        return np.array([self.f[t, : self.S] - (self.to_go(0) - self.to_go(t)) for t in range(self.T + 1)])

    @property
    def policy(self):
        """p(a|s) beta(s,a)/beta(s); NaN where optimality is impossible."""
        pi = np.full(self.q.shape, np.nan)
        for t, s in product(range(self.T), range(self.S)):
            if self.b[t, s] > -inf:
                pi[t, s] = [self.prior[t, s, a] * exp(self.q[t, s, a] - self.b[t, s]) for a in range(self.A)]
        return pi

    @property
    def state_marginals(self):
        """p(s_t | O), the extra absorbing state last."""
        return np.exp(self.f + self.b - log_sum(self.f[0] + self.b[0]))

    @property
    def state_action_marginals(self):
        """alpha_t(s) p(a|s) beta_t(s,a) / p(O)."""
        total = log_sum(self.f[0] + self.b[0])
        return self.prior * np.exp(self.f[:-1, : self.S, None] + self.q - total)

    def next_state(self, t: int, s: int, a: int):
        """p(s' | s, a, O) over S + 1 states, the extra one last; None where it is undefined."""
        if self.q[t, s, a] == -inf:
            return None
        row = np.zeros(self.S + 1)
        for w, nxt, r in self.branches(t, s, a):
            row[nxt] += exp(w + r + self.b[t + 1, nxt] - self.q[t, s, a])
        return row


def trajectories(ref: Reference, t: int, s: int) -> Iterator[tuple[list[int], list[int], float]]:
    """Every way on from s at time t: states from t on, actions, and prior times dynamics times e^{return/alpha}."""
    if s == ref.S:
        yield [s] * (ref.T - t + 1), [], 1.0
        return
    if t == ref.T:
        yield [s], [], 1.0 if ref.terminal is None else exp(ref.terminal[s] / ref.alpha)
        return
    for a in range(ref.A):
        if ref.prior[t, s, a] > 0:
            for w, nxt, r in ref.branches(t, s, a):
                weight = ref.prior[t, s, a] * exp(w + r)
                for states, actions, rest in trajectories(ref, t + 1, nxt):
                    yield [s, *states], [a, *actions], weight * rest
