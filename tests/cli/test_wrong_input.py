"""Wrong input: one sentence that names the culprit and the remedy, exit code 2, no traceback, no file."""

import pytest

from control_pgm import CPD, BayesianNetwork, Variable, gridworld, save
from control_pgm.interop.network_files import save_network
from tests.cli.running import run


@pytest.fixture
def files(grid, tmp_path):
    """A drawing, a process and a network."""
    rain, wet, never = (Variable(name, ["no", "yes"]) for name in ("rain", "wet", "never"))
    cpds = [CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]]), CPD(never, [], [1, 0])]
    return {
        "GRID": grid,
        "PROCESS": save(gridworld("S.G"), tmp_path / "mdp.json"),
        "NET": save_network(BayesianNetwork(cpds), tmp_path / "net.json"),
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["solve", "GRID", "--horizon", 0], ["horizon 0", "integer ≥ 1"]),
        (["solve", "GRID", "--horizon", "many"], ["--horizon", "many"]),
        (["solve", "GRID"], ["--horizon"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", -1], ["temperature -1.0", "> 0"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "nan"], ["temperature nan"]),
        (["solve", "GRID", "--horizon", 3, "--slip", 2], ["slip 2.0"]),
        (["solve", "GRID", "--horizon", 3, "--time", 9], ["--time 9", "0 … 2"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "magic"], ["--inference", "magic"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "bellman", "--temperature", 1], ["temperature", "bellman"]),
        (["solve", "nowhere.txt", "--horizon", 3], ["nowhere.txt"]),
        (["solve", "grid.xyz", "--horizon", 3], ["xyz"]),
        (["solve", "gym:NoSuchThing-v0", "--horizon", 3], ["NoSuchThing"]),
        (["solve", "gym:Blackjack-v1", "--horizon", 3], ["Blackjack", "from_samples"]),
        (["query", "GRID", "--horizon", 3, "a_7 | O=1"], ["'a_7'"]),
        (["query", "GRID", "--horizon", 3, "a_1 | s_1=(9,9), O=1"], ["'(9,9)'", "(0,0)"]),
        (["draw", "GRID", "--horizon", 3, "--out", "picture.gif"], [".gif", ".png"]),
        (["draw", "GRID", "--horizon", 3, "--out", "no/such/folder/picture.png"], ["no/such/folder"]),
        (["crosscheck", "GRID", "--horizon", 2, "--against", "oracle"], ["'oracle'", "'pgmpy'"]),
        (["crosscheck", "GRID", "--horizon", 2, "--tolerance", "nan"], ["--tolerance nan"]),
        (["solve", "GRID", "--horizon", 3_000_000], ["3,000,000", "1,000,000"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", 1e-300], ["temperature 1e-300", "overflow"]),
        (["query", "GRID", "--horizon", 3, "a_1 | O=1", "--out", "answer.npz"], [".npz", ".csv"]),
        (["solve", "GRID", "--horizon", 3, "--out", "no/such/table.csv"], ["no/such", "does not exist"]),
        (
            ["draw", "GRID", "--horizon", 3, "--what", "optimism", "--temperature", 1, "--out", "p.png"],
            ["--temperature"],
        ),
        (["draw", "gym:CliffWalking-v1", "--horizon", 3, "--what", "optimism", "--out", "p.png"], ["no goal", "event"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "hot"], ["--temperature", "hot"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "1,2"], ["temperature"]),
        (["solve", "GRID", "--horizon", 3, "--risk", 1], ["risk=1.0", "posterior"]),
        (["solve", "GRID", "--horizon", 3, "--show", "wealth"], ["--show", "wealth"]),
        (["info", "GRID", "--horizon", -1], ["horizon -1"]),
        (["info", "nowhere.bif"], ["nowhere.bif"]),
        (["info", "NET", "--horizon", 3], ["--horizon", "holds a network"]),
        (["solve", "NET", "--horizon", 3], ["control_pgm/network", "load_network"]),
        (["query", "NET", "--horizon", 3, "x | y=1"], ["control_pgm/network"]),
        (["convert", "GRID"], ["OUTPUT"]),
        (["convert", "GRID", "grid.xyz"], ["grid.xyz", ".bif"]),
        (["convert", "GRID", "grid.bif"], ["no network", "--horizon"]),
        (["convert", "GRID", "grid.npz", "--horizon", 3], [".npz", "leave out --horizon"]),
        (["convert", "GRID", "grid.json", "--temperature", 1], ["--temperature without --horizon"]),
        (["convert", "GRID", "grid.json", "--full"], ["--full", ".dot"]),
        (["convert", "NET", "net.bif", "--horizon", 3], ["--horizon", "holds a network"]),
        (["convert", "NET", "net.bif", "--slip", 0.1], ["--slip", "holds a network"]),
        (["convert", "NET", "no/such/net.bif"], ["no/such"]),
        (["convert", "NET", "net.npz"], [".npz", ".json"]),
        (["convert", "nowhere.json", "net.bif"], ["nowhere.json"]),
        (["convert", "GRID", "tiny.uai", "--horizon", 2, "--temperature", 1e-4], ["exp(-", "json"]),
        (["infer", "GRID"], [".txt", ".bif"]),
        (["infer", "PROCESS"], ["load reads decision processes"]),
        (["infer", "NET", "--of", "snow"], ["'snow'", "'rain'"]),
        (["infer", "NET", "--evidence", "wet"], ["'wet'", "NAME=LABEL"]),
        (["infer", "NET", "--evidence", "snow=yes"], ["'snow'", "'rain'"]),
        (["infer", "NET", "--evidence", "wet=maybe"], ["'wet=maybe'", "no, yes"]),
        (["infer", "NET", "--evidence", "nowhere.evid"], ["nowhere.evid"]),
        (["infer", "NET", "--evidence", "never=yes"], ["impossible", "never"]),
        (["infer", "NET", "--method", "magic"], ["--method", "magic"]),
        (["infer", "NET", "--method", "loopy", "--mode", "--of", "rain"], ["--of"]),
        (["trace", "GRID"], ["no network", "--horizon"]),
        (["trace", "GRID", "--horizon", 3, "--steps", 0], ["--steps 0"]),
        (["trace", "GRID", "--horizon", 3, "--evidence", "s_0=(0,0)"], ["--evidence"]),
        (["trace", "-", "--horizon", 3, "--pause"], ["--pause", "file"]),
        (["trace", "NET", "--evidence", "wet=maybe"], ["'wet=maybe'"]),
        (["explore", "GRID", "--horizon", 3, "--out", "page.pdf"], ["page.pdf", ".html"]),
        (["explore", "GRID"], ["--horizon"]),
        (["fly"], ["fly"]),
        ([], ["VERB"]),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(capsys, files, arguments, words, tmp_path, monkeypatch):
    before = sorted(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    arguments = [files.get(argument, argument) for argument in arguments]
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert not out
    assert all(word in err for word in words), err
    assert "Traceback" not in err
    assert sorted(tmp_path.iterdir()) == before  # nothing half-written
