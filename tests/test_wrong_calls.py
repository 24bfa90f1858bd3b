"""Calls that go wrong in the usual ways: each message names the culprit and what to do."""

import numpy as np
import pytest

import control_pgm
from control_pgm import (
    CPD,
    MDP,
    BayesianNetwork,
    Factor,
    FactorGraph,
    Variable,
    crosscheck,
    errors,
    evaluate,
    gridworld,
    infer,
    infer_many,
    load,
    marginal_map,
    optimal_policy,
    optimism_report,
    plan,
    query,
    save,
    simulate,
    solve,
    solve_average,
    solve_infinite,
    solve_linearly_solvable,
    solve_many,
    unroll,
    variational_bound,
)
from control_pgm.errors import ControlPGMError, InvalidArgument, TooLarge, UnknownKeyword, UnknownName
from control_pgm.keywords import keywords

GRID = gridworld("S..G", slip=0.1)
NET = unroll(GRID, 4)
SOLUTION = solve(GRID, 4)
X, Y = Variable("x", ["no", "yes"]), Variable("y", ["no", "yes"])
RAIN = BayesianNetwork([CPD(X, [], [0.5, 0.5]), CPD(Y, [X], [[0.9, 0.1], [0.2, 0.8]])])


def said(call, kind, *words):
    with pytest.raises(kind) as error:
        call()
    assert isinstance(error.value, ControlPGMError)
    missing = [word for word in words if word not in str(error.value)]
    assert not missing, (missing, str(error.value))


# --- keywords -------------------------------------------------------------------------------------------------------
KEYWORDS = {
    "alpha": (lambda: solve(GRID, 4, alpha=0.1), ["solve()", "'alpha'", "it is called temperature=… here"]),
    "discount": (lambda: solve(GRID, 4, discount=0.9), ["'discount'", "MDP(…, discount=…)", "mdp.varied(discount=…)"]),
    "gamma": (lambda: solve_infinite(GRID, gamma=0.9), ["solve_infinite()", "mdp.varied(discount=…)"]),
    "misspelt": (lambda: solve(GRID, 4, temprature=1.0), ["did you mean 'temperature'?"]),
    "T": (lambda: solve(GRID, T=4), ["it is called horizon=… here"]),
    "beta": (lambda: solve(GRID, 4, beta=2), ["temperature=1/beta"]),
    "optimal_policy": (lambda: optimal_policy(GRID, 4, alpha=1), ["temperature=…"]),
    "unroll": (lambda: unroll(GRID, 4, alpha=1), ["unroll()", "temperature=…"]),
    "evaluate": (lambda: evaluate(GRID, SOLUTION, alpha=1), ["evaluate()", "temperature=…"]),
    "simulate": (lambda: simulate(GRID, SOLUTION, 5, random_state=0), ["simulate()", "seed=…"]),
    "solve_many": (lambda: solve_many(GRID, 4, temperature=[1.0]), ["temperatures=…"]),
    "solve_average": (lambda: solve_average(GRID, alpha=1), ["temperature=…"]),
    "linear": (lambda: solve_linearly_solvable(None, alpha=1), ["temperature=…"]),
    "optimism": (lambda: optimism_report(GRID, 4, alpha=1), ["temperature=…"]),
    "bound": (lambda: variational_bound(GRID, SOLUTION, alpha=1), ["temperature=…"]),
    "MDP": (lambda: MDP(GRID.transition, GRID.reward, gamma=0.9), ["MDP()", "it is called discount=… here"]),
    "MDP horizon": (lambda: MDP(GRID.transition, GRID.reward, horizon=4), ["solve(mdp, horizon)"]),
    "outcomes": (lambda: MDP.from_outcomes([(0, 0, 1, 0, 0)], gamma=0.9), ["discount=…"]),
    "gridworld": (lambda: gridworld("S.G", slipp=0.1), ["gridworld()", "did you mean 'slip'?"]),
    "infer": (lambda: infer(RAIN, algorithm="loopy"), ["infer()", "it is called method=… here"]),
    "infer evidences": (lambda: infer(RAIN, evidences={}), ["did you mean 'evidence'?"]),
    "query": (lambda: query(RAIN, "x", evidence={}), ["query()", "infer(model, evidence)"]),
    "load": (lambda: load("x.json", max_byte=1), ["load()", "did you mean 'max_bytes'?"]),
}


@pytest.mark.parametrize("case", KEYWORDS)
def test_a_keyword_that_does_not_exist_names_the_one_that_does(case):
    call, words = KEYWORDS[case]
    said(call, UnknownKeyword, *words, "allowed: ")
    said(call, TypeError)


