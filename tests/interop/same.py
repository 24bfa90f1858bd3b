"""Whether two processes agree in everything that they hold."""

import numpy as np

from control_pgm import load, save


def same_array(one, other):
    if one is None or other is None:
        return one is other
    one, other = np.asarray(one), np.asarray(other)
    same_bits = np.array_equal(np.signbit(one), np.signbit(other)) or np.isnan(one).any()
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f") and same_bits


def same_labels(one, other):
    return type(one) is type(other) and repr(one) == repr(other)


def assert_same(one, other):
    """Two processes agree in everything that they hold."""
    assert same_labels(one.states, other.states)
    assert same_labels(one.actions, other.actions)
    for name in ("initial", "available", "terminal_reward", "discount"):
        assert same_array(getattr(one, name), getattr(other, name)), name
    assert one.positions == other.positions
    assert one.sparse == other.sparse
    if one.sparse:
        for part in ("data", "indices", "indptr"):
            assert same_array(getattr(one.table, part), getattr(other.table, part)), part
            assert not getattr(other.table, part).flags.writeable, part
    else:
        assert same_array(one.table, other.table)
        assert not other.table.flags.writeable
    assert one.reward_table.axes == other.reward_table.axes
    assert same_array(one.reward_table.values, other.reward_table.values)
    assert same_array(one.reward_table.weights, other.reward_table.weights)
    assert not other.reward_table.values.flags.writeable
    assert same_array(one.transition, other.transition)
    assert same_array(one.reward, other.reward)


def back(mdp, kind, folder):
    return load(save(mdp, folder / f"mdp.{kind}"))
