"""Networks in files: all formats give back what was written, and other programs read it as we do."""

import numpy as np
import pyagrum
import pytest
from pgmpy.inference import VariableElimination
from pgmpy.readwrite import BIFReader, UAIReader

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, Variable, gridworld, infer, load, save, unroll
from control_pgm.errors import InvalidArgument, InvalidFile, TooLarge
from control_pgm.interop.formats.bif import from_bif, to_bif
from control_pgm.interop.formats.uai import from_uai, to_uai
from control_pgm.interop.formats.uai_side import from_uai_evidence, to_uai_evidence
from control_pgm.interop.network_files import is_network_file, load_network, save_network
from tests.strategies import random_factor_graph, random_network


def same_tables(first, second):
    """Whether two models have the same tables, bit by bit, in the same order."""
    pairs = list(zip(first.tables, second.tables, strict=True))
    return all(np.array_equal(a.log_array(), b.log_array()) for a, b in pairs)


def same_variables(first, second):
    """Whether the variables agree, with what is for people only."""
    told = [[(v.name, v.states, v.time, v.kind) for v in model.variables.values()] for model in (first, second)]
    return told[0] == told[1]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("make", [random_network, random_factor_graph])
def test_json_gives_back_everything(make, seed, tmp_path):
    model = make(seed, spread=4.0)
    back = load_network(save_network(model, tmp_path / "model.json"))
    assert type(back) is type(model)
    assert same_variables(model, back)
    assert [f.scope for f in back.tables] == [f.scope for f in model.tables]
    for a, b in zip(model.tables, back.tables, strict=True):
        assert np.array_equal(a.array(), b.array())


def test_json_holds_logarithms_where_numbers_underflow(tmp_path):
    x = Variable("x", ["a", "b"])
    graph = FactorGraph([Factor([x], [-1e6, 0.0], log=True), Factor([x], [-np.inf, -2000.0], log=True)])
    back = load_network(save_network(graph, tmp_path / "logs.json"))
    assert same_tables(graph, back)
    assert back.factors[0].log_array().tolist() == [-1e6, 0.0]


def test_an_unrolled_network_shares_its_tables_in_files_and_after(tmp_path):
    network = unroll(gridworld("S..\n.#H\n..G", slip=0.1), 40, temperature=0.2)
    path = save_network(network, tmp_path / "net.json")
    back = load_network(path)
    assert same_variables(network, back)
    assert len({id(f.scaled) for f in back.tables}) == len({id(f.scaled) for f in network.tables}) == 4
    assert path.stat().st_size < 40_000
    ours, theirs = network.infer(), infer(back, dict(network.optimal))
    assert abs(ours.log_evidence - theirs.log_evidence) < 1e-9


@pytest.mark.parametrize("seed", range(30))
def test_uai_gives_back_the_numbers(seed):
    network = random_network(seed, soft=False)
    back = from_uai(to_uai(network))
    assert isinstance(back, BayesianNetwork)
    order = {name: f"x{k}" for k, name in enumerate(network.variables)}
    for ours, theirs in zip(network.cpds, back.cpds, strict=True):
        assert tuple(order[name] for name in ours.scope) == theirs.scope
        assert np.abs(ours.array() - theirs.array()).max() <= 1e-15
    graph = random_factor_graph(seed)
    again = from_uai(to_uai(graph))
    assert isinstance(again, FactorGraph)
    for ours, theirs in zip(graph.factors, again.factors, strict=True):
        assert np.array_equal(ours.array(), theirs.array())


@pytest.mark.parametrize("seed", range(30))
def test_bif_gives_back_names_labels_and_numbers(seed):
    network = random_network(seed, soft=False)
    back = from_bif(to_bif(network))
    assert same_variables(network, back)
    for ours, theirs in zip(network.cpds, back.cpds, strict=True):
        assert ours.scope == theirs.scope
        assert np.abs(ours.array() - theirs.array()).max() <= 1e-15


