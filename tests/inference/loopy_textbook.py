"""Loopy belief propagation as in the textbooks: dictionaries, plain numbers, every assignment in a loop.

It shares nothing with the package but `Variable` and `Factor`, from which it reads names and values.
"""

from itertools import product
from math import inf, log, prod

import numpy as np

from control_pgm import Factor, FactorGraph, Variable


class Textbook:
    """The update rule of a factor graph; messages are {(table number, name): list of numbers}."""

    def __init__(self, factors, by="sum"):
        self.tables = [(f.scope, f.array()) for f in factors]
        self.size = {v.name: v.cardinality for f in factors for v in f.variables}
        self.edges = [(k, name) for k, (scope, _) in enumerate(self.tables) for name in scope]
        self.by = {"sum": sum, "max": max}[by]

    def scale(self, message):
        return [x / self.by(message) for x in message]

    def uniform(self):
        return {(k, name): self.scale([1.0] * self.size[name]) for k, name in self.edges}

    def said(self, messages, name, to):
        """n_{name→to}: what a variable says to a table."""
        others = [messages[j, v] for j, v in self.edges if v == name and j != to]
        return self.scale([prod(m[i] for m in others) for i in range(self.size[name])])

    def assignments(self, k):
        scope, array = self.tables[k]
        for states in product(*(range(self.size[n]) for n in scope)):
            yield dict(zip(scope, states, strict=True)), float(array[states])

    def update_one(self, messages, k, name):
        """m_{k→name} as the rule wants it."""
        heard = {u: self.said(messages, u, k) for u in self.tables[k][0] if u != name}
        terms = [[] for _ in range(self.size[name])]
        for at, weight in self.assignments(k):
            terms[at[name]].append(weight * prod(heard[u][at[u]] for u in heard))
        return self.scale([self.by(t) for t in terms])

    def update(self, messages):
        """F: the rule for all messages at once."""
        return {(k, name): self.update_one(messages, k, name) for k, name in self.edges}

    def mix(self, new, old, damping, domain):
        """A damped message."""
        if domain == "log":
            return self.scale([a ** (1 - damping) * b**damping for a, b in zip(new, old, strict=True)])
        return self.scale([((1 - damping) * a + damping * b) * (a > 0) for a, b in zip(new, old, strict=True)])

    def flood(self, sweeps, damping=0.0, domain="log"):
        """The messages after some sweeps of flooding."""
        messages = self.uniform()
        for _ in range(sweeps):
            new = self.update(messages)
            messages = {e: self.mix(new[e], messages[e], damping, domain) for e in self.edges}
        return messages

    def belief(self, messages, name):
        """b_name, normalised."""
        terms = [prod(m[i] for (_, v), m in messages.items() if v == name) for i in range(self.size[name])]
        return [x / sum(terms) for x in terms]

    def table_belief(self, messages, k):
        """b_k, normalised: {states: probability}."""
        scope = self.tables[k][0]
        heard = {u: self.said(messages, u, k) for u in scope}
        weights = {tuple(at.values()): w * prod(heard[u][at[u]] for u in scope) for at, w in self.assignments(k)}
        total = sum(weights.values())
        return {at: w / total for at, w in weights.items()}

    def minus_free_energy(self, messages):
        """−F of Yedidia, Freeman and Weiss 2005 from the beliefs: average energy and entropies."""
        total = 0.0
        for k, (_, array) in enumerate(self.tables):
            total += sum(b * (log(array[at]) - log(b)) for at, b in self.table_belief(messages, k).items() if b > 0)
        for name in self.size:
            degree = sum(v == name for _, v in self.edges)
            total += (degree - 1) * sum(b * log(b) for b in self.belief(messages, name) if b > 0)
        return total


def movement(new, old):
    """The largest difference of logarithms between two messages."""
    logs = [[log(x) if x > 0 else -inf for x in m] for m in (new, old)]
    return max(0.0 if a == b else abs(a - b) for a, b in zip(*logs, strict=True))


def messages_of(posterior):
    """The messages from tables to variables of a posterior, by (table number, name)."""
    found = {}
    for message in posterior.messages:
        if message.source.startswith("phi_"):
            found[int(message.source[4:].partition("(")[0]), message.target] = message.factor.array().tolist()
    return found


def random_tree(seed, *, zeros=0.25, spread=1.0):
    """A random forest of tables over 1 to 3 variables of 1 to 3 states, with constants and repeated single tables."""
    rng = np.random.default_rng([seed, 7])
    variables, factors = [], []

    def new_variable():
        labels = [f"{len(variables)}{'abc'[i]}" for i in range(rng.integers(1, 4))]
        variables.append(Variable(f"x{len(variables)}", labels))
        return variables[-1]

    def add(scope):
        scope = [scope[i] for i in rng.permutation(len(scope))]
        logs = spread * rng.standard_normal([v.cardinality for v in scope])
        logs = np.where(rng.random(logs.shape) < zeros * bool(scope), -inf, logs)
        factors.append(Factor(scope, logs, log=True))

    for _ in range(rng.integers(1, 7)):
        fresh = not variables or rng.random() < 0.2
        first = new_variable() if fresh else variables[rng.integers(len(variables))]
        add([first, *(new_variable() for _ in range(rng.integers(0, 3)) if len(variables) < 7)])
    add([])
    return FactorGraph([factors[k] for k in rng.permutation(len(factors))])


def random_loops(seed, *, n=5, zeros=0.0, spread=0.6):
    """A random factor graph with loops: more pairs and triples than a tree can hold."""
    rng = np.random.default_rng([seed, 8])
    variables = [Variable(f"x{i}", int(rng.integers(2, 4))) for i in range(n)]
    factors = [Factor([v], np.exp(spread * rng.standard_normal(v.cardinality))) for v in variables]
    for _ in range(n + 2):
        scope = [variables[i] for i in rng.permutation(n)[: rng.integers(2, 4)]]
        table = np.exp(spread * rng.standard_normal([v.cardinality for v in scope]))
        factors.append(Factor(scope, table * (rng.random(table.shape) >= zeros)))
    return FactorGraph(factors)


def ising(edges, coupling, fields=None):
    """Variables x0 … with states −1, +1: exp(coupling x_i x_j) on the edges, exp(field x_i)."""
    n = 1 + max(max(edge) for edge in edges)
    x = [Variable(f"x{i}", [-1, 1]) for i in range(n)]
    couplings = [coupling] * len(edges) if np.isscalar(coupling) else coupling
    factors = [Factor([x[i], x[j]], np.exp([[c, -c], [-c, c]])) for (i, j), c in zip(edges, couplings, strict=True)]
    if fields is not None:
        factors += [Factor([v], np.exp([-h, h])) for v, h in zip(x, fields, strict=True)]
    return FactorGraph(factors)