def test_keywords_leaves_functions_as_they_are():
    def add(first: int, *, second: int = 1) -> int:
        """Add."""
        return first + second

    wrapped = keywords(add)
    assert (wrapped(1), wrapped(1, second=2), wrapped.__doc__, wrapped.__name__) == (2, 3, "Add.", "add")
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        wrapped()


# --- words ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: solve(GRID, 4, inference="Bellman"), "bellman"),
        (lambda: solve(GRID, 4, inference="MAP"), "map"),
        (lambda: solve(GRID, 4, inference="max-ent"), "maxent"),
        (lambda: solve_infinite(GRID, inference="Bellman"), "bellman"),
        (lambda: solve(GRID, 4, convention="Sum"), "sum"),
        (lambda: infer(RAIN, method="Loopy"), "loopy"),
        (lambda: plan(RAIN, order="Cheapest"), "cheapest"),
        (lambda: crosscheck(NET, against="PGMPY"), "pgmpy"),
    ],
)
def test_a_word_in_other_letters_suggests_the_right_one(call, word):
    said(call, InvalidArgument, f"did you mean '{word}'?")


# --- numbers --------------------------------------------------------------------------------------------------------
ENDLESS = ["solve_infinite(mdp)", "solve_average(mdp)"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: solve(GRID, np.inf), ENDLESS),
        (lambda: solve(GRID, "infinite"), ENDLESS),
        (lambda: unroll(GRID, float("inf")), ENDLESS),
        (lambda: evaluate(GRID, SOLUTION.policy[0], np.inf), ENDLESS),
        (lambda: solve(GRID, -1), ["horizon -1", "an integer ≥ 1"]),
        (lambda: solve(GRID, 3.0), ["horizon 3.0", "write 3"]),
        (lambda: solve(GRID), ["no horizon", "number of actions"]),
        (lambda: solve(GRID, 4, temperature=0), ["temperature 0", "> 0", "inference='bellman'"]),
        (lambda: solve(GRID, 4, temperature=-1), ["temperature -1", "> 0"]),
        (lambda: SOLUTION.at(17), ["17", "0 … 3"]),
    ],
)
def test_a_number_out_of_range_says_what_is_meant(call, words):
    said(call, InvalidArgument, *words)


# --- names and labels -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: SOLUTION.policy.sel(t=17), ["axis 't': 17", "allowed: 0 … 3"]),
        (lambda: SOLUTION.policy.sel(t=0, s=(0, 0)), ["(0, 0)", "did you mean '(0,0)'?"]),
        (lambda: SOLUTION.policy.sel(t=0, s=2), ["positions are not taken: number 2 is '(0,2)'"]),
        (lambda: SOLUTION.policy.sel(a="Left"), ["did you mean 'left'?"]),
        (lambda: infer(NET, {"O": 1}), ["'O'", "O_0 … O_3", "net.optimal", "| O=1"]),
        (lambda: infer(NET, {"s": "(0,0)"}), ["'s'", "s_0 … s_4"]),
        (lambda: infer(NET).marginal("s_9"), ["'s_9'", "s_0 … s_4"]),
        (lambda: infer(NET).marginal("S_1"), ["did you mean 's_1'?"]),
        (lambda: NET.variable("s0"), ["did you mean 's_0'?"]),
        (lambda: NET.cpd("a"), ["a_0 … a_3"]),
        (lambda: query(NET, "a_7 | O=1"), ["a_0 … a_3"]),
        (lambda: infer(NET, {"s_0": (0, 0)}), ["did you mean '(0,0)'?"]),
        (lambda: infer(RAIN, {"x": 1}), ["number 1 is 'yes'"]),
        (lambda: infer(RAIN, {"x": "Yes"}), ["did you mean 'yes'?"]),
        (lambda: infer(RAIN, {X: "yes"}), ["variables go by their names: 'x'"]),
        (lambda: GRID.varied(initial=(0, 0)), ["(0, 0)", "did you mean '(0,0)'?"]),
        (lambda: MDP(GRID.transition, GRID.reward, states=[*GRID.states], available={(0, 0): []}), ["'(0,0)'?"]),
    ],
)
def test_an_unknown_name_says_which_there_are(call, words):
    said(call, UnknownName, *words)


def test_numbers_out_of_range_suggest_no_other_number():
    with pytest.raises(UnknownName) as error:
        SOLUTION.policy.sel(t=17)
    assert "did you mean" not in str(error.value)


