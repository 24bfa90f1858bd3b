"""Running the command line within the test."""

from pathlib import Path

from control_pgm.cli import main

GRID = "S.G\n.#H\n"


def run(capsys, *arguments):
    """Exit code, standard output, standard error."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:  # argparse
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def refused(capsys, files, arguments, words):
    """Run what must be refused in one sentence with these words, leaving the folder as it was."""
    before = sorted(Path().iterdir())
    code, out, err = run(capsys, *[files.get(argument, argument) for argument in arguments])
    assert (code, out) == (2, "")
    assert err.startswith("control-pgm: ")
    assert err.count("\n") == 1, err
    assert all(word in err for word in words), err
    assert sorted(Path().iterdir()) == before  # nothing half-written
