"""Frozen mappings behave as dictionaries do, but do not change."""

import pytest

from control_pgm import CPD, Factor, Variable, gridworld, unroll
from control_pgm.models.every_slice import EverySlice
from control_pgm.tables.frozen_mapping import FrozenMapping


def test_mappings_are_merged_as_dictionaries_are():
    frozen = FrozenMapping({"x": 1, "y": 2})
    assert frozen | {"y": 3} == {"x": 1, "y": 3}
    assert {"y": 3} | frozen == {"y": 2, "x": 1}
    assert frozen | frozen == {"x": 1, "y": 2}
    assert frozen == {"x": 1, "y": 2}


def test_what_holds_in_every_slice_is_merged_as_dictionaries_are():
    every = EverySlice({"O": 1}, {"O": 2})
    assert every | {"x": 3, "O_1": 0} == {"O_0": 1, "O_1": 0, "x": 3}
    assert {"x": 3, "O_1": 0} | every == {"x": 3, "O_1": 1, "O_0": 1}
    assert every | every == {"O_0": 1, "O_1": 1}


@pytest.mark.parametrize("what", ["nothing", "a factor", "a node"])
def test_evidence_of_control_networks_is_merged_with_more_evidence_by_a_bar(what):
    net = unroll(gridworld("S.G"), 2, temperature=0.5)
    happy = Variable("H_1", [0, 1], time=1, kind="optimality")
    added = {
        "nothing": [],
        "a factor": [Factor([net.variable("s_1")], [1, 2, 3])],
        "a node": [CPD(happy, [net.variable("s_1")], [[0.4, 0.6], [0.2, 0.8], [0.0, 1.0]])],
    }[what]
    net, more = net.extend(*added), {"s_0": "(0,0)"}
    assert net.optimal | more == {**net.optimal, **more}
    assert more | net.evidence == {**more, **net.evidence}
