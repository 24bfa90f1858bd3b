"""The progress bar: on terminals alone, and nothing of it is left."""

import io
from contextlib import redirect_stderr
from itertools import count

import numpy as np
import pytest

from control_pgm import MDP, save, unroll
from control_pgm.cli import bar, main
from control_pgm.cli.bar import Bar
from control_pgm.interop.network_files import save_network


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and what people see on it in the end."""

    def isatty(self):
        return True

    def run(self, *words):
        """The exit code of a command whose standard error it is."""
        with redirect_stderr(self):
            return main(list(words))

    def seen(self):
        """The line as it stands, carriage returns carried out."""
        line, column = [], 0
        for letter in self.getvalue().split("\n")[-1]:
            if letter == "\r":
                column = 0
                continue
            line[column : column + 1] = letter
            column += 1
        return "".join(line).rstrip()


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(bar, "monotonic", count(0, 2).__next__)  # two seconds pass between any two looks at the clock
    return Terminal()


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    mdp = MDP(rng.dirichlet(np.ones(3), (3, 2)), rng.normal(size=(3, 2)))
    save(mdp, "p.json")
    save(mdp.varied(discount=0.9), "d.json")
    save_network(unroll(mdp, 3), "net.json")


COMMANDS = [
    "solve p.json --horizon 40",
    "solve p.json --horizon 40 --inference variational",
    "solve d.json --horizon infinite --inference bellman",
    "solve textbook:russell-norvig-grid --horizon infinite --inference linearly-solvable --method z-iteration",
    "solve p.json --average",
    "infer net.json",
    "infer net.json --mode",
    "infer net.json --method loopy",
    "crosscheck p.json --horizon 2 --against enumeration",
    "trace p.json --horizon 20",
    "draw p.json --horizon 3 --what optimism --event 1 --out o.png",
    "draw p.json --horizon 3 --what comparison --out c.png",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_long_commands_show_a_bar_and_remove_it(terminal, files, command):
    assert terminal.run(*command.split()) == 0
    assert "[" in terminal.getvalue()
    assert " %" in terminal.getvalue()
    assert terminal.seen() == ""
    assert "\n" not in terminal.getvalue()


@pytest.mark.parametrize("off", ["--quiet", "CI", "pipe"])
def test_there_is_no_bar_if_quiet_in_continuous_integration_and_off_a_terminal(terminal, files, monkeypatch, off):
    if off == "CI":
        monkeypatch.setenv("CI", "true")
    if off == "pipe":
        monkeypatch.setattr(Terminal, "isatty", lambda self: False)
    for command in COMMANDS[:3]:
        assert terminal.run(*command.split(), *([off] if off == "--quiet" else [])) == 0
    assert terminal.getvalue() == ""


def test_every_verb_can_be_quiet(capsys):
    for verb in ("info", "solve", "query", "draw", "crosscheck", "explore", "convert", "infer", "demo", "trace"):
        with pytest.raises(SystemExit):
            main([verb, "--help"])
        assert "--quiet" in capsys.readouterr().out


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_work_that_is_stopped_leaves_no_bar_behind_its_message(terminal, files, monkeypatch, stop):
    shown = Bar.__call__

    def stopping(self, done, total, what):
        shown(self, done, total, what)
        if done:
            raise stop

    monkeypatch.setattr(Bar, "__call__", stopping)
    assert terminal.run("solve", "p.json", "--horizon", "40", "--out", "s.json") in (2, 130)
    before, _, message = terminal.getvalue().rpartition("\r")
    assert message.startswith("control-pgm: ")
    assert before.endswith(" ")
    assert terminal.getvalue().endswith("\n")


def test_a_bar_waits_keeps_to_its_line_and_shows_no_control_characters(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(bar, "monotonic", lambda: clock[0])
    stream = Terminal()
    shown = Bar(stream)
    shown(1, 4, "x")
    assert stream.getvalue() == ""
    clock[0] = 1.5
    shown(2, 4, "a name \x1b[31m" + "long" * 40)
    assert "\x1b" not in stream.getvalue()
    assert len(stream.getvalue()) <= 80
    shown(3, 4, "short")
    assert stream.seen() == "  short [##################......]  75 %"
    shown(4, 4, "short")
    assert stream.seen() == ""
