"""Solutions of many problems in one file: all arrays come back, and each problem can be solved once more."""

import json
import pickle

import numpy as np
import pytest

from control_pgm import MDP, LinearlySolvable, evaluate, gridworld, load_solution, solve_many
from control_pgm.control.solutions.parts import ARRAYS, NUMBERS
from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidFile, NotAvailable

RNG = np.random.default_rng(0)
MDP3 = MDP(RNG.dirichlet(np.ones(3), (3, 2)), RNG.normal(size=(3, 2)), states=["a", "b", "c"], actions=["x", "y"])
REWARDS = RNG.normal(size=(2, 3, 2))
PRIORS = [[0.2, 0.8], RNG.dirichlet(np.ones(2), (4, 3))]
WALKS = [LinearlySolvable([[1, 0], [0.5, 0.5]], [0, q], states=["home", "out"]) for q in (-1.0, -2.0)]
MANY = {
    "temperatures": lambda: solve_many(MDP3, 4, temperatures=[0.1, 1.0]),
    "rewards": lambda: solve_many(MDP3, 4, rewards=REWARDS, inference="bellman"),
    "first states": lambda: solve_many(MDP3, 4, initials=["a", "c", [0.5, 0.5, 0.0]]),
    "horizons": lambda: solve_many(MDP3, [1, 4, 2], inference="variational"),
    "risks": lambda: solve_many(MDP3, 4, inference="planning", risks=[-1.0, 0.5]),
    "priors": lambda: solve_many(MDP3, 4, action_priors=[*PRIORS, None, "counting"]),
    "discounts": lambda: solve_many([MDP3, MDP3.varied(discount=0.9)], 4, inference="map"),
    "plans": lambda: solve_many(MDP3, [2, 3], inference="marginal-map"),
    "sparse": lambda: solve_many(gridworld("S.G", sparse=True), 4, temperatures=[0.1, 1.0]),
    "linearly solvable": lambda: solve_many(WALKS, 3, inference="linearly-solvable"),
    "forbidden": lambda: solve_many(MDP3.varied(reward=[[0, 0], [0, 0], [-np.inf, 0]]), 3, temperatures=[0.5, 2.0]),
}


@pytest.mark.parametrize("ending", ["json", "npz"])
@pytest.mark.parametrize("name", MANY)
def test_many_solutions_come_back_bit_by_bit(tmp_path, name, ending):
    many = MANY[name]()
    again = load_solution(many.save(tmp_path / f"many.{ending}"))
    assert repr(again) == repr(many)
    assert str(again) == str(many)
    for attribute in (*ARRAYS, *NUMBERS, "plans"):
        want, got = many.available(attribute), again.available(attribute)
        assert (want is None) == (got is None), attribute
        if attribute in ARRAYS and want is not None:
            assert (got.dims, dict(got.coords)) == (want.dims, dict(want.coords))
        if want is not None and attribute != "plans":
            assert np.array_equal(np.asarray(got), np.asarray(want), equal_nan=True)
        if attribute == "plans":
            assert got == want
    assert (again.horizons, again.risks, again.varying) == (many.horizons, many.risks, many.varying)
    for k in range(len(many)):
        assert np.allclose(again[k].policy, many[k].policy, rtol=0, atol=1e-12, equal_nan=True)
        assert again[k].inference == many[k].inference
    assert pickle.loads(pickle.dumps(again)).available("V") is None or np.array_equal(again.V, many.V, equal_nan=True)


def test_one_of_many_saved_acts_and_is_evaluated(tmp_path):
    many = load_solution(MANY["rewards"]().save(tmp_path / "many.npz"))
    for k, reward in enumerate(REWARDS):
        own = MDP3.varied(reward=reward)
        assert abs(evaluate(own, many.policy.sel(b=k)).expected_reward - many.value[k]) <= 1e-12
    with pytest.raises(NotAvailable, match="saved solutions, inference='bellman', have no log_evidence"):
        many.log_evidence  # noqa: B018


def test_what_all_share_is_written_once(tmp_path):
    rng = np.random.default_rng(1)
    large = MDP(rng.dirichlet(np.ones(40), (40, 3)), rng.normal(size=(40, 3)))
    sizes = [
        solve_many(large, 1, temperatures=np.linspace(1, 2, n)).save(tmp_path / "m.npz").stat().st_size for n in (1, 20)
    ]
    assert sizes[1] - sizes[0] < large.transition.nbytes * 5


def test_processes_of_other_form_are_refused_by_number(tmp_path):
    final = MDP(MDP3.transition, MDP3.reward, terminal_reward=[1, 2, 3], states=MDP3.states, actions=MDP3.actions)
    many = solve_many([MDP3, MDP3, final], 2)
    with pytest.raises(InvalidArgument, match=r"problem 2 \(of 0 … 2\) has tables of another form"):
        many.save(tmp_path / "many.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("horizons", [4], "own is"),
        ("horizons", [4, 0], r"horizons\[1\] is 0"),
        ("horizons", 4, "horizons is 4"),
        ("own", [{}, {"color": 1}], "own is"),
        ("own", [{}, {"discount": 7}], "discount"),
        ("priors", ["uniform", "none"], "priors is"),
        ("priors", ["uniform", "sa"], "action_priors"),
        ("temperatures", [1.0, -1.0], "problem 1 .*temperature"),
        ("temperatures", [1.0], "temperatures"),
        ("policy", [[[[0.5]]]], "policy"),
        ("log_evidence", [1.0, 2.0, 3.0], "log_evidence"),
        ("inference", "guessing", "inference"),
        ("inference", "planning", "risks"),
        ("rows", {"colour": [1]}, "colour"),
        ("rows", {"initial": [[1, 0, 0]]}, "rows"),
        ("surprise", 1, "surprise"),
    ],
)
def test_spoiled_files_are_refused(tmp_path, field, value, words):
    path = MANY["temperatures"]().save(tmp_path / "many.json")
    record = json.loads(path.read_text())
    record[field] = value
    path.write_text(json.dumps(record))
    with pytest.raises(InvalidFile, match=words):
        load_solution(path)


def test_every_field_that_is_missing_is_an_error(tmp_path):
    path = MANY["risks"]().save(tmp_path / "many.json")
    record = json.loads(path.read_text())
    for field in (
        "format",
        "version",
        "mdp",
        "rows",
        "own",
        "inference",
        "varying",
        "horizons",
        "priors",
        "temperatures",
        "risks",
    ):
        path.write_text(json.dumps({name: value for name, value in record.items() if name != field}))
        with pytest.raises(ControlPGMError, match=field):
            load_solution(path)
