"""Values by the tree of all assignments: every variable in turn, knowing all before it; without the package.

``evidence`` are observed variables that are probabilities; they change what is expected of the others.
"""

from math import exp, fsum, inf, log, nan

import numpy as np


def phi(points, kappa, weight):
    """Phi by its definition, on a list of (probability, value)."""
    points = [(p, f) for p, f in points if p > 0]
    if not points:
        return -inf
    if weight == inf:
        return -inf if any(f == -inf for _, f in points) else fsum(p * f for p, f in points)
    if weight < 0 and any(f == -inf for _, f in points):
        return -inf
    weighed = [f + kappa * log(p) for p, f in points]
    if weight == 0:
        return max(weighed)
    top = max(x / weight for x in weighed)
    return -inf if top == -inf else weight * (top + log(fsum(exp(x / weight - top) for x in weighed)))


class DecisionTree:
    """Values over the free variables of a network in its own order."""

    def __init__(self, network, operators, default, *, valued, evidence=None, unit=1.0, weights=()):
        """``valued``: observed variables whose logarithms are values; ``weights``: factors that belong to a measure."""
        given = {**valued, **(evidence or {})}
        self.states = {name: list(v.states) for name, v in network.variables.items()}
        self.observed = {name: self.states[name].index(label) for name, label in given.items()}
        self.names = [name for name in network.topological if name not in given]
        self.operators = [operators.get(name, default) for name in self.names]
        self.unit = unit
        tables = [(cpd.child.name, cpd.scope, cpd.log_array()) for cpd in network.cpds]
        self.cpds = {child: (scope, logs) for child, scope, logs in tables if child not in given}
        self.evidence = [(scope, logs) for child, scope, logs in tables if child in (evidence or {})]
        self.weights = [(f.scope, f.log_array()) for f in network.factors if any(f is w for w in weights)]
        self.values = [(scope, logs) for child, scope, logs in tables if child in valued]
        self.values += [(f.scope, f.log_array()) for f in network.factors if not any(f is w for w in weights)]

    def _log(self, table, at):
        scope, logs = table
        return float(logs[tuple(at[name] for name in scope)])

    def leaf(self, at):
        """The values of a complete assignment."""
        return fsum(self.unit * self._log(table, at) for table in self.values)

    def _mass(self, at, depth):
        """The probability of the evidence given the first ``depth`` variables."""
        if depth == len(self.names):
            return exp(fsum(self._log(table, at) for table in self.evidence))
        name = self.names[depth]
        below = ({**at, name: k} for k in range(len(self.states[name])))
        return fsum(exp(self._log(self.cpds[name], x)) * self._mass(x, depth + 1) for x in below)

    def branches(self, at, depth):
        """(measure, assignment) of every state of the next variable."""
        name = self.names[depth]
        total = self._mass(at, depth) if self.evidence else 1.0
        for k in range(len(self.states[name])):
            x = {**at, name: k}
            p = exp(self._log(self.cpds[name], x))
            p *= exp(fsum(self._log(w, x) for w in self.weights if w[0][-1] == name))
            if self.evidence:
                p *= self._mass(x, depth + 1) / total if total > 0 else 0.0
            yield p, x

    def value(self, at=None, depth=0):
        """The value of an assignment of the first ``depth`` variables."""
        at = dict(self.observed) if at is None else at
        if depth == len(self.names):
            return self.leaf(at)
        points = [(p, self.value(x, depth + 1) if p > 0 else -inf) for p, x in self.branches(at, depth)]
        return phi(points, *self.operators[depth])

    def values_of(self, name, known):
        """Values [*known, name] for a variable that depends on the ``known`` ones alone; −inf where it has no measure.

        All other variables before it are set to whatever is possible with them; NaN where nothing is. Values that are
        settled before it do not count.
        """
        depth = self.names.index(name)
        open_ = set(self.names[depth:])
        self.values = [table for table in self.values if open_ & set(table[0])]
        found = np.full([len(self.states[n]) for n in (*known, name)], nan)
        for at in self._prefixes(depth, dict(self.observed)):
            for k, (p, x) in enumerate(self.branches(at, depth)):
                found[(*(at[n] for n in known), k)] = self.value(x, depth + 1) if p > 0 else -inf
        return found

    def _prefixes(self, depth, at, level=0):
        if level == depth:
            yield at
            return
        for p, x in self.branches(at, level):
            if p > 0:
                yield from self._prefixes(depth, x, level + 1)
