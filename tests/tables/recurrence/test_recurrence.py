"""Repetitions equal the same contractions one by one, whatever the numbers and however much is kept."""

import numpy as np
import pytest

from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import stacked
from control_pgm.tables.recurrence.checkpoints import Checkpoints
from control_pgm.tables.recurrence.composed import composed
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep
from control_pgm.tables.recurrence.series import Series
from control_pgm.tables.sparse_factor import SparseFactor
from control_pgm.tables.variable import Variable

S, A = 5, 3
UP = recipe(((0, 1, 2), (2,)), (0, 1), (S, A, S))  # q(s,a) = sum_s' P(s,a,s') m(s')
OVER = recipe(((0, 1), (0, 1)), (0,), (S, A))  # m(s) = sum_a w(s,a) q(s,a)


def tables(rng, *, zeros=0.0, nats=2.0):
    transition = rng.dirichlet(np.full(S, 0.5), (S, A)) * (rng.random((S, A, S)) >= zeros)
    logs = np.where(rng.random((S, A)) < zeros / 2, -np.inf, -nats * rng.random((S, A)))
    return Scaled.from_linear(transition), Scaled.from_log(logs)


def chain(p, w, count, start):
    """The backward recursion of a decision process as a repetition."""
    steps = (RecurrentStep(UP, (p,), (Lagged(1, 1),)), RecurrentStep(OVER, (w,), (Lagged(0, 0),)))
    return Recurrence(count, steps, {1: start})


def one_by_one(p, w, count, start):
    """The same by guarded contractions: per repetition the logarithms of both results."""
    m, rows = start, []
    for c in range(count):
        q = Scaled.contract([p[c] if isinstance(p, list) else p, m], UP)
        m = Scaled.contract([w, q], OVER)
        rows.append((q.log(), m.log()))
    return rows


def check(segments, rows, tolerance):
    for step in (0, 1):
        stacked = segments.stack(step, 0, len(rows)).log()
        for c in (*range(0, len(rows), 7), len(rows) - 1):
            want = rows[c][step]
            for got in (stacked[c], segments.row(step, c).log()):
                assert np.array_equal(np.isneginf(got), np.isneginf(want)), (step, c)
                finite = np.isfinite(want)
                scale = np.maximum(1.0, np.abs(want[finite]))
                assert np.abs((got[finite] - want[finite]) / scale).max(initial=0.0) <= tolerance, (step, c)


@pytest.mark.parametrize("length", [None, 1, 7])
@pytest.mark.parametrize(("zeros", "nats"), [(0.0, 2.0), (0.6, 2.0), (0.0, 60.0), (0.5, 500.0), (0.3, 1e6)])
def test_a_chain_equals_guarded_contractions(zeros, nats, length):
    rng = np.random.default_rng(3)
    p, w = tables(rng, zeros=zeros, nats=nats)
    start = Scaled(np.ones(S))
    segments = Checkpoints(chain(p, w, 150, start), length)
    for _ in segments.run():
        pass
    check(segments, one_by_one(p, w, 150, start), 1e-13)


@pytest.mark.parametrize("length", [None, 7])
def test_tables_of_their_own_for_every_repetition(length):
    rng = np.random.default_rng(4)
    several = [tables(rng)[0] for _ in range(60)]
    _, w = tables(rng, nats=5.0)
    start = Scaled(np.ones(S))
    segments = Checkpoints(chain(Series.of(several), w, 60, start), length)
    check(segments, one_by_one(several, w, 60, start), 1e-13)


def test_the_first_message_may_have_zeros_and_any_scale():
    rng = np.random.default_rng(5)
    p, w = tables(rng)
    start = Scaled.from_log(np.array([-np.inf, -2000.0, -np.inf, -2900.0, -np.inf]))
    segments = Checkpoints(chain(p, w, 40, start))
    check(segments, one_by_one(p, w, 40, start), 1e-13)


def test_a_chain_is_composed_only_where_that_is_smaller_and_linear():
    rng = np.random.default_rng(6)
    start = Scaled(np.ones(S))
    p, w = tables(rng)
    short = composed(chain(p, w, 100, start))
    assert short is not None
    ((matrix,),) = [step.tables for step in short.steps]
    product = np.einsum("sa,sax->sx", w.linear(), p.linear())
    assert np.abs(matrix.linear() - product).max() <= 1e-15
    assert composed(chain(p, w, 2, start)) is None
    assert composed(chain(p, tables(rng, nats=1e6)[1], 100, start)) is None


def test_a_composed_chain_lets_pass_what_no_table_mentions():
    rng = np.random.default_rng(9)
    sizes = (4, 3, 50, 4)  # m(k, s) = sum_x f(x, s') m(k, s') P(s', s): no table mentions k
    p, f = Scaled(rng.dirichlet(np.ones(4), 4)), Scaled(rng.random((50, 4)))
    steps = (
        RecurrentStep(recipe(((2, 3), (1, 3)), (1, 3), sizes), (f,), (Lagged(1, 1),)),
        RecurrentStep(recipe(((3, 0), (1, 3)), (1, 0), sizes), (p,), (Lagged(0, 0),)),
    )
    start = rng.random((3, 4))
    repetition = Recurrence(40, steps, {1: Scaled(start)})
    assert composed(repetition) is not None
    segments, want = Checkpoints(repetition), start
    for c in range(40):
        want = (f.linear().sum(axis=0) * want) @ p.linear()
        assert np.abs(segments.row(1, c).linear() / want - 1.0).max() <= 1e-12


