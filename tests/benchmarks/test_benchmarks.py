"""What the benchmarks compare gives the same numbers, and every table can be made."""

import numpy as np
import pytest
from scipy import sparse

import control_pgm
from control_pgm import gridworld
from tests.benchmarks import (
    batch,
    changed,
    command,
    dense,
    engine,
    growth,
    handwritten_values,
    instances,
    irregular,
    limit,
    types,
)
from tests.benchmarks import handwritten as by_hand
from tests.benchmarks import handwritten_dense as dense_hand
from tests.benchmarks import handwritten_sparse as sparse_hand
from tests.benchmarks.comparison import from_scratch, largest_difference
from tests.benchmarks.handwritten import Answers, Room
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table
from tests.benchmarks.timing import again, interleaved, ratio

TOLERANCE = 1e-12


def log_domain(instance):
    """The recursion on logarithms, one step after another, on a dense copy; it shares nothing with the fast ways."""
    n, m, horizon = instance.n_states, instance.n_actions, instance.horizon
    p = instance.transition.toarray() if sparse.issparse(instance.transition) else instance.transition
    p = p.reshape(n, m, n)
    r = instance.reward.toarray().reshape(n, m, n) if sparse.issparse(instance.reward) else instance.reward
    r = np.broadcast_to(r if r.ndim == 3 else r[:, :, None], (n, m, n))
    with np.errstate(divide="ignore"):
        log_step = np.log(p) + r - r[p > 0].max() - np.log(m)
        log_forward = [np.log(instance.initial)]
    log_backward, log_joint = [np.zeros(n)], []
    for _ in range(horizon):
        log_joint.insert(0, np.logaddexp.reduce(log_step + log_backward[0], axis=2))
        log_backward.insert(0, np.logaddexp.reduce(log_joint[0], axis=1))
    for _ in range(horizon - 1):
        log_forward.append(np.logaddexp.reduce(log_forward[-1][:, None, None] + log_step, axis=(0, 1)))
    log_evidence = np.logaddexp.reduce(log_forward[0] + log_backward[0])
    joint, backward, forward = np.array(log_joint), np.array(log_backward[:-1]), np.array(log_forward)
    marginals = np.exp(forward[:, :, None] + joint - log_evidence)
    return Answers(np.exp(joint - backward[:, :, None]), marginals, float(log_evidence))


def harsh(seed, spread):
    """Messages would underflow many times over in 60 steps without rescaling."""
    made = instances.dense(4, 3, 60, seed=seed)
    return Instance(f"harsh, {spread:g}", made.transition, made.reward * spread, made.initial, made.horizon)


def on_outcome(seed):
    """A dense process with r(s,a,s'), some of whose outcomes are impossible."""
    rng = np.random.default_rng(seed)
    p = rng.random((4, 3, 4)) * (rng.random((4, 3, 4)) < 0.6) + np.eye(4)[:, None, :]
    return Instance("outcomes", p / p.sum(axis=2, keepdims=True), rng.normal(size=p.shape), np.full(4, 0.25), 7)


OUTCOME_WAYS = {name: way for name, way in dense_hand.WAYS.items() if name != "plain"}  # which is for r(s,a) only
CASES = [
    (instances.dense(n, m, t, seed=n), dense_hand.WAYS) for n, m, t in [(1, 2, 1), (2, 1, 4), (3, 4, 9), (7, 3, 40)]
]
CASES += [(harsh(seed, spread), dense_hand.WAYS) for seed in range(3) for spread in (15.0, 100.0)]
CASES += [(on_outcome(seed), OUTCOME_WAYS) for seed in range(3)]
CASES += [
    (instances.grid(side, 12, on_outcome=outcome), sparse_hand.WAYS) for side in (2, 4) for outcome in (False, True)
]
IDS = [f"{k}: {instance.label}" for k, (instance, _) in enumerate(CASES)]


@pytest.mark.parametrize(("instance", "ways"), CASES, ids=IDS)
def test_every_way_by_hand_agrees_with_logarithms_and_with_solve(instance, ways):
    expected, solved = log_domain(instance), engine.whole(instance)
    assert largest_difference(solved, expected) < TOLERANCE
    for name, way in ways.items():
        assert largest_difference(from_scratch(way, instance), expected) < TOLERANCE, name


