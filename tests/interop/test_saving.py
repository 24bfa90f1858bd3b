"""Labels in files, gridworld drawings, and writing whole files or none."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_pgm import MDP, gridworld, load, load_solution, save, save_solution, solve_infinite
from control_pgm.errors import InvalidArgument, InvalidFile
from control_pgm.interop.records.label_codes import decode_label, encode_label
from tests.control.instances import named, solved
from tests.interop.same import assert_same, back
from tests.strategies import quick

FORMATS = ("json", "npz")
formats = pytest.mark.parametrize("kind", FORMATS)

plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False),
    st.text(),
    st.sampled_from(["\ud800", "nan", "-inf", "\x00", "a,b", '"\\']),
)
labels = st.recursive(plain, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)


@given(names=st.lists(labels, min_size=1, max_size=5, unique=True))
@quick
def test_labels_come_back_with_their_types(names, tmp_path_factory):
    n = len(names)
    mdp = MDP(np.ones((n, 1, n)) / n, np.zeros((n, 1)), states=names, positions={names[0]: (0, -3)})
    for kind in FORMATS:
        found = back(mdp, kind, tmp_path_factory.mktemp("files"))
        assert repr(found.states) == repr(mdp.states)
        assert repr(found.positions) == repr(mdp.positions)


@given(label=labels)
@quick
def test_labels_survive_json(label):
    found = decode_label(json.loads(json.dumps(encode_label(label))), "label")
    assert repr(found) == repr(label)


def test_numpy_labels_become_what_they_equal(tmp_path):
    mdp = MDP(np.full((2, 1, 2), 0.5), [[0.0], [1.0]], states=list(np.arange(2)), actions=[np.str_("go")])
    found = load(save(mdp, tmp_path / "mdp.json"))
    assert found.states == mdp.states
    assert [type(x) for x in (*found.states, *found.actions)] == [int, int, str]


@formats
@pytest.mark.parametrize("label", [b"x", frozenset({1}), 1j, float("nan"), ("a", object()), 2**5000])
def test_other_labels_are_refused_by_name(label, kind, tmp_path):
    mdp = MDP([[[1.0]]], [[0.0]], states=[label])
    with pytest.raises(InvalidArgument, match=r"the label .* cannot be written"):
        save(mdp, tmp_path / f"mdp.{kind}")
    assert list(tmp_path.iterdir()) == []


def test_deep_labels_are_refused(tmp_path):
    label = ()
    for _ in range(17):
        label = (label,)
    with pytest.raises(InvalidArgument, match="16 deep"):
        save(MDP([[[1.0]]], [[0.0]], states=[label]), tmp_path / "mdp.json")


# --- gridworld drawings -----------------------------------------------------------------------------------------
DRAWING = "S.G\n.#H\n"


@pytest.mark.parametrize(
    "content",
    [
        DRAWING.encode(),
        DRAWING.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + DRAWING.encode(),
        b"\xef\xbb\xbf\r\n" + DRAWING.replace("\n", "\r\n").encode(),
        DRAWING.replace("\n", "\r").encode(),
        b"  S.G\n  .#H",
    ],
)
def test_a_drawing_is_a_gridworld(content, tmp_path):
    path = tmp_path / "grid.TXT"
    path.write_bytes(content)
    assert_same(load(path), gridworld(DRAWING))


def test_an_environment_is_loaded_by_name():
    pytest.importorskip("gymnasium")
    assert load("gym:FrozenLake-v1").n_states == 17


# --- writing ----------------------------------------------------------------------------------------------------
@formats
@pytest.mark.parametrize("when", ["open", "replace"])
def test_a_failed_write_leaves_the_old_file(kind, when, tmp_path, monkeypatch):
    path = save(named("labels").mdp, tmp_path / f"mdp.{kind}")
    before = path.read_bytes()

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    if when == "replace":
        monkeypatch.setattr(os, "replace", fail)
    else:
        monkeypatch.setattr(np.lib.format, "write_array", fail)
        monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="No space"):
        save(named("discount").mdp, path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@formats
def test_files_get_the_usual_rights(kind, tmp_path):
    plain_file = tmp_path / "plain"
    plain_file.touch()
    path = save(named("labels").mdp, tmp_path / f"mdp.{kind}")
    assert path.stat().st_mode == plain_file.stat().st_mode


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InvalidArgument, match=r"nowhere' does not exist"):
        save(named("labels").mdp, tmp_path / "nowhere" / "mdp.json")


@pytest.mark.parametrize("name", ["mdp", "mdp.pkl", "mdp.txt", "mdp.json.gz"])
def test_other_endings_are_refused(name, tmp_path):
    with pytest.raises(InvalidArgument, match=r"ends in .*allowed: \.json, \.npz"):
        save(named("labels").mdp, tmp_path / name)


def test_wrong_objects_are_told_where_to_go(tmp_path):
    item = named("labels")
    with pytest.raises(InvalidArgument, match="save_solution"):
        save(solved(item), tmp_path / "a.json")
    with pytest.raises(InvalidArgument, match=r"save\(mdp"):
        save_solution(item.mdp, tmp_path / "a.json")
    with pytest.raises(InvalidArgument, match="no path"):
        load(3)


@pytest.mark.parametrize("inference", ["posterior", "variational", "bellman", "planning"])
@pytest.mark.parametrize("damaged", [None, -1.0, 0, "inf", "nan"])
def test_a_stationary_solution_has_the_temperature_that_its_inference_needs(inference, damaged, tmp_path):
    mdp = MDP([[[0.5, 0.5], [1, 0]], [[0, 1], [0.5, 0.5]]], [[0, 0.1], [0.2, 0]], discount=0.5)
    solution = solve_infinite(mdp, inference=inference, **({"risk": 0.3} if inference == "planning" else {}))
    path = solution.save(tmp_path / "solution.json")
    assert load_solution(path).temperature == solution.temperature
    document = json.loads(path.read_text())
    document.pop("temperature", None)
    path.write_text(json.dumps(document | ({} if damaged is None else {"temperature": damaged})))
    if inference in ("bellman", "planning"):
        assert load_solution(path).temperature is None
    else:
        with pytest.raises(InvalidFile, match=r"solution.json: (the field 'temperature' is missing|temperature is)"):
            load_solution(path)
