"""Watching messages: every step is the engine's message, its formula says what was multiplied and summed."""

import re

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, Factor, Variable, gridworld, infer, solve, unroll
from control_pgm.errors import InvalidArgument
from control_pgm.inference.trace import trace
from control_pgm.tables.factor import contract
from tests.strategies import random_factor_graph, random_network


def in_words(model, posterior, steps):
    """Every message worked out from its formula alone, by multiplying whole tables and summing."""
    sent = {}
    tables = {}
    for factor in model.tables:
        sliced = factor.condition({n: posterior.evidence[n] for n in factor.scope if n in posterior.evidence})
        names = [f"{n}={posterior.evidence[n]}" if n in posterior.evidence else n for n in factor.scope]
        child, given = names[-1:], names[:-1]
        text = f"phi({','.join(names)})"
        if isinstance(factor, CPD):
            text = f"p({child[0]}{'|' + ','.join(given) if given else ''})"
        tables.setdefault(text, []).append(sliced)
    for step in steps:
        body = step.formula.removesuffix(", which is one")
        body = re.sub(r"^sum over .*? of ", "", body)
        used = {text: iter(factors) for text, factors in tables.items()}
        factors = []
        for term in body.split(" · "):
            if term.startswith("message from "):
                factors.append(sent[term.removeprefix("message from "), step.source])
            elif term != "1":
                factors.append(next(used[term]))
        onto = list(step.values.variables)
        missing = [v for v in onto if not any(v.name in f.scope for f in factors)]
        factors += [Factor([v], np.ones(v.cardinality)) for v in missing]
        value = contract(factors, onto)
        sent[step.source, step.target] = value
        yield step, value


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("make", [random_network, random_factor_graph])
def test_every_message_is_what_its_formula_says(make, seed):
    model = make(seed, zeros=0.0)
    rng = np.random.default_rng(seed)
    observed = {v.name: v.states[0] for v in model.variables.values() if rng.random() < 0.3}
    posterior = infer(model, observed)
    steps = list(trace(posterior))
    checked = 0
    for step, value in in_words(model, posterior, steps):
        assert np.allclose(step.values.array(*step.values.scope), value.array(*step.values.scope), rtol=1e-12, atol=0)
        checked += 1
    assert checked == len(steps) == len(posterior.messages) + len(posterior.plan.tree.roots)


@pytest.mark.parametrize("seed", range(10))
def test_the_messages_and_their_order_are_the_engines(seed):
    posterior = infer(random_network(seed))
    steps = [step for step in trace(posterior) if step.target is not None]
    assert [(s.source, s.target) for s in steps] == [(m.source, m.target) for m in posterior.messages]
    for step, message in zip(steps, posterior.messages, strict=True):
        assert step.upward == message.upward
        assert np.array_equal(step.values.log_array(), message.factor.log_array())


@pytest.mark.parametrize("seed", range(10))
def test_the_roots_add_up_to_the_evidence(seed):
    network = random_network(seed, soft=False, zeros=0.0)
    last = network.topological[-1]
    posterior = infer(network, {last: network.variable(last).states[0]})
    roots = [step for step in trace(posterior) if step.target is None]
    constants = sum(float(f.log_array().sum()) for f in network.tables if set(f.scope) == {last})
    total = sum(float(step.values.scaled.log()) for step in roots) + constants
    assert abs(total - posterior.log_evidence) < 1e-12


def test_the_textbook_network_reads_as_the_textbook():
    posterior = solve(unroll(gridworld("S.G"), 4, temperature=0.5)).posterior
    steps = list(trace(posterior))
    formulas = {(step.source, step.target): step.formula for step in steps}
    assert formulas["a_3", "s_3"] == "sum over a_3 of p(a_3) · message from s_4"
    assert formulas["s_3", "a_2"] == ("sum over s_3 of p(s_3|s_2,a_2) · p(O_2=1|s_2,a_2,s_3) · message from a_3")
    assert steps[0].eliminated == ("s_4",)
    assert [step.number for step in steps] == list(range(1, steps[0].total + 1))


def test_a_long_network_is_traced_lazily_and_to_its_end():
    posterior = solve(unroll(gridworld("S.G"), 300, temperature=0.5)).posterior
    steps = trace(posterior)
    assert next(steps).source == "s_300"
    assert sum(1 for _ in steps) == 4 * 300 + 1 - 1
    backward = solve(unroll(gridworld("S.G"), 300, temperature=0.5)).log_backward
    beta = next(step for step in trace(posterior) if (step.source, step.target) == ("a_150", "s_150"))
    assert np.abs(beta.values.log_array() - backward.sel(t=150)).max() < 1e-12


def test_a_naming_function_gives_names():
    x, y = Variable("x", 2), Variable("y", 2)
    posterior = infer(BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], [[0.5, 0.5], [0.1, 0.9]])]), {"y": 1})
    named = list(trace(posterior, naming=lambda step: f"to {step.target}"))
    assert [step.name for step in named] == ["to None"]
    assert str(named[0]).startswith("1/1  x, a root: to None\nsum over x of p(x) · p(y=1|x)\n")
    assert repr(named[0]) == "Step(1/1  x, a root: to None)"


def test_only_messages_on_a_tree_are_traced():
    x = Variable("x", 2)
    posterior = infer(BayesianNetwork([CPD(x, [], [0.5, 0.5])]), method="enumeration")
    with pytest.raises(InvalidArgument, match=r"EnumeratedPosterior.*method='exact'"):
        trace(posterior)
