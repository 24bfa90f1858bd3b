"""JSON that is wrong by accident or on purpose: a typed error that names the place."""

import json

import pytest

from control_pgm import interop, load, load_solution, save, save_solution
from control_pgm.errors import InvalidFile, TooLarge
from tests.control.instances import named, solved
from tests.interop.spoiled import document, entries, read, refused, sparse_document


def test_the_unspoiled_documents_are_fine(tmp_path):
    assert read(json.dumps(document()), tmp_path).n_states == 2
    assert read(json.dumps(sparse_document()), tmp_path).sparse


CHANGES = [
    ({"format": "other/thing"}, "format is 'other/thing'; allowed: 'control_pgm/mdp'"),
    ({"format": ["x"]}, "format is a list"),
    ({"version": 2}, "version 2 of 'control_pgm/mdp' is unknown; allowed: 1; a newer control_pgm"),
    ({"version": True}, "version True"),
    ({"version": 1.0}, "version 1.0"),
    ({"states": "xy"}, "states is 'xy'"),
    ({"states": []}, "states is a list of 0"),
    ({"states": ["x", "x"]}, r"states\[1\] is 'x' for the second time"),
    ({"states": ["x", {"y": 1}]}, r"states\[1\] is a JSON object of 1, which is no label"),
    ({"states": ["x", {"float": "nan"}]}, r"states\[1\]"),
    ({"states": ["x", {"float": ["inf"]}]}, r"states\[1\]"),
    ({"states": ["x", "y", "z"]}, r"transition has shape \(2, 1, 2\); allowed: \(3, 1, 3\)"),
    ({"actions": None}, "actions is None"),
    ({"transition": [[[0.0, 1.0]], [[1.0]]]}, r"transition\[1\]\[0\] has 1 entries; allowed: a list of 2"),
    ({"transition": [[[0.0, 1.0]], 3]}, r"transition\[1\] has 3"),
    ({"transition": [[[0.0, "1"]], [[1.0, 0.0]]]}, r"transition\[0\]\[0\]\[1\] is '1'"),
    ({"transition": [[[0.0, True]], [[1.0, 0.0]]]}, r"transition\[0\]\[0\]\[1\] is True"),
    ({"transition": [[[0.0, None]], [[1.0, 0.0]]]}, "is None"),
    ({"transition": [[[0.0, 0.5]], [[1.0, 0.0]]]}, "sums to 0.5 .* s='x', a='go'"),
    ({"transition": [[[0.0, "nan"]], [[1.0, 0.0]]]}, "is nan at s='x'"),
    ({"transition": 5}, r"transition has shape \(\)"),
    ({"transition_axes": "ssa"}, "transition_axes is 'ssa'; allowed: 'sas', 'tsas', 'csr'"),
    ({"reward_axes": ["sa"]}, "reward_axes is a list of 1"),
    ({"reward_axes": "sas"}, r"reward has shape \(2, 1\); allowed: \(2, 1, 2\)"),
    ({"reward": [["inf"], [0]]}, "the reward is inf at s='x'"),
    ({"reward": [[10**400], [0]]}, r"reward\[0\]\[0\] is 1000"),
    ({"reward_weights": [[1.0], [1.0]]}, r"reward has shape \(2, 1\); allowed: \(n, 2, 1\)"),
    ({"reward": [[[0.0], [1.0]]], "reward_weights": [[[0.5], [1.0]]]}, "sum to 1 over k"),
    ({"reward": [[[0.0], [1.0]]], "reward_weights": [[["nan"], [1.0]]]}, "no weights"),
    ({"reward": [], "reward_weights": []}, "allowed"),
    ({"initial": [1.0]}, r"initial has shape \(1,\)"),
    ({"initial": [0.5, 0.6]}, "initial sums to 1.1"),
    ({"available": [[1], [1]]}, r"available\[0\]\[0\] is 1; allowed: true or false"),
    ({"available": [[False], [True]]}, "no action is available at s='x'"),
    ({"terminal_reward": ["inf", 0]}, "terminal_reward is inf"),
    ({"discount": 2}, "discount 2"),
    ({"discount": None}, "discount is None"),
    ({"positions": {"x": [0, 0]}}, "positions is a JSON object"),
    ({"positions": [["z", 0, 0]]}, "'z'"),
    ({"positions": [["x", 0.5, 0]]}, r"positions\[0\]"),
    ({"positions": [["x", 0, 0], ["x", 1, 1]]}, "twice"),
    ({"rewards": 3}, "the field 'rewards' does not exist; .* did you mean 'reward'"),
    ({"transition": entries([2, 1, 2], [0, 0, 1, 1])}, "sums to 0"),
    ({"transition": entries([2, 1, 3])}, r"transition has shape \(2, 1, 3\)"),
    ({"transition": entries([2, 1, 2], [0, 0, 2, 1])}, r"transition.entries\[0\] is outside"),
    ({"transition": entries([2, 1, 2], [0, 0, -1, 1])}, "outside"),
    ({"transition": entries([2, 1, 2], [0, 0, 1])}, r"entries\[0\] is a list of 3"),
    ({"transition": entries([2, 1, 2], [0, 0, True, 1])}, "outside"),
    ({"transition": entries([2, 1, 2], [0, 0, 1, "x"])}, r"transition.entries\[0\] is 'x'"),
    ({"transition": entries([2, 1, 2], [0, 0, 1, 0.5], [0, 0, 1, 0.5], [1, 0, 0, 1])}, "twice"),
    ({"transition": entries("big")}, "shape is 'big'"),
    ({"transition": {"shape": [2, 1, 2]}}, "allowed: lists, or shape and entries"),
]


