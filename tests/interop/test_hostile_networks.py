"""Network files from anywhere: typed errors that name the place, whatever the damage, and no memory taken."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_pgm import gridworld, unroll
from control_pgm.errors import ControlPGMError, InvalidFile, TooLarge
from control_pgm.interop.formats.bif import from_bif
from control_pgm.interop.formats.uai import from_uai
from control_pgm.interop.network_files import load_network, save_network
from tests.interop.spoiled import peak
from tests.strategies import random_network

BIF = "variable x { type discrete [ 2 ] { a, b }; }\nvariable y { type discrete [ 2 ] { c, d }; }\n"
ROWS = "probability ( x ) { table 0.5, 0.5; }\n"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no variable"),
        ("nonsense", "line 1, column 1: 'nonsense' begins no block"),
        (
            BIF + "variable x { type discrete [ 1 ] { a }; }",
            "line 3, column 10: variable 'x' is declared for the second",
        ),
        ("variable x { type discrete [ 3 ] { a, b }; }", "line 1, column 42: 'x' lists 2 states; allowed: 3"),
        ("variable x { type discrete [ 2 ] { a, a }; }", "different"),
        ("variable x { }", "has no states"),
        ("variable x { type continuous; }", "'continuous' stands where 'discrete' should"),
        ("variable { type", "'{' stands where a variable's name should"),
        (BIF + "probability ( z ) { table 1; }", "line 3, column 17: variable 'z' is not declared"),
        (BIF + "probability ( x | x ) { table 1; }", "names a variable twice"),
        (BIF + "probability ( x ) { table 0.5; }", "line 3, column 30: the table of 'x' has 1 numbers in a row"),
        (BIF + "probability ( x ) { table 0.5, half; }", "no number"),
        (BIF + "probability ( x ) { table 0.5, 0.6; }", "sums to 1.1 over 'x'"),
        (BIF + "probability ( x ) { table nan, 1; }", "'nan', which is no number"),
        (BIF + "probability ( x ) { table 1.5, -0.5; }", "entry -0.5; allowed: numbers ≥ 0"),
        (BIF + ROWS + "probability ( y | x ) { ( a ) 0.5, 0.5; }", "no row at x=b"),
        (
            BIF + ROWS + "probability ( y | x ) { ( e ) 0.5, 0.5; }",
            "line 4, column 29: 'e' is no state of 'x'; allowed: a",
        ),
        (BIF + ROWS + "probability ( y | x ) { default 0.4, 0.5; }", "sums to 0.9 over 'y' at x=a"),
        (BIF + ROWS + "probability ( x ) { table 0.5, 0.5; }", "two probability blocks"),
        (BIF + "probability ( x ) { table 0.5, 0.5", "the text ends"),
    ],
)
def test_bif_errors_name_the_place(text, match):
    with pytest.raises(InvalidFile, match=match) as caught:
        from_bif(text, name="net.bif")
    assert "net.bif" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "ends where BAYES or MARKOV should stand"),
        ("TREE 1", "line 1, column 1: the text begins with 'TREE'"),
        ("BAYES\n0", "line 2, column 1: the number of variables is '0'"),
        ("BAYES\n1\n2\n1\n1 4", "line 5, column 3: a variable of table 0 is '4'; allowed: an integer from 0 to 0"),
        ("BAYES 1 2 1 1 0 3 1 0 0", "table 0 has 3 entries; allowed: 2"),
        ("BAYES 1 2 1 1 0 2 0.5", "1 of its 2 numbers"),
        ("BAYES 1 2 1 1 0 2 0.5 x", "no number"),
        ("BAYES 1 2 1 1 0 2 0.5 0.4", "sums to 0.9"),
        ("BAYES 1 2 1 1 0 2 0.5 0.5 7", "more after the last table"),
        ("BAYES 1 2 2 1 0 1 0 2 0.5 0.5 2 0.5 0.5", "two CPDs"),
        ("BAYES 1 2 1 0 1 1", "conditional table of no variable"),
        ("MARKOV 2 2 2 1 2 0 0 4 1 1 1 1", "names a variable twice"),
        ("MARKOV 1 2 1 1 0 2 1 -1", "table 0:.*-1"),
        ("MARKOV 1 2 1 1 0 2 1 inf", "table 0 has the entry 'inf', which is no number"),
    ],
)
def test_uai_errors_name_the_place(text, match):
    with pytest.raises(InvalidFile, match=match) as caught:
        from_uai(text, name="net.uai")
    assert "net.uai" in str(caught.value)


def test_small_texts_cannot_ask_for_large_tables():
    large = "MARKOV 2 100000 100000 1 2 0 1 10000000000 1 2 3"
    assert peak(lambda: _too_large(lambda: from_uai(large, max_bytes=10**8))) < 4e7
    states = ", ".join(f"s{k}" for k in range(300))
    wide = "".join(f"variable v{k} {{ type discrete [ 300 ] {{ {states} }}; }}" for k in range(5))
    wide += "probability ( v0 | v1, v2, v3, v4 ) { default 1; }"
    assert peak(lambda: _too_large(lambda: from_bif(wide))) < 1e8
    many = "MARKOV 1000000000 2"
    assert peak(lambda: _too_large(lambda: from_uai(many))) < 1e7


def _too_large(action):
    with pytest.raises(TooLarge, match="max_bytes"):
        action()


def document(**changes):
    text = {
        "format": "control_pgm/network",
        "version": 1,
        "kind": "bayesian network",
        "states": [["a", "b"]],
        "variables": [["x", 0, None, ""], ["y", 0, 1, "state"]],
        "tables": [[0, True, "x"], [1, True, "x", "y"]],
        "logarithms": [],
        "table_0": [0.5, 0.5],
        "table_1": [[0.5, 0.5], [0.25, 0.75]],
    }
    return {**text, **changes}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"kind": "tree"}, "kind is 'tree'"),
        ({"version": 3}, "version 3"),
        ({"states": [[]]}, r"states\[0\]"),
        ({"states": [["a", "a"]]}, "a label twice"),
        ({"states": [[{"a": 1}, "b"]]}, "no label"),
        ({"variables": [["x", 5, None, ""]]}, r"variables\[0\] is a list of 4"),
        ({"variables": [["x", 0, None, ""], ["x", 0, None, ""]]}, "'x' for the second time"),
        ({"variables": [["x", 0, "now", ""]]}, "the time 'now'"),
        ({"tables": [[0, True, "z"]]}, r"tables\[0\] mentions 'z'"),
        ({"tables": [[0, True]]}, "CPD of no variable"),
        ({"tables": [[7, True, "x"]]}, "'table_7' is missing"),
        ({"tables": [[0, True, "x", "x"]]}, "table_0 has shape"),
        ({"tables": [[0, True, "x"]]}, "'table_1' does not exist"),
        ({"tables": 3}, "tables is 3; allowed: a list"),
        ({"table_0": [0.5, 0.6]}, r"tables\[0\]: CPD\(x\) sums to 1.1"),
        ({"table_0": [0.5]}, "table_0 has shape"),
        ({"table_0": ["nan", 1]}, "NaN|nan"),
        ({"more": 1}, "'more' does not exist"),
    ],
)
def test_json_errors_name_the_place(changes, match, tmp_path):
    path = tmp_path / "net.json"
    path.write_text(json.dumps(document(**changes)))
    with pytest.raises(InvalidFile, match=match) as caught:
        load_network(path)
    assert "net.json" in str(caught.value)


def test_the_document_is_right_before_it_is_spoiled(tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(document()))
    assert load_network(tmp_path / "net.json").cpd("y").array().tolist() == [[0.5, 0.5], [0.25, 0.75]]


@pytest.mark.parametrize("name", ["net.bif", "net.uai", "net.json"])
def test_bytes_that_are_no_text_and_long_files_are_refused(name, tmp_path):
    (tmp_path / name).write_bytes(b"abc\n\xff\xfe")
    with pytest.raises(InvalidFile, match=name):
        load_network(tmp_path / name)
    with open(tmp_path / name, "wb") as handle:
        handle.truncate(2**40)
    with pytest.raises(TooLarge, match="longer"):
        load_network(tmp_path / name)


@given(data=st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_no_damage_escapes_as_another_error(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    kind = data.draw(st.sampled_from(["json", "bif", "uai"]))
    model = data.draw(st.sampled_from([random_network(3, soft=False), unroll(gridworld("S.G"), 2)]))
    path = folder / f"net.{kind}"
    content = bytearray(save_network(model, path).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.integers(0, 255))
        else:
            del content[at : at + data.draw(st.integers(1, 200))]
        if not content:
            break
    path.write_bytes(content)
    told = None
    try:
        load_network(path, max_bytes=10**7)
    except ControlPGMError as error:
        told = str(error)
    assert told is None or path.name in told
