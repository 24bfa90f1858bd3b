"""Many observations at once give the answers of each on its own."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, TwoSliceTemplate, Variable, infer, infer_many
from control_pgm.errors import InvalidArgument, UnknownName
from tests.oracles import Brute
from tests.strategies import quick, random_model, seeds


def hidden_chain(rng, horizon):
    x, x1, y = Variable("x", 3), Variable("x'", 3), Variable("y", 2)
    start, step = CPD(x, [], rng.dirichlet(np.ones(3))), CPD(x1, [x], rng.dirichlet(np.ones(3), 3))
    return TwoSliceTemplate([start], [CPD(y, [x], rng.dirichlet(np.ones(2), 3)), step]).unroll(horizon)


@pytest.mark.parametrize(("seed", "horizon"), [(0, 2), (1, 12), (2, 40)])
def test_sequences_of_observations(seed, horizon):
    rng = np.random.default_rng(seed)
    network = hidden_chain(rng, horizon)
    sequences = [{f"y_{t}": int(y) for t, y in enumerate(row)} for row in rng.integers(2, size=(5, horizon))]
    together = infer_many(network, sequences)
    for k, observed in enumerate(sequences):
        alone = infer(network, observed)
        assert abs(together.log_evidence[k] - alone.log_evidence) <= 1e-12
        for name in ("x_0", f"x_{horizon // 2}", f"x_{horizon}"):
            assert np.abs(together.marginal(name)[k] - alone.marginal(name).array()).max() <= 1e-12


def test_impossible_members_are_told_and_harm_no_other():
    x, y = Variable("x", 2), Variable("y", 3)
    network = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])])
    together = infer_many(network, [{"y": 0}, {"y": 2}, {"y": 1}])
    assert np.isneginf(together.log_evidence).tolist() == [False, True, False]
    assert np.isnan(together.marginal("x")).any(axis=1).tolist() == [False, True, False]
    assert together.marginal("x")[2].tolist() == [0.0, 1.0]


def test_marginals_of_impossible_members_are_nan_wherever_the_evidence_contradicts_itself():
    x, y, z = (Variable(name, 2) for name in "xyz")
    rows = [[0.1, 0.9], [0.3, 0.7]]
    network = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], np.eye(2)), CPD(z, [y], rows)])
    together = infer_many(network, [{"x": 0, "y": 1}, {"x": 1, "y": 1}, {"x": 1, "y": 0}])
    assert np.isneginf(together.log_evidence).tolist() == [True, False, True]
    assert np.isnan(together.marginal("z")).tolist() == [[True] * 2, [False] * 2, [True] * 2]
    assert together.marginal("z")[1].tolist() == [0.3, 0.7]


@quick
@given(seed=seeds)
def test_random_observations_possible_or_not(seed):
    model = random_model(seed, zeros=0.5)
    rng = np.random.default_rng([seed, 8])
    names = [name for name in model.variables if rng.random() < 0.6]
    observed = [
        {n: model.variables[n].states[rng.integers(model.variables[n].cardinality)] for n in names} for _ in range(4)
    ]
    together = infer_many(model, observed)
    for k, evidence in enumerate(observed):
        brute = Brute(model.tables, evidence)
        assert together.log_evidence[k] == pytest.approx(brute.log_evidence, rel=0, abs=1e-10)
        for name in set(model.variables) - set(names):
            got = together.marginal(name)[k]
            if brute.log_evidence == -np.inf:
                assert np.isnan(got).all(), (k, name, got)
            else:
                assert np.abs(got - brute.marginal(name)).max() <= 1e-12, (k, name)


def test_wrong_evidence_is_named():
    network = hidden_chain(np.random.default_rng(0), 3)
    with pytest.raises(InvalidArgument, match="evidence 1 and evidence 0 differ in whether they observe 'y_1'"):
        infer_many(network, [{"y_0": 0}, {"y_0": 0, "y_1": 1}])
    with pytest.raises(InvalidArgument, match="there is no evidence"):
        infer_many(network, [])
    with pytest.raises(UnknownName, match="y_0"):
        infer_many(network, [{"y_0": 0}, {"y_0": 1}]).marginal("y_0")
