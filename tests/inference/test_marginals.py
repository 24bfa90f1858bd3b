"""All marginals at once against one after the other."""

import numpy as np
import pytest

from control_pgm import BayesianNetwork, FactorGraph, gridworld, infer, unroll
from control_pgm.errors import ImpossibleEvidence, UnknownName
from tests.strategies import random_template


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
