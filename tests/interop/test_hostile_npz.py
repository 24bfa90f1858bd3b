"""NPZ files that are wrong by accident or on purpose: a typed error that names the member, and nothing executed."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from control_pgm import gridworld, save
from control_pgm.errors import TooLarge
from tests.interop.spoiled import peak, process, read, refused

EXECUTED = []


class Evil:
    def __reduce__(self):
        return (EXECUTED.append, ("run",))


def members(mdp=None):
    """The members of a saved process, as bytes by name."""
    with TemporaryDirectory() as folder, zipfile.ZipFile(save(mdp or process(), Path(folder, "mdp.npz"))) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def npy(array, *, allow_pickle=False):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), version=(1, 0), allow_pickle=allow_pickle)
    return stream.getvalue()


def header(text, *, data=b"", version=b"\x01\x00"):
    text = text.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


def packed(files, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_the_unspoiled_members_are_fine(tmp_path):
    assert read(packed(members()), tmp_path, "mdp.npz").n_states == 3
    assert read(packed(members(), zipfile.ZIP_STORED), tmp_path, "mdp.npz").n_states == 3


def test_objects_are_never_unpickled(tmp_path):
    evil = np.empty(3, dtype=object)
    evil[:] = [Evil()] * 3
    for name in ("initial.npy", "transition.npy", "reward.npy", "header.npy"):
        files = {**members(), name: npy(evil, allow_pickle=True)}
        refused(packed(files), tmp_path, "member '.*': the array's header is", name="mdp.npz")
    refused(pickle.dumps(Evil()), tmp_path, "no NPZ file", name="mdp.npz")
    refused(pickle.dumps(Evil()), tmp_path, "UTF-8", name="mdp.json")
    refused(packed({**members(), "initial.npy": pickle.dumps(Evil())}), tmp_path, "no numpy array", name="mdp.npz")
    assert EXECUTED == []


SHAPE = "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}"
MEMBERS = [
    ("initial.npy", npy(np.full(3, 1 / 3, np.float32)), "type '<f4'; allowed: '<f8'"),
    ("initial.npy", npy(np.full(3, 1 / 3, ">f8")), "type '>f8'"),
    ("initial.npy", npy(np.array(["a", "b", "c"])), "type '<U1'"),
    ("initial.npy", npy(np.full(2, 0.5)), r"shape \(2,\); allowed: \(3,\)"),
    ("initial.npy", npy(np.full(3, 1 / 3))[:-1], "bytes, which do not fit its shape"),
    ("initial.npy", npy(np.full(3, 1 / 3)) + b"x", "bytes, which do not fit its shape"),
    ("initial.npy", npy(np.full(3, 0.5)), "initial sums to 1.5"),
    ("initial.npy", b"", "no numpy array"),
    ("initial.npy", b"\x93NUMPY\x01", "no numpy array"),
    ("initial.npy", b"\x93NUMPY\x01\x00\xff\xff" + b" " * 70000, "header is ''"),
    ("initial.npy", header(SHAPE.format("<f8", "(3,)"), data=bytes(24), version=b"\x03\x00"), "format 1.0"),
    ("initial.npy", header(SHAPE.format("|O", "(3,)"), data=bytes(24)), "header is"),
    ("initial.npy", header(SHAPE.format("<f8", "(-3,)"), data=bytes(24)), "header is"),
    ("initial.npy", header("__import__('os').system('true')"), "header is"),
    ("initial.npy", header("(" * 900), "header is"),
    ("transition.npy", header(SHAPE.format("<f8", "(999999999999999999, 2, 3)")), r"shape \(9+, 2, 3\); allowed"),
    ("reward.npy", header(SHAPE.format("<f8", "(3, 2, 3)"), data=b""), "do not fit its shape"),
    ("header.npy", npy(np.frombuffer(b"{}", np.uint8)), "'format' is missing"),
    ("header.npy", npy(np.frombuffer(b'{"a":', np.uint8)), "member 'header', line 1"),
    ("header.npy", npy(np.zeros(3)), "type '<f8'"),
    ("more.npy", npy(np.zeros(3)), "the field 'more' does not exist"),
    ("mdp.transition.npy", npy(np.zeros(3)), "the field 'mdp.transition' does not exist"),
    ("../../escape.npy", npy(np.zeros(3)), "member '../../escape.npy'; allowed: plain names"),
    ("/etc/escape.npy", npy(np.zeros(3)), "plain names"),
    ("initial", npy(np.zeros(3)), "member 'initial'"),
    ("x" * 1000 + ".npy", npy(np.zeros(3)), "plain names"),
]


@pytest.mark.parametrize(("name", "content", "match"), MEMBERS)
def test_wrong_members_are_named(name, content, match, tmp_path):
    refused(packed({**members(), name: content}), tmp_path, match, name="mdp.npz")


@pytest.mark.parametrize("name", ["header", "transition", "reward"])
def test_missing_members_are_named(name, tmp_path):
    files = {key: content for key, content in members().items() if key != f"{name}.npy"}
    refused(packed(files), tmp_path, f"the member '{name}' is missing", name="mdp.npz")


def test_a_bomb_does_not_go_off(tmp_path):
    n = 3000
    mdp = gridworld("S.G")
    files = members(mdp)
    text = json.loads(npy_text(files["header.npy"]))
    text["states"], text["positions"] = list(range(n)), []
    files["header.npy"] = npy(np.frombuffer(json.dumps(text).encode(), np.uint8))
    files["transition.npy"] = npy(np.zeros((n, 4, n)))
    content = packed(files)
    assert len(content) < 10**6
    options = {"name": "mdp.npz", "error": TooLarge, "max_bytes": 10**7}
    assert peak(lambda: refused(content, tmp_path, "transition of shape", **options)) < 2e7


def npy_text(content):
    return np.load(io.BytesIO(content), allow_pickle=False).tobytes()


def test_a_header_that_would_expand_is_refused(tmp_path):
    files = {"header.npy": npy(np.frombuffer(b" " * 10**6, np.uint8))}
    refused(packed(files), tmp_path, "header of shape", name="mdp.npz", error=TooLarge, max_bytes=10**7)


def test_sizes_that_lie_are_found_out(tmp_path):
    """The zip's directory declares another size than the array's header."""
    content = packed(members(), zipfile.ZIP_STORED)
    spoiled = bytearray(content)
    at = content.rindex(b"transition.npy") - 46
    spoiled[at + 24 : at + 28] = struct.pack("<I", 2**31 - 1)
    refused(bytes(spoiled), tmp_path, "do not fit its shape", name="mdp.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(method, tmp_path):
    refused(packed(members(), method), tmp_path, "packed in an unusual way", name="mdp.npz")


def test_members_that_come_twice_are_refused(tmp_path):
    stream = io.BytesIO(packed(members()))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("initial.npy", npy(np.zeros(3)))
    refused(stream.getvalue(), tmp_path, "member 'initial.npy'", name="mdp.npz")


def test_a_long_directory_is_refused(tmp_path):
    content = packed({f"a{'x' * 60}{i}.npy": b"" for i in range(1000)})
    refused(content, tmp_path, "directory is longer", name="mdp.npz")


def test_flipped_bytes_are_found_by_the_checksum(tmp_path):
    content = bytearray(packed(members(), zipfile.ZIP_STORED))
    content[content.index(b"\x93NUMPY", content.index(b"reward.npy")) + 130] ^= 1
    refused(bytes(content), tmp_path, "member 'reward' is damaged", name="mdp.npz")
