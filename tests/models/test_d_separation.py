"""d-separation against its definition by paths, and against the numbers of random networks."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, Factor, Variable, d_separated, infer, prune
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.models import barren
from tests.oracles import Brute, paths_blocked
from tests.strategies import quick, random_network, seeds, split_names, thorough

A, B, C, D = (Variable(name, 2) for name in "abcd")


def loose(child, *parents):
    return CPD(child, parents, np.full((2,) * (len(parents) + 1), 0.5))


@thorough
@given(seed=seeds)
def test_it_is_the_blocking_of_every_path(seed):
    net = random_network(seed, n=7, soft=False)
    parents = {cpd.child.name: [p.name for p in cpd.parents] for cpd in net.cpds}
    for x in parents:
        for y in parents:
            if x >= y:
                continue
            (observed,) = split_names([seed, len(x)], [n for n in parents if n not in (x, y)], [(0, 4)])
            expected = paths_blocked(parents, x, y, set(observed))
            assert d_separated(net, x, y, observed) == expected
            assert d_separated(net, y, x, observed) == expected


@quick
@given(seed=seeds)
def test_separation_in_the_graph_is_independence_in_the_numbers(seed):
    net = random_network(seed, n=5, zeros=0.1)
    x, y, observed = split_names(seed, net.variables, [(1, 1), (1, 1), (0, 3)])
    if not y or not d_separated(net, x, y, observed):
        return
    brute = Brute(net.tables)
    joint = brute.ratio([*x, *y], observed)
    product = brute.ratio(x, observed)[..., :, None] * brute.ratio(y, observed)[..., None, :]
    assert np.nanmax(np.abs(joint - product), initial=0.0) < 1e-12


def test_sets_are_separated_if_all_pairs_are():
    net = BayesianNetwork([loose(A), loose(B, A), loose(C, A), loose(D, B, C)])
    assert d_separated(net, ["b"], ["c"], given=["a"])
    assert not d_separated(net, ["b"], ["a", "c"])
    assert not d_separated(net, "b", "c", given=["a", "d"])
    assert d_separated(net, ["a"], ["d"], given=["b", "c"])


def test_an_added_factor_is_an_observed_child_of_its_scope():
    net = BayesianNetwork([loose(A), loose(B), loose(C, A, B)])
    assert d_separated(net, "a", "b")
    assert not d_separated(net.extend(Factor([A, B], [[1, 2], [2, 1]])), "a", "b")
    assert not d_separated(net.extend(Factor([C], [1, 2])), "a", "b")


@pytest.mark.parametrize(("x", "y", "given"), [("a", "a", ()), ("a", "b", "a"), ("a", "b", ["b"])])
def test_overlapping_sets_are_refused(x, y, given):
    net = BayesianNetwork([loose(A), loose(B, A)])
    with pytest.raises(InvalidArgument, match="overlap"):
        d_separated(net, x, y, given)


def test_unknown_names_are_answered_by_the_known_ones():
    net = BayesianNetwork([loose(A), loose(B, A)])
    for call in (lambda: d_separated(net, "a", "w"), lambda: barren(net, "w"), lambda: prune(net, "a", ["w"])):
        with pytest.raises(UnknownName, match="variable 'w' does not exist; allowed: 'a', 'b'"):
            call()


def test_barren_is_what_is_no_ancestor_of_anything_asked_or_seen():
    net = BayesianNetwork([loose(A), loose(B, A), loose(C, B), loose(D, A)])
    assert barren(net, "b") == {"c", "d"}
    assert barren(net, "a", evidence="c") == {"d"}
    assert barren(net.extend(Factor([D], [1, 2])), "a") == {"b", "c"}
    assert list(prune(net, "b").variables) == ["a", "b"]


@quick
@given(seed=seeds)
def test_pruning_changes_no_answer(seed):
    net = random_network(seed)
    targets, seen = split_names(seed, net.variables, [(1, 2), (0, 2)])
    evidence = {n: net.variables[n].states[0] for n in seen}
    before = Brute(net.tables, evidence)
    if before.log_evidence == -np.inf:
        return
    after = infer(prune(net, targets, evidence), evidence)
    assert abs(after.log_evidence - before.log_evidence) < 1e-12
    assert np.abs(after.marginal(*targets).array() - before.marginal(*targets)).max() < 1e-12
