"""Slices whose tables interleave both times in any order: all answers against plain elimination in logarithms."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm import Factor, FactorGraph, Variable, infer, infer_many
from control_pgm.errors import ImpossibleEvidence
from control_pgm.tables.sparse import pattern
from tests.oracles import log_eliminate, log_sum
from tests.strategies import partly_listed, quick, random_interleaved_template, random_slices, seeds


def shares(tables, names, observed):
    """p(names | observed) by elimination."""
    logs = log_eliminate(tables, names, observed)
    return np.exp(logs - log_sum(logs.ravel().tolist()))


def random_observation(rng, model):
    """Labels of nothing, of one variable in every slice, or of some variables in some slices."""
    names = list(model.variables)
    base = rng.choice(names).split("_")[0]
    chosen = [[], [n for n in names if n.startswith(base)], [n for n in names if rng.random() < 0.1]][rng.integers(3)]
    return {n: model.variables[n].states[rng.integers(model.variables[n].cardinality)] for n in chosen}


def check(model, rng):
    """Evidence, marginals, a pair, the mode and a batch of two."""
    tables = [(table.scope, table.log_array()) for table in model.tables]
    evidence = random_observation(rng, model)
    observed = {name: model.variables[name].index(label) for name, label in evidence.items()}
    want = float(log_eliminate(tables, (), observed))
    scale = max(1.0, abs(want)) if np.isfinite(want) else 1.0
    free = [name for name in model.variables if name not in observed]
    asked = [free[0], free[-1], *rng.choice(free, 2)] if free else []

    batch = infer_many(model, [evidence, evidence])
    assert batch.log_evidence == pytest.approx(want, rel=0, abs=1e-11 * scale)
    for name in asked:
        marginals = batch.marginal(name)
        expected = np.full(marginals.shape[1], np.nan) if want == -np.inf else shares(tables, (name,), observed)
        assert np.allclose(marginals, [expected, expected], rtol=0, atol=1e-9, equal_nan=True), name

    try:
        posterior = infer(model, evidence)
    except ImpossibleEvidence:
        assert want == -np.inf
        return
    assert posterior.log_evidence == pytest.approx(want, rel=0, abs=1e-11 * scale)
    for name in asked:
        assert np.abs(posterior.marginal(name).array() - shares(tables, (name,), observed)).max() <= 1e-9, name
    if len(free) > 1:
        pair = tuple(str(name) for name in rng.choice(free, 2, replace=False))
        assert np.abs(posterior.marginal(*pair).array() - shares(tables, pair, observed)).max() <= 1e-9, pair
    mode = posterior.mode().assignment
    states = {name: model.variables[name].index(label) for name, label in mode.items()}
    best = float(log_eliminate(tables, (), observed, by=np.maximum))
    assert float(log_eliminate(tables, (), states)) == pytest.approx(best, rel=0, abs=1e-11 * max(1.0, abs(best)))


@quick
@given(seed=seeds)
def test_random_repeated_factor_graphs(seed):
    check(random_slices(seed, most=20), np.random.default_rng([seed, 7]))


@pytest.mark.parametrize("room", ["for dense results", "for none"])
def test_sparse_tables_anywhere_give_the_answers_of_dense_ones(room, monkeypatch):
    if room == "for none":  # small results are sparse too, as those of large tables are
        monkeypatch.setattr(pattern, "_SMALL", 0)
        monkeypatch.setattr(pattern, "_ROOM", 1)
    for seed in range(15):
        check(partly_listed(seed, random_slices(seed, most=12)), np.random.default_rng([seed, 9]))


@quick
@given(seed=seeds)
def test_random_templates_with_interleaved_axis_orders(seed):
    rng = np.random.default_rng([seed, 8])
    template = random_interleaved_template(seed, spread=float(rng.choice([1.0, 30.0])))
    check(template.unroll(int(rng.integers(1, 25))), rng)


def ones(horizon, scope):
    """Three binary variables a slice under tables of ones: on each of them, and over ``scope`` of both slices."""
    slices = [{name: Variable(f"{name}_{t}", 2, time=t) for name in "abc"} for t in range(horizon + 1)]
    factors = []
    for t, row in enumerate(slices):
        factors += [Factor([v], [1, 1]) for v in row.values()]
        if t < horizon:
            chosen = [slices[t + 1 if name[-1] == "'" else t][name[0]] for name in scope]
            factors.append(Factor(chosen, np.ones((2,) * len(scope))))
    return FactorGraph(factors)


@pytest.mark.parametrize("scope", [("a'", "b", "c", "c'"), ("b", "c", "a", "a'")])
@pytest.mark.parametrize("horizon", [5, 8, 40])
def test_a_carried_message_that_no_view_shows_in_the_order_of_its_reader(scope, horizon):
    posterior = infer(ones(horizon, scope))
    assert abs(posterior.log_evidence - 3 * (horizon + 1) * np.log(2)) <= 1e-11
    for name in ("a_0", f"b_{horizon // 2}", f"c_{horizon}"):
        assert posterior.marginal(name).array().tolist() == pytest.approx([0.5, 0.5], abs=1e-14)
