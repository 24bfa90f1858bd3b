"""``draw``: every picture of the library, and what each of them is drawn of."""

import pytest

import control_pgm.viz as viz
from control_pgm import FactorGraph, gridworld, save, simulate, solve, tiger, unroll
from control_pgm.cli import pictures, subjects
from control_pgm.cli.pictures import PICTURES
from control_pgm.interop.network_files import save_network
from tests.cli.running import GRID, run

OF_NETWORK = [name for name, picture in PICTURES.items() if picture.of_network]
HIDDEN = "textbook:tiger"
ENDINGS = {"animation": "gif"}
BEGINS = {"png": b"\x89PNG", "gif": b"GIF8"}


def drawn(capsys, source, what, folder, *words):
    """Draw, and check that there is a picture."""
    ending = ENDINGS.get(what, "png")
    path = folder / f"{what}.{ending}"
    code, out, err = run(capsys, "draw", source, "--what", what, "--out", path, *words)
    if PICTURES[what].shows_temperature and "--horizon" in words:
        chosen, _, out = out.partition("\n")
        assert chosen.startswith("temperature "), "a chosen temperature is said"
    assert (code, out, err) == (0, f"wrote {path}\n", "")
    assert path.read_bytes().startswith(BEGINS[ending])


@pytest.mark.parametrize("what", PICTURES)
def test_draw_writes_every_picture(capsys, grid, tmp_path, what):
    source = HIDDEN if what == "belief-values" else grid
    drawn(capsys, source, what, tmp_path, *(("--horizon", 3) if "horizon" in PICTURES[what].has else ()))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("draw", HIDDEN, "--what", "policy", "--horizon", 3), "is a process with hidden states; allowed: info"),
        (("draw", "textbook:forest", "--what", "belief-values", "--horizon", 3), "holds no process with hidden states"),
        (("draw", HIDDEN, "--what", "belief-values", "--horizon", 3, "--discount", 0.5), "--discount with 'textbook:"),
        (("draw", HIDDEN, "--what", "belief-values", "--horizon", 3, "--time", 3), "time t=3; allowed: an integer, 0"),
    ],
)
def test_hidden_states_have_one_picture(capsys, tmp_path, words, message):
    code, _, err = run(capsys, *words, "--out", tmp_path / "x.png")
    assert code == 2
    assert message in err
    assert not list(tmp_path.iterdir())


def test_a_file_with_hidden_states_is_drawn(capsys, tmp_path):
    path = save(tiger(), tmp_path / "tiger.pomdp")
    drawn(capsys, path, "belief-values", tmp_path, "--horizon", 2, "--time", 1)


def test_a_chosen_temperature_shows_something_and_is_said(capsys, tmp_path):
    """At temperature 1 most small problems have nearly uniform policies."""
    (tmp_path / "grid.txt").write_text("S..#.\n.#...\n.#.H.\n...H.\n.#..G")
    command = ("draw", tmp_path / "grid.txt", "--slip", 0.1, "--horizon", 9, "--out", tmp_path / "p.svg")
    _, out, _ = run(capsys, *command)
    alpha = float(out.split()[1].rstrip(","))
    mdp = gridworld((tmp_path / "grid.txt").read_text(), slip=0.1)
    best, usual = (solve(mdp, 9, temperature=a).policy[0].max(axis=1).mean() for a in (alpha, 1.0))
    assert best > usual + 0.1
    assert run(capsys, *command, "--temperature", 0.3)[1] == f"wrote {tmp_path / 'p.svg'}\n"
    assert run(capsys, *command, "--inference", "bellman")[1] == f"wrote {tmp_path / 'p.svg'}\n"
    assert run(capsys, *command, "--what", "network")[1] == f"wrote {tmp_path / 'p.svg'}\n"


@pytest.mark.parametrize("what", OF_NETWORK)
def test_a_network_in_a_file_is_drawn(capsys, tmp_path, what):
    drawn(capsys, save_network(unroll(gridworld(GRID), 2), tmp_path / "net.json"), what, tmp_path)


@pytest.mark.parametrize("what", [name for name in OF_NETWORK if name != "network"])
def test_a_factor_graph_in_a_file_is_drawn(capsys, tmp_path, what):
    graph = FactorGraph(unroll(gridworld(GRID), 2).tables)
    drawn(capsys, save_network(graph, tmp_path / "graph.json"), what, tmp_path)
    code, _, err = run(capsys, "draw", tmp_path / "graph.json", "--what", "network", "--out", tmp_path / "n.png")
    assert code == 2
    assert "factor-graph" in err


def test_every_picture_of_the_library_is_offered():
    functions = {name for name in viz.__all__ if name.startswith(("plot_", "animate_"))}
    assert {name for name in vars(pictures) if name.startswith(("plot_", "animate_"))} == functions


def test_help_explains_every_picture(capsys):
    code, out, _ = run(capsys, "draw", "--help")
    assert code == 0
    assert all(name in out and picture.about in out for name, picture in PICTURES.items())


class Options:
    """What was typed; the rest was left out."""

    def __init__(self, **given):
        self.__dict__ = given

    def __getattr__(self, name):
        return None


def test_trajectories_are_those_of_the_seed(grid):
    options = Options(input=grid, slip=0.2, horizon=5, temperature=0.2, samples=7, seed=3)
    mdp = gridworld(GRID, slip=0.2)
    expected = simulate(mdp, solve(mdp, 5, temperature=0.2).policy, 7, 3)
    found = subjects.simulated(options)
    assert found.states.tolist() == expected.states.tolist()
    assert len(subjects.simulated(Options(input=grid, horizon=2)).states) == 100


def test_a_comparison_has_planning_where_there_is_a_risk(grid):
    options = Options(input=grid, horizon=3, temperature=0.2)
    assert list(subjects.compared(options)) == ["posterior", "variational", "map", "bellman"]
    options.risk = -0.5
    found = subjects.compared(options)
    assert list(found) == ["posterior", "variational", "map", "planning, risk -0.5", "bellman"]
    for solution in found.values():
        expected = solve(
            gridworld(GRID),
            3,
            inference=solution.inference,
            **{"planning": {"risk": -0.5}, "bellman": {}}.get(solution.inference, {"temperature": 0.2}),
        )
        assert solution.policy.tolist() == expected.policy.tolist()


def test_labels_that_are_numbers_are_found_by_their_text(capsys, tmp_path):
    drawn(capsys, "textbook:forest", "temperature", tmp_path, "--horizon", 3, "--state", 2)
    drawn(capsys, "textbook:forest", "optimism", tmp_path, "--horizon", 3, "--event", 2)
