"""Values under any two operators by plain loops over (probability, next state, reward); without the package.

Column S of V is the state of what discount has ended: it pays nothing and remembers nothing, so that what would have
been reached is summed over.
"""

import numpy as np

from tests.inference.decision_tree import phi


class PlainValues:
    """Q, V and the value of the start of a hand-written `Reference`, in units of reward.

    ``counting``: whether the prior counts actions, so that an ended process has one action that counts one.
    """

    def __init__(self, ref, actions, states, *, counting=False):
        self.ref, self.states = ref, states
        self.q = np.full((ref.T, ref.S, ref.A), -np.inf)
        self.v = np.zeros((ref.T + 1, ref.S + 1))
        if ref.terminal is not None:
            self.v[ref.T, : ref.S] = ref.terminal
        for t in range(ref.T - 1, -1, -1):
            for s in range(ref.S):
                for a in range(ref.A):
                    if ref.prior[t, s, a] > 0:
                        self.q[t, s, a] = phi(self._branches(t, s, a), *states)
                pairs = [
                    (1.0 if counting and s == ref.own else ref.prior[t, s, a], self.q[t, s, a]) for a in range(ref.A)
                ]
                self.v[t, s] = phi(pairs, *actions)
            same = (ref.prior[t] == ref.prior[t, 0]).all() and not counting
            idle = ref.prior[t, 0] if same else np.full(ref.A, 1.0 if counting else 1.0 / ref.A)
            self.v[t, ref.S] = phi([(p, self.v[t + 1, ref.S]) for p in (idle if actions[1] == 0 else [1.0])], *actions)
        self.total = phi(list(zip(ref.initial, self.v[0], strict=False)), *states)
        self.v = self.v[:, : ref.S]

    def _branches(self, t, s, a):
        """(probability, value) of every next state, one of them the end."""
        ref, after = self.ref, self.v[t + 1]
        dead = ref.S if ref.own is None else ref.own
        reached = {}
        for p, nxt, r in ref.outcomes[t][s][a]:
            reached.setdefault(nxt, []).append((p, r))
        found, ended = [], []
        for nxt, several in reached.items():
            mass = sum(p for p, _ in several)
            value = phi([(p / mass, r) for p, r in several], *self.states)
            if nxt == dead or s == dead:
                ended.append((mass, value))
            else:
                found.append((mass * ref.gamma, value + after[nxt]))
                ended.append((mass * (1.0 - ref.gamma), value))
        mass = sum(p for p, _ in ended)
        if mass > 0:
            kappa = self.states[0]
            found.append((mass, phi([(p / mass, r) for p, r in ended], kappa, kappa) + after[dead]))
        return found
