"""Elimination of values against the tree of all assignments: any network, any operators, any evidence."""

from itertools import permutations
from math import inf

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, TwoSliceTemplate, Variable, infer, plan
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.inference.problem import pose
from control_pgm.inference.tree.bucket_tree import bucket_tree
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.utility.elimination import eliminate_values
from control_pgm.tables.operators import EXPECTATION, MAXIMUM, Operator
from control_pgm.tables.sparse_factor import SparseFactor
from tests.inference.decision_tree import DecisionTree
from tests.oracles import Brute
from tests.strategies import possible_evidence, random_cpd, random_network, random_template

OPERATORS = [
    EXPECTATION,
    MAXIMUM,
    Operator(1.0, 1.0),
    Operator(-0.7, -0.7),
    Operator(0.5, 0.0),
    Operator(0.0, 2.0),
    Operator(50.0, 50.0),
    Operator(-50.0, -50.0),
    Operator(0.3, -0.9),
]
SOFT = [EXPECTATION, Operator(1.0, 1.0), Operator(-0.7, -0.7), Operator(20.0, 20.0)]
TIGHT = 1e-12


def drawn(seed, names, among=OPERATORS):
    """An operator for most of the names."""
    rng = np.random.default_rng([seed, 9])
    return {name: among[rng.integers(len(among))] for name in names if rng.random() < 0.8}


def some(seed, network, share=0.35):
    """Labels for a random part of the variables."""
    rng = np.random.default_rng([seed, 8])
    return {n: v.states[rng.integers(v.cardinality)] for n, v in network.variables.items() if rng.random() < share}


def backwards(network, evidence=None):
    """The plan that follows the information."""
    return plan(network, evidence, order="reverse topological")


