"""Views leave out what would change nothing."""

import numpy as np

from control_pgm.tables.contraction.views import View

TABLE = np.arange(24.0).reshape(2, 3, 4)


def test_a_view_that_changes_nothing_is_none():
    assert View.make(None, (), (0, 1, 2), (2, 3, 4), (2, 3, 4)) is None


def test_all_parts_are_applied_in_their_order():
    view = View.make((6, 4), (), (1, 0), (4, 6), (4, 2, 3))
    assert np.array_equal(view.of(TABLE), TABLE.reshape(6, 4).T.reshape(4, 2, 3))
    view = View.make(None, (1,), (1, 0), (4, 2), (8,))
    assert np.array_equal(view.of(TABLE), TABLE.sum(axis=1).T.reshape(8))


def test_fusing_and_reshaping_alone_are_one_change_of_shape():
    view = View.make((6, 4), (), (0, 1), (6, 4), (3, 8))
    assert view == View(None, None, None, (3, 8))
    assert np.shares_memory(view.of(TABLE), TABLE)
