"""What all tests of the command line start from."""

import pytest

from tests.cli.running import GRID


@pytest.fixture
def grid(tmp_path):
    """A gridworld drawing in a file."""
    path = tmp_path / "grid.txt"
    path.write_text(GRID, encoding="utf-8")
    return str(path)
