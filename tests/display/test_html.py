"""HTML tables and bars."""

import re

import pytest

from control_pgm.display import html_table
from control_pgm.display.html import beside
from tests.display.reading import parsed
from tests.display.test_markup import FORBIDDEN, HOSTILE


@pytest.mark.parametrize("label", [*HOSTILE, *FORBIDDEN, "x" * 10_000])
def test_any_label_gives_well_formed_tables(label):
    root = parsed(html_table([label, "p"], [[label, label]], caption=label, bars=[1.0]))
    assert {e.tag for e in root.iter()} == {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span"}
    if label in HOSTILE:
        assert root.find(".//caption").text == label
        assert root.find(".//tbody/tr/td").text == label


def test_cells_say_what_they_head():
    root = parsed(html_table(["s", "p"], [["up", "1"], ["down", "2"]], caption="numbers"))
    assert [(e.text, e.get("scope")) for e in root.iter("th")] == [
        ("s", "col"),
        ("p", "col"),
        ("up", "row"),
        ("down", "row"),
    ]


def test_every_row_shown_has_its_own_bar():
    shares = [k / 99 for k in range(100)]
    root = parsed(html_table(["k", "share"], [[str(k), f"{share:.3f}"] for k, share in enumerate(shares)], bars=shares))
    rows = root.findall(".//tbody/tr")
    assert len(rows) == 25
    assert {len(row) for row in rows} == {3}
    for row in rows:
        bar = row.find("td/span")
        if row[0].text.startswith("…"):
            assert bar is None
            continue
        width = int(re.search(r"width:(\d+)px", bar.get("style"))[1])
        assert abs(width - 80 * float(row[1].text)) <= 0.6
        assert row[2].get("aria-hidden") == "true", "the number stands beside the bar"


def test_tables_bring_no_colours_of_their_own():
    text = html_table(["k"], [["a"]], bars=[0.5])
    assert "currentColor" in text
    assert "#" not in text


def test_pieces_stand_side_by_side():
    root = parsed(beside("<b>a</b>", "", "<i>b</i>"))
    assert [piece[0].tag for piece in root[0]] == ["b", "i"]
