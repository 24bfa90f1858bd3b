"""The order of variables that a file declares: through loading, evidence, conversion and saving, in every format."""

import numpy as np
import pyagrum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, infer
from control_pgm.errors import InvalidArgument, InvalidFile, InvalidModel
from control_pgm.inference.problem import natural_order
from control_pgm.interop.formats.uai import from_uai, to_uai
from control_pgm.interop.formats.uai_side import from_uai_evidence, to_uai_evidence
from control_pgm.interop.network_files import load_evidence, load_network, save_network
from tests.strategies import quick, random_factor_graph, random_network

BACKWARDS = "MARKOV 2  2 2  2  2 1 0  1 0  4 1 2 3 4  2 9 1"  # x1 is mentioned before x0


def test_evidence_observes_the_variable_of_the_file_not_of_the_first_mention():
    graph = from_uai(BACKWARDS)
    assert list(graph.variables) == ["x0", "x1"]
    assert from_uai_evidence("1 0 1", graph) == {"x0": 1}
    # p(x1 | x0=1) from the first table, whose axes are x1, x0: its column x0=1 is (2, 4).
    assert np.abs(infer(graph, {"x0": 1}).marginal("x1").array() - [2 / 6, 4 / 6]).max() < 1e-15


def test_writing_uai_again_does_not_renumber():
    graph = from_uai(BACKWARDS)
    again = from_uai(to_uai(graph))
    assert [f.scope for f in again.factors] == [f.scope for f in graph.factors] == [("x1", "x0"), ("x0",)]
    assert to_uai(again) == to_uai(graph)


def shuffled(model, rng):
    """The same model with its variables declared in another order; returned with that order."""
    names = list(rng.permutation(list(model.variables)))
    if isinstance(model, BayesianNetwork):
        return BayesianNetwork([model.cpd(name) for name in names], model.factors), names
    return FactorGraph(model.factors, [model.variables[name] for name in names]), names


@quick
@given(
    seed=st.integers(0, 2**31),
    make=st.sampled_from([random_network, random_factor_graph]),
    kind=st.sampled_from([".json", ".bif", ".bif.gz", ".uai", ".uai.gz"]),
)
def test_every_format_keeps_the_order_and_the_evidence(seed, make, kind, tmp_path_factory):
    rng = np.random.default_rng(seed)
    plain = make(seed, zeros=0.0, **({"soft": False} if make is random_network else {}))
    if make is random_factor_graph and kind.startswith(".bif"):
        kind = ".json"
    model, names = shuffled(plain, rng)
    assert list(model.variables) == names
    assert set(natural_order(model)) == set(names)
    folder = tmp_path_factory.mktemp("order")
    back = load_network(save_network(model, folder / f"model{kind}"))
    known = [f"x{k}" for k in range(len(names))] if kind.startswith(".uai") else names
    assert list(back.variables) == known
    # Evidence by number, written for one and read for the other, observes the same.
    observed = {name: model.variables[name].states[-1] for name in names[: len(names) // 2]}
    (folder / "model.uai.evid").write_text(to_uai_evidence(model, observed))
    theirs = load_evidence(folder / "model.uai.evid", back)
    number = dict(zip(names, known, strict=True))
    assert theirs == {number[name]: back.variables[number[name]].states[-1] for name in observed}
    ours, others = infer(plain, observed), infer(back, theirs)
    for name in names:
        assert np.abs(ours.marginal(name).array() - others.marginal(number[name]).array()).max() < 1e-9


@quick
@given(seed=st.integers(0, 2**31))
def test_answers_do_not_depend_on_the_order_declared(seed):
    for make in (random_network, random_factor_graph):
        plain = make(seed, zeros=0.0)
        model, _ = shuffled(plain, np.random.default_rng(seed))
        assert abs(infer(model).log_evidence - infer(plain).log_evidence) < 1e-9
        for name in plain.variables:
            difference = infer(model).marginal(name).array() - infer(plain).marginal(name).array()
            assert np.abs(difference).max() < 1e-9


def test_networks_keep_the_order_of_their_tables_and_topological_sorts_it():
    a, b = Variable("a", 2), Variable("b", 2)
    network = BayesianNetwork([CPD(b, [a], [[0.9, 0.1], [0.2, 0.8]]), CPD(a, [], [0.3, 0.7])])
    assert list(network.variables) == ["b", "a"]
    assert network.topological == ("a", "b")
    c = Variable("c", 2)
    assert list(network.extend(CPD(c, [], [0.5, 0.5])).variables) == ["b", "a", "c"]
    assert list(FactorGraph.from_model(network).variables) == ["b", "a"]
    assert list(BayesianNetwork.from_networkx(network.graph).variables) == ["b", "a"]
    samples = infer(network, {"b": 1}).sample(2000, 0)
    assert samples.variables[0].name == "b"
    exact = infer(network, {"b": 1}).marginal("a").array()
    for method in ("exact", "enumeration"):
        drawn = infer(network, {"b": 1}, method=method).sample(4000, 0)
        assert (drawn.indices[:, 0] == 1).all()
        assert abs(drawn.indices[:, 1].mean() - exact[1]) < 0.05


def test_factor_graphs_keep_the_order_declared_and_refuse_other_variables():
    x, y = Variable("x", 2), Variable("y", 2)
    factors = [Factor([x, y], [[1, 2], [3, 4]])]
    graph = FactorGraph(factors, [y, x])
    assert list(graph.variables) == ["y", "x"]
    assert list(graph.extend(Factor([Variable("z", 2)], [1, 2])).variables) == ["y", "x", "z"]
    assert list(graph.absorbed().variables) == ["y", "x"]
    assert list(FactorGraph.from_networkx(graph.graph).variables) == ["y", "x"]
    assert list(FactorGraph.from_model(graph, {"y": 0}).variables) == ["x"]
    for wrong, match in [([y], "'x'"), ([y, x, Variable("z", 2)], "'z'.*factor of ones"), ([x, x, y], "twice")]:
        with pytest.raises(InvalidModel, match=match):
            FactorGraph(factors, wrong)
    with pytest.raises(InvalidModel, match="'x'"):
        FactorGraph(factors, [Variable("x", 3), y])


def test_variables_in_no_table_keep_their_number():
    graph = from_uai("MARKOV 3  2 3 2  1  1 2  2 1 3")
    assert list(graph.variables) == ["x0", "x1", "x2"]
    assert from_uai_evidence("2 1 2 2 0", graph) == {"x1": 2, "x2": 0}
    assert abs(infer(graph).log_evidence - np.log(2 * 3 * 4)) < 1e-12
    assert to_uai(from_uai(to_uai(graph))) == to_uai(graph)
    with pytest.raises(InvalidFile, match="variable 1 has no table"):
        from_uai("BAYES 2  2 2  1  1 0  2 .5 .5")


def test_tables_of_bayes_files_may_come_in_any_order():
    network = from_uai("BAYES 2  2 3  2  2 0 1  1 0  6 .1 .2 .7 .3 .3 .4  2 .25 .75")
    assert list(network.variables) == ["x0", "x1"]
    assert network.cpd("x1").array().tolist() == [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]]


# --- both forms of evidence -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", {}),
        ("1 1 0", {"x1": 0}),
        ("2\n0 1\n1 0\n", {"x0": 1, "x1": 0}),
        ("1\n1 1 0\n", {"x1": 0}),
        ("1 1 1 0", {"x1": 0}),
        ("1\n2 0 1 1 0\n", {"x0": 1, "x1": 0}),
        ("1\n0\n", {}),
        ("# nothing yet\n1 1 0 # x1\n", {"x1": 0}),
        ("2 0 1 0 1", {"x0": 1}),
    ],
)
def test_evidence_with_and_without_the_number_of_samples(text, expected):
    assert from_uai_evidence(text, from_uai(BACKWARDS)) == expected


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("2 0 1 0 0", "line 1, column 9: 'x0' is observed as 0, and before as 1"),
        ("1 0", "the text ends where a state should stand.*write 0"),
        ("1\n0", "the text ends where a state should stand.*write 0"),
        ("1 \u0661 0", "a variable is"),
        ("1 0 1_0", "'1_0'"),
        ("", "ends"),
        ("2\n1 0 1\n1 1 0\n", "there are 2 samples of evidence; allowed: one"),
    ],
)
def test_wrong_evidence_is_refused(text, match):
    with pytest.raises(InvalidFile, match=match):
        from_uai_evidence(text, from_uai(BACKWARDS))


