"""Jeffrey's rule against its definition by enumeration, Plackett's closed form for two variables, and fractions."""

from fractions import Fraction
from itertools import product
from math import inf, log, sqrt

import numpy as np
import pytest
from hypothesis import given

from control_pgm import (
    CPD,
    BayesianNetwork,
    ControlNetwork,
    DynamicBayesianNetwork,
    Factor,
    FactorGraph,
    TwoSliceTemplate,
    Variable,
    gridworld,
    infer,
    jeffrey,
    solve,
    unroll,
)
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, UnknownName
from tests.oracles import Brute
from tests.strategies import possible_evidence, quick, random_model, seeds

CLOTH, SOLD = Variable("cloth", ["green", "blue", "violet"]), Variable("sold", ["no", "yes"])
MARKET = BayesianNetwork([CPD(CLOTH, [], [0.3, 0.3, 0.4]), CPD(SOLD, [CLOTH], [[0.6, 0.4], [0.6, 0.4], [0.2, 0.8]])])
CANDLE = {"cloth": {"green": 0.7, "blue": 0.25, "violet": 0.05}}


def test_the_candle_of_jeffrey():
    """Jeffrey (1965), section 11.1: p(sold) = 0.4 · 0.7 + 0.4 · 0.25 + 0.8 · 0.05."""
    after = infer(jeffrey(MARKET, CANDLE))
    assert np.abs(after.marginal("cloth").array() - [0.7, 0.25, 0.05]).max() < 1e-15
    assert abs(after.marginal("sold").value({"sold": "yes"}) - float(Fraction(42, 100))) < 1e-15
    for label in CLOTH.states:  # rigidity: what cloth says of sold stays
        now, before = (
            infer(net).conditional("sold", given={"cloth": label}) for net in (jeffrey(MARKET, CANDLE), MARKET)
        )
        assert np.abs(now.array() - before.array()).max() < 1e-15


@quick
@given(seed=seeds)
def test_one_variable_has_its_marginal_and_says_the_same_of_all_others(seed):
    model, rng = random_model(seed), np.random.default_rng([seed, 10])
    evidence = possible_evidence(seed, model, Brute(model.tables).weights, share=0.2)
    if evidence is None:
        return
    oracle = Brute(model.tables, evidence)
    variable = list(model.variables.values())[rng.integers(len(model.variables))]
    before = oracle.marginal(variable.name)
    q = rng.random(variable.cardinality) * (before > 0) * (rng.random(variable.cardinality) < 0.8)
    q = q / q.sum() if q.sum() > 0 else before
    wanted = {variable.name: dict(zip(variable.states, q, strict=True))}
    after = infer(jeffrey(model, wanted, evidence), evidence)
    assert np.abs(after.marginal(variable.name).array() - q).max() < 1e-13
    assert abs(after.log_evidence - oracle.log_evidence) < 1e-11
    ratio = np.divide(q, before, out=np.zeros_like(q), where=before > 0)
    for name, other in model.variables.items():
        expected = np.zeros(other.cardinality)
        for at, weight in oracle.weights:
            if weight > -inf:
                expected[at[name]] += np.exp(weight - oracle.log_evidence) * ratio[at[variable.name]]
        assert np.abs(after.marginal(name).array() - expected).max() < 1e-12


@quick
@given(seed=seeds)
def test_two_variables_of_two_states_keep_their_odds_ratio(seed):
    rng = np.random.default_rng(seed)
    x, y = Variable("x", 2), Variable("y", 2)
    table = rng.random((2, 2)) + 0.05
    a, b = rng.uniform(0.05, 0.95, 2)
    graph = FactorGraph([Factor([x, y], table)])
    found = infer(jeffrey(graph, {"x": {0: 1 - a, 1: a}, "y": {0: 1 - b, 1: b}})).marginal("x", "y").array()
    odds = table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0])
    # Plackett (1965): the table with these marginals and this odds ratio
    s = 1 + (a + b) * (odds - 1)
    both = 2 * odds * a * b / (s + sqrt(s * s - 4 * odds * (odds - 1) * a * b))
    expected = np.array([[1 - a - b + both, b - both], [a - both, both]])
    assert np.abs(found - expected).max() < 1e-11


