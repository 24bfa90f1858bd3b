"""Bayesian networks: acyclic, complete, in a deterministic order, and never changed in place."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, Factor, Variable, infer
from control_pgm.errors import InvalidModel, UnknownName
from tests.strategies import quick, random_network, seeds

A, B, C = (Variable(name, 2) for name in "abc")
COIN = [0.5, 0.5]
FLIP = [COIN, COIN]


def loose(child, *parents):
    return CPD(child, parents, np.full((2,) * (len(parents) + 1), 0.5))


@quick
@given(seed=seeds)
def test_parents_come_before_children_whatever_order_they_are_given_in(seed):
    net = random_network(seed)
    place = {name: i for i, name in enumerate(net.topological)}
    assert set(place) == {cpd.child.name for cpd in net.cpds}
    for cpd in net.cpds:
        assert all(place[p.name] < place[cpd.child.name] for p in cpd.parents)


def test_slices_stay_together_and_ties_follow_the_given_order():
    late, early = Variable("late", 2, time=1), Variable("early", 2, time=0)
    assert BayesianNetwork([loose(late), loose(early), loose(A)]).topological == ("a", "early", "late")
    assert BayesianNetwork([loose(C), loose(B), loose(A)]).topological == ("c", "b", "a")


def test_a_cycle_is_named():
    with pytest.raises(
        InvalidModel, match=r"has the cycle (a → b → c → a|b → c → a → b|c → a → b → c); allowed: an acyc"
    ):
        BayesianNetwork([loose(A, C), loose(B, A), loose(C, B)])


def test_a_cycle_below_other_nodes_is_named_without_them():
    with pytest.raises(InvalidModel, match=r"cycle (b → c → b|c → b → c);"):
        BayesianNetwork([loose(A), loose(B, A, C), loose(C, B), loose(Variable("d", 2), C)])


@pytest.mark.parametrize(
    ("cpds", "factors", "message"),
    [
        ([loose(B, A)], [], r"CPD\(b \| a\) mentions 'a', which has no CPD; add p\(a \| …\)"),
        ([loose(A), loose(A)], [], r"'a' has two CPDs; allowed: one; use .replace"),
        ([loose(A), CPD(B, [Variable("a", 3)], [COIN] * 3)], [], "'a' occurs with 2 states.*and with 3 states"),
        ([loose(A)], [Factor([B], [1, 2])], r"Factor\(b: 2\) mentions 'b', which has no CPD; add p\(b"),
        ([Factor([A], COIN)], [], r"is not a CPD; pass further factors as factors=\[…\] or .extend"),
    ],
)
def test_an_incomplete_or_ambiguous_network_is_refused(cpds, factors, message):
    with pytest.raises(InvalidModel, match=message):
        BayesianNetwork(cpds, factors)


def test_a_cpd_is_found_by_name_and_an_unknown_name_is_answered_by_the_known_ones():
    net = BayesianNetwork([loose(A), loose(B, A)])
    assert net.cpd("b").parents == (A,)
    assert net.variable("a") is A
    with pytest.raises(UnknownName, match="variable 'd' does not exist; allowed: 'a', 'b'"):
        net.cpd("d")


def test_replacing_and_extending_leave_the_old_network_alone():
    net = BayesianNetwork([loose(A), loose(B, A)])
    assert net.variable("b") is B  # fills what is cached
    new = net.replace(CPD(A, [], [0.1, 0.9])).extend(loose(C, B), Factor([B], [1.0, 2.0]))
    assert list(net.variables) == ["a", "b"]
    assert net.cpd("a").array().tolist() == COIN
    assert list(new.variables) == ["a", "b", "c"]
    assert new.cpd("a").array().tolist() == [0.1, 0.9]
    assert len(new.tables) == 4
    assert new.cpd("c").child is C


def test_extending_is_validated_again():
    net = BayesianNetwork([loose(A)])
    with pytest.raises(InvalidModel, match="'a' has two CPDs"):
        net.extend(loose(A))
    with pytest.raises(InvalidModel, match="'c', which has no CPD"):
        net.extend(Factor([C], [1, 2]))
    with pytest.raises(UnknownName, match="'b' does not exist"):
        net.replace(loose(B, A))


@quick
@given(seed=seeds)
def test_a_network_without_evidence_has_total_weight_one(seed):
    assert abs(infer(random_network(seed, soft=False)).log_evidence) < 1e-12


def test_a_network_is_frozen_and_prints_its_size():
    net = BayesianNetwork([loose(A)], [Factor([A], [1, 2])])
    assert repr(net) == "BayesianNetwork(1 variables and 1 further factors)"
    with pytest.raises(AttributeError):
        net.cpds = ()
