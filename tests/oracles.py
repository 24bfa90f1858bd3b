"""Brute-force oracles: every assignment, one after another, in plain loops.

They read nothing but variables and log tables, so they share no algorithm with the package.
"""

from fractions import Fraction
from itertools import product
from math import exp, fsum, inf, isinf, log, nan

import numpy as np


def log_sum(logs):
    """log of the sum of exponentials of a list of numbers."""
    top = max(logs, default=-inf)
    return -inf if isinf(top) else top + log(fsum(exp(x - top) for x in logs))


def fraction_log(x):
    """Natural logarithm of a rational number of any magnitude."""
    return log(x.numerator) - log(x.denominator) if x else -inf


def contract_exactly(arrays, scopes, out, sizes):
    """The sum-product of float arrays in rational numbers: a dict from output index to Fraction."""
    labels = sorted({x for scope in scopes for x in scope} | set(out))
    result = {index: Fraction(0) for index in product(*(range(sizes[x]) for x in out))}
    for states in product(*(range(sizes[x]) for x in labels)):
        at = dict(zip(labels, states, strict=True))
        term = Fraction(1)
        for array, scope in zip(arrays, scopes, strict=True):
            term *= Fraction(float(array[tuple(at[x] for x in scope)]))
        result[tuple(at[x] for x in out)] += term
    return result


def log_contract_exactly(arrays, scopes, out, sizes):
    """Logarithms of `contract_exactly`, as an array."""
    exact = contract_exactly(arrays, scopes, out, sizes)
    logs = np.zeros([sizes[x] for x in out])
    for index, value in exact.items():
        logs[index] = fraction_log(value)
    return logs


def contract_logs(logs, scopes, out, sizes):
    """log of the sum-product of tables given by their logarithms, whatever their magnitude."""
    labels = sorted({x for scope in scopes for x in scope} | set(out))
    terms = {}
    for states in product(*(range(sizes[x]) for x in labels)):
        at = dict(zip(labels, states, strict=True))
        weight = fsum(float(a[tuple(at[x] for x in s)]) for a, s in zip(logs, scopes, strict=True))
        terms.setdefault(tuple(at[x] for x in out), []).append(weight)
    result = np.full([sizes[x] for x in out], -inf)
    for index, members in terms.items():
        result[index] = log_sum(members)
    return result


class Brute:
    """The answers about one model under one evidence, by enumeration of all assignments."""

    def __init__(self, tables, evidence=None):
        self.tables = [(table.variables, table.log_array()) for table in tables]
        self.variables = {v.name: v for scope, _ in self.tables for v in scope}
        self.observed = {name: list(self.variables[name].states).index(x) for name, x in (evidence or {}).items()}
        self._weights = None

    def _assignments(self, names):
        """All assignments of the names that agree with the evidence, as dicts of state indices."""
        ranges = [[self.observed[n]] if n in self.observed else range(self.variables[n].cardinality) for n in names]
        for states in product(*ranges):
            yield dict(zip(names, states, strict=True))

    @staticmethod
    def _log_weight(tables, at):
        return fsum(float(logs[tuple(at[v.name] for v in scope)]) for scope, logs in tables)

    @property
    def weights(self):
        """(assignment, log weight) of every assignment that agrees with the evidence."""
        if self._weights is None:
            self._weights = [(at, self._log_weight(self.tables, at)) for at in self._assignments(list(self.variables))]
        return self._weights

    @property
    def log_evidence(self):
        """log of the sum of all weights."""
        return log_sum([w for _, w in self.weights])

    def log_joint(self, names):
        """log of the unnormalised joint table of the names."""
        terms = {}
        for at, w in self.weights:
            terms.setdefault(tuple(at[n] for n in names), []).append(w)
        logs = np.full([self.variables[n].cardinality for n in names], -inf)
        for index, members in terms.items():
            logs[index] = log_sum(members)
        return logs

    def marginal(self, *names):
        """p(names | evidence)."""
        return np.exp(self.log_joint(names) - self.log_evidence)

    def ratio(self, names, given):
        """p(names | given, evidence) with axes (*given, *names) as joint over marginal; NaN for 0/0."""
        joint, below = self.log_joint((*given, *names)), self.log_joint(given)
        result = np.full(joint.shape, nan)
        for index in np.ndindex(joint.shape):
            if below[index[: len(given)]] > -inf:
                result[index] = exp(joint[index] - below[index[: len(given)]])
        return result

    def conditional(self, names, given):
        """The same, where factors that cannot be reached from ``names`` once ``given`` is held are left out."""
        asked = [n for n in names if n not in self.observed]
        fixed = {*given, *self.observed, *(n for n, v in self.variables.items() if v.cardinality == 1)}
        near, grown = {n for n in asked if n not in fixed}, True
        while grown:
            grown = False
            for scope, _ in self.tables:
                free = {v.name for v in scope} - fixed
                if free & near and not free <= near:
                    near |= free
                    grown = True
        tables = [(s, logs) for s, logs in self.tables if near & {v.name for v in s}]
        involved = list(dict.fromkeys([*given, *names, *(v.name for s, _ in tables for v in s)]))
        terms = {}
        for at in self._assignments(involved):
            key = tuple(at[n] for n in given), tuple(at[n] for n in names)
            terms.setdefault(key, []).append(self._log_weight(tables, at))
        result = np.zeros([self.variables[n].cardinality for n in (*given, *names)])
        for row in {row for row, _ in terms}:
            columns = {column: log_sum(members) for (r, column), members in terms.items() if r == row}
            total = log_sum(list(columns.values()))
            if total == -inf:
                result[row] = nan
            for column, value in columns.items():
                if total > -inf:
                    result[row + column] = exp(value - total)
        return result


