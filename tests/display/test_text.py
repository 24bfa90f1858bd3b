"""Numbers, text tables and what is left out of long ones."""

import numpy as np
import pytest

from control_pgm.display import elided, listing, number, size, text_table
from control_pgm.display.text import kept, probability, shortened


@pytest.mark.parametrize("n", [0, 1, 23, 24, 25, 100, 10_000])
@pytest.mark.parametrize("limit", [3, 16, 24])
def test_what_is_kept_of_a_long_table_is_its_beginning_and_its_end(n, limit):
    head, tail = kept(n, limit)
    shown = [*head, *tail]
    assert shown == sorted(set(shown))
    if n <= limit:
        assert shown == list(range(n))
    else:
        assert len(shown) == limit
        assert shown[0] == 0
        assert shown[-1] == n - 1


def test_rows_left_out_are_counted():
    rows = [[str(k), "x"] for k in range(100)]
    shown = elided(rows, 6)
    assert shown == [["0", "x"], ["1", "x"], ["2", "x"], ["3", "x"], ["… 94 more", ""], ["98", "x"], ["99", "x"]]
    assert elided([]) == []


def test_columns_are_aligned():
    lines = text_table(["name", "p"], [["a", "0.5"], ["long name", "12"]]).splitlines()
    assert lines == ["name         p", "─────────  ───", "a          0.5", "long name   12"]


def test_a_column_that_holds_text_is_flush_left_and_one_of_numbers_flush_right():
    rows = [["states", "501", "−1e-3", "—"], ["inference", "posterior", "1,200", ".5"], ["", "24 MiB", "−inf", "95%"]]
    lines = text_table(["", "", "n", "p"], rows).splitlines()
    assert lines[2:] == [
        "states     501        −1e-3    —",
        "inference  posterior  1,200   .5",
        "           24 MiB      −inf  95%",
    ]


def test_a_list_of_labels_is_cut_where_it_gets_long_and_says_how_many_there_are():
    names = [f"taxi (0,0) passenger {k}" for k in range(300)]
    assert listing(names) == f"{names[0]}, {names[1]}, … (300 in all)"
    assert listing(names[:2]) == f"{names[0]}, {names[1]}"
    assert listing([(0, 1), "x"]) == "(0, 1), x"
    assert listing(["x" * 500]) == "x" * 59 + "…"
    for longest in range(4, 80):
        assert len(listing(names, longest)) <= longest + len(", … (300 in all)")


def test_numbers_and_sizes():
    assert [number(x) for x in (0.1 + 0.2, 1e300, float("nan"), -np.inf)] == ["0.3", "1e+300", "nan", "−inf"]
    assert size(5e15) == "4.55e+03 TiB"


def test_probabilities_near_the_ends_are_not_rounded_to_them():
    assert probability(1 - 1e-9) == "1.0"
    assert probability(1e-9) == ".00"
    assert (probability(0.0), probability(1.0)) == ("0", "1")


def test_short_texts_stay_and_long_ones_end_in_dots():
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "ab…"
