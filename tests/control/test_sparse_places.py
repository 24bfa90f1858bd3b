"""A factor whose non-zeros are listed, at any place of a control network: every answer is that of the dense factor."""

import numpy as np
import pytest

from control_pgm import MDP, Factor, FactorGraph, SparseFactor, crosscheck, gridworld, infer, infer_many, solve, unroll
from control_pgm.errors import ControlPGMError, NotAvailable
from control_pgm.explorer.data import page_data
from control_pgm.inference.tree.batch import TreeBatch
from control_pgm.interop.records.network_record import network_record
from tests.control.instances import rows
from tests.strategies import listed

PLACES = {
    "state": ("s", 0),
    "action": ("a", 0),
    "optimality": ("O", 0),
    "state, action": ("s", 0, "a", 0),
    "action, state": ("a", 0, "s", 0),
    "action, next state": ("a", 0, "s", 1),
    "step": ("s", 1, "a", 0, "s", 0),
}
TIMES = {"first": 0, "middle": 4, "last": 8}
HORIZON = 9  # long enough for steps to be run as one
ARRAYS = ("policy", "Q", "V", "advantage", "defined", "state_marginals", "state_action_marginals", "terminated")
MESSAGES = ("log_backward", "log_backward_action", "log_forward", "log_evidence", "soft_value")
NUMBERS = ("value", "elbo", "gap", "log_probability", "expected_reward", "log_evidence")

place = pytest.mark.parametrize("place", PLACES)
time = pytest.mark.parametrize("time", [*TIMES, "everywhere"])


def pair(place, time, **options):
    """The network extended by dense factors with zeros, and by the same factors sparse."""
    rng = np.random.default_rng([list(PLACES).index(place), 5])
    mdp = MDP(rows(rng, 3, 2, 3), rng.normal(size=(3, 2)), initial=rows(rng, 3), discount=0.9)
    net = unroll(mdp, HORIZON, **options)
    form, numbers = PLACES[place], None
    factors = []
    for t in range(HORIZON) if time == "everywhere" else [TIMES[time]]:
        scope = [net.variable(f"{base}_{t + later}") for base, later in zip(form[::2], form[1::2], strict=True)]
        if numbers is None:
            numbers = rng.random([v.cardinality for v in scope]) + 0.1
            numbers.flat[0] = 0.0
        factors.append(Factor(scope, numbers))
    return net.extend(*factors), net.extend(*map(listed, factors))


def answer(ask, model):
    """What is answered, or the kind of refusal, of the model itself or of the question."""
    if isinstance(model, type):
        return model
    try:
        return ask(model)
    except (NotAvailable, ControlPGMError) as error:
        return type(error)


def assert_same(ask, dense, sparse, what):
    """Numbers within rounding, all others equal."""
    expected, found = answer(ask, dense), answer(ask, sparse)
    if isinstance(expected, type):
        assert found is expected, what
    else:
        assert np.shape(found) == np.shape(expected), what
        assert np.allclose(found, expected, rtol=1e-12, atol=1e-12, equal_nan=True), what


@place
@time
def test_solutions_of_every_type_of_inference(place, time):
    dense, sparse = pair(place, time, action_prior="counting" if time == "middle" else None)
    for inference, risk in (("variational", None), ("bellman", None), ("planning", 0.7), ("map", None)):
        solutions = [
            answer(lambda net, i=inference, r=risk: solve(net, inference=i, risk=r), n) for n in (dense, sparse)
        ]
        for name in (*ARRAYS, *NUMBERS):
            assert_same(lambda s, n=name: np.asarray(getattr(s, n), dtype=float), *solutions, (inference, name))
    for keep in ("memory", "checkpoints"):
        solutions = [answer(lambda net, k=keep: solve(net, keep=k), net) for net in (dense, sparse)]
        for name in (*ARRAYS, *MESSAGES):
            assert_same(lambda s, n=name: np.asarray(getattr(s, n), dtype=float), *solutions, (keep, name))


@place
@time
def test_single_steps(place, time):
    dense, sparse = pair(place, time)
    solutions = [answer(solve, net) for net in (dense, sparse)]
    for t in (0, 4, 8):
        for name in ("policy", "Q", "V", "advantage", "state_marginals", "state_action_marginals"):
            fresh = [s if isinstance(s, type) else type(s)(**vars_of(s)) for s in solutions]
            assert_same(lambda s, n=name, t=t: np.asarray(getattr(s.at(t), n)), *fresh, (t, name))


