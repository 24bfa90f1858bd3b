"""Labels inside nodes."""

import pytest

from control_pgm.display.labels import label_width, subscripted, symbol_parts, word_lines


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("s_0", ("s", "0")),
        ("s12", ("s", "12")),
        ("O_1000", ("O", "1000")),
        ("x'", ("x'", "")),
        ("xy_3", ("xy", "3")),
        ("xyz_3", None),
        ("s_a", None),
        ("3", None),
        ("é_1", None),
        ("s_0 ", None),
    ],
)
def test_symbols_are_short_names_with_a_number(name, parts):
    assert symbol_parts(name) == parts
    assert (subscripted(name) == name) == (parts is None or not parts[1])


@pytest.mark.parametrize("name", ["wet_grass", "a" * 10_000, "one two three four five six seven eight", " ", "-", "\n"])
def test_words_fit_into_three_short_lines(name):
    lines = word_lines(name)
    assert 1 <= len(lines) <= 3
    assert max(map(len, lines)) <= 12
    if len(name) > 36:
        assert lines[-1].endswith("…"), "what is cut off is told"
    assert label_width(name) <= 0.62 * 12


def test_the_end_of_a_long_name_is_marked_once():
    assert word_lines("a very long name of many words") == ("a very", "long name", "of many…")
    assert word_lines("wet_grass behind the large house") == ("wet_grass", "behind", "the large…")