def first_impossible(tables, constraints):
    """The position of the first constraint (name, label) after which no assignment is left; None if there is none."""
    for n in range(len(constraints) + 1):
        if Brute(tables, dict(constraints[:n])).log_evidence == -inf:
            return n - 1
    return None


def log_forward(initial, transition, likelihoods):
    """log p(evidence) of a chain by the textbook recursion on logarithms; plain lists of logs.

    ``likelihoods[t][s]`` weighs state s at time t.
    """
    logs = [a + b for a, b in zip(initial, likelihoods[0], strict=True)]
    for weights in likelihoods[1:]:
        logs = [
            log_sum([logs[i] + transition[i][j] for i in range(len(logs))]) + weights[j] for j in range(len(weights))
        ]
    return log_sum(logs)


def paths_blocked(parents, x, y, given):
    """d-separation by its definition: every undirected path between x and y is blocked by ``given``."""
    below = {n: {c for c, above in parents.items() if n in above} for n in parents}

    def descendants(node):
        found = {node}
        for child in below[node]:
            found |= descendants(child)
        return found

    def blocked(path):
        for a, b, c in zip(path, path[1:], path[2:], strict=False):
            collider = a in parents[b] and c in parents[b]
            if collider and not descendants(b) & given:
                return True
            if not collider and b in given:
                return True
        return False

    def open_path(path):
        if path[-1] == y:
            return not blocked(path)
        near = set(parents[path[-1]]) | below[path[-1]]
        return any(open_path([*path, n]) for n in sorted(near) if n not in path)

    return not open_path([x])


def log_eliminate(tables, keep=(), observed=None, *, by=np.logaddexp):
    """log of the product of tables with all names but ``keep`` summed out (or maximised: ``by=np.maximum``).

    Plain variable elimination on arrays of logarithms, the variable with the smallest product first: linear in the
    length of a chain of slices, where enumeration is exponential. ``tables`` holds (names, logs); ``observed`` maps
    names to state indices. The axes of the result are ``keep``.
    """
    observed = observed or {}
    live = []
    for names, logs in tables:
        index = tuple(observed.get(n, slice(None)) for n in names)
        live.append((tuple(n for n in names if n not in observed), np.asarray(logs, dtype=np.float64)[index]))
    size = {n: k for names, logs in live for n, k in zip(names, logs.shape, strict=True)}
    while todo := {n for names, _ in live for n in names} - set(keep):
        near = {n: {m for names, _ in live if n in names for m in names} for n in todo}
        v = min(sorted(todo), key=lambda n: np.prod([size[m] for m in near[n]]))
        group = [table for table in live if v in table[0]]
        live = [table for table in live if v not in table[0]]
        scope = (*sorted(near[v] - {v}), v)
        live.append((scope[:-1], by.reduce(_log_product(group, scope, size), axis=-1)))
    return _log_product(live, tuple(keep), size)


def _log_product(tables, scope, size):
    """The sum of logarithms over all axes of ``scope``."""
    total = np.zeros([size[n] for n in scope])
    for names, logs in tables:
        order = sorted(range(len(names)), key=lambda i: scope.index(names[i]))
        total = total + logs.transpose(order).reshape([size[n] if n in names else 1 for n in scope])
    return total
