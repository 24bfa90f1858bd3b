"""Frozen mappings behave as dictionaries do, but do not change."""

from control_pgm.tables.frozen_mapping import FrozenMapping


def test_mappings_are_merged_as_dictionaries_are():
    frozen = FrozenMapping({"x": 1, "y": 2})
    assert frozen | {"y": 3} == {"x": 1, "y": 3}
    assert {"y": 3} | frozen == {"y": 2, "x": 1}
    assert frozen | frozen == {"x": 1, "y": 2}
    assert frozen == {"x": 1, "y": 2}
