"""Wrong input about pictures: one sentence, exit code 2, no file."""

import pytest

from tests.cli.running import refused


@pytest.mark.parametrize(("what", "name"), [("policy", "p.gif"), ("policy", "p"), ("animation", "p.png")])
def test_a_wrong_ending_is_refused_before_anything_is_computed(capsys, files, monkeypatch, what, name):
    monkeypatch.setattr("control_pgm.cli.inputs.process", lambda options: pytest.fail("read"))
    refused(capsys, files, ["draw", "GRID", "--horizon", 3, "--what", what, "--out", name], ["--out", repr(name)])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["draw", "GRID", "--horizon", 3, "--out", "picture.gif"], [".gif", ".png"]),
        (["draw", "GRID", "--horizon", 3, "--out", "no/such/folder/picture.png"], ["no/such/folder"]),
        (
            ["draw", "GRID", "--horizon", 3, "--what", "optimism", "--temperature", 1, "--out", "p.png"],
            ["--temperature"],
        ),
        (["draw", "textbook:forest", "--horizon", 3, "--what", "optimism", "--out", "p.png"], ["no goal", "event"]),
        (["draw", "GRID", "--out", "p.png"], ["--what policy without --horizon"]),
        (["draw", "GRID", "--horizon", 3], ["--out"]),
        (["draw", "GRID", "--horizon", 3, "--what", "elephant", "--out", "p.png"], ["'elephant'", "'clusters'"]),
        (["draw", "GRID", "--horizon", 3, "--what", "transitions", "--out", "p.png"], ["--horizon", "transitions"]),
        (["draw", "textbook:gambler", "--what", "transitions", "--out", "p.png"], ["101 states", "30"]),
        (["draw", "GRID", "--horizon", 3, "--time", 3, "--out", "p.png"], ["t=3", "0 … 2"]),
        (["draw", "GRID", "--horizon", 3, "--samples", 3, "--out", "p.png"], ["--samples", "--what policy"]),
        (["draw", "GRID", "--horizon", 3, "--event", "(0,0)", "--out", "p.png"], ["--event", "--what policy"]),
        (["draw", "GRID", "--horizon", 3, "--what", "trajectories", "--samples", 0, "--out", "p.png"], ["n 0", "≥ 1"]),
        (["draw", "GRID", "--horizon", 3, "--what", "trajectories", "--seed", -1, "--out", "p.png"], ["seed -1"]),
        (["draw", "GRID", "--horizon", 3, "--what", "network", "--risk", 1, "--out", "p.png"], ["--risk", "network"]),
        (
            ["draw", "GRID", "--horizon", 3, "--what", "messages", "--inference", "bellman", "--out", "p.png"],
            ["bellman", "posterior"],
        ),
        (
            ["draw", "GRID", "--horizon", 3, "--what", "comparison", "--inference", "map", "--out", "p.png"],
            ["--inference", "comparison"],
        ),
        (["draw", "GRID", "--horizon", 3, "--what", "animation", "--out", "p.png"], [".png", ".gif"]),
        (
            ["draw", "GRID", "--horizon", 3, "--what", "optimism", "--event", "mars", "--out", "p.png"],
            ["'mars'", "(0,0)"],
        ),
        (["draw", "GRID", "--horizon", 3, "--what", "temperature", "--state", "mars", "--out", "p.png"], ["'mars'"]),
        (["draw", "NET", "--out", "p.png"], ["--what policy", "holds a network", "clusters"]),
        (["draw", "NET", "--what", "network", "--horizon", 0, "--out", "p.png"], ["--horizon", "holds a network"]),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(capsys, files, arguments, words):
    refused(capsys, files, arguments, words)
