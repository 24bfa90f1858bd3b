"""Random models for tests: everything follows from one seed, so that a failure names itself."""

from itertools import product

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, SparseFactor, TwoSliceTemplate, Variable

seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=40, deadline=None, derandomize=True)
thorough = settings(max_examples=120, deadline=None, derandomize=True)


def random_variables(rng, n, *, largest=3):
    """n variables x0 … with 1 … ``largest`` states, whose labels are not their indices."""
    sizes = rng.integers(1, largest + 1, n)
    return [Variable(f"x{i}", [f"{i}{'abcdef'[k]}" for k in range(size)]) for i, size in enumerate(sizes)]


def random_logs(rng, shape, *, zeros=0.25, spread=1.0):
    """Logarithms of a random table: normal with the given spread, some of them −inf."""
    logs = spread * rng.standard_normal(shape)
    return np.where(rng.random(shape) < zeros, -np.inf, logs)


def random_factor_graph(seed, *, n=5, zeros=0.25, spread=1.0):
    """A factor graph with scopes of 0 … 3 variables; loops, repeated scopes and loose parts all occur."""
    rng = np.random.default_rng(seed)
    variables = random_variables(rng, int(rng.integers(2, n + 1)))
    factors = []
    for _ in range(int(rng.integers(2, 8))):
        scope = rng.permutation(len(variables))[: rng.integers(0, 4)]
        chosen = [variables[i] for i in scope]
        logs = random_logs(rng, [v.cardinality for v in chosen], zeros=zeros * bool(chosen), spread=spread)
        factors.append(Factor(chosen, logs, log=True))
    covered = {name for factor in factors for name in factor.scope}
    factors += [Factor([v], rng.random(v.cardinality) + 0.1) for v in variables if v.name not in covered]
    return FactorGraph(factors)


def random_cpd(rng, child, parents, *, zeros=0.25, spread=1.0):
    """A CPD with exact zeros, but at least one possible state in each row."""
    logs = random_logs(rng, [v.cardinality for v in (*parents, child)], zeros=zeros, spread=spread)
    for row in product(*(range(v.cardinality) for v in parents)):
        if np.isneginf(logs[row]).all():
            logs[(*row, rng.integers(child.cardinality))] = 0.0
        logs[row] -= logs[row].max()
        logs[row] -= np.log(np.exp(logs[row]).sum())
    return CPD(child, parents, logs, log=True)


def random_network(seed, *, n=6, zeros=0.25, spread=1.0, soft=True):
    """A Bayesian network of up to ``n`` variables with at most 3 parents each, sometimes with a soft observation."""
    rng = np.random.default_rng(seed)
    variables = random_variables(rng, int(rng.integers(2, n + 1)))
    cpds = []
    for i, child in enumerate(variables):
        parents = [variables[j] for j in rng.permutation(i)[: rng.integers(0, 4)]]
        cpds.append(random_cpd(rng, child, parents, zeros=zeros, spread=spread))
    factors = []
    if soft and rng.random() < 0.4:
        scope = [variables[j] for j in rng.permutation(len(variables))[: rng.integers(1, 3)]]
        factors.append(Factor(scope, rng.random([v.cardinality for v in scope]) + 0.1))
    return BayesianNetwork([cpds[k] for k in rng.permutation(len(cpds))], factors)


def random_dynamic_network(seed, *, horizon=3, states=3, zeros=0.45):
    """A hidden Markov model x_t → y_t, x_t → x_{t+1} with many zeros, unrolled."""
    rng = np.random.default_rng(seed)
    x, x1 = Variable("x", states), Variable("x'", states)
    y = Variable("y", 2)
    return TwoSliceTemplate(
        [random_cpd(rng, x, [], zeros=zeros)],
        [random_cpd(rng, y, [x], zeros=zeros), random_cpd(rng, x1, [x], zeros=zeros)],
    ).unroll(horizon)


def random_model(seed, **options):
    """A factor graph for even seeds, a Bayesian network for odd ones."""
    return random_network(seed, **options) if seed % 2 else random_factor_graph(seed, **options)


def random_evidence(seed, model, *, share=0.35):
    """Labels for a random part of the variables; possible or not."""
    rng = np.random.default_rng([seed, 1])
    return {
        name: variable.states[rng.integers(variable.cardinality)]
        for name, variable in model.variables.items()
        if rng.random() < share
    }


def possible_evidence(seed, model, weights, *, share=0.35):
    """Labels for a random part of the variables, taken from an assignment of positive weight; None if there is none."""
    rng = np.random.default_rng([seed, 2])
    possible = [at for at, log_weight in weights if log_weight > -np.inf]
    if not possible:
        return None
    at = possible[rng.integers(len(possible))]
    return {n: model.variables[n].states[i] for n, i in at.items() if rng.random() < share}


def split_names(seed, names, sizes):
    """Disjoint random sub-lists of names, in random order."""
    rng = np.random.default_rng([seed, 3])
    order = [list(names)[i] for i in rng.permutation(len(names))]
    parts = []
    for size in sizes:
        n = int(rng.integers(size[0], size[1] + 1))
        parts.append(order[:n])
        order = order[n:]
    return parts


