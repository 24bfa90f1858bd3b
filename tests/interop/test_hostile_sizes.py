"""Files that ask for too much, and damage of all kinds: typed errors, and no memory taken."""

import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from control_pgm import MDP, load, save
from control_pgm.errors import ControlPGMError, InvalidArgument, TooLarge
from tests.interop.spoiled import document, entries, peak, process, refused


def test_small_files_cannot_ask_for_large_tables(tmp_path):
    names = list(range(20_000))
    big = {**document(), "states": names, "transition": entries([20_000, 1, 20_000])}
    text = json.dumps(big)
    assert peak(lambda: refused(text, tmp_path, "transition of shape .* needs 2.98 GiB", error=TooLarge)) < 1e8
    time = {**document(), "transition_axes": "tsas", "transition": entries([2**62, 2, 1, 2])}
    refused(json.dumps(time), tmp_path, "transition of shape", error=TooLarge)
    time["transition"]["shape"][0] = 2**63
    refused(json.dumps(time), tmp_path, "a list of sizes")
    rewards = {**document(), "reward": entries([10**9, 2, 1]), "reward_axes": "tsa"}
    refused(json.dumps(rewards), tmp_path, "reward of shape", error=TooLarge)


def test_availability_is_not_made_before_the_table_fits(tmp_path):
    wide = {**document(), "states": list(range(10_000)), "actions": list(range(100_000))}
    assert peak(lambda: refused(json.dumps(wide), tmp_path, "transition has shape")) < 5e7


@pytest.mark.parametrize("name", ["mdp.json", "mdp.npz", "grid.txt"])
def test_long_files_are_refused_unread(name, tmp_path):
    path = tmp_path / name
    with open(path, "wb") as handle:
        handle.truncate(2**40)
    with pytest.raises(TooLarge, match=r"is longer than .* pass max_bytes") as caught:
        load(path)
    assert name in str(caught.value)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no endless file here")
def test_endless_files_are_refused(tmp_path):
    (tmp_path / "mdp.json").symlink_to("/dev/zero")
    with pytest.raises(TooLarge):
        load(tmp_path / "mdp.json", max_bytes=10**6)


@pytest.mark.parametrize("kind", ["json", "npz"])
def test_the_limit_can_be_moved(kind, tmp_path):
    path = save(process(), tmp_path / f"mdp.{kind}")
    with pytest.raises(TooLarge, match="max_bytes"):
        load(path, max_bytes=100)
    assert load(path, max_bytes=10**6).n_states == 3


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, None])
def test_the_limit_is_a_number_of_bytes(limit, tmp_path):
    with pytest.raises(InvalidArgument, match="max_bytes"):
        load(tmp_path / "mdp.json", max_bytes=limit)


def test_a_large_drawing_is_refused(tmp_path):
    row = "S" + "." * 999
    drawing = "\n".join([row] * 1000)
    refused(drawing, tmp_path, "tables for 1000000 cells", name="grid.txt", error=TooLarge, max_bytes=10**8)


def test_a_drawing_with_sparse_tables_is_measured_by_its_cells(tmp_path):
    (tmp_path / "grid.txt").write_text("\n".join(["S" + "." * 39] * 40))
    process = load(tmp_path / "grid.txt", max_bytes=2 * 10**6)  # a dense table would need 160 times as much
    assert process.sparse
    assert process.n_states == 1600
    refused((tmp_path / "grid.txt").read_text(), tmp_path, "1600 cells", "grid.txt", TooLarge, max_bytes=10**6)


def test_a_sparse_table_with_dense_rewards_keeps_the_limit(tmp_path):
    n = 2000
    ring = sparse.csr_array((np.ones(n), (np.arange(n), (np.arange(n) + 1) % n)))
    path = save(MDP(ring, np.zeros((n, 1)), reward_axes="sa"), tmp_path / "ring.json")
    text = json.loads(path.read_text())
    text.update(reward_axes="sas", reward=entries([n, 1, n]))
    refused(json.dumps(text), tmp_path, "reward of shape", error=TooLarge, max_bytes=2 * 10**7)


@given(data=st.data())
@settings(max_examples=400, deadline=None, derandomize=True)
def test_no_damage_escapes_as_another_error(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    kind = data.draw(st.sampled_from(["json", "npz"]))
    content = bytearray(save(process(), folder / f"mdp.{kind}").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.integers(0, 255))
        else:
            del content[at : at + data.draw(st.integers(1, 200))]
        if not content:
            break
    (folder / f"mdp.{kind}").write_bytes(content)
    told = None
    try:
        load(folder / f"mdp.{kind}", max_bytes=10**7)
    except ControlPGMError as error:
        told = str(error)
    assert told is None or f"mdp.{kind}" in told


@pytest.mark.parametrize("kind", ["json", "npz"])
def test_every_cut_is_found(kind, tmp_path):
    content = save(process(), tmp_path / f"whole.{kind}").read_bytes()
    for length in range(0, len(content.rstrip()), 7):
        refused(content[:length], tmp_path, "no JSON|no NPZ", name=f"mdp.{kind}")


@pytest.mark.parametrize("name", ["states", "actions"])
def test_labels_that_share_a_hash_are_refused(name, tmp_path):
    same = [k * (2**61 - 1) for k in range(100_000)]
    assert len(set(map(hash, same))) == 1
    refused(json.dumps({**document(), name: same}), tmp_path, f"too many labels in {name} share a hash")


def test_a_label_that_comes_twice_is_found_at_once(tmp_path):
    many = [*range(300_000), 0]
    refused(json.dumps({**document(), "states": many}), tmp_path, r"states\[300000\] is 0 for the second time")
