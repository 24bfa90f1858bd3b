"""Results that are computed once per object and argument."""

import gc
import weakref

from control_pgm.tables.frozen import remembered


class Counted:
    def __init__(self):
        self.asked = []

    @remembered
    def double(self, x, y=0):
        """Twice x, and y."""
        self.asked.append((x, y))
        return [2 * x, y]


def test_each_argument_is_computed_once_per_object():
    first, second = Counted(), Counted()
    assert first.double(3) is first.double(3)
    assert first.double(4) == [8, 0]
    assert first.double(3, 1) == [6, 1]
    assert second.double(3) is not first.double(3)
    assert first.asked == [(3, 0), (4, 0), (3, 1)]
    assert first.double.__doc__ == "Twice x, and y."


def test_results_go_with_their_object():
    counted = Counted()
    counted.double(3)
    gone = weakref.ref(counted)
    del counted
    gc.collect()
    assert gone() is None