def test_bif_keeps_labels_that_are_no_words():
    labels = ["(0,0)", "(0 0)", "", 'say "x"; }', "\u2192", 7, None, (1, "a"), 0.5, True]
    odd = Variable("wet grass", labels, time=3, kind="state")
    child = Variable("table", ["1", 1])
    rows = np.random.default_rng(0).dirichlet(np.ones(2), len(labels))
    network = BayesianNetwork([CPD(odd, [], np.full(10, 0.1)), CPD(child, [odd], rows)])
    back = from_bif(to_bif(network))
    assert same_variables(network, back)
    assert same_tables(network, back)


def test_pgmpy_and_pyagrum_read_our_bif_as_we_do(tmp_path):
    network = unroll(gridworld("S.G\n.#H", slip=0.2), 2, temperature=0.4)
    save_network(network, tmp_path / "net.bif")
    expected = infer(network, dict(network.optimal)).marginal("a_0").array()
    theirs = BIFReader(str(tmp_path / "net.bif")).get_model()
    states = theirs.get_cpds("O_0").state_names["O_0"]
    evidence = {f"O_{t}": states[1] for t in range(2)}
    answer = VariableElimination(theirs).query(["a_0"], evidence=evidence, show_progress=False)
    ordered = [answer.values[answer.state_names["a_0"].index(str(a))] for a in network.mdp.actions]
    assert np.abs(np.array(ordered) - expected).max() < 1e-12
    other = pyagrum.LazyPropagation(pyagrum.loadBN(str(tmp_path / "net.bif")))
    other.setEvidence({f"O_{t}": 1 for t in range(2)})
    other.makeInference()
    assert np.abs(other.posterior("a_0").toarray() - expected).max() < 1e-7  # it reads BIF in single precision


def test_pyagrum_and_pgmpy_read_our_uai_as_we_do(tmp_path):
    a, b, c = Variable("a", 2), Variable("b", 3), Variable("c", 4)
    rng = np.random.default_rng(0)
    chain = [
        CPD(a, [], [0.3, 0.7]),
        CPD(b, [a], rng.dirichlet(np.ones(3), 2)),
        CPD(c, [b], [[1, 0, 0, 0], [0, 0.5, 0.25, 0.25], [0, 0, 0, 1]]),
    ]
    save_network(BayesianNetwork(chain), tmp_path / "chain.uai")
    engine = pyagrum.LazyPropagation(pyagrum.loadBN(str(tmp_path / "chain.uai")))
    engine.makeInference()
    for k, name in enumerate("abc"):
        ours = infer(BayesianNetwork(chain)).marginal(name).array()
        assert np.abs(engine.posterior(k).toarray() - ours).max() < 1e-7  # it reads UAI in single precision
    network = unroll(gridworld("S.G\n.#H", slip=0.2), 2, temperature=0.4)
    number = {name: k for k, name in enumerate(network.variables)}
    tables = UAIReader(path=str(save_network(network, tmp_path / "net.uai"))).tables
    for cpd, (child, values) in zip(network.cpds, tables, strict=True):
        assert child == f"var_{number[cpd.child.name]}"
        assert np.array_equal(np.array(values, dtype=float), cpd.array().ravel())


def test_bif_from_elsewhere_is_read():
    text = """
    // written by hand
    network "asia" { property version 1.0; }
    variable a { type discrete[2] { yes ; no }; }
    """
    with pytest.raises(InvalidFile, match="line 4, column 41: ';' stands where a state should"):
        from_bif(text)
    text = """
    network "asia" { property "a (b); }"; }
    variable a { type discrete [2] { "very high", low }; property position = (7, 9); }
    variable b { type discrete [3] { x, y, z }; }
    /* two ways of writing a table */
    probability (a) { table 0.25 0.75; }
    probability (b | a) { default 0.2, 0.3, 0.5; (low) 0.333333, 0.333333, 0.333333; }
    """
    network = from_bif(text)
    assert network.variable("a").states == ("very high", "low")
    assert network.cpd("b").array()[0].tolist() == [0.2, 0.3, 0.5]
    assert np.abs(network.cpd("b").array()[1] - 1 / 3).max() < 1e-12
    whole = text.replace("default 0.2, 0.3, 0.5; (low) 0.333333, 0.333333, 0.333333;", "table .1, .2, .3, .4, .6, .4;")
    assert from_bif(whole).cpd("b").array().tolist() == [[0.1, 0.3, 0.6], [0.2, 0.4, 0.4]]