@pytest.mark.parametrize(("instance", "ways"), CASES, ids=IDS)
def test_arrays_that_are_used_again_give_the_same_answers(instance, ways):
    room = Room.of(instance)  # one for all: no way may find what another has left
    for name, way in ways.items():
        fresh, run = from_scratch(way, instance), way(instance)
        for _ in range(2):
            assert largest_difference(run(room), fresh) == 0.0, name


@pytest.mark.parametrize(("instance", "ways"), CASES, ids=IDS)
def test_the_engine_alone_answers_like_solve_every_time(instance, ways):
    run, expected = engine.prepared(engine.build(instance)), engine.whole(instance)
    for _ in range(2):
        assert largest_difference(run(), expected) < TOLERANCE


def test_messages_shrink_no_more_between_two_rescalings_than_is_promised():
    row_sums = dense_hand.weighted(harsh(0, 15.0)).sum(axis=1).reshape(4, 3).sum(axis=1)
    assert 1 < by_hand.steps_between_scalings(row_sums, 60) < 30  # so the cases above rescale now and then
    assert by_hand.steps_between_scalings(np.array([1.0, 0.5]), 50) == 50
    assert by_hand.steps_between_scalings(np.array([1.0, np.exp(-100.0)]), 50) == 2
    assert by_hand.steps_between_scalings(np.array([1.0, np.exp(-500.0)]), 50) == 1


@pytest.mark.parametrize("name", handwritten_values.WAYS)
def test_solve_and_backups_by_hand_agree_on_values_and_policies(name):
    instance = instances.dense(7, 3, 20, seed=2)
    for ours, theirs in zip(types.solved(instance, name), handwritten_values.WAYS[name](instance), strict=True):
        assert np.abs(ours - theirs).max() < TOLERANCE


@pytest.mark.parametrize("side", [2, 3, 5])
def test_the_grid_is_the_slippery_gridworld(side):
    cells = [["."] * side for _ in range(side)]
    cells[0][0], cells[-1][-1] = "S", "G"
    mdp = gridworld("\n".join(map("".join, cells)), slip=0.2, step_reward=-0.1)
    made = instances.grid(side, 3, on_outcome=True)
    shape = (side * side, 4, side * side)
    assert np.abs(made.transition.toarray().reshape(shape) - np.asarray(mdp.transition)).max() < TOLERANCE
    assert np.abs(made.mdp.reward - mdp.reward).max() < TOLERANCE
    assert (made.initial == mdp.initial).all()


def test_jobs_take_turns_and_only_they_are_timed():
    calls = []
    makers = {name: again(lambda name=name: calls.append(name)) for name in "ab"}
    times = interleaved(makers, 0.0, min_rounds=3)
    assert calls == list("ab" + "ab" + "ba" + "ab")
    assert [len(values) for values in times.values()] == [3, 3]
    assert ratio(np.array([2.0, 4.0, 9.0]), np.array([1.0, 1.0, 3.0])) == ["3.00", "2.50–3.50"]


def test_every_table_is_made_and_printed(capsys):
    made = dense.tables(0.0, [2], actions=[2], horizons=[3])
    made += growth.tables(0.0, [2, 3], horizons=[2, 4], actions=[1, 2], sides=[2, 3])
    made += limit.tables(0.0, [2], horizon=3, sides=[2], mebibytes=1)
    made += types.tables(0.0, [2], horizons=[3])
    made += irregular.tables(0.0, [6])
    made += changed.tables(0.0, [2], horizon=30)
    for table in made:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}, table.title
        lines = [line for line in table.markdown().split("\n") if line.startswith("|")]
        assert [line.count("|") for line in lines] == [len(table.header) + 1] * (len(table.rows) + 2)
    command.main(["sparse", "--sizes", "2", "--seconds", "0", "--markdown"])
    assert "2² cells" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(control_pgm, "solve_many"), reason="control_pgm has no solve_many")
def test_the_table_of_many_problems_is_made():
    (table,) = batch.tables(0.0, [2], batch=2)
    assert len(table.rows[0]) == len(table.header)


def test_a_table_that_cannot_be_made_says_why(monkeypatch):
    monkeypatch.setattr("control_pgm.solve_many", None)
    (table,) = batch.tables(0.0)
    assert table.text() == "MANY PROBLEMS AT ONCE\nleft out: control_pgm has no solve_many"
    assert Table("t", ["a", "b"], [["1", "2"]]).markdown() == "## t\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"