def vars_of(solution):
    """The fields that a solution was made from, without what it has computed since."""
    return {name: getattr(solution, name) for name in ("network", "inference", "convention", "posterior")}


@place
@time
def test_queries_of_the_posterior(place, time):
    dense, sparse = pair(place, time)
    posteriors = [infer(net, net.optimal) for net in (dense, sparse)]
    assert abs(posteriors[0].log_evidence - posteriors[1].log_evidence) <= 1e-12
    for t in (0, 4, 8):
        for names in ((f"s_{t}",), (f"a_{t}",), (f"a_{t}", f"s_{t}"), (f"s_{t + 1}", f"s_{t}"), ("s_0", f"a_{t}")):
            assert_same(lambda p, n=names: p.marginal(*n).array(), *posteriors, names)
        assert_same(lambda p, t=t: p.conditional(f"a_{t}", given=f"s_{t}", undefined="nan").array(), *posteriors, t)
    best = [p.mode("s_4", "a_4") for p in posteriors]
    assert best[0].assignment == best[1].assignment
    modes, samples = [p.mode() for p in posteriors], [p.sample(20, 0) for p in posteriors]
    assert modes[0].assignment == modes[1].assignment
    assert all(samples[0].labels(f"s_{t}") == samples[1].labels(f"s_{t}") for t in range(HORIZON + 1))
    for mine, theirs in zip(*(p.messages for p in posteriors), strict=True):
        assert np.allclose(mine.factor.log_array(), theirs.factor.log_array(), rtol=0, atol=1e-12), mine


@place
@time
def test_batches(place, time):
    dense, sparse = pair(place, time)
    labels = dense.variable("s_4").states
    batches = [infer_many(net, [{**net.optimal, "s_4": label} for label in labels]) for net in (dense, sparse)]
    together = [TreeBatch([net, net], [net.optimal] * 2, memory_limit=2**26) for net in (dense, sparse)]
    mixed = TreeBatch([dense, sparse], [dense.optimal] * 2, memory_limit=2**26)
    for name in ("s_0", "a_0", "s_3", "a_4", "s_5", "a_8", "s_9"):
        assert_same(lambda b, n=name: b.marginal(n), *batches, name)
        assert_same(lambda b, n=name: b.marginal(n), *together, name)
        assert_same(lambda b, n=name: b.marginal(n), together[0], mixed, name)
    assert_same(lambda b: b.log_evidence, *batches, "evidence")
    assert_same(lambda b: b.log_evidence, together[0], mixed, "evidence")


@place
def test_what_is_written_and_shown(place):
    dense, sparse = pair(place, "middle")
    for name, table in network_record(sparse).arrays.items():
        assert np.allclose(table, network_record(dense).arrays[name], rtol=0, atol=1e-15)
    assert_same(lambda net: infer(FactorGraph.from_model(net, net.optimal)).log_evidence, dense, sparse, "factor graph")
    pages = [answer(lambda net: page_data(solve(net)), net) for net in (dense, sparse)]
    if not isinstance(pages[0], type):
        assert rounded(pages[1]) == rounded(pages[0])


def rounded(data):
    """Plain data with numbers rounded, and one name for both kinds of factors."""
    if isinstance(data, dict):
        return {name: rounded(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [rounded(value) for value in data]
    if isinstance(data, str):
        return data.replace("SparseFactor", "Factor").split(";")[0]
    return round(data, 9) if isinstance(data, float) else data


@place
def test_independent_engines_agree(place):
    rng = np.random.default_rng(6)
    net = unroll(MDP(rows(rng, 3, 2, 3), rng.normal(size=(3, 2))), 2)
    form = PLACES[place]
    scope = [net.variable(f"{base}_{later}") for base, later in zip(form[::2], form[1::2], strict=True)]
    numbers = rng.random([v.cardinality for v in scope]) + 0.1
    numbers.flat[0] = 0.0
    assert crosscheck(net.extend(listed(Factor(scope, numbers))), against="enumeration").passed


def test_a_sparse_waypoint_is_kept():
    net = unroll(gridworld("S..G", step_reward=-0.1), 3)
    solution = solve(net.extend(SparseFactor([net.variable("s_2")], [[2]], [1.0])))
    assert solution.state_marginals[2].tolist() == [0.0, 0.0, 1.0, 0.0]
    assert solution.defined[2].tolist() == [False, False, True, False]