@pytest.mark.parametrize(("change", "match"), CHANGES)
def test_wrong_fields_are_named(change, match, tmp_path):
    refused(json.dumps({**document(), **change}), tmp_path, match)


@pytest.mark.parametrize("name", ["format", "version", "states", "actions", "transition", "reward_axes", "reward"])
def test_missing_fields_are_named(name, tmp_path):
    rest = {k: v for k, v in document().items() if k != name}
    refused(json.dumps(rest), tmp_path, f"the field '{name}' is missing")


SPARSE_CHANGES = [
    ({"transition_indptr": [0, 1]}, r"transition_indptr has shape \(2,\); allowed: \(3,\)"),
    ({"transition_indptr": [0, 2, 1]}, "transition_indptr does not fit"),
    ({"transition_indptr": [0, 1, 9]}, "transition_indptr does not fit"),
    ({"transition_indptr": [1, 1, 2]}, "transition_indptr does not fit"),
    ({"transition_indptr": [0, 1, 2**70]}, "allowed: an integer"),
    ({"transition_indices": [0, 2]}, r"transition_indices\[1\] is 2; allowed: 0 … 1"),
    ({"transition_indices": [-1, 0]}, r"transition_indices\[0\] is -1"),
    ({"transition_indices": [0.0, 1]}, "allowed: an integer"),
    ({"transition_indices": [0]}, "does not fit"),
    ({"transition_data": [1, 0.5]}, "sums to 0.5"),
]


@pytest.mark.parametrize(("change", "match"), SPARSE_CHANGES)
def test_wrong_sparse_tables_are_named(change, match, tmp_path):
    refused(json.dumps({**sparse_document(), **change}), tmp_path, match)


LISTED = {"reward_axes": "sas", "reward_data": [0.5, 2], "reward": None}
UNSORTED = {
    "transition_data": [0.5, 0.5, 1],
    "transition_indices": [1, 0, 0],
    "transition_indptr": [0, 2, 3],
    "reward_data": [1, 2, 3],
}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"reward_data": [0.5]}, r"reward_data has shape \(1,\).*\(2,\)"),
        ({"reward_data": [0.5, "nan"]}, "reward is nan at s='y', a='go', s'='x'"),
        ({"reward_axes": "sa"}, "reward_axes is 'sa'; allowed: 'sas', 'tsas'"),
        (UNSORTED, "reward_data without a transition whose non-zeros it can follow.*ascending"),
        ({"reward_weights": [[1, 1]]}, r"reward_data has shape \(2,\)"),
        ({"reward_data": [[0.5, 2]], "reward_weights": [[1, 0.5]]}, "reward_weights are no weights"),
        ({"reward_data": [], "reward_weights": []}, "reward_data has shape"),
    ],
)
def test_wrong_rewards_of_sparse_tables_are_named(change, match, tmp_path):
    fields = {**sparse_document(), **LISTED, **change}
    refused(json.dumps({k: v for k, v in fields.items() if v is not None}), tmp_path, match)


