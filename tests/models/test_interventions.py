"""Interventions against the truncated factorisation by enumeration, the adjustment formula, and the process itself."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given

from control_pgm import (
    CPD,
    MDP,
    BayesianNetwork,
    ControlNetwork,
    DynamicBayesianNetwork,
    Factor,
    FactorGraph,
    TwoSliceTemplate,
    Variable,
    d_separated,
    do,
    evaluate,
    gridworld,
    infer,
    solve,
    unroll,
)
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, UnknownName
from control_pgm.interop.engines.pgmpy import PgmpyElimination
from tests.strategies import quick, random_network, seeds


def truncated(net, states):
    """p(v | do(states)) of every assignment: the factors and the CPDs of all other variables, by their entries."""
    names = list(net.variables)
    kept = [table for table in net.tables if not (isinstance(table, CPD) and table.child.name in states)]
    weights = {}
    for labels in product(*(net.variables[name].states for name in names)):
        at = dict(zip(names, labels, strict=True))
        if all(at[name] == label for name, label in states.items()):
            entries = [t.array()[tuple(v.index(at[v.name]) for v in t.variables)] for t in kept]
            weights[labels] = float(np.prod(entries))
    total = sum(weights.values())
    return names, {labels: weight / total for labels, weight in weights.items()} if total > 0 else {}


def marginal(net, names, table, name):
    """One variable's marginal of an enumerated table."""
    p = dict.fromkeys(net.variables[name].states, 0.0)
    for labels, weight in table.items():
        p[labels[names.index(name)]] += weight
    return list(p.values())


@quick
@given(seed=seeds)
def test_an_intervention_is_the_truncated_factorisation(seed):
    net, rng = random_network(seed), np.random.default_rng([seed, 8])
    chosen = [v for v in net.variables.values() if rng.random() < 0.4] or list(net.variables.values())[:1]
    states = {v.name: v.states[rng.integers(v.cardinality)] for v in chosen}
    changed = do(net, states)
    names, table = truncated(net, states)
    for name in states:
        assert changed.cpd(name).parents == ()
        assert changed.cpd(name).value({name: states[name]}) == 1.0
    if not table:  # a factor excludes the states
        with pytest.raises(ImpossibleEvidence):
            infer(changed)
        return
    posterior = infer(changed)
    for name in net.variables:
        expected = marginal(net, names, table, name)
        assert np.abs(posterior.marginal(name).array() - expected).max() < 1e-12
    assert [cpd for cpd in changed.cpds if cpd.child.name not in states] == [
        cpd for cpd in net.cpds if cpd.child.name not in states
    ]


def sprinkler():
    """The lawn of Pearl (2009), figure 1.2: season -> sprinkler, rain -> wet -> slippery."""
    season = Variable("season", ["winter", "spring", "summer", "fall"])
    on, rain, wet, slippery = (Variable(n, ["no", "yes"]) for n in ("sprinkler", "rain", "wet", "slippery"))
    return BayesianNetwork(
        [
            CPD(season, [], [0.25, 0.25, 0.25, 0.25]),
            CPD(on, [season], [[0.99, 0.01], [0.7, 0.3], [0.2, 0.8], [0.8, 0.2]]),
            CPD(rain, [season], [[0.4, 0.6], [0.6, 0.4], [0.9, 0.1], [0.5, 0.5]]),
            CPD(wet, [on, rain], [[[1.0, 0.0], [0.1, 0.9]], [[0.1, 0.9], [0.01, 0.99]]]),
            CPD(slippery, [wet], [[1.0, 0.0], [0.3, 0.7]]),
        ]
    )


def test_a_sprinkler_that_was_switched_on_says_nothing_of_the_season():
    net = sprinkler()
    seen, done = infer(net, {"sprinkler": "yes"}), infer(do(net, sprinkler="yes"))
    assert np.abs(done.marginal("season").array() - 0.25).max() < 1e-15
    assert np.abs(done.marginal("rain").array() - [0.6, 0.4]).max() < 1e-15
    # p(rain | do(on)) = (0.6 + 0.4 + 0.1 + 0.5) / 4; p(rain | on) weighs the seasons by 0.01, 0.3, 0.8, 0.2
    weighed = (0.01 * 0.6 + 0.3 * 0.4 + 0.8 * 0.1 + 0.2 * 0.5) / 1.31
    assert abs(seen.marginal("rain").value({"rain": "yes"}) - weighed) < 1e-15
    assert abs(done.marginal("wet").value({"wet": "yes"}) - (0.6 * 0.9 + 0.4 * 0.99)) < 1e-15
    assert not d_separated(net, "sprinkler", "season")
    assert d_separated(do(net, sprinkler="yes"), "sprinkler", "season")


