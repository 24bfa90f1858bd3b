"""The search for good assignments: its values are those of enumeration, it only climbs, and it stops at a maximum."""

from math import inf

import numpy as np
from hypothesis import assume, given

from control_pgm import MDP, unroll
from control_pgm.inference.map.coordinate_ascent import Ascent, point
from control_pgm.inference.map.max_product import collect
from control_pgm.inference.problem import pose
from control_pgm.inference.tree.bucket_tree import bucket_tree
from control_pgm.inference.tree.plan import Plan, in_own_order
from tests.inference.test_conformance import posed
from tests.strategies import seeds, split_names, thorough


def search(seed, **options):
    """A random problem, the values of all assignments of some variables, and a tree in any order."""
    model, evidence, brute = posed(seed, **options)
    problem = pose(model, evidence)
    assume(problem.names)
    (names,) = split_names(seed, problem.names, [(1, len(problem.names))])
    order = [int(v) for v in np.random.default_rng(seed).permutation(len(problem.names))]
    plan = Plan(problem, bucket_tree(problem.scopes, order), "any")
    return (
        collect(plan, {problem.index[name] for name in names}),
        brute.log_joint(names),
        [problem.index[name] for name in names],
    )


def same(a, b):
    return a == b or abs(a - b) < 1e-12


@thorough
@given(seed=seeds)
def test_from_any_start_the_value_is_exact_never_falls_and_ends_at_a_maximum_in_every_direction(seed):
    found, values, variables = search(seed)
    rng = np.random.default_rng(seed)
    start = {v: int(rng.integers(n)) for v, n in zip(variables, values.shape, strict=True)}
    ascent = Ascent(*found, start)
    before = -inf
    while True:
        at = tuple(ascent.states[v] for v in variables)
        assert same(ascent.log_value, values[at])
        assert values[at] >= before - 1e-12
        before = values[at]
        if not ascent.sweep():
            break
    for axis in range(len(at)):
        line = values[(*at[:axis], slice(None), *at[axis + 1 :])]
        assert line.max() <= values[at] + 1e-11


@thorough
@given(seed=seeds)
def test_the_first_sweep_decides_everything_under_the_bound(seed):
    found, values, variables = search(seed)
    ascent = Ascent(*found)
    compiled, sent = found
    assert same(ascent.log_value, compiled.log_total(sent))
    bound = ascent.log_value
    assert ascent.sweep()
    assert sorted(ascent.states) == sorted(variables)
    found = values[tuple(ascent.states[v] for v in variables)]
    assert same(ascent.log_value, found)
    assert found <= bound + 1e-12


def test_greedy_choice_is_right_where_there_is_nothing_to_know():
    """Under deterministic dynamics from a known start, choices know everything: the bound is tight, greedy is best."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n, m, horizon = 5, 3, 6
        p = np.eye(n)[rng.integers(n, size=(n, m))]
        net = unroll(MDP(p, rng.normal(size=(n, m)), initial=np.eye(n)[0]), horizon)
        problem = pose(net, net.optimal)
        plan = in_own_order(problem)
        ascent = Ascent(*collect(plan, {problem.index[f"a_{t}"] for t in range(horizon)}))
        bound = ascent.log_value
        ascent.sweep()
        assert abs(ascent.log_value - bound) < 1e-12


def test_a_point_allows_one_state():
    assert point(3, 1).linear().tolist() == [0.0, 1.0, 0.0]
