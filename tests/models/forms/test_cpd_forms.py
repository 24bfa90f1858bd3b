"""CPDs of few parameters against the enumeration of hidden effects, fractions, and pgmpy's variable elimination."""

from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given

from control_pgm import (
    CPD,
    BayesianNetwork,
    Variable,
    deterministic,
    infer,
    load_network,
    noisy_max,
    noisy_or,
    save_network,
    uniform,
)
from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge, UnknownName
from control_pgm.interop.engines.pgmpy import PgmpyElimination
from tests.strategies import quick, seeds

COLD, FLU, FEVER = (Variable(name, ["no", "yes"]) for name in ("cold", "flu", "fever"))
GRADES = ["none", "mild", "strong"]


def enumerated_max(tables, leak):
    """The distribution of the largest of independent effects for one assignment: all combinations of effects."""
    total = np.zeros(len(leak))
    for effects in product(*(range(len(leak)) for _ in range(len(tables) + 1))):
        total[max(effects)] += prod(row[k] for row, k in zip([*tables, leak], effects, strict=True))
    return total


# --- deterministic ---------------------------------------------------------------------------------------------------
@quick
@given(seed=seeds)
def test_a_deterministic_table_has_a_one_at_the_label_that_the_function_returns(seed):
    rng = np.random.default_rng(seed)
    parents = [Variable(f"p{i}", [f"{i}{k}" for k in range(rng.integers(1, 4))]) for i in range(rng.integers(0, 4))]
    child = Variable("y", [f"y{k}" for k in range(rng.integers(1, 60))])
    values = {at: str(rng.choice(child.states)) for at in product(*(v.states for v in parents))}
    cpd = deterministic(child, parents, lambda *labels: values[labels])
    assert (cpd.child, cpd.parents, type(cpd)) == (child, tuple(parents), CPD)
    for at, label in values.items():
        row = cpd.condition({v.name: x for v, x in zip(parents, at, strict=True)}).array()
        assert row.tolist() == [float(state == label) for state in child.states]


def test_a_child_of_many_states_has_its_non_zeros_listed():
    digits = [Variable(f"d{i}", 10) for i in range(3)]
    number = Variable("number", 1000)
    cpd = deterministic(number, digits, lambda a, b, c: 100 * a + 10 * b + c)
    assert cpd.scaled.sparse
    assert cpd.scaled.pattern.nnz == 1000
    net = BayesianNetwork([*(CPD(d, [], np.arange(1, 11) / 55) for d in digits), cpd])
    expected = np.multiply.outer(np.multiply.outer(np.arange(1, 11), np.arange(1, 11)), np.arange(1, 11)) / 55**3
    assert np.abs(infer(net).marginal("number").array() - expected.ravel()).max() < 1e-15
    assert infer(net, {"number": 407}).marginal("d1").array().tolist() == [1.0] + 9 * [0.0]


def test_a_wide_sum_is_convolved():
    coins = [Variable(f"c{i}", 2) for i in range(11)]
    heads = Variable("heads", 12)
    net = BayesianNetwork([*(CPD(c, [], [0.5, 0.5]) for c in coins), deterministic(heads, coins, lambda *c: sum(c))])
    binomial = [1, 11, 55, 165, 330, 462, 462, 330, 165, 55, 11, 1]
    assert np.abs(infer(net).marginal("heads").array() - np.array(binomial) / 2048).max() < 1e-15


def test_the_exclusive_or_agrees_with_pgmpy():
    a, b, y = Variable("a", 2), Variable("b", 2), Variable("y", ["even", "odd"])
    net = BayesianNetwork(
        [CPD(a, [], [0.3, 0.7]), CPD(b, [a], [[0.9, 0.1], [0.4, 0.6]]), deterministic(y, [a, b], _parity)]
    )
    expected = PgmpyElimination(net, {"y": "odd"}).marginal("a")
    assert np.abs(infer(net, {"y": "odd"}).marginal("a").array() - expected).max() < 1e-12


def _parity(a, b):
    return "odd" if (a + b) % 2 else "even"


def test_a_label_that_is_no_state_is_named_with_the_states_of_the_parents():
    a, b, y = Variable("a", 2), Variable("b", ["u", "v"]), Variable("y", ["even", "odd"])
    message = (
        r"the function of 'y' at a=1, b=v returns what is no state: 'Odd' does not exist; allowed: 'even', 'odd'; did"
    )
    with pytest.raises(UnknownName, match=message):
        deterministic(y, [a, b], lambda a, b: "Odd" if (a, b) == (1, "v") else "even")
    with pytest.raises(UnknownName, match=r"at a=0 returns what is no state: \[1\]"):
        deterministic(y, [a], lambda a: [1])
    with pytest.raises(UnknownName, match=r"the function of 'y' returns what is no state: None"):
        deterministic(y, [], lambda: None)
    with pytest.raises(InvalidArgument, match=r"the function of 'y' is \{0: 1\}; allowed: a callable"):
        deterministic(y, [a], {0: 1})
    with pytest.raises(InvalidModel, match=r"'y' twice"):
        deterministic(y, [y], lambda y: y)