@quick
@given(seed=seeds)
def test_a_confounder_is_adjusted_for(seed):
    """p(y | do(x)) = sum_z p(y | x, z) p(z) where z points at both (Pearl 2009, equation 3.19)."""
    rng = np.random.default_rng(seed)
    z, x, y = (Variable(name, int(n)) for name, n in zip("zxy", rng.integers(2, 5, 3), strict=True))
    pz, px = rng.dirichlet(np.ones(z.cardinality)), rng.dirichlet(np.ones(x.cardinality), z.cardinality)
    py = rng.dirichlet(np.ones(y.cardinality), (x.cardinality, z.cardinality))
    net = BayesianNetwork([CPD(z, [], pz), CPD(x, [z], px), CPD(y, [x, z], py)])
    observational = PgmpyElimination(net, {}).marginal("z", "x", "y")  # all that a study without interventions sees
    p_y = observational / observational.sum(axis=2, keepdims=True)
    for state in x.states:
        adjusted = observational.sum(axis=(1, 2)) @ p_y[:, state]
        assert np.abs(infer(do(net, x=state)).marginal("y").array() - adjusted).max() < 1e-12


def test_evidence_after_an_intervention_is_ordinary_evidence():
    done = do(sprinkler(), {"sprinkler": "no"}, rain="yes")
    expected = PgmpyElimination(done, {"slippery": "yes"}).marginal("season")
    assert np.abs(infer(done, {"slippery": "yes"}).marginal("season").array() - expected).max() < 1e-12
    assert np.abs(expected - 0.25).max() < 1e-12
    with pytest.raises(ImpossibleEvidence, match="sprinkler=yes"):
        infer(done, {"sprinkler": "yes"})


def test_factors_that_mention_what_is_set_stay():
    net = sprinkler()
    on, wet = net.variable("sprinkler"), net.variable("wet")
    seen = Factor([on, wet], [[1.0, 2.0], [3.0, 5.0]])
    done = do(net.extend(seen), sprinkler="yes")
    assert done.factors == (seen,)
    plain = infer(do(net, sprinkler="yes")).marginal("wet").array() * [3.0, 5.0]
    assert np.abs(infer(done).marginal("wet").array() - plain / plain.sum()).max() < 1e-15
    assert abs(infer(done).log_evidence - np.log(plain.sum())) < 1e-14


def test_a_slice_of_an_unrolled_network_is_set():
    x, x1, y = Variable("x", 2), Variable("x'", 2), Variable("y", 2)
    step = [[0.9, 0.1], [0.3, 0.7]]
    chain = TwoSliceTemplate([CPD(x, [], [1, 0])], [CPD(y, [x], [[0.8, 0.2], [0.1, 0.9]]), CPD(x1, [x], step)]).unroll(
        6
    )
    done = do(chain, x_3=1)
    assert isinstance(done, DynamicBayesianNetwork)
    assert (done.horizon, set(done.replaced)) == (6, {"x_3"})
    posterior = infer(done, {"y_5": 1})
    assert np.abs(posterior.marginal("x_2").array() - np.linalg.matrix_power(np.array(step), 2)[0]).max() < 1e-15
    after = np.array([0.0, 1.0]) @ np.linalg.matrix_power(np.array(step), 2) * [0.2, 0.9]
    assert np.abs(posterior.marginal("x_5").array() - after / after.sum()).max() < 1e-15


def test_a_plan_that_is_set_has_the_states_of_its_simulation():
    mdp = gridworld("S..\n.#.\n..G", slip=0.2)
    plan = ["right", "right", "down", "down", "down"]
    net = unroll(mdp, 5, temperature=0.3)
    done = do(net, {f"a_{t}": label for t, label in enumerate(plan)})
    assert isinstance(done, ControlNetwork)
    policy = np.zeros((5, mdp.n_states, mdp.n_actions))
    for t, label in enumerate(plan):
        policy[t, :, mdp.actions.index(label)] = 1.0
    real = evaluate(mdp, policy)
    prior = infer(done)  # without optimality
    for t in range(6):
        assert np.abs(prior.marginal(f"s_{t}").array() - real.state_marginals[t, : mdp.n_states]).max() < 1e-12