def gap(found, expected):
    """|difference|; 0 for equal infinities."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape
    assert not np.isnan(found).any()
    with np.errstate(invalid="ignore"):
        return float(np.max(np.where(found == expected, 0.0, np.abs(found - expected)), initial=0.0))


@pytest.mark.parametrize("block", range(10))
def test_values_of_random_networks_are_those_of_the_decision_tree(block):
    """All operators mixed; what is observed, and every added factor, is a value."""
    for seed in range(30 * block, 30 * (block + 1)):
        net = random_network(seed)
        observed = some(seed, net)
        operators = drawn(seed, [n for n in net.topological if n not in observed])
        found = eliminate_values(backwards(net, observed), operators, EXPECTATION, unit=0.8)
        tree = DecisionTree(net, operators, EXPECTATION, valued=observed, unit=0.8)
        assert gap(found.total, tree.value()) <= TIGHT, seed


@pytest.mark.parametrize("block", range(6))
def test_observed_probabilities_change_what_is_expected(block):
    """Pairs of probabilities and values, under expectations and certainty equivalents."""
    tried = 0
    for seed in range(30 * block, 30 * (block + 1)):
        net = random_network(seed, soft=True)
        joint = infer(BayesianNetwork(net.cpds), method="enumeration").marginal(*net.variables)
        weights = [
            (dict(zip(net.variables, at, strict=True)), np.log(p)) for at, p in np.ndenumerate(joint.array()) if p > 0
        ]
        observed = possible_evidence(seed, net, weights)
        rng = np.random.default_rng([seed, 7])
        likelihood = {n: label for n, label in observed.items() if rng.random() < 0.6}
        valued = {n: label for n, label in observed.items() if n not in likelihood}
        operators = drawn(seed, [n for n in net.topological if n not in observed], SOFT)
        found = eliminate_values(backwards(net, observed), operators, EXPECTATION, likelihood=likelihood)
        tree = DecisionTree(net, operators, EXPECTATION, valued=valued, evidence=likelihood)
        assert gap(found.total, tree.value()) <= TIGHT, seed
        # What is observed as a value is set, not weighed: its CPD may as well be 1.
        fixed = [point_mass(cpd.child, valued[cpd.child.name]) if cpd.child.name in valued else cpd for cpd in net.cpds]
        expected = infer(BayesianNetwork(fixed), observed, method="enumeration").log_evidence
        assert gap(found.log_probability, expected) <= TIGHT, seed
        tried += bool(likelihood)
    assert tried > 10


def listed(table):
    """The numbers of a table as those of a sparse one."""
    values = table.array()
    places = np.argwhere(values > 0)
    return SparseFactor(table.variables, places, values[tuple(places.T)]).scaled


@pytest.mark.parametrize("block", range(4))
def test_sparse_tables_give_what_dense_ones_give(block):
    mixed = 0
    for seed in range(40 * block, 40 * (block + 1)):
        net, rng = random_network(seed, zeros=0.5), np.random.default_rng([seed, 6])
        thin = [c if rng.random() < 0.3 or not c.parents else CPD.of(c.variables, listed(c)) for c in net.cpds]
        factors = [Factor.of(f.variables, listed(f)) for f in net.factors]
        observed = some(seed, net, share=0.25)
        operators = drawn(seed, [n for n in net.topological if n not in observed])
        found, expected = (
            eliminate_values(backwards(model, observed), operators, EXPECTATION).total
            for model in (BayesianNetwork(thin, factors), net)
        )
        assert gap(found, expected) <= TIGHT, seed
        mixed += any(cpd.scaled.sparse for cpd in thin)
    assert mixed > 20


def point_mass(variable, label):
    """A variable that is what it is."""
    return CPD(variable, [], np.eye(variable.cardinality)[variable.index(label)])


def test_equal_certainty_equivalents_are_the_evidence_in_every_order():
    """kappa = w = unit everywhere: ordinary sum-product, whatever the order."""
    for seed in range(60):
        net = random_network(seed)
        observed, unit = some(seed, net), 0.7
        expected = unit * Brute(net.tables, observed).log_evidence
        problem = pose(net, observed)
        rng = np.random.default_rng(seed)
        order = tuple(int(v) for v in rng.permutation(len(problem.names)))
        for made in (backwards(net, observed), given_order(net, observed, order)):
            assert gap(eliminate_values(made, {}, Operator(unit, unit), unit=unit).total, expected) <= TIGHT, seed


def given_order(network, evidence, order):
    """The plan of any elimination order."""
    problem = pose(network, evidence)
    return Plan(problem, bucket_tree(problem.scopes, order), "given")


@pytest.mark.parametrize("operator", [EXPECTATION, MAXIMUM, Operator(0.5, 0.0), Operator(1.0, 1.0), Operator(0.0, 2.0)])
def test_operators_of_one_kind_give_the_same_in_every_order(operator):
    for seed in range(25):
        net = random_network(seed, n=4)
        observed = some(seed, net, share=0.25)
        expected = eliminate_values(backwards(net, observed), {}, operator).total
        n = len(pose(net, observed).names)
        for order in permutations(range(n)):
            found = eliminate_values(given_order(net, observed, order), {}, operator).total
            assert gap(found, expected) <= TIGHT, (seed, order)


def test_an_order_that_swaps_operators_which_do_not_commute_is_refused():
    x, y = Variable("x", 2), Variable("y", 2)
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], [[0.5, 0.5]] * 2)])
    wrong = given_order(net, {}, (0, 1))
    with pytest.raises(InvalidArgument, match=r"'x' before 'y'.*do not commute.*reverse topological"):
        eliminate_values(wrong, {"x": MAXIMUM}, EXPECTATION)
    apart = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [], [0.5, 0.5])])
    assert eliminate_values(given_order(apart, {}, (0, 1)), {"x": MAXIMUM}, EXPECTATION).total == 0.0


def test_evidence_on_a_choice_is_refused_unless_it_is_a_value():
    x, y = Variable("x", 2), Variable("y", 2)
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], [[0.9, 0.1], [0.3, 0.7]])])
    made = backwards(net, {"y": 1})
    with pytest.raises(InvalidArgument, match=r"evidence depends on 'x'.*leave it out of likelihood"):
        eliminate_values(made, {"x": MAXIMUM}, EXPECTATION, likelihood=["y"])
    assert gap(eliminate_values(made, {"x": MAXIMUM}, EXPECTATION).total, np.log(0.7)) <= TIGHT


def test_values_in_place_of_logarithms():
    x, y = Variable("x", 2), Variable("y", 2)
    net = BayesianNetwork([CPD(x, [], [0.25, 0.75]), CPD(y, [x], [[0.9, 0.1], [0.3, 0.7]])])
    made = backwards(net, {"y": 1})
    values = {"y": np.array([8.0, -4.0])}
    assert eliminate_values(made, {}, EXPECTATION, values=values).total == -1.0
    assert eliminate_values(made, {}, MAXIMUM, values=values).total == 8.0
    with pytest.raises(InvalidArgument, match=r"'y' have shape \(3,\).*\(2,\)"):
        eliminate_values(made, {}, MAXIMUM, values={"y": np.zeros(3)})
    with pytest.raises(InvalidArgument, match=r"'y' hold nan"):
        eliminate_values(made, {}, MAXIMUM, values={"y": np.array([0.0, np.nan])})


def test_names_that_do_not_exist_are_named():
    x, y = Variable("x", 2), Variable("y", 2)
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], [[0.5, 0.5]] * 2)])
    made = backwards(net, {"y": 1})
    for arguments in ({"operators": {"y": MAXIMUM}}, {"values": {"x": np.zeros(2)}}, {"likelihood": ["z"]}):
        with pytest.raises(UnknownName):
            eliminate_values(made, arguments.pop("operators", {}), EXPECTATION, **arguments)
    with pytest.raises(InvalidArgument, match="unit 0"):
        eliminate_values(made, {}, EXPECTATION, unit=0.0)
    with pytest.raises(UnknownName, match="'y'"):
        eliminate_values(made, {}, EXPECTATION).before("y")


def test_weights_belong_to_the_measure_of_their_variable():
    x, y = Variable("x", 2), Variable("y", 2)
    weights = Factor([x], [4.0, 2.0])
    net = BayesianNetwork([CPD(x, [], [0.25, 0.75]), CPD(y, [x], [[0.9, 0.1], [0.3, 0.7]])], [weights])
    made = backwards(net, {"y": 1})
    found = eliminate_values(made, {}, Operator(0.5, 0.5), values={"y": np.array([1.0, 2.0])}, weights=[weights])
    assert gap(found.total, 0.5 * np.log(np.exp(2.0) + 1.5 * np.exp(4.0))) <= TIGHT
    assert found.before("x").tolist() == [1.0, 2.0]
    with pytest.raises(InvalidArgument, match=r"'x'.*CPD alone"):
        eliminate_values(made, {}, EXPECTATION, weights=[weights])
    with pytest.raises(InvalidArgument, match=r"'x', which factors weigh"):
        eliminate_values(made, {}, Operator(0.5, 0.5), weights=[weights], likelihood=["y"])


def test_a_factor_graph_has_no_measure_and_counts():
    x, y = Variable("x", 2), Variable("y", 3)
    graph = FactorGraph([Factor([x, y], [[1, 2, 3], [4, 0, 6]])])
    assert gap(eliminate_values(backwards(graph), {}, Operator(0.0, 1.0)).total, np.log(16.0)) <= TIGHT
    assert gap(eliminate_values(backwards(graph), {}, MAXIMUM).total, np.log(6.0)) <= TIGHT
    with pytest.raises(InvalidArgument, match=r"'y'.*CPD"):
        eliminate_values(backwards(graph), {}, EXPECTATION)


# --- unrolled templates ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("block", range(4))
def test_values_of_random_templates_are_those_of_the_decision_tree(block):
    for seed in range(12 * block, 12 * (block + 1)):
        net = random_template(seed).unroll(2)
        rng = np.random.default_rng([seed, 5])
        bases = {name.rpartition("_")[0] for name in net.variables}
        seen = {base for base in sorted(bases) if rng.random() < 0.4 and base != "x"}
        observed = {n: v.states[0] for n, v in net.variables.items() if n.rpartition("_")[0] in seen}
        operators = drawn(seed, [n for n in net.topological if n not in observed])
        found = eliminate_values(backwards(net, observed), operators, EXPECTATION, unit=1.3)
        tree = DecisionTree(net, operators, EXPECTATION, valued=observed, unit=1.3)
        assert gap(found.total, tree.value()) <= TIGHT, seed


def factored(rng, *, option=False):
    """Two state variables, two choices a slice, perhaps a lasting option that the first choice looks at."""
    x, y, u, v, o = Variable("x", 2), Variable("y", 3), Variable("u", 2), Variable("v", 2), Variable("o", 2)
    x1, y1, k, k1 = Variable("x'", 2), Variable("y'", 3), Variable("k", 2), Variable("k'", 2)
    above = [x, k] if option else [x]
    start = [random_cpd(rng, x, []), random_cpd(rng, y, [x])]
    step = [random_cpd(rng, u, above), random_cpd(rng, v, [y, u]), random_cpd(rng, o, [x, y, u, v])]
    step += [random_cpd(rng, x1, [x, u]), random_cpd(rng, y1, [y, v, x1])]
    if option:
        start.append(random_cpd(rng, k, [x]))
        step.append(random_cpd(rng, k1, [k, x1], zeros=0.0))
    return TwoSliceTemplate(start, step)


@pytest.mark.parametrize("option", [False, True])
@pytest.mark.parametrize("kind", range(4))
def test_factored_states_several_choices_and_options(option, kind):
    choice, chance = [
        (MAXIMUM, EXPECTATION),
        (Operator(0.5, 0.5), EXPECTATION),
        (MAXIMUM, Operator(-1.0, -1.0)),
        (Operator(0.5, 0.0), Operator(0.5, 0.0)),
    ][kind]
    for seed in range(6):
        net = factored(np.random.default_rng(seed), option=option).unroll(2)
        observed = {"o_0": 1, "o_1": 1}
        operators = {name: choice for name in net.variables if name[0] in "uv"}
        found = eliminate_values(backwards(net, observed), operators, chance, unit=0.5)
        tree = DecisionTree(net, operators, chance, valued=observed, unit=0.5)
        assert gap(found.total, tree.value()) <= TIGHT
        before = found.before("v_1")
        expected = tree.values_of("v_1", before.dims[:-1])
        reached = ~np.isnan(expected)
        assert reached.any()
        assert gap(before.values[reached], expected[reached]) <= TIGHT


def test_the_optimiser_of_a_choice_is_greedy_or_soft():
    net = factored(np.random.default_rng(3)).unroll(3)
    observed = {f"o_{t}": 1 for t in range(3)}
    for operator in (MAXIMUM, Operator(0.5, 0.5)):
        found = eliminate_values(backwards(net, observed), {"v_1": operator}, EXPECTATION)
        values, policy = found.before("v_1"), found.optimiser("v_1")
        assert policy.dims == values.dims
        assert policy.dims[-1] == "v_1"
        prior = np.broadcast_to(
            net.cpd("v_1").array(*[n for n in values.dims if n in net.cpd("v_1").scope]), policy.shape
        )
        best = values.values.max(axis=-1, keepdims=True)
        possible = np.broadcast_to(best > -inf, policy.shape)
        below = np.where(possible, values.values, -inf) - np.where(possible, best, 0.0)
        soft = prior * np.exp(below / (operator.weight or 1.0))
        weights = soft if operator.weight else (values.values == best).astype(float)
        with np.errstate(invalid="ignore"):
            expected = weights / weights.sum(axis=-1, keepdims=True)
        assert gap(np.where(possible, policy, 0.0), np.where(possible, expected, 0.0)) <= TIGHT
        assert (np.isnan(policy) == ~possible).all()


def test_slices_share_their_tables_and_long_horizons_cost_no_recursion():
    """The messages of 3000 steps, each the same as by a product of matrices."""
    rng = np.random.default_rng(0)
    x, x1, o = Variable("x", 4), Variable("x'", 4), Variable("o", 2)
    p, pay = rng.dirichlet(np.ones(4), 4), rng.random(4)
    step = [CPD(o, [x], np.stack([1 - pay, pay], axis=1)), CPD(x1, [x], p)]
    net = TwoSliceTemplate([CPD(x, [], np.full(4, 0.25))], step).unroll(3000)
    made = backwards(net, {f"o_{t}": 1 for t in range(3000)})
    found = eliminate_values(made, {}, EXPECTATION)
    assert len({id(found.messages[i].form) for i in range(len(made.tree.order))}) <= 5
    v = np.zeros(4)
    for _ in range(3000):
        v = np.log(pay) + p @ v
    assert abs(found.total - v.mean()) <= 1e-9
    told = []
    eliminate_values(made, {}, EXPECTATION, progress=lambda *step: told.append(step))
    assert told[0] == (0, 3001, "values backward")
    assert told[-1] == (3001, 3001, "values backward")


def test_what_is_left_after_the_last_variable_is_a_number():
    u = Variable("u", 2)
    net = BayesianNetwork([CPD(u, [], [0.5, 0.5])], [Factor([u], [0.0, 2.0], log=True)])
    found = eliminate_values(plan(net, order="reverse topological"), {"u": MAXIMUM}, EXPECTATION)
    assert found.after("u").shape == ()
    assert found.after("u").values == found.total == 2.0