def test_what_the_function_raises_comes_with_the_states_of_the_parents():
    a, y = Variable("a", 3), Variable("y", 3)
    with pytest.raises(ZeroDivisionError) as error:
        deterministic(y, [a], lambda a: 2 // a)
    assert error.value.__notes__ == ["raised by the function of 'y' at a=0"]


# --- uniform ---------------------------------------------------------------------------------------------------------
def test_uniform_rows_are_equal():
    y, a = Variable("y", 3), Variable("a", 2)
    assert np.abs(uniform(y, [a]).array() - 1 / 3).max() < 1e-16
    assert uniform(y).array().tolist() == uniform(y, [a]).array()[0].tolist()
    assert (uniform(y, [a]).scope, uniform(y).scope) == (("a", "y"), ("y",))


# --- noisy-OR --------------------------------------------------------------------------------------------------------
@quick
@given(seed=seeds)
def test_a_noisy_or_is_the_product_of_the_failures_of_present_causes(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 6))
    strengths = [Fraction(int(k), 64) for k in rng.integers(0, 65, n)]
    leak = Fraction(int(rng.integers(0, 65)), 64)
    causes = [Variable(f"c{i}", 2) for i in range(n)]
    cpd = noisy_or(Variable("y", 2), causes, strengths, leak)
    for at in product((0, 1), repeat=n):
        failure = (1 - leak) * prod((1 - p for p, on in zip(strengths, at, strict=True) if on), start=Fraction(1))
        assert abs(cpd.array()[(*at, 0)] - float(failure)) < 1e-15
        assert abs(cpd.array()[(*at, 1)] - float(1 - failure)) < 1e-15


def test_a_small_strength_keeps_its_digits():
    found = noisy_or(FEVER, [COLD, FLU], [1e-20, 2e-20], leak=3e-20).array()
    assert abs(found[1, 1, 1] / 6e-20 - 1) < 1e-15


def test_a_noisy_or_is_the_network_of_its_hidden_effects_in_pgmpy():
    priors = [CPD(COLD, [], [0.8, 0.2]), CPD(FLU, [COLD], [[0.9, 0.1], [0.6, 0.4]])]
    short = BayesianNetwork([*priors, noisy_or(FEVER, [COLD, FLU], {"flu": 0.8, "cold": 0.4}, leak=0.1)])
    z, w, leak = (Variable(name, ["no", "yes"]) for name in ("z", "w", "leak"))
    either = deterministic(FEVER, [z, w, leak], lambda *effects: "yes" if "yes" in effects else "no")
    hidden = [CPD(z, [COLD], [[1, 0], [0.6, 0.4]]), CPD(w, [FLU], [[1, 0], [0.2, 0.8]]), CPD(leak, [], [0.9, 0.1])]
    long = BayesianNetwork([*priors, *hidden, either])
    for label in ("no", "yes"):
        expected = PgmpyElimination(long, {"fever": label}).marginal("cold", "flu")
        found = infer(short, {"fever": label}).marginal("cold", "flu").array()
        assert np.abs(found - expected).max() < 1e-12


def test_the_absent_state_is_the_first_one_or_the_one_named():
    usual = noisy_or(FEVER, [COLD, FLU], [0.4, 0.8], 0.1).array()
    turned = [Variable(name, ["yes", "no"]) for name in ("cold", "flu", "fever")]
    for absent in ("no", {v.name: "no" for v in turned}):
        found = noisy_or(turned[2], turned[:2], [0.4, 0.8], 0.1, absent=absent).array()
        assert np.abs(found - usual[::-1, ::-1, ::-1]).max() < 1e-16
    mixed = noisy_or(FEVER, [COLD, turned[1]], [0.4, 0.8], 0.1, absent={"flu": "no"}).array()
    assert np.abs(mixed - usual[:, ::-1]).max() < 1e-16


def test_a_first_state_that_reads_like_presence_is_refused_unless_absence_is_named():
    for states in (["yes", "no"], [True, False], [1, 0], ["True", "False"]):
        with pytest.raises(InvalidModel, match=r"first state of 'flu'.*allowed: absence first; absent={'flu': "):
            noisy_or(FEVER, [Variable("flu", states)], [0.5])


