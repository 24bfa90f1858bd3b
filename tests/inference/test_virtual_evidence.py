"""Likelihoods as evidence: by every method, against enumeration, pgmpy, and a child that is observed."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from control_pgm import (
    CPD,
    BayesianNetwork,
    Factor,
    FactorGraph,
    TwoSliceTemplate,
    Variable,
    crosscheck,
    gridworld,
    infer,
    infer_many,
    marginal_map,
    plan,
    plot_network,
    query,
    solve,
    to_dot,
    trace,
    unroll,
)
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, UnknownName
from control_pgm.inference.evidence_text import observation
from control_pgm.interop.engines.pgmpy import PgmpyElimination
from tests.oracles import Brute
from tests.strategies import quick, random_evidence, random_model, random_network, seeds

RAIN, WET = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
NET = BayesianNetwork([CPD(RAIN, [], [0.7, 0.3]), CPD(WET, [RAIN], [[0.9, 0.1], [0.2, 0.8]])])
SEEN = {"wet": {"no": 0.2, "yes": 0.8}}


def random_likelihoods(seed, model, evidence, *, share=0.4):
    """Numbers ≥ 0 by labels for a part of the variables that are not observed, some of them 0."""
    rng = np.random.default_rng([seed, 9])
    found = {}
    for name, variable in model.variables.items():
        if name not in evidence and rng.random() < share:
            values = rng.random(variable.cardinality) * (rng.random(variable.cardinality) < 0.8)
            values[rng.integers(variable.cardinality)] = rng.random() + 0.1
            order = rng.permutation(variable.cardinality)
            found[name] = {variable.states[k]: float(values[k]) for k in order}
    return found


def brute(model, evidence, likelihoods):
    """The oracle: all assignments, each weighed by the likelihoods of its states."""
    weights = [
        Factor([model.variables[name]], [numbers[label] for label in model.variables[name].states])
        for name, numbers in likelihoods.items()
    ]
    return Brute([*model.tables, *weights], evidence)


# --- answers ---------------------------------------------------------------------------------------------------------
@quick
@given(seed=seeds)
def test_every_method_weighs_assignments_by_the_likelihoods(seed):
    model = random_model(seed)
    evidence = random_evidence(seed, model, share=0.2)
    likelihoods = random_likelihoods(seed, model, evidence)
    oracle = brute(model, evidence, likelihoods)
    mixed = {**likelihoods, **evidence}
    if oracle.log_evidence == -math.inf:
        for method in ("exact", "enumeration"):
            with pytest.raises(ImpossibleEvidence):
                infer(model, mixed, method=method)
        return
    for method in ("exact", "enumeration"):
        posterior = infer(model, mixed, method=method)
        assert abs(posterior.log_evidence - oracle.log_evidence) < 1e-11
        assert posterior.evidence == mixed
        assert set(posterior.observed) == set(evidence)
        assert posterior.model is model
        for name in model.variables:
            assert np.abs(posterior.marginal(name).array() - oracle.marginal(name)).max() < 1e-12
        mode, table = posterior.mode(), posterior.marginals()
        assert all(mode.assignment[name] == label for name, label in evidence.items())
        assert set(table) == set(model.variables)


def test_the_evidence_is_the_weighted_sum_of_probabilities():
    posterior = infer(NET, SEEN)
    assert abs(posterior.log_evidence - math.log(0.69 * 0.2 + 0.31 * 0.8)) < 1e-15
    assert posterior.marginal("wet").array() == pytest.approx(np.array([0.69 * 0.2, 0.31 * 0.8]) / 0.386, abs=1e-15)
    assert repr(posterior).startswith("TreePosterior(method='exact', 2 variables, 1 observed")


@quick
@given(seed=seeds)
def test_likelihoods_are_a_child_that_is_observed(seed):
    net = random_network(seed, soft=False)
    likelihoods = random_likelihoods(seed, net, {}, share=0.5)
    reports, observed = [], {}
    for name, numbers in likelihoods.items():
        variable, top = net.variables[name], max(numbers.values())
        p = np.array([numbers[label] / top for label in variable.states])
        reports.append(CPD(Variable(f"report of {name}", ["other", "this"]), [variable], np.stack([1 - p, p], axis=1)))
        observed[f"report of {name}"] = "this"
    with_children = net.extend(*reports)
    try:
        expected = infer(with_children, observed)
    except ImpossibleEvidence:
        with pytest.raises(ImpossibleEvidence):
            infer(net, likelihoods)
        return
    found = infer(net, likelihoods)
    for name in net.variables:
        assert np.abs(found.marginal(name).array() - expected.marginal(name).array()).max() < 1e-12


def test_the_scale_of_likelihoods_shifts_the_evidence_alone():
    one, other = infer(NET, SEEN), infer(NET, {"wet": {"no": 2e-300, "yes": 8e-300}})
    assert np.abs(one.marginal("rain").array() - other.marginal("rain").array()).max() < 1e-15
    assert abs(other.log_evidence - one.log_evidence - math.log(1e-299)) < 1e-12


def test_likelihoods_of_one_state_alone_are_its_observation():
    certain, sure = infer(NET, {"wet": "yes"}), infer(NET, {"wet": {"no": 0, "yes": 1}})
    assert certain.log_evidence == pytest.approx(sure.log_evidence, abs=1e-15)
    assert np.array_equal(certain.marginal("wet").array(), sure.marginal("wet").array())
    assert np.abs(certain.marginal("rain").array() - sure.marginal("rain").array()).max() < 1e-15


def test_any_real_numbers_are_likelihoods():
    expected = infer(NET, SEEN).marginal("rain").array()
    for no, yes in ((Fraction(1, 5), Fraction(4, 5)), (np.float32(0.25), np.int64(1)), (1, 4)):
        assert np.abs(infer(NET, {"wet": {"no": no, "yes": yes}}).marginal("rain").array() - expected).max() < 1e-15


def test_pgmpy_agrees_on_its_own_virtual_evidence():
    from pgmpy.factors.discrete import TabularCPD

    report = TabularCPD("wet", 2, [[0.2], [0.8]], state_names={"wet": ["0:no", "1:yes"]})
    expected = PgmpyElimination(NET, {}).engine.query(["rain"], virtual_evidence=[report], show_progress=False).values
    assert np.abs(infer(NET, SEEN).marginal("rain").array() - expected).max() < 1e-12
    assert crosscheck(NET, SEEN, against=["pgmpy", "enumeration"]).passed
    net = unroll(gridworld("S.G", slip=0.1), 3, temperature=0.5)
    seen = {"s_1": {"(0,0)": 0.2, "(0,1)": 0.7, "(0,2)": 0.1}}
    assert crosscheck(net, net.optimal | seen, against=["pgmpy", "enumeration"]).passed


def test_a_mapping_that_changes_afterwards_changes_nothing():
    mine = {"wet": "yes"}
    posterior = infer(NET, mine)
    mine["wet"] = {"no": 1, "yes": 0}
    assert posterior.evidence == {"wet": "yes"}
    assert posterior.observed == {"wet": 1}


# --- every entry to inference ----------------------------------------------------------------------------------------
def test_loopy_propagation_on_a_tree_agrees():
    found, expected = infer(NET, SEEN, method="loopy"), infer(NET, SEEN)
    assert found.log_evidence == pytest.approx(expected.log_evidence, abs=1e-12)
    assert np.abs(found.marginal("rain").array() - expected.marginal("rain").array()).max() < 1e-12


def test_many_observations_at_once_have_likelihoods():
    members = [{"wet": {"no": p, "yes": 1 - p}, "rain": label} for p in (0.1, 0.5) for label in ("no", "yes")]
    batch = infer_many(NET, members)
    for k, evidence in enumerate(members):
        one = infer(NET, evidence)
        assert abs(batch.log_evidence[k] - one.log_evidence) < 1e-14
        assert np.abs(batch.marginal("wet")[k] - one.marginal("wet").array()).max() < 1e-15
    with pytest.raises(InvalidArgument, match="evidence 1 and evidence 0 differ in whether 'wet' has likelihoods"):
        infer_many(NET, [SEEN, {"wet": "no"}])


def test_plans_modes_and_traces_have_the_factor_of_the_likelihoods():
    assert "rain" in plan(NET, SEEN).problem.names
    assert len(plan(NET, SEEN).problem.tables) == 3
    best = marginal_map(NET, {"wet": {"no": 0.01, "yes": 1}}, ["rain"])
    assert best.assignment == {"rain": "yes"}
    assert abs(best.log_value - math.log(0.3 * (0.2 * 0.01 + 0.8))) < 1e-14
    steps = " ".join(step.formula for step in trace(infer(NET, SEEN)))
    assert "phi(wet)" in steps
    assert "{" not in steps
    mode = infer(NET, SEEN).mode()  # 0.192, before 0.126 for dry grass without rain
    assert mode.assignment == {"rain": "yes", "wet": "yes"}
    assert abs(mode.log_probability - math.log(0.3 * 0.8 * 0.8)) < 1e-14


def test_samples_have_the_marginals_of_the_posterior():
    samples = infer(NET, SEEN).sample(40_000, 0)
    share = np.mean([label == "yes" for label in samples.labels("wet")])
    assert abs(share - 0.248 / 0.386) < 0.01


@quick
@given(seed=seeds)
def test_long_networks_take_likelihoods_in_their_slices(seed):
    rng = np.random.default_rng(seed)
    x, x1, y = Variable("x", 3), Variable("x'", 3), Variable("y", 2)
    start, step, emission = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), 3), rng.dirichlet(np.ones(2), 3)
    chain = TwoSliceTemplate([CPD(x, [], start)], [CPD(y, [x], emission), CPD(x1, [x], step)]).unroll(60)
    times = rng.choice(60, size=int(rng.integers(1, 5)), replace=False)
    weights = {int(t): rng.random(2) + 0.01 for t in times}
    seen = {f"y_{t}": {0: w[0], 1: w[1]} for t, w in weights.items()}
    hard = {f"y_{t}": int(rng.integers(2)) for t in range(60) if t not in weights and rng.random() < 0.5}
    posterior = infer(chain, seen | hard)
    forward, total = start.copy(), 0.0
    for t in range(60):
        local = emission @ weights[t] if t in weights else emission[:, hard[f"y_{t}"]] if f"y_{t}" in hard else 1.0
        forward = (forward * local) @ step
        total, forward = total + math.log(forward.sum()), forward / forward.sum()
    assert abs(posterior.log_evidence - total) < 1e-11
    assert np.abs(posterior.marginal("x_60").array() - forward).max() < 1e-12


def test_a_factor_graph_of_a_network_has_the_likelihoods_as_factors():
    graph = FactorGraph.from_model(NET, {**SEEN, "rain": "yes"})
    assert [factor.scope for factor in graph.factors] == [(), ("wet",), ("wet",)]
    assert abs(infer(graph).log_evidence - infer(NET, {**SEEN, "rain": "yes"}).log_evidence) < 1e-15


def test_a_control_problem_is_solved_with_an_uncertain_observation():
    mdp = gridworld("S..G", slip=0.2)
    seen = {"s_2": {"(0,0)": 0.1, "(0,1)": 0.7, "(0,2)": 0.2, "(0,3)": 0.0}}
    net = unroll(mdp, 4, temperature=0.5)
    weight = Factor([net.variable("s_2")], list(seen["s_2"].values()))
    for inference in ("posterior", "map"):
        one = solve(mdp, 4, temperature=0.5, inference=inference, evidence=seen)
        other = solve(net.extend(weight), inference=inference)
        assert np.array_equal(one.policy, other.policy, equal_nan=True)
    posterior = infer(net, net.optimal | seen)
    assert np.abs(one.network.infer().marginal("a_1").array() - posterior.marginal("a_1").array()).max() < 1e-14
    tilted = {"a_0": {"left": 1, "down": 1, "right": 5, "up": 1}}
    found = solve(mdp, 4, temperature=0.5, inference="variational", evidence=tilted)
    prior = Factor([net.variable("a_0")], [1, 1, 5, 1])
    assert np.array_equal(found.policy, solve(net.extend(prior), inference="variational").policy, equal_nan=True)
    with pytest.raises(InvalidArgument, match="evidence on 's_2' with inference='variational'"):
        solve(mdp, 4, inference="variational", evidence=seen)
    with pytest.raises(InvalidArgument, match=r"evidence \{0: 1, 1: 2\} about 'O_1', which is observed as 1"):
        solve(mdp, 4, evidence={"O_1": {0: 1, 1: 2}})
    with pytest.raises(ImpossibleEvidence, match=r"from slice 1 on: the likelihoods of 's_1' are 0 in all states"):
        solve(mdp, 4, evidence={"s_1": {"(0,0)": 0, "(0,1)": 0, "(0,2)": 0, "(0,3)": 1}})


def test_pictures_show_likelihoods_as_a_factor():
    assert to_dot(NET, SEEN).count("shape=square") == 1
    assert len(plot_network(NET, evidence=SEEN).of("factor")) == 1
    assert len(plot_network(infer(NET, SEEN)).of("factor")) == 1


# --- text ------------------------------------------------------------------------------------------------------------
def test_queries_have_likelihoods_in_braces():
    expected = infer(NET, SEEN).marginal("rain").array()
    for text in ("rain | wet={no: 0.2, yes: 0.8}", "p(rain | wet={yes:4,no:1})", "rain | wet={no: 1/5, yes: 4/5}"):
        assert np.abs(query(NET, text).array() - expected).max() < 1e-15
    both = query(NET, "wet | rain=yes, wet={no: 0.2, yes: 0.8}").array()
    assert np.abs(both - infer(NET, {**SEEN, "rain": "yes"}).marginal("wet").array()).max() < 1e-15
    net = unroll(gridworld("S.G", slip=0.1), 3, temperature=0.5)
    text = "a_0 | O=1, s_1={(0,0): 0.2, (0,1): 0.7, (0,2): 0.1}"
    seen = {"s_1": {"(0,0)": 0.2, "(0,1)": 0.7, "(0,2)": 0.1}}
    assert np.abs(query(net, text).array() - infer(net, net.optimal | seen).marginal("a_0").array()).max() < 1e-15


def test_a_label_in_braces_is_a_label():
    odd = Variable("x", ["{a: 1}", "b"])
    assert observation("{a: 1}", odd, what="x") == "{a: 1}"


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("{no: 0.2, yes}", InvalidArgument, "state of 'wet': '{no: 0.2, yes}' has 'yes' in place of a likelihood"),
        ("{no: 0.2, yes: much}", InvalidArgument, "has 'yes: much' in place of a likelihood; allowed: {label: number,"),
        ("{no: 0.2, yes: nan}", InvalidArgument, "has 'yes: nan' in place"),
        ("{no: 0.2, yes: 1/0}", InvalidArgument, "has 'yes: 1/0' in place"),
        ("{no: 0.2, no: 0.3}", InvalidArgument, "gives 'no' two likelihoods"),
        ("{no: 0.2, yess: 0.3}", UnknownName, "'yess' does not exist.*did you mean 'yes'"),
        ("{no: 0.2}", InvalidArgument, "there is no likelihood of wet=yes"),
        ("{}", InvalidArgument, "has '' in place of a likelihood"),
    ],
)
def test_text_that_gives_no_likelihoods_is_refused(text, kind, message):
    with pytest.raises(kind, match=message.replace("{", r"\{")):
        query(NET, f"rain | wet={text}")


# --- errors ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("evidence", "kind", "message"),
    [
        ({"wett": {"no": 1, "yes": 2}}, UnknownName, "variable 'wett' does not exist.*did you mean 'wet'"),
        (
            {"wet": {"no": 1, "yess": 2}},
            UnknownName,
            "the likelihood of 'wet': the state 'yess' does not exist; .*'yes'",
        ),
        ({"wet": {0: 1, 1: 2}}, UnknownName, "the likelihood of 'wet': the state 0 does not exist"),
        (
            {"wet": {"yes": 2}},
            InvalidArgument,
            "there is no likelihood of wet=no; .*'no', 'yes'; 0 for a state that is",
        ),
        ({"wet": {}}, InvalidArgument, "there is no likelihood of wet=no"),
        (
            {"wet": {"no": -1, "yes": 2}},
            InvalidArgument,
            "the likelihood of wet=no is -1; allowed: a finite number ≥ 0",
        ),
        ({"wet": {"no": 1, "yes": math.inf}}, InvalidArgument, "the likelihood of wet=yes is inf"),
        ({"wet": {"no": 1, "yes": math.nan}}, InvalidArgument, "the likelihood of wet=yes is nan"),
        ({"wet": {"no": 1, "yes": "2"}}, InvalidArgument, "the likelihood of wet=yes is '2'"),
        ({"wet": {"no": True, "yes": 1}}, InvalidArgument, "the likelihood of wet=no is True"),
        ({"wet": {"no": 0, "yes": 0.0}}, InvalidArgument, "the likelihood of 'wet' is 0 for every state"),
        ({"wet": [0.2, 0.8]}, InvalidArgument, "is no single state; .*infer\\(model, {'wet': {label: number, …}}\\)"),
    ],
)
@pytest.mark.parametrize("method", ["exact", "enumeration", "loopy"])
def test_wrong_likelihoods_are_named(evidence, kind, message, method):
    with pytest.raises(kind, match=message):
        infer(NET, evidence, method=method)


def test_likelihoods_that_exclude_all_that_is_possible_are_named_with_their_slice():
    x, x1 = Variable("x", 2), Variable("x'", 2)
    chain = TwoSliceTemplate([CPD(x, [], [1, 0])], [CPD(x1, [x], np.eye(2))]).unroll(9)
    for method in ("exact", "enumeration"):
        with pytest.raises(ImpossibleEvidence, match="from slice 4 on: the likelihoods of 'x_4' are 0 in all") as error:
            infer(chain, {"x_7": 0, "x_4": {0: 0, 1: 3}, "x_8": {0: 0, 1: 1}}, method=method)
        assert (error.value.time, error.value.variable) == (4, "x_4")


def test_a_condition_of_a_conditional_is_a_label():
    with pytest.raises(InvalidArgument, match=r"about 'wet' is no single state.*likelihoods are evidence by labels"):
        infer(NET).conditional("rain", given=SEEN)