@pytest.mark.parametrize("axes", ["sa", "sas"])
def test_an_action_that_is_set_weighs_its_outcomes_by_their_rewards(axes):
    rng = np.random.default_rng(3)
    dynamics, prior = rng.dirichlet(np.ones(3), (3, 2)), np.array([0.3, 0.7])
    reward = rng.normal(size=(3, 2, 3)[: len(axes)])
    mdp = MDP(dynamics, reward, initial=[0.2, 0.5, 0.3], reward_axes=axes)
    net = unroll(mdp, 2, temperature=0.5, action_prior=prior)
    done = do(net, a_0=mdp.actions[1], s_2=mdp.states[2])
    paid = np.exp((reward if axes == "sas" else np.repeat(reward[:, :, None], 3, axis=2)) / 0.5)
    weights = np.zeros((3, 2, 3))  # [s_0, a_1, s_1], with a_0 = 1 and s_2 = 2
    for s, b, x in product(range(3), range(2), range(3)):
        second = paid[x, b, 2] if axes == "sas" else paid[x, b, 0]
        weights[s, b, x] = mdp.initial[s] * dynamics[s, 1, x] * paid[s, 1, x] * prior[b] * second
    posterior = done.infer()
    assert np.abs(posterior.marginal("s_0", "a_1", "s_1").array() - weights / weights.sum()).max() < 1e-12
    unshifted = posterior.log_evidence + done.reward_shift.sum() / 0.5
    assert abs(unshifted - np.log(weights.sum())) < 1e-12
    assert np.abs(solve(done).policy[0, :, 1] - 1.0).max() < 1e-12


def test_many_variables_set_at_once_are_those_set_one_after_another():
    net = unroll(gridworld("S.G", slip=0.1), 4, temperature=0.5)
    labels = {"a_0": "right", "s_2": "(0,1)", "a_3": "left", "s_4": "(0,0)"}
    once, step_by_step = do(net, labels), net
    for name, label in labels.items():
        step_by_step = do(step_by_step, {name: label})
    assert np.array_equal(once.reward_shift, step_by_step.reward_shift)
    assert list(once.replaced_steps) == list(step_by_step.replaced_steps)
    for one, other in zip(once.cpds, step_by_step.cpds, strict=True):
        assert one.scope == other.scope
        assert np.array_equal(one.array(), other.array())


@pytest.mark.parametrize(
    ("states", "kind", "message"),
    [
        ({"sprinkle": "yes"}, UnknownName, "variable 'sprinkle' does not exist.*did you mean 'sprinkler'"),
        ({"sprinkler": "on"}, UnknownName, "state of 'sprinkler': 'on' does not exist; allowed: 'no', 'yes'"),
        ({"sprinkler": 1}, UnknownName, "positions are not taken: number 1 is 'yes'"),
        ({Variable("rain", 2): "yes"}, UnknownName, "variables go by their names: 'rain'"),
        ({}, InvalidArgument, r"do\(…\) sets no variable; allowed: {variable name: state label}, at least one"),
        ("rain", InvalidArgument, r"do\('rain'\) is not a mapping; allowed: .*name=label as keywords"),
        (
            {"rain": {"no": 0.5, "yes": 0.5}},
            InvalidArgument,
            r"no single state; allowed: .*'no'; a distribution replaces",
        ),
    ],
)
def test_what_cannot_be_set_is_named(states, kind, message):
    with pytest.raises(kind, match=message):
        do(sprinkler(), states)


def test_a_variable_is_set_once():
    with pytest.raises(InvalidArgument, match=r"do\(…\) sets 'rain' in the mapping and as a keyword"):
        do(sprinkler(), {"rain": "no"}, rain="yes")


def test_what_has_no_directions_has_no_interventions():
    x = Variable("x", 2)
    with pytest.raises(InvalidArgument, match=r"do\(…\) of a FactorGraph: its factors have no directions"):
        do(FactorGraph([Factor([x], [1, 2])]), x=1)
    with pytest.raises(
        InvalidArgument, match=r"do\(…\) of MDP; allowed: .*; templates and decision processes are unrolled"
    ):
        do(gridworld("S.G"), a_0="left")
    with pytest.raises(InvalidArgument, match=r"do\(…\) of TwoSliceTemplate; .*unrolled first"):
        do(TwoSliceTemplate([CPD(x, [], [0, 1])], [CPD(Variable("x'", 2), [], [0, 1])]), x=1)


def test_the_model_stays_as_it_is():
    net = sprinkler()
    before = net.cpds
    do(net, sprinkler="yes")
    assert net.cpds is before
    assert net.cpd("sprinkler").parents == (net.variable("season"),)