def test_listed_rewards_need_a_sparse_transition(tmp_path):
    fields = {**document(), **LISTED}
    del fields["reward"]
    refused(json.dumps(fields), tmp_path, "reward_data without a transition whose non-zeros it can follow")


def test_entries_that_come_twice_are_added_up(tmp_path):
    twice = {"transition_data": [0.5, 0.5, 1], "transition_indices": [1, 1, 0], "transition_indptr": [0, 2, 3]}
    assert read(json.dumps({**sparse_document(), **twice}), tmp_path).table.nnz == 2


# --- JSON as text -----------------------------------------------------------------------------------------------
TEXTS = [
    ("", "line 1, column 1: no JSON"),
    ('{"format": "control_pgm/mdp",\n "version": }', "line 2, column 13: no JSON"),
    ("[1, 2]", "the JSON is a list of 2; allowed: a JSON object"),
    ("null", "the JSON is None"),
    ('{"version": 1, "version": 1}', "the field 'version' occurs twice"),
    ('{"version": NaN}', 'NaN is no JSON number; write "nan"'),
    ('{"version": -Infinity}', 'write "-inf"'),
    ('{"version": Infinity}', 'write "inf"'),
    ('{"version": ' + "9" * 5000 + "}", "allowed: JSON"),
    ("[" * 100_000, "nested more than 64 deep"),
    ('{"a":' * 100_000, "nested more than 64 deep"),
    ('{"a": "' + "[" * 100 + '"}', "'format' is missing"),
    ('{"a": "' + '\\"[' * 100 + '"}', "'format' is missing"),
    ('{"a": "' + '\\"' * 200_000, "no JSON"),
    (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
    (b"\x1f\x8b\x08\x00", "byte 1 is not UTF-8"),
]


@pytest.mark.parametrize(("text", "match"), TEXTS)
def test_texts_that_are_no_json_object_are_refused(text, match, tmp_path):
    refused(text, tmp_path, match)


def test_numbers_too_large_for_a_float_are_refused(tmp_path):
    text = json.dumps(document()).replace('"reward": [[0.0]', '"reward": [[-1e999]')
    refused(text, tmp_path, r"reward\[0\]\[0\] is -inf")
    refused(json.dumps(document())[:-1] + ', "discount": 1e999}', tmp_path, "discount is inf")


def test_a_text_in_memory_is_judged_alike():
    with pytest.raises(InvalidFile, match="standard input: the field 'format'"):
        interop.loads("{}", name="standard input")
    with pytest.raises(InvalidFile, match="UTF-8"):
        interop.loads('{"a": "\ud800"}')
    with pytest.raises(TooLarge):
        interop.loads(json.dumps(document()), max_bytes=1000)


# --- drawings ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"S.G\n.x.", "row 1, column 1 of the grid is 'x'"),
        (b"S.G\n..", "row 1 of the grid has 2 cells"),
        (b"", "the grid is empty"),
        (b"..G", "no start"),
        (b"S.G\n.\xff.", "line 2: byte 5 is not UTF-8"),
        (b"\xff\xfeS\x00", "line 1: byte 0 is not UTF-8"),
        (b"S\x00G", r"row 0, column 1 of the grid is '\\x00'"),
    ],
)
def test_wrong_drawings_name_row_and_column(content, match, tmp_path):
    refused(content, tmp_path, match, name="grid.txt")


# --- solutions --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["json", "npz"])
def test_the_two_kinds_of_file_are_told_apart(kind, tmp_path):
    item = named("labels")
    solution, mdp = save_solution(solved(item), tmp_path / f"s.{kind}"), save(item.mdp, tmp_path / f"m.{kind}")
    with pytest.raises(InvalidFile, match="load_solution reads solutions"):
        load(solution)
    with pytest.raises(InvalidFile, match="load reads decision processes"):
        load_solution(mdp)
