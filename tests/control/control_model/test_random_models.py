"""Random declarations against sums over all assignments and against the decision tree, by plain loops."""

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, ControlModel, Reward, Variable, infer, solve, unroll
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, NotAvailable
from tests.control.control_model.instances import rows

T, ALPHA = 2, 0.7


def declared(seed):
    """Variables of every role with random parents, information and rewards."""
    rng = np.random.default_rng([seed, 73])

    def pick(among, k):
        return [among[i] for i in rng.permutation(len(among))[:k]]

    def cpd(child, parents, zeros=0.15):
        return CPD(child, parents, rows(rng, *(p.cardinality for p in parents), child.cardinality, zeros=zeros))

    hidden = [Variable(f"s{i}", int(rng.integers(1, 4)), kind="state") for i in range(rng.integers(1, 3))]
    hidden += [Variable("w", 2, kind="latent")] * int(rng.integers(0, 2))
    episode = [Variable("z", 2, kind="latent")] * (rng.random() < 0.4)
    actions = [Variable(f"a{i}", 2, kind="action") for i in range(rng.integers(1, 3))]
    seen = [Variable("o", 2, kind="observation")] * (rng.random() < 0.4)
    after = [Variable(f"{v.name}'", v.states, kind=v.kind) for v in hidden]
    initial = [cpd(v, pick([*hidden[:i], *episode], rng.integers(0, 2))) for i, v in enumerate(hidden)]
    step, sees = [cpd(o, pick(hidden, 1)) for o in seen], {}
    everything = rng.random() < 0.6
    for i, action in enumerate(actions):
        among = [*hidden, *episode, *seen, *actions[:i]]
        known = among if everything else pick(among, rng.integers(1, len(among) + 1))
        step.append(cpd(action, pick(known, rng.integers(0, len(known) + 1))))
        sees[action.name] = [v.name for v in known]
    for i, v in enumerate(after):
        step.append(cpd(v, pick([*hidden, *actions, *episode, *after[:i]], rng.integers(1, 4))))
    rewards = []
    for k in range(rng.integers(1, 4)):
        scope = pick([*hidden, *actions, *episode, *seen, *after], rng.integers(1, 3))
        table = rng.normal(size=[v.cardinality for v in scope])
        rewards.append(
            Reward(f"r{k}", [v.name for v in scope], np.where(rng.random(table.shape) < 0.05, -np.inf, table))
        )
    final = [Reward("end", [hidden[0].name], rng.normal(size=hidden[0].cardinality))] * (rng.random() < 0.4)
    order = [step[i] for i in rng.permutation(len(step))]
    return ControlModel(initial, order, rewards, episode=[cpd(z, [], 0.0) for z in episode], final=final, sees=sees)


def networks(block):
    """Unrolled networks that are small enough for enumeration."""
    for seed in range(20 * block, 20 * block + 20):
        network = unroll(declared(seed), T, temperature=ALPHA)
        free = [v.cardinality for name, v in network.variables.items() if name not in network.optimal]
        if np.prod(free) <= 4000:
            yield network


def tree_value(network, soft):
    """The value of acting with everything before in view: sums over chances, soft or hard maxima over actions."""
    names = [name for name in network.topological if name not in network.optimal]
    acting = {name for _, _, name in network.choices}
    paid, cpds = network.values(), {name: network.cpd(name) for name in network.variables}

    def below(k, at):
        if k == len(names):
            return sum(float(table[tuple(at[p.name] for p in cpds[name].parents)]) for name, table in paid.items())
        row = cpds[names[k]].array()[tuple(at[p.name] for p in cpds[names[k]].parents)]
        possible = np.flatnonzero(row)
        values = np.array([below(k + 1, {**at, names[k]: int(i)}) for i in possible])
        if names[k] not in acting:
            return -np.inf if np.isneginf(values).any() else float(row[possible] @ values)
        top = values.max()
        if soft is None or np.isneginf(top):
            return top
        return top + soft * np.log(row[possible] @ np.exp((values - top) / soft))

    return below(0, {})


@pytest.mark.parametrize("block", range(5))
def test_posterior_policies_are_conditionals_of_the_joint(block):
    for network in networks(block):
        try:
            found = solve(network)
        except ImpossibleEvidence:
            continue
        joint = infer(BayesianNetwork(network.cpds), network.optimal, method="enumeration")
        assert abs(found.log_evidence - joint.log_evidence) <= 1e-11
        for t, base, name in network.choices:
            seen = network.information(base, t)
            expected = joint.conditional(name, given=list(seen), undefined="nan").array(*seen, name)
            own = found.policies[base].values[t]
            defined = ~np.isnan(own)  # elsewhere optimality is impossible
            assert np.abs(own[defined] - expected[defined]).max(initial=0.0) <= 1e-11


@pytest.mark.parametrize(("inference", "soft"), [("bellman", None), ("variational", ALPHA)])
@pytest.mark.parametrize("block", range(5))
def test_values_are_those_of_the_decision_tree(block, inference, soft):
    solved = 0
    for network in networks(block):
        try:
            found = solve(network, inference=inference)
        except (InvalidArgument, ImpossibleEvidence):  # what is hidden matters, or nothing is possible
            continue
        expected = tree_value(network, soft)
        assert found.value == expected or abs(found.value - expected) <= 1e-11
        if inference == "bellman" and np.isfinite(expected):
            assert abs(found.expected_reward - expected) <= 1e-11
        base = network.model.actions[0]
        seen = network.information(base, 0)
        try:
            values = found.state_values[base].values[0]
        except NotAvailable:
            continue
        start = infer(network, {}).marginal(*seen).array(*seen) if seen else np.ones(())
        if np.isfinite(expected):
            assert abs(np.sum(np.where(start > 0, start * np.where(start > 0, values, 0), 0)) - expected) <= 1e-11
        solved += 1
    assert solved >= 5
