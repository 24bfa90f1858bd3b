"""Many observations at once give the answers of each on its own."""

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, TwoSliceTemplate, Variable, infer, infer_many
from control_pgm.errors import InvalidArgument, UnknownName


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


def test_wrong_evidence_is_named():
    network = hidden_chain(np.random.default_rng(0), 3)
    with pytest.raises(InvalidArgument, match="evidence 1 and evidence 0 differ in whether they observe 'y_1'"):
        infer_many(network, [{"y_0": 0}, {"y_0": 0, "y_1": 1}])
    with pytest.raises(InvalidArgument, match="there is no evidence"):
        infer_many(network, [])
    with pytest.raises(UnknownName, match="y_0"):
        infer_many(network, [{"y_0": 0}, {"y_0": 1}]).marginal("y_0")
