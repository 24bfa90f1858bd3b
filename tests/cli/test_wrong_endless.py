"""Wrong input about processes without a last step: one sentence, exit code 2, no file."""

import pytest

from tests.cli.running import refused

ENDLESS = ["--horizon", "infinite"]
HALVED = [*ENDLESS, "--discount", 0.5]
LINEAR = ["--inference", "linearly-solvable"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["solve", "GRID", *ENDLESS], ["posterior", "discount 1", "--discount GAMMA", "--average"]),
        (
            ["solve", "GRID", *ENDLESS, "--discount", 1, "--inference", "planning", "--risk", 1],
            ["planning", "discount 1"],
        ),
        (["solve", "GRID", *HALVED, "--inference", "planning"], ["planning without --risk"]),
        (["solve", "GRID", *HALVED, "--inference", "map"], ["--inference map", "variational", "--horizon T"]),
        (["solve", "GRID", *HALVED, "--inference", "marginal-map"], ["--inference marginal-map", "--horizon T"]),
        (["solve", "GRID", *HALVED, "--inference", "bellman", "--temperature", 1], ["temperature", "bellman"]),
        (["solve", "GRID", *HALVED, "--risk", 1], ["--risk", "posterior"]),
        (["solve", "GRID", *HALVED, "--time", 0], ["--time", "infinite horizon"]),
        (["solve", "GRID", *HALVED, "--show", "state_marginals"], ["state_marginals", "advantage", "--average"]),
        (["solve", "GRID", *HALVED, "--temperature", "1,2"], ["temperature"]),
        (["solve", "GRID", *HALVED, "--method", "newton"], ["'newton'", "'value-iteration'"]),
        (["solve", "GRID", *HALVED, "--tolerance", 0], ["tolerance 0.0", "> 0"]),
        (["solve", "GRID", *HALVED, "--max-iterations", 0], ["max_iterations 0", "≥ 1"]),
        (["solve", "GRID", *HALVED, "--out", "answer.xml"], [".xml", ".json"]),
        (["solve", "VARYING", *HALVED], ["3 time steps"]),
        (["solve", "GRID", "--average", "--discount", 0.9], ["--average", "discount 0.9", "--discount 1"]),
        (["solve", "textbook:puterman-two-state", "--average"], ["--average", "discount 0.95", "--discount 1"]),
        (["solve", "GRID", "--average", "--horizon", 3], ["--average", "--horizon 3"]),
        (["solve", "GRID", "--average", "--inference", "bellman"], ["--average", "bellman", "posterior"]),
        (["solve", "GRID", "--average", "--risk", 1], ["--risk"]),
        (["solve", "GRID", "--average", "--time", 1], ["--time"]),
        (["solve", "GRID", "--average", "--temperature", 0], ["temperature 0.0"]),
        (["solve", "GRID", "--average", "--method", "value-iteration"], ["'value-iteration'", "'newton'"]),
        (["solve", "GRID", *ENDLESS, *LINEAR, "--show", "Q"], ["--show Q", "policy, V"]),
        (["solve", "GRID", *ENDLESS, *LINEAR, "--risk", 1], ["--risk", "linearly-solvable"]),
        (["solve", "GRID", *ENDLESS, *LINEAR, "--time", 1], ["--time"]),
        (["solve", "GRID", *HALVED, *LINEAR], ["entering", "'(0,2)'", "--discount 1"]),
        (["solve", "GRID", "--average", *LINEAR], ["entering", "'(0,2)'"]),
        (["solve", "GRID", "--average", "--discount", 0.5, *LINEAR], ["--average", "discount 0.5"]),
        (["solve", "GRID", "--horizon", 3, "--discount", 0.5, *LINEAR], ["--horizon 3", "discount 0.5"]),
        (["solve", "GRID", "--horizon", 3, "--method", "newton", *LINEAR], ["--method", "--horizon 3"]),
        (["solve", "GRID", "--horizon", 3, "--time", 3, *LINEAR], ["--time 3", "0 … 2"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "nan", *LINEAR], ["temperature nan"]),
        (["solve", "textbook:forest", *ENDLESS, *LINEAR], ["s=", "a=", "elsewhere", "posterior"]),
        (["solve", "VARYING", "--horizon", 3, *LINEAR], ["3 time steps", "posterior"]),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(capsys, files, arguments, words):
    refused(capsys, files, arguments, words)
