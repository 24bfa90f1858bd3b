"""Networks as other programs and archives write them: words, dialects, few digits, packed files, foreign formats."""

import gzip
import logging
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pgmpy
import pyagrum
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pgmpy.readwrite import BIFReader

from control_pgm import infer, load
from control_pgm.errors import DoubtfulFile, InvalidArgument, InvalidFile
from control_pgm.interop.formats.bif import from_bif
from control_pgm.interop.formats.rounded_rows import rounding
from control_pgm.interop.formats.uai import from_uai
from control_pgm.interop.network_files import load_network, save_network
from tests.strategies import quick

ARCHIVE = Path(pgmpy.__file__).parent / "utils" / "example_models"
SIZES = {
    "alarm": 37,
    "andes": 223,
    "asia": 8,
    "child": 20,
    "hailfinder": 56,
    "insurance": 27,
    "sachs": 11,
    "win95pts": 76,
}


def quietly(path):
    """A network of the archive; rows of some are in single precision, which is told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DoubtfulFile)
        return load_network(path)


def text_of(name):
    return gzip.decompress((ARCHIVE / f"{name}.bif.gz").read_bytes()).decode()


@pytest.mark.parametrize("name", SIZES)
def test_networks_of_the_archive_are_read_and_written_in_their_order(name, tmp_path):
    path = ARCHIVE / f"{name}.bif.gz"
    network = quietly(path)
    assert len(network.variables) == SIZES[name]
    declared = [line.split()[1] for line in text_of(name).splitlines() if line.startswith("variable ")]
    assert list(network.variables) == declared
    again = load_network(save_network(network, tmp_path / f"{name}.bif.gz"))
    assert list(again.variables) == declared
    for cpd in network.cpds:
        assert np.abs(again.cpd(cpd.child.name).array(*cpd.scope) - cpd.array()).max() < 1e-15


@pytest.mark.parametrize("name", ["asia", "sachs", "alarm", "insurance"])
def test_other_readers_agree_on_the_archive(name, tmp_path):
    path = ARCHIVE / f"{name}.bif.gz"
    network, text = quietly(path), text_of(name)
    logging.getLogger("pgmpy").setLevel(logging.ERROR)
    theirs = BIFReader(string=text).get_model()
    for cpd in network.cpds:
        table = theirs.get_cpds(cpd.child.name).to_factor()
        names = table.state_names
        axes = [table.variables.index(v.name) for v in cpd.variables]
        values = np.transpose(table.values, axes)
        order = np.ix_(*[[names[v.name].index(s) for s in v.states] for v in cpd.variables])
        assert np.abs(values[order] - cpd.array()).max() < 1e-6
    (tmp_path / "x.bif").write_text(text)
    engine = pyagrum.LazyPropagation(pyagrum.loadBN(str(tmp_path / "x.bif")))
    engine.makeInference()
    posterior = infer(network)
    for variable in network.variables:
        assert np.abs(posterior.marginal(variable).array() - engine.posterior(variable).toarray()).max() < 1e-5


def test_words_hold_comparisons():
    """The standard network child has states such as ``<7.5`` and ``>=7.5``."""
    network = quietly(ARCHIVE / "child.bif.gz")
    assert network.variable("CO2Report").states == ("<7.5", ">=7.5")
    assert network.variable("LowerBodyO2").states == ("<5", "5-12", "12+")
    text = "variable x { type discrete [ 3 ] { a=b, =, <=3 }; } probability ( x ) { table 0.25, 0.25, 0.5; }"
    assert from_bif(text).variable("x").states == ("a=b", "=", "<=3")


JAVABAYES = """
// Bayesian network, written by JavaBayes
network "Dog-Problem" { //3 variables and 3 probability distributions
        property "credal-set constant-density-bounded 1.1" ;
}
variable  "light on" { //2 values
        type discrete[2] {  "true"  "false" };
        property "position = (218, 195)" ;
}
variable  "family-out" { //2 values
        type discrete[2] {  "true"  "false" };
}
variable  "dog" { //3 values
        type discrete[3] {  "in"  "out"  "at door" };
}
probability (  "light on"  "family-out" ) { //2 variable(s) and 4 values
        table 0.6 0.05 0.4 0.95 ;
}
probability (  "family-out" ) { //1 variable(s) and 2 values
        table 0.15 0.85 ;
}
probability (  "dog"  "family-out"  "light on" ) { //3 variable(s) and 12 values
        default 0.5 0.25 0.25 ;
        ( "true" "false" ) 0.125 0.25 0.625 ;
}
"""


def test_javabayes_writes_without_commas_and_bars():
    network = from_bif(JAVABAYES)
    assert list(network.variables) == ["light on", "family-out", "dog"]
    assert network.cpd("light on").array("family-out", "light on").tolist() == [[0.6, 0.4], [0.05, 0.95]]
    assert network.cpd("dog").scope == ("family-out", "light on", "dog")
    assert network.cpd("dog").array()[0].tolist() == [[0.5, 0.25, 0.25], [0.125, 0.25, 0.625]]


def test_comments_in_uai_are_skipped():
    text = "MARKOV # a comment\n2 # 7 8 9\n2 2\n1\n2 1 0\n# the table 5 6\n4\n 1 2 #\n 3 4\n#"
    assert from_uai(text).factors[0].array().tolist() == [[1, 2], [3, 4]]
    with pytest.raises(InvalidFile, match="line 3, column 3: the number of states of variable 1 is 'x'"):
        from_uai("MARKOV # a\n2 # b\n2 x")


# --- few digits -----------------------------------------------------------------------------------------------------
def bif(*rows):
    states = ", ".join(f"s{k}" for k in range(len(rows[0])))
    parent = ", ".join(f"p{k}" for k in range(len(rows)))
    head = (
        f"variable p {{ type discrete [ {len(rows)} ] {{ {parent} }}; }} variable x {{ type discrete [ {len(rows[0])} ]"
    )
    table = " ".join(f"( p{k} ) {', '.join(row)};" for k, row in enumerate(rows))
    first = f"probability ( p ) {{ table {', '.join(['1'] + ['0'] * (len(rows) - 1))}; }}"
    return f"{head} {{ {states} }}; }} {first} probability ( x | p ) {{ {table} }}"


def test_rows_of_few_digits_are_normalised_and_told_once(tmp_path):
    text = bif(["0.333", "0.333", "0.333"], ["0.2", "0.3", "0.5"], [".143", ".286", ".57"])
    (tmp_path / "few.bif").write_text(text)
    with pytest.warns(DoubtfulFile, match=r"few.bif: rounded numbers make 2 rows miss 1 by 0.001 at most") as caught:
        network = load_network(tmp_path / "few.bif")
    assert len(caught) == 1
    rows = network.cpd("x").array()
    assert np.abs(rows[0] - 1 / 3).max() < 1e-15
    assert rows[1].tolist() == [0.2, 0.3, 0.5]
    assert np.abs(rows.sum(axis=-1) - 1).max() < 1e-15
    with pytest.warns(DoubtfulFile):
        from_uai("BAYES 1 3 1 1 0 3 .333 .333 .333")


@pytest.mark.parametrize(
    "row",
    [["0.333", "0.333", "0.330"], ["0.3", "0.3", "0.3"], ["0.333333", "0.333333", "0.333"], ["0.9", "0.05", "0.02"]],
)
def test_rows_that_rounding_does_not_explain_are_refused(row):
    with pytest.raises(InvalidFile, match=r"sums to 0.9.* at p=p0; allowed: 1 within .*digits.*divide the row"):
        from_bif(bif(row))


@quick
@given(
    parts=st.lists(st.integers(0, 1000), min_size=2, max_size=8).filter(any),
    digits=st.integers(2, 9),
    form=st.sampled_from("feg"),
)
def test_any_row_that_was_rounded_is_read(parts, digits, form):
    exact = [Fraction(part, sum(parts)) for part in parts]
    written = [f"{float(p):.{digits}{form}}" for p in exact]
    missed = abs(sum(map(Fraction, written)) - 1)
    if missed > Fraction(1, 20):
        return
    rows = np.array([[float(word) for word in written]])
    assert missed <= rounding(rows, written)[0] or missed < 1e-9
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DoubtfulFile)
        found = from_bif(bif(written)).cpd("x").array()[0]
    assert np.abs(found - [float(p) for p in exact]).max() <= len(parts) * 10.0 ** -(digits - 1)
    assert abs(found.sum() - 1) < 1e-12


# --- formats that are not read --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("alarm.net", ["Hugin", "pyagrum.saveBN(pyagrum.loadBN('alarm.net'), 'alarm.bif')"]),
        ("alarm.XDSL", ["GeNIe", "pyagrum.loadBN("]),
        ("alarm.dsl", ["GeNIe", "pyagrum.loadBN("]),
        ("alarm.xmlbif", ["XMLBIF", "rename it to 'alarm.bifxml'"]),
        ("alarm.bifxml", ["XMLBIF", "pyagrum.loadBN("]),
        ("alarm.dne", ["Netica", "save it as .net"]),
        ("tiger.pomdpx", ["partially observable", "build a POMDP of its tables"]),
    ],
)
def test_foreign_formats_are_named_with_the_way_to_convert_them(name, words, tmp_path):
    (tmp_path / name).write_text("net { }")
    for reader in (load_network, load):
        with pytest.raises(InvalidArgument) as caught:
            reader(tmp_path / name)
        for word in words:
            assert word.replace("alarm", str(tmp_path / "alarm")) in str(caught.value) or word in str(caught.value)


def test_a_partially_observable_process_is_no_network_and_load_reads_it(tmp_path):
    with pytest.raises(InvalidArgument, match=r"partially observable .* in Cassandra's format.*load"):
        load_network(tmp_path / "tiger.pomdp")


def test_the_conversion_that_the_error_names_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asia.bif").write_text(text_of("asia"))
    expected = infer(load_network("asia.bif")).marginal("dysp").array()
    for kind in ("net", "xdsl", "dsl", "bifxml"):
        pyagrum.saveBN(pyagrum.loadBN("asia.bif"), f"asia.{kind}")
        with pytest.raises(InvalidArgument) as caught:
            load_network(f"asia.{kind}")
        command = str(caught.value).partition("convert it: ")[2]
        exec(command, {"pyagrum": pyagrum})  # the command that the error prints
        assert np.abs(infer(quietly("asia.bif")).marginal("dysp").array() - expected).max() < 1e-5


# --- damaged words ------------------------------------------------------------------------------------------------
DAMAGED = """variable x {
  // control_pgm: {"name": "x y", "states": ["a", 1], "time": 2, "kind": "state"}
  type discrete [ 2 ] { a, _1 };
}
variable y { type discrete [ 2 ] { c, d }; }
probability ( x ) { table 0.5, 0.5; }
probability ( y | x ) { default 0.25, 0.75; ( a ) 0.5, 0.5; }
"""


@pytest.mark.parametrize(
    ("whole", "damaged", "match"),
    [
        ('["a", 1]', '["a", 1', "comment on variable 'x' cannot be read"),
        ('"states"', '"tates"', "comment on variable 'x' cannot be read"),
        ('"kind"', '"name"', "comment on variable 'x' cannot be read"),
        ('["a", 1]', '["a"]', "comment on variable 'x' does not fit it"),
        ('["a", 1]', '"a1"', "comment on variable 'x' does not fit it"),
        ("( a ) 0.5", "a ) 0.5", "'a' begins nothing that can stand here; allowed: '\\('"),
        ("default", "defualt", "'defualt' begins nothing"),
        ("{ c, d };", "{ c, d }; type discrete [ 3 ] { c, d, e };", "'type' begins nothing .* 'type' once"),
        ("variable x {", "network n { propertie p; }\nvariable x {", "'propertie' begins nothing"),
    ],
)
def test_a_damaged_word_or_comment_is_an_error_and_not_left_out(whole, damaged, match):
    model = from_bif(DAMAGED)
    assert [(v.name, tuple(v.states)) for v in model.variables.values()] == [("x y", ("a", 1)), ("y", ("c", "d"))]
    with pytest.raises(InvalidFile, match=rf"line \d+, column \d+: .*{match}"):
        from_bif(DAMAGED.replace(whole, damaged, 1))
