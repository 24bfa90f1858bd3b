"""Wrong input: one sentence that names the culprit and the remedy, exit code 2, no traceback, no file."""

import io

import pytest

from tests.cli.running import refused, run


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
        (["crosscheck", "GRID", "--horizon", 2, "--against", "oracle"], ["'oracle'", "'pgmpy'"]),
        (["crosscheck", "GRID", "--horizon", 2, "--tolerance", "nan"], ["--tolerance nan"]),
        (["solve", "GRID", "--horizon", 3_000_000], ["3,000,000", "1,000,000"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", 1e-300], ["temperature 1e-300", "overflow"]),
        (["query", "GRID", "--horizon", 3, "a_1 | O=1", "--out", "answer.npz"], [".npz", ".csv"]),
        (["solve", "GRID", "--horizon", 3, "--out", "no/such/table.csv"], ["no/such", "does not exist"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "hot"], ["--temperature", "hot"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "1,2"], ["temperature"]),
        (["solve", "GRID", "--horizon", 3, "--risk", 1], ["--risk", "posterior"]),
        (["solve", "GRID", "--horizon", 3, "--show", "wealth"], ["--show", "wealth"]),
        (["info", "GRID", "--horizon", -1], ["horizon -1"]),
        (["info", "nowhere.bif"], ["nowhere.bif"]),
        (["info", "NET", "--horizon", 3], ["--horizon", "holds a network"]),
        (["solve", "NET", "--horizon", 3], ["holds a network", "control-pgm infer"]),
        (["query", "NET", "--horizon", 3, "x | y=1"], ["--horizon", "holds a network", "leave --horizon out"]),
        (["crosscheck", "NET", "--horizon", 3], ["holds a network", "control-pgm infer"]),
        (["explore", "NET", "--horizon", 3], ["holds a network", "control-pgm infer"]),
        (["solve", "SOLUTION", "--horizon", 3], ["holds a solution", "process that it solves"]),
        (["convert", "SOLUTION", "out.npz"], ["holds a solution", "process that it solves"]),
        (["query", "PACKED", "--horizon", 3, "a_0"], ["holds a solution", "process that it solves"]),
        (["infer", "SOLUTION"], ["holds a solution", "process that it solves"]),
        (["infer", "PACKED"], ["holds a solution", "process that it solves"]),
        (["infer", "gym:FrozenLake-v1"], ["holds a process", "control-pgm query", "--horizon T"]),
        (["infer", "-"], ["holds a process", "control-pgm query"]),
        (["infer", "nosuchfile"], ["'nosuchfile' does not exist"]),
        (["solve", "nosuchfile", "--horizon", 3], ["'nosuchfile' does not exist", "gym:ID", "textbook:NAME"]),
        (["solve", "textbok:forest", "--horizon", 3], ["'textbok:forest' does not exist", "textbook:NAME"]),
        (
            ["solve", "gym:FrozenLake-v1?is_slippery=False&map_name='8x8'", "--horizon", 3],
            ["from_gymnasium(gymnasium.make('FrozenLake-v1', is_slippery=False, map_name='8x8'))"],
        ),
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
        (["infer", "GRID"], ["holds a process", ".bif", "control-pgm query", "control-pgm convert"]),
        (["infer", "PROCESS"], ["holds a process", "control-pgm query", "control-pgm convert"]),
        (["infer", "grid.txt.gz"], ["does not exist"]),
        (["infer", "NET", "--of", "snow"], ["'snow'", "'rain'"]),
        (["infer", "NET", "--evidence", "wet"], ["'wet'", "NAME=LABEL"]),
        (["infer", "NET", "--evidence", "snow=yes"], ["'snow'", "'rain'"]),
        (["infer", "NET", "--evidence", "wet=maybe"], ["state of 'wet': 'maybe'", "'no', 'yes'"]),
        (["infer", "NET", "--evidence", "nowhere.evid"], ["nowhere.evid"]),
        (["infer", "NET", "--evidence", "never=yes"], ["impossible", "never"]),
        (["infer", "NET", "--method", "magic"], ["--method", "magic"]),
        (["infer", "NET", "--method", "loopy", "--mode", "--of", "rain"], ["--of"]),
        (["trace", "GRID"], ["no network", "--horizon"]),
        (["trace", "GRID", "--horizon", 3, "--steps", 0], ["--steps 0"]),
        (["trace", "GRID", "--horizon", 3, "--evidence", "s_0=(0,0)"], ["--evidence"]),
        (["trace", "-", "--horizon", 3, "--pause"], ["--pause", "file"]),
        (["trace", "NET", "--evidence", "wet=maybe"], ["state of 'wet': 'maybe'"]),
        (["explore", "GRID", "--horizon", 3, "--out", "page.pdf"], ["page.pdf", ".html"]),
        (["explore", "GRID"], ["--horizon"]),
        (["solve", "GRID", "--horizon", -1], ["horizon -1", "integer ≥ 1"]),
        (["solve", "GRID", "--horizon", 1.5], ["--horizon", "1.5", "whole number", "infinite"]),
        (["solve", "GRID", "--horizon", "inf"], ["--horizon", "'inf'", "infinite"]),
        (["solve", "GRID", "--horizon", ""], ["--horizon", "''"]),
        (["solve", "GRID"], ["no --horizon", "infinite", "--average"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "planning"], ["planning without --risk", "give --risk"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "planning", "--risk", 0], ["risk=0", "≠ 0"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "planning", "--risk", "nan"], ["risk=nan"]),
        (["solve", "GRID", "--horizon", 3, "--discount", 1.5], ["discount 1.5", "0 to 1"]),
        (["solve", "GRID", "--horizon", 3, "--discount", "nan"], ["discount nan"]),
        (["solve", "GRID", "--horizon", 3, "--discount", "low"], ["--discount", "'low'", "a number"]),
        (["solve", "GRID", "--horizon", 3, "--slip", "nan"], ["slip nan"]),
        (["solve", "GRID", "--horizon", 3, "--time", -1], ["--time -1", "0 … 2"]),
        (["solve", "GRID", "--horizon", 3, "--time", 0.5], ["--time", "0.5", "whole number"]),
        (["solve", "GRID", "--horizon", 3, "--method", "newton"], ["--method", "--horizon 3", "infinite"]),
        (["solve", "GRID", "--horizon", 3, "--tolerance", 0.1], ["--tolerance", "--horizon 3"]),
        (["solve", "GRID", "--horizon", 3, "--max-iterations", 9], ["--max-iterations", "--horizon 3"]),
        (["solve", "GRID", "--horizon", 3, "--format", "xml"], ["--format", "xml", "csv"]),
        (["solve", "GRID", "--horizon", 3, "--out", "table.xyz"], [".xyz", ".csv"]),
        (["solve", "GRID", "--horizon", 3, "--out", "."], ["'.'", ".csv"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "marginal-map", "--show", "V"], ["marginal-map", "no V"]),
        (["solve", "GRID", "--horizon", 3, "more"], ["more"]),
        (["solve", "PROCESS", "--horizon", 3, "--slip", 0], ["--slip", "no gridworld drawing"]),
        (["solve", "textbook:gambler", "--horizon", 3, "--slip", 0.1], ["--slip", "no gridworld drawing"]),
        (["solve", "textbook:gamler", "--horizon", 3], ["'gamler'", "'forest'", "did you mean 'gambler'"]),
        (["solve", "textbook:", "--horizon", 3], ["''", "'sutton-barto-grid'"]),
        (["solve", "", "--horizon", 3], ["''", ".txt", "gym:ID", "textbook:NAME"]),
        (["solve", "VARYING", "--horizon", 2], ["horizon 2", "3"]),
        (["query", "GRID", "--horizon", "infinite", "a_0 | O=1"], ["'infinite'", "only solve"]),
        (["query", "GRID", "--horizon", 3, ""], ["asks for nothing"]),
        (["query", "GRID", "--horizon", 9, "a_12 | O=1"], ["'a_12' does not exist", "a_0 … a_8"]),
        (["query", "GRID", "--horizon", 9, "p(a_1 | s_12=(0,0), O=1)"], ["'s_12' does not exist", "s_0 … s_9"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "bellmann"], ["'bellmann'", "did you mean 'bellman'"]),
        (["solve", "GRID", "--horizon", 3, "--show", "q"], ["--show", "did you mean 'Q'"]),
        (["draw", "GRID", "--what", "polciy", "--out", "p.png"], ["--what", "did you mean 'policy'"]),
        (["solv", "GRID"], ["VERB", "'crosscheck'", "did you mean 'solve'"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "1/0"], ["--temperature", "'1/0'"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "1/x"], ["--temperature", "'1/x'"]),
        (["solve", "GRID", "--horizon", 3, "--slip", "1/"], ["--slip", "'1/'", "1/6"]),
        (["solve", "GRID", "--horizon", 3, "--slip", "-1/2"], ["slip -0.5"]),
        (["solve", "GRID", "--horizon", 3, "--discount", f"1{'0' * 400}/3"], ["--discount"]),
        (["draw", "GRID", "--horizon", "infinite", "--out", "p.png"], ["'infinite'", "only solve"]),
        (["info", "NET", "--horizon", 0], ["--horizon", "holds a network"]),
        (["info", "NET", "--discount", 0], ["--discount", "holds a network"]),
        (["info", "GRID", "--horizon", "infinite"], ["'infinite'"]),
        (["convert", "GRID", "grid.json", "--discount", 2], ["discount 2.0"]),
        (["demo", "--horizon", 0, "--out", "pictures"], ["horizon 0"]),
        (["demo", "--slip", 3, "--out", "pictures"], ["slip 3.0"]),
        (["demo", "--out", "grid.txt"], ["grid.txt"]),
        (["fly"], ["fly"]),
        ([], ["VERB"]),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(capsys, files, arguments, words):
    refused(capsys, files, arguments, words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["standard input is empty"]),
        (b"\n \n", ["standard input is empty"]),
        (b"S..\nG\n", ["row 1", "1 cells"]),
        (b"###\n", ["no start"]),
        (b"\xff\xfe", ["standard input", "utf-8"]),
        (b'{"format"', ["standard input", "JSON"]),
        (b'{"format": "control_pgm/network"}', ["standard input", "holds a network", "control-pgm infer FILE"]),
        (b'{"format": "control_pgm/solution"}', ["standard input", "holds a solution"]),
    ],
)
@pytest.mark.parametrize("more", [(), ("--slip", 0.1)])
def test_wrong_text_on_standard_input_is_one_sentence(capsys, monkeypatch, content, words, more):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
    code, out, err = run(capsys, "solve", "-", "--horizon", 3, *more)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert all(word in err for word in (["--slip"] if more and content.startswith(b"{") else words)), err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("grid.txt", b"", ["grid.txt", "empty"]),
        ("grid.txt", b"S..\nG\n", ["grid.txt", "row 1", "1 cells"]),
        ("grid.txt", b"\xff\xfe", ["grid.txt, line 1", "UTF-8"]),
        ("mdp.json", b'{"format"', ["mdp.json, line 1"]),
        ("mdp.json", b"[]", ["mdp.json", "a JSON object"]),
        ("mdp.npz", b"x", ["mdp.npz", "no NPZ file"]),
    ],
)
def test_a_wrong_file_is_named(capsys, tmp_path, monkeypatch, name, content, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    code, out, err = run(capsys, "solve", name, "--horizon", 3)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert all(word in err for word in words), err


def test_a_drawing_from_another_system_is_read(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeffS.G\r\n.#H\r\n"))
    assert run(capsys, "solve", "-", "--horizon", 3)[0] == 0
