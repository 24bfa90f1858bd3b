"""Pictures as files: whole, or not at all."""

import resource
import signal

import pytest

from control_pgm import gridworld, plot_values, save_picture, solve


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_full_disk_is_an_os_error_and_leaves_the_older_picture(kind, tmp_path):
    path = tmp_path / f"values.{kind}"
    path.write_bytes(b"older")
    drawing = plot_values(solve(gridworld("S.G"), 3))
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_picture(drawing, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"older"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert save_picture(drawing, path).stat().st_size > 1000
