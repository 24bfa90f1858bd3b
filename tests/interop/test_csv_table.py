"""Processes in CSV tables: read as they stand, errors with the file and the line."""

import numpy as np
import pytest

from control_pgm import MDP, load
from control_pgm.cli import main
from control_pgm.errors import InvalidFile, TooLarge
from tests.interop.spoiled import peak, refused

TABLE = """s,a,next,p,r
home,go,shop,0.9,1
home,go,home,0.1,0

shop,go,shop,1,0
"""
WANTED = MDP.from_outcomes(
    [("home", "go", 0.9, "shop", 1), ("home", "go", 0.1, "home", 0), ("shop", "go", 1, "shop", 0)]
)


@pytest.fixture
def written(tmp_path):
    def write(text, name="table.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace(",", " , "),
        TABLE.replace("\n", "\r\n"),
        "\ufeff" + TABLE,
        TABLE.replace("s,a,next,p,r", "State,Action,Next_State,Probability,Reward"),
        TABLE.replace("home", '"home"'),
    ],
    ids=range(8),
)
def test_a_table_in_every_dress(text, written):
    mdp = load(written(text))
    assert (mdp.states, mdp.actions) == (WANTED.states, WANTED.actions)
    assert np.array_equal(mdp.transition, WANTED.transition)
    assert np.array_equal(mdp.reward, WANTED.reward)


def test_labels_are_integers_if_all_are_and_text_otherwise(written):
    lines = ["s,a,next,p,r", "0,0,1,1,0", "1,up,1,1,0"]
    mdp = load(written("\n".join(lines)))
    assert (mdp.states, mdp.actions) == ((0, 1), ("0", "up"))
    assert load(written("s,a,next,p,r\n01,0,01,1,0")).states == ("01",)
    assert load(written('s,a,next,p,r\n"(0,0)",0,"(0,0)",1,-inf')).states == ("(0,0)",)


def test_a_column_of_times_makes_it_vary(written):
    mdp = load(written("t,s,a,next,p,r\n0,x,go,x,1,1\n1,x,go,x,1,2"))
    assert mdp.reward.tolist() == [[[1.0]], [[2.0]]]


def test_the_command_line_solves_a_table(written, capsys):
    assert main(["solve", str(written(TABLE)), "--horizon", "3", "--inference", "bellman"]) == 0
    assert "shop   1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is empty"]),
        ("s,a,next,p,r\n", ["no outcomes"]),
        (TABLE.replace("0.1", "O.1"), ["line 3", "p is 'O.1'"]),
        (TABLE.replace("0.1", "1_0"), ["line 3", "'1_0'"]),
        (TABLE.replace("0.1", "1.1"), ["line 3:", "probability 1.1"]),
        (TABLE.replace("0.9", "0.8"), ["sums to 0.9", "s='home'"]),
        (TABLE.replace("shop,1,0", "shop,1,0,7"), ["line 5", "6 cells", "5"]),
        (TABLE.replace("s,a,next,p,r", "s,a,next,r,r"), ["line 1", "two columns", "'r'"]),
        (TABLE.replace("s,a,next,p,r", "s,a,next,q,r"), ["no column 'p'", "'q'", "from_transitions"]),
        (TABLE.replace("s,a,next,p,r", "s,a,next,p,pay"), ["no column 'r'", "'pay'"]),
        (TABLE.replace("shop,1,0", '"shop,1,0'), ["line 5"]),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, words, written):
    path = written(text)
    with pytest.raises(InvalidFile) as error:
        load(path)
    assert all(word in str(error.value) for word in (str(path), *words)), str(error.value)


def test_tables_beyond_the_limit_are_refused_before_they_are_made(written):
    lines = ["t,s,a,next,p,r"] + [f"{t},{s},0,{s},1,0" for t in range(5) for s in range(100)]
    with pytest.raises(TooLarge, match="5 steps, 100 states"):
        load(written("\n".join(lines)), max_bytes=500_000)
    assert load(written("\n".join(lines)), max_bytes=2_000_000).n_states == 100
    with pytest.raises(TooLarge, match="longer than"):
        load(written(TABLE), max_bytes=100)


def test_a_late_time_is_refused_before_anything_is_counted(tmp_path):
    text = "s,a,next,p,r,t\nhome,go,home,1,0,0\nhome,go,home,1,0,9999999999\n"
    assert peak(lambda: refused(text, tmp_path, "no outcomes at t=1; allowed", name="t.csv")) < 5e7


def test_tables_of_many_pairs_are_refused_before_they_are_made(tmp_path):
    lines = [f"s{k},a{k},s{k},1,0" for k in range(4000)]
    text, words = "\n".join(["s,a,next,p,r", *lines]), "4000 states and 4000 actions need .* allowed: 1 GiB.*max_bytes"
    assert peak(lambda: refused(text, tmp_path, words, name="t.csv", error=TooLarge)) < 5e7
    with pytest.raises(TooLarge, match=r"10000 states and 10000 actions need 9.31 GiB; allowed: 4 GiB"):
        MDP.from_outcomes((k, f"a{k}", 1.0, k, 0.0) for k in range(10_000))


@pytest.mark.parametrize(
    "line", [",go,shop,1,0", "shop,,shop,1,0", "shop,go, ,1,0", "shop,go,shop,,0", "shop,go,shop,1,"]
)
def test_an_empty_cell_is_no_label(line, written):
    with pytest.raises(InvalidFile, match=r"table.csv, line 5: (s|a|next|p|r) is empty"):
        load(written(TABLE.replace("shop,go,shop,1,0", line)))
