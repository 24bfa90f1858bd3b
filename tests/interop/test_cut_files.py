"""Files that were cut off, at every byte, and files that say a thing twice: the same model, or an error of ours."""

import gzip
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, gridworld, infer, load, save
from control_pgm.errors import ControlPGMError, DoubtfulFile, InvalidFile, TooLarge
from control_pgm.interop.formats.bif import from_bif, to_bif
from control_pgm.interop.formats.uai import from_uai, to_uai
from control_pgm.interop.formats.uai_side import from_uai_evidence
from control_pgm.interop.network_files import load_evidence, load_network, load_query, save_network
from tests.interop.spoiled import peak

RAIN = Variable("rain", ["no", "yes"])
WET = Variable("wet grass", ["no", 1, "a, b"], time=1, kind="state")
NETWORK = BayesianNetwork(
    [CPD(RAIN, [], [0.75, 0.25]), CPD(WET, [RAIN], [[0.9, 0.0625, 0.0375], [0.125, 0.625, 0.25]])]
)
GRAPH = FactorGraph([Factor([WET, RAIN], [[1, 2], [3.5, 40], [0.0, 12]]), Factor([RAIN], [2, 12])])


def told(model):
    """All that a model says, to be compared."""
    variables = [(v.name, tuple(v.states), v.time, v.kind) for v in model.variables.values()]
    return type(model), variables, [(f.scope, f.array().tolist()) for f in model.tables]


