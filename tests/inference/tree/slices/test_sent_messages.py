"""The message of a cluster, sent alone or as a row of a repetition."""

from hypothesis import given
from hypothesis import strategies as st

from control_pgm.inference.tree.slices.sent_messages import Repeated, SentMessages


class Numbered:
    """Rows that are their own description: (loop, step, row)."""

    def __init__(self, loop, length):
        self.loop, self.length = loop, length

    def row(self, step, c):
        return self.loop, step, c

    def stack(self, step, start, stop):
        return [self.row(step, c) for c in range(start, stop)]

    def run(self):
        yield from ()


loops = st.lists(st.tuples(st.integers(-40, 40), st.integers(-5, 5), st.integers(1, 9)), max_size=20)


def filled(asked, single=()):
    """Messages with a loop of one step for each range that shares no member with those before, and a dictionary."""
    sent, expected = SentMessages(), {}
    for k, (first, step, length) in enumerate(asked):
        numbers = range(first, first + step * length, step) if step else range(0)
        if numbers and not expected.keys() & set(numbers):
            sent.put_repeated(Repeated((numbers,), Numbered(k, 1)))
            expected.update({n: (k, 0, c) for c, n in enumerate(numbers)})
    for n in single:
        if n not in expected:
            sent.put(n, ("alone", n))
            expected[n] = ("alone", n)
    return sent, expected


@given(loops, st.sets(st.integers(-90, 90)))
def test_messages_are_those_of_a_dictionary(asked, single):
    sent, expected = filled(asked, single)
    assert {n: sent.get(n) for n in range(-90, 90)} == {n: expected.get(n) for n in range(-90, 90)}


@given(loops, st.integers(-60, 60), st.sampled_from([-4, -3, -2, -1, 1, 2, 3, 4]), st.integers(1, 30))
def test_stretches_of_clusters_hold_their_messages_in_order(asked, first, step, length):
    clusters = range(first, first + step * length, step)
    sent, expected = filled(asked, clusters)
    found, at = [], []
    for stretch in sent.stretches(clusters):
        rows = [sent[stretch.clusters[0]]] if stretch.rows is None else stretch.stack()
        found += rows[::-1] if stretch.backwards else rows
        at += stretch.clusters
    assert at == list(clusters)
    assert found == [expected[n] for n in clusters]