def random_template(seed, *, zeros=0.25):
    """A two-slice template: a chain x, perhaps a second chain z, a choice a, an emission y in either style."""
    rng = np.random.default_rng([seed, 4])
    size = {name: int(n) for name, n in zip("xzay", rng.integers(1, 4, 4), strict=True)}
    x, z, a, y = (Variable(name, size[name]) for name in "xzay")
    x1, z1, y1 = (Variable(f"{name}'", size[name]) for name in "xzy")
    has_z, has_a, emission = rng.random() < 0.5, rng.random() < 0.6, rng.integers(3)
    initial, transition = [random_cpd(rng, x, [], zeros=zeros)], []
    above = [x]
    if has_a:
        transition.append(random_cpd(rng, a, [x] if rng.random() < 0.5 else [], zeros=zeros))
        above.append(a)
    if has_z:
        initial.append(random_cpd(rng, z, [x] if rng.random() < 0.5 else [], zeros=zeros))
        transition.append(random_cpd(rng, z1, [z, *above], zeros=zeros))
    transition.append(random_cpd(rng, x1, [*above, z1] if has_z and rng.random() < 0.5 else above, zeros=zeros))
    if emission == 1:
        transition.append(random_cpd(rng, y, [*above, x1][-2:], zeros=zeros))
    elif emission == 2:
        initial.append(random_cpd(rng, y, [x], zeros=zeros))
        transition.append(random_cpd(rng, y1, [x1], zeros=zeros))
    return TwoSliceTemplate(initial, transition)


def listed(factor):
    """The same factor with its non-zeros listed."""
    logs = factor.log_array()
    indices = np.argwhere(logs > -np.inf)
    return SparseFactor(factor.variables, indices, logs[tuple(indices.T)], log=True)


def partly_listed(seed, graph):
    """The factor graph with some tables sparse: some forms everywhere, or single factors here and there."""
    rng = np.random.default_rng([seed, 7])
    share, everywhere = float(rng.choice([0.1, 0.5])), rng.random() < 0.5
    chosen, made = {}, {}
    for factor in graph.factors:
        form = tuple(name.split("_")[0] for name in factor.scope) if everywhere else factor
        chosen.setdefault(form, rng.random() < share)
        if chosen[form] and id(factor.scaled) not in made:
            made[id(factor.scaled)] = listed(factor).scaled
    forms = [tuple(n.split("_")[0] for n in f.scope) if everywhere else f for f in graph.factors]
    return FactorGraph(
        Factor.of(f.variables, made[id(f.scaled)]) if chosen[form] else f
        for f, form in zip(graph.factors, forms, strict=True)
    )


def random_slices(seed, *, most=60, spread=None):
    """A factor graph of repeated slices: 1 … 4 variables each, factors over up to 5 of two neighbours.

    Sometimes tables are shared by the slices, sometimes each has its own; scopes interleave both slices in any order.
    """
    rng = np.random.default_rng([seed, 5])
    n, horizon = int(rng.integers(1, 5)), int(rng.integers(2, most + 1))
    sizes, shared = rng.integers(1, 4, n), rng.random() < 0.5
    spread = rng.choice([0.0, 1.0, 30.0, 1000.0]) if spread is None else spread
    zeros = rng.choice([0.0, 0.0, 0.0, 0.02])
    slices = [[Variable(f"{'abcd'[i]}_{t}", int(sizes[i]), time=t) for i in range(n)] for t in range(horizon + 1)]
    if rng.random() < 0.3:  # no order but that of the factors
        slices = [[Variable(v.name, v.states) for v in row] for row in slices]
    forms = [[(i, 0)] for i in range(n)]
    for _ in range(int(rng.integers(1, 4))):
        axes = [(int(i), int(d)) for i, d in rng.permutation([(i, d) for i in range(n) for d in (0, 1)])]
        forms.append(axes[: rng.integers(1, 6)])
    if rng.random() < 0.5:
        forms = [forms[k] for k in rng.permutation(len(forms))]
    same = [random_logs(rng, [sizes[i] for i, _ in form], zeros=zeros, spread=spread) for form in forms]
    factors = []
    for t in range(horizon + 1):
        for form, logs in zip(forms, same, strict=True):
            if t + max(d for _, d in form) <= horizon:
                own = logs if shared else random_logs(rng, logs.shape, zeros=zeros, spread=spread)
                factors.append(Factor([slices[t + d][i] for i, d in form], own, log=True))
    return FactorGraph(factors)


def random_interleaved_template(seed, *, spread=1.0):
    """A two-slice template of 1 … 4 chains; each CPD has up to 4 parents of both slices, in any order."""
    rng = np.random.default_rng([seed, 6])
    n = int(rng.integers(1, 5))
    sizes = [int(k) for k in rng.integers(1, 4, n)]
    now = [Variable("abcd"[i], sizes[i]) for i in range(n)]
    later = [Variable(f"{'abcd'[i]}'", sizes[i]) for i in range(n)]
    within = [int(i) for i in range(n) if rng.random() < 0.2]  # chosen anew in every slice, without a past
    zeros = float(rng.choice([0.0, 0.0, 0.15]))

    def cpd(child, above):
        parents = [above[k] for k in rng.permutation(len(above))[: rng.integers(0, 5)]]
        return random_cpd(rng, child, parents, zeros=zeros, spread=spread)

    chains = [i for i in rng.permutation(n) if i not in within]
    initial, above = [], []
    for i in chains:
        initial.append(cpd(now[i], above))
        above.append(now[i])
    transition = []
    for i in within:
        transition.append(cpd(now[i], above))
        above.append(now[i])
    for i in chains:
        transition.append(cpd(later[i], above))
        above.append(later[i])
    return TwoSliceTemplate(initial, transition)