def test_three_variables_have_their_marginals_and_a_product_of_likelihoods():
    rng = np.random.default_rng(4)
    x, y, z, w = (Variable(name, n) for name, n in zip("xyzw", (2, 3, 2, 2), strict=True))
    net = BayesianNetwork(
        [
            CPD(x, [], rng.dirichlet(np.ones(2))),
            CPD(y, [x], rng.dirichlet(np.ones(3), 2)),
            CPD(z, [x, y], rng.dirichlet(np.ones(2), (2, 3))),
            CPD(w, [z, y], rng.dirichlet(np.ones(2), (2, 3))),
        ]
    )
    wanted = {"x": {0: 0.2, 1: 0.8}, "y": {0: 0.5, 1: 0.3, 2: 0.2}, "z": {0: 0.9, 1: 0.1}}
    changed = jeffrey(net, wanted, {"w": 1})
    after, before = infer(changed, {"w": 1}), infer(net, {"w": 1})
    for name, p in wanted.items():
        assert np.abs(after.marginal(name).array() - list(p.values())).max() <= 1e-12
    assert abs(after.log_evidence - before.log_evidence) < 1e-11
    # q with these marginals and a ratio q/p that is a product over the variables is the nearest in KL (Csiszár 1975).
    q, p = (posterior.marginal("x", "y", "z").array() for posterior in (after, before))
    ratio = np.log(q / p)
    for i, j, k in product(range(2), range(3), range(2)):
        alone = ratio[i, 0, 0] + ratio[0, j, 0] + ratio[0, 0, k] - 2 * ratio[0, 0, 0]
        assert abs(ratio[i, j, k] - alone) < 1e-12
    assert [factor.scope for factor in changed.factors] == [("x",), ("y",), ("z",)]


def test_what_has_its_marginal_already_stays():
    before = infer(MARKET).marginals()
    same = {
        name: dict(zip(v.states, before[name].array().tolist(), strict=True)) for name, v in MARKET.variables.items()
    }
    after = infer(jeffrey(MARKET, same))
    assert (
        np.abs(after.marginal("cloth", "sold").array() - infer(MARKET).marginal("cloth", "sold").array()).max() < 1e-15
    )


def test_a_certain_marginal_is_an_observation():
    after = infer(jeffrey(MARKET, {"sold": {"no": 0, "yes": 1}}))
    assert (
        np.abs(after.marginal("cloth").array() - infer(MARKET, {"sold": "yes"}).marginal("cloth").array()).max() < 1e-15
    )


def test_a_probability_below_plain_numbers_is_raised():
    x, y = Variable("x", 2), Variable("y", 2)
    graph = FactorGraph([Factor([x], [-2000.0, 0.0], log=True), Factor([x, y], [[1, 3], [1, 1]])])
    after = infer(jeffrey(graph, {"x": {0: 0.5, 1: 0.5}}))
    assert np.abs(after.marginal("y").array() - [0.375, 0.625]).max() < 1e-12


def test_likelihoods_stand_beside_the_rule():
    seen = {"sold": {"no": 0.2, "yes": 0.8}}
    after = infer(jeffrey(MARKET, CANDLE, seen), seen)
    assert np.abs(after.marginal("cloth").array() - [0.7, 0.25, 0.05]).max() < 1e-15
    weights = np.array([[0.6, 0.4], [0.6, 0.4], [0.2, 0.8]]) * [0.2, 0.8]
    expected = np.array([0.7, 0.25, 0.05]) @ (weights / weights.sum(axis=1, keepdims=True))
    assert np.abs(after.marginal("sold").array() - expected).max() < 1e-15


def test_unrolled_networks_stay_what_they_are():
    x, x1 = Variable("x", 2), Variable("x'", 2)
    step = np.array([[0.9, 0.1], [0.3, 0.7]])
    chain = TwoSliceTemplate([CPD(x, [], [1, 0])], [CPD(x1, [x], step)]).unroll(30)
    changed = jeffrey(chain, {"x_20": {0: 0.25, 1: 0.75}})
    assert isinstance(changed, DynamicBayesianNetwork)
    expected = np.array([0.25, 0.75]) @ np.linalg.matrix_power(step, 10)
    assert np.abs(infer(changed).marginal("x_30").array() - expected).max() < 1e-13
    net = unroll(gridworld("S.G", slip=0.1), 3, temperature=0.5)
    at = {"s_1": {"(0,0)": 0.6, "(0,1)": 0.4, "(0,2)": 0.0}}
    control = jeffrey(net, at, net.optimal)
    assert isinstance(control, ControlNetwork)
    assert np.abs(solve(control).state_marginals[1, :3] - [0.6, 0.4, 0.0]).max() < 1e-12