def test_uai_keeps_variables_that_no_table_mentions():
    graph = from_uai("MARKOV\n2\n2 3\n1\n1 0\n2\n 1 3\n")
    assert abs(infer(graph).log_evidence - np.log(12)) < 1e-12
    assert from_uai("MARKOV 1 2 2 0 1 0 1 5 2 1 1").factors[0].array() == 5.0


def test_uai_evidence_goes_there_and_back():
    network = unroll(gridworld("S.G"), 2)
    text = to_uai_evidence(network, network.optimal)
    assert from_uai_evidence(text, network) == dict(network.optimal)
    assert from_uai_evidence("1\n" + text, network) == dict(network.optimal)
    for wrong, match in [
        ("1 99 0", "a variable is '99'"),
        ("1 0 9", "state of 's_0'"),
        ("2 0 1", "ends"),
        ("0 4", "more"),
    ]:
        with pytest.raises(InvalidFile, match=match):
            from_uai_evidence(wrong, network)


@pytest.mark.parametrize("form", ["bif", "uai"])
def test_what_a_format_cannot_hold_is_refused(form, tmp_path):
    x = Variable("x", ["a", "b"])
    tiny = BayesianNetwork([CPD(x, [], [-2000.0, 0.0], log=True)])
    with pytest.raises(InvalidArgument, match=r"CPD\(x\) at x=a is exp\(-2000\).*json"):
        save_network(tiny, tmp_path / f"tiny.{form}")
    with pytest.raises(InvalidArgument, match="MDP"):
        save_network(gridworld("S.G"), tmp_path / f"mdp.{form}")
    assert not list(tmp_path.iterdir())


def test_bif_refuses_further_factors(tmp_path):
    x = Variable("x", ["a", "b"])
    network = BayesianNetwork([CPD(x, [], [0.5, 0.5])], [Factor([x], [1, 2])])
    with pytest.raises(InvalidArgument, match=r"Factor\(x: 2\) is no conditional table"):
        save_network(network, tmp_path / "net.bif")
    assert isinstance(from_uai(to_uai(network)), FactorGraph)


def test_large_tables_are_refused_before_they_are_made(tmp_path):
    drawing = "\n".join(["S" + "." * 59] * 60)
    network = unroll(gridworld(drawing), 2)
    for form in ("json", "bif", "uai"):
        with pytest.raises(TooLarge, match=r"entries.*unroll it again"):
            save_network(network, tmp_path / f"large.{form}")


def test_files_of_one_kind_are_not_taken_for_another(tmp_path):
    network = save_network(unroll(gridworld("S.G"), 2), tmp_path / "net.json")
    process = save(gridworld("S.G"), tmp_path / "mdp.json")
    assert is_network_file(network)
    assert not is_network_file(process)
    assert not is_network_file(tmp_path / "grid.txt")
    assert is_network_file("any.BIF")
    with pytest.raises(InvalidFile, match="load_network reads networks"):
        load(network)
    with pytest.raises(InvalidFile, match="load reads decision processes"):
        load_network(process)
    for path, match in [("net.npz", ".json, .uai, .bif"), (7, "no path")]:
        with pytest.raises(InvalidArgument, match=match):
            load_network(path)
    with pytest.raises(InvalidArgument, match="decision processes: save"):
        save_network(MDP([[[1.0]]], [[0.0]]), tmp_path / "x.json")
