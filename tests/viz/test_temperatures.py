"""Pictures over the temperature: the lines are what they say, labels never overlap, wrong input is named."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from control_pgm import MDP, evaluate, gridworld, plot_optimism, plot_temperature, solve
from control_pgm.control.analysis.hitting import believed, happens
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.viz.base.line_labels import spread
from control_pgm.viz.base.style import contrast
from tests.viz.overlap import overlapping

LAKE = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
MOVES = [[[0.9, 0.1, 0], [0.2, 0.8, 0]], [[0, 0.7, 0.3], [0.5, 0.5, 0]], [[0, 0, 1], [0.1, 0, 0.9]]]
PLAIN = MDP(MOVES, [[0, -1], [1, 0], [2, 0.5]], states=["home", "shop", "work"], actions=["stay", "go"], initial="home")
HOSTS = [((12, 6), "white"), ((3.4, 2.6), "white"), ((3.4, 2.6), "#101010")]


def on(size, face):
    figure, ax = plt.subplots(figsize=size, facecolor=face)
    ax.set_facecolor(face)
    return figure, ax


def test_optimism_is_belief_and_reality():
    alphas = [0.5, 0.02]
    lines = plot_optimism(LAKE, 20, temperatures=alphas).of("line")
    goal, optimum = LAKE.states.index_of["(3,3)"], solve(LAKE, 20, inference="bellman")
    for k, alpha in enumerate(alphas):
        posterior = solve(LAKE, 20, temperature=alpha)
        variational = solve(LAKE, 20, temperature=alpha, inference="variational")
        assert lines["believes"].get_xdata()[k] == pytest.approx(1 / alpha)
        assert lines["believes"].get_ydata()[k] == pytest.approx(posterior.state_marginals[-1, goal], abs=1e-12)
        for key, solution in (("gets", posterior), ("variational", variational), ("optimal", optimum)):
            truth = evaluate(LAKE, solution.policy).state_marginals[-1, goal]
            assert lines[key].get_ydata()[k] == pytest.approx(truth, abs=1e-12)


def brute_force(mdp, solution, event):
    """P(event | O=1) and P(event | policy), by summing over all paths of states."""
    alpha, policy = solution.network.temperature, np.asarray(solution.policy)
    weight = np.einsum("sax,sa->sx", mdp.transition, np.exp(mdp.reward / alpha) / mdp.n_actions)
    true = [np.einsum("sa,sax->sx", pi, mdp.transition) for pi in policy]
    total = np.zeros(2)
    hit = np.zeros(2)
    for path in itertools.product(range(mdp.n_states), repeat=len(policy) + 1):
        p = np.full(2, mdp.initial[path[0]])
        for t, (s, x) in enumerate(itertools.pairwise(path)):
            p *= weight[s, x], true[t][s, x]
        total += p
        hit += p * bool(set(path) & set(event))
    return hit / total


def test_an_event_that_can_be_left_again_counts_once_visited():
    solution = solve(PLAIN, 4, temperature=0.7)
    wanted = brute_force(PLAIN, solution, [2])
    assert believed(solution, [2]) == pytest.approx(wanted[0], abs=1e-12)
    assert happens(PLAIN, solution.policy, [2]) == pytest.approx(wanted[1], abs=1e-12)
    assert believed(solution, [2]) > solution.state_marginals[-1, 2] + 1e-3
    drawing = plot_optimism(PLAIN, 4, temperatures=[0.7, 1], event=["work"])
    assert drawing.of("line")["believes"].get_ydata()[-1] == pytest.approx(wanted[0], abs=1e-12)
    assert drawing.ax.get_ylabel() == "P(work within 4 steps)"


def test_discount_and_absorption_agree_by_both_ways_of_counting():
    mdp = MDP(LAKE.transition, LAKE.reward, states=LAKE.states, initial="(0,0)", reward_axes="sa")
    solution = solve(mdp, 8, temperature=0.1)
    assert believed(solution, [15]) == pytest.approx(float(solution.state_marginals[-1, 15]), abs=1e-12)
    barely = MDP(LAKE.transition, LAKE.reward, initial=0, discount=1 - 1e-12, reward_axes="sa")
    assert believed(solve(barely, 8, temperature=0.1), [15]) == pytest.approx(believed(solution, [15]), abs=1e-9)


def test_belief_below_reality_is_hatched_and_titled_neutrally():
    """The posterior avoids the holes that its policy falls into: its belief lies below what happens."""
    drawing = plot_optimism(LAKE, 12, temperatures=[0.05, 0.2, 1.0], event=["(1,1)", "(1,3)"])
    lines = drawing.of("line")
    below = lines["believes"].get_ydata() < lines["gets"].get_ydata()
    assert below.any()
    assert drawing.parts["reverse gap",].get_hatch()
    assert ("gap label",) not in drawing.parts
    assert drawing.ax.get_title() == "Belief and reality over the temperature"
    assert ("reverse gap",) not in plot_optimism(LAKE, 12, temperatures=[0.05, 1.0]).parts


def test_no_gap_where_there_is_no_luck():
    lines = plot_optimism(gridworld("S..\n..G"), 5, temperatures=[0.05, 1.0]).of("line")
    np.testing.assert_allclose(lines["believes"].get_ydata(), lines["gets"].get_ydata(), atol=1e-9)
    np.testing.assert_allclose(lines["believes"].get_ydata(), lines["variational"].get_ydata(), atol=1e-9)


@pytest.mark.parametrize(("size", "face"), HOSTS)
@pytest.mark.parametrize("case", ["lake", "plain", "sure"])
def test_optimism_labels_never_overlap_and_read(case, size, face):
    figure, ax = on(size, face)
    mdp, event = {"lake": (LAKE, None), "plain": (PLAIN, ["work"]), "sure": (gridworld("S..\n..G"), None)}[case]
    drawing = plot_optimism(mdp, 10, event=event, ax=ax)
    words = list(drawing.of("label").values())
    assert len(words) == 4
    assert not overlapping(drawing, [*words, ax.title, *drawing.of("gap label").values()])
    assert all(contrast(word.get_color(), face) >= 4.5 for word in [*words, ax.title, ax.xaxis.label])
    right = ax.get_window_extent().x1
    assert all(word.get_window_extent().x1 <= right + 1 for word in words), "labels stay within the axes"
    assert ("gap label",) in drawing.parts or case == "sure"
    assert drawing.figure is figure


def test_policies_over_the_temperature():
    alphas = [0.05, 0.3, 2.0]
    drawing = plot_temperature(LAKE, 10, temperatures=alphas, state="(2,2)", t=3)
    for name in ("posterior", "variational"):
        solved = [solve(LAKE, 10, temperature=alpha, inference=name) for alpha in alphas]
        rewards = [evaluate(LAKE, solution.policy).expected_reward for solution in solved]
        np.testing.assert_allclose(drawing.of("line")[name].get_ydata(), rewards, atol=1e-12)
        bottom = np.zeros(3)
        for action in LAKE.actions:
            p = [float(solution.policy.sel(t=3, s="(2,2)", a=action)) for solution in solved]
            corners = drawing.of("band")[name, action].get_paths()[0].vertices
            for k, alpha in enumerate(alphas):
                here = corners[np.isclose(corners[:, 0], alpha)][:, 1]
                assert (here.min(), here.max()) == pytest.approx((bottom[k], bottom[k] + p[k]), abs=1e-12)
            bottom += p
    assert "(2,2)" in drawing.ax.get_title()


@pytest.mark.parametrize(("size", "face"), [((12, 6), "white"), ((3.4, 5), "#101010")])
@pytest.mark.parametrize("mdp", [LAKE, PLAIN], ids=["lake", "plain"])
def test_temperature_labels_never_overlap_and_read(mdp, size, face):
    _, ax = on(size, face)
    drawing = plot_temperature(mdp, 6, ax=ax)
    words = drawing.of("label")
    assert {key for panel, key in words if panel == "variational"} == set(mdp.actions)
    for panel in ("posterior", "variational", "reward"):
        mine = [word for (name, _), word in words.items() if name == panel]
        assert not overlapping(drawing, [*mine, drawing.of("panel")[panel].title])
        assert all(contrast(word.get_color(), face) >= 4.5 for word in mine)


def test_unavailable_actions_have_no_band():
    available = np.array([[True, False], [True, True], [True, True]])
    mdp = MDP(MOVES, [[0, -1], [1, 0], [2, 0.5]], available=available, initial=0)
    assert {action for _, action in plot_temperature(mdp, 3, temperatures=[0.1, 1]).of("band")} == {0}


@pytest.mark.parametrize("plot", [plot_optimism, plot_temperature])
def test_progress_counts_up_to_its_total(plot):
    told = []
    plot(LAKE, 5, temperatures=[0.1, 1.0], progress=lambda *args: told.append(args))
    assert [(done, total) for done, total, _ in told] == [(k, 5) for k in range(6)]
    assert "optimal control" in told[0][2]


@pytest.mark.parametrize("plot", [plot_optimism, plot_temperature])
@pytest.mark.parametrize("wrong", [[], [1.0], [1.0, 1.0], [0.0, 1.0], [-1, 1], [np.inf, 1], ["a", 1], 3.0, "12"])
def test_temperatures_are_checked(plot, wrong):
    with pytest.raises(InvalidArgument, match="positive numbers"):
        plot(LAKE, 5, temperatures=wrong)
    assert not plt.get_fignums()


@pytest.mark.parametrize("plot", [plot_optimism, plot_temperature])
def test_wrong_objects_and_axes_are_refused(plot):
    with pytest.raises(InvalidArgument, match="an MDP"):
        plot(solve(LAKE, 2), 5)
    with pytest.raises(InvalidArgument, match="matplotlib axes"):
        plot(LAKE, 5, ax="here")
    assert not plt.get_fignums()


def test_errors_say_what_to_pass():
    with pytest.raises(InvalidArgument, match=r"no goal.*pass event=\{…\}.*'home'"):
        plot_optimism(PLAIN, 4)
    with pytest.raises(UnknownName, match=r"wrok.*did you mean 'work'"):
        plot_optimism(PLAIN, 4, event=["wrok"])
    for wrong in ("work", [], 3):
        with pytest.raises(InvalidArgument, match="collection of state labels"):
            plot_optimism(PLAIN, 4, event=wrong)
    with pytest.raises(UnknownName, match="did you mean 'home'"):
        plot_temperature(PLAIN, 4, state="hom")
    with pytest.raises(InvalidArgument, match="0 … 3"):
        plot_temperature(PLAIN, 4, t=4)


def test_spread_keeps_order_distance_and_bounds():
    rng = np.random.default_rng(0)
    for _ in range(200):
        n = int(rng.integers(1, 7))
        wanted, heights = rng.random(n), rng.uniform(0.05, 0.14, n)
        places = spread(wanted, heights, 0.0, 1.0)
        order = np.argsort(wanted, kind="stable")
        apart = np.diff(places[order]) - (heights[order][1:] + heights[order][:-1]) / 2
        assert (apart >= -1e-12).all()
        assert (places - heights / 2 >= -1e-12).all()
        assert (places + heights / 2 <= 1 + 1e-12).all()
