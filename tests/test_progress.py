"""Progress means the same wherever work is long: from 0 to the total, not too often; what it raises stops it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from control_pgm import (
    CPD,
    MDP,
    BayesianNetwork,
    Factor,
    FactorGraph,
    LinearlySolvable,
    Variable,
    animate_messages,
    crosscheck,
    from_samples,
    gridworld,
    infer,
    infer_many,
    plot_optimism,
    plot_temperature,
    save,
    save_solution,
    soft_policy_iteration,
    solve,
    solve_average,
    solve_infinite,
    solve_linearly_solvable,
    unroll,
)
from control_pgm import progress as module
from control_pgm.errors import InvalidArgument
from control_pgm.progress import Reporter, counted

GRID = gridworld("S.G", slip=0.1)
RNG = np.random.default_rng(0)
PROCESS = MDP(RNG.dirichlet(np.ones(4), (4, 2)), RNG.normal(size=(4, 2)))
WALK = LinearlySolvable([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]], [0, -1, 0])
CIRCLE = LinearlySolvable([[0.5, 0.5], [0.5, 0.5]], [0, 1])
A, B, C = (Variable(name, 2) for name in "abc")
LOOP = FactorGraph([Factor(pair, [[2, 1], [1, 2]]) for pair in ([A, B], [B, C], [C, A])] + [Factor([A], [3, 1])])
NET = BayesianNetwork([CPD(A, [], [0.7, 0.3]), CPD(B, [A], [[0.9, 0.1], [0.2, 0.8]])])


class Steps:
    """An environment of two observations, for sampling."""

    class action_space:
        n = 2

    def reset(self, seed=None):
        return 0, {}

    def step(self, action):
        return int(action), 1.0, False, False, {}


LARGE = MDP(RNG.dirichlet(np.ones(60), (60, 3)), RNG.normal(size=(60, 3)))


def saving(kind, what=save, subject=LARGE):
    """Writing a file, which must not be there where it was stopped."""

    def work(progress):
        with TemporaryDirectory() as folder:
            try:
                what(subject, Path(folder) / f"file.{kind}", progress=progress)
            except BaseException:
                assert not list(Path(folder).iterdir())
                raise

    return work


WORK = {
    "save npz": saving("npz"),
    "save json": saving("json"),
    "save_solution npz": saving("npz", save_solution, solve(GRID, 5)),
    "save_solution json": saving("json", save_solution, solve(GRID, 5)),
    **{
        f"solve {kind}": lambda p, kind=kind, more=more: solve(GRID, 30, inference=kind, progress=p, **more)
        for kind, more in {
            "posterior": {},
            "variational": {},
            "bellman": {},
            "planning": {"risk": 1.0},
            "map": {},
            "linearly-solvable": {},
        }.items()
    },
    "solve marginal-map": lambda p: solve(GRID, 3, inference="marginal-map", progress=p),
    "solve_infinite": lambda p: solve_infinite(PROCESS.varied(discount=0.9), inference="bellman", progress=p),
    "solve_infinite posterior": lambda p: solve_infinite(GRID.varied(discount=0.9), progress=p),
    "solve_infinite newton": lambda p: solve_infinite(
        PROCESS.varied(discount=0.9), inference="variational", method="policy-iteration", progress=p
    ),
    "solve_infinite undiscounted": lambda p: solve_infinite(GRID, inference="bellman", progress=p),
    "solve_average": lambda p: solve_average(PROCESS, progress=p),
    "solve_average power": lambda p: solve_average(PROCESS, method="power", progress=p),
    "solve_linearly_solvable": lambda p: solve_linearly_solvable(WALK, progress=p),
    "solve_linearly_solvable finite": lambda p: solve_linearly_solvable(WALK, "finite", horizon=5, progress=p),
    "solve_linearly_solvable discounted": lambda p: solve_linearly_solvable(
        CIRCLE, "discounted", discount=0.9, progress=p
    ),
    "solve_linearly_solvable average": lambda p: solve_linearly_solvable(CIRCLE, "average", progress=p),
    "soft_policy_iteration": lambda p: soft_policy_iteration(GRID, 5, progress=p),
    "infer": lambda p: infer(NET, {"b": 1}, progress=p),
    "infer a long network": lambda p: infer(unroll(GRID, 300), {"s_3": "(0,1)"}, progress=p),
    "infer enumeration": lambda p: infer(NET, {"b": 1}, method="enumeration", progress=p),
    "infer loopy": lambda p: infer(LOOP, method="loopy", progress=p),
    "infer loopy, flooding": lambda p: infer(LOOP, method="loopy", schedule="flooding", progress=p),
    "infer_many": lambda p: infer_many(NET, [{"b": 0}, {"b": 1}], progress=p),
    "from_samples": lambda p: from_samples(Steps(), 300, 0, progress=p),
    "crosscheck": lambda p: crosscheck(unroll(GRID, 2), against="enumeration", progress=p),
    "plot_optimism": lambda p: plot_optimism(GRID, 3, temperatures=[0.1, 1.0], progress=p),
    "plot_temperature": lambda p: plot_temperature(GRID, 3, temperatures=[0.1, 1.0], progress=p),
}


@pytest.fixture(autouse=True)
def _hundredths_alone(monkeypatch):
    """Reports that do not depend on the time."""
    monkeypatch.setattr(module, "_APART", np.inf)


def reports(work):
    told = []
    result = work(lambda done, total, what: told.append((done, total, what)))
    return told, result


@pytest.mark.parametrize("name", WORK)
def test_progress_begins_with_nothing_and_ends_with_everything(name):
    told, _ = reports(WORK[name])
    assert all(type(done) is int and type(total) is int and isinstance(what, str) for done, total, what in told)
    assert told[0][0] == 0 < told[0][1]
    assert [done for done, _, _ in told] == sorted({done for done, _, _ in told})  # rises, and repeats nothing
    assert all(done < total for done, total, _ in told[:-1])
    assert told[-1][0] == told[-1][1]
    assert len(told) <= 200
    assert all(what for _, _, what in told)


@pytest.mark.parametrize("name", WORK)
def test_what_progress_raises_stops_the_work(name):
    class Stop(Exception):
        pass

    def stop(done, total, what):
        raise Stop

    with pytest.raises(Stop):
        WORK[name](stop)


@pytest.mark.parametrize("name", WORK)
def test_progress_that_cannot_be_called_is_refused_everywhere(name):
    with pytest.raises(InvalidArgument, match=r"progress 5; allowed: a function of \(done, total, what\), or None"):
        WORK[name](5)


def test_progress_follows_what_later_questions_compute():
    told, solution = reports(WORK["solve posterior"])
    before, told[:] = list(told), []
    solution.state_marginals  # noqa: B018
    assert before[-1][2] == "messages backward"
    assert {what for _, _, what in told} == {"messages forward"}
    assert told[-1][0] == told[-1][1]


def test_work_that_progress_has_stopped_can_be_asked_again():
    broken = [False]

    def stop(done, total, what):
        if broken[0]:
            raise KeyboardInterrupt

    solution = solve(GRID, 30, progress=stop)
    broken[0] = True
    with pytest.raises(KeyboardInterrupt):
        solution.state_marginals  # noqa: B018
    broken[0] = False
    assert np.array_equal(solution.state_marginals.values, solve(GRID, 30).state_marginals.values)


@pytest.mark.parametrize("ending", ["gif", "html"])
def test_an_animation_that_progress_stops_leaves_no_file(tmp_path, ending):
    def stop(done, total, what):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        animate_messages(solve(GRID, 2), tmp_path / f"messages.{ending}", dpi=40, progress=stop)
    assert not list(tmp_path.iterdir())


def test_slow_work_is_reported_ten_times_a_second_and_fast_work_by_hundredths(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(module, "_APART", 0.1)
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])

    def dones(seconds):
        told = []
        report = Reporter(lambda done, total, what: told.append(done), 10_000, "items")
        for k in range(1, 301):
            clock[0] += seconds
            report.at(k)
        return told

    assert dones(0.0) == [0, 100, 200, 300]
    assert dones(0.04) == list(range(0, 301, 3))


def test_estimates_of_the_total_follow_the_rate(monkeypatch):
    monkeypatch.setattr(module, "_APART", 0.0)
    told = []
    report = Reporter(lambda *news: told.append(news), 1000, "sweeps")
    error = 1.0
    for _ in range(9):
        report.step(error, error / 10, 1e-10, 1000)
        error /= 10
    report.end()
    assert told[0] == (0, 1000, "sweeps")
    assert [total for _, total, _ in told[1:]] == [10] * 9 + [9]
    assert told[-1] == (9, 9, "sweeps")


def test_counted_reports_what_is_done_before_the_next():
    told = []
    told_by = []
    for item in counted([10, 20], lambda *news: told.append(news), "items"):
        told_by.append((item, list(told)))
        told.clear()
    assert told_by == [(10, [(0, 2, "items")]), (20, [(1, 2, "items")])]
    assert told == [(2, 2, "items")]
    assert not list(counted([], lambda *news: told.append(news), "items"))
    assert told[-1] == (0, 0, "items")
