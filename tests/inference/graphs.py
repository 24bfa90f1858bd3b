"""Graphs whose elimination orders are looked for: (number of variables, scopes, cardinalities)."""

import numpy as np


def random_problem(seed, n=9):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, n + 1))
    scopes = [tuple(rng.permutation(n)[: rng.integers(0, 4)].tolist()) for _ in range(rng.integers(1, 12))]
    return n, scopes, rng.integers(1, 5, n).tolist()


def grid(width, length):
    """Variables numbered row by row."""
    pairs = [(v, v + width) for v in range(width * (length - 1))]
    pairs += [(v, v + 1) for v in range(width * length) if (v + 1) % width]
    return width * length, pairs, [2] * (width * length)


def unrolled(parents, slices, states):
    """A template; ``parents[i]`` of variable i are pairs (j, whether in the same slice)."""
    k = len(parents)
    scopes = [(i,) for i in range(k)]
    for t in range(1, slices):
        for i, above in enumerate(parents):
            scopes.append((*[(t - (not same)) * k + j for j, same in above], t * k + i))
    return k * slices, scopes, list(states) * slices


def ring(size, slices):
    """x_i' depends on x_{i−1}, x_i, x_{i+1} of a closed ring."""
    parents = [sorted({((i + d) % size, False) for d in (-1, 0, 1)}) for i in range(size)]
    return unrolled(parents, slices, [2] * size)


def path(size, slices):
    """x_i' depends on x_i and on x_{i−1}' within the slice."""
    return unrolled([[(i, False)] + [(i - 1, True)] * (i > 0) for i in range(size)], slices, [2] * size)


def random_template(seed, size, slices):
    """Up to three parents in the slice before, sometimes one in the same slice."""
    rng = np.random.default_rng([seed, size])
    parents = []
    for i in range(size):
        before = [(int(j), False) for j in rng.permutation(size)[: rng.integers(1, 4)]]
        beside = [(int(rng.integers(i)), True)] if i and rng.random() < 0.4 else []
        parents.append(before + beside)
    return unrolled(parents, slices, rng.choice([2, 2, 3, 4, 10], size).tolist())


def with_hub(problem):
    """A further variable, the first one, in every table."""
    n, scopes, cards = problem
    return n + 1, [(0, *[v + 1 for v in scope]) for scope in scopes], [3, *cards]


def shuffled(problem, seed):
    """The same problem with other numbers for the variables."""
    n, scopes, cards = problem
    new = np.random.default_rng(seed).permutation(n).tolist()
    states = [0] * n
    for v, number in enumerate(new):
        states[number] = cards[v]
    return n, [tuple(new[v] for v in scope) for scope in scopes], states


def random_dag(seed, n, parents=3):
    rng = np.random.default_rng(seed)
    above = [sorted(set(rng.integers(0, max(v, 1), min(v, rng.integers(0, parents + 1))).tolist())) for v in range(n)]
    return n, [(*above[v], v) for v in range(n)], rng.integers(2, 4, n).tolist()
