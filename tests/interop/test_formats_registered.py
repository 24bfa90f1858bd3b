"""The table of network formats: each module of a format stands in it once, and each surface follows from it."""

import importlib
import re

import pytest

from control_pgm.cli import options
from control_pgm.interop import formats, network_files
from control_pgm.interop.network_files import FORMATS, READ, WRITTEN, is_network_file, load_network, save_network
from tests.source import FILES, ROOT

FOLDER = ROOT / "interop" / "formats"


def test_every_module_that_writes_a_network_is_a_format():
    modules = [importlib.import_module(f"{formats.__name__}.{p.stem}") for p in FILES if p.parent == FOLDER]
    writers = {
        value
        for module in modules
        for name, value in vars(module).items()
        if re.fullmatch(r"to_[a-z]+", name) and getattr(value, "__module__", "") == module.__name__
    }
    assert {form.write for form in FORMATS} == writers
    assert len({form.suffix for form in FORMATS}) == len(FORMATS)


def test_the_endings_follow_from_the_table():
    suffixes = {form.suffix for form in FORMATS}
    read = {form.suffix for form in FORMATS if form.read}
    packed = {f"{suffix}.gz" for suffix in read}
    assert set(READ) == {".json"} | read | packed
    assert set(WRITTEN) == {".json"} | suffixes | packed
    assert all(ending in options.NETWORK for ending in READ)


@pytest.mark.parametrize("form", [form for form in FORMATS if form.read], ids=lambda form: form.suffix)
@pytest.mark.parametrize("packing", ["", ".gz"])
def test_each_format_that_is_read_is_written(form, packing, tmp_path):
    text = "variable x { type discrete [ 2 ] { a, b }; } probability ( x ) { table 0.25, 0.75; }"
    (tmp_path / "x.bif").write_text(text)
    path = save_network(load_network(tmp_path / "x.bif"), tmp_path / f"y{form.suffix}{packing}")
    assert is_network_file(path)
    (table,) = load_network(path).tables
    assert table.array().tolist() == [0.25, 0.75]
    assert network_files.READ.index(form.suffix + packing) > 0
