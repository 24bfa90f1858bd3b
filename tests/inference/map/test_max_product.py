"""Passes of sums and maxima in any order against enumeration: exact where sums come first, bounds elsewhere."""

from math import inf

import numpy as np
import pytest
from hypothesis import given

from control_pgm.inference.map.max_product import backtrack, collect, first_best, tolerance
from control_pgm.inference.map.mode import log_weight
from control_pgm.inference.problem import pose
from control_pgm.inference.tree.bucket_tree import bucket_tree
from control_pgm.inference.tree.plan import Plan
from tests.inference.test_conformance import posed
from tests.strategies import seeds, split_names, thorough


def mixed(seed, order_of):
    """A random problem, some of its variables to maximise, and the messages in an order of elimination."""
    model, evidence, brute = posed(seed)
    problem = pose(model, evidence)
    (names,) = split_names(seed, problem.names, [(0, len(problem.names))])
    maximised = {problem.index[name] for name in names}
    order = order_of(np.random.default_rng(seed), range(len(problem.names)), maximised)
    return brute, names, *collect(Plan(problem, bucket_tree(problem.scopes, order), "any"), maximised)


def sums_first(rng, variables, maximised):
    shuffled = [int(v) for v in rng.permutation(len(variables))]
    return sorted(shuffled, key=lambda v: v in maximised)


def in_any_order(rng, variables, maximised):
    return [int(v) for v in rng.permutation(len(variables))]


@thorough
@given(seed=seeds)
def test_with_sums_first_the_roots_hold_the_maximum_of_the_sums(seed):
    brute, names, compiled, sent = mixed(seed, sums_first)
    values = brute.log_joint(names)
    assert abs(compiled.log_total(sent) - values.max()) < 1e-12
    states = backtrack(compiled, sent)
    found = tuple(states[compiled.problem.index[name]] for name in names)
    assert len(states) == len(names)
    assert abs(values[found] - values.max()) < 1e-12


@thorough
@given(seed=seeds)
def test_in_any_order_they_hold_an_upper_bound(seed):
    brute, names, compiled, sent = mixed(seed, in_any_order)
    bound = compiled.log_total(sent)
    assert bound >= brute.log_joint(names).max() - 1e-12
    assert bound <= brute.log_evidence + sum(np.log(brute.variables[name].cardinality) for name in names) + 1e-12


@thorough
@given(seed=seeds)
def test_of_ties_the_first_assignment_from_the_last_eliminated_variable_on(seed):
    brute, names, compiled, sent = mixed(seed, sums_first)
    problem = compiled.problem
    coarse = brute.log_joint(names)
    last_first = [problem.names[v] for v in reversed(compiled.tree.order) if problem.names[v] in names]
    values = coarse.transpose([names.index(name) for name in last_first])
    expected = np.argwhere(values >= values.max() - 1e-12)[0]
    states = backtrack(compiled, sent)
    assert [states[problem.index[name]] for name in last_first] == expected.tolist()


@thorough
@given(seed=seeds)
def test_the_weight_of_an_assignment(seed):
    model, evidence, brute = posed(seed)
    problem = pose(model, evidence)
    at, expected = brute.weights[seed % len(brute.weights)]
    found = log_weight(problem, {problem.index[name]: at[name] for name in problem.names})
    assert found == expected or abs(found - expected) < 1e-13


@pytest.mark.parametrize(
    ("logs", "best"),
    [
        ([0.0, 1.0, 1.0], 1),
        ([1.0, 1.0 + 1e-13], 0),
        ([1.0, 1.0 + 1e-11], 1),
        ([-1e9, -1e9 + 1e-7], 0),
        ([-1e9, -1e9 + 1e-5], 1),
        ([-inf, -3.0, -inf], 1),
        ([-inf, -inf], 0),
    ],
)
def test_the_first_state_of_those_that_are_equal_up_to_rounding(logs, best):
    assert first_best(np.array(logs)) == best


def test_there_is_no_tolerance_where_nothing_is_possible():
    assert tolerance(np.array([-inf, -inf])) == 0.0
