"""Which of many ranges a number belongs to."""

from hypothesis import given
from hypothesis import strategies as st

from control_pgm.inference.tree.slices.disjoint_ranges import DisjointRanges


@given(st.lists(st.tuples(st.integers(-40, 40), st.integers(-5, 5), st.integers(0, 9)), max_size=20))
def test_owners_are_those_of_a_dictionary(asked):
    found, expected = DisjointRanges(), {}
    for k, (first, step, length) in enumerate(asked):
        numbers = range(first, first + step * length, step) if step else range(0)
        if not expected.keys() & set(numbers):
            found.add(numbers, k)
            expected.update(dict.fromkeys(numbers, k))
    assert {n: found.owner(n) for n in range(-90, 90)} == {n: expected.get(n) for n in range(-90, 90)}