def read(reader, path):
    """What a file says and whether it was doubted; None for an error of ours."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return reader(path), any(issubclass(w.category, DoubtfulFile) for w in caught)
        except ControlPGMError:
            return None, False


@pytest.mark.parametrize(
    ("name", "model"),
    [(f"net{kind}", NETWORK) for kind in (".json", ".bif", ".bif.gz", ".uai", ".uai.gz")]
    + [(f"graph{kind}", GRAPH) for kind in (".json", ".uai")],
)
def test_a_network_file_cut_anywhere_is_the_same_or_an_error(tmp_path, name, model):
    whole = save_network(model, tmp_path / name)
    expected, content = told(load_network(whole)), whole.read_bytes()
    for length in range(len(content)):
        (tmp_path / f"cut-{name}").write_bytes(content[:length])
        found, doubted = read(load_network, tmp_path / f"cut-{name}")
        # UAI has no mark of its end: within the last number, what is left may be a number too, and a warning says so.
        assert found is None or told(found) == expected or (doubted and ".uai" in name), length


@pytest.mark.parametrize("kind", [".json", ".npz"])
def test_a_process_file_cut_anywhere_is_an_error(tmp_path, kind):
    whole = save(gridworld("S.G"), tmp_path / f"mdp{kind}")
    content = whole.read_bytes()
    for length in range(len(content) - 1) if kind == ".json" else range(0, len(content), 7):
        (tmp_path / f"cut{kind}").write_bytes(content[:length])
        assert read(load, tmp_path / f"cut{kind}")[0] is None, length


def test_a_drawing_cut_anywhere_is_an_error_or_a_drawing(tmp_path):
    drawing = "S.#\n..G\n"
    for length in range(len(drawing)):
        (tmp_path / "cut.txt").write_text(drawing[:length])
        found, _ = read(load, tmp_path / "cut.txt")
        # A shorter drawing is a drawing: nothing in it tells how large it was, but its rows must be of one length.
        assert found is None or found.n_states == sum(letter in "S.G" for letter in drawing[:length]), length


def test_side_files_cut_anywhere_are_the_same_or_an_error(tmp_path):
    for reader, text in [(load_evidence, "2 0 1 1 2\n"), (load_evidence, "1\n2 0 1\n1 2\n"), (load_query, "2 1 0\n")]:
        path = tmp_path / ("x.query" if reader is load_query else "x.evid")
        path.write_text(text)
        expected = reader(path, NETWORK)
        for length in range(len(text)):
            path.write_text(text[:length])
            found, doubted = read(lambda file, reader=reader: reader(file, NETWORK), path)
            assert found is None or found == expected or doubted, (text, length)


def test_an_end_within_a_number_is_doubted_and_a_whole_file_is_not(tmp_path):
    text = "MARKOV 1  2  1  1 0  2  1 25"
    (tmp_path / "x.uai").write_text(text)
    with pytest.warns(DoubtfulFile, match="x.uai ends right after a number"):
        load_network(tmp_path / "x.uai")
    (tmp_path / "x.uai").write_text(text + "\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_network(tmp_path / "x.uai")


def test_a_bif_that_ends_before_a_table_names_the_variable():
    text = to_bif(NETWORK)
    with pytest.raises(InvalidFile, match=r"variable 'wet_grass' has no probability block.*cut off"):
        from_bif(text[: text.index("probability ( wet")])


# --- twice, and otherwise -------------------------------------------------------------------------------------------
BIF = "variable x { type discrete [ 2 ] { a, b }; }\nvariable y { type discrete [ 2 ] { c, d }; }\n"
ROWS = "probability ( x ) { table 0.5, 0.5; }\n"


@pytest.mark.parametrize(
    ("block", "match"),
    [
        ("(a) .5, .5; (b) .5, .5; (a) .25, .75;", "second row at x=a"),
        ("table .5, .5, .5, .5; (b) .25, .75;", "second row at x=b"),
        ("(b) .25, .75; table .5, .5, .5, .5;", "second row at x=b"),
        ("default .5, .5; default .25, .75;", "default, has a second row"),
        ("(a, a) .5, .5;", "a row for 2 states; allowed: 1"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(block, match):
    with pytest.raises(InvalidFile, match=match):
        from_bif(BIF + ROWS + f"probability ( y | x ) {{ {block} }}")


def test_a_row_may_be_repeated_and_a_default_may_come_first():
    block = "default .25, .75; (a) .5, .5; (a) .5, .5;"
    assert from_bif(BIF + ROWS + f"probability ( y | x ) {{ {block} }}").cpd("y").array().tolist() == [
        [0.5, 0.5],
        [0.25, 0.75],
    ]


# --- numbers --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "word", ["1_0", "nan", "inf", "-inf", "Infinity", "0x1p3", "\u0661", "1,5", "1e999", "1e-999", "--1", "1e", "."]
)
def test_numbers_in_other_writings_are_refused_with_their_place(word):
    match = r"the entry .*which is (no number|beyond)" if "," not in word else "entry|after"
    with pytest.raises(InvalidFile, match=rf"line 2, column \d+.*{match}"):
        from_uai(f"MARKOV 1 2 1 1 0 2\n 1 {word}")
    with pytest.raises(InvalidFile, match=r"line 1, column \d+"):
        from_bif(f"variable x {{ type discrete [ 2 ] {{ a, b }}; }} probability ( x ) {{ table 1, {word}; }}")


@pytest.mark.parametrize("word", ["1", "1.", ".1e1", "+1", "1E+0", "10e-1", "1.000"])
def test_the_usual_writings_of_numbers_are_read(word):
    assert from_uai(f"MARKOV 1 2 1 1 0 2\n 0.0e-5 {word}").factors[0].array().tolist() == [0.0, 1.0]


@pytest.mark.parametrize("word", ["1_0", "\u0662", "2.0", "-2", "0x2", "99999999999999999999"])
def test_counts_in_other_writings_are_refused(word):
    with pytest.raises((InvalidFile, TooLarge)):
        from_uai(f"MARKOV {word} 2 2 1 1 0 2 1 1")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_files_with_a_letter_changed_never_end_in_another_error(data):
    text = data.draw(st.sampled_from([to_bif(NETWORK), to_uai(NETWORK), to_uai(GRAPH), "2 0 1 1 2\n"]))
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from('019.,;|(){}[]"#/\\e-_ \n\x00\x1b\u0661aBQ='))
    spoiled = text[:at] + letter + text[at + 1 :]
    side = not text[0].isalpha()
    reader = from_bif if "variable" in text else from_uai
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DoubtfulFile)
        try:
            model = from_uai_evidence(spoiled, NETWORK) if side else reader(spoiled)
        except ControlPGMError:
            return
    for table in getattr(model, "tables", ()):
        assert np.isfinite(table.array()).all()


# --- sizes ----------------------------------------------------------------------------------------------------------
def test_tables_over_more_variables_than_arrays_have_axes_are_refused():
    n = 70
    uai = f"MARKOV {n} {'1 ' * n} 1 {n} {' '.join(map(str, range(n)))} 1 5"
    with pytest.raises(InvalidFile, match="table 0 has 70 variables; allowed: 64"):
        from_uai(uai)
    blocks = "".join(f"variable v{k} {{ type discrete [ 1 ] {{ s }}; }}\n" for k in range(n))
    with pytest.raises(InvalidFile, match="the table of 'v0' has 70 variables; allowed: 64"):
        from_bif(blocks + f"probability ( v0 | {', '.join(f'v{k}' for k in range(1, n))} ) {{ default 1; }}")
    fits = f"MARKOV {64} {'1 ' * 64} 1 {64} {' '.join(map(str, range(64)))} 1 5"
    graph = from_uai(fits)
    assert graph.factors[0].array().item() == 5.0
    for method in ("enumeration", "loopy"):
        assert abs(infer(graph, method=method).log_evidence - np.log(5)) < 1e-12
    with pytest.raises(TooLarge, match="64 variables"):
        infer(graph)
    wide = [Factor([Variable(f"{side}{k}", 1) for k in range(40)], np.ones((1,) * 40)) for side in "xy"]
    with pytest.raises(TooLarge, match="a product over 80 variables; allowed: 64"):
        wide[0] * wide[1]


@pytest.mark.parametrize(
    "text",
    [
        "MARKOV 1  20000000",
        "MARKOV 2  3000000 4000000  0",
        "MARKOV 2000000000  2",
        "MARKOV 1  2  2000000000  1 0",
        "BAYES 40  " + "2 " * 40 + " 1  40 " + " ".join(map(str, range(40))) + f" {2**40} .5 .5",
    ],
)
def test_huge_counts_are_refused_before_anything_is_allocated(text):
    def attempt():
        with pytest.raises((TooLarge, InvalidFile)):
            from_uai(text)

    assert peak(attempt) < 2e6


def test_what_the_states_of_a_file_take_is_what_is_counted():
    text = "MARKOV 1  400000  0"
    found = peak(lambda: from_uai(text, max_bytes=85_000_000))
    assert found < 85_000_000
    with pytest.raises(TooLarge, match="states of variable 0"):
        from_uai(text, max_bytes=75_000_000)


# --- gzip -----------------------------------------------------------------------------------------------------------
def test_packed_files_are_the_same_and_bombs_are_refused(tmp_path):
    path = save_network(NETWORK, tmp_path / "net.bif.gz")
    first = path.read_bytes()
    assert gzip.decompress(first).decode() == to_bif(NETWORK)
    assert save_network(NETWORK, path).read_bytes() == first
    bomb = tmp_path / "bomb.uai.gz"
    bomb.write_bytes(gzip.compress(b"MARKOV 1 2 " + b" " * 300_000_000))
    assert bomb.stat().st_size < 400_000

    def attempt():
        with pytest.raises(TooLarge, match="when unpacked"):
            load_network(bomb, max_bytes=2**26)

    assert peak(attempt) < 3e7
    (tmp_path / "x.bif.gz").write_text("variable")
    with pytest.raises(InvalidFile, match="no gzip file"):
        load_network(tmp_path / "x.bif.gz")
