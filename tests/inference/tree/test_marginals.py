"""All marginals at once against one after the other."""

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, FactorGraph, TwoSliceTemplate, Variable, gridworld, infer, unroll
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, UnknownName
from tests.strategies import listed, random_cpd, random_template


def agree(posterior):
    found = posterior.marginals()
    assert list(found) == list(posterior.model.variables)
    for name in posterior.model.variables:
        assert np.abs(found[name].array() - posterior.marginal(name).array()).max() <= 1e-13, name


@pytest.mark.parametrize("seed", range(30))
def test_of_templates_with_evidence_on_some_slices(seed):
    rng = np.random.default_rng(seed)
    network = random_template(seed).unroll(int(rng.integers(1, 30)))
    share = rng.choice([0.0, 0.1, 0.6])
    evidence = {n: v.states[rng.integers(v.cardinality)] for n, v in network.variables.items() if rng.random() < share}
    for model in (network, BayesianNetwork(network.cpds), FactorGraph(network.tables)):
        try:
            posterior = infer(model, evidence)
        except ImpossibleEvidence:
            continue
        agree(posterior)


@pytest.mark.parametrize("method", ["enumeration", "loopy"])
def test_every_method_answers(method):
    network = unroll(gridworld("S.G", slip=0.2), 2)
    agree(infer(network, network.optimal, method=method))


def test_over_time_is_one_array_with_labels():
    network = unroll(gridworld("S.G", slip=0.2), 40)
    posterior = infer(network, {**network.optimal, "s_7": "(0,1)"})
    array = posterior.marginals().over_time("s")
    assert array.dims == ("t", "s")
    assert array.sel(t=7, s="(0,1)") == 1.0
    for t in (0, 6, 8, 40):
        assert np.abs(array.sel(t=t).values - posterior.marginal(f"s_{t}").array()).max() <= 1e-13
    with pytest.raises(UnknownName, match="'x'"):
        posterior.marginals().over_time("x")
    with pytest.raises(UnknownName, match="'s_41'"):
        posterior.marginals()["s_41"]


@pytest.mark.parametrize("parents", [1, 2])
def test_leaves_that_send_nothing_may_have_tables_of_any_shape(parents):
    rng = np.random.default_rng(parents)
    above = [Variable(f"x{k}", 2) for k in range(parents)]
    cpds = [random_cpd(rng, x, []) for x in above]
    cpds += [random_cpd(rng, Variable(f"y{k}", 2 + k % 5), above[: 1 + k % parents]) for k in range(20)]
    agree(infer(BayesianNetwork(cpds)))


def test_sparse_tables_of_the_scope_of_a_series_are_not_read_as_dense_ones():
    rng = np.random.default_rng(0)
    x, x1, o = Variable("x", 3), Variable("x'", 3), Variable("O", 2)
    seen = random_cpd(rng, o, [x, x1], zeros=0.4)
    steps = [random_cpd(rng, x1, [x], zeros=0.0) for _ in range(40)]
    template = TwoSliceTemplate([random_cpd(rng, x, [])], [steps[0], CPD.of(seen.variables, listed(seen).scaled)])
    network = template.unroll(40, varying={"x'": steps})
    evidence = {f"O_{t}": 0 for t in range(40)}
    found = infer(network, evidence)
    agree(found)
    plain = infer(BayesianNetwork(network.cpds), evidence).marginals()
    for name in network.variables:
        assert np.abs(found.marginals()[name].array() - plain[name].array()).max() <= 1e-12


def test_slices_with_other_states_have_no_array():
    network = TwoSliceTemplate(
        [CPD(Variable("x", 2), [], [0.5, 0.5])], [CPD(Variable("x'", 2), [Variable("x", 2)], [[0.9, 0.1], [0.2, 0.8]])]
    ).unroll(3)
    wide, narrow = Variable("m_1", 3, time=1), Variable("m_2", 2, time=2)
    network = network.extend(CPD(wide, [], [0.2, 0.3, 0.5]), CPD(narrow, [], [0.5, 0.5]))
    found = infer(network).marginals()
    with pytest.raises(InvalidArgument, match="'m_2' has other states than 'm_1'"):
        found.over_time("m")
    assert found.over_time("x").values.shape == (4, 2)


def test_a_variable_called_t_has_an_axis_of_its_own_beside_the_time():
    t, t1 = Variable("t", 2), Variable("t'", 2)
    network = TwoSliceTemplate([CPD(t, [], [0.5, 0.5])], [CPD(t1, [t], [[0.9, 0.1], [0.2, 0.8]])]).unroll(3)
    array = infer(network).marginals().over_time("t")
    assert array.dims == ("t", "state")
    assert abs(array.sel(t=1, state=0) - 0.55) <= 1e-15