# --- pyAgrum's order ------------------------------------------------------------------------------------------------
def test_parents_fastest_reads_what_pyagrum_writes(tmp_path):
    bn = pyagrum.BayesNet()
    sizes = {"c": 4, "a": 2, "b": 3}  # the child first: its number is lower than those of its parents
    for name, size in sizes.items():
        bn.add(pyagrum.LabelizedVariable(name, name, size))
    bn.addArc("a", "c")
    bn.addArc("b", "c")
    rng = np.random.default_rng(0)
    table = rng.dirichlet(np.ones(4), (2, 3))
    bn.cpt("a").fillWith([0.25, 0.75])
    bn.cpt("b").fillWith([0.5, 0.125, 0.375])
    for i in range(2):
        for j in range(3):
            bn.cpt("c")[{"a": i, "b": j}] = table[i, j]
    path = tmp_path / "theirs.uai"
    pyagrum.saveBN(bn, str(path))
    with pytest.warns(UserWarning, match="rounded numbers make"):
        network = load_network(path, parents_fastest=True)
    assert network.cpd("x0").scope == ("x1", "x2", "x0")
    assert np.abs(network.cpd("x0").array() - table).max() < 1e-5
    engine = pyagrum.LazyPropagation(bn)
    engine.setEvidence({"c": 2})
    engine.makeInference()
    ours = infer(network, {"x0": 2})
    for k, name in enumerate(sizes):
        assert np.abs(ours.marginal(f"x{k}").array() - engine.posterior(name).toarray()).max() < 1e-5
    with pytest.warns(UserWarning, match="rounded numbers make"):
        plain = load_network(path)
    assert np.abs(plain.cpd("x0").array() - table).max() > 0.1  # by the specification it says something else


def test_parents_fastest_is_for_bayes_files(tmp_path):
    with pytest.raises(InvalidArgument, match="MARKOV text, whose tables have no parents"):
        from_uai(BACKWARDS, parents_fastest=True)
    (tmp_path / "x.bif").write_text("")
    with pytest.raises(InvalidArgument, match="UAI files"):
        load_network(tmp_path / "x.bif", parents_fastest=True)
