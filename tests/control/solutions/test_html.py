"""Solutions for notebooks: grids of triangles, tables, and the figures beside them."""

import re

import numpy as np
import pytest

from control_pgm import MDP, solve
from control_pgm.control.mdp.grid import DIRECTIONS
from control_pgm.control.solutions.html import policy_html
from control_pgm.display.conventions import blues
from control_pgm.display.text import probability
from control_pgm.problems.gridworld import gridworld
from tests.display.reading import SVG, groups, parsed, words
from tests.display.test_markup import FORBIDDEN, HOSTILE

GRID = gridworld("S..#\n.#.H\n...G", slip=0.1)
SOLUTION = solve(GRID, 6, temperature=0.2)


def board(solution):
    return parsed(re.search(r"<svg.*</svg>", solution._repr_html_(), re.DOTALL)[0])


def cells(html):
    """The rows of the first table."""
    table = parsed(html).find(".//table")
    return [[cell.text or "" for cell in row] for row in table.iter("tr")]


def random_mdp(seed, n_states, n_actions, **options):
    rng = np.random.default_rng(seed)
    transition = rng.dirichlet(np.ones(n_states), (n_states, n_actions))
    return MDP(transition, rng.normal(size=(n_states, n_actions)), **options)


# --- grids ------------------------------------------------------------------------------------------------------
def test_every_cell_shows_its_policy():
    parts = dict(groups(board(SOLUTION)))
    policy = np.asarray(SOLUTION.policy)[0]
    moves = [str(action) for action in GRID.actions]
    for k, state in enumerate(GRID.states):
        (title,) = [title for title in parts if title.startswith(f"{state}: ")]
        if "absorbing" in title:
            assert state in ("(1,3)", "(2,3)")
            continue
        numbers = [probability(p) for p in policy[k]]
        assert title.removesuffix("; start") == f"{state}: " + ", ".join(
            map(" ".join, zip(moves, numbers, strict=True))
        )
        triangles = parts[title].findall(f"{SVG}path")
        assert [t.get("fill") for t in triangles] == [blues(p) for p in policy[k]]
        assert [t.text for t in parts[title].findall(f"{SVG}text")][:4] == numbers


def test_cells_lie_where_the_grid_has_them():
    root = board(SOLUTION)
    places = {}
    for title, group in groups(root):
        frame = group.find(f"{SVG}rect")
        if title.startswith("("):
            places[title.partition(":")[0]] = (float(frame.get("x")), float(frame.get("y")))
    x, y = places["(0,0)"]
    side = places["(0,1)"][0] - x
    for name, (u, v) in places.items():
        row, column = map(int, name.strip("()").split(","))
        assert (u, v) == pytest.approx((x + column * side, y + row * side), abs=0.1)
    assert set(DIRECTIONS) == set(map(str, GRID.actions))


def test_walls_ends_and_starts_are_told_in_words():
    titles = [title for title, _ in groups(board(SOLUTION))]
    assert titles.count("wall") == 2
    assert "(1,3): hole, absorbing" in titles
    assert "(2,3): goal, absorbing" in titles
    assert [title for title in titles if title.endswith("; start")] == [t for t in titles if t.startswith("(0,0)")]
    assert "p(a | s, O=1) at t = 0" in words(board(SOLUTION))


def test_other_types_of_inference_say_so():
    root = board(solve(GRID, 6, temperature=0.2, inference="variational"))
    assert root.get("aria-label") == "variational policy π(a | s) at t = 0"


def test_cells_without_a_possible_future_are_undefined():
    forbidden = np.array(GRID.reward)
    forbidden[0] = -np.inf
    stuck = MDP(
        GRID.transition, forbidden, states=GRID.states, actions=GRID.actions, positions=GRID.positions, initial="(2,0)"
    )
    solution = solve(stuck, 3)
    assert np.isnan(np.asarray(solution.policy)[0, 0]).all()
    titles = [title for title, _ in groups(board(solution))]
    assert "(0,0): undefined: no trajectory from here is possible" in titles
    assert "undefined" in words(board(solution))


# --- tables -----------------------------------------------------------------------------------------------------
def test_other_processes_have_a_table():
    solution = solve(random_mdp(0, 3, 2, states=["home", "shop", "work"], actions=["stay", "go"]), 4)
    rows = cells(policy_html(solution))
    policy = np.asarray(solution.policy)[0]
    assert rows[0] == ["state", "stay", "go"]
    for k, name in enumerate(("home", "shop", "work")):
        assert rows[1 + k] == [name, *(probability(p) for p in policy[k])]


def test_unavailable_actions_are_marked():
    solution = solve(random_mdp(1, 3, 3, available={0: [0, 2]}), 3)
    rows = cells(policy_html(solution))
    assert rows[1][2] == "–"
    assert "–" not in rows[2]


def test_long_tables_are_elided_and_counted():
    solution = solve(random_mdp(2, 50, 14), 2)
    rows = cells(policy_html(solution))
    assert rows[0] == ["state", *map(str, range(9)), "… 5 more"]
    assert len(rows) == 1 + 16 + 1
    assert {len(row) for row in rows} == {11}
    (gap,) = [row for row in rows if row[0].startswith("…")]
    assert gap[0] == "… 34 more"
    assert [rows[1][0], rows[-1][0]] == ["0", "49"]


def test_large_grids_have_a_table():
    solution = solve(gridworld("S" + "." * 500 + "G"), 2)
    assert "<svg" not in policy_html(solution)


def test_of_long_solutions_only_one_step_is_worked_out():
    solution = solve(random_mdp(3, 100, 20), 1000)
    rows = cells(policy_html(solution))
    assert "policy" not in solution.__dict__
    again = np.asarray(solve(solution.network.mdp, 1000).policy)[0]
    assert rows[1][1:10] == [probability(p) for p in again[0, :9]]


# --- both -------------------------------------------------------------------------------------------------------
def test_figures_stand_beside_the_policy():
    html = SOLUTION._repr_html_()
    parsed(html)
    found = dict(re.findall(r"<th scope='row'>(.*?)</th><td>(.*?)</td>", html))
    assert found["inference"] == "posterior"
    assert float(found["soft value"]) == pytest.approx(SOLUTION.soft_value, rel=1e-6)


@pytest.mark.parametrize("label", [*HOSTILE, *FORBIDDEN])
def test_any_label_gives_well_formed_html(label):
    states = [label, "b"]
    table = solve(random_mdp(4, 2, 2, states=states, actions=[label, "go"]), 2)
    names = ["left", "down", "right", "up"]
    grid = solve(random_mdp(5, 2, 4, states=states, actions=names, positions={label: (0, 0), "b": (0, 1)}), 2)
    for solution in (table, grid):
        root = parsed(solution._repr_html_())
        solution._repr_html_().encode("utf-8")
        assert "script" not in {e.tag.removeprefix(SVG) for e in root.iter()}