# --- errors ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("marginals", "kind", "message"),
    [
        ({"clothe": {"green": 1}}, UnknownName, "variable 'clothe' does not exist.*did you mean 'cloth'"),
        (
            {"sold": {"no": 0.5, "maybe": 0.5}},
            UnknownName,
            "the probability of 'sold': the state 'maybe' does not exist",
        ),
        ({"sold": {"no": 1}}, InvalidArgument, "there is no probability of sold=yes; allowed: a number for each"),
        ({"sold": {"no": 1.5, "yes": -0.5}}, InvalidArgument, "the probability of sold=yes is -0.5; allowed: a finite"),
        ({"sold": {"no": 0, "yes": 0}}, InvalidArgument, "the probability of 'sold' is 0 for every state"),
        (
            {"sold": {"no": 0.2, "yes": 0.4}},
            InvalidArgument,
            "of 'sold' sum to 0.6; allowed: 1 within 1e-9; likelihoods",
        ),
        ({"sold": {"no": 0.2, "yes": 0.81}}, InvalidArgument, "sum to 1.01; allowed: 1 within 1e-9; divide rows"),
        ({"sold": "yes"}, InvalidArgument, r"the marginal of 'sold' is 'yes'; .*infer\(model, {'sold': label}\)"),
        ({"sold": [0.2, 0.8]}, InvalidArgument, r"the marginal of 'sold' is \[0.2, 0.8\]"),
        ({}, InvalidArgument, "marginals {}; allowed: {variable name: {label: probability}}, at least one"),
        ("sold", InvalidArgument, "marginals 'sold'; allowed"),
    ],
)
def test_wrong_marginals_are_named(marginals, kind, message):
    with pytest.raises(kind, match=message):
        jeffrey(MARKET, marginals)


def test_a_state_that_cannot_be_is_given_no_probability():
    x, y = Variable("x", 3), Variable("y", 2)
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5, 0.0]), CPD(y, [x], [[1, 0], [0.5, 0.5], [0, 1]])])
    with pytest.raises(ImpossibleEvidence, match=r"x=2 is to have the probability 0.2, and cannot have any") as error:
        jeffrey(net, {"x": {0: 0.4, 1: 0.4, 2: 0.2}})
    assert error.value.variable == "x"
    with pytest.raises(ImpossibleEvidence, match=r"x=0 is to have the probability 0.5"):
        jeffrey(net, {"x": {0: 0.5, 1: 0.5, 2: 0}}, {"y": 1})
    with pytest.raises(ImpossibleEvidence, match=r"y=1 is to have the probability 0.1"):  # x=0 leaves y=1 none
        jeffrey(net, {"x": {0: 1, 1: 0, 2: 0}, "y": {0: 0.9, 1: 0.1}})
    with pytest.raises(ImpossibleEvidence, match=r"the evidence is impossible"):
        jeffrey(net, {"y": {0: 0.5, 1: 0.5}}, {"x": 2})


def test_marginals_that_no_distribution_has_together_are_refused():
    x, y = Variable("x", 2), Variable("y", 2)
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], np.eye(2))])
    message = (
        "the marginals of 'x', 'y' are not reached after 101 sweeps .* that of 'x' is off by 0.5; allowed: marginals"
    )
    with pytest.raises(InvalidArgument, match=message):
        jeffrey(net, {"x": {0: 0.25, 1: 0.75}, "y": {0: 0.75, 1: 0.25}})


def test_a_limit_that_is_only_approached_is_refused():
    """Where p(1, 1) = 0, half and half needs p(0, 0) = 0 in the limit: the miss falls as one over the sweeps."""
    x, y = Variable("x", 2), Variable("y", 2)
    graph = FactorGraph([Factor([x, y], [[1, 1], [1, 0]])])
    half = {"x": {0: 0.5, 1: 0.5}, "y": {0: 0.5, 1: 0.5}}
    with pytest.raises(InvalidArgument, match=r"not reached after 50 sweeps .* off by 0.0\d+; .*raise max_sweeps"):
        jeffrey(graph, half, max_sweeps=50)
    with pytest.raises(InvalidArgument, match=r"max_sweeps 0; allowed: an integer ≥ 1"):
        jeffrey(graph, half, max_sweeps=0)


def test_the_model_stays_as_it_is():
    before = MARKET.tables
    jeffrey(MARKET, CANDLE)
    assert MARKET.tables == before
    assert log(infer(MARKET).marginal("cloth").value({"cloth": "violet"})) == pytest.approx(log(0.4), abs=1e-15)
