"""Files appear whole or not at all, and nothing but files is replaced."""

import os

import pytest

from control_pgm.errors import InvalidArgument
from control_pgm.writing import replacing, write_text


def test_a_link_stays_and_its_target_is_written(tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_and_a_folder_are_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(InvalidArgument, match=f"{name}' is no regular file"):
            write_text(tmp_path / name, "text")
    assert (tmp_path / "pipe").is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InvalidArgument, match="nowhere' does not exist"):
        write_text(tmp_path / "nowhere" / "x.txt", "text")


def test_a_failure_leaves_the_old_file(tmp_path):
    (tmp_path / "x.txt").write_text("old")

    def half_written():
        with replacing(tmp_path / "x.txt") as unfinished:
            unfinished.write_text("half")
            raise RuntimeError("full disk")

    with pytest.raises(RuntimeError):
        half_written()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x.txt", "old")]


@pytest.mark.parametrize("name", ["open", "close", "replace"])
@pytest.mark.parametrize("after", [False, True])
def test_an_interruption_at_any_step_stays_one_and_leaves_nothing(name, after, tmp_path, monkeypatch):
    step = getattr(os, name)

    def interrupted(*args, **kwargs):
        if after:
            step(*args, **kwargs)
        raise KeyboardInterrupt

    path = write_text(tmp_path / "note.txt", "older")
    monkeypatch.setattr(os, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "newer")
    monkeypatch.undo()
    assert path.read_text() == ("newer" if after and name == "replace" else "older")
    assert [file.name for file in tmp_path.iterdir()] == ["note.txt"]
