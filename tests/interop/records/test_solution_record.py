"""Solutions in files: everything that is data comes back, for every type of inference; other files are refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from scipy import sparse

from control_pgm import MDP, gridworld, load_solution, save_solution, solve, unroll
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, NotAvailable, TooLarge, UndefinedConditional
from control_pgm.interop.records.saved_solution import AXES, NUMBERS
from control_pgm.models.cpd import CPD
from control_pgm.tables import LabelledArray
from tests.control.instances import instances, named, rows, solved
from tests.interop.same import assert_same, same_array
from tests.interop.spoiled import read, refused
from tests.strategies import quick, seeds

formats = pytest.mark.parametrize("kind", ["json", "npz"])
TYPES = ("posterior", "variational", "planning", "bellman", "map", "marginal-map")
WORKINGS = {"network", "posterior", "valuation", "marginal_map", "save", "at", "action"}  # no data, or methods
READER = {"reader": load_solution}
LABELS = [("a", 1), "b, c", 7, (("x",), None), -0.5, False]


def random_process(rng):
    """A process with something of everything; and its horizon."""
    n, m, horizon = (int(k) for k in rng.integers(1, 5, 3))
    varying, thin = rng.random(2) < 0.3
    p = rows(rng, *([horizon] if varying and not thin else []), n, m, n, zeros=0.4)
    axes = rng.choice(["sa", "sas", "tsa"]) if not varying or thin else rng.choice(["sa", "tsa", "tsas"])
    reward = rng.normal(size=[{"t": horizon, "s": n, "a": m}[axis] for axis in axes])
    reward[rng.random(reward.shape) < 0.15] = -np.inf
    available = rng.random((n, m)) < 0.7
    available[:, 0] = True
    more = {
        "initial": rows(rng, n, zeros=0.4),
        "available": available if rng.random() < 0.5 else None,
        "terminal_reward": rng.normal(size=n) if rng.random() < 0.3 else None,
        "discount": float(rng.choice([1.0, 0.8])),
        "states": LABELS[:n] if rng.random() < 0.5 else None,
        "actions": LABELS[-m:] if rng.random() < 0.5 else None,
    }
    if thin:
        p = sparse.csr_array(p.reshape(n * m, n))
    return MDP(p, reward, reward_axes=str(axes), **more), horizon


def random_prior(rng, mdp, horizon):
    """None, counting, or a table that gives no weight to what is not available."""
    kind = rng.integers(4)
    if kind < 2:
        return [None, "counting"][kind]
    weights = (rng.random((horizon, mdp.n_states, mdp.n_actions)) + 0.1) * mdp.available
    table = weights / weights.sum(axis=-1, keepdims=True)
    return table if kind == 2 else table[0]


def random_solution(seed, inference):
    """A solution of the given type, or None where nothing is possible."""
    rng = np.random.default_rng(seed)
    mdp, horizon = random_process(rng)
    options = {"inference": inference}
    if inference in ("posterior", "variational"):
        options["temperature"] = rng.uniform(0.2, 2.0, horizon if rng.random() < 0.5 else None)
    elif inference in ("map", "marginal-map"):
        options["temperature"] = float(rng.uniform(0.2, 2.0))
    if inference in ("posterior", "variational", "map"):
        options["action_prior"] = random_prior(rng, mdp, horizon)
    if inference == "planning":
        options["risk"] = float(rng.choice([-1.0, 0.3, 1e-9]))
    try:
        return solve(mdp, horizon, **options)
    except ImpossibleEvidence:
        return None


def data_of(solution):
    """name -> value of all public attributes that can be had, by looking at the class itself."""
    names = {name for name in (*dir(type(solution)), *vars(solution)) if not name.startswith("_")}
    found = {}
    for name in sorted(names - WORKINGS):
        try:
            value = getattr(solution, name)
            found |= {} if callable(value) else {name: value}
        except (NotAvailable, UndefinedConditional, ImpossibleEvidence):
            continue
    return found


def assert_same_data(solution, saved):
    """Every attribute that is data is there, bit by bit; whatever is not raises an error that names the type."""
    data = data_of(solution)
    for name, value in data.items():
        again = getattr(saved, name)
        if isinstance(value, LabelledArray):
            assert (again.dims, again.coords) == (value.dims, value.coords), name
        if isinstance(value, LabelledArray | np.ndarray):
            assert same_array(value, again), name
            assert not np.asarray(again).flags.writeable, name
        else:
            assert repr(value) == repr(again), name
    if "policy" in data:
        assert np.asarray(solution.greedy()).tolist() == np.asarray(saved.greedy()).tolist()
    for name in {*AXES, *NUMBERS, "plan", "exact"} - set(data):
        with pytest.raises(NotAvailable, match=f"inference='{solution.inference}', has no {name}$"):
            getattr(saved, name)


def assert_same_setting(network, saved):
    """The process, temperatures and action prior."""
    assert_same(network.mdp, saved.mdp)
    assert saved.horizon == network.horizon
    assert same_array(network.temperatures, saved.temperatures)
    if network.scheduled:
        with pytest.raises(NotAvailable, match=r"see \.temperatures"):
            _ = saved.temperature
    else:
        assert saved.temperature == network.temperature
    if network.prior.counting:
        assert saved.action_prior == "counting"
    elif network.prior.uniform:
        assert saved.action_prior is None
    else:
        assert same_array(network.prior.table, saved.action_prior)
    assert saved.as_unrolled == network.as_unrolled


# --- round trips ------------------------------------------------------------------------------------------------
@formats
@pytest.mark.parametrize("inference", TYPES)
@quick
@given(seed=seeds)
def test_all_data_of_random_solutions_come_back(inference, kind, seed, tmp_path_factory):
    solution = random_solution(seed, inference)
    assume(solution is not None)
    saved = load_solution(solution.save(tmp_path_factory.mktemp("files") / f"solution.{kind}"))
    assert_same_data(solution, saved)
    assert_same_setting(solution.network, saved)


@formats
@pytest.mark.parametrize("item", instances(), ids=repr)
def test_every_named_solution_comes_back(item, kind, tmp_path):
    solution = solved(item)
    saved = load_solution(save_solution(solution, tmp_path / f"solution.{kind}"))
    assert_same_data(solution, saved)
    assert_same_setting(solution.network, saved)


@pytest.mark.parametrize("inference", TYPES)
def test_what_is_saved_is_what_the_type_of_inference_is_known_for(inference, tmp_path):
    risk = {"risk": 0.3} if inference == "planning" else {}
    solution = solve(gridworld("S.H\n..G", slip=0.2), 4, inference=inference, **risk)
    saved = load_solution(solution.save(tmp_path / "s.json"))
    figures = {
        "posterior": {"log_evidence", "log_evidence_unshifted", "soft_value"},
        "variational": {"log_evidence", "log_evidence_unshifted", "soft_value", "elbo", "gap", "value"},
        "planning": {"risk", "value"},
        "bellman": {"value"},
        "map": {"value", "log_probability"},
        "marginal-map": {"value", "lower", "upper"},
    }[inference]
    assert {name for name in NUMBERS if name in saved.values} == figures
    assert ("plan" in saved.values) == (inference == "marginal-map")
    assert ("log_backward" in saved.values) == (inference == "posterior")


@formats
@pytest.mark.parametrize("inference", ["posterior", "variational"])
def test_a_schedule_of_temperatures_comes_back(inference, kind, tmp_path):
    schedule = [1.0, 0.5, 0.1]
    solution = solve(gridworld("S.G"), 3, inference=inference, temperature=schedule)
    saved = load_solution(solution.save(tmp_path / f"s.{kind}"))
    assert saved.temperatures.tolist() == schedule
    assert same_array(solution.policy, saved.policy)
    assert saved.log_evidence == solution.log_evidence
    assert "temperatures" in str(saved)
    assert "1 … 0.1" in str(saved)
    with pytest.raises(NotAvailable, match=f"inference='{inference}', has no V"):
        _ = saved.V


@formats
def test_the_convention_comes_back(kind, tmp_path):
    solution = solve(gridworld("S.G"), 3, convention="sum")
    saved = load_solution(solution.save(tmp_path / f"s.{kind}"))
    assert saved.convention == "sum"
    assert same_array(solution.V, saved.V)


@formats
def test_rows_of_minus_infinity_and_undefined_rows_come_back(kind, tmp_path):
    solution = solved(named("a doomed state"))
    saved = load_solution(solution.save(tmp_path / f"s.{kind}"))
    assert not saved.defined.values.all()
    assert np.isnan(saved.policy.values[~saved.defined.values]).all()
    assert (saved.V.values == -np.inf).any()
    assert same_array(solution.V, saved.V)


@formats
def test_bounds_that_do_not_meet_come_back(kind, tmp_path):
    """Bounds need a long and wide problem; their record is put in the place of an exact one."""
    exact = solve(gridworld("S.G"), 3, inference="marginal-map")
    found = exact.marginal_map
    solution = replace(exact, marginal_map=replace(found, upper=found.log_value + 0.7, exact=False))
    saved = load_solution(solution.save(tmp_path / f"s.{kind}"))
    assert (saved.exact, saved.lower, saved.upper) == (False, solution.lower, solution.upper)
    assert saved.upper > saved.lower + 0.5
    assert saved.plan == solution.plan == ("left", "right", "right")


# --- asking further ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("inference", TYPES)
@quick
@given(seed=seeds)
def test_the_network_unrolled_again_is_solved_to_the_same_figures(inference, seed, tmp_path_factory):
    solution = random_solution(seed, inference)
    assume(solution is not None)
    saved = load_solution(solution.save(tmp_path_factory.mktemp("files") / "solution.npz"))
    risk = {"risk": saved.risk} if inference == "planning" else {}
    again = solve(saved.unroll(), inference=saved.inference, convention=saved.convention, **risk)
    assert np.allclose(again.policy, saved.policy, rtol=0, atol=1e-12, equal_nan=True)
    assert np.allclose(again.reward_shift, saved.reward_shift, rtol=0, atol=1e-12)


def test_a_network_with_replaced_tables_is_told_and_not_unrolled(tmp_path):
    net = unroll(gridworld("S.G"), 2)
    a = net.variable("a_0")
    changed = net.replace(CPD(a, [], [0.1, 0.2, 0.6, 0.1]))
    solution = solve(changed)
    saved = load_solution(solution.save(tmp_path / "s.json"))
    assert_same_data(solution, saved)
    assert not saved.as_unrolled
    with pytest.raises(NotAvailable, match="replaced or added tables, which are not saved; begin with unroll"):
        saved.unroll()


def test_figures_that_would_not_fit_in_memory_are_left_out(tmp_path, monkeypatch):
    solution = solve(gridworld("S.G"), 3, inference="variational")

    def too_large(_, **limits):
        raise TooLarge("a plan that does not fit")

    monkeypatch.setattr(ControlNetwork, "infer", too_large)
    saved = load_solution(solution.save(tmp_path / "s.npz"))
    assert saved.elbo == solution.elbo
    with pytest.raises(NotAvailable, match="has no log_evidence"):
        _ = saved.log_evidence


# --- showing ----------------------------------------------------------------------------------------------------
def test_a_saved_solution_shows_itself_and_knows_its_names(tmp_path):
    saved = load_solution(save_solution(solved(named("labels")), tmp_path / "s.npz"))
    assert "log evidence" in str(saved)
    assert "<table>" in saved._repr_html_()
    assert repr(saved) == "SavedSolution(MDP(3 states, 2 actions), horizon 2, inference='posterior')"
    assert float(saved.policy.sel(t=0, s="b, c", a="left")) == saved.policy[0, 1, 0]
    with pytest.raises(AttributeError, match="no attribute 'polici'; did you mean 'policy'"):
        _ = saved.polici


def test_plan_and_bounds_are_shown(tmp_path):
    saved = load_solution(solve(gridworld("S.G"), 2, inference="marginal-map").save(tmp_path / "s.json"))
    lines = [line.split() for line in str(saved).splitlines()]
    assert ["a_0", "right"] in lines
    assert ["lower", f"{saved.lower:.8g}"] in lines
    assert "<td>right</td>" in saved._repr_html_()


# --- older and other files --------------------------------------------------------------------------------------
def document(tmp_path, solution=None):
    """The JSON of a solution, to be changed."""
    return json.loads(save_solution(solution or solved(named("labels")), tmp_path / "whole.json").read_text())


def test_files_of_version_1_are_read_and_say_what_they_lack(tmp_path):
    solution = solve(gridworld("S.G"), 3, temperature=0.5)
    new = ("prior", "as_unrolled")
    old = {name: value for name, value in document(tmp_path, solution).items() if name not in new}
    saved = read(json.dumps({**old, "version": 1}), tmp_path, "old.json", load_solution)
    assert same_array(solution.policy, saved.policy)
    assert saved.temperature == 0.5
    assert saved.temperatures.tolist() == [0.5] * 3
    for name in ("risk", "action_prior", "as_unrolled"):
        with pytest.raises(NotAvailable, match=f"has no {name}; files of version 1 do not hold it: solve and save"):
            getattr(saved, name)
    with pytest.raises(NotAvailable, match="as_unrolled; files of version 1"):
        saved.unroll()
    refused(json.dumps({**old, "version": 1, "risk": 1.0}), tmp_path, "'risk' does not exist", "s.json", **READER)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"version": 0}, r"version 0 of .* is unknown; allowed: 1, 2"),
        ({"version": 3}, r"version 3 of .*a newer control_pgm may have written it"),
        ({"horizon": 0}, "horizon is 0"),
        ({"horizon": 3}, r"policy has shape \(2, 3, 2\); allowed: \(3, 3, 2\)"),
        ({"horizon": 10**12}, "horizon is 1000000000000"),
        ({"temperature": "hot"}, "temperature is 'hot'"),
        ({"temperature": 0}, r"temperature is 0\.0; allowed: a finite number > 0"),
        ({"temperature": "nan"}, "temperature is nan"),
        ({"temperatures": [1.0, 1.0]}, "temperature and temperatures are both there"),
        ({"temperature": None, "temperatures": [1.0, -2.0]}, r"temperatures\[1\] is -2\.0"),
        ({"temperature": None, "temperatures": [1.0]}, r"temperatures has shape \(1,\); allowed: \(2,\)"),
        ({"temperature": None}, "temperature and temperatures are both missing"),
        ({"inference": 7}, "inference is 7; allowed: 'posterior', 'variational'"),
        ({"inference": "x" * 1000}, "inference is 'x{60}';"),
        ({"inference": "a\x1b[31m"}, r"inference is 'a\\x1b"),
        ({"convention": "max"}, "convention is 'max'; allowed: 'mean', 'sum'"),
        ({"log_evidence": [1]}, "log_evidence is a list"),
        ({"mdp": [1]}, "mdp is a list"),
        ({"mdp": {"format": "control_pgm/mdp"}}, "the field 'mdp.version' is missing"),
        ({"surprise": 1}, "'surprise' does not exist"),
        ({"plan": ["left"]}, "plan is a list of 1; allowed: a list of 2 actions"),
        ({"plan": ["left", "up"]}, r"plan\[1\] is 'up'; allowed: an action of the process"),
        ({"plan": ["left", {"x": 1}]}, r"plan\[1\] is a JSON object of 1, which is no label"),
        ({"exact": 1}, "exact is 1; allowed: true or false"),
        ({"as_unrolled": "yes"}, "as_unrolled is 'yes'"),
        ({"prior": "biased"}, "prior is 'biased'; allowed: 'uniform', 'counting', 'sa', 'tsa'"),
        ({"prior": "sa"}, "prior is 'sa'; allowed: .*with the array action_prior"),
        ({"action_prior": [[1, 0]]}, "prior is 'uniform'"),
        ({"prior": "sa", "action_prior": [[1, 0]]}, r"action_prior has shape \(1, 2\); allowed: \(3, 2\)"),
    ],
)
def test_wrong_solutions_are_named(change, match, tmp_path):
    text = {name: value for name, value in {**document(tmp_path), **change}.items() if value is not None}
    refused(json.dumps(text), tmp_path, match, "s.json", **READER)


def test_a_horizon_that_the_process_does_not_have_is_refused(tmp_path):
    text = document(tmp_path, solved(named("dynamics vary with time")))
    arrays = (*AXES, "reward_shift")
    small = {name: value for name, value in text.items() if name not in arrays}
    refused(json.dumps({**small, "horizon": 5}), tmp_path, "horizon is 5; allowed: 3, the number", "s.json", **READER)


def test_a_boundless_horizon_takes_no_memory(tmp_path):
    text = {k: v for k, v in document(tmp_path).items() if k not in (*AXES, "reward_shift")}
    saved = read(json.dumps({**text, "horizon": 2**31 - 1}), tmp_path, "s.json", load_solution)
    with pytest.raises(TooLarge, match="horizon"):
        saved.unroll()


def test_a_drawing_is_no_solution(tmp_path):
    with pytest.raises(InvalidArgument, match="ends in"):
        load_solution(tmp_path / "grid.txt")