# --- evidence -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("likelihoods", [[0.3, 0.7], np.array([0.3, 0.7])], ids=type)
def test_likelihoods_as_evidence_are_given_by_labels(likelihoods):
    call = lambda: infer(RAIN, {"x": likelihoods})  # noqa: E731
    said(call, InvalidArgument, "'x'", "infer(model, {'x': {label: number, …}})")
    soft = infer(RAIN, {"x": {"no": 0.3, "yes": 0.7}, "y": "yes"})  # what the message says
    assert soft.marginal("x").array() == pytest.approx(np.array([0.03, 0.56]) / 0.59, abs=1e-15)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ("x=yes", ["{variable name: state label}", "query(model, 'target | x=yes')"]),
        ([("x", "yes")], ["dict(pairs)"]),
        (Factor([X], [0.3, 0.7]), ["model.extend(factor)"]),
    ],
)
def test_evidence_that_is_no_mapping_says_how_to_write_it(evidence, words):
    for call in (infer, plan):
        said(lambda call=call: call(RAIN, evidence), InvalidArgument, *words)


def test_many_observations_are_a_list():
    said(lambda: infer_many(RAIN, {"x": "yes"}), InvalidArgument, "a list of mappings", "infer(model, evidence)")
    said(lambda: infer_many(RAIN, "x=yes"), InvalidArgument, "a list of mappings")


# --- one kind of object for another ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: infer(GRID), ["MDP", "unroll(mdp, horizon)"]),
        (lambda: query(GRID, "a_0"), ["MDP", "unroll(mdp, horizon)"]),
        (lambda: marginal_map(GRID, {}, ["a_0"]), ["MDP", "unroll(mdp, horizon)"]),
        (lambda: infer(SOLUTION), [".network"]),
        (lambda: infer(infer(NET)), ["posterior already"]),
        (lambda: infer("net.bif"), ["load_network(path)"]),
        (lambda: crosscheck(GRID), ["unroll(mdp, T)"]),
        (lambda: crosscheck(SOLUTION), ["crosscheck(solution.network)"]),
        (lambda: evaluate(NET, SOLUTION), ["ControlNetwork", "its process is .mdp"]),
        (lambda: simulate(NET, SOLUTION, 5, 0), ["its process is .mdp"]),
        (lambda: solve_infinite(NET), ["its process is .mdp"]),
        (lambda: unroll(NET, 4), ["unrolled already"]),
        (lambda: solve(RAIN, 4), ["infer(model, evidence)"]),
        (lambda: solve("grid.txt", 4), ["load(path)", "gridworld(text)"]),
        (lambda: unroll("S.G", 4), ["gridworld(text)"]),
        (lambda: save(NET, "net.json"), ["save_network(net, path)"]),
    ],
)
def test_a_process_in_place_of_a_network_and_the_reverse(call, words):
    said(call, InvalidArgument, *words)


# --- clusters -------------------------------------------------------------------------------------------------------
def complete(n, states):
    variables = [Variable(f"v{k}", states) for k in range(n)]
    pairs = [(v, w) for k, v in enumerate(variables) for w in variables[:k]]
    return FactorGraph([Factor(pair, np.ones((states, states))) for pair in pairs])


@pytest.mark.parametrize(
    ("model", "words", "never"),
    [
        (complete(28, 8), ["28 variables", "allowed: 4.6e+18 entries"], "50"),
        (complete(52, 2), ["variables and", "allowed: 50 variables"], "allowed: 4"),
        (complete(28, 2), ["28 variables", "GiB", "(memory_limit)"], "50"),
    ],
    ids=["entries", "variables", "memory"],
)
def test_a_cluster_that_is_too_large_says_what_is_exceeded(model, words, never):
    said(lambda: infer(model), TooLarge, *words)
    with pytest.raises(TooLarge) as error:
        infer(model)
    assert never not in str(error.value).partition("allowed")[2]


# --- help -----------------------------------------------------------------------------------------------------------
def test_help_of_the_package_starts_one_off():
    page = control_pgm.__doc__
    named = {word.strip("`.,;:") for word in page.split()}
    assert {"solve", "unroll", "evaluate", "crosscheck", "explore", "load"} <= {w.partition("(")[0] for w in named}
    assert ">>> solution = solve(" in page
    for name in ("MDP", "solve_infinite", "from_gymnasium", "query", "optimism_report"):
        assert f"`{name}" in page
        assert hasattr(control_pgm, name)


def test_suggestions_do_not_depend_on_case_or_spaces():
    assert errors.suggestion("(0, 1)", ["(0,0)", "(0,1)"]) == "did you mean '(0,1)'?"
    assert errors.suggestion("qqq", ["posterior"]) == ""