@pytest.mark.parametrize(("nats", "kept"), [(1.0, [(50, S)]), (1e6, [(50, S, A), (50, S)])])
def test_only_what_is_carried_over_is_kept_where_steps_are_composed(nats, kept):
    p, w = tables(np.random.default_rng(7), nats=nats)
    made = []
    allocate = lambda shape: made.append(shape) or np.empty(shape)  # noqa: E731
    repetition = chain(p, w, 50, Scaled(np.ones(S)))
    assert (composed(repetition) is None) == (len(kept) > 1)
    for _ in Checkpoints(repetition, None, allocate).run():
        pass
    assert made == kept


def test_checkpoints_make_every_stretch_once_when_read_in_order():
    p, w = tables(np.random.default_rng(8))
    made = []
    allocate = lambda shape: made.append(shape) or np.empty(shape)  # noqa: E731
    segments = Checkpoints(chain(p, w, 100, Scaled(np.ones(S))), 10, allocate)
    for _ in segments.run():
        pass
    assert len(made) == 10
    for c in range(99, -1, -1):
        segments.row(1, c)
    assert len(made) <= 20


def sparse(table, keep):
    """The table with the entries that are kept, held by its non-zeros alone."""
    indices = np.argwhere(keep)
    return SparseFactor([Variable(f"x{i}", n) for i, n in enumerate(table.shape)], indices, table.linear()[keep]).scaled


@pytest.mark.parametrize("length", [None, 11])
@pytest.mark.parametrize("held", ["dense", "sparse", "both", "wide"])
def test_few_different_tables_are_composed_once_each(held, length):
    rng = np.random.default_rng(10)
    made = [tables(rng)[0] for _ in range(3)]
    if held in ("sparse", "both"):
        made = [sparse(p, rng.random(p.shape) < 0.7) if held == "sparse" or k else p for k, p in enumerate(made)]
    _, w = tables(rng, nats=1e6 if held == "wide" else 2.0)
    several = [made[k] for k in np.where(rng.random(300) < 0.1, rng.integers(3, size=300), 0)]
    start = Scaled(np.ones(S))
    repetition = chain(Series.of(several), w, 300, start)
    short = composed(repetition)
    assert (short is None) == (held == "wide")
    if short is not None:
        ((table,),) = [step.tables for step in short.steps]
        assert isinstance(table, Series)
        assert len(table.distinct.tables) == 3
    check(Checkpoints(repetition, length), one_by_one(several, w, 300, start), 1e-13)


@pytest.mark.parametrize("zeros", [0.0, 0.4])
def test_many_different_tables_are_not_composed_and_all_results_are_kept(zeros):
    rng = np.random.default_rng(11)
    several = [tables(rng, zeros=zeros)[0] for _ in range(90)]
    _, w = tables(rng, nats=30.0)
    made = []
    allocate = lambda shape: made.append(shape) or np.empty(shape)  # noqa: E731
    repetition = chain(Series.of(several), w, 90, Scaled(np.ones(S)))
    segments = Checkpoints(repetition, None, allocate)
    check(segments, one_by_one(several, w, 90, Scaled(np.ones(S))), 1e-13)
    assert composed(repetition) is None
    assert made == [(90, S, A), (90, S)]


class Sent:
    """Messages from outside."""

    def __init__(self, messages):
        self.messages = messages

    def __getitem__(self, c):
        return self.messages[c]

    def stack(self, start, stop):
        return stacked(self.messages[start:stop])


@pytest.mark.parametrize("nats", [1.0, 20.0, 900.0])
def test_messages_from_outside_are_bounded_with_those_carried_over(nats):
    rng = np.random.default_rng(12)
    p = Scaled(rng.dirichlet(np.ones(S), S))
    outside = [Scaled.from_log(-nats * rng.random(S)) for _ in range(5000)]
    step = RecurrentStep(recipe(((0, 1), (1,), (1,)), (0,), (S, S)), (p,), (Lagged(0, 1), Sent(outside)))
    segments = Checkpoints(Recurrence(5000, (step,), {0: Scaled(np.ones(S))}))
    message = Scaled(np.ones(S))
    for c in range(5000):
        message = Scaled.contract([p, message, outside[c]], step.recipe)
        if c % 271 == 0 or c == 4999:
            want = message.log()
            assert np.abs((segments.row(0, c).log() - want) / want).max() <= 1e-13


def test_two_messages_carried_over_are_bounded_step_by_step():
    rng = np.random.default_rng(13)
    p, q = (Scaled(rng.random((S, S))) for _ in range(2))
    both = recipe(((0, 1), (1,), (1,)), (0,), (S, S))
    steps = (
        RecurrentStep(both, (p,), (Lagged(0, 1), Lagged(1, 1))),
        RecurrentStep(recipe(((0, 1), (1,)), (0,), (S, S)), (q,), (Lagged(1, 1),)),
    )
    start = Scaled(np.ones(S))
    segments = Checkpoints(Recurrence(60, steps, {0: start, 1: start}), 13)
    a = b = start
    for c in range(60):
        a, b = Scaled.contract([p, a, b], both), Scaled.contract([q, b], steps[1].recipe)
        for step, want in enumerate((a, b)):
            got, logs = segments.row(step, c).log(), want.log()
            assert np.abs((got - logs) / np.maximum(1.0, np.abs(logs))).max() <= 1e-13