def test_divorced_causes_are_the_noisy_or_of_all():
    causes = [Variable(f"c{i}", 2) for i in range(6)]
    strengths, y, left, right = np.arange(1, 7) / 10, *(Variable(name, 2) for name in ("y", "left", "right"))
    priors = [CPD(c, [], [0.7, 0.3]) for c in causes]
    whole = BayesianNetwork([*priors, noisy_or(y, causes, strengths, 0.05)])
    halves = [noisy_or(left, causes[:3], strengths[:3]), noisy_or(right, causes[3:], strengths[3:])]
    parts = BayesianNetwork([*priors, *halves, noisy_or(y, [left, right], [1, 1], 0.05)])
    for label in (0, 1):
        a, b = (infer(net, {"y": label}).marginal("c0", "c4").array() for net in (whole, parts))
        assert np.abs(a - b).max() < 1e-15


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            ([0.4],),
            InvalidModel,
            "'fever' is given 1 strengths; allowed: 2, one for each parent: 'cold', 'flu'; or a map",
        ),
        ((0.4,), InvalidModel, "'fever' is given 0.4; allowed: 2"),
        (({"cold": 0.4},), InvalidModel, "'fever' has no strength of its parent 'flu'"),
        (({"cold": 0.4, "flue": 0.2},), UnknownName, "parent of 'fever' 'flue' does not exist.*did you mean 'flu'"),
        (([0.4, 1.5],), InvalidModel, "the strength of 'flu' is 1.5; allowed: a probability, 0 … 1"),
        (([0.4, "0.5"],), InvalidModel, "the strength of 'flu' is '0.5'; allowed: a probability"),
        (([0.4, None],), InvalidModel, "the strength of 'flu' is None; allowed: a probability"),
        (([0.4, 0.5], -0.1), InvalidModel, "noisy-OR of 'fever': the leak is -0.1; allowed: a probability"),
        (([0.4, 0.5], float("nan")), InvalidModel, "the leak is nan"),
    ],
)
def test_wrong_strengths_are_named(arguments, kind, message):
    with pytest.raises(kind, match=message):
        noisy_or(FEVER, [COLD, FLU], *arguments)


def test_variables_of_more_than_two_states_belong_to_a_noisy_max():
    with pytest.raises(InvalidModel, match=r"'x' has the states 0, 1, 2; allowed: two states.*noisy_max takes"):
        noisy_or(FEVER, [Variable("x", 3)], [0.5])
    with pytest.raises(UnknownName, match=r"variable of absent 'flux' does not exist"):
        noisy_or(FEVER, [FLU], [0.5], absent={"flux": "no"})
    with pytest.raises(UnknownName, match=r"state of 'flu': 'off' does not exist"):
        noisy_or(FEVER, [FLU], [0.5], absent="off")


# --- noisy-MAX -------------------------------------------------------------------------------------------------------
def random_effects(rng, parents, n):
    """P_i(y | x_i) of each parent, with zeros; the first state is absence."""
    tables = []
    for parent in parents:
        table = rng.random((parent.cardinality, n)) * (rng.random((parent.cardinality, n)) < 0.7) + np.eye(n)[-1] * 1e-3
        table /= table.sum(axis=1, keepdims=True)
        table[0] = np.eye(n)[0]
        tables.append(table)
    return tables


