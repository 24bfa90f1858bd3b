"""Files to be spoiled, and how a spoiled one must be refused."""

import tracemalloc

import pytest

from control_pgm import load
from control_pgm.errors import InvalidFile
from tests.control.instances import named


def process():
    return named("labels").mdp


def document():
    """The JSON of a process, to be spoiled."""
    return {
        "format": "control_pgm/mdp",
        "version": 1,
        "states": ["x", "y"],
        "actions": ["go"],
        "transition": [[[0.0, 1.0]], [[1.0, 0.0]]],
        "reward_axes": "sa",
        "reward": [[0.0], [1.0]],
    }


def sparse_document():
    more = {"transition_data": [1, 1], "transition_indices": [1, 0], "transition_indptr": [0, 1, 2]}
    return {**{k: v for k, v in document().items() if k != "transition"}, "transition_axes": "csr", **more}


def entries(shape, *rows):
    return {"shape": shape, "entries": list(rows)}


def read(content, tmp_path, name="mdp.json", reader=load, **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return reader(path, **options)


def refused(content, tmp_path, match, name="mdp.json", error=InvalidFile, **options):
    """The error names the file, and says what is wrong."""
    with pytest.raises(error, match=match) as caught:
        read(content, tmp_path, name, **options)
    assert name in str(caught.value)
    return caught.value


def peak(action):
    """The memory that an action takes at most."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