@quick
@given(seed=seeds)
def test_a_noisy_max_is_the_largest_of_the_enumerated_effects(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    parents = [Variable(f"p{i}", int(rng.integers(1, 4))) for i in range(rng.integers(0, 4))]
    tables, leak = random_effects(rng, parents, n), rng.dirichlet(np.ones(n))
    up = noisy_max(Variable("y", n), parents, tables, leak).array()
    down = noisy_max(Variable("y", n), parents, [t[:, ::-1] for t in tables], leak[::-1], absent=_last(n)).array()
    for at in product(*(range(v.cardinality) for v in parents)):
        expected = enumerated_max([table[k] for table, k in zip(tables, at, strict=True)], leak)
        assert np.abs(up[at] - expected).max() < 1e-15
        assert np.abs(down[at] - expected[::-1]).max() < 1e-15


def _last(n):
    return {"y": n - 1}


def test_a_noisy_max_of_two_states_is_a_noisy_or():
    rows = {"cold": {"yes": [0.6, 0.4]}, "flu": {"yes": [0.2, 0.8], "no": [1, 0]}}
    found = noisy_max(FEVER, [COLD, FLU], rows, [0.9, 0.1]).array()
    assert np.abs(found - noisy_or(FEVER, [COLD, FLU], [0.4, 0.8], 0.1).array()).max() < 1e-16


def test_divorced_causes_are_the_noisy_max_of_all():
    rng = np.random.default_rng(5)
    parents = [Variable(f"p{i}", 3) for i in range(4)]
    tables = random_effects(rng, parents, 3)
    y, left, right = (Variable(name, GRADES) for name in ("y", "left", "right"))
    priors = [CPD(p, [], rng.dirichlet(np.ones(3))) for p in parents]
    whole = BayesianNetwork([*priors, noisy_max(y, parents, tables, [0.8, 0.1, 0.1])])
    halves = [noisy_max(left, parents[:2], tables[:2]), noisy_max(right, parents[2:], tables[2:], [0.8, 0.1, 0.1])]
    parts = BayesianNetwork([*priors, *halves, noisy_max(y, [left, right], [np.eye(3), np.eye(3)])])
    for label in GRADES:
        a, b = (infer(net, {"y": label}).marginal("p0", "p3").array() for net in (whole, parts))
        assert np.abs(a - b).max() < 1e-15


@pytest.mark.parametrize(
    ("effects", "kind", "message"),
    [
        ([[[1, 0, 0]]], InvalidModel, "the effect of 'flu' has 1 rows; allowed: 2, one for each state of 'flu'"),
        ([0.5], InvalidModel, "the effect of 'flu' has 1 rows"),
        ([{}], InvalidModel, "the effect of 'flu' has no row for its state 'yes'; allowed: one for each but absence"),
        ([{"yess": [1, 0, 0]}], UnknownName, "state of 'flu': 'yess' does not exist"),
        (
            [{"yes": [1, 0]}],
            InvalidModel,
            r"'flu' at flu=yes has the shape \(2,\); allowed: \(3,\): one number for each",
        ),
        ([{"yes": [0.5, 0.2, 0.2]}], InvalidModel, "at flu=yes sums to 0.9; allowed: 1 within 1e-9"),
        ([{"yes": [1.5, -0.5, 0]}], InvalidModel, "at flu=yes is -0.5 at y=mild; allowed: finite numbers ≥ 0"),
        ([{"yes": ["a", 0, 0]}], InvalidModel, "at flu=yes is no list of numbers"),
        ([[[0.9, 0.1, 0], [0, 0, 1]]], InvalidModel, r"at flu=no, where it is absent, is \[0.9, 0.1, 0.0\]; .*y=none"),
        ({"cold": {}}, UnknownName, "parent of 'y' 'cold' does not exist"),
    ],
)
def test_wrong_effects_are_named(effects, kind, message):
    with pytest.raises(kind, match=message):
        noisy_max(Variable("y", GRADES), [FLU], effects)


def test_absence_of_the_child_is_at_an_end_of_its_states():
    with pytest.raises(
        InvalidModel, match=r"absent state 'mild' is neither the first nor the last of 'none', 'mild', 'strong'"
    ):
        noisy_max(Variable("y", GRADES), [FLU], [{"yes": [0, 0, 1]}], absent={"y": "mild"})
    with pytest.raises(InvalidModel, match=r"noisy-MAX of 'y': the leak sums to 0.9"):
        noisy_max(Variable("y", GRADES), [FLU], [{"yes": [0, 0, 1]}], [0.9, 0, 0])


# --- all forms -------------------------------------------------------------------------------------------------------
def test_a_table_of_too_many_parents_is_refused_before_anything_is_made():
    many = [Variable(f"c{i}", 2) for i in range(40)]
    y = Variable("y", 2)
    for make in (
        lambda: noisy_or(y, many, np.full(40, 0.5)),
        lambda: noisy_max(y, many, [np.eye(2)] * 40),
        lambda: uniform(y, many),
        lambda: deterministic(y, many, pytest.fail),
        lambda: deterministic(Variable("y", 10**6), many, pytest.fail),
    ):
        with pytest.raises(TooLarge, match=r"the table of 'y' with 40 parents needs .*TiB.*divorce the parents"):
            make()


@pytest.mark.parametrize("kind", ["json", "bif", "uai"])
def test_the_forms_are_written_and_read_as_any_table(kind, tmp_path):
    y = Variable("y", 600)
    digits = [Variable(f"d{i}", 25) for i in range(2)]
    wide = deterministic(y, digits, lambda a, b: (25 * a + b) % 600)
    assert wide.scaled.sparse
    net = BayesianNetwork(
        [
            uniform(COLD),
            uniform(FLU, [COLD]),
            noisy_or(FEVER, [COLD, FLU], [0.4, 0.8], 0.1),
            *map(uniform, digits),
            wide,
        ]
    )
    again = load_network(save_network(net, tmp_path / f"net.{kind}"))
    for one, other in zip(net.cpds, again.cpds, strict=True):
        assert np.abs(one.array() - other.array()).max() < 1e-15
